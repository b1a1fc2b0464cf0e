"""Streams of different rates and clocks, side by side in rows on one grid."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.clocks import ClockMap
from wearaffect.core.errors import SignalError, StreamOrderError
from wearaffect.core.streams import SignalChunk, SignalKind, StreamInfo
from wearaffect.core.timebase import NS_PER_S, ns_from_s, sample_at
from wearaffect.signals.segments import SteadyClock, grid_times_ns

__all__ = ["AlignedRows", "Aligner", "AlignmentSettings"]

_HELD = frozenset({SignalKind.HR, SignalKind.IBI, SignalKind.MARKER})
_REACH = 1.5  # samples: further apart than that, there is a gap between them


@dataclass(frozen=True, slots=True)
class AlignmentSettings:
    """The grid.

    Attributes
    ----------
    rate_hz : float
        Rows a second.
    hold_s : float
        How long an event of an irregular stream counts as now. 3 s spans a beat at 20 a minute
        (engineering choice).

    Raises
    ------
    ValueError
        A setting isn't positive and finite.
    """

    rate_hz: float
    hold_s: float = 3.0

    def __post_init__(self) -> None:
        if not (0 < self.rate_hz < math.inf and 0 < self.hold_s < math.inf):
            msg = f"expected rate_hz > 0 and hold_s > 0, got {self}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, eq=False)
class AlignedRows:
    """Rows of all streams at the same times.

    Attributes
    ----------
    columns : tuple of str
        ``<stream id>.<channel>``, in the order of the streams.
    data : numpy.ndarray, (n_rows, n_columns), float32
        In the unit of each channel; NaN where a stream has nothing to say.
    times_ns : numpy.ndarray, (n_rows,), int64
        Host time of each row: whole steps of the grid from its origin.
    """

    columns: tuple[str, ...]
    data: NDArray[np.float32]
    times_ns: NDArray[np.int64]


class Aligner:
    """Takes chunks of several streams and gives rows on one grid.

    Parameters
    ----------
    settings : AlignmentSettings
        The grid.
    streams : sequence of StreamInfo
        Whose chunks will come.
    origin_ns : int
        Time of row 0; the first row given is the first at or after the earliest sample.
    clocks : mapping of str to ClockMap, optional
        By stream id, for streams whose stamps are those of a device's clock.

    Notes
    -----
    What is measured all the time is read on the line between the two samples around a row, if they
    are at most one and a half samples apart; nothing is drawn across a gap or from a missing
    sample. HR, IBI, markers and every irregular stream hold their last value: one and a half
    samples long, or `hold_s` where there is no rate. A faster stream isn't smoothed here: put a
    `Resampler` before it, or it folds.
    """

    def __init__(
        self,
        settings: AlignmentSettings,
        streams: Sequence[StreamInfo],
        *,
        origin_ns: int = 0,
        clocks: Mapping[str, ClockMap] | None = None,
    ) -> None:
        self.settings = settings
        self.origin_ns = origin_ns
        clocks = clocks or {}
        self._tracks = {
            info.id: _Track(info, clocks.get(info.id), settings.hold_s) for info in streams
        }
        self._columns = tuple(
            f"{info.id}.{channel.name}" for info in streams for channel in info.channels
        )
        self._next: int | None = None

    @property
    def wait_s(self) -> float:
        """How far rows stay behind the watermark, seconds: until the sample after them is in."""
        reaches = [track.reach_ns for track in self._tracks.values() if not track.held]
        return max(reaches, default=0) / NS_PER_S

    def push(self, chunk: SignalChunk) -> None:
        """Take the next chunk of any of the streams.

        Raises
        ------
        SignalError
            A stream that wasn't announced.
        StreamOrderError
            The chunk starts before its stream's last sample.
        """
        track = self._tracks.get(chunk.info.id)
        if track is None:
            raise SignalError(
                chunk.info.id, "unknown stream", expected=" or ".join(self._tracks) or "none"
            )
        if len(chunk):
            track.push(chunk)

    def advance(self, watermark_ns: int) -> AlignedRows:
        """Give the rows that are complete once all samples before a time are in.

        Parameters
        ----------
        watermark_ns : int
            Host time up to which every stream is complete.

        Returns
        -------
        AlignedRows
            Those not given yet; maybe none.
        """
        rate = self.settings.rate_hz
        end = sample_at(watermark_ns - ns_from_s(self.wait_s), self.origin_ns, rate)
        if self._next is None:
            starts = [int(t.times_ns[0]) for t in self._tracks.values() if t.times_ns.size]
            if starts:
                self._next = sample_at(min(starts), self.origin_ns, rate)
        first = end if self._next is None else self._next
        times_ns = grid_times_ns(self.origin_ns, first, max(0, end - first), rate)
        columns = [track.read(times_ns) for track in self._tracks.values()]
        if times_ns.size:
            self._next = end
            for track in self._tracks.values():
                track.drop_before(int(times_ns[-1]))
        data = np.concatenate([np.empty((times_ns.size, 0), np.float32), *columns], axis=1)
        return AlignedRows(self._columns, data, times_ns)


class _Track:
    """Samples of one stream that rows may still need."""

    def __init__(self, info: StreamInfo, clock: ClockMap | None, hold_s: float) -> None:
        rate_hz = info.sampling_rate
        self.info = info
        self.held = rate_hz is None or info.kind in _HELD
        self.reach_ns = ns_from_s(hold_s) if rate_hz is None else int(_REACH * NS_PER_S / rate_hz)
        self._clock = clock
        self._steady = None if rate_hz is None else SteadyClock(rate_hz)
        self.times_ns = np.empty(0, np.int64)
        self._data = np.empty((0, len(info.channels)), np.float32)

    def push(self, chunk: SignalChunk) -> None:
        """Add samples at their host times."""
        times_ns = chunk.times_ns()
        if self._steady is not None:
            self._steady.begins(chunk)
            start_ns, count = self._steady.start_ns, self._steady.count
            times_ns = grid_times_ns(start_ns, count, len(chunk), self.info.rate_hz)
            self._steady.count += len(chunk)
        if self._clock is not None:
            mapped = [self._clock.to_host_ns(time_ns) for time_ns in times_ns.tolist()]
            times_ns = np.array(mapped, np.int64)
        if self.times_ns.size and times_ns[0] < self.times_ns[-1]:
            raise StreamOrderError(
                self.info.id,
                "chunks out of order",
                expected=f"a start at or after {self.times_ns[-1]} ns",
                got=f"{times_ns[0]} ns",
            )
        self.times_ns = np.concatenate([self.times_ns, times_ns])
        self._data = np.concatenate([self._data, chunk.data])

    def read(self, times_ns: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give the values at times, (n, channels)."""
        out = np.full((times_ns.size, self._data.shape[1]), np.nan, np.float32)
        left = np.searchsorted(self.times_ns, times_ns, side="right") - 1
        rows = np.flatnonzero(left >= 0)
        left = left[rows]
        since = times_ns[rows] - self.times_ns[left]
        if self.held:
            good = since <= self.reach_ns
            out[rows[good]] = self._data[left[good]]
            return out
        exact = since == 0
        out[rows[exact]] = self._data[left[exact]]
        between = ~exact & (left + 1 < self.times_ns.size)
        rows, left, since = rows[between], left[between], since[between]
        apart = self.times_ns[left + 1] - self.times_ns[left]
        share = (since / np.maximum(apart, 1))[:, None]
        low, high = self._data[left].astype(np.float64), self._data[left + 1]
        with np.errstate(invalid="ignore", over="ignore"):
            line = (low + share * (high - low)).astype(np.float32)
        line[apart > self.reach_ns] = np.nan
        out[rows] = line
        return out

    def drop_before(self, time_ns: int) -> None:
        """Forget samples that no row after a time can need."""
        keep = max(0, int(np.searchsorted(self.times_ns, time_ns, side="right")) - 1)
        self.times_ns, self._data = self.times_ns[keep:], self._data[keep:]
