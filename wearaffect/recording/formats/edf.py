"""EDF and EDF+, continuous or not: records, annotations, gaps."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import CorruptRecordingError
from wearaffect.core.streams import Channel, LossEvidence, Marker, SignalChunk, SignalKind
from wearaffect.core.timebase import NS_PER_S, exact_rate, ns_from_s, samples_ns
from wearaffect.recording.formats.draft import Draft, described
from wearaffect.recording.formats.edf_header import EdfHeader, EdfSignal, read_header
from wearaffect.recording.formats.timing import joined, single, stamped
from wearaffect.recording.formats.words import kind_of, said
from wearaffect.recording.session import Session

__all__ = ["SKIPPED", "read_edf"]

SKIPPED = "BAD_ACQ_SKIP"
"""Annotation of a stretch that holds no samples of a signal (MNE-Python's word)."""

_CODE = re.compile(r"(?=.{2,32}$)[A-Za-z0-9_-]+")
_LATEST_S = 1e9  # thirty years after the start: not a time
_ZONE = re.compile(r"TZ=([+-])(\d\d)(\d\d)")
_TAL = re.compile(rb"([+-]\d+(?:\.\d*)?)(?:\x15(\d+(?:\.\d*)?))?\x14(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Note:
    """An annotation: onset and length in ns after the start in the header, text, and whose."""

    onset_ns: int
    length_ns: int
    text: str
    signal: str


@dataclass(frozen=True, slots=True)
class _Body:
    """The records, what they are annotated with, and where each begins, ns."""

    records: NDArray[np.int16]
    notes: tuple[_Note, ...]
    onsets_ns: NDArray[np.int64]


def read_edf(path: str | PathLike[str], content: bytes) -> Session:
    """Read an EDF, EDF+C or EDF+D file.

    Parameters
    ----------
    path : path
        For errors and the session.
    content : bytes
        The file.

    Returns
    -------
    Session
        ``edf.<kind>`` for each signal whose label (or transducer) and dimension are known, in our
        units; the axes of an acceleration and the leads of an ECG together. Annotations are
        markers. Where records don't follow on each other, and where ``BAD_ACQ_SKIP`` is annotated,
        there is a gap. An event channel's rises are markers; beat intervals that a recorder puts on
        a grid are taken off it. Names and birth dates in the header are passed over.

    Raises
    ------
    RecordingFormatError, CorruptRecordingError, SamplingRateError
        As `read_header`.

    Notes
    -----
    Kemp et al. 1992 (doi 10.1016/0013-4694(92)90009-7) and EDF+ (Kemp and Olivan 2003, doi
    10.1016/S1388-2457(03)00123-8). Dates are the local time of the recording.
    """
    header = read_header(path, content)
    draft = Draft(path, "", {"format": header.variety})
    draft.repairs += header.repairs
    code = header.patient.partition(" ")[0]
    if header.variety.startswith("EDF+") and _CODE.fullmatch(code):
        draft.participant = code
    body = _body(header, content)
    _refuse_overlap(path, header, body.onsets_ns)
    draft.markers += [
        Marker(n.onset_ns, n.text) for n in body.notes if n.text and not n.text.startswith(SKIPPED)
    ]
    for group in _groups(draft, header):
        _add(draft, header, body, group)
    draft.header["local_start"] = "" if header.start is None else header.start.isoformat()
    return draft.session(to_unix_ns=_unix_ns(header), origin_ns=0)


def _body(header: EdfHeader, content: bytes) -> _Body:
    width = sum(signal.per_record for signal in header.signals)
    records = np.frombuffer(
        content, "<i2", count=header.n_records * width, offset=header.n_bytes
    ).reshape(header.n_records, width)
    onsets = np.array([samples_ns(i, 1 / header.record_s) if header.record_s else 0
                       for i in range(header.n_records)], np.int64)  # fmt: skip
    notes: list[_Note] = []
    first = True
    for signal in header.signals:
        if not signal.is_annotations:
            continue
        for number, record in enumerate(records):
            tals = _tals(record[signal.first : signal.first + signal.per_record].tobytes())
            if first and tals and not tals[0].text:
                onsets[number] = tals[0].onset_ns
            notes += tals
        first = False
    return _Body(records, tuple(notes), onsets)


def _refuse_overlap(
    path: str | PathLike[str], header: EdfHeader, onsets_ns: NDArray[np.int64]
) -> None:
    """Refuse records that begin before the one before them ends, by half a sample or more."""
    most = max((s.per_record for s in header.signals if not s.is_annotations), default=1)
    shortest_s = header.record_s / most
    early = np.diff(onsets_ns) < (header.record_s - shortest_s / 2) * NS_PER_S
    if header.record_s and early.any():
        number = int(np.flatnonzero(early)[0]) + 1
        raise CorruptRecordingError(
            path,
            "a record begins before the one before it ends",
            part=f"record {number}",
            expected=f"{header.record_s:g} s after the one before",
            got=f"{(onsets_ns[number] - onsets_ns[number - 1]) / NS_PER_S:g} s",
            remedy="the file is damaged, or its parts were put together wrongly",
        )


def _tals(packed: bytes) -> list[_Note]:
    found = []
    for part in packed.split(b"\0"):
        match = _TAL.fullmatch(part)
        if match is None:
            continue
        onset_s, length_s = float(match[1]), float(match[2] or 0)
        if abs(onset_s) > _LATEST_S or length_s > _LATEST_S:
            continue
        onset_ns, length_ns = ns_from_s(onset_s), ns_from_s(length_s)
        for text in match[3].removesuffix(b"\x14").split(b"\x14"):
            label, _, signal = text.decode("utf-8", "replace").partition("@@")
            found.append(_Note(onset_ns, length_ns, label, signal))
    return found


def _groups(draft: Draft, header: EdfHeader) -> list[list[EdfSignal]]:
    """Put signals of one kind, rate and unit together."""
    found: dict[tuple[object, ...], list[EdfSignal]] = {}
    for signal in header.signals:
        if signal.is_annotations:
            continue
        kind = _kind(signal)
        unit = None if kind is None else said(kind, signal.dimension)
        if "marker" in f"{signal.label} {signal.transducer}".lower():
            found[("marker", signal.label)] = [signal]
        elif kind is None or unit is None or not header.record_s:
            draft.left_out.append(f"{signal.label} ({signal.dimension})")
        else:
            together = kind in {SignalKind.ACC, SignalKind.ECG, SignalKind.PPG}
            key = (kind, signal.per_record, unit[0], "" if together else signal.label)
            found.setdefault(key, []).append(signal)
    return [
        sorted(group, key=lambda s: s.label) if key[0] is SignalKind.ACC else group
        for key, group in found.items()
    ]


def _kind(signal: EdfSignal) -> SignalKind | None:
    # recorders call intervals on a grid variability; their transducer says heart rate
    if signal.label.upper() == "HRV":
        return SignalKind.IBI
    return kind_of(signal.label) or kind_of(signal.transducer)


def _add(draft: Draft, header: EdfHeader, body: _Body, group: Sequence[EdfSignal]) -> None:
    one = group[0]
    rate_hz = float(exact_rate(one.per_record) / exact_rate(header.record_s))
    values = np.stack([_physical(body.records, signal) for signal in group], axis=-1)
    kind = _kind(one)
    unit = None if kind is None else said(kind, one.dimension)
    if kind is None or unit is None:  # a marker channel
        times, level = _flat_times(body, rate_hz, one.per_record), values[..., 0].ravel()
        rises = np.flatnonzero(np.r_[level[:1] > 0, (level[1:] > 0) & (level[:-1] <= 0)])
        draft.markers += [Marker(int(times[i]), f"{one.label} {level[i]:g}") for i in rises]
        return
    values = values * unit[1]
    if kind is SignalKind.IBI:
        flat = values[..., 0].ravel()
        here = np.flatnonzero(flat > 0)
        times = _flat_times(body, rate_hz, one.per_record)
        info = described("edf", kind, [Channel("ibi", unit[0])])
        draft.add(stamped(info, times[here], flat[here, None]))
        return
    channels = [Channel(_name(s, kind, len(group)), unit[0]) for s in group]
    info = described("edf", kind, channels, rate_hz, LossEvidence.DEVICE_CLOCK)
    pieces = [
        SignalChunk(info, single(data), start_ns)
        for start_ns, data in _stretches(body, values, rate_hz)
    ]
    skips = [n for n in body.notes if n.text.startswith(SKIPPED) and n.signal in {"", one.label}]
    name = re.sub(r"\W+", "_", one.label.lower()).strip("_")
    draft.add(joined(info, _without(pieces, skips)), name)


def _physical(records: NDArray[np.int16], signal: EdfSignal) -> NDArray[np.float64]:
    counts = records[:, signal.first : signal.first + signal.per_record].astype(np.float64)
    return (counts - signal.digital_min) * signal.gain + signal.physical_min


def _flat_times(body: _Body, rate_hz: float, per_record: int) -> NDArray[np.int64]:
    within = np.array([samples_ns(i, rate_hz) for i in range(per_record)], np.int64)
    flat: NDArray[np.int64] = (body.onsets_ns[:, None] + within).ravel()
    return flat


def _stretches(
    body: _Body, values: NDArray[np.float64], rate_hz: float
) -> list[tuple[int, NDArray[np.float64]]]:
    """Join records that follow on each other to half a sample."""
    per_record = values.shape[1]
    length_ns = samples_ns(per_record, rate_hz)
    late = np.abs(np.diff(body.onsets_ns) - length_ns) > NS_PER_S / rate_hz / 2
    edges = [0, *(np.flatnonzero(late) + 1).tolist(), len(values)]
    return [
        (int(body.onsets_ns[a]), values[a:b].reshape(-1, values.shape[2]))
        for a, b in itertools.pairwise(edges)
        if b > a
    ]


def _without(pieces: Sequence[SignalChunk], skips: Sequence[_Note]) -> list[SignalChunk]:
    """Take out what was only written to fill a gap."""
    left = list(pieces)
    for skip in skips:
        begin_ns, end_ns = skip.onset_ns, skip.onset_ns + skip.length_ns
        left = [part for piece in left for part in _around(piece, begin_ns, end_ns) if len(part)]
    return left


def _around(piece: SignalChunk, begin_ns: int, end_ns: int) -> tuple[SignalChunk, ...]:
    info, rate_hz = piece.info, piece.info.rate_hz
    # written with few decimals: the nearest sample is meant
    first, last = (
        min(max(0, round((time - piece.start_ns) * rate_hz / NS_PER_S)), len(piece))
        for time in (begin_ns, end_ns)
    )
    after_ns = piece.start_ns + samples_ns(last, rate_hz)
    return (
        SignalChunk(info, piece.data[:first], piece.start_ns),
        SignalChunk(info, piece.data[last:], after_ns),
    )


def _name(signal: EdfSignal, kind: SignalKind, count: int) -> str:
    if count == 1 and kind is not SignalKind.ECG:
        return str(kind)
    axis = re.search(r"(?:^|[\W_])([XYZxyz])(?:$|[\W_])", signal.label)
    return axis[1].lower() if axis and kind is SignalKind.ACC else signal.label


def _unix_ns(header: EdfHeader) -> int | None:
    """Give the start in UTC where the recorder wrote its time zone."""
    zone = _ZONE.search(header.recording)
    if zone is None or header.start is None:
        return None
    east = timedelta(hours=int(zone[2]), minutes=int(zone[3])) * (1 if zone[1] == "+" else -1)
    moment: datetime = header.start.replace(tzinfo=timezone(east)).astimezone(UTC)
    return int(moment.timestamp()) * NS_PER_S
