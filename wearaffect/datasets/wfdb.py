"""WFDB records as PhysioNet publishes them: signals of format 16, and annotations.

Written from the format descriptions header(5), signal(5) and annot(5) of the WFDB Applications
Guide (G. Moody, PhysioNet).
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import DatasetError

__all__ = ["Annotation", "WfdbRecord", "read_annotations", "read_record"]

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RECORD = re.compile(rf"[\w-]+\s+(\d+)\s+({_NUMBER})(?:/\S+)?\s+(\d+)(?:\s.*)?")
# file, format, gain(baseline)/unit, ADC bits, ADC zero, first value, checksum, block, name
_SIGNAL = re.compile(
    rf"(?P<file>\w[\w.-]*)\s+(?P<format>\S+)\s+(?P<gain>{_NUMBER})(?:\((?P<baseline>[-+]?\d+)\))?"
    r"(?:/(?P<unit>\S+))?\s+\d+\s+(?P<zero>[-+]?\d+)\s+[-+]?\d+\s+(?P<checksum>[-+]?\d+)\s+\d+"
    r"\s+(?P<name>.*\S)"
)
_GAIN = 200.0  # what header(5) says zero stands for
_INVALID = -32768
_LAST_CODE = 49
_SKIP, _NUM, _SUB, _CHN, _AUX = 59, 60, 61, 62, 63
_REMEDY = "fetch the file again"


@dataclass(frozen=True, slots=True, eq=False)
class WfdbRecord:
    """Signals that were sampled together.

    Attributes
    ----------
    rate_hz : float
        Samples per second of each signal.
    names, units : tuple of str
        Of the signals, as the header has them.
    data : numpy.ndarray, (n_samples, n_signals)
        In those units; NaN where a sample is marked invalid.
    """

    rate_hz: float
    names: tuple[str, ...]
    units: tuple[str, ...]
    data: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Annotation:
    """A mark on a record.

    Attributes
    ----------
    sample : int
        Where, in samples from the start.
    code : int
        Type; 22 is a note.
    text : str
        What it says; mostly empty.
    """

    sample: int
    code: int
    text: str = ""


def read_record(header: Path) -> WfdbRecord:
    """Read a record whose signals lie in one file of format 16.

    Parameters
    ----------
    header : Path
        The ``.hea`` file, with all fields of each signal line; the signal file lies beside it.

    Returns
    -------
    WfdbRecord
        All signals.

    Raises
    ------
    DatasetError
        A file is missing or cut short, the header isn't one of such a record, or a checksum fails.
    """
    lines = [line.strip() for line in _text(header).splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    first = _RECORD.fullmatch(lines[0]) if lines else None
    if first is None:
        raise _not_a_header(header, "name, signals, rate and samples in the first line", lines[:1])
    n_signals, n_samples = int(first[1]), int(first[3])
    signals = [match for line in lines[1:] if (match := _SIGNAL.fullmatch(line))]
    if not len(signals) == len(lines) - 1 == n_signals > 0:
        raise _not_a_header(header, f"{n_signals} lines of signals", lines[1:])
    if len({signal["file"] for signal in signals}) > 1 or any(s["format"] != "16" for s in signals):
        raise _not_a_header(header, "one file of format 16", lines[1:])
    path = header.with_name(signals[0]["file"])
    counts = _counts(path, n_samples, n_signals)
    for signal, total in zip(signals, counts.sum(axis=0, dtype=np.int64).tolist(), strict=True):
        if (total - int(signal["checksum"])) % 65536:
            raise DatasetError(path, f"wrong checksum of {signal['name']}", remedy=_REMEDY)
    baseline = np.array([int(s["baseline"] or s["zero"]) for s in signals], np.float64)
    gain = np.array([float(s["gain"]) or _GAIN for s in signals])
    return WfdbRecord(
        rate_hz=float(first[2]),
        names=tuple(signal["name"] for signal in signals),
        units=tuple(signal["unit"] or "mV" for signal in signals),
        data=np.where(counts == _INVALID, np.nan, (counts - baseline) / gain),
    )


def read_annotations(path: Path) -> tuple[Annotation, ...]:
    """Read an annotation file in MIT format.

    Parameters
    ----------
    path : Path
        Mostly ``.atr``.

    Returns
    -------
    tuple of Annotation
        In the order of the file; subtypes, channels and numbers are passed over.

    Raises
    ------
    DatasetError
        The file is missing, cut short or something else.
    """
    content = _content(path)
    found: list[Annotation] = []
    at, time = 0, 0
    while True:
        code, value = divmod(int.from_bytes(_part(path, content, at, 2), "little"), 1024)
        at += 2
        if code == value == 0:
            return tuple(found)
        if code == _SKIP:
            high, low = np.frombuffer(_part(path, content, at, 4), "<u2").tolist()
            time += (high << 16 | low) - (high >> 15 << 32)
            at += 4
        elif code == _AUX and found:
            text = _part(path, content, at, value).rstrip(b"\0").decode("utf-8", "replace")
            found[-1] = Annotation(found[-1].sample, found[-1].code, text)
            at += value + value % 2
        elif 0 < code <= _LAST_CODE and time + value >= 0:
            time += value
            found.append(Annotation(time, code))
        elif code not in (_NUM, _SUB, _CHN):
            raise DatasetError(
                path,
                "not an annotation file",
                expected="MIT format",
                got=f"code {code} at byte {at - 2}",
                remedy=_REMEDY,
            )


def _counts(path: Path, n_samples: int, n_signals: int) -> NDArray[np.int16]:
    content = _content(path)
    if not n_samples or len(content) != 2 * n_samples * n_signals:
        raise DatasetError(
            path,
            "length doesn't fit the header",
            expected=f"{n_samples} samples of {n_signals} signals",
            got=f"{len(content)} bytes",
            remedy=_REMEDY,
        )
    return np.frombuffer(content, "<i2").reshape(n_samples, n_signals)


def _part(path: Path, content: bytes, at: int, length: int) -> bytes:
    if at + length > len(content):
        raise DatasetError(path, "annotations end too early", remedy=_REMEDY)
    return content[at : at + length]


def _text(path: Path) -> str:
    try:
        return _content(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise DatasetError(path, "not text", got=str(error), remedy=_REMEDY) from error


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DatasetError(
            path, "can't be read", got=error.strerror or str(error), remedy=_REMEDY
        ) from error


def _not_a_header(path: Path, expected: str, got: list[str]) -> DatasetError:
    text = "; ".join(got)[:120] or "nothing"
    return DatasetError(path, "not a WFDB header", expected=expected, got=text, remedy=_REMEDY)
