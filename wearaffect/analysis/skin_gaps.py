"""Missing skin conductance filled in by a skin fitted to the rest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wearaffect.analysis.skin_fit import SkinFit, fit_skin

__all__ = ["FilledGaps", "fill_gaps"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FilledGaps:
    """A signal without gaps.

    Attributes
    ----------
    eda : numpy.ndarray, (n,)
        What was measured, and what is expected where nothing was, µS.
    spread_us : numpy.ndarray, (n,)
        Standard deviation of what was filled in, 0 elsewhere, µS.
    filled : numpy.ndarray, (n,), bool
        Where.
    fit : SkinFit
        The skin.
    """

    eda: Array
    spread_us: Array
    filled: NDArray[np.bool_]
    fit: SkinFit


def fill_gaps(eda: ArrayLike, sampling_rate: float) -> FilledGaps:
    """Fill gaps in skin conductance with the mean of the fitted skin given both sides.

    Parameters
    ----------
    eda : array_like, (n,)
        µS; NaN where it is missing.
    sampling_rate : float
        Hz, 2 to 32.

    Returns
    -------
    FilledGaps
        With its spread, which covers. As a value it is no gain: on real gaps of 5 to 30 s a
        straight line was nearer for all people (benchmarks/gap_filling.py).

    Raises
    ------
    SignalError, ValueError
        See `fit_skin`.
    """
    fit = fit_skin(eda, sampling_rate)
    signal = np.asarray(eda, dtype=np.float64)
    missing = ~np.isfinite(signal)
    return FilledGaps(
        eda=np.where(missing, fit.tonic + fit.phasic, signal),
        spread_us=np.where(missing, fit.spread_us, 0.0),
        filled=missing,
        fit=fit,
    )
