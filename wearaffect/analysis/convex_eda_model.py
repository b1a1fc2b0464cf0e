"""The model behind convex EDA: its constants, its boundaries, and the problem they make.

Source: Greco et al. 2016, doi 10.1109/TBME.2015.2474131.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from wearaffect.analysis.moving_front import COLUMNS, WIDTH, Problem

__all__ = ["Boundary", "ConvexEdaSettings", "convex_problem", "knot_distance"]

Array = NDArray[np.float64]


class Boundary(Enum):
    """How the model begins and ends; both are in use, and differ by per cents of the phasic part.

    Attributes
    ----------
    PUBLISHED_2015
        The state before the signal is free, the first two samples have no response, and no spline
        has its knot past the last sample. neurokit2 and BioSPPy carry this one.
    REVISED_2025
        The skin is at rest before the signal, and a spline may have its knot up to half an interval
        past it. The authors' package since 1.1.
    """

    PUBLISHED_2015 = "2015"
    REVISED_2025 = "2025"


@dataclass(frozen=True, slots=True)
class ConvexEdaSettings:
    """Constants of the model.

    Attributes
    ----------
    slow_s, rise_s : float
        Time constants of the response, seconds, 0 < rise_s < slow_s; 2.0 and 0.7 in
        doi 10.1109/TBME.2015.2474131.
    knot_s : float
        Distance of the knots of the tonic part, seconds; 10 in the paper.
    alpha : float
        Price of the driver, > 0; 8e-4 in the paper.
    gamma : float
        Price of the spline coefficients, > 0; 1e-2 in the paper.
    standardise : bool
        The signal is divided by its standard deviation while it is decomposed, as the paper's
        authors recommend: twice the signal then has twice the parts. Without it `alpha` counts in
        the unit of the signal, as in neurokit2, and a weak signal has hardly any phasic part.

    Raises
    ------
    ValueError
        A value is out of its range.
    """

    slow_s: float = 2.0
    rise_s: float = 0.7
    knot_s: float = 10.0
    alpha: float = 8e-4
    gamma: float = 1e-2
    standardise: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.rise_s < self.slow_s < np.inf:
            msg = f"expected 0 < rise_s < slow_s in seconds, got {self.rise_s}, {self.slow_s}"
            raise ValueError(msg)
        for name in ("knot_s", "alpha", "gamma"):
            value = getattr(self, name)
            if not 0 < value < np.inf:
                msg = f"expected {name} > 0, got {value}"
                raise ValueError(msg)


def knot_distance(model: ConvexEdaSettings, sampling_rate: float) -> int:
    """Give the distance of knots in whole samples, as the published packages round it."""
    return max(round(model.knot_s * sampling_rate), 2)


def convex_problem(
    level: Array,
    sampling_rate: float,
    boundary: Boundary,
    model: ConvexEdaSettings,
    alpha: float,
) -> tuple[Problem, float]:
    """Write the problem of a gap-free signal in scaled quantities.

    Parameters
    ----------
    level : numpy.ndarray, (n,)
        Signal of about unit variance; n is at least a knot's distance.
    sampling_rate : float
        Hz.
    boundary : Boundary
        How the model begins and ends.
    model : ConvexEdaSettings
        Constants of the model.
    alpha : float
        Price of the driver of this signal.

    Returns
    -------
    problem : Problem
        With the driver scaled so that the recursion's first coefficient is one: at high rates the
        published coefficients grow with the square of the rate.
    driver_unit : float
        Scaled driver that stands for one unit of driver.
    """
    step_s = 1 / sampling_rate
    slow, fast = step_s / model.slow_s, step_s / model.rise_s
    # the bilinear transform of exp(-t / slow_s) - exp(-t / rise_s)
    newest = (fast + 2) * (slow + 2)
    driver_unit = (fast - slow) * step_s / newest
    width = knot_distance(model, sampling_rate)
    pattern = _pattern(width)
    n_intervals = -(-level.size // width)
    full = level.size - (n_intervals - 1) * width
    padded = np.zeros(n_intervals * width)
    padded[: level.size] = level
    if boundary is Boundary.PUBLISHED_2015:
        first, n_splines = 2, n_intervals
    else:
        first, n_splines = 0, -(-(2 * level.size + width) // (2 * width))
    return Problem(
        level=level,
        pattern=pattern,
        gram=np.stack([_products(pattern), _products(pattern[:full])]),
        moments=-np.einsum("jk,kc->jc", padded.reshape(n_intervals, width), pattern[:, :COLUMNS]),
        older=(2 * fast * slow - 8) / newest,
        oldest=(fast - 2) * (slow - 2) / newest,
        sparsity=alpha / driver_unit,
        ridge=model.gamma,
        first=first,
        n_splines=n_splines,
    ), driver_unit


def _pattern(width: int) -> Array:
    """Give spline j - 1 to j + 2, a constant and a ramp over interval j, sampled.

    The spline is the convolution of two sampled triangles, which is piecewise cubic; its peak is 1.
    """
    triangle = np.concatenate([np.arange(1, width), np.arange(width, 0, -1)]).astype(np.float64)
    bump = np.zeros(4 * width)
    bump[2 : 4 * width - 1] = np.convolve(triangle, triangle)
    pattern = np.zeros((width, WIDTH))
    for column in range(4):
        start = (3 - column) * width
        pattern[:, column] = bump[start : start + width] / bump.max()
    pattern[:, 4] = 1.0
    pattern[:, 5] = np.arange(width) / width
    return pattern


def _products(pattern: Array) -> Array:
    """Give the products of six columns with all, row by row."""
    return np.asarray(np.einsum("kr,kc->rc", pattern[:, :COLUMNS], pattern)).ravel()
