"""Who wears a virtual wearable: the synthetic participant, or the person of a recording."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import RecordingFormatError
from wearaffect.core.streams import Channel, SignalChunk, SignalKind
from wearaffect.core.timebase import NS_PER_S, ns_from_s
from wearaffect.physiology.participant import SENSORS, ParticipantSettings, simulate_participant
from wearaffect.recording.opening import open_session
from wearaffect.recording.session import Session, cut

__all__ = ["Track", "Wearer", "recorded_wearer", "synthetic_wearer"]


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One signal of a body, from the moment at which the device is switched on.

    Attributes
    ----------
    channels : tuple of Channel
        Name and unit of each column.
    rate_hz : float
        Samples a second.
    data : numpy.ndarray, (n_samples, n_channels), float32
        What the sensor reads.
    """

    channels: tuple[Channel, ...]
    rate_hz: float
    data: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Wearer:
    """A body, as sensors see it.

    Attributes
    ----------
    tracks : mapping of SignalKind to Track
        Regular signals; all begin at once.
    beats_s : numpy.ndarray, (n_beats, 2)
        When each beat was, since then, and its RR interval; seconds. May be empty.
    """

    tracks: Mapping[SignalKind, Track]
    beats_s: NDArray[np.float64]


def synthetic_wearer(seed: int, duration_s: float) -> Wearer:
    """Give the synthetic participant.

    Parameters
    ----------
    seed : int
        Which person, ≥ 0.
    duration_s : float
        How long, ≥ 1 s.

    Returns
    -------
    Wearer
        Skin conductance, pulse wave, acceleration, temperature, beats.

    Raises
    ------
    ValueError
        As `simulate_participant` says.
    """
    recording = simulate_participant(ParticipantSettings(seed=seed), duration_s)
    tracks = {
        kind: Track(sensor.channels, sensor.sampling_rate, recording.signals[kind])
        for kind, sensor in SENSORS.items()
    }
    times = recording.truth.beat_times_s
    beats = np.column_stack([times[1:], np.diff(times)])
    return Wearer(MappingProxyType(tracks), beats)


def recorded_wearer(path: str, duration_s: float) -> Wearer:
    """Give the person of a recording.

    Parameters
    ----------
    path : str
        As `wearaffect.recording.opening.open_session` takes it.
    duration_s : float
        How much of it at most, seconds.

    Returns
    -------
    Wearer
        From the moment at which all its signals have begun to the first gap in any of them: what
        a device would have sensed in a gap isn't known.

    Raises
    ------
    RecordingError
        As the reader says, or there is no stretch that all signals share.
    """
    session = open_session(path)
    kinds = {s.info.kind: s.segments[0] for s in session.streams.values() if _regular(s.segments)}
    start_ns = max((segment.start_ns for segment in kinds.values()), default=0)
    end_ns = min((segment.end_ns for segment in kinds.values()), default=0)
    end_ns = min(end_ns, start_ns + ns_from_s(duration_s))
    parts = {kind: cut(segment, start_ns, end_ns) for kind, segment in kinds.items()}
    if not all(len(part) for part in parts.values()) or not parts:
        what = "no stretch in which all signals are there"
        raise RecordingFormatError(path, what, expected="regular signals that overlap")
    tracks = {
        kind: Track(part.info.channels, part.info.rate_hz, part.data)
        for kind, part in parts.items()
    }
    return Wearer(MappingProxyType(tracks), _beats(session, start_ns, end_ns))


def _regular(segments: tuple[SignalChunk, ...]) -> bool:
    return bool(segments) and segments[0].info.sampling_rate is not None


def _beats(session: Session, start_ns: int, end_ns: int) -> NDArray[np.float64]:
    stream = session.of_kind(SignalKind.IBI)
    if stream is None:
        return np.empty((0, 2))
    times, intervals = stream.samples()
    inside = (times >= start_ns) & (times < end_ns)
    at_s = (times[inside] - start_ns) / NS_PER_S
    return np.column_stack([at_s, intervals[inside, 0].astype(np.float64)])
