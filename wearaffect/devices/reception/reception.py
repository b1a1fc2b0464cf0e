"""What arrived from one stream of a device, put in order, counted and stamped.

One `Reception` a stream, kept over all connections of the device::

    reception = Reception(source)
    items = reception.take(packet, arrival_ns)  # each packet, as it comes
    reception.damaged(error, arrival_ns)  # each DecodeError that names this stream
    items = reception.tick(now_ns)  # now and then, e.g. from the watchdog
    items = reception.ping(clock_ping)  # where the driver can compare clocks
    items = reception.disconnected(time_ns)  # the link went down; it may come back
    items = reception.finish(time_ns)  # nothing more will come

`items` is a list of `SignalChunk` and `Event` (`Gap`, `ClockSegment`, `LateChunk`), in order, to be
passed on as they are. All times are host nanoseconds of one monotonic clock.
"""

import math
from bisect import insort
from collections import deque
from dataclasses import replace

import numpy as np

from wearaffect.core.errors import DecodeError
from wearaffect.core.events import Event, LateChunk
from wearaffect.core.streams import Gap, SignalChunk
from wearaffect.core.timebase import ns_from_s, samples_ns
from wearaffect.devices.driver import ClockPing, Packet, Source
from wearaffect.devices.reception.counting import Arrived, Places, Repeats, unwrapped
from wearaffect.devices.reception.missing import Missing
from wearaffect.devices.reception.stamping import HostTimes, Stamped

__all__ = ["Reception"]

Items = list[SignalChunk | Event]

_MOST = 2  # times the largest packet so far: no damaged one is believed to be larger
_PAUSE_NS = 500_000_000  # a count that goes on so much later stood still (both engineering choices)


class Reception:
    """One stream of a device, from packets as they come to chunks in their place.

    Where a counter or the device's clock tells the place of a packet, packets are put in order and
    given once, and what is missing is counted in the next chunk. A packet that is ahead of others
    waits for them, and so do the first ones. What comes after that is a `LateChunk`. A count that
    falls back, or leaps further than time has gone, is a device that began anew once a second
    packet bears it out; a single one is passed over.

    Parameters
    ----------
    source : Source
        The stream as the device sends it.
    reorder_window_s : float
        How long a packet waits for those before it, seconds of arrival time (engineering choice).

    Attributes
    ----------
    info : StreamInfo
        The stream that comes out.
    n_duplicates : int
        Packets that came again, and were dropped.
    n_strays : int
        Packets that fit nowhere, and were dropped.
    """

    def __init__(self, source: Source, *, reorder_window_s: float = 0.25) -> None:
        self.info = source.info
        self.n_duplicates = 0
        self.n_strays = 0
        self._source = source
        self._window_ns = ns_from_s(reorder_window_s)
        self._places = Places(source)
        self._times = HostTimes(source.info)
        self._missing = Missing()
        self._held: list[Arrived] = []
        self._strays: list[Arrived] = []
        self._repeats = Repeats(ordered=self._places.ordered)
        self._begun = False
        self._early: deque[tuple[DecodeError, int]] = deque(maxlen=64)  # before the count began
        self._largest = 0  # packet so far, in samples
        self._away = False
        self._silence = ""  # why what is missing before the next chunk can't be counted

    def take(self, packet: Packet, arrival_ns: int) -> Items:
        """Take a packet; give what has its place now.

        Parameters
        ----------
        packet : Packet
            As decoded.
        arrival_ns : int
            Host time, never before the one before.
        """
        items = self.tick(arrival_ns)
        if len(packet.data):
            self._largest = max(self._largest, len(packet.data))
            self._sort(self._places.locate(packet, arrival_ns, away=self._away), items)
        return items

    def damaged(self, error: DecodeError, arrival_ns: int) -> None:
        """Note what damaged bytes claim to be: it tells damaged from lost, if it proves missing."""
        if not self._begun:
            self._early.append((error, arrival_ns))
            return
        if not 0 < error.n_samples <= _MOST * self._largest:
            return
        if error.counter is None or not self._places.counted:
            self._missing.claim_unplaced(error.n_samples, arrival_ns)
            return
        nothing = np.empty((0, len(self.info.channels)), np.float32)
        packet = Packet(self.info.id, nothing, error.counter)
        place = self._places.locate(packet, arrival_ns, away=self._away)
        if self._places.plausible(place, self._times.due_ns):
            self._missing.claim(place.first, place.first + error.n_samples)

    def ping(self, ping: ClockPing) -> Items:
        """Take a comparison of clocks, in the device's clock as sent (wrapping)."""
        last = self._places.last
        if last is None or last.clock_ns is None:
            return []
        near_ns = last.clock_ns + ping.received_ns - last.arrival_ns
        modulus = self._source.clock_modulus_ns
        self._times.ping(ping.sent_ns, unwrapped(ping.device_received_ns, near_ns, modulus))
        piece = self._times.piece()
        return [] if piece is None else [piece]

    def tick(self, now_ns: int) -> Items:
        """Give what has waited long enough, though nothing arrives."""
        items: Items = []
        self._release(now_ns - self._window_ns, items)
        return items

    def disconnected(self, time_ns: int) -> Items:
        """Give what still waits; counts go on when the device comes back."""
        items: Items = []
        self._release(time_ns, items)
        if self._strays:
            self._begin_anew(items)
            self._release(time_ns, items)
        self._away = True
        if not self._places.ordered:
            self._silence = "not connected"
        return items

    def finish(self, time_ns: int) -> Items:
        """Give what still waits; nothing may be taken any more."""
        away = self._away and not (self._held or self._strays)
        items, due_ns = self.disconnected(time_ns), self._times.due_ns
        if away and due_ns is not None and due_ns < time_ns:
            items.append(Gap(self.info.id, due_ns, time_ns, None, "never came back"))
        return items

    def _sort(self, arrived: Arrived, items: Items) -> None:
        """Place a packet, let it wait, or drop it."""
        if self._strays and self._places.bears_out(self._strays[-1], arrived):
            self._strays.append(arrived)
            self._begin_anew(items)
        elif self._repeats.has(arrived):
            self.n_duplicates += 1
        elif not self._places.ordered:
            self._follow(arrived, items)
        elif not self._begun:
            self._wait(arrived)
        elif arrived.end <= self._places.due:
            self._behind(arrived, items)
        elif self._places.plausible(arrived, self._times.due_ns):
            self._doubt(None)
            self._wait(arrived)
            self._release(-math.inf, items)
        else:
            self._doubt(arrived)

    def _follow(self, arrived: Arrived, items: Items) -> None:
        """Place a packet of a stream where only the order of arrival tells a place."""
        last, clock_ns = self._places.last, arrived.clock_ns
        fell = last is not None and (clock_ns or 0) < (last.clock_ns or 0)
        self._repeats.note(arrived)
        if fell and not self._places.clock_jumped(arrived):
            items.append(LateChunk(self._chunk(arrived, self._times.at(arrived))))
        else:
            self._put(arrived, items)

    def _wait(self, arrived: Arrived) -> None:
        if self._places.last is None:
            self._places.begin(arrived)
        self._places.wait(arrived)
        self._repeats.note(arrived)
        insort(self._held, arrived, key=lambda held: held.first)

    def _behind(self, arrived: Arrived, items: Items) -> None:
        """Give what fills a hole; doubt the rest."""
        pieces = self._missing.found(arrived.first, arrived.end)
        for piece in pieces:
            part = arrived.part(piece.first, piece.end, self.info.sampling_rate)
            stamped = self._times.at(part)
            if self.info.sampling_rate is not None:
                passed_ns = samples_ns(piece.first - piece.hole, self.info.rate_hz)
                stamped = piece.hole_ns + passed_ns, None
            counts = (0, len(part)) if piece.damaged else (len(part), 0)
            items.append(LateChunk(self._chunk(part, stamped), *counts))
        if pieces:
            self._repeats.note(arrived)
        else:
            self._doubt(arrived)

    def _doubt(self, arrived: Arrived | None) -> None:
        """Drop the stray there is, since it wasn't borne out, and keep another one."""
        self.n_strays += len(self._strays)
        self._strays = [] if arrived is None else [arrived]

    def _begin_anew(self, items: Items) -> None:
        """Count from where the strays are: the device began anew, or its clock was set."""
        self._release(math.inf, items)
        strays, self._strays = self._strays, []
        fresh = self._places.counted or self._places.booted(strays[0])
        self._times.restart("reboot" if fresh else "jump")
        self._silence = "the device began anew" if fresh else "the device's clock was set"
        self._places.restart()
        self._missing = Missing()
        self._repeats = Repeats(ordered=self._places.ordered)
        self._begun = False
        for stray in strays:
            self._wait(self._places.locate(stray.packet, stray.arrival_ns, away=False))
        self._release(strays[-1].arrival_ns - self._window_ns, items)

    def _release(self, until_ns: float, items: Items) -> None:
        """Give what is due, and what came up to a time with all that goes before it."""
        held, places = self._held, self._places
        while held:
            waited = min(arrived.arrival_ns for arrived in held) <= until_ns
            if not self._begun and waited:
                self._begin()
            if not (self._begun and (waited or held[0].first <= places.due)):
                return
            arrived = held.pop(0)
            if arrived.end > places.due:
                first = max(arrived.first, places.due)
                self._put(arrived.part(first, arrived.end, self.info.sampling_rate), items)

    def _begin(self) -> None:
        """Begin the count with the first of those that came within the first window."""
        modulus = self._source.counter_modulus or 0
        if self._held[0].first < 0:
            self._held[:] = [replace(held, first=held.first + modulus) for held in self._held]
        self._places.begin(self._held[0])
        self._begun = True
        while self._early:
            self.damaged(*self._early.popleft())

    def _put(self, arrived: Arrived, items: Items) -> None:
        places, due_ns = self._places, self._times.due_ns
        n_missing, n_damaged = arrived.first - places.due, 0
        if n_missing:
            hole = places.due, arrived.first
            n_damaged = self._missing.declare(*hole, due_ns or 0, arrived.arrival_ns)
        self._mind_the_clock(arrived)
        freely = bool(n_missing or self._silence)
        start_ns, stamps = self._times.stamp(arrived, freely=freely)
        if self._silence and not n_missing and due_ns is not None:
            end_ns = max(start_ns, due_ns)
            items.append(Gap(self.info.id, due_ns, end_ns, None, self._silence))
        piece = self._times.piece()
        if piece is not None:
            items.append(piece)
        counts = n_missing - n_damaged, n_damaged
        items.append(self._chunk(arrived, (start_ns, stamps), *counts))
        places.place(arrived)
        self._away, self._silence = False, ""

    def _mind_the_clock(self, arrived: Arrived) -> None:
        """Begin a new piece of the map where the clock that it stands on was broken off."""
        places, times = self._places, self._times
        if places.clock_jumped(arrived):
            booted = not places.counted and places.booted(arrived)
            times.restart("reboot" if booted else "jump")
            if not places.counted:
                self._silence = "the device's clock was set"
        elif not self._away or arrived.clock_ns is not None or self.info.sampling_rate is None:
            return
        elif not places.ordered:
            times.restart("start")
        elif arrived.first == places.due and times.late_ns(arrived) > _PAUSE_NS:
            times.restart("jump")
            self._silence = "not connected, and the count stood still"

    def _chunk(
        self, arrived: Arrived, stamped: Stamped, n_lost: int = 0, n_damaged: int = 0
    ) -> SignalChunk:
        return SignalChunk(
            self.info,
            arrived.packet.data,
            start_ns=stamped[0],
            timestamps_ns=stamped[1],
            device_counter=arrived.first if self._places.counted else None,
            device_clock_ns=arrived.clock_ns,
            n_lost=n_lost,
            n_damaged=n_damaged,
        )
