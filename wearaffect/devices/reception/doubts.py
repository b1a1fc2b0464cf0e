"""What is doubtful: packets that fit nowhere, and a clock that doesn't go on as it did."""

from dataclasses import dataclass

from wearaffect.core.events import DeviceNote, DeviceState
from wearaffect.core.streams import StreamInfo
from wearaffect.core.timebase import NS_PER_S
from wearaffect.devices.reception.counting import RATE_SHARE, Arrived, Places
from wearaffect.devices.reception.stamping import HostTimes

__all__ = ["Break", "Strays", "break_before", "may_fill", "note"]

# Engineering choices.
_MANY, _LONG_NS = 8, 3 * NS_PER_S  # more strays than that, and for longer: no count at all
_PAUSE_NS = 500_000_000  # a count that goes on so much later stood still
_BOOT_NS = 500_000_000  # no device begins anew in less


class Strays:
    """Packets in a row that fit nowhere.

    Attributes
    ----------
    n_dropped : int
        How many were.
    """

    def __init__(self) -> None:
        self._kept: list[Arrived] = []
        self.n_dropped = 0

    def __len__(self) -> int:
        return len(self._kept)

    def drop(self) -> None:
        """Drop what is there: nothing bore it out."""
        self.n_dropped += len(self._kept)
        self._kept = []

    def add(self, arrived: Arrived, places: Places) -> list[Arrived]:
        """Keep one more; give two that bear each other out, or all of too many, or none yet."""
        kept = self._kept
        if kept and places.bears_out(kept[-1], arrived):
            last = kept.pop()
            self.drop()
            return [last, arrived]
        kept.append(arrived)
        if len(kept) <= _MANY or arrived.arrival_ns - kept[0].arrival_ns <= _LONG_NS:
            return []
        self._kept = []
        return kept


@dataclass(frozen=True, slots=True)
class Break:
    """Where a new piece of the map from the device's time begins.

    Attributes
    ----------
    reason : str
        As in `ClockSegment`.
    silence : str
        Why what is missing before it can't be counted; empty: it can.
    note : str
        What is to be told of the device, or nothing.
    """

    reason: str
    silence: str = ""
    note: str = ""


def break_before(arrived: Arrived, places: Places, times: HostTimes, *, away: bool) -> Break | None:
    """Give the break before a packet, where what the map stands on was broken off."""
    last = places.last or arrived
    if places.clock_jumped(arrived):
        if places.counted:
            return Break("jump")
        return Break("reboot" if places.booted(arrived) else "jump", "the device's clock was set")
    if (arrived.clock_ns is None) != (last.clock_ns is None):
        stands = arrived.clock_ns is None
        return Break("jump", note="the device's clock " + ("stands still" if stands else "goes on"))
    if not away or arrived.clock_ns is not None or not times.regular:
        return None
    if not places.ordered:
        return Break("start")
    most_ns = _PAUSE_NS + RATE_SHARE * (arrived.arrival_ns - last.arrival_ns)
    paused = Break("jump", "not connected, and the count stood still")
    return paused if times.late_ns(arrived) > most_ns else None


def may_fill(arrived: Arrived, places: Places, *, away: bool) -> bool:
    """Whether a packet that is behind may be a late one, as far as the device's clock tells."""
    since_ns = arrived.arrival_ns - (places.last or arrived).arrival_ns
    if places.booted(arrived) and (away or since_ns > _BOOT_NS):
        return False
    return not places.clock_jumped(arrived)


def note(info: StreamInfo, time_ns: int, reason: str) -> DeviceNote:
    """Tell something of the device of a stream."""
    facts = {"stream": info.id, "reason": reason}
    return DeviceNote(time_ns, info.device, DeviceState.TOLD, facts)
