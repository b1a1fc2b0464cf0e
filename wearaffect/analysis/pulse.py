"""The pulse wave at the desk: zero-phase cleaning, systolic peaks, height of each pulse.

What runs live is in `wearaffect.signals.cardiac`; here the whole recording is known, so filters
look both ways and thresholds use its mean.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, find_peaks, peak_prominences, sosfiltfilt

from wearaffect.analysis.ranges import mean_and_sd, ranges_of_windows
from wearaffect.signals.segments import known_runs

__all__ = [
    "amplitude_in_windows",
    "clean_bvp",
    "find_systolic_peaks",
    "pulse_amplitude",
]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

# Elgendi et al. 2013, doi 10.1371/journal.pone.0076585: band, order, W1, W2, beta
_BAND_HZ = (0.5, 8.0)
_ORDER = 2
_PEAK_S, _BEAT_S, _OFFSET = 0.111, 0.667, 0.02
_MOST = 1e150
_LEAST_DELAY_S = 0.3  # 200 beats a minute, as NeuroKit2 has it


def clean_bvp(bvp: ArrayLike, sampling_rate: float) -> Array:
    """Band-pass a pulse wave between 0.5 and 8 Hz without delay.

    Parameters
    ----------
    bvp : array_like, (n_samples,)
        Pulse wave in device units; NaN in gaps.
    sampling_rate : float
        Hz, above 16.

    Returns
    -------
    numpy.ndarray, (n_samples,)
        Filtered forwards and backwards by a Butterworth filter of second order (Elgendi et al.
        2013, doi 10.1371/journal.pone.0076585). Each stretch between gaps is filtered on its own;
        gaps, and stretches of 15 samples or fewer, are NaN; one that doesn't change is 0.

    Raises
    ------
    ValueError
        `bvp` isn't a vector or exceeds 1e150, or the rate doesn't reach twice 8 Hz.
    """
    wave = _vector(bvp)
    if not sampling_rate > 2 * _BAND_HZ[1]:
        msg = f"expected sampling_rate > {2 * _BAND_HZ[1]:g} Hz for 8 Hz, got {sampling_rate}"
        raise ValueError(msg)
    sections = _sections(float(sampling_rate))
    least = 3 * (2 * len(sections) + 1)  # what scipy mirrors at both ends
    cleaned = np.full(wave.size, np.nan)
    for start, stop in _stretches(wave):
        stretch = wave[start:stop]
        if stretch.min() == stretch.max():  # filtered, it would be rounding, which has peaks too
            cleaned[start:stop] = 0.0
        elif stop - start > least:
            cleaned[start:stop] = sosfiltfilt(sections, stretch)
    return cleaned


@lru_cache(maxsize=32)
def _sections(sampling_rate: float) -> Array:
    sections = butter(_ORDER, _BAND_HZ, btype="bandpass", output="sos", fs=sampling_rate)
    return np.asarray(sections, dtype=np.float64)


def find_systolic_peaks(bvp_clean: ArrayLike, sampling_rate: float) -> Index:
    """Find the systolic peak of every beat.

    Parameters
    ----------
    bvp_clean : array_like, (n_samples,)
        From `clean_bvp`; NaN in gaps.
    sampling_rate : float
        Hz, > 0.

    Returns
    -------
    numpy.ndarray, (n_beats,), int64
        Sample indices, ascending. Each stretch between gaps is searched on its own.

    Raises
    ------
    ValueError
        `bvp_clean` isn't a vector or exceeds 1e150, or the rate isn't positive.

    Notes
    -----
    Elgendi et al. 2013 (doi 10.1371/journal.pone.0076585): where the squared positive wave,
    averaged over 111 ms, exceeds its average over 667 ms plus 2 % of its mean, lies a pulse; blocks
    shorter than 111 ms are noise. Its peak is the most prominent local maximum of the block. A peak
    within 0.3 s after the last one is left out. The indices are those of NeuroKit2's
    ``ppg_findpeaks(method="elgendi")``.
    """
    wave = _vector(bvp_clean)
    if not sampling_rate > 0:
        msg = f"expected sampling_rate > 0, got {sampling_rate}"
        raise ValueError(msg)
    found = [
        start + _peaks_of_stretch(wave[start:stop], sampling_rate)
        for start, stop in _stretches(wave)
    ]
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64)


def _peaks_of_stretch(wave: Array, sampling_rate: float) -> Index:
    squared = np.square(np.maximum(wave, 0.0))
    near, around = (max(1, round(s * sampling_rate)) for s in (_PEAK_S, _BEAT_S))
    threshold = uniform_filter1d(squared, around, mode="nearest")
    threshold += _OFFSET * squared.mean()
    pulse = uniform_filter1d(squared, near, mode="nearest") > threshold
    edges = np.flatnonzero(pulse[1:] != pulse[:-1])
    edges = edges[int(pulse[0]) :]  # a pulse under way at the start has no beginning
    begins, ends = edges[: edges.size // 2 * 2].reshape(-1, 2).T
    long_enough = ends - begins >= near
    candidates = _most_prominent(wave, begins[long_enough], ends[long_enough])
    return _spaced(candidates, round(_LEAST_DELAY_S * sampling_rate))


def _most_prominent(wave: Array, begins: Index, ends: Index) -> Index:
    """Give the most prominent local maximum of each block that has one.

    The blocks are joined with an infinite wall before each, where the search for the foot of a
    maximum stops as it would at the edge of its own block.
    """
    if not begins.size:
        return np.empty(0, dtype=np.int64)
    length = ends - begins + 1
    wall = np.cumsum(length) - length
    at = np.repeat(begins - wall - 1, length) + np.arange(length.sum())
    joined = wave[at]
    joined[wall] = np.inf
    maxima, _ = find_peaks(joined)
    block = np.searchsorted(wall, maxima, side="right") - 1
    maxima, block = maxima[wall[block] != maxima], block[wall[block] != maxima]
    shared = np.zeros(maxima.size, dtype=bool)
    shared[1:] |= block[1:] == block[:-1]
    shared[:-1] |= block[1:] == block[:-1]
    prominence = np.zeros(maxima.size)
    prominence[shared] = peak_prominences(joined, maxima[shared])[0]
    # by block, the most prominent first, the earlier of two equals first
    order = np.lexsort((maxima, -prominence, block))
    chosen = order[np.diff(block[order], prepend=-1) > 0]
    return np.asarray(at[maxima[chosen]], dtype=np.int64)


def _spaced(peaks: Index, delay: int) -> Index:
    """Leave out peaks that follow a kept one, or the start, by no more than a delay."""
    kept = np.concatenate([[0], peaks])
    while (close := np.diff(kept) <= delay).any():
        # what follows closely on one that itself follows on nothing close is surely out
        out = close & np.concatenate([[True], ~close[:-1]])
        kept = kept[np.concatenate([[True], ~out])]
    return np.asarray(kept[1:], dtype=np.int64)


def pulse_amplitude(bvp_clean: ArrayLike, peaks: ArrayLike) -> Array:
    """Give the height of each pulse, from the trough before it to its peak.

    Parameters
    ----------
    bvp_clean : array_like, (n_samples,)
        From `clean_bvp`; NaN in gaps.
    peaks : array_like, (n_beats,), int
        From `find_systolic_peaks`.

    Returns
    -------
    numpy.ndarray, (n_beats,)
        Device units. NaN for the first beat and the first after a gap, whose trough isn't known.

    Raises
    ------
    ValueError
        `bvp_clean` isn't a vector, or a peak lies outside it.
    """
    wave, peak = _vector(bvp_clean), np.asarray(peaks, dtype=np.int64)
    amplitude = np.full(peak.size, np.nan)
    if not peak.size:
        return amplitude
    if peak.min() < 0 or peak.max() >= wave.size:
        msg = f"expected peaks within {wave.size} samples, got {peak.min()} to {peak.max()}"
        raise ValueError(msg)
    trough = np.minimum.reduceat(wave, peak)[:-1]
    amplitude[1:] = wave[peak[1:]] - trough
    return amplitude


def amplitude_in_windows(
    beat_times_s: ArrayLike, amplitude: ArrayLike, starts_s: ArrayLike, window_s: float
) -> dict[str, Array]:
    """Describe the height of the pulse and its variability in windows.

    Parameters
    ----------
    beat_times_s : array_like, (n_beats,)
        Ascending.
    amplitude : array_like, (n_beats,)
        From `pulse_amplitude`.
    starts_s : array_like, (n_windows,)
        Start of each window.
    window_s : float
        Its length, > 0.

    Returns
    -------
    dict of str to numpy.ndarray, (n_windows,)
        ``bvp_amplitude_mean`` and ``bvp_amplitude_sd`` in device units, ``bvp_amplitude_cv`` (their
        ratio); NaN with fewer than two known heights.

    Raises
    ------
    ValueError
        A height too many or too few, a start that isn't finite, or a window that isn't positive.
    """
    times, heights = (np.asarray(part, dtype=np.float64) for part in (beat_times_s, amplitude))
    if times.shape != heights.shape:
        msg = f"expected a height for each beat, got {heights.shape} for {times.shape}"
        raise ValueError(msg)
    first, last, where = ranges_of_windows(times, starts_s, window_s)
    mean, sd = (figure[where] for figure in mean_and_sd(heights, first, last))
    mean[np.isnan(sd)] = np.nan
    ratio = np.divide(sd, mean, out=np.full(sd.size, np.nan), where=mean > 0)
    return {"bvp_amplitude_mean": mean, "bvp_amplitude_sd": sd, "bvp_amplitude_cv": ratio}


def _vector(values: ArrayLike) -> Array:
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1:
        msg = f"expected one sample a row, got an array of shape {vector.shape}"
        raise ValueError(msg)
    return vector


def _stretches(wave: Array) -> list[tuple[int, int]]:
    """Give start and end of each stretch without gaps, after a look at how large the wave is."""
    stretches = [(a, b) for a, b, known in known_runs(np.isfinite(wave)) if known]
    for a, b in stretches:
        if max(wave[a:b].max(), -wave[a:b].min()) > _MOST:
            msg = f"expected samples within {_MOST:g} of zero, which can be squared"
            raise ValueError(msg)
    return stretches
