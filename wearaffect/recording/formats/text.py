"""Tables that others wrote as text: named columns, empty cells, rows that may be cut."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import CorruptRecordingError, RecordingFormatError

__all__ = ["Table", "lines_of"]

# Samples are kept in single precision; what doesn't fit isn't a number there. Stamps do.
_LATEST_NS = 9e18  # what 63 bits hold
_LARGEST = float(np.finfo(np.float32).max)


def lines_of(path: str | PathLike[str], content: bytes) -> list[str]:
    """Give the lines of a text file, without their ends and without empty ones at its end.

    Raises
    ------
    CorruptRecordingError
        There are none.
    """
    text = content.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.rstrip("\n\0 ").split("\n")
    if not any(lines):
        raise CorruptRecordingError(path, "empty file", remedy="export it again")
    return lines


@dataclass(slots=True)
class Table:
    """Rows of cells under names.

    Attributes
    ----------
    path : path
        For errors.
    names : list of str
        Of the columns.
    rows : list of str
        As they stand in the file; a last row that is short is cut off and left out.
    first_row : int
        Number of the first of them in its file, for errors.
    separator : str
        Between cells.
    repairs : list of str
        What was mended so far.
    """

    path: str | PathLike[str]
    names: list[str]
    rows: list[str]
    first_row: int
    separator: str = ","
    repairs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if len(self.rows) > 1 and self._width(self.rows[-1]) < self._width(self.rows[0]):
            self.rows = self.rows[:-1]
            self.repairs.append("the last row is cut, left out")
        if not self.rows or (len(self.rows) == 1 and not self.rows[0].strip()):
            raise CorruptRecordingError(
                self.path, "no samples", expected="rows below the header", remedy="export it again"
            )
        if self.separator != "," and "," in self.rows[0]:
            # a spreadsheet's locale: decimal commas
            self.rows = [row.replace(",", ".") for row in self.rows]

    def _width(self, row: str) -> int:
        return row.count(self.separator)

    def texts(self, column: int) -> list[str]:
        """Give one column as text; empty where a row ends before it."""
        cells = (row.split(self.separator) for row in self.rows)
        return [row[column].strip() if column < len(row) else "" for row in cells]

    def numbers(self, columns: Sequence[int]) -> NDArray[np.float64]:
        """Give columns as numbers.

        Parameters
        ----------
        columns : sequence of int
            Which.

        Returns
        -------
        numpy.ndarray, (n_rows, n_columns), float64
            NaN for empty and non-finite cells; `repairs` counts them.

        Raises
        ------
        RecordingFormatError
            A cell is text, or a row ends before one of the columns.
        """
        try:
            values: NDArray[np.float64] = np.loadtxt(
                self.rows,
                dtype=np.float64,
                comments=None,
                delimiter=self.separator,
                usecols=list(columns),
                ndmin=2,
            )
        except ValueError:
            values = np.empty(0)
        if len(values) != len(self.rows):
            values = self._carefully(columns)
        bad = ~(np.abs(values) <= _LARGEST)
        if bad.any():
            values[bad] = np.nan
            self.repairs.append(f"{np.count_nonzero(bad)} empty or non-finite cells set to NaN")
        return values

    def times_ns(self, column: int, unit_ns: float) -> NDArray[np.float64]:
        """Give a column of times in ns; NaN where there is none.

        Raises
        ------
        RecordingFormatError
            A cell is text, or no time within three centuries.
        """
        times = self.numbers([column])[:, 0] * unit_ns
        wrong = np.flatnonzero(np.abs(times) > _LATEST_NS)
        if len(wrong):
            raise RecordingFormatError(
                self.path, f"row {self.first_row + int(wrong[0])}", part=self.names[column],
                expected="a time", got=f"{times[wrong[0]] / unit_ns:g}",
            )  # fmt: skip
        return times

    def _carefully(self, columns: Sequence[int]) -> NDArray[np.float64]:
        values = np.empty((len(self.rows), len(columns)))
        for number, row in enumerate(self.rows):
            cells = row.split(self.separator)
            try:
                values[number] = [_number(cells[column]) for column in columns]
            except (ValueError, IndexError) as error:
                raise RecordingFormatError(
                    self.path,
                    f"row {self.first_row + number}",
                    expected="numbers in " + ", ".join(self.names[c] for c in columns),
                    got=repr(row[:60]),
                    remedy="export again, or mend the row",
                ) from error
        return values


def _number(cell: str) -> float:
    if "_" in cell:
        raise ValueError(cell)
    return float(cell) if cell.strip() else np.nan
