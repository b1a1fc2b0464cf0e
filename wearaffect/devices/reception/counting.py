"""Where in its stream a packet belongs: wrapping counters and clocks, unwrapped."""

from dataclasses import dataclass, replace

from wearaffect.core.streams import LossEvidence
from wearaffect.core.timebase import NS_PER_S
from wearaffect.devices.driver import Packet, Source

__all__ = ["BACKLOG_NS", "RATE_SHARE", "Arrived", "Places", "unwrapped"]

# Engineering choices, none of them near what a radio or a crystal does.
RATE_SHARE = 0.02
"""A device may sample this much faster or slower than it says."""
BACKLOG_NS = 10 * NS_PER_S
"""What a link may hold back and then give at once."""
_STEP_NS = 250_000_000  # a clock that is off by more, from one packet to the next, was set
_OFF_SHARE = 0.05  # packets whose clocks differ that much from their length follow on each other
_KNOWN_SHARE = 0.01  # likewise, once the rate is learned
_SNAP = 8  # so few packets after the last, a place is a whole number of packets on
_BOOT_NS = 5 * NS_PER_S  # a clock that shows little more than the silence began with it
_IN_STEP_NS = 500_000_000  # a clock that has gone on by the silence, give or take this, wrapped
_LEARN_NS = 300 * NS_PER_S
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

    def part(self, first: int, end: int, period_ns: float | None) -> "Arrived":
        """Give the samples in ``[first, end)``, numbered as `first` is; None: an irregular one."""
        if (first, end) == (self.first, self.end):
            return self
        skipped, until = first - self.first, end - self.first
        ago_ns, clock_ns = self.packet.ago_ns, self.clock_ns
        if clock_ns is not None and period_ns is not None:
            clock_ns += round(skipped * period_ns)
        elif clock_ns is not None and ago_ns is not None:
            clock_ns += int(ago_ns[0] - ago_ns[skipped])
        ago_ns = None if ago_ns is None else ago_ns[skipped:until]
        packet = replace(self.packet, data=self.packet.data[skipped:until], ago_ns=ago_ns)
        return Arrived(packet, self.arrival_ns, first, clock_ns)


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
        self._rate_hz = source.info.sampling_rate
        self._nominal_ns = NS_PER_S / (self._rate_hz or 1.0)
        self._source = source
        self._learned = (0, 0)  # samples that followed on each other; their time on the clock
        self.trust()

    def trust(self) -> None:
        """Read places off what the stream says is its evidence."""
        evidence = self._source.info.loss_evidence
        self.counted = evidence is LossEvidence.COUNTER
        self._clocked = evidence is LossEvidence.DEVICE_CLOCK and self._rate_hz is not None
        self.ordered = self.counted or self._clocked
        self.restart()

    def distrust(self) -> None:
        """Let packets only follow on each other: what told their places is broken."""
        self.counted = self._clocked = self.ordered = False
        self.restart()

    def restart(self) -> None:
        """Forget every place: the device counts anew."""
        self.due = 0
        self.last: Arrived | None = None
        self._ahead = (0, 0)  # after the furthest packet, placed or waiting, and when that came
        self._moved: tuple[int | None, int] = (None, 0)  # the clock, and where it showed that first

    @property
    def period_ns(self) -> float:
        """The time between samples by the device's own clock, learned where it can be."""
        samples, elapsed_ns = self._learned
        nominal_ns = self._nominal_ns
        if samples * nominal_ns <= BACKLOG_NS:
            return nominal_ns
        most_ns = _OFF_SHARE * nominal_ns
        return min(max(elapsed_ns / samples, nominal_ns - most_ns), nominal_ns + most_ns)

    def locate(self, packet: Packet, arrival_ns: int, *, away: bool) -> Arrived:
        """Find the place of a packet; `away`: the link was down since the one before."""
        last, clock_ns, first = self.last, packet.clock_ns, self.due
        if self._source.info.loss_evidence is LossEvidence.DEVICE_CLOCK and self._untrusted():
            clock_ns = None
        if last is None:
            if self.counted and packet.counter is not None:
                first = packet.counter
            return Arrived(packet, arrival_ns, first, clock_ns)
        if clock_ns is not None and last.clock_ns is not None:
            near_ns = last.clock_ns + arrival_ns - last.arrival_ns
            clock_ns = unwrapped(clock_ns, near_ns, self._source.clock_modulus_ns)
        if self.counted and packet.counter is not None:
            near = self._expected(last, clock_ns, arrival_ns, away=away)
            first = unwrapped(packet.counter, near, self._source.counter_modulus)
        elif self._clocked and clock_ns is not None and last.clock_ns is not None:
            first = last.first + self._steps(len(last), clock_ns - last.clock_ns)
        if self._stands_still(packet, first):
            clock_ns = None
        return Arrived(packet, arrival_ns, first, clock_ns)

    def _untrusted(self) -> bool:
        return self._rate_hz is not None and not self.ordered

    def _steps(self, length: int, step_ns: int) -> int:
        """Give how many samples a step of the clock is, from a packet of a length to another."""
        steps = step_ns / self.period_ns
        packets = round(steps / length)
        share = _OFF_SHARE if self._learned[0] * self._nominal_ns <= BACKLOG_NS else _KNOWN_SHARE
        whole = packets * length
        near = 0 < packets <= _SNAP and abs(steps - whole) <= 0.5 + share * whole
        return whole if near else round(steps)

    def _stands_still(self, packet: Packet, first: int) -> bool:
        """Whether the device's clock shows what it did long ago, though samples go on."""
        raw_ns, since = self._moved
        if self._clocked or self._rate_hz is None or packet.clock_ns is None:
            return False
        return raw_ns == packet.clock_ns and (first - since) * self._nominal_ns > _STEP_NS

    def _expected(self, last: Arrived, clock_ns: int | None, now_ns: int, *, away: bool) -> int:
        """Give the count that is likely now: a counter may have wrapped unseen."""
        ahead, ahead_at_ns = self._ahead
        if self._rate_hz is None:
            return ahead
        if clock_ns is not None and last.clock_ns is not None:
            step_ns = clock_ns - last.clock_ns
            if abs(step_ns - (now_ns - last.arrival_ns)) <= BACKLOG_NS:
                return last.first + round(step_ns / self.period_ns)
        return ahead + (round((now_ns - ahead_at_ns) / self._nominal_ns) if away else 0)

    def begin(self, arrived: Arrived) -> None:
        """Take a packet, not yet placed, for what the others are compared with."""
        self.last, self.due = arrived, arrived.first

    def wait(self, arrived: Arrived) -> None:
        """Know of a packet that will be placed."""
        self._ahead = max(self._ahead, (arrived.end, arrived.arrival_ns))

    def unseen(self, arrived: Arrived) -> Arrived:
        """Give what of a packet isn't behind the place that is due."""
        behind = self.due - arrived.first
        if behind > 0 and self._clocked and behind <= 1 + _OFF_SHARE * len(arrived):
            return replace(arrived, first=self.due)  # the clock only rounded to less
        period_ns = None if self._rate_hz is None else self.period_ns
        return arrived.part(max(arrived.first, self.due), arrived.end, period_ns)

    def place(self, arrived: Arrived) -> None:
        """Go on after a packet."""
        last, raw_ns = self.last, arrived.packet.clock_ns
        if last is not None and arrived.first == last.end:
            self._learn(last, arrived)
        if raw_ns != self._moved[0]:
            self._moved = raw_ns, arrived.first
        self.last, self.due = arrived, arrived.end
        self.wait(arrived)

    def _learn(self, one: Arrived, other: Arrived) -> None:
        """Learn the time between samples from two packets that follow on each other."""
        if one.clock_ns is None or other.clock_ns is None:
            self._learned = (0, 0)  # a clock that stood still taught nothing
            return
        step_ns, samples, elapsed_ns = other.clock_ns - one.clock_ns, *self._learned
        if step_ns < 0 or abs(step_ns - len(one) * self._nominal_ns) > _STEP_NS:
            return
        if elapsed_ns > _LEARN_NS:
            samples, elapsed_ns = samples // 2, elapsed_ns * (samples // 2) // samples
        self._learned = samples + len(one), elapsed_ns + step_ns

    def plausible(self, arrived: Arrived, due_ns: int | None, *, away: bool) -> bool:
        """Whether as much time passed as samples did, if the next one was due at `due_ns`."""
        ahead = arrived.first - self.due
        if ahead <= 0 or due_ns is None:
            return True
        if self.booted(arrived):
            return False
        silence_ns = max(arrived.arrival_ns - due_ns, 0)
        if self._rate_hz is None:
            return ahead <= _EVENTS + _EVENTS_A_S * silence_ns / NS_PER_S
        early_ns = ahead * self._nominal_ns + due_ns - arrived.arrival_ns
        if away and arrived.clock_ns is None and ahead * self._nominal_ns > _NEAR_NS:
            # a count that stood still goes on where it was; one that is elsewhere began anew
            return abs(early_ns) <= _NEAR_NS + RATE_SHARE * silence_ns
        return early_ns <= _EARLY_NS + RATE_SHARE * silence_ns

    def clock_jumped(self, arrived: Arrived) -> bool:
        """Whether the device's clock doesn't fit what was before, though the place does."""
        last = self.last
        if last is None or last.clock_ns is None or arrived.clock_ns is None or self._clocked:
            return False
        step_ns = arrived.clock_ns - last.clock_ns
        if self._rate_hz is not None and self.counted:
            due_ns = (arrived.first - last.first) * self.period_ns
            return abs(step_ns - due_ns) > _STEP_NS + RATE_SHARE * abs(due_ns)
        silence_ns = arrived.arrival_ns - last.arrival_ns
        return not -BACKLOG_NS <= step_ns <= silence_ns + BACKLOG_NS

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
                near += round(within_ns / self._nominal_ns)
            return 0 < step <= near
        if one.clock_ns is None or other.clock_ns is None:
            return False
        modulus = self._source.clock_modulus_ns
        return 0 < abs(unwrapped(other.clock_ns, one.clock_ns, modulus) - one.clock_ns) <= within_ns
