"""The profile of the likelihood over t2, its interval, and the rule for showing what it says."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import PchipInterpolator
from scipy.stats import chi2

from wearaffect.analysis.skin_likelihood import FAST, NAMES, Evidence, Maximum, log_normal
from wearaffect.physiology.eda import PRIORS

__all__ = ["Estimate", "agreement", "profile"]

Array = NDArray[np.float64]

_REACH = (-3.0, -2.0, -1.0, 1.0, 2.0, 3.0)  # of the profile, in expected standard deviations
_BLOCK_S = 30.0  # within it scores may be correlated; ten fast time constants
_DROP = float(chi2.ppf(0.95, 1))
_PRIOR_SHARE = 0.5
_FLAT = 1.0  # curvature over log t2 below which t2 may be anything from 1 to 10 s


@dataclass(frozen=True, slots=True)
class Estimate:
    """A time constant with what is known of it.

    Attributes
    ----------
    value : float
        Where the likelihood is highest, seconds.
    ci95 : tuple of float
        Where the tempered profile has dropped by 1.92, seconds.
    posterior_sd : float
        Under the tempered profile and the log-normal prior over people, seconds.
    prior_sd : float
        Over people, seconds.
    interior : bool
        The profile falls on both sides before it meets the bounds of the search.
    on_bounds : tuple of str
        Other parameters that ended on a limit of physiology: the rise (t1 = t2/2) or the number of
        bursts (one a second). Such a solution is rejected, as in doi 10.3389/fnins.2019.00780.
    tempering : float
        By how much the scores of 30 s vary more than the curvature says, ≥ 1; the log likelihood
        was divided by it. Infinite where the profile is flat.
    """

    value: float
    ci95: tuple[float, float]
    posterior_sd: float
    prior_sd: float
    interior: bool
    on_bounds: tuple[str, ...]
    tempering: float

    @property
    def identifiable(self) -> bool:
        """Whether this signal tells more of the person than that they are one.

        To be shown, the halves of people's recordings must also agree: see `agreement`.
        """
        inside = self.interior and not self.on_bounds
        return inside and self.posterior_sd <= _PRIOR_SHARE * self.prior_sd


def profile(evidence: Evidence, top: Maximum, again: int = 2) -> tuple[Estimate, Maximum]:
    """Follow the likelihood to both sides of its maximum, the rest of the skin free.

    Parameters
    ----------
    evidence : Evidence
        The signal.
    top : Maximum
        Over all parameters.
    again : int
        How often to start over from a higher maximum.

    Returns
    -------
    Estimate
        Of t2.
    Maximum
        The maximum, or a higher one that lay on the way.
    """
    sides = _sides(evidence, top)
    best = max(sides, key=lambda side: side.value)
    if again and best.value > top.value + 0.1:
        return profile(evidence, evidence.maximum(best.at, np.arange(len(NAMES))), again - 1)
    places = {point.at[FAST]: point for point in (*sides, top)}
    points = [places[t2] for t2 in sorted(places)]
    tempering = _tempering(evidence, top, points)
    return _estimate(evidence, top, points, tempering), top


def agreement(first: ArrayLike, second: ArrayLike) -> float:
    """Give the intraclass correlation of two halves: agreement of single values, one way.

    Parameters
    ----------
    first, second : array_like, (n_people,)
        A person's value from either half; a NaN leaves the person out.

    Returns
    -------
    float
        ICC(1, 1) of Shrout & Fleiss 1979, doi 10.1037/0033-2909.86.2.420; NaN below three people.

    Raises
    ------
    ValueError
        The halves aren't of the same people.
    """
    pairs = np.stack([np.asarray(first, dtype=float), np.asarray(second, dtype=float)], axis=-1)
    pairs = pairs[np.isfinite(pairs).all(axis=-1)]
    if pairs.ndim != 2 or len(pairs) < 3:
        return float("nan")
    between = 2 * float(pairs.mean(axis=1).var(ddof=1))
    within = float(pairs.var(axis=1, ddof=1).mean())
    return (between - within) / (between + within) if between + within > 0 else float("nan")


def _sides(evidence: Evidence, top: Maximum) -> list[Maximum]:
    """Maximise over the rest at t2 to both sides."""
    others = np.array([i for i in range(len(NAMES)) if i != FAST])
    inverse = np.linalg.pinv(top.curvature)
    variance = min(max(float(inverse[FAST, FAST]), 1e-8), 1.0)
    along = inverse[:, FAST] / variance  # how the rest goes with t2
    deviation = variance**0.5
    low, high = evidence.bounds[:, FAST]
    sides = []
    for reach in _REACH:
        to = np.clip(top.at[FAST] + reach * deviation, low, high)
        if to != top.at[FAST]:
            start = top.at + along * (to - top.at[FAST])
            start[FAST] = to
            sides.append(evidence.maximum(start, others, top.curvature))
    return sides


def _tempering(evidence: Evidence, top: Maximum, points: Sequence[Maximum]) -> float:
    """Compare the spread of the scores over blocks of time with the curvature of the profile."""
    sides = [point for point in points if point is not top]
    if not sides:
        return np.inf
    near = sorted(sides, key=lambda side: abs(side.at[FAST] - top.at[FAST]))[:2]
    off = np.array([side.at[FAST] for side in near]) - top.at[FAST]
    path = off @ np.array([side.at - top.at for side in near]) / (off @ off)
    drop = np.array([top.value - side.value for side in near])
    bend = 2 * float(off**2 @ drop / np.sum(off**4))
    size = max(round(_BLOCK_S / evidence.step_s), 1)
    scores = top.scores @ path
    blocks = np.add.reduceat(scores, np.arange(0, scores.size, size))
    spread = float(np.sum((blocks - blocks.mean()) ** 2))
    return max(spread / bend, 1.0) if bend > _FLAT else np.inf


def _estimate(
    evidence: Evidence, top: Maximum, points: Sequence[Maximum], tempering: float
) -> Estimate:
    t2 = np.array([point.at[FAST] for point in points])
    drop = 2 * np.maximum([top.value - point.value for point in points], 0.0) / tempering
    root = np.maximum.accumulate(np.sign(t2 - top.at[FAST]) * np.sqrt(drop))
    low, high = evidence.bounds[:, FAST]
    grid = np.linspace(low, high, 20_001)
    along = _extended(t2, root, grid)
    inside = grid[along**2 <= _DROP]
    mean, sd = log_normal(PRIORS["fast_s"])
    log_weight = -0.5 * along**2 - 0.5 * ((grid - mean) / sd) ** 2
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    seconds = np.exp(grid)
    centre = float(weight @ seconds)
    edges = (float(inside[0]), float(inside[-1])) if inside.size else (top.at[FAST],) * 2
    return Estimate(
        value=float(np.exp(top.at[FAST])),
        ci95=(float(np.exp(edges[0])), float(np.exp(edges[1]))),
        posterior_sd=float(np.sqrt(weight @ (seconds - centre) ** 2)),
        prior_sd=PRIORS["fast_s"].sd,
        interior=bool(inside.size and low < edges[0] and edges[1] < high),
        on_bounds=evidence.on_bounds(top.at),
        tempering=tempering,
    )


def _extended(t2: Array, root: Array, grid: Array) -> Array:
    """Give the signed root of the drop between the points, and on straight lines beyond them."""
    if t2.size < 2:
        return np.zeros(grid.size)
    inner = PchipInterpolator(t2, root)
    values = np.asarray(inner(np.clip(grid, t2[0], t2[-1])))
    for end, outside in ((0, grid < t2[0]), (-1, grid > t2[-1])):
        slope = (root[-1] - root[0]) / (t2[-1] - t2[0])
        values[outside] += slope * (grid[outside] - t2[end])
    return values
