"""Rows of numbers: fast where they are as they should be, exact about the row where they aren't."""

import re
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import RecordingFormatError

__all__ = ["parse_rows"]

_TAIL_BYTES = 4096
# Samples are kept in single precision; what doesn't fit isn't a number there.
_LARGEST = float(np.finfo(np.float32).max)
_DECIMALS = re.compile(rb"\.(\d+)")
_PLAIN = re.compile(rb"[\d.,\n+eEnNaAiIfF-]*")


def parse_rows(
    path: str | PathLike[str], part: str, body: bytes, width: int, *, first_row: int
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Read comma-separated numbers.

    Parameters
    ----------
    path, part : path, str
        Named in errors.
    body : bytes
        The rows, without the header.
    width : int
        Cells in a row.
    first_row : int
        Number of the first row in its file, for errors.

    Returns
    -------
    values : numpy.ndarray, (n_rows, width), float64
        NaN for empty and non-finite cells.
    repairs : tuple of str
        What was mended.

    Raises
    ------
    RecordingFormatError
        A cell is text, or a row that isn't the last has another number of cells.
    """
    body, repairs = _drop_cut_row(part, body.replace(b"\r\n", b"\n").rstrip(b" "))
    values = _fast(body, width)
    if values is None:
        values, mended = _careful(path, part, body, width, first_row)
        repairs += mended
    bad = ~(np.abs(values) <= _LARGEST)
    if bad.any():
        values[bad] = np.nan
        repairs.append(f"{part}: {np.count_nonzero(bad)} empty or non-finite cells set to NaN")
    return values, tuple(repairs)


def _drop_cut_row(part: str, body: bytes) -> tuple[bytes, list[str]]:
    """Drop a last row without line end unless its decimals show that it is whole."""
    if not body or body.endswith(b"\n"):
        return body, []
    before, _, last = body.rpartition(b"\n")
    usual = max((len(digits) for digits in _DECIMALS.findall(before[-_TAIL_BYTES:])), default=99)
    seen = _DECIMALS.findall(last.rpartition(b",")[2])
    if seen and len(seen[-1]) >= usual:
        return body, []
    return before, [f"{part}: last row has no line end and may be cut, left out"]


def _fast(body: bytes, width: int) -> NDArray[np.float64] | None:
    """Give the table, or None where a closer look is needed."""
    body = body.removesuffix(b"\n")
    if not body:
        return np.empty((0, width))
    rows = body.count(b"\n") + 1
    if not _even(body, rows, width):
        return None
    cells = body.replace(b",", b"\n").split()
    try:
        # a cell that is empty is missing here, so the shape won't fit
        return np.array(cells, dtype=np.float64).reshape(rows, width)
    except ValueError:
        return None


def _even(body: bytes, rows: int, width: int) -> bool:
    """Say whether there are only symbols of numbers, and as many commas in each row."""
    if _PLAIN.fullmatch(body) is None:
        return False
    symbols = np.frombuffer(body, np.uint8)
    line_ends = np.flatnonzero(symbols == ord("\n"))
    commas = np.flatnonzero(symbols == ord(","))
    if len(commas) != rows * (width - 1):
        return False
    row_of = np.searchsorted(line_ends, commas)
    return bool(np.array_equal(row_of, np.repeat(np.arange(rows), width - 1)))


def _careful(
    path: str | PathLike[str], part: str, body: bytes, width: int, first_row: int
) -> tuple[NDArray[np.float64], list[str]]:
    lines = body.rstrip(b"\n ").split(b"\n")
    rows: list[list[float]] = []
    for number, line in enumerate(lines, start=first_row):
        cells = line.split(b",")
        if len(cells) != width:
            if line is lines[-1] and len(cells) < width:
                return _table(rows, width), [f"{part}: last row is short, left out"]
            raise _bad_row(path, part, number, f"{width} cells", line)
        try:
            rows.append([_number(cell.strip()) for cell in cells])
        except ValueError as error:
            raise _bad_row(path, part, number, "numbers", line) from error
    return _table(rows, width), []


def _table(rows: list[list[float]], width: int) -> NDArray[np.float64]:
    return np.array(rows, dtype=np.float64).reshape(len(rows), width)


def _number(cell: bytes) -> float:
    if b"_" in cell:
        raise ValueError(cell)
    return float(cell) if cell else np.nan


def _bad_row(
    path: str | PathLike[str], part: str, number: int, expected: str, line: bytes
) -> RecordingFormatError:
    return RecordingFormatError(
        path,
        f"row {number}",
        part=part,
        expected=expected,
        got=repr(line[:60].decode("utf-8", "replace")),
        remedy="export again, or mend the row",
    )
