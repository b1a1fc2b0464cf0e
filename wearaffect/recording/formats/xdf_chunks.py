"""The chunks of an XDF file, read strictly: what isn't whole is left out and said so."""

import struct
from dataclasses import dataclass, field
from os import PathLike
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import CorruptRecordingError

__all__ = ["BOUNDARY", "MAGIC", "NUMBERS", "XdfStream", "read_chunks"]

MAGIC = b"XDF:"
BOUNDARY = bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4")
NUMBERS: dict[str, np.dtype[Any]] = {
    "float32": np.dtype("<f4"), "double64": np.dtype("<f8"), "int8": np.dtype("<i1"),
    "int16": np.dtype("<i2"), "int32": np.dtype("<i4"), "int64": np.dtype("<i8"),
}  # fmt: skip
_FILE, _HEADER, _SAMPLES, _CLOCK, _BOUNDARY, _FOOTER = range(1, 7)
_MAX_HEADER_BYTES = 4 * 2**20  # engineering choice
_MAX_CHANNELS = 100_000
_LATEST_S = 4e9  # twice the age of Unix time
_DAMAGE = (ValueError, IndexError, struct.error, OverflowError, ET.ParseError, UnicodeDecodeError)


@dataclass(slots=True)
class XdfStream:
    """One stream as it stands in the file.

    Attributes
    ----------
    about : Element
        The XML of its header.
    channels : int
        Values in each sample.
    rate_hz : float
        Nominal; 0 where samples come when they come.
    numbers : dtype or None
        Of its values; None: text.
    stamps : list
        Seconds on the sender's clock.
    values, texts : list
        Arrays (n, channels), or rows of text.
    offsets : list of (float, float)
        Readings (sender's time, what to add for the recorder's).
    """

    about: ET.Element
    channels: int
    rate_hz: float
    numbers: np.dtype[Any] | None
    stamps: list[NDArray[np.float64]] = field(default_factory=list)
    values: list[NDArray[np.float64]] = field(default_factory=list)
    texts: list[list[str]] = field(default_factory=list)
    offsets: list[tuple[float, float]] = field(default_factory=list)
    last: float = 0.0

    def text(self, name: str) -> str:
        """Give a field of the header, empty where there is none."""
        return (self.about.findtext(name) or "").strip()


@dataclass(slots=True)
class _File:
    """What was read so far."""

    content: bytes
    streams: dict[int, XdfStream] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_chunks(
    path: str | PathLike[str], content: bytes
) -> tuple[dict[int, XdfStream], dict[str, str], list[str]]:
    """Read an XDF file.

    Parameters
    ----------
    path : path
        For errors.
    content : bytes
        The file.

    Returns
    -------
    streams : dict of int to XdfStream
        By their number in the file.
    facts : dict of str to str
        Of the file's own header.
    problems : list of str
        What couldn't be read; reading went on at the next boundary.

    Raises
    ------
    CorruptRecordingError
        There is no whole stream header in it.

    Notes
    -----
    XDF 1.0 specification (sccn/xdf, wiki page "Specifications").
    """
    file = _File(content)
    at = len(MAGIC)
    while at < len(content):
        try:
            at = _chunk(file, at)
        except _DAMAGE as error:
            following = content.find(BOUNDARY, at)
            file.problems.append(
                f"a chunk at byte {at} isn't whole ({str(error)[:60]}); "
                + ("the rest is lost" if following < 0 else "went on behind the next boundary")
            )
            at = len(content) if following < 0 else following + len(BOUNDARY)
    if not file.streams:
        raise CorruptRecordingError(
            path, "no stream in it", expected="chunks as XDF 1.0 has them",
            got="; ".join(file.problems)[:120] or f"{len(content)} bytes",
        )  # fmt: skip
    return file.streams, file.facts, file.problems


def _chunk(file: _File, at: int) -> int:
    """Take one chunk; give where the next begins."""
    length, begin = _length(file.content, at)
    end = begin + length
    if length < 2 or end > len(file.content):
        msg = f"{length} bytes where {len(file.content) - begin} are left"
        raise ValueError(msg)
    (tag,) = struct.unpack_from("<H", file.content, begin)
    body = file.content[begin + 2 : end]
    if tag == _FILE:
        file.facts = {e.tag: (e.text or "").strip() for e in _xml(body)}
    elif tag == _HEADER:
        (number,) = struct.unpack_from("<I", body)
        file.streams[number] = _stream(_xml(body[4:]))
    elif tag in {_SAMPLES, _CLOCK}:
        (number,) = struct.unpack_from("<I", body)
        if number not in file.streams:
            msg = f"stream {number} has no header"
            raise ValueError(msg)
        (_samples if tag == _SAMPLES else _reading)(file.streams[number], body)
    elif tag not in {_BOUNDARY, _FOOTER}:
        msg = f"tag {tag}"
        raise ValueError(msg)
    return end


def _reading(stream: XdfStream, body: bytes) -> None:
    time, offset = struct.unpack_from("<dd", body, 4)
    if abs(time) < _LATEST_S and abs(offset) < _LATEST_S:
        stream.offsets.append((time, offset))


def _length(content: bytes, at: int) -> tuple[int, int]:
    width = content[at]
    if width not in {1, 4, 8}:
        msg = f"a length of {width} bytes"
        raise ValueError(msg)
    if at + 1 + width > len(content):
        msg = "the file ends in a length"
        raise ValueError(msg)
    return int.from_bytes(content[at + 1 : at + 1 + width], "little"), at + 1 + width


def _xml(text: bytes) -> ET.Element:
    if len(text) > _MAX_HEADER_BYTES or b"<!DOCTYPE" in text.upper():
        msg = "a header that declares a document type, or is longer than one needs to be"
        raise ValueError(msg)
    return ET.fromstring(text.decode("utf-8"))  # noqa: S314 - no entities without a document type


def _stream(about: ET.Element) -> XdfStream:
    form = (about.findtext("channel_format") or "").strip()
    channels = int(about.findtext("channel_count") or 0)
    rate_hz = float(about.findtext("nominal_srate") or 0)
    if not 1 <= channels <= _MAX_CHANNELS or not 0 <= rate_hz < 1e7:
        msg = f"{channels} channels at {rate_hz} Hz"
        raise ValueError(msg)
    if form != "string" and form not in NUMBERS:
        msg = f"values of form {form!r}"
        raise ValueError(msg)
    return XdfStream(about, channels, rate_hz, NUMBERS.get(form))


def _samples(stream: XdfStream, body: bytes) -> None:
    count, at = _length(body, 4)
    least = 2 if stream.numbers is None else stream.numbers.itemsize
    if count * (1 + least * stream.channels) > len(body) - at:
        msg = f"{count} samples of {stream.channels} channels in {len(body)} bytes"
        raise ValueError(msg)
    stamps = np.empty(count)
    rows: list[list[str]] = []
    values = np.empty((count, 0))
    if stream.numbers is None:
        at = _text_rows(stream, body, at, (stamps, rows))
    else:
        values, at = _numeric_rows(stream, body, at, stamps)
    if at != len(body):
        msg = f"{len(body) - at} bytes too many"
        raise ValueError(msg)
    step = 1 / stream.rate_hz if stream.rate_hz else 0.0
    last = stream.last
    for index in np.flatnonzero(np.isnan(stamps)):
        before = stamps[index - 1] if index else last
        stamps[index] = before + step
    if not (np.abs(stamps) < _LATEST_S).all():
        msg = "a stamp that isn't a time"
        raise ValueError(msg)
    if count:
        stream.last = float(stamps[-1])
    stream.stamps.append(stamps)
    stream.values.append(values)
    stream.texts += rows


def _numeric_rows(
    stream: XdfStream, body: bytes, at: int, stamps: NDArray[np.float64]
) -> tuple[NDArray[np.float64], int]:
    """Read samples of numbers; those that all have a stamp at once."""
    assert stream.numbers is not None
    count = len(stamps)
    row = np.dtype([("width", "u1"), ("stamp", "<f8"), ("v", stream.numbers, (stream.channels,))])
    if len(body) - at == count * row.itemsize:
        table = np.frombuffer(body, row, count, at)
        if (table["width"] == 8).all():
            stamps[:] = table["stamp"]
            return table["v"].astype(np.float64).reshape(count, stream.channels), len(body)
    size = stream.numbers.itemsize * stream.channels
    values = np.empty((count, stream.channels))
    for index in range(count):
        stamps[index], at = _stamp(body, at)
        values[index] = np.frombuffer(body, stream.numbers, stream.channels, at)
        at += size
    return values, at


def _text_rows(
    stream: XdfStream, body: bytes, at: int, into: tuple[NDArray[np.float64], list[list[str]]]
) -> int:
    stamps, rows = into
    for index in range(len(stamps)):
        stamps[index], at = _stamp(body, at)
        row = []
        for _ in range(stream.channels):
            length, begin = _length(body, at)
            at = begin + length
            if at > len(body):
                msg = "a text that is cut"
                raise ValueError(msg)
            row.append(body[begin:at].decode("utf-8", "replace"))
        rows.append(row)
    return at


def _stamp(body: bytes, at: int) -> tuple[float, int]:
    width = body[at]
    if width == 0:
        return float("nan"), at + 1
    if width != 8:
        msg = f"a stamp of {width} bytes"
        raise ValueError(msg)
    (stamp,) = struct.unpack_from("<d", body, at + 1)
    return stamp, at + 9
