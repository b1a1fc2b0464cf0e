"""EDF+C: signals on one grid, gaps filled and annotated, everything else as annotations."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import RecordingFormatError
from wearaffect.core.streams import Channel, StreamInfo
from wearaffect.core.timebase import exact_rate
from wearaffect.core.units import Unit
from wearaffect.recording.exports.contents import (
    file_stem,
    on_grid,
    provenance,
)
from wearaffect.recording.exports.edf_records import EdfNote, EdfTrack, write_records
from wearaffect.recording.exports.happenings import Happening
from wearaffect.recording.formats.edf import SKIPPED
from wearaffect.recording.session import RecordedStream, Session

__all__ = ["write_edf"]

_LONGEST_RECORD_S = 60  # EDF+ wants records of a few seconds; engineering choice
_MOST_SAMPLES = 4096  # of one signal in a record, while a rate is approached; engineering choice
_LABEL_CHARS = 16
_MOST_DEVICE = 32  # characters, so that all fits into the 80 of the line about the recording
_DIMENSIONS = {Unit.ARBITRARY: "", Unit.CELSIUS: "degreeC", Unit.BEATS_PER_MINUTE: "bpm"}


def write_edf(session: Session, events: Sequence[Happening], out: Path) -> None:
    """Write ``<participant>.edf``, and one more file for each rate that doesn't fit into it.

    Parameters
    ----------
    session : Session
        Regular streams are signals of 16 bits over each channel's own range, from the start of the
        session on. What has no sample is filled and annotated ``BAD_ACQ_SKIP@@<signal>``.
    events : sequence of Happening
        What happens in it, as annotations: markers by their labels, all else behind what it is.
    out : Path
        Folder to write into.

    Raises
    ------
    RecordingFormatError
        There is no regular stream.

    Notes
    -----
    EDF+ (Kemp and Olivan 2003, doi 10.1016/S1388-2457(03)00123-8). A record must hold a whole
    number of samples of each signal; a measured rate such as 64.00036 Hz is approached by a record
    whose length has eight characters, to less than a sample in a day.
    """
    streams = [s for s in session.streams.values() if s.info.sampling_rate and s.segments]
    if not streams:
        raise RecordingFormatError(
            session.path, "nothing for EDF", expected="a stream with a sampling rate"
        )
    together = [s for s in streams if exact_rate(s.info.rate_hz).denominator <= _LONGEST_RECORD_S]
    record_s = math.lcm(1, *(exact_rate(s.info.rate_hz).denominator for s in together))
    if record_s > _LONGEST_RECORD_S:
        together, record_s = [s for s in streams if float(s.info.rate_hz).is_integer()], 1
    names = _labels(streams)
    files: list[tuple[str, list[RecordedStream], str]] = []
    if together:
        files.append(("", together, str(record_s)))
    alone = [s for s in streams if all(s is not other for other in together)]
    files += [(f"_{s.info.id}", [s], _record_length(s.info)) for s in alone]
    for suffix, own, length in files:
        path = out / f"{file_stem(session)}{suffix}.edf"
        _file(path, (session, events), own, (length, names))


def _record_length(info: StreamInfo) -> str:
    """Give the length of a record, as eight characters say it, that comes closest to the rate."""
    rate = exact_rate(info.rate_hz)
    best, closest = "1", math.inf
    for count in range(1, _MOST_SAMPLES):
        exact = count / rate
        if exact > _LONGEST_RECORD_S:
            break
        text = f"{float(exact):.8f}"[:8].rstrip("0").rstrip(".")
        if not text or Fraction(text) == 0:
            continue
        stray = abs(float(Fraction(text) / exact) - 1)
        if stray < closest * 0.5:  # a longer record must be worth it
            best, closest = text, stray
    return best


def _labels(streams: Sequence[RecordedStream]) -> dict[tuple[str, int], str]:
    """Give each channel a label of sixteen characters that no other has."""
    labels: dict[tuple[str, int], str] = {}
    for stream in streams:
        info = stream.info
        for index, channel in enumerate(info.channels):
            kind = str(info.kind).upper()
            wanted = kind if channel.name == str(info.kind) else f"{kind} {channel.name}"
            wanted = "".join(c if " " <= c <= "~" else "_" for c in wanted)[:_LABEL_CHARS]
            label, number = wanted, 2
            while label in labels.values():
                label, number = (
                    f"{wanted[: _LABEL_CHARS - len(str(number)) - 1]} {number}",
                    number + 1,
                )
            labels[info.id, index] = label
    return labels


def _file(
    path: Path,
    what: tuple[Session, Sequence[Happening]],
    streams: Sequence[RecordedStream],
    form: tuple[str, dict[tuple[str, int], str]],
) -> None:
    (session, events), (length, names) = what, form
    record_s = float(length)
    tracks = [on_grid(stream, session.start_ns) for stream in streams]
    per_record = [max(1, round(record_s * track.rate_hz)) for track in tracks]
    count = max(math.ceil(len(t.data) / n) for t, n in zip(tracks, per_record, strict=True))
    signals: list[EdfTrack] = []
    notes = _notes(session, events, max(track.moved_s for track in tracks))
    for stream, track, size in zip(streams, tracks, per_record, strict=True):
        for index, channel in enumerate(stream.info.channels):
            values = np.full(count * size, np.nan)
            values[: len(track.data)] = track.data[:, index]
            label = names[stream.info.id, index]
            signals.append(_signal(values, (label, size), channel, stream.info))
            notes += _skips(values, size / record_s, label)
    device = _word(session.device)[:_MOST_DEVICE] or "X"
    identity = (f"{file_stem(session) if session.participant else 'X'} X X X",
                f"X X {device} not_a_medical_device")  # fmt: skip
    wall_s = session.wall_start_s
    start = None if wall_s is None else datetime.fromtimestamp(int(wall_s), UTC)
    write_records(path, identity, start, (length, count), (signals, notes))


def _signal(
    values: NDArray[np.float64], named: tuple[str, int], channel: Channel, info: StreamInfo
) -> EdfTrack:
    label, size = named
    there = values[np.isfinite(values)]
    low, high = (float(there.min()), float(there.max())) if len(there) else (0.0, 1.0)
    step = 10.0 ** -(6 - max(0, len(str(int(max(abs(low), abs(high))))) - 1))
    low, high = low - step, high + step  # what eight characters round off
    fill = min(max(0.0, low), high)
    return EdfTrack(
        label,
        _word(f"{info.device} {info.body_site}"),
        _DIMENSIONS.get(channel.unit, str(channel.unit)),
        low,
        high,
        size,
        np.where(np.isfinite(values), values, fill),
    )


def _word(text: str) -> str:
    return "_".join("".join(c if "!" <= c <= "~" else " " for c in text).split())


def _skips(values: NDArray[np.float64], rate_hz: float, label: str) -> list[EdfNote]:
    missing = ~np.isfinite(values)
    edges = np.flatnonzero(np.diff(missing.astype(np.int8), prepend=0, append=0))
    return [
        EdfNote(first / rate_hz, (last - first) / rate_hz, f"{SKIPPED}@@{label}")
        for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    ]


def _notes(session: Session, events: Sequence[Happening], moved_s: float) -> list[EdfNote]:
    """Give what happens; gaps are told for each signal where they are filled."""
    facts = provenance(session)
    found = [
        EdfNote(0.0, 0.0, f"{name.replace('_', ' ')}: {facts[name]}")
        for name in ("intended_use", "estimates_by", "content_hash", "written_by")
    ]
    found.append(EdfNote(0.0, 0.0, f"moved onto the grid by at most {moved_s:.6f} s"))
    found += [EdfNote(0.0, 0.0, f"problem: {sentence}") for sentence in facts["problems"]]
    for h in events:
        if h.what != "gap":
            text = h.text if h.what == "marker" else f"{h.what}: {h.sentence}"
            found.append(EdfNote(h.start_s, h.length_s, text or h.what))
    return found
