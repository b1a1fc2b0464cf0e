"""What a device tells beside its samples: markers, gaps, clock, state, what came too late."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from wearaffect.core.clocks import ClockMap
from wearaffect.core.streams import Gap, Marker, SignalChunk

__all__ = ["ClockSegment", "DeviceNote", "DeviceState", "Event", "LateChunk"]


@dataclass(frozen=True, slots=True)
class ClockSegment:
    """A new piece of the map from a device's clock to the host's.

    Attributes
    ----------
    stream_id : str
        Whose clock it is.
    clock : ClockMap
        The piece; it holds from its own device time on, until the next.
    reason : str
        Why there is a new piece: ``start``, ``drift`` (better known, or changed), ``reboot`` (the
        device counts and times from its beginning again), ``jump`` (its clock was set, or can't be
        tied to what was before).
    """

    stream_id: str
    clock: ClockMap
    reason: str


class DeviceState(StrEnum):
    """What a device is doing."""

    CONNECTED = "connected"
    STALLED = "stalled"
    LOST = "lost"
    ENDED = "ended"
    TOLD = "told"
    """It only said something about itself: battery, signal strength, a dropped packet."""


@dataclass(frozen=True, slots=True)
class DeviceNote:
    """Something that happened to a device, not to its signal.

    Attributes
    ----------
    time_ns : int
        Host time.
    device : str
        Which one, as in `StreamInfo.device`.
    state : DeviceState
        What it does from now on.
    facts : mapping of str to str, int, float or bool
        What is known, e.g. ``battery_percent``, ``rssi_dbm``, ``firmware``, ``reason``;
        ``authenticated``: whether the link was paired, so that only who holds its key can send
        (without a number to compare, nobody has checked who that was).
    """

    time_ns: int
    device: str
    state: DeviceState
    facts: Mapping[str, str | int | float | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class LateChunk:
    """Samples that came after their place in the stream had been passed.

    They stand in the journal, and fill what the gap there left; nothing computes with them live.

    Attributes
    ----------
    chunk : SignalChunk
        The samples, at the times of their place.
    n_lost, n_damaged : int
        How many of them an earlier chunk counted as lost, or as damaged.
    """

    chunk: SignalChunk
    n_lost: int = 0
    n_damaged: int = 0


Event = Marker | Gap | ClockSegment | DeviceNote | LateChunk
"""Whatever a device gives that isn't a chunk of samples in its place."""
