"""XDF: what LabRecorder and others write of LSL streams, on the recorder's clock."""

import itertools
from dataclasses import replace
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.clocks import ClockMap
from wearaffect.core.events import ClockSegment
from wearaffect.core.naming import is_safe_id, slug
from wearaffect.core.streams import Channel, LossEvidence, Marker, SignalKind, StreamInfo
from wearaffect.core.timebase import NS_PER_S
from wearaffect.recording.formats.draft import Draft, described
from wearaffect.recording.formats.timing import stamped
from wearaffect.recording.formats.words import kind_of, said
from wearaffect.recording.formats.xdf_chunks import XdfStream, read_chunks
from wearaffect.recording.session import Session

__all__ = ["clock_pieces", "read_xdf"]

# Engineering choices: a crystal drifts milliseconds between two readings, seconds apart.
_RESET_S = 1.0
_FIRST_READING_S = 30.0

Array = NDArray[np.float64]


def read_xdf(path: str | PathLike[str], content: bytes) -> Session:
    """Read an XDF file.

    Parameters
    ----------
    path : path
        For errors and the session.
    content : bytes
        The file.

    Returns
    -------
    Session
        ``<stream>.<kind>`` for each kind of signal that a stream's channels (label, type, unit, as
        the metadata pages of XDF have them) or its type name; without a unit they are counts, and a
        channel with a unit that isn't known is left out by name.
        Streams of text are markers. Stamps are moved to the recorder's clock by a line through the
        clock readings, anew where a sender's clock was reset; the lines stand in `clock`. Regular
        streams are cut into gaps where time was lost. What isn't whole is left out and named in
        `problems`.

    Raises
    ------
    CorruptRecordingError
        There is no whole stream.
    RecordingFormatError
        No stream is a signal of this library or markers.
    """
    streams, facts, problems = read_chunks(path, content)
    draft = Draft(path, "", {"format": f"XDF {facts.get('version', '')}".strip()})
    draft.header |= {name: facts[name] for name in ("datetime", "intended_use") if name in facts}
    draft.participant = facts.get("participant", "")
    for stream in streams.values():
        stamps = np.concatenate(stream.stamps) if stream.stamps else np.empty(0)
        name = stream.text("name") or "xdf"
        stamps_ns = _on_recorder(draft, name, stream.offsets, stamps)
        if stream.numbers is None:
            _markers(draft, stream, stamps_ns)
        else:
            _signals(draft, stream, stamps_ns)
    session = draft.session(to_unix_ns=None)
    return replace(session, problems=tuple(problems))


def clock_pieces(offsets: list[tuple[float, float]]) -> list[tuple[Array, Array]]:
    """Cut clock readings where the sender's clock started anew: times, and what to add."""
    readings = np.array(offsets, np.float64).reshape(-1, 2)
    jump = (np.diff(readings[:, 0]) < 0) | (np.abs(np.diff(readings[:, 1])) > _RESET_S)
    edges = [0, *(np.flatnonzero(jump) + 1).tolist(), len(readings)]
    return [(readings[a:b, 0], readings[a:b, 1]) for a, b in itertools.pairwise(edges) if b > a]


def _on_recorder(
    draft: Draft, name: str, offsets: list[tuple[float, float]], stamps: Array
) -> NDArray[np.int64]:
    moved = stamps.copy()
    pieces = clock_pieces(offsets)
    edges = _edges(stamps, pieces)
    for number, (times, adds) in enumerate(pieces):
        middle = float(times.mean())
        slope, level = (0.0, float(np.median(adds)))
        if len(times) > 1 and np.ptp(times) > 0:
            slope, level = (float(x) for x in np.polyfit(times - middle, adds, 1))
        own = slice(edges[number], edges[number + 1])
        moved[own] += level + slope * (stamps[own] - middle)
        strays = np.abs(adds - level - slope * (times - middle))
        clock = ClockMap(
            round(middle * NS_PER_S),
            round((middle + level) * NS_PER_S),
            slope * 1e6,
            uncertainty_ns=round(float(np.quantile(strays, 0.9)) * NS_PER_S),
            latency_ns=0,
        )
        draft.clock.append(ClockSegment(name, clock, "reboot" if number else "start"))
    return np.rint(moved * NS_PER_S).astype(np.int64)


def _edges(stamps: Array, pieces: list[tuple[Array, Array]]) -> list[int]:
    """Say from which sample on each piece of a clock holds."""
    steps = np.diff(stamps, prepend=stamps[:1])
    jumps = np.flatnonzero((steps < -_RESET_S) | (steps > _RESET_S))
    edges = [0]
    for times, _ in pieces[1:]:
        begin = float(times[0])
        near = [
            int(i) for i in jumps if i >= edges[-1] and abs(stamps[i] - begin) < _FIRST_READING_S
        ]
        edges.append(min(near, key=lambda i: abs(stamps[i] - begin), default=len(stamps)))
    return [*edges, len(stamps)] if pieces else [0, len(stamps)]


def _markers(draft: Draft, stream: XdfStream, stamps_ns: NDArray[np.int64]) -> None:
    if stream.text("desc/wearaffect/kind") == "notes":  # ours, about the session
        return
    for time_ns, row in zip(stamps_ns, stream.texts, strict=True):
        draft.markers.append(Marker(int(time_ns), " ".join(cell for cell in row if cell)))


def _signals(draft: Draft, stream: XdfStream, stamps_ns: NDArray[np.int64]) -> None:
    name, form = stream.text("name"), stream.text("type")
    values = np.concatenate(stream.values) if stream.values else np.empty((0, stream.channels))
    if form.lower() in {"marker", "markers", "events"}:
        labels = [" ".join(f"{v:g}" for v in row) for row in values]
        draft.markers += [Marker(int(t), x) for t, x in zip(stamps_ns, labels, strict=True)]
        return
    kinds: dict[SignalKind, list[tuple[int, Channel, float]]] = {}
    for index in range(stream.channels):
        found = _channel(stream, index)
        if found is None:
            label, _, unit = _about_channel(stream, index)
            draft.left_out.append(f"{name} {label}".strip() + f" ({f'{form} {unit}'.strip()})")
        else:
            kinds.setdefault(found[0], []).append((index, *found[1:]))
    for kind, columns in kinds.items():
        info = _info(stream, kind, [channel for _, channel, _ in columns])
        data = values[:, [i for i, _, _ in columns]] * [factor for _, _, factor in columns]
        if info.loss_evidence is LossEvidence.NONE:
            draft.add(stamped(info, stamps_ns, data), "b")
        else:
            draft.add_even(info, stamps_ns, data, (stream.rate_hz,), "b")


def _about_channel(stream: XdfStream, index: int) -> tuple[str, str, str]:
    """Give label, type and unit of a channel, empty where they aren't said."""
    described_ = stream.about.findall("desc/channels/channel")
    if index >= len(described_):
        return "", "", ""
    texts = (described_[index].findtext(tag) for tag in ("label", "type", "unit"))
    label, form, unit = ((text or "").strip() for text in texts)
    return label, form, unit


def _channel(stream: XdfStream, index: int) -> tuple[SignalKind, Channel, float] | None:
    label, form, written = _about_channel(stream, index)
    kind = kind_of(form) or kind_of(stream.text("type")) or kind_of(label)
    if kind is None or form.lower() == "counter":
        return None
    found = said(kind, written)
    if found is None:  # a unit that can't be told isn't called another
        return None
    name = label or (f"{kind}{index}" if stream.channels > 1 else str(kind))
    return kind, Channel(name, found[0]), found[1]


def _info(stream: XdfStream, kind: SignalKind, channels: list[Channel]) -> StreamInfo:
    device = stream.text("desc/wearaffect/device") or slug(stream.text("name"), "xdf")
    evidence = LossEvidence.DEVICE_CLOCK if stream.rate_hz else LossEvidence.NONE
    info = described(device, kind, channels, evidence=evidence)
    site, stream_id = (stream.text(f"desc/wearaffect/{name}") for name in ("body_site", "id"))
    return replace(info, body_site=site, id=stream_id if is_safe_id(stream_id) else info.id)
