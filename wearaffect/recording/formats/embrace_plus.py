"""Empatica EmbracePlus: the raw Avro files of a session, one or a folder or zip of them."""

import io
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import CorruptRecordingError, MissingExtraError, RecordingFormatError
from wearaffect.core.streams import Channel, LossEvidence, Marker, SignalChunk, SignalKind
from wearaffect.core.units import Unit
from wearaffect.recording.archive import read_members
from wearaffect.recording.formats.avro_blocks import MAGIC, check_container
from wearaffect.recording.formats.draft import Draft, described
from wearaffect.recording.formats.timing import joined, single, stamped
from wearaffect.recording.session import Session

__all__ = ["AVRO_FILES", "is_avro", "read_embrace_plus", "read_embrace_plus_files"]

AVRO_FILES = re.compile(r"(.+\.avro)", re.IGNORECASE)
_DEVICE = "Empatica EmbracePlus"
_NS_PER_US = 1000
_RATE_RANGE_HZ = (0.01, 10_000.0)
_UNIX_RANGE_US = (0, 9e15)
_SAME_RATE = 0.01  # files of one session tell rates that differ by parts of a thousand
_LONGEST_BEAT_NS = 3_000_000_000  # 20 beats a minute; longer, and a peak wasn't seen
_BROKEN = (ValueError, EOFError, IndexError, KeyError, TypeError, StopIteration, struct.error,
           OverflowError, AssertionError)  # fmt: skip
# Names of the schemas 6.x, with the units that their own documentation states.
_SCALARS = (
    ("eda", SignalKind.EDA, Unit.MICROSIEMENS),
    ("temperature", SignalKind.TEMP, Unit.CELSIUS),
    ("bvp", SignalKind.BVP, Unit.ARBITRARY),  # nanowatts of light
)
_KNOWN = {"accelerometer", "tags", "systolicPeaks", *(name for name, _, _ in _SCALARS)}


@dataclass(frozen=True, slots=True)
class _Piece:
    """What one file holds of one signal, ns since 1970."""

    name: str
    start_ns: int
    rate_hz: float
    data: NDArray[np.float32]


def is_avro(begins: bytes) -> bool:
    """Whether a file that begins so is an Avro container."""
    return begins.startswith(MAGIC)


def read_embrace_plus(path: str | PathLike[str]) -> Session:
    """Read the raw files of an EmbracePlus from a folder or zip, as one session.

    Parameters
    ----------
    path : path
        Holds ``<participant>_<Unix time>.avro``, at the top or in one folder.

    Returns
    -------
    Session
        See `read_embrace_plus_files`.
    """
    return read_embrace_plus_files(path, read_members(path, AVRO_FILES))


def read_embrace_plus_files(path: str | PathLike[str], files: Mapping[str, bytes]) -> Session:
    """Read raw files of an EmbracePlus.

    Parameters
    ----------
    path : path
        For errors and the session.
    files : mapping of str to bytes
        By name; they must be of one participant.

    Returns
    -------
    Session
        ``embrace.eda`` (µS), ``embrace.bvp`` (1), ``embrace.acc`` (g), ``embrace.temp`` (°C) and
        ``embrace.ibi`` (s, between systolic peaks), at the rates that the files state. Where a file
        begins later than the one before it ends there is a gap. Button presses are markers.

    Raises
    ------
    RecordingFormatError
        Another schema, files of several people, or files that overlap.
    CorruptRecordingError, UnsafeArchiveError
        Cut or damaged; more content than a recording has.
    MissingExtraError
        fastavro isn't installed.

    Notes
    -----
    The files carry their own schema (``empatica.format.avro``, 6.x) with units. Acceleration is in
    ADC counts: times ``conversionFactor`` where the schema has it (6.5 on), else times the physical
    by the digital range, as Empatica's own example does.
    """
    records = [(name, _record(path, name, files[name])) for name in sorted(files)]
    people = {str(_inner(record, "enrollment").get("participantID", "")) for _, record in records}
    if len(people) != 1:
        raise RecordingFormatError(
            path, "not one person's session", expected="files of one participant",
            got=", ".join(sorted(people)) or "no Avro file",
            remedy="put the files of one participant into a folder",
        )  # fmt: skip
    draft = Draft(
        path, _DEVICE, {"format": "Empatica EmbracePlus Avro", **_versions(records[0][1])}
    )
    draft.participant = people.pop()
    pieces: dict[str, list[_Piece]] = {}
    for name, record in records:
        raw = _inner(record, "rawData")
        for signal, piece in _signals(path, name, raw):
            pieces.setdefault(signal, []).append(piece)
        draft.left_out += [k for k, v in raw.items() if k not in _KNOWN and _has_samples(v)]
        tags = _inner(raw, "tags").get("tagsTimeMicros") or ()
        draft.markers += [Marker(int(time) * _NS_PER_US, "tag") for time in tags]
    for signal, kind, unit in (("accelerometer", SignalKind.ACC, Unit.GRAVITY), *_SCALARS):
        _add(draft, kind, unit, sorted(pieces.get(signal, []), key=_begin))
    _add_beats(draft, [_inner(record, "rawData") for _, record in records])
    return draft.session(to_unix_ns=0)


def _record(path: str | PathLike[str], name: str, content: bytes) -> dict[str, Any]:
    check_container(path, name, content)
    try:
        import fastavro
        from fastavro.schema import SchemaParseException, UnknownType
    except ImportError as error:
        raise MissingExtraError("formats", "reading EmbracePlus files") from error
    try:
        records = list(fastavro.reader(io.BytesIO(content)))
    except (*_BROKEN, SchemaParseException, UnknownType) as error:
        raise CorruptRecordingError(
            path, "can't be decoded", part=name, got=repr(error)[:80], remedy="download it again"
        ) from error
    if len(records) != 1 or not isinstance(records[0], dict) or "rawData" not in records[0]:
        raise RecordingFormatError(
            path, "not a raw file of an EmbracePlus", part=name,
            expected="one record with rawData", got=f"{len(records)} records",
        )  # fmt: skip
    return dict(records[0])


def _inner(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = record.get(name)
    return found if isinstance(found, Mapping) else {}


def _versions(record: Mapping[str, Any]) -> dict[str, str]:
    named = {"schema": "schemaVersion", "firmware": "fwVersion", "algorithm": "algoVersion"}
    versions = {ours: _inner(record, theirs) for ours, theirs in named.items()}
    parts = ("major", "minor", "patch")
    return {n: ".".join(str(v.get(p, 0)) for p in parts) for n, v in versions.items() if v}


def _has_samples(signal: object) -> bool:
    return isinstance(signal, Mapping) and any(isinstance(v, list) and v for v in signal.values())


def _signals(
    path: str | PathLike[str], name: str, raw: Mapping[str, Any]
) -> list[tuple[str, _Piece]]:
    found = []
    acc = _inner(raw, "accelerometer")
    if acc.get("x"):
        axes = [np.asarray(acc.get(axis) or (), np.float64) for axis in "xyz"]
        if len({len(axis) for axis in axes}) != 1:
            raise CorruptRecordingError(
                path, "axes of unequal length", part=f"{name}: accelerometer",
                got=", ".join(str(len(axis)) for axis in axes),
            )  # fmt: skip
        values = np.column_stack(axes) * _per_count(path, name, _inner(acc, "imuParams"))
        found.append(("accelerometer", _piece(path, (name, "accelerometer"), acc, values)))
    for signal, _, _ in _SCALARS:
        about = _inner(raw, signal)
        if about.get("values"):
            values = np.asarray(about["values"], np.float64)[:, None]
            found.append((signal, _piece(path, (name, signal), about, values)))
    return found


def _per_count(path: str | PathLike[str], name: str, params: Mapping[str, Any]) -> float:
    if params.get("conversionFactor"):
        return float(params["conversionFactor"])
    physical = float(params.get("physicalMax", 0)) - float(params.get("physicalMin", 0))
    digital = float(params.get("digitalMax", 0)) - float(params.get("digitalMin", 0))
    if physical <= 0 or digital <= 0:
        raise RecordingFormatError(
            path, "no conversion into g", part=f"{name}: accelerometer.imuParams",
            expected="conversionFactor, or physical and digital ranges", got=str(dict(params))[:80],
        )  # fmt: skip
    return physical / digital


def _piece(
    path: str | PathLike[str],
    where: tuple[str, str],
    about: Mapping[str, Any],
    values: NDArray[np.float64],
) -> _Piece:
    name, signal = where
    rate_hz, start_us = about.get("samplingFrequency"), about.get("timestampStart")
    low, high = _RATE_RANGE_HZ
    begin, end = _UNIX_RANGE_US
    right = isinstance(rate_hz, float | int) and low <= rate_hz <= high
    if not right or not isinstance(start_us, int) or not begin < start_us < end:
        raise RecordingFormatError(
            path, "no start or rate", part=f"{name}: {signal}",
            expected=f"microseconds since 1970, and {low:g} to {high:g} Hz",
            got=f"{start_us} and {rate_hz}",
        )  # fmt: skip
    # a float32 in the file: 64.00036 is what it says
    rate = float(np.format_float_positional(np.float32(rate_hz), unique=True))
    return _Piece(name, start_us * _NS_PER_US, rate, single(values))


def _begin(piece: _Piece) -> int:
    return piece.start_ns


def _add(draft: Draft, kind: SignalKind, unit: Unit, pieces: Sequence[_Piece]) -> None:
    """Put the files' parts behind each other; a rate set anew begins another stream."""
    while pieces:
        first = pieces[0].rate_hz
        same = [p for p in pieces if abs(p.rate_hz / first - 1) < _SAME_RATE]
        pieces = [p for p in pieces if abs(p.rate_hz / first - 1) >= _SAME_RATE]
        weights = [len(p.data) for p in same]
        rate_hz = (
            first
            if len(same) == 1
            else round(float(np.average([p.rate_hz for p in same], weights=weights)), 6)
        )
        names = "xyz" if kind is SignalKind.ACC else (str(kind),)
        info = replace(
            described("embrace", kind, [Channel(n, unit) for n in names], rate_hz,
                      LossEvidence.DEVICE_CLOCK),
            body_site="wrist",
        )  # fmt: skip
        segments: list[SignalChunk] = []
        for piece in same:
            start_ns = piece.start_ns
            if segments:
                _refuse_overlap(draft.path, piece, segments[-1])
                start_ns = max(start_ns, segments[-1].end_ns)
            segments.append(SignalChunk(info, piece.data, start_ns))
        draft.add(joined(info, segments))


def _refuse_overlap(path: str | PathLike[str], piece: _Piece, before: SignalChunk) -> None:
    over_s = (before.end_ns - piece.start_ns) / 1e9
    if over_s > max(1.0, 2 / piece.rate_hz):
        raise RecordingFormatError(
            path, "begins before the file before it ends", part=f"{piece.name}: {before.info.id}",
            expected="files that follow on each other", got=f"{over_s:.1f} s of overlap",
            remedy="take out files that are there twice",
        )  # fmt: skip


def _add_beats(draft: Draft, raws: Sequence[Mapping[str, Any]]) -> None:
    peaks = [
        np.asarray(_inner(r, "systolicPeaks").get("peaksTimeNanos") or (), np.int64) for r in raws
    ]
    times = np.unique(np.concatenate(peaks)) if peaks else np.empty(0, np.int64)
    intervals = np.diff(times)
    near = (intervals > 0) & (intervals <= _LONGEST_BEAT_NS)
    if not near.any():
        return
    info = described("embrace", SignalKind.IBI, [Channel("ibi", Unit.SECOND)])
    draft.add(stamped(info, times[1:][near], (intervals[near] / 1e9)[:, None]))
    if not near.all():
        draft.repairs.append(
            f"{np.count_nonzero(~near)} pauses between systolic peaks above 3 s left out"
        )
