"""Heart rate variability in the frequency domain, for one range of beats or thousands.

Two estimators, named by their functions: the periodogram of Lomb and Scargle on the intervals as
they are, and Welch's on intervals resampled by a spline.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wearaffect.analysis.hrv_time import Tachogram, tachogram
from wearaffect.analysis.ranges import mean_and_sd, most_within, range_sums

__all__ = [
    "BANDS_HZ",
    "HRV_FREQUENCY",
    "frequency_figures",
    "hrv_frequency",
    "hrv_frequency_welch",
    "lomb_density",
]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

BANDS_HZ = {
    "hrv_ulf": (0.0, 0.003),
    "hrv_vlf": (0.003, 0.04),
    "hrv_lf": (0.04, 0.15),
    "hrv_hf": (0.15, 0.4),
}
"""Bands of Task Force 1996, doi 10.1161/01.CIR.93.5.1043."""

HRV_FREQUENCY = (*BANDS_HZ, "hrv_tp", "hrv_lfhf", "hrv_lfn", "hrv_hfn", "hrv_lnhf")
"""Names of the columns."""

_AT_ONCE = 2**18  # complex numbers in a table of phases; engineering choice
_ONE_PHASE = 1e-9  # of N² that |W|² leaves, below which rounding rules
_FLAT = 1e-9  # spread over mean of intervals that differ by rounding only
_WELCH_RATE_HZ = 4.0  # ten times the highest border; engineering choice
_WELCH_SEGMENT_S = 256.0  # 28 periods of the LF band's middle; engineering choice


def hrv_frequency(
    beat_times_s: ArrayLike, *, window_s: float | None = None, usable: ArrayLike | None = None
) -> dict[str, float]:
    """Describe heart rate variability in the frequency domain, by Lomb and Scargle.

    Parameters
    ----------
    beat_times_s : array_like, (n_beats,)
        Ascending; seconds from the start of the recording.
    window_s : float, optional
        Length of the window the beats were taken from, > 0: frequencies are multiples of its
        inverse. By default the time from first to last beat.
    usable : array_like, (n_beats - 1,), bool, optional
        Which intervals count; all by default. Nothing is put in the place of the others.

    Returns
    -------
    dict of str to float
        The columns `HRV_FREQUENCY`. ms²: ``hrv_ulf``, ``hrv_vlf``, ``hrv_lf``, ``hrv_hf`` and their
        sum ``hrv_tp``; ratios: ``hrv_lfhf``, ``hrv_lfn`` and ``hrv_hfn`` (share of LF + HF, the
        normalised units of Task Force 1996); ``hrv_lnhf`` (natural logarithm). NaN with fewer than
        two intervals, and in a band below what the window resolves.

    Raises
    ------
    ValueError
        Beats that don't ascend or aren't finite, a flag too many or too few, or a window that
        isn't positive.

    Notes
    -----
    Intervals stand at the beat that ends them; their mean is taken off, no trend. Powers are scaled
    so that for evenly spaced intervals the sum over all frequencies is their variance (Parseval).
    Each power fills a cell of one frequency step around it, and a band gets the part of each cell
    that lies in it. Task Force 1996 (doi 10.1161/01.CIR.93.5.1043) asks for ten periods of the
    lowest frequency of a band: 1 min for HF, 2 to 5 min for LF, hours for the rest. Below that
    the values are given, but are estimates from few periods.

    Lomb 1976 (doi 10.1007/BF00648343), Scargle 1982 (doi 10.1086/160554).
    """
    beats = tachogram(beat_times_s, usable)
    n_beats = beats.intervals_before.size
    times = np.asarray(beat_times_s, dtype=np.float64)
    length = float(times[-1] - times[0]) if window_s is None and n_beats > 1 else window_s
    if length is None:
        return dict.fromkeys(HRV_FREQUENCY, math.nan)
    figures = frequency_figures(beats, np.array([0]), np.array([n_beats]), length)
    return {name: float(values[0]) for name, values in figures.items()}


def frequency_figures(
    beats: Tachogram, first: Index, last: Index, window_s: float
) -> dict[str, Array]:
    """Describe many ranges of beats by Lomb and Scargle.

    Parameters
    ----------
    beats : Tachogram
        Of the recording.
    first, last : numpy.ndarray, (n_ranges,)
        Ranges of beats, `last` exclusive.
    window_s : float
        Length of the window that each range fills, > 0.

    Returns
    -------
    dict of str to numpy.ndarray, (n_ranges,)
        The columns `HRV_FREQUENCY`.

    Raises
    ------
    ValueError
        The window isn't positive.
    """
    if not 0 < window_s < math.inf:
        msg = f"expected window_s > 0, got {window_s}"
        raise ValueError(msg)
    start, stop = beats.intervals(first, last)
    powers = {name: np.full(first.size, np.nan) for name in BANDS_HZ}
    enough = stop - start >= 2
    if enough.any():
        start, stop = start[enough], stop[enough]
        step_hz = 1.0 / window_s
        most = max(high for _, high in BANDS_HZ.values())
        frequencies = step_hz * np.arange(1.0, math.ceil(most / step_hz) + 1.0)
        weights = _shares(frequencies, step_hz)
        total = np.zeros((len(weights), start.size))
        width = most_within(beats.end_s, window_s)
        # cut by what the recording says, not by how many windows are asked for: bits depend on it
        at_once = max(1, _AT_ONCE // beats.ms.size)
        for k in range(0, frequencies.size, at_once):
            part = slice(k, k + at_once)
            (density,) = lomb_density(
                beats.end_s, [beats.ms], start, stop, frequencies[part], width
            )
            for i, share in enumerate(weights[:, part]):
                total[i] += (density * share).sum(axis=1)
        for name, share, power in zip(BANDS_HZ, weights, total, strict=True):
            powers[name][enough] = power if share.any() else np.nan
    return powers | _of_bands(powers)


def lomb_density(
    times_s: Array,
    series: Sequence[Array],
    first: Index,
    last: Index,
    frequencies_hz: Array,
    width: int = 1,
) -> list[Array]:
    """Give spectral densities of many ranges of unevenly sampled sequences.

    Parameters
    ----------
    times_s : numpy.ndarray, (n,)
        Ascending.
    series : sequence of numpy.ndarray, (n,)
        Finite; each is taken on its own, the times are shared.
    first, last : numpy.ndarray, (n_ranges,)
        Ranges of at least two values.
    frequencies_hz : numpy.ndarray, (n_frequencies,)
        Evenly spaced, > 0.
    width : int
        Most values that any range may have, so that bits don't depend on what other ranges there
        are; by default the most that one of these has.

    Returns
    -------
    list of numpy.ndarray, (n_ranges, n_frequencies)
        For each series its one-sided density, unit² / Hz: the periodogram of Scargle 1982 (doi
        10.1086/160554) of the values without their mean, times twice the mean time between samples.

    Notes
    -----
    With phasors e = exp(2πift), N values, Y = Σ y e and W = Σ e², the offset τ drops out of
    Scargle's formula: P = (N |Y|² − Re(Y² W*)) / (N² − |W|²). All are sums over a range, so phasors
    are made once for the sequence, whatever the number of ranges.
    """
    count = (last - first).astype(np.float64)[:, None]
    width = max(width, int((last - first).max()))
    # only what lies in some range, from the border of a block on
    span = slice(int(first.min()) // width * width, int(last.max()))
    ranges = first - span.start, last - span.start
    phasor = _phasors((times_s - times_s[0])[span], frequencies_hz)
    wave = range_sums(phasor, *ranges, width)
    doubled = range_sums(np.square(phasor), *ranges, width)
    spare = count**2 - doubled.real**2 - doubled.imag**2
    # where every sample has the same phase, up to its sign, one of the two waves is zero everywhere
    lost = spare <= _ONE_PHASE * count**2
    spare[lost] = 1.0
    scale = 2.0 * (times_s[last - 1] - times_s[first])[:, None] / (count - 1)
    densities = []
    for values in series:
        mean, sd = (figure[:, None] for figure in mean_and_sd(values, first, last))
        centre = float(np.median(values))
        y = range_sums(phasor * (values[span] - centre)[:, None], *ranges, width)
        y -= (mean - centre) * wave
        size = y.real**2 + y.imag**2
        y *= y
        power = (count * size - y.real * doubled.real - y.imag * doubled.imag) / spare
        power = np.where(lost, size / (2 * count), power)
        densities.append(power * np.where(sd > _FLAT * np.abs(mean), scale, 0.0))
    return densities


def _phasors(times_s: Array, frequencies_hz: Array) -> NDArray[np.complex128]:
    """Give exp(2πift), (n, n_frequencies), turning by one step of frequency at a time."""
    turns = np.empty((times_s.size, frequencies_hz.size), dtype=np.complex128)
    phase = 2j * np.pi * times_s
    turns[:, :1] = np.exp(phase * frequencies_hz[0])[:, None]
    if frequencies_hz.size > 1:
        turns[:, 1:] = np.exp(phase * (frequencies_hz[1] - frequencies_hz[0]))[:, None]
    return np.asarray(np.multiply.accumulate(turns, axis=1, out=turns))


def _shares(frequencies_hz: Array, step_hz: float) -> Array:
    """Give how much of the cell around each frequency lies in each band, Hz."""
    low, high = np.array(list(BANDS_HZ.values())).T[:, :, None]
    inside = np.minimum(high, frequencies_hz + step_hz / 2)
    inside = inside - np.maximum(low, frequencies_hz - step_hz / 2)
    return np.asarray(np.maximum(inside, 0.0))


def _of_bands(powers: dict[str, Array]) -> dict[str, Array]:
    """Give total power, ratios and logarithm."""
    lf, hf = powers["hrv_lf"], powers["hrv_hf"]
    known = np.array(list(powers.values()))
    total = np.where(np.isnan(known).all(axis=0), np.nan, np.nansum(known, axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        figures = {
            "hrv_tp": total,
            "hrv_lfhf": lf / hf,
            "hrv_lfn": lf / (lf + hf),
            "hrv_hfn": hf / (lf + hf),
            "hrv_lnhf": np.log(hf),
        }
    for name in ("hrv_lfhf", "hrv_lnhf"):
        figures[name][~np.isfinite(figures[name])] = np.nan
    return figures


def hrv_frequency_welch(
    beat_times_s: ArrayLike, *, usable: ArrayLike | None = None
) -> dict[str, float]:
    """Describe heart rate variability in the frequency domain, by Welch's periodogram.

    Parameters
    ----------
    beat_times_s : array_like, (n_beats,)
        Ascending; seconds from the start of the recording.
    usable : array_like, (n_beats - 1,), bool, optional
        Which intervals count; all by default. The spline bridges the others.

    Returns
    -------
    dict of str to float
        The columns of `hrv_frequency`, in the same units; NaN with fewer than four intervals.

    Raises
    ------
    ValueError
        Beats that don't ascend or aren't finite, or a flag too many or too few.

    Notes
    -----
    A cubic spline through the intervals is read at 4 Hz and cut into segments of 256 s, overlapping
    by half, each without its mean and under a Hann window (Task Force 1996, doi
    10.1161/01.CIR.93.5.1043, for resampling; rate and length are engineering choices). Resampling
    lowers the power above a quarter of the heart's rate; `hrv_frequency` doesn't.
    """
    from scipy.interpolate import CubicSpline
    from scipy.signal import welch

    beats = tachogram(beat_times_s, usable)
    if beats.ms.size < 4:
        return dict.fromkeys(HRV_FREQUENCY, math.nan)
    grid = np.arange(beats.end_s[0], beats.end_s[-1], 1.0 / _WELCH_RATE_HZ)
    resampled = CubicSpline(beats.end_s, beats.ms)(grid)
    length = min(grid.size, round(_WELCH_SEGMENT_S * _WELCH_RATE_HZ))
    frequencies, density = welch(resampled, _WELCH_RATE_HZ, nperseg=length, detrend="constant")
    weights = _shares(frequencies[1:], float(frequencies[1]))
    powers = {
        name: np.array([share @ density[1:] if share.any() else np.nan])
        for name, share in zip(BANDS_HZ, weights, strict=True)
    }
    figures = powers | _of_bands(powers)
    return {name: float(values[0]) for name, values in figures.items()}
