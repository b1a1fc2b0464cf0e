"""Empatica E4 exports: one zip or folder of CSV files."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import (
    CorruptRecordingError,
    RecordingFormatError,
    SamplingRateError,
)
from wearaffect.core.streams import Channel, Marker, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.timebase import NS_PER_S, ns_from_s
from wearaffect.core.units import Unit
from wearaffect.recording.archive import read_members
from wearaffect.recording.csv_rows import parse_rows
from wearaffect.recording.session import RecordedStream, Session

__all__ = ["E4_FILES", "read_e4"]

E4_FILES = re.compile(r"(ACC|BVP|EDA|TEMP|HR|IBI|tags)(?:(?<=tags)_\w+)?\.csv", re.IGNORECASE)
_SIGNALS = ("EDA", "BVP", "ACC", "TEMP")
_CHANNELS = {
    "EDA": (Channel("eda", Unit.MICROSIEMENS),),
    "BVP": (Channel("bvp", Unit.ARBITRARY),),
    "ACC": tuple(Channel(axis, Unit.GRAVITY) for axis in "xyz"),
    "TEMP": (Channel("temp", Unit.CELSIUS),),
    "HR": (Channel("hr", Unit.BEATS_PER_MINUTE),),
    "IBI": (Channel("ibi", Unit.SECOND),),
}
# ACC counts are 1/64 g (info.txt of every export); the other files are in their unit.
_SCALE = {"ACC": 1 / 64}
# The range of the E4's skin temperature sensor; its first samples read 382.2 before it has settled.
_START_UP_SAMPLES = 40  # ten seconds at 4 Hz; engineering choice, real ones are 1 to 4
_TEMP_RANGE_CELSIUS = (-40.0, 115.0)
# Engineering choices that tell a header from a number in its place.
_RATE_RANGE_HZ = (0.01, 10_000.0)
_UNIX_RANGE_S = (0.0, 9e9)
_MAX_SPREAD_S = 86_400.0


@dataclass(frozen=True, slots=True)
class _File:
    """One member: its Unix start, its rate, its rows, and what was mended."""

    start_unix_s: float
    rate_hz: float | None
    data: NDArray[np.float32]
    offsets_s: NDArray[np.float64] | None = None
    repairs: tuple[str, ...] = ()


def read_e4(path: str | PathLike[str]) -> Session:
    """Read an Empatica E4 export.

    Parameters
    ----------
    path : path
        The zip, or a folder with its files; ``.csv`` or ``.csv.gz``.

    Returns
    -------
    Session
        Streams ``e4.eda`` (µS), ``e4.bvp`` (1), ``e4.acc`` (g), ``e4.temp`` (°C), ``e4.hr``
        (1/min) and ``e4.ibi`` (s, irregular), as far as the export has them. Zero is the earliest
        start of EDA, BVP, ACC and TEMP; HR keeps its later start. Start-up samples (EDA exactly 0,
        TEMP out of range), empty and non-finite cells are NaN; `repairs` says so.

    Raises
    ------
    RecordingNotFoundError
        Nothing is at the path.
    RecordingFormatError
        Not an E4 export: no signal file, no header, text for numbers, wrong columns, twins.
    CorruptRecordingError
        A damaged or cut zip or gz, or a file without content.
    SamplingRateError
        A rate that isn't a positive number.
    UnsafeArchiveError
        Members outside the archive, links, or far more content than a recording has.

    Notes
    -----
    The layout is the one that ``info.txt`` of each export describes. Nothing is written to disk.
    """
    members = read_members(path, E4_FILES)
    if not any(name in members for name in _SIGNALS):
        raise RecordingFormatError(
            path,
            "not an Empatica E4 export",
            expected="EDA.csv, BVP.csv, ACC.csv or TEMP.csv (or .csv.gz), at the top or in one "
            "folder",
            got=", ".join(sorted(members)) or "none of them",
            remedy="give the zip or folder that holds these files",
        )
    files: dict[str, _File] = {}
    repairs: list[str] = []
    for name in _CHANNELS:
        if name not in members:
            continue
        if name not in _SIGNALS and not members[name].strip():
            repairs.append(f"{name}: empty file, taken as absent")
            continue
        read: Callable[[str, str, bytes], _File] = _read_ibi if name == "IBI" else _read_regular
        files[name] = _settle(name, read(str(path), name, members[name]))
        repairs += files[name].repairs
    origin_s = _origin(path, files)
    markers, mended = _read_tags(path, members.get("TAGS", b""), origin_s)
    return Session(
        path=str(path),
        streams={
            f"e4.{name.lower()}": _stream(name, file, origin_s) for name, file in files.items()
        },
        device="Empatica E4",
        wall_start_s=origin_s,
        markers=markers,
        repairs=(*repairs, *mended, *_unequal_ends(files)),
        header={"format": "Empatica E4 export"},
    )


def _stream(name: str, file: _File, origin_s: float) -> RecordedStream:
    info = StreamInfo(
        id=f"e4.{name.lower()}",
        kind=SignalKind(name.lower()),
        channels=_CHANNELS[name],
        sampling_rate=file.rate_hz,
        device="Empatica E4",
        body_site="wrist",
    )
    start_ns = ns_from_s(file.start_unix_s) - ns_from_s(origin_s)
    stamps = None
    if file.offsets_s is not None:
        stamps = start_ns + np.rint(file.offsets_s * NS_PER_S).astype(np.int64)
    return RecordedStream(info, (SignalChunk(info, file.data, start_ns, stamps),))


def _origin(path: str | PathLike[str], files: dict[str, _File]) -> float:
    starts = {name: file.start_unix_s for name, file in files.items()}
    origin_s = min(starts[name] for name in _SIGNALS if name in starts)
    for name, start in starts.items():
        if abs(start - origin_s) > _MAX_SPREAD_S:
            raise RecordingFormatError(
                path,
                "starts on another day than the other files",
                part=name,
                expected=f"about {origin_s:.0f}",
                got=f"{start:.0f}",
                remedy="put the files of one session together",
            )
    return origin_s


def _unequal_ends(files: dict[str, _File]) -> tuple[str, ...]:
    ends = {
        name: files[name].start_unix_s + len(files[name].data) / (files[name].rate_hz or 1.0)
        for name in _SIGNALS
        if name in files
    }
    first = min(ends.values())
    if max(ends.values()) - first <= 1.0:
        return ()
    late = ", ".join(f"{name} +{end - first:.1f} s" for name, end in ends.items() if end > first)
    return (f"channels end at different times: {late} after the shortest; nothing was cut",)


def _read_regular(path: str, name: str, text: bytes) -> _File:
    width = len(_CHANNELS[name])
    head, body = _header(path, name, text, 2)
    start_s = _header_number(path, name, head[0], width, _UNIX_RANGE_S)
    rate_hz = _header_number(path, name, head[1], width, None)
    low, high = _RATE_RANGE_HZ
    if not low <= rate_hz <= high:
        raise SamplingRateError(
            f"e4.{name.lower()}",
            f"sampling rate in {path}: {name}.csv, row 2",
            expected=f"{low:g} to {high:g} Hz",
            got=f"{rate_hz:g}",
        )
    values, repairs = parse_rows(path, f"{name}.csv", body, width, first_row=3)
    if name in _SIGNALS and not len(values):
        raise _cut_short(path, name, "no samples after the header")
    data = (values * _SCALE.get(name, 1.0)).astype(np.float32)
    return _File(start_s, rate_hz, data, None, repairs)


def _read_ibi(path: str, name: str, text: bytes) -> _File:
    head, body = _header(path, name, text, 1)
    start_s = _header_number(path, name, head[0].split(b",")[0], 1, _UNIX_RANGE_S)
    values, repairs = parse_rows(path, f"{name}.csv", body, 2, first_row=2)
    timed = values[np.isfinite(values[:, 0])]
    if len(timed) < len(values):
        repairs = (*repairs, f"IBI.csv: {len(values) - len(timed)} beats without a time left out")
    if np.any(np.diff(timed[:, 0]) < 0):
        repairs = (*repairs, "IBI.csv: beats out of order, put in order of time")
        timed = timed[np.argsort(timed[:, 0], kind="stable")]
    return _File(start_s, None, timed[:, 1:].astype(np.float32), timed[:, 0], repairs)


def _header(path: str, name: str, text: bytes, n_rows: int) -> tuple[list[bytes], bytes]:
    if not text.strip():
        raise _cut_short(path, name, "empty file")
    lines = text.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").split(b"\n", n_rows)
    if len(lines) <= n_rows:
        raise RecordingFormatError(
            path,
            "no whole header",
            part=f"{name}.csv",
            expected="a row with the Unix start" + (" and a row with the rate" * (n_rows > 1)),
            got=f"{len(lines)} rows",
            remedy="export the session again",
        )
    return lines[:n_rows], lines[n_rows]


def _header_number(
    path: str, name: str, line: bytes, width: int, within: tuple[float, float] | None
) -> float:
    expected = f"{width} equal numbers"
    if within is not None:
        expected += f" from {within[0]:g} to {within[1]:g} (Unix seconds)"
    try:
        numbers = [float(cell) for cell in line.split(b",")]
        right = len(numbers) == width and len({repr(number) for number in numbers}) == 1
    except ValueError:
        numbers, right = [], False
    if not right or (within is not None and not within[0] <= numbers[0] <= within[1]):
        raise RecordingFormatError(
            path,
            "header",
            part=f"{name}.csv",
            expected=expected,
            got=repr(line[:60].decode("utf-8", "replace")),
            remedy="export the session again",
        )
    return numbers[0]


def _cut_short(path: str, name: str, what: str) -> CorruptRecordingError:
    return CorruptRecordingError(
        path, what, part=f"{name}.csv", remedy="export again, or take the file away"
    )


def _settle(name: str, file: _File) -> _File:
    """Blank what the sensor said before it had started."""
    if name == "TEMP":
        low, high = _TEMP_RANGE_CELSIUS
        junk, why = (file.data < low) | (file.data > high), f"outside {low:g} to {high:g} degC"
    elif name == "EDA":
        junk, why = file.data == 0, "of exactly 0 uS"
    else:
        return file
    count = int(np.argmin(junk)) if not junk.all() else len(junk)
    if count == 0 or count > _START_UP_SAMPLES:
        # a sensor that never started isn't mended: quality will say what it is
        return file
    data = file.data.copy()
    data[:count] = np.nan
    sentence = f"{name}.csv: {count} start-up samples {why} set to NaN"
    return replace(file, data=data, repairs=(*file.repairs, sentence))


def _read_tags(
    path: str | PathLike[str], text: bytes, origin_s: float
) -> tuple[tuple[Marker, ...], tuple[str, ...]]:
    values, repairs = parse_rows(path, "tags.csv", text, 1, first_row=1)
    times = [ns_from_s(float(value)) for value in values[:, 0] if np.isfinite(value)]
    origin_ns = ns_from_s(origin_s)
    return tuple(Marker(time - origin_ns, "tag") for time in sorted(times)), repairs
