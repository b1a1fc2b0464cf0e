"""Host times of a stream's samples, from its clock or its count and when packets came."""

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.clocks import ClockFit, ClockMap
from wearaffect.core.events import ClockSegment
from wearaffect.core.streams import LossEvidence, SignalChunk, StreamInfo
from wearaffect.core.timebase import NS_PER_S, samples_ns
from wearaffect.devices.reception.counting import RATE_SHARE, Arrived

__all__ = ["HostTimes", "Stamped", "chunk_of"]

Stamped = tuple[int, NDArray[np.int64] | None]
"""When a packet begins, and the stamps of an irregular one."""

# Engineering choices.
_COUNT_SHARE = RATE_SHARE / (1 - RATE_SHARE)  # how far off a clock may be that counts samples
_CREEP_NS = 1_000_000  # how far the regular grid may creep off the clock
_PART = 6  # samples of the smallest part of a packet: rates 4 % off are followed
_LEAP_NS = 250_000_000  # stamps that are further behind go forward at once
_TOLD_NS = 60 * NS_PER_S  # how often a piece of the map is told
_NOTABLE_NS = 2_000_000  # and how far off the one told before may be
_SETTLE_NS = 5 * NS_PER_S
_SLIP_S = 5  # packets that are all late for so long show that the clock stood still
_SLIP_NS = 2 * NS_PER_S
_UNCOUNTED_SLIP_NS = 100_000_000  # or, where nothing counts them, that samples were lost


class HostTimes:
    """Stamps the samples of one stream; stamps always increase.

    Parameters
    ----------
    info : StreamInfo
        The stream.

    Attributes
    ----------
    due_ns : int or None
        Host time just after the last sample; None before the first.
    """

    def __init__(self, info: StreamInfo) -> None:
        self._info = info
        counted = info.loss_evidence is not LossEvidence.NONE
        self._slip_ns = _SLIP_NS if counted else _UNCOUNTED_SLIP_NS
        self.due_ns: int | None = None
        self._last_ns: int | None = None  # stamp of the last sample
        self._grid: tuple[int, int] | None = None  # a sample and its stamp
        self._period_ns = NS_PER_S / (info.sampling_rate or 1.0)  # by the device's clock
        self.restart("start")

    @property
    def regular(self) -> bool:
        """Whether the stream has a sampling rate."""
        return self._info.sampling_rate is not None

    def restart(self, reason: str) -> None:
        """Begin a new piece of the map with the next packet: nothing ties it to the one before."""
        self._fit = ClockFit()
        self._reason = reason
        self._told: ClockMap | None = None
        self._told_at_ns = 0
        self._at_ns = 0  # device time of the last packet

    def renumber(self, reason: str) -> None:
        """Begin a new piece; samples are numbered anew."""
        self.restart(reason)
        self._grid = None

    def late_ns(self, arrived: Arrived) -> int:
        """Give how much later a packet came than the earliest ones did."""
        if not self._fit.n:
            return 0
        return arrived.arrival_ns - self._fit.map.to_host_ns(self._device_end_ns(arrived))

    def follow(self, arrived: Arrived, period_ns: float) -> None:
        """Take the next packet of the stream, and the time between samples on its clock."""
        self._period_ns = period_ns
        if not self._timed(arrived):
            return
        self._add(arrived)
        if self._fit.late_ns(_SLIP_S) > self._slip_ns:
            self.restart("jump")
            self._add(arrived)

    def _add(self, arrived: Arrived) -> None:
        if not self._fit.n and arrived.clock_ns is None:
            self._fit = ClockFit(steepest=_COUNT_SHARE)
        self._at_ns = self._device_end_ns(arrived)
        self._fit.add(self._at_ns, arrived.arrival_ns)

    def cut(self, arrived: Arrived) -> Iterator[Arrived]:
        """Cut a packet into parts, each of which begins little off the end of the one before.

        What filters a signal goes on over a step of a quarter of a sample; a packet over which a
        device gains or loses more, since its rate isn't what it says, is given in parts.
        """
        rate_hz, parts = self._info.sampling_rate, 1
        if rate_hz is not None and self._grid is not None:
            ends = (arrived.first, self._device_ns(arrived)), (arrived.end, self._after_ns(arrived))
            off_ns = max(abs(self._off_ns(*end)) for end in ends)
            if off_ns > _CREEP_NS:
                steps = math.ceil(4 * off_ns * rate_hz / NS_PER_S)
                parts = min(steps, math.ceil(len(arrived) / _PART))
        if parts == 1:
            return iter((arrived,))
        edges = [arrived.first + len(arrived) * part // parts for part in range(parts + 1)]
        return (arrived.part(a, b, self._period_ns) for a, b in pairwise(edges))

    def stamp(self, arrived: Arrived, *, freely: bool) -> Stamped:
        """Give the start of a regular packet, or the stamps of an irregular one.

        Parameters
        ----------
        arrived : Arrived
            The next packet of the stream that was followed, or a part of it.
        freely : bool
            Nothing is known to go on: there is a gap before it.
        """
        if self._info.sampling_rate is None:
            stamps = self._increasing(self._stamps(arrived))
            self._last_ns = int(stamps[-1])
            self.due_ns = self._last_ns + 1
            return int(stamps[0]), stamps
        start_ns = self._on_grid(arrived, freely=freely)
        rate_hz = self._info.sampling_rate
        self._last_ns = start_ns + samples_ns(len(arrived) - 1, rate_hz)
        self.due_ns = start_ns + samples_ns(len(arrived), rate_hz)
        return start_ns, None

    def ping(self, sent_ns: int, device_ns: int) -> None:
        """Take when a question was sent and when, by its own clock, the device received it.

        One that is far off the map was answered by a device that began anew: its next packet tells.
        """
        if self._fit.n and abs(self._fit.map.to_host_ns(device_ns) - sent_ns) <= _SLIP_NS:
            self._fit.ping(sent_ns, device_ns)

    def piece(self) -> ClockSegment | None:
        """Give the piece of the map to be told now, if there is one."""
        if not self._fit.n:
            return None
        clock, at_ns, reason = self._fit.map, self._at_ns, self._reason
        if self._told is not None:
            since_ns = at_ns - self._told_at_ns
            off_ns = abs(clock.to_host_ns(at_ns) - self._told.to_host_ns(at_ns))
            if since_ns < _TOLD_NS and (since_ns < _SETTLE_NS or off_ns < _NOTABLE_NS):
                return None
            reason = "drift"
        self._told, self._told_at_ns = clock, at_ns
        return ClockSegment(self._info.id, clock, reason)

    def at(self, arrived: Arrived) -> Stamped:
        """Stamp a packet that came too late for its place, whatever came before."""
        if self._info.sampling_rate is None:
            stamps = self._stamps(arrived)
            return int(stamps[0]), stamps
        return self._fit.map.to_host_ns(self._device_ns(arrived)), None

    def _stamps(self, arrived: Arrived) -> NDArray[np.int64]:
        """Give the times of the samples of an irregular packet."""
        ago_ns = arrived.packet.ago_ns
        if ago_ns is None:
            ago_ns = np.zeros(len(arrived), np.int64)
        if arrived.clock_ns is None:
            return arrived.arrival_ns - ago_ns
        clock = self._fit.map
        since = (ago_ns[0] - ago_ns).tolist()
        return np.array([clock.to_host_ns(arrived.clock_ns + ns) for ns in since], np.int64)

    def _timed(self, arrived: Arrived) -> bool:
        return arrived.clock_ns is not None or self._info.sampling_rate is not None

    def _device_ns(self, arrived: Arrived) -> int:
        if arrived.clock_ns is not None:
            return arrived.clock_ns
        return samples_ns(arrived.first, self._info.rate_hz)

    def _after_ns(self, arrived: Arrived) -> int:
        """Device time of the sample after a regular packet."""
        if arrived.clock_ns is None:
            return samples_ns(arrived.end, self._info.rate_hz)
        return arrived.clock_ns + round(len(arrived) * self._period_ns)

    def _device_end_ns(self, arrived: Arrived) -> int:
        """Device time of the last sample: what the radio then adds doesn't vary with the length."""
        if self._info.sampling_rate is not None:
            return self._after_ns(arrived) - round(self._period_ns)
        ago_ns = arrived.packet.ago_ns
        span_ns = 0 if ago_ns is None else int(ago_ns[0] - ago_ns[-1])
        return (arrived.clock_ns or 0) + span_ns

    def _off_ns(self, sample: int, device_ns: int) -> int:
        """Give how far a sample of some device time is after where the grid has it."""
        at, at_ns = self._grid or (sample, 0)
        due_ns = at_ns + samples_ns(sample - at, self._info.rate_hz)
        return self._fit.map.to_host_ns(device_ns) - due_ns

    def _on_grid(self, arrived: Arrived, *, freely: bool) -> int:
        """Give the start of a packet: where the grid has it, as long as the clock agrees."""
        device_ns, rate_hz = self._device_ns(arrived), self._info.rate_hz
        start_ns = self._fit.map.to_host_ns(device_ns)
        if self._grid is not None:
            off_ns = self._off_ns(arrived.first, device_ns)
            if abs(off_ns) <= _CREEP_NS:
                return start_ns - off_ns
            if not freely and off_ns < _LEAP_NS:
                # so little at a time that what filters the signal goes on
                most_ns = int(NS_PER_S / rate_hz / 4)
                start_ns += min(max(off_ns, -most_ns), most_ns) - off_ns
        if self._last_ns is not None:
            start_ns = max(start_ns, self._last_ns + 1)
        self._grid = arrived.first, start_ns
        return start_ns

    def _increasing(self, stamps: NDArray[np.int64]) -> NDArray[np.int64]:
        steps = np.arange(stamps.size)
        least = stamps[0] if self._last_ns is None else max(stamps[0], self._last_ns + 1)
        return np.maximum.accumulate(np.maximum(stamps - steps, least)) + steps


def chunk_of(
    info: StreamInfo,
    arrived: Arrived,
    stamped: Stamped,
    n_lost: int = 0,
    n_damaged: int = 0,
    *,
    counted: bool,
) -> SignalChunk:
    """Give a packet as a chunk; `counted`: its place is the device's own count."""
    return SignalChunk(
        info,
        arrived.packet.data,
        start_ns=stamped[0],
        timestamps_ns=stamped[1],
        device_counter=arrived.first if counted else None,
        device_clock_ns=arrived.clock_ns,
        n_lost=n_lost,
        n_damaged=n_damaged,
    )
