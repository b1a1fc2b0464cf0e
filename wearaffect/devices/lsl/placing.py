"""When the samples of an LSL stream were, on the host's clock, and how many never came."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.timebase import NS_PER_S, samples_ns
from wearaffect.devices.lsl.counting import MODULI, filled

__all__ = ["Placer", "Run"]

_LATE_S = 0.1  # senders that stamp when they send are so late at times, and nothing is missing
_OFF = 2  # what is missing by count and by time differs by more: the count began anew (engineering)


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
    count : int or None
        The counter at the first, counted on where it wraps; None where it isn't known.
    """

    first: int
    last: int
    start_ns: int
    n_lost: int
    restarted: bool
    count: int | None = None


class Placer:
    """Places the rows of one LSL stream.

    With a counter, what is missing is what it leaves out. One that falls, and stands just where
    the stamps say a counter of 8, 16, 24 or 32 bits must stand, wraps; one that otherwise falls,
    or left out less than half or more than twice of what time did, to a second, began anew. Then,
    and without a counter, the stamps tell what is missing from a regular stream: a step of more
    than one and a half samples, and more than 0.1 s, is a gap of as many samples as fit. Between
    gaps, samples follow on each other at the nominal rate and follow the stamps by at most a
    quarter of a sample from chunk to chunk, so that a sender's jitter tears nothing. The time of
    irregular samples never runs back. All thresholds are engineering choices.

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
        self._due_count: int | None = None
        self._guessed = False  # whether the count that is due stands on stamps alone
        self._modulus: int | None = None
        self._shift_ns = 0

    def place(self, times_ns: NDArray[np.int64], counter: NDArray[np.int64] | None) -> list[Run]:
        """Take the next rows.

        Parameters
        ----------
        times_ns : numpy.ndarray, (n,), int64
            Their stamps on the host's clock.
        counter : numpy.ndarray, (n,), int64 or None
            Their counts, where the stream carries them; negative where one can't be read.

        Returns
        -------
        list of Run
            Which together hold every row, in order; rows of an irregular stream are as far from
            the first of their run as their stamps are.
        """
        if not len(times_ns):
            return []
        counts = None if counter is None else self._read(counter)
        if self._rate_hz is None:
            inner = np.diff(times_ns) < 0
        else:
            inner = np.diff(times_ns) - self._period_ns > self._late_ns
            inner &= counts is None
        if counts is not None:
            steps = np.diff(counts)
            inner |= (steps if self._modulus is None else steps % self._modulus) != 1
        borders = [0, *(np.flatnonzero(inner) + 1).tolist(), len(times_ns)]
        return [
            self._run(first, times_ns[first:last], None if counts is None else int(counts[first]))
            for first, last in itertools.pairwise(borders)
        ]

    def _read(self, counter: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """Fill in what can't be read; None where nothing can."""
        if (counter < 0).all():
            return None
        modulus = self._modulus
        if modulus is None or (counter >= modulus).any():
            self._modulus = None
            return filled(counter, self._due_count)
        due = None if self._due_count is None else self._due_count % modulus
        return filled(counter, due) % modulus

    def _run(self, first: int, times_ns: NDArray[np.int64], sent: int | None) -> Run:
        length = len(times_ns)
        start_ns = int(times_ns[0]) + self._shift_ns
        count, n_lost, restarted = sent, 0, False
        if self._due_ns is not None:
            off_ns = start_ns - self._due_ns
            count, n_lost, restarted = self._counted(off_ns, sent)
            start_ns = self._followed(off_ns, gap=n_lost > 0)
        self._guessed = sent is None and (self._guessed or n_lost > 0)
        self._due_count = None if count is None else count + length
        if self._rate_hz is None:
            self._due_ns = start_ns + int(times_ns[-1] - times_ns[0])
        else:
            self._due_ns = start_ns + samples_ns(length, self._rate_hz)
        return Run(first, first + length, start_ns, n_lost, restarted, count)

    def _counted(self, off_ns: int, sent: int | None) -> tuple[int | None, int, bool]:
        """Give the count of a row that is off its due time by so much, and what it tells."""
        by_clock = round(off_ns / self._period_ns) if self._period_ns and self._gap(off_ns) else 0
        if self._due_count is None:
            return sent, by_clock, self._back(off_ns)
        if sent is None:
            return self._due_count + by_clock, by_clock, self._back(off_ns)
        missing = self._missing(off_ns, sent)
        if missing is None:
            return sent, by_clock, True
        return self._due_count + missing, missing, self._back(off_ns)

    def _missing(self, off_ns: int, sent: int) -> int | None:
        """Count what a counter left out; None where it began anew."""
        assert self._due_count is not None
        missing = sent - self._due_count
        if self._modulus is None and missing < 0:
            if self._guessed and -missing * self._period_ns <= self._late_ns:
                return 0
            self._modulus = self._wraps_at(off_ns, sent)
            if self._modulus is None:
                return None
        if self._modulus is not None:
            missing %= self._modulus
            beyond_ns = off_ns - missing * self._period_ns
            if self._period_ns and self._gap(beyond_ns):
                rounds = round(beyond_ns / (self._modulus * self._period_ns))
                missing += rounds * self._modulus
        return missing if self._plausible(missing, off_ns) else None

    def _wraps_at(self, off_ns: int, sent: int) -> int | None:
        """Give the modulus by which a count that fell is due just now."""
        assert self._due_count is not None
        for modulus in MODULI:
            missing = (sent - self._due_count) % modulus
            near = missing < modulus // 2 if self._period_ns else missing == 0
            on_time = abs(off_ns - missing * self._period_ns) <= self._late_ns
            if self._due_count <= modulus and near and (on_time or not self._period_ns):
                return modulus
        return None

    def _plausible(self, missing: int, off_ns: int) -> bool:
        """Whether so many can be missing; a sender that paused left out none."""
        missing_ns = missing * self._period_ns
        too_many = missing_ns > _OFF * (max(0, off_ns) + NS_PER_S)
        too_few = 0 < _OFF * missing_ns < off_ns - NS_PER_S
        return not (too_many or too_few)

    def _gap(self, off_ns: int) -> bool:
        return off_ns > self._late_ns

    def _back(self, off_ns: int) -> bool:
        return off_ns < -self._late_ns

    def _followed(self, off_ns: int, *, gap: bool) -> int:
        """Give the host time of a row: as stamped after a gap, else close to where it is due."""
        assert self._due_ns is not None
        if gap or self._gap(off_ns):
            return max(self._due_ns, self._due_ns + off_ns)
        if self._back(off_ns):
            # the sender's clock was set back: time goes on from here, at its pace
            self._shift_ns -= off_ns
            return self._due_ns
        if self._rate_hz is None:
            return max(self._due_ns, self._due_ns + off_ns)
        quarter_ns = self._period_ns // 4
        return self._due_ns + min(max(off_ns, -quarter_ns), quarter_ns)
