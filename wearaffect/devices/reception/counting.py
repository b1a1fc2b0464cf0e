"""Where in its stream a packet belongs: wrapping counters and clocks, unwrapped."""

import zlib
from collections import OrderedDict
from dataclasses import dataclass, replace

from wearaffect.core.streams import LossEvidence
from wearaffect.core.timebase import NS_PER_S, samples_ns
from wearaffect.devices.driver import Packet, Source

__all__ = ["Arrived", "Places", "Repeats", "unwrapped"]

# Engineering choices, none of them near what a radio or a crystal does.
_STEP_NS = 250_000_000  # a clock that is off by more, from one packet to the next, was set
_RATE_SHARE = 0.02  # a device may sample this much faster or slower than it says
_BACKLOG_NS = 10 * NS_PER_S  # what a link may hold back and then give at once
_BOOT_NS = 5 * NS_PER_S  # a clock that shows little more than the silence began with it
_IN_STEP_NS = 500_000_000  # a clock that has gone on by the silence, give or take this, wrapped
_LEARN_NS = 300 * NS_PER_S
_REPEAT_NS = 2 * NS_PER_S  # how long after a packet the same samples are that packet again
_REMEMBERED = 512
_NEAR_NS = 2 * NS_PER_S  # how far apart two packets may be that bear each other out
_EARLY_NS = NS_PER_S  # a packet can't be sampled after it came, give or take a late first one
_EVENTS_A_S, _EVENTS = 10, 64  # more than hearts beat: what an irregular stream may count at once


def unwrapped(raw: int, near: int, modulus: int | None) -> int:
    """Give the number that wraps to `raw` and lies nearest to `near`."""
    if modulus is None:
        return raw
    return near + (raw - near + modulus // 2) % modulus - modulus // 2


@dataclass(frozen=True, slots=True, eq=False)
class Arrived:
    """A packet with its place.

    Attributes
    ----------
    packet : Packet
        As decoded.
    arrival_ns : int
        Host time.
    first : int
        Which sample of the stream its first one is.
    clock_ns : int or None
        The device's time of it, unwrapped.
    """

    packet: Packet
    arrival_ns: int
    first: int
    clock_ns: int | None

    def __len__(self) -> int:
        return len(self.packet.data)

    @property
    def end(self) -> int:
        """Which sample comes next."""
        return self.first + len(self)

    def part(self, first: int, end: int, rate_hz: float | None) -> "Arrived":
        """Give the samples in ``[first, end)``, numbered as `first` is."""
        if (first, end) == (self.first, self.end):
            return self
        skipped, until = first - self.first, end - self.first
        ago_ns, clock_ns = self.packet.ago_ns, self.clock_ns
        if clock_ns is not None and rate_hz is not None:
            clock_ns += samples_ns(skipped, rate_hz)
        elif clock_ns is not None and ago_ns is not None:
            clock_ns += int(ago_ns[0] - ago_ns[skipped])
        ago_ns = None if ago_ns is None else ago_ns[skipped:until]
        packet = replace(self.packet, data=self.packet.data[skipped:until], ago_ns=ago_ns)
        return Arrived(packet, self.arrival_ns, first, clock_ns)


class Repeats:
    """Knows a packet that comes again by its place, or else its clock, and by its samples.

    Parameters
    ----------
    ordered : bool
        Whether packets have places.
    """

    def __init__(self, *, ordered: bool) -> None:
        self._ordered = ordered
        self._seen: OrderedDict[int | None, tuple[int, int]] = OrderedDict()

    def note(self, arrived: Arrived) -> None:
        """Remember a packet."""
        self._seen[self._key(arrived)] = _hash(arrived), arrived.arrival_ns
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    def has(self, arrived: Arrived) -> bool:
        """Whether the packet came a moment ago; one without place and clock can't be known."""
        key = self._key(arrived)
        if key is None or key not in self._seen:
            return False
        hashed, arrival_ns = self._seen[key]
        return arrived.arrival_ns - arrival_ns <= _REPEAT_NS and hashed == _hash(arrived)

    def _key(self, arrived: Arrived) -> int | None:
        return arrived.first if self._ordered else arrived.clock_ns


def _hash(arrived: Arrived) -> int:
    return zlib.crc32(arrived.packet.data.tobytes(), len(arrived))


class Places:
    """Finds the place of each packet of a stream, until the device counts anew.

    Parameters
    ----------
    source : Source
        The stream as the device sends it.

    Attributes
    ----------
    counted, ordered : bool
        Whether places are read off a counter; whether they are read off anything at all, or packets
        only follow on each other.
    due : int
        The sample that comes next.
    last : Arrived or None
        The packet placed last.
    """

    def __init__(self, source: Source) -> None:
        evidence, self._rate_hz = source.info.loss_evidence, source.info.sampling_rate
        self._source = source
        self.counted = evidence is LossEvidence.COUNTER
        self._clocked = evidence is LossEvidence.DEVICE_CLOCK and self._rate_hz is not None
        self.ordered = self.counted or self._clocked
        self.restart()

    def restart(self) -> None:
        """Forget everything: the device counts anew."""
        self.due = 0
        self.last: Arrived | None = None
        self._ahead = (0, 0)  # after the furthest packet, placed or waiting, and when that came
        # a past packet, and a later one that takes its place in time: the clock's true rate
        self._past: tuple[Arrived, Arrived] | None = None

    def locate(self, packet: Packet, arrival_ns: int, *, away: bool) -> Arrived:
        """Find the place of a packet; `away`: the link was down since the one before."""
        last, clock_ns, first = self.last, packet.clock_ns, self.due
        if last is None:
            if self.counted and packet.counter is not None:
                first = packet.counter
            return Arrived(packet, arrival_ns, first, clock_ns)
        silence_ns = arrival_ns - last.arrival_ns
        if clock_ns is not None and last.clock_ns is not None:
            near_ns = last.clock_ns + silence_ns
            clock_ns = unwrapped(clock_ns, near_ns, self._source.clock_modulus_ns)
        if self.counted and packet.counter is not None:
            near = self._expected(last, clock_ns, arrival_ns, away=away)
            first = unwrapped(packet.counter, near, self._source.counter_modulus)
        elif self._clocked and clock_ns is not None and last.clock_ns is not None:
            # the place that the clock rounds to
            first = last.first + round((clock_ns - last.clock_ns) / self._period_ns())
        return Arrived(packet, arrival_ns, first, clock_ns)

    def _expected(self, last: Arrived, clock_ns: int | None, now_ns: int, *, away: bool) -> int:
        """Give the count that is likely now: a counter may have wrapped unseen."""
        ahead, ahead_at_ns = self._ahead
        if self._rate_hz is None:
            return ahead
        if clock_ns is not None and last.clock_ns is not None:
            step_ns = clock_ns - last.clock_ns
            if abs(step_ns - (now_ns - last.arrival_ns)) <= _BACKLOG_NS:
                return last.first + round(step_ns * self._rate_hz / NS_PER_S)
        return ahead + (round((now_ns - ahead_at_ns) * self._rate_hz / NS_PER_S) if away else 0)

    def begin(self, arrived: Arrived) -> None:
        """Take a packet, not yet placed, for what the others are compared with."""
        self.last, self.due = arrived, arrived.first

    def wait(self, arrived: Arrived) -> None:
        """Know of a packet that will be placed."""
        self._ahead = max(self._ahead, (arrived.end, arrived.arrival_ns))

    def place(self, arrived: Arrived) -> None:
        """Go on after a packet."""
        self.last, self.due = arrived, arrived.end
        self.wait(arrived)
        if self._clocked and arrived.clock_ns is not None:
            older, newer = self._past or (arrived, arrived)
            if _elapsed_ns(newer, arrived) > _LEARN_NS:
                older, newer = newer, arrived
            self._past = older, newer

    def _period_ns(self) -> float:
        """Give the time between samples by the device's own clock, learned where it can be."""
        nominal = NS_PER_S / (self._rate_hz or 1.0)
        if self._past is None or self.last is None:
            return nominal
        older = self._past[0]
        counted, elapsed_ns = self.last.first - older.first, _elapsed_ns(older, self.last)
        return elapsed_ns / counted if counted * nominal > _BACKLOG_NS else nominal

    def plausible(self, arrived: Arrived, due_ns: int | None) -> bool:
        """Whether time has gone far enough for a packet, if the next sample was due at `due_ns`."""
        ahead = arrived.first - self.due
        if ahead <= 0 or due_ns is None:
            return True
        if self.booted(arrived):
            return False
        silence_ns = max(arrived.arrival_ns - due_ns, 0)
        if self._rate_hz is None:
            return ahead <= _EVENTS + _EVENTS_A_S * silence_ns / NS_PER_S
        early_ns = samples_ns(ahead, self._rate_hz) + due_ns - arrived.arrival_ns
        return early_ns <= _EARLY_NS + _RATE_SHARE * silence_ns

    def clock_jumped(self, arrived: Arrived) -> bool:
        """Whether the device's clock doesn't fit what was before, though the place does."""
        last = self.last
        if last is None or last.clock_ns is None or arrived.clock_ns is None or self._clocked:
            return False
        step_ns = arrived.clock_ns - last.clock_ns
        if self._rate_hz is not None and self.counted:
            due_ns = (arrived.first - last.first) * NS_PER_S / self._rate_hz
            return abs(step_ns - due_ns) > _STEP_NS + _RATE_SHARE * due_ns
        silence_ns = arrived.arrival_ns - last.arrival_ns
        return not -_BACKLOG_NS <= step_ns <= silence_ns + _BACKLOG_NS

    def booted(self, arrived: Arrived) -> bool:
        """Whether the device's clock fell back, to a time that began since the last packet."""
        last, raw_ns = self.last, arrived.packet.clock_ns
        if last is None or last.packet.clock_ns is None or raw_ns is None:
            return False
        silence_ns = arrived.arrival_ns - last.arrival_ns
        goes_on = (
            arrived.clock_ns is not None
            and last.clock_ns is not None
            and abs(arrived.clock_ns - last.clock_ns - silence_ns) <= _IN_STEP_NS
        )
        # a clock that wrapped fell back too, but goes on where the time that passed would have it
        return not goes_on and raw_ns <= silence_ns + _BOOT_NS and raw_ns < last.packet.clock_ns

    def bears_out(self, stray: Arrived, arrived: Arrived) -> bool:
        """Whether a packet is near another that fit nothing before, and isn't the same."""
        one, other = stray.packet, arrived.packet
        within_ns = _NEAR_NS + arrived.arrival_ns - stray.arrival_ns
        if self.counted and one.counter is not None and other.counter is not None:
            modulus = self._source.counter_modulus
            step = abs(unwrapped(other.counter, one.counter, modulus) - one.counter)
            near = max(len(stray), len(arrived))
            if self._rate_hz is not None:
                near += round(within_ns * self._rate_hz / NS_PER_S)
            return 0 < step <= near
        if one.clock_ns is None or other.clock_ns is None:
            return False
        modulus = self._source.clock_modulus_ns
        return 0 < abs(unwrapped(other.clock_ns, one.clock_ns, modulus) - one.clock_ns) <= within_ns


def _elapsed_ns(one: Arrived, other: Arrived) -> int:
    return (other.clock_ns or 0) - (one.clock_ns or 0)
