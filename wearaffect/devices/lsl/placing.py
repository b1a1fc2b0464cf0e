"""When the samples of an LSL stream were, on the host's clock, and how many never came."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.timebase import NS_PER_S, samples_ns

__all__ = ["Placer", "Run"]

_LATE_S = 0.1  # senders that stamp when they send are so late at times, and nothing is missing
_FASTER = 2  # a counter can't run at twice the time that has passed: it began anew (engineering)


@dataclass(frozen=True, slots=True)
class Run:
    """Rows ``[first, last)`` that follow on each other.

    Attributes
    ----------
    first, last : int
        Which rows.
    start_ns : int
        Host time of the first.
    n_lost : int
        Samples known to be missing before it.
    restarted : bool
        The sender's counter or clock began anew here.
    """

    first: int
    last: int
    start_ns: int
    n_lost: int
    restarted: bool


class Placer:
    """Places the rows of one LSL stream.

    With a counter, what is missing is what it leaves out. Without one, a regular stream tells by
    its stamps: a step of more than one and a half samples, and more than 0.1 s, is a gap of as
    many samples as fit (all three engineering choices). Between gaps, samples follow on each
    other at the nominal rate and follow the stamps by at most a quarter of a sample from chunk to
    chunk, so that a sender's jitter tears nothing.

    Parameters
    ----------
    rate_hz : float or None
        Nominal rate; None for an irregular stream.
    """

    def __init__(self, rate_hz: float | None) -> None:
        self._rate_hz = rate_hz
        self._period_ns = 0 if rate_hz is None else round(NS_PER_S / rate_hz)
        self._late_ns = max(3 * self._period_ns // 2, round(_LATE_S * NS_PER_S))
        self._due_ns: int | None = None
        self._due_count = 0
        self._shift_ns = 0

    def place(self, times_ns: NDArray[np.int64], counter: NDArray[np.int64] | None) -> list[Run]:
        """Take the next rows.

        Parameters
        ----------
        times_ns : numpy.ndarray, (n,), int64
            Their stamps on the host's clock.
        counter : numpy.ndarray, (n,), int64 or None
            Their counts, where the stream carries them.

        Returns
        -------
        list of Run
            Which together hold every row, in order.
        """
        if not len(times_ns):
            return []
        if counter is not None:
            inner = np.diff(counter) != 1
        else:
            inner = np.diff(times_ns) - self._period_ns > self._late_ns
            inner &= self._rate_hz is not None
        borders = [0, *(np.flatnonzero(inner) + 1).tolist(), len(times_ns)]
        return [
            self._run(first, last, int(times_ns[first]), counter)
            for first, last in itertools.pairwise(borders)
        ]

    def _run(self, first: int, last: int, time_ns: int, counter: NDArray[np.int64] | None) -> Run:
        count = None if counter is None else int(counter[first])
        n_lost, restarted = 0, False
        start_ns = time_ns + self._shift_ns
        if self._due_ns is not None:
            off_ns = start_ns - self._due_ns
            n_lost, restarted = self._missing(off_ns, count)
            if self._rate_hz is not None:
                start_ns = self._followed(off_ns, gap=n_lost > 0)
        length = last - first
        if self._rate_hz is None:
            self._due_ns = start_ns
        else:
            self._due_ns = start_ns + samples_ns(length, self._rate_hz)
        self._due_count = 0 if count is None else count + length
        return Run(first, last, start_ns, n_lost, restarted)

    def _missing(self, off_ns: int, count: int | None) -> tuple[int, bool]:
        """Count what is missing before a row that is off its due time by so much."""
        by_clock = round(off_ns / self._period_ns) if self._period_ns and self._gap(off_ns) else 0
        if count is None:
            return by_clock, self._back(off_ns)
        by_count = count - self._due_count
        passed_ns = max(0, off_ns) + NS_PER_S
        if by_count < 0 or by_count * self._period_ns > _FASTER * passed_ns:
            return by_clock, True
        return by_count, self._back(off_ns)

    def _gap(self, off_ns: int) -> bool:
        return off_ns > self._late_ns

    def _back(self, off_ns: int) -> bool:
        return bool(self._period_ns) and off_ns < -self._late_ns

    def _followed(self, off_ns: int, *, gap: bool) -> int:
        """Give the host time of a row: as stamped after a gap, else close to where it is due."""
        assert self._due_ns is not None
        if gap or self._gap(off_ns):
            return max(self._due_ns, self._due_ns + off_ns)
        if self._back(off_ns):
            # the sender's clock was set back: time goes on from here, at its pace
            self._shift_ns -= off_ns
            return self._due_ns
        quarter_ns = self._period_ns // 4
        return self._due_ns + min(max(off_ns, -quarter_ns), quarter_ns)
