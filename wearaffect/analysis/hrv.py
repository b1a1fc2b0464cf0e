"""Heart rate variability at the desk: of a recording, and of every window in it.

Time domain and frequency domain live in modules of their own; their names are offered here.
"""

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wearaffect.analysis.hrv_frequency import (
    HRV_FREQUENCY,
    frequency_figures,
    hrv_frequency,
    hrv_frequency_welch,
)
from wearaffect.analysis.hrv_time import HRV_TIME, hrv_time, tachogram, time_figures
from wearaffect.analysis.ranges import ranges_of_windows
from wearaffect.core.errors import MissingExtraError

__all__ = [
    "HRV_FREQUENCY",
    "HRV_TIME",
    "hrv_frequency",
    "hrv_frequency_welch",
    "hrv_in_windows",
    "hrv_nonlinear",
    "hrv_time",
]

_LEAST_NONLINEAR = 10  # below, most of the set is undefined; engineering choice


def hrv_in_windows(
    beat_times_s: ArrayLike,
    starts_s: ArrayLike,
    window_s: float,
    *,
    usable: ArrayLike | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Describe heart rate variability in many windows at once.

    Parameters
    ----------
    beat_times_s : array_like, (n_beats,)
        Ascending; seconds on the clock of `starts_s`.
    starts_s : array_like, (n_windows,)
        Start of each window; in any order.
    window_s : float
        Length of every window, > 0.
    usable : array_like, (n_beats - 1,), bool, optional
        Which intervals count; all by default.

    Returns
    -------
    dict of str to numpy.ndarray, (n_windows,)
        The columns of `hrv_time` and `hrv_frequency`, equal to what these give for the beats in
        ``[start, start + window_s)``, with ``window_s`` passed to the latter. NaN in windows with
        fewer than three beats.

    Raises
    ------
    ValueError
        Beats that don't ascend or aren't finite, a flag too many or too few, a start that isn't
        finite, or a window that isn't positive.

    Notes
    -----
    What makes sense depends on the length (Task Force 1996, doi 10.1161/01.CIR.93.5.1043). In 60 s:
    means, quantiles, ``hrv_rmssd``, ``hrv_sdsd``, ``hrv_pnn20``, ``hrv_pnn50``, ``hrv_madnn``,
    ``hrv_iqrnn``, ``hrv_hf``; ``hrv_sdnn`` compares only between windows of equal length. From
    120 s: ``hrv_lf`` and its ratios. From 150 s: ``hrv_sdann1``, ``hrv_sdnni1`` (NaN before). From
    20 min: ``hrv_hti``, ``hrv_tinn``, ``hrv_vlf``. ``hrv_ulf`` is NaN below 167 s and needs a day.

    The work grows with beats and with windows that hold different beats: at a hop of 0.25 s a third
    of them hold the same as the one before, and are computed once. A window has the same bits
    whatever other windows are asked for.
    """
    beats = tachogram(beat_times_s, usable)
    times = np.asarray(beat_times_s, dtype=np.float64)
    first, last, where = ranges_of_windows(times, starts_s, window_s)
    figures = time_figures(beats, first, last) | frequency_figures(beats, first, last, window_s)
    return {name: values[where] for name, values in figures.items()}


def hrv_nonlinear(beat_times_s: ArrayLike, *, usable: ArrayLike | None = None) -> dict[str, float]:
    """Describe heart rate variability by NeuroKit2's non-linear set.

    Parameters
    ----------
    beat_times_s : array_like, (n_beats,)
        Ascending; seconds from the start of the recording.
    usable : array_like, (n_beats - 1,), bool, optional
        Which intervals count; all by default.

    Returns
    -------
    dict of str to float
        NeuroKit2's columns in lower case: Poincaré plot (``hrv_sd1``, ``hrv_sd2``, ...),
        fluctuation analysis, entropies, fractal dimensions (Pham et al. 2021, doi
        10.3390/s21123998). Five minutes of beats take about a second, an hour takes very long.

    Raises
    ------
    ValueError
        Beats that don't ascend or aren't finite, a flag too many or too few, or fewer than ten
        intervals.
    MissingExtraError
        NeuroKit2 isn't installed: ``pip install 'wearaffect[neurokit]'``.
    """
    beats = tachogram(beat_times_s, usable)
    if beats.ms.size < _LEAST_NONLINEAR:
        msg = f"expected at least {_LEAST_NONLINEAR} intervals, got {beats.ms.size}"
        raise ValueError(msg)
    try:
        import neurokit2
    except ImportError as error:
        raise MissingExtraError("neurokit", "non-linear heart rate variability") from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says in warnings what it says by NaN
        table = neurokit2.hrv_nonlinear({"RRI": beats.ms, "RRI_Time": beats.end_s})
    return {str(name).lower(): float(table[name].iloc[0]) for name in table}
