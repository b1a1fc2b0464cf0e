"""Segments: stretches of a stream without a gap, over which a stage may carry its state.

A missing sample ends a segment, and so does a jump in time of more than half a sample.
"""

import itertools

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import SignalChunk
from wearaffect.core.timebase import NS_PER_S, exact_rate, sample_times_ns, samples_ns

__all__ = ["SegmentClock", "SteadyClock", "grid_times_ns", "known_runs"]


class SegmentClock:
    """Tells whether a chunk of a regular stream goes on where the one before it ended.

    Parameters
    ----------
    rate_hz : float
        Of the stream.
    """

    def __init__(self, rate_hz: float) -> None:
        self.half_sample_ns = int(NS_PER_S / rate_hz / 2)
        self.reset()

    def reset(self) -> None:
        """Forget when the next chunk is due."""
        self._due_ns: int | None = None

    def jumped(self, chunk: SignalChunk) -> bool:
        """Take the next chunk that has samples; tell whether it's off by over half a sample."""
        due_ns, self._due_ns = self._due_ns, chunk.end_ns
        return due_ns is not None and abs(chunk.start_ns - due_ns) > self.half_sample_ns


class SteadyClock:
    """Times of the samples of a segment that don't depend on how it was cut.

    They are counted from the start of the segment at the declared rate. Where stamps creep more
    than half a sample away from that, the count starts over from the stamp.

    Parameters
    ----------
    rate_hz : float
        Of the stream.
    """

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._segments = SegmentClock(rate_hz)
        self.reset()

    def reset(self) -> None:
        """Forget all samples."""
        self._segments.reset()
        self.start_ns = 0  # of sample 0, as the count goes
        self.count = 0  # samples of the segment so far

    def begins(self, chunk: SignalChunk) -> bool:
        """Take note of the next chunk that has samples; tell whether a segment begins with it."""
        if self._segments.jumped(chunk) or not self.count:
            self.start_ns, self.count = chunk.start_ns, 0
            return True
        off_ns = chunk.start_ns - self.end_ns(self.count)
        if abs(off_ns) > self._segments.half_sample_ns:
            self.start_ns += off_ns
        return False

    def end_ns(self, count: int) -> int:
        """Time just after a count of samples of the segment."""
        return self.start_ns + samples_ns(count, self._rate_hz)


def grid_times_ns(
    origin_ns: int, first: int, count: int, sampling_rate: float
) -> NDArray[np.int64]:
    """Times of some samples of a grid, from the one numbered `first` on, (count,)."""
    rate = exact_rate(sampling_rate)
    # whole periods of the grid are whole seconds, so only a part of one is counted out
    periods, part = divmod(first, rate.numerator)
    base_ns = origin_ns + periods * rate.denominator * NS_PER_S
    return sample_times_ns(base_ns, part + count, sampling_rate)[part:]


def known_runs(known: NDArray[np.bool_]) -> list[tuple[int, int, bool]]:
    """Give first, end and truth of each run of equal values."""
    borders = [0, *(np.flatnonzero(np.diff(known)) + 1).tolist(), known.size]
    return [(a, b, bool(known[a])) for a, b in itertools.pairwise(borders) if b > a]
