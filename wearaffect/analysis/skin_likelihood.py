"""The likelihood of a skin conductance signal as a function of the skin, and its maximum."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from wearaffect.analysis.skin_filter import SkinMatrices, log_densities
from wearaffect.analysis.skin_model import SkinModel, matrices
from wearaffect.physiology.eda import PRIORS, Prior

__all__ = ["FAST", "NAMES", "Evidence", "Maximum", "log_normal"]

Array = NDArray[np.float64]

NAMES = (
    "fast_s", "rise_s", "slow_s", "tonic_ratio", "bursts_hz", "size_us", "noise_us", "drift_us",
    "level_us",
)  # fmt: skip
FAST, _RISE, _BURSTS, _NOISE = map(NAMES.index, ("fast_s", "rise_s", "bursts_hz", "noise_us"))

# Where a search may go; the rest within factors of where it starts. t1 ≤ t2/2 as in doi
# 10.1371/journal.pcbi.1010275; t2 in twice the range of doi 10.3389/fnins.2019.00780.
_LOWEST_S = {"fast_s": 1.0, "rise_s": 0.15, "slow_s": 20.0}
_HIGHEST_S = {"fast_s": 10.0, "rise_s": 1.5, "slow_s": 600.0}
_MOST_FACTOR = np.exp(6.0)
_MOST_BURSTS_HZ = 1.0  # they come at least a second apart, as there
_MOST_RISE = 0.5  # of t2
# A search starts from skins with far too much noise, whose likelihood is wide.
_STARTS = ((1.6, 2.4, 3.6, 5.4), (0.4, 0.8), (0.07, 0.3))
_BLUNT = 1.5  # logarithm of how much
_NUDGE = 1e-4  # of a logarithm, for slopes
_LONGEST_STEP = 0.7  # of a logarithm
_GOOD_ENOUGH = 1e-3  # of the log likelihood
_MOST_STEPS = 80
_FAR_STEPS = 12


def log_normal(prior: Prior) -> tuple[float, float]:
    """Give mean and standard deviation of the logarithm of a log-normal with the same moments."""
    variance = float(np.log1p((prior.sd / prior.mean) ** 2))
    return float(np.log(prior.mean)) - variance / 2, variance**0.5


@dataclass(frozen=True, slots=True, eq=False)
class Maximum:
    """A maximum of the likelihood.

    Attributes
    ----------
    at : numpy.ndarray, (n_names,)
        Logarithms of what `NAMES` says.
    value : float
        Log likelihood with the priors of all but t2.
    scores : numpy.ndarray, (n, n_names)
        Slope of each sample's log density.
    curvature : numpy.ndarray, (n_names, n_names)
        As far as the search learnt it.
    converged : bool
        The search came to rest.
    """

    at: Array
    value: float
    scores: Array
    curvature: Array
    converged: bool


class Evidence:
    """A signal, and what is believed of a skin before it is seen, all but t2.

    Parameters
    ----------
    eda : numpy.ndarray, (n,)
        Skin conductance, µS, with changes of which something is known; NaN where it is missing.
    step_s : float
        Between samples, seconds.

    Notes
    -----
    t1 and t3 have log-normal priors with the moments of doi 10.1371/journal.pcbi.1010275: 4 Hz
    barely resolves the one and ten minutes the other. The rest have wide ones about what the
    signal's changes suggest (engineering choices).
    """

    def __init__(self, eda: Array, step_s: float) -> None:
        self.eda, self.step_s = eda, step_s
        known = eda[np.isfinite(eda)]
        self._first, self._scale = float(known[0]), float(known.std())
        second_s = max(round(1 / step_s), 1)
        usual = max(_size(eda[second_s:] - eda[:-second_s], np.mean), 1e-3 * self._scale)
        # the noise of a sample is a 6th of the variance of second differences; it starts well above
        noise = max(_size(np.diff(eda, 2), np.median) / (0.6745 * 6**0.5), 1e-3 * usual)
        rise, slow = log_normal(PRIORS["rise_s"]), log_normal(PRIORS["slow_s"])
        guesses = [0.3, 0.1, 2 * usual, noise, 0.02 * usual, 0.2 * usual]
        start = np.log([PRIORS["fast_s"].mean, 1.0, 1.0, *guesses])
        start[1], start[2] = rise[0], slow[0]
        self.centre: Array = start
        spread = np.array([np.inf, rise[1], slow[1], 1.5, 1.0, 1.5, 1.0, 2.0, 2.0])
        self.precision: Array = spread**-2.0
        bounds = np.stack([start - np.log(_MOST_FACTOR), start + np.log(_MOST_FACTOR)])
        for i, name in enumerate(NAMES[:3]):
            bounds[:, i] = np.log([_LOWEST_S[name], _HIGHEST_S[name]])
        bounds[1, _BURSTS] = np.log(_MOST_BURSTS_HZ)
        self.bounds: Array = bounds

    def model(self, at: Array) -> SkinModel:
        """Give the skin at a point, logarithms, (n_names,)."""
        values = dict(zip(NAMES, np.exp(at).tolist(), strict=True))
        values["rise_s"] = min(values["rise_s"], _MOST_RISE * values["fast_s"])
        return SkinModel(**values)

    def matrices(self, at: Array) -> SkinMatrices:
        """Give what the filter runs on at a point."""
        return matrices(self.model(at), self.step_s, self._first, self._scale)

    def densities(self, at: Array) -> Array:
        """Give the log density of each sample, (n,)."""
        return log_densities(self.eda, self.matrices(at))

    def on_bounds(self, at: Array) -> tuple[str, ...]:
        """Name the limits of physiology on which a skin lies, t2's apart."""
        tight = 1e-3
        high = at[_RISE] >= at[FAST] + np.log(_MOST_RISE) - tight
        found = {
            "rise_s": high or not _inside(at[_RISE], self.bounds[:, _RISE], tight),
            "bursts_hz": not _inside(at[_BURSTS], self.bounds[:, _BURSTS], tight),
        }
        return tuple(name for name, there in found.items() if there)

    def best(self) -> Maximum:
        """Climb from the best two of sixteen skins."""
        starts = [self._start(*place) for place in product(*_STARTS)]
        starts.sort(key=self.value, reverse=True)
        everything = np.arange(len(NAMES))
        return max((self.maximum(s, everything) for s in starts[:2]), key=lambda top: top.value)

    def _start(self, fast_s: float, rise_s: float, bursts_hz: float) -> Array:
        start = self.centre.copy()
        start[[FAST, _RISE, _BURSTS]] = np.log([fast_s, rise_s, bursts_hz])
        start[_NOISE] += _BLUNT
        return start

    def value(self, at: Array) -> float:
        """Give the log likelihood with the priors of all but t2."""
        return float(self.densities(at).sum() + self._prior(at))

    def maximum(
        self, start: Array, free: NDArray[np.intp], curvature: Array | None = None
    ) -> Maximum:
        """Climb from a point along some of its coordinates, with the curvature there if known.

        Newton's steps. The curvature is that of the products of the scores (Berndt et al. 1974)
        while far off, and from there on learnt from how the slope changes (BFGS), as the products
        mislead where the model doesn't hold.
        """
        at = np.clip(start, *self.bounds)
        value, slope, scores = self._climbed(at, free)
        n_up, rest, damping = (0, 0, 1e-2) if curvature is None else (_FAR_STEPS, 1, 0.0)
        curvature = self._products(scores) if curvature is None else curvature.copy()
        for _ in range(_MOST_STEPS):
            step = self._step(at, slope, curvature, free, damping)
            gain = float(slope @ step)
            rest = rest + 1 if gain < _GOOD_ENOUGH else 0
            if rest > 1 or damping > 1e4:
                return Maximum(at, value, scores, curvature, converged=True)
            if self.value(at + step) < value:
                damping = max(10 * damping, 1e-2)
                continue
            at, damping, before, n_up = at + step, damping / 10, slope, n_up + 1
            value, slope, scores = self._climbed(at, free)
            if n_up <= _FAR_STEPS:
                curvature = self._products(scores)
            else:
                _learn(curvature, step, before - slope)
        return Maximum(at, value, scores, curvature, converged=False)

    def _climbed(self, at: Array, free: NDArray[np.intp]) -> tuple[float, Array, Array]:
        """Give value, slope (n_names,) and scores (n, n_names); zero along what isn't free."""
        here = self.densities(at)
        scores = np.zeros((here.size, at.size))
        for i in free:
            moved = at.copy()
            moved[i] += _NUDGE
            scores[:, i] = (self.densities(moved) - here) / _NUDGE
        slope = scores.sum(axis=0)
        slope[free] -= (self.precision * (at - self.centre))[free]
        return float(here.sum()) + self._prior(at), slope, scores

    def _products(self, scores: Array) -> Array:
        return scores.T @ scores + np.diag(self.precision)

    def _step(
        self, at: Array, slope: Array, curvature: Array, free: NDArray[np.intp], damping: float
    ) -> Array:
        """Give a step up that stays inside the bounds."""
        low, high = self.bounds
        stuck = ((at <= low) & (slope < 0)) | ((at >= high) & (slope > 0))
        move = free[~stuck[free]]
        bent = curvature[np.ix_(move, move)]
        bent = bent + np.diag(damping * np.diag(bent) + 1e-9)
        step = np.zeros(at.size)
        step[move] = np.linalg.solve(bent, slope[move])
        step *= min(1.0, _LONGEST_STEP / max(float(np.abs(step).max(initial=0.0)), 1e-300))
        return np.asarray(np.clip(at + step, low, high) - at)

    def _prior(self, at: Array) -> float:
        return float(-0.5 * np.sum(self.precision * (at - self.centre) ** 2))


def _size(changes: Array, centre: Callable[..., np.floating]) -> float:
    """Give the root of the mean or median square of what is known of them."""
    known = changes[np.isfinite(changes)] ** 2
    return float(np.sqrt(centre(known))) if known.size else 0.0


def _inside(value: float, bounds: Array, tight: float) -> bool:
    return bool(bounds[0] + tight < value < bounds[1] - tight)


def _learn(curvature: Array, step: Array, change: Array) -> None:
    """Make the curvature one that explains how the slope changed over a step, in place."""
    along, pushed = float(step @ change), curvature @ step
    if along > 1e-8 * float(step @ pushed) > 0:
        curvature += np.outer(change, change) / along
        curvature -= np.outer(pushed, pushed) / float(step @ pushed)
