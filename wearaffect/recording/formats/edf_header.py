"""The header of an EDF file: what it must say before a sample is believed."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from os import PathLike

from wearaffect.core.errors import CorruptRecordingError, RecordingFormatError

__all__ = ["EdfHeader", "EdfSignal", "is_edf", "read_header"]

_FIXED = 256
_VERSION = b"0       "
_BDF = b"\xffBIOSEMI"
_MOST_SIGNALS = 512  # engineering choice
_LARGEST = 1e30  # single precision ends at 3e38
_ANNOTATIONS = "EDF Annotations"
_WIDTHS = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)


@dataclass(frozen=True, slots=True)
class EdfSignal:
    """One signal: its words, its scale, and where it lies in a record (`first`, `per_record`)."""

    label: str
    transducer: str
    dimension: str
    physical_min: float
    gain: float
    digital_min: float
    first: int
    per_record: int

    @property
    def is_annotations(self) -> bool:
        """Whether it holds text."""
        return self.label == _ANNOTATIONS


@dataclass(frozen=True, slots=True)
class EdfHeader:
    """What stands in front of the records.

    Attributes
    ----------
    variety : str
        ``EDF``, ``EDF+C`` or ``EDF+D``.
    patient, recording : str
        Lines of the header; a patient's may name a person.
    start : datetime or None
        Local time of the first record, without a zone; None where it isn't a date.
    n_bytes : int
        Length of the header.
    n_records : int
        Whole records that are there.
    record_s : float
        Length of each; 0 in a file of annotations only.
    signals : tuple of EdfSignal
        In the order of the file.
    repairs : tuple of str
        What was mended.
    """

    variety: str
    patient: str
    recording: str
    start: datetime | None
    n_bytes: int
    n_records: int
    record_s: float
    signals: tuple[EdfSignal, ...]
    repairs: tuple[str, ...]


def is_edf(begins: bytes) -> bool:
    """Whether a file that begins so is EDF, or BDF, which is refused by name."""
    return begins.startswith((_VERSION, _BDF))


def read_header(path: str | PathLike[str], content: bytes) -> EdfHeader:
    """Read and check the header of an EDF file.

    Parameters
    ----------
    path : path
        For errors.
    content : bytes
        The whole file.

    Raises
    ------
    RecordingFormatError
        A field that isn't what EDF says, or BDF's 24 bits.
    CorruptRecordingError
        Cut before the end of its header or its first record.
    """
    if content.startswith(_BDF):
        raise RecordingFormatError(
            path, "BDF, with 24 bits a sample", expected="EDF or EDF+",
            remedy="convert it to EDF+, for instance with EDFbrowser",
        )  # fmt: skip
    if len(content) < _FIXED:
        raise _cut(path, f"a header of {_FIXED} bytes", f"{len(content)} bytes")
    field = _reader(path, content)
    count = int(field("number of signals", 252, 4, _whole))
    n_bytes = int(field("bytes in the header", 184, 8, _whole))
    if not 1 <= count <= _MOST_SIGNALS or n_bytes != _FIXED * (count + 1):
        raise RecordingFormatError(
            path, "header", expected=f"1 to {_MOST_SIGNALS} signals and 256 bytes for each",
            got=f"{count} signals and {n_bytes} bytes",
        )  # fmt: skip
    if len(content) < n_bytes:
        raise _cut(path, f"a header of {n_bytes} bytes", f"{len(content)} bytes")
    signals = _signals(path, content, count)
    record_s = field("length of a record", 244, 8, float)
    data = [s for s in signals if not s.is_annotations]
    if not 0 <= record_s <= 86_400 or (record_s == 0 and data):
        raise RecordingFormatError(
            path, "length of a record", expected="seconds above 0", got=f"{record_s:g}"
        )
    told = int(field("number of records", 236, 8, _whole))
    there = (len(content) - n_bytes) // (2 * sum(s.per_record for s in signals))
    if there == 0:
        raise _cut(path, "a whole record", f"{len(content) - n_bytes} bytes")
    variety = content[192:236].decode("latin-1").strip()[:5]
    return EdfHeader(
        variety if variety in {"EDF+C", "EDF+D"} else "EDF",
        content[8:88].decode("latin-1").strip(),
        content[88:168].decode("latin-1").strip(),
        _start(content),
        n_bytes,
        there if told < 0 else min(told, there),
        record_s,
        signals,
        _record_repairs(told, there),
    )


def _record_repairs(told: int, there: int) -> tuple[str, ...]:
    if told > there:
        return (f"the file is cut: {there} of {told} records are whole",)
    if 0 <= told < there:
        return (f"{there - told} records behind those that the header counts, left out",)
    return ()


def _whole(text: str) -> float:
    return int(text)


def _reader(
    path: str | PathLike[str], content: bytes
) -> Callable[[str, int, int, Callable[[str], float]], float]:
    def field(name: str, at: int, width: int, read: Callable[[str], float]) -> float:
        text = content[at : at + width].decode("latin-1").strip(" \0")
        try:
            return read(text)
        except ValueError as error:
            raise RecordingFormatError(
                path, name, part=f"header, byte {at}", expected="a number", got=repr(text)
            ) from error

    return field


def _signals(path: str | PathLike[str], content: bytes, count: int) -> tuple[EdfSignal, ...]:
    field = _reader(path, content)
    starts = [_FIXED + count * sum(_WIDTHS[:i]) for i in range(len(_WIDTHS))]

    def text(column: int, index: int) -> str:
        at = starts[column] + index * _WIDTHS[column]
        return content[at : at + _WIDTHS[column]].decode("latin-1").strip(" \0")

    def number(name: str, column: int, index: int) -> float:
        at = starts[column] + index * _WIDTHS[column]
        return field(f"{name} of {text(0, index)!r}", at, _WIDTHS[column], _decimal)

    found: list[EdfSignal] = []
    first = 0
    for index in range(count):
        low, high = number("digital minimum", 5, index), number("digital maximum", 6, index)
        least, most = number("physical minimum", 3, index), number("physical maximum", 4, index)
        per_record = number("samples in a record", 8, index)
        if low >= high or least == most or not 1 <= per_record <= 10**8:
            raise RecordingFormatError(
                path, "scale or length", part=f"signal {text(0, index)!r}",
                expected="digital and physical ranges, and samples in each record",
                got=f"{low:g} to {high:g}, {least:g} to {most:g}, {per_record:g}",
            )  # fmt: skip
        found.append(
            EdfSignal(
                text(0, index),
                text(1, index),
                text(2, index),
                least,
                (most - least) / (high - low),
                low,
                first,
                int(per_record),
            )
        )
        first += int(per_record)
    return tuple(found)


def _decimal(text: str) -> float:
    """Read a number; some writers use the decimal comma of their country."""
    if re.fullmatch(r"[-+]?[\d.,]+([eE][-+]?\d+)?", text) is None:
        raise ValueError(text)
    value = float(text.replace(",", "."))
    if abs(value) > _LARGEST:
        raise ValueError(text)
    return value


def _start(content: bytes) -> datetime | None:
    numbers = re.findall(r"\d\d", content[168:184].decode("latin-1"))
    written = re.search(r"Startdate \d\d-[A-Z]{3}-(\d{4})", content[88:168].decode("latin-1"))
    if b"Startdate X" in content[88:168]:
        return None
    try:
        day, month, year, hour, minute, second = (int(n) for n in numbers)
        year = int(written[1]) if written else year + (1900 if year >= 85 else 2000)
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001
    except ValueError:
        return None


def _cut(path: str | PathLike[str], expected: str, got: str) -> CorruptRecordingError:
    return CorruptRecordingError(
        path, "cut short", expected=expected, got=got, remedy="copy it again"
    )
