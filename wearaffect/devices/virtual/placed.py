"""What a driver stored, sample by sample beside what the wearable sampled."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.events import Event, LateChunk
from wearaffect.core.streams import SignalChunk, StreamInfo
from wearaffect.devices.virtual.wearable import Wearable

__all__ = ["NotProvableError", "Placed", "in_flight"]

_IN_FLIGHT_S = 1.0  # how much may go down with a link (engineering choice)


class NotProvableError(Exception):
    """What the device sends can't show whether the promise was kept; it says why."""


class Placed:
    """The samples of one stream by their place: those stored, and those that there were.

    Parameters
    ----------
    wearable : Wearable
        With its truth.
    info : StreamInfo
        The stream; its samples carry a count.
    items : iterable of SignalChunk and Event
        What the driver gave.

    Attributes
    ----------
    place : numpy.ndarray, (n_stored,), int64
        Of each stored sample; a place counts on over reboots.
    data : numpy.ndarray, (n_stored, n_channels), float32
        Their values.
    stamp_ns : numpy.ndarray, (n_stored,), int64
        Their host times.
    true_place, true_data, true_s, sent_s : numpy.ndarray, (n_framed, …)
        Of each sample that was put into a frame: place, values, when it was taken, when it went.
    intact, damaged : numpy.ndarray, (n_framed,), bool
        Whether a whole copy went out; whether only damaged ones did.
    n_hurt : int
        Frames of which only damaged copies went out.
    """

    def __init__(
        self, wearable: Wearable, info: StreamInfo, items: Iterable[SignalChunk | Event]
    ) -> None:
        self._wearable, self._info = wearable, info
        self._truth()
        found = [(item, isinstance(item, LateChunk)) for item in items]
        both = ((i.chunk if isinstance(i, LateChunk) else i, is_late) for i, is_late in found)
        here = ((c, is_late) for c, is_late in both if isinstance(c, SignalChunk))
        chunks = [(chunk, is_late) for chunk, is_late in here if chunk.info.id == info.id]
        places, boot, due = [], 0, 0
        for chunk, is_late in chunks:
            first = self._index(chunk, boot)
            if first < due and not is_late:
                boot += 1  # counted from zero again
                first = self._index(chunk, boot)
            places.append(self._base(boot) + first + np.arange(len(chunk)))
            due = first + len(chunk)
        width = len(info.channels)
        self.place = np.concatenate([np.empty(0, np.int64), *places])
        self.data = np.concatenate([np.empty((0, width), np.float32), *(c.data for c, _ in chunks)])
        times = [chunk.times_ns() for chunk, _ in chunks]
        self.stamp_ns = np.concatenate([np.empty(0, np.int64), *times])

    def at(self, place: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Find places among those that there were: where, and whether."""
        where = np.searchsorted(self.true_place, place)
        where = np.minimum(where, self.true_place.size - 1)
        return where, self.true_place[where] == place

    def in_flight(self, losses_s: Sequence[float]) -> NDArray[np.bool_]:
        """Tell which samples may have gone down with a link, (n_framed,)."""
        return np.array([in_flight(sent_s, losses_s) for sent_s in self.sent_s], np.bool_)

    def there_were(self, losses_s: Sequence[float]) -> int:
        """Count what was sampled from the first that arrived to the last, over all reboots."""
        total = 0
        landed = self.intact & ~self.in_flight(losses_s)
        for boot in np.unique(self.true_place[self.intact] >> 40):
            here = self.true_place >> 40 == boot
            sent, sure = self.true_place[here & self.intact], self.true_place[here & landed]
            stored = self.place[self.place >> 40 == boot]
            last = np.clip(stored.max(initial=0), sure.max(initial=0), sent.max())
            total += int(last - sent.min()) + 1
        return total

    def _truth(self) -> None:
        kind, rate_hz = self._info.kind, self._info.sampling_rate or np.inf
        rows = list(self._wearable.truth.samples(kind))
        counts = [len(samples.data) for samples, _ in rows]
        steps = np.concatenate([np.empty(0), *(np.arange(n) for n in counts)])
        self.true_place = (
            np.repeat([self._base(s.boot) + s.first for s, _ in rows], counts) + steps
        ).astype(np.int64)
        self.true_data = np.concatenate([s.data for s, _ in rows])
        self.true_s = np.repeat([s.time_s for s, _ in rows], counts) + steps / rate_hz
        self.sent_s = np.repeat([sent.time_s for _, sent in rows], counts)
        self.intact = np.repeat([sent.intact > 0 for _, sent in rows], counts)
        hurt = [sent.damaged > 0 and not sent.intact for _, sent in rows]
        self.damaged = np.repeat(hurt, counts)
        self.n_hurt = sum(hurt)

    def _base(self, boot: int) -> int:
        return boot << 40  # no device samples so much between two reboots

    def _index(self, chunk: SignalChunk, boot: int) -> int:
        if chunk.device_counter is None:
            raise NotProvableError("its samples carry no count")
        start = self._wearable.start_of(self._info.kind, boot)
        return (chunk.device_counter - start) % self._wearable.modulus


def in_flight(sent_s: float, losses_s: Sequence[float]) -> bool:
    """Tell whether a link went, soon enough after something was sent, to take it along."""
    return any(loss_s - _IN_FLIGHT_S <= sent_s <= loss_s for loss_s in losses_s)
