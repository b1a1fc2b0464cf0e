"""Beats from a pulse wave, intervals without artefacts, and what they say of heart rate."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["HEART_FEATURES", "Beats", "find_beats", "heart_features"]

HEART_FEATURES = (
    "hr_mean",
    "hr_median",
    "hr_p10",
    "hr_p90",
    "hr_sd",
    "hr_slope",
    "hrv_sdnn",
    "hrv_rmssd",
    "hrv_pnn50",
    "hrv_masd",
    "bvp_amplitude",
    "bvp_amplitude_cv",
    "ibi_coverage",
)

_REFRACTORY_S = 0.33  # 180 beats a minute, above any seated heart rate
_IBI_RANGE_S = (0.33, 1.5)
_IBI_CHANGE = 0.25
_LOCAL_SD_S = 3.0
_THRESHOLD_SD = 0.5
# A filter rings down from a pulse that stops, and rounding goes on for ever: neither beats.
_LEAST_OF_HIGHEST = 1e-3
_LEAST_HEIGHT = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """Beats of one window.

    Attributes
    ----------
    times_s : numpy.ndarray, (n_beats,)
        Seconds from the start of the window, between samples by a parabola.
    height : numpy.ndarray, (n_beats,)
        Filtered pulse at the beat, device units.
    ibi_s : numpy.ndarray, (n_intervals,)
        Intervals between pulses that passed the artefact rule.
    ibi_end_s : numpy.ndarray, (n_intervals,)
        When each of them ended.
    successive : numpy.ndarray, (n_intervals,), bool
        Whether the interval follows directly on the one before.
    """

    times_s: NDArray[np.float64]
    height: NDArray[np.float64]
    ibi_s: NDArray[np.float64]
    ibi_end_s: NDArray[np.float64]
    successive: NDArray[np.bool_]


def find_beats(bvp: NDArray[np.float64], sampling_rate: float) -> Beats:
    """Find pulses in a band-passed pulse wave.

    Parameters
    ----------
    bvp : numpy.ndarray, (n_samples,)
        Band-passed pulse wave; NaN in gaps.
    sampling_rate : float
        Hz.

    Returns
    -------
    Beats
        Local maxima above half the local standard deviation (3 s), the higher one of two that are
        closer than 0.33 s; a threshold that moves with the local spread follows the pulse through
        vasoconstriction and motion, where a fixed one doesn't. Nothing below a thousandth of the
        highest is a beat.

    Notes
    -----
    An interval is kept if it lies in 0.33-1.5 s and within 25 % of the median of its five
    neighbours, a form of the rule in Task Force 1996 (doi 10.1161/01.CIR.93.5.1043) that a single
    artefact can't move. Thresholds are engineering choices.
    """
    wave = np.where(np.isfinite(bvp), bvp, 0.0)
    spread = _local_sd(wave, max(3, round(_LOCAL_SD_S * sampling_rate)))
    inner = wave[1:-1]
    rising = (inner > wave[:-2]) & (inner >= wave[2:])
    least = max(_LEAST_OF_HIGHEST * inner.max(initial=0.0), _LEAST_HEIGHT)
    peaks = np.flatnonzero(rising & (inner > np.maximum(_THRESHOLD_SD * spread[1:-1], least))) + 1
    peaks = _higher_of_neighbours(peaks, wave, round(_REFRACTORY_S * sampling_rate))
    before, at, after = wave[peaks - 1], wave[peaks], wave[peaks + 1]
    bend = before - 2 * at + after
    offset = np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, 1.0), 0.0)
    times_s = (peaks + offset) / sampling_rate
    ibi_s = np.diff(times_s)
    good = _plausible(ibi_s)
    successive = np.concatenate([[False], good[1:] & good[:-1]]) if good.size else good
    return Beats(times_s, at, ibi_s[good], times_s[1:][good], successive[good])


def _local_sd(wave: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Standard deviation over a centred window; the edges use the part that is there."""
    total = np.concatenate([[0.0], np.cumsum(wave)])
    square = np.concatenate([[0.0], np.cumsum(wave**2)])
    index = np.arange(wave.size)
    low = np.maximum(index - width // 2, 0)
    high = np.minimum(index + width // 2 + 1, wave.size)
    count = high - low
    mean = (total[high] - total[low]) / count
    return np.asarray(np.sqrt(np.maximum((square[high] - square[low]) / count - mean**2, 0.0)))


def _higher_of_neighbours(
    peaks: NDArray[np.int64], wave: NDArray[np.float64], distance: int
) -> NDArray[np.int64]:
    """Keep the higher of two peaks that are closer than a distance, from left to right."""
    kept: list[int] = []
    for peak in peaks.tolist():
        if kept and peak - kept[-1] < distance:
            if wave[peak] > wave[kept[-1]]:
                kept[-1] = peak
        else:
            kept.append(peak)
    return np.array(kept, dtype=np.int64)


def _plausible(ibi_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell intervals that a heart could have made from artefacts."""
    low, high = _IBI_RANGE_S
    good = (ibi_s >= low) & (ibi_s <= high)
    if ibi_s.size < 3:
        return np.zeros_like(good)
    padded = np.pad(np.where(good, ibi_s, np.nan), 2, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, 5)
    typical = np.full(ibi_s.size, np.nan)
    known = np.isfinite(around).any(axis=1)
    typical[known] = np.nanmedian(around[known], axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray(good & (np.abs(ibi_s - typical) <= _IBI_CHANGE * typical))


def heart_features(beats: Beats, window_s: float) -> dict[str, float]:
    """Describe heart rate and its variability in one window.

    Parameters
    ----------
    beats : Beats
        Of the window.
    window_s : float
        Its length.

    Returns
    -------
    dict of str to float
        ``hr_mean``, ``hr_median``, ``hr_p10``, ``hr_p90`` and ``hr_sd`` (1/min), ``hr_slope``
        (1/min per min), ``hrv_sdnn`` and ``hrv_rmssd`` (ms) and ``hrv_pnn50`` as named by Task
        Force 1996 (doi 10.1161/01.CIR.93.5.1043), ``hrv_masd`` (natural logarithm of the median
        absolute successive difference, ms: the share of a missed beat in it is one in n, not one
        squared), ``ibi_coverage`` (share of the window spanned by accepted intervals),
        ``bvp_amplitude`` (logarithm of the median height) and ``bvp_amplitude_cv``. NaN with
        fewer than ten accepted intervals.
    """
    features = dict.fromkeys(HEART_FEATURES, float("nan"))
    ibi = beats.ibi_s
    features["ibi_coverage"] = float(min(1.0, ibi.sum() / window_s))
    if ibi.size < 10:
        return features
    rate = 60.0 / ibi
    time_min = (beats.ibi_end_s - beats.ibi_end_s.mean()) / 60
    height = np.maximum(beats.height, _LEAST_HEIGHT)
    p10, p90 = np.quantile(rate, [0.1, 0.9])
    features |= {
        "hr_mean": float(60.0 / ibi.mean()),
        "hr_median": float(60.0 / np.median(ibi)),
        "hr_p10": float(p10),
        "hr_p90": float(p90),
        "hr_sd": float(rate.std(ddof=1)),
        "hr_slope": float((time_min @ (rate - rate.mean())) / (time_min @ time_min)),
        "hrv_sdnn": float(1000 * ibi.std(ddof=1)),
        "bvp_amplitude": float(np.log(np.median(height))),
        "bvp_amplitude_cv": float(height.std() / height.mean()),
    }
    steps_ms = np.abs(1000 * np.diff(ibi)[beats.successive[1:]])
    if steps_ms.size >= 5:
        features["hrv_rmssd"] = float(np.sqrt(np.mean(steps_ms**2)))
        features["hrv_pnn50"] = float(np.mean(steps_ms > 50))
        features["hrv_masd"] = float(np.log(max(np.median(steps_ms), 1.0)))
    return features
