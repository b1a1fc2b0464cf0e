"""Skin conductance responses as events: when they begin, peak and recover, and how large they are.

Thresholds are absolute, in µS, so that counts compare between people and recordings
(Boucsein et al. 2012, doi 10.1111/j.1469-8986.2012.01384.x).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wearaffect.signals.segments import known_runs

__all__ = ["Responses", "find_responses"]

Array = NDArray[np.float64]

# Share of the rise that has to be behind for a response to have begun. A decomposed signal is never
# exactly flat between responses; engineering choice.
_BEGUN = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """Skin conductance responses in order of time, one entry each.

    Attributes
    ----------
    onset_s, peak_s : numpy.ndarray, (n_responses,)
        Seconds from the first sample.
    amplitude_us : numpy.ndarray, (n_responses,)
        Peak over onset, µS.
    rise_s : numpy.ndarray, (n_responses,)
        From onset to peak, seconds.
    recovery_s : numpy.ndarray, (n_responses,)
        From the peak until half of the amplitude is lost, seconds, between samples; NaN where the
        next response, a gap or the end comes first.
    """

    onset_s: Array
    peak_s: Array
    amplitude_us: Array
    rise_s: Array
    recovery_s: Array

    def __len__(self) -> int:
        return self.onset_s.size


def find_responses(
    phasic: ArrayLike, sampling_rate: float, *, threshold_us: float = 0.03
) -> Responses:
    """Find the responses in a phasic signal.

    Parameters
    ----------
    phasic : array_like, (n,)
        Phasic skin conductance, µS, for instance that of `decompose_eda`; NaN in gaps.
    sampling_rate : float
        Hz, > 0.
    threshold_us : float
        Smallest amplitude that counts, µS, > 0; in use are 0.01 to 0.05
        (doi 10.1111/j.1469-8986.2012.01384.x).

    Returns
    -------
    Responses
        One for each rise from a trough to the next peak whose amplitude is at least `threshold_us`.
        The onset is the last sample before the peak with no more than 1 % of the way up from the
        trough behind it; the amplitude is that of the peak over the onset. A rise that is under way
        at the first sample of a run counts from there, one cut off at its end doesn't count.

    Raises
    ------
    ValueError
        `phasic` isn't one-dimensional, or a number isn't positive and finite.
    """
    signal = np.asarray(phasic, dtype=np.float64)
    if signal.ndim != 1:
        msg = f"expected a signal of shape (n,), got {signal.shape}"
        raise ValueError(msg)
    for name, value in (("sampling_rate", sampling_rate), ("threshold_us", threshold_us)):
        if not 0 < value < np.inf:
            msg = f"expected {name} > 0, got {value}"
            raise ValueError(msg)
    found = [np.empty((0, 4))]
    for start, stop, known in known_runs(np.isfinite(signal)):
        if known:
            events = _in_run(signal[start:stop], threshold_us)
            events[:, :2] += start
            found.append(events)
    onset, peak, amplitude, recovery = np.concatenate(found).T
    return Responses(
        onset_s=onset / sampling_rate,
        peak_s=peak / sampling_rate,
        amplitude_us=amplitude,
        rise_s=(peak - onset) / sampling_rate,
        recovery_s=recovery / sampling_rate,
    )


def _in_run(level: Array, threshold_us: float) -> Array:
    """Give onset, peak (samples), amplitude and recovery (samples) of a gap-free run."""
    troughs, peaks = _rises(level)
    worth_a_look = level[peaks] - level[troughs] >= threshold_us  # the onset isn't lower
    troughs, peaks = troughs[worth_a_look], peaks[worth_a_look]
    rises = zip(troughs, peaks, strict=True)
    onsets = np.array([_onset(level, *rise) for rise in rises], dtype=np.intp)
    amplitude = level[peaks] - level[onsets]
    big = amplitude >= threshold_us
    troughs, peaks, onsets = (part[big] for part in (troughs, peaks, onsets))
    amplitude = amplitude[big]
    ends = np.append(troughs, level.size - 1)[1:]
    recovery = [
        _recovery(level[peak : end + 1], size)
        for peak, end, size in zip(peaks, ends, amplitude, strict=True)
    ]
    return np.column_stack([onsets, peaks, amplitude, recovery])


def _onset(level: Array, trough: int, peak: int) -> int:
    """Give the last sample before a peak at which the rise has hardly begun."""
    behind = level[trough:peak] - level[trough]
    return trough + int(np.flatnonzero(behind <= _BEGUN * (level[peak] - level[trough]))[-1])


def _rises(level: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Give where each rise starts and peaks; a plateau belongs to what came before it."""
    direction = np.sign(np.diff(level))
    turn = np.flatnonzero(direction)
    if not turn.size:
        return turn, turn
    # a rise begins with its first step up and peaks after its last one
    up = direction[turn] > 0
    starts = up & ~np.concatenate([[False], up[:-1]])
    stops = ~up & np.concatenate([[False], up[:-1]])
    begin, end = turn[starts], turn[np.flatnonzero(stops) - 1] + 1
    return begin[: end.size], end


def _recovery(fall: Array, size: float) -> float:
    """Give after how many samples half of an amplitude is lost."""
    half = fall[0] - size / 2
    below = np.flatnonzero(fall <= half)
    if not below.size:
        return float("nan")
    at = int(below[0])
    return at - 1 + float((fall[at - 1] - half) / (fall[at - 1] - fall[at]))
