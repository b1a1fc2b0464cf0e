"""What arrived from one stream of a device, put in order, counted and stamped.

One `Reception` a stream, kept over all connections of the device::

    reception = Reception(source)
    items = reception.take(packet, arrival_ns)  # each packet, as it comes
    reception.damaged(error, arrival_ns)  # each DecodeError that names this stream
    items = reception.tick(now_ns)  # now and then, e.g. from the watchdog
    items = reception.ping(clock_ping)  # where the driver can compare clocks
    items = reception.disconnected(time_ns)  # the link went down; it may come back
    items = reception.finish(time_ns)  # nothing more will come

`items` is a list of `SignalChunk` and `Event`, in order, to be passed on as they are. Times are
host nanoseconds of one monotonic clock.
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
from wearaffect.devices.reception.counting import Arrived, Places, unwrapped
from wearaffect.devices.reception.doubts import Strays, break_before, may_fill, note
from wearaffect.devices.reception.missing import Missing, Piece
from wearaffect.devices.reception.repeats import Repeats
from wearaffect.devices.reception.stamping import HostTimes, Stamped, chunk_of

__all__ = ["Reception"]

Items = list[SignalChunk | Event]

_MOST = 2  # times the largest packet so far: no damaged one is believed to be larger
_TWO = 2  # strays that bear each other out
_ANEW, _SET = ("reboot", "the device began anew"), ("jump", "the device's clock was set")
_BROKEN = "what counts the samples is broken"


class Reception:
    """One stream of a device, from packets as they come to chunks in their place.

    Where a counter or the device's clock tells the place of a packet, packets are put in order and
    given once, and what is missing is counted in the next chunk. A packet that is ahead of others
    waits for them, and so do the first ones. What comes after that is a `LateChunk`, as long as the
    hole is young. A packet that is none of these is a stray: two in a row that bear each other out
    are a device that began anew; where seconds of them don't, what told their places is broken,
    and they follow on each other; those before a packet that fits are dropped.

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
    """

    def __init__(self, source: Source, *, reorder_window_s: float = 0.25) -> None:
        self.info = source.info
        self.n_duplicates = 0
        self._source = source
        self._window_ns = ns_from_s(reorder_window_s)
        self._places = Places(source)
        self._times = HostTimes(source.info)
        self._missing = Missing()
        self._held: list[Arrived] = []
        self._strays = Strays()
        self._repeats = Repeats(ordered=self._places.ordered)
        self._begun = False
        self._early: deque[tuple[DecodeError, int]] = deque(maxlen=64)  # before the count began
        self._largest = 0  # packet so far, in samples
        self._away = False
        self._trusted = True
        self._silence = ""  # why what is missing before the next chunk can't be counted

    def take(self, packet: Packet, arrival_ns: int) -> Items:
        """Take a packet, at a host time never before the last; give what has its place now."""
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
        packet = Packet(self.info.id, np.empty((0, 1), np.float32), error.counter)
        place = self._places.locate(packet, arrival_ns, away=self._away)
        if self._places.plausible(place, self._times.due_ns, away=self._away):
            self._missing.claim(place.first, place.first + error.n_samples)

    def ping(self, ping: ClockPing) -> Items:
        """Take a comparison of clocks, in the device's clock as sent (wrapping)."""
        last = self._places.last
        if last is None or last.clock_ns is None:
            return []
        near_ns = last.clock_ns + ping.received_ns - last.arrival_ns
        modulus = self._source.clock_modulus_ns
        self._times.ping(ping.sent_ns, unwrapped(ping.device_received_ns, near_ns, modulus))
        return [piece for piece in [self._times.piece()] if piece is not None]

    def tick(self, now_ns: int) -> Items:
        """Give what has waited long enough, though nothing arrives."""
        items: Items = []
        self._release(now_ns - self._window_ns, items)
        return items

    def disconnected(self, time_ns: int) -> Items:
        """Give what still waits; counts go on when the device comes back."""
        items: Items = []
        self._release(time_ns, items)
        self._strays.drop()
        self._away = True
        if not self._trusted:  # who comes back may count again
            self._trusted = True
            self._places.trust()
            self._forget("jump", "not connected", items)
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
        if self._repeats.has(arrived):
            self.n_duplicates += 1
        elif not self._places.ordered:
            self._follow(arrived, items)
        elif not self._begun:
            self._wait(arrived)
        elif self._fits(arrived):
            self._strays.drop()
            self._wait(arrived)
            self._release(-math.inf, items)
        elif not self._filled(arrived, items):
            self._doubt(arrived, items)

    @property
    def n_strays(self) -> int:
        """Packets that fit nowhere, and were dropped."""
        return self._strays.n_dropped

    def _fits(self, arrived: Arrived) -> bool:
        places, due_ns = self._places, self._times.due_ns
        return arrived.end > places.due and places.plausible(arrived, due_ns, away=self._away)

    def _follow(self, arrived: Arrived, items: Items) -> None:
        """Place a packet of a stream where only the order of arrival tells a place."""
        clock_ns, last_ns = arrived.clock_ns, (self._places.last or arrived).clock_ns
        fell = clock_ns is not None and last_ns is not None and clock_ns < last_ns
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

    def _filled(self, arrived: Arrived, items: Items) -> bool:
        """Give what fills a young hole, unless the device's clock says that it's no part of it."""
        pieces: list[Piece] = []
        if may_fill(arrived, self._places, away=self._away):
            pieces = self._missing.found(arrived.first, arrived.end, arrived.arrival_ns)
        for piece in pieces:
            part = arrived.part(piece.first, piece.end, self._places.period_ns)
            stamped = self._times.at(part)
            if self.info.sampling_rate is not None:
                passed_ns = samples_ns(piece.first - piece.hole, self.info.rate_hz)
                stamped = piece.hole_ns + passed_ns, None
            counts = (0, len(part)) if piece.damaged else (len(part), 0)
            items.append(LateChunk(self._chunk(part, stamped), *counts))
            self._repeats.note(arrived)
        return bool(pieces)

    def _doubt(self, arrived: Arrived, items: Items) -> None:
        """Keep a stray until another bears it out, or too many came."""
        strays = self._strays.add(arrived, self._places)
        if len(strays) == _TWO:
            self._begin_anew(strays, items)
        elif strays:
            self._distrust(strays, items)

    def _begin_anew(self, arrived: list[Arrived], items: Items) -> None:
        """Count from two packets on: the device began anew, or its clock was set."""
        anew = self._places.counted or self._places.booted(arrived[0])
        self._forget(*(_ANEW if anew else _SET), items)
        for one in arrived:
            self._wait(self._places.locate(one.packet, one.arrival_ns, away=False))
        self._release(arrived[-1].arrival_ns - self._window_ns, items)

    def _distrust(self, strays: list[Arrived], items: Items) -> None:
        """Let packets follow on each other: what told their places is broken."""
        self._release(math.inf, items)  # with the places they have
        self._trusted = False
        self._places.distrust()
        self._forget("jump", _BROKEN, items)
        items.append(note(self.info, strays[-1].arrival_ns, _BROKEN))
        for stray in strays:
            self._follow(self._places.locate(stray.packet, stray.arrival_ns, away=False), items)

    def _forget(self, reason: str, silence: str, items: Items) -> None:
        """Give what waits; then nothing ties what comes to what was."""
        self._release(math.inf, items)
        self._times.renumber(reason)
        self._silence = silence
        self._places.restart()
        self._missing = Missing()
        self._repeats = Repeats(ordered=self._places.ordered)
        self._begun = False

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
                self._put(places.unseen(arrived), items)

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
        places, times, due_ns = self._places, self._times, self._times.due_ns
        n_missing, n_damaged = arrived.first - places.due, 0
        if n_missing:
            hole = places.due, arrived.first
            n_damaged = self._missing.declare(*hole, due_ns or 0, arrived.arrival_ns)
        self._mind_the_clock(arrived, items)
        times.follow(arrived, places.period_ns)
        freely, counts = bool(n_missing or self._silence), (n_missing - n_damaged, n_damaged)
        chunks: list[SignalChunk] = []
        for part in times.cut(arrived):
            chunks.append(self._chunk(part, times.stamp(part, freely=freely), *counts))
            freely, counts = False, (0, 0)
        if self._silence and not n_missing and due_ns is not None:
            end_ns = max(chunks[0].start_ns, due_ns)
            items.append(Gap(self.info.id, due_ns, end_ns, None, self._silence))
        piece = times.piece()
        if piece is not None:
            items.append(piece)
        items += chunks
        places.place(arrived)
        self._away, self._silence = False, ""

    def _mind_the_clock(self, arrived: Arrived, items: Items) -> None:
        """Begin a new piece of the map where the clock that it stands on was broken off."""
        found = break_before(arrived, self._places, self._times, away=self._away)
        if found is not None:
            self._times.restart(found.reason)
            self._silence = found.silence or self._silence
        if found is not None and found.note:
            items.append(note(self.info, arrived.arrival_ns, found.note))

    def _chunk(self, arrived: Arrived, stamped: Stamped, *counts: int) -> SignalChunk:
        return chunk_of(self.info, arrived, stamped, *counts, counted=self._places.counted)
