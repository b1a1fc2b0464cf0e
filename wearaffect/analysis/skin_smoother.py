"""States, bursts and missing samples of a skin, given the whole signal and when the bursts came.

Once the instants are known the skin is linear and Gaussian: a Kalman filter and the smoother of
Rauch, Tung & Striebel 1965 (doi 10.2514/3.3166).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wearaffect.analysis.skin_filter import Passed, SkinMatrices, run_filter

__all__ = ["SmoothedSkin", "smooth"]

Array = NDArray[np.float64]

_LIKELY = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class SmoothedSkin:
    """What is known of a skin once all is seen.

    Attributes
    ----------
    tonic, phasic : numpy.ndarray, (n,)
        x3 and x2, µS.
    spread : numpy.ndarray, (n,)
        Standard deviation of their sum, µS.
    steps : numpy.ndarray, (n_bursts,), int
        The sample that ends the step of each burst.
    instants : numpy.ndarray, (n_bursts,)
        When in that step, 0 to 1.
    sizes_us : numpy.ndarray, (n_bursts,)
        Phasic µS, ≥ 0.
    rank : numpy.ndarray, (n,)
        Of each sample among what was expected of it; NaN where missing.
    """

    tonic: Array
    phasic: Array
    spread: Array
    steps: NDArray[np.intp]
    instants: Array
    sizes_us: Array
    rank: Array


def smooth(eda: Array, skin: SkinMatrices) -> SmoothedSkin:
    """Find the bursts, then the states.

    Parameters
    ----------
    eda : numpy.ndarray, (n,)
        Skin conductance, µS; NaN where it is missing, which is filled in.
    skin : SkinMatrices
        The skin.
    """
    n, n_instants = eda.size, skin.bursts.shape[0]
    passed = Passed(np.zeros(n), np.zeros(n), np.zeros((n, n_instants)))
    run_filter(eda, skin, passed)
    seen = np.isfinite(eda)
    chance = passed.instants.sum(axis=1)
    before, after = np.append(0.0, chance[:-1]), np.append(chance[1:], 0.0)
    # one near the border of two steps is told by both
    likely = (before + chance + after > _LIKELY) & (chance >= before) & (chance > after)
    steps = np.flatnonzero(likely & seen)
    within = passed.instants[steps] / chance[steps, None]
    towards = np.tile(skin.bursts.mean(axis=0), (n, 1))
    towards[steps] = within @ skin.bursts
    # what a step brings: a burst for sure, or where nobody looked, perhaps
    mean, var = np.where(seen, 0.0, skin.chance * skin.size_us), np.zeros(n)
    var[~seen] = skin.chance * (2 - skin.chance) * skin.size_us**2
    mean[steps], var[steps] = skin.size_us, skin.size_us**2
    # neither the instant is known to the last, nor where between two of them
    blur = np.zeros((n, 4, 4))
    off = skin.bursts - towards[steps, None]
    between = within @ np.gradient(skin.bursts, axis=0) / 12**0.5
    squares = np.einsum("bj,bji,bjk->bik", within, off, off)
    squares += between[:, :, None] * between[:, None, :]
    blur[steps] = 2 * skin.size_us**2 * squares
    states, spread, bursts = _two_passes(eda, skin, towards, mean, var, blur)
    places = (np.arange(n_instants) + 0.5) / n_instants
    return SmoothedSkin(
        tonic=states[:, 2],
        phasic=states[:, 1],
        spread=spread,
        steps=steps,
        instants=within @ places,
        sizes_us=np.maximum(bursts[steps], 0.0),
        rank=passed.rank,
    )


def _two_passes(
    eda: Array, skin: SkinMatrices, towards: Array, mean: Array, var: Array, blur: Array
) -> tuple[Array, Array, Array]:
    """Give states (n, 4), spread of the conductance (n,) and bursts (n,)."""
    A, n = _transition(skin), eda.size
    x, P = skin.start[:4].copy(), _symmetric(skin.start[4:])
    noise = skin.noise_us**2
    wander = np.diag([0.0, 0.0, *skin.wander])
    expected, known = np.empty((n, 4)), np.empty((n, 4))
    expected_cov, known_cov = np.empty((n, 4, 4)), np.empty((n, 4, 4))
    for k in range(n):
        x = A @ x + mean[k] * towards[k]
        P = A @ P @ A.T + wander + blur[k] + var[k] * np.outer(towards[k], towards[k])
        expected[k], expected_cov[k] = x, P
        if np.isfinite(eda[k]):
            seen = P[:, 1] + P[:, 2]
            spread = seen[1] + seen[2] + noise
            x = x + seen * ((eda[k] - x[1] - x[2]) / spread)
            P = P - np.outer(seen, seen) / spread
        known[k], known_cov[k] = x, P
    # states differ in size and some are known exactly: scaled, and lifted by rounding
    scale = np.sqrt(np.maximum(np.einsum("kii->ki", expected_cov), 1e-30))
    lifted = expected_cov / (scale[:, :, None] * scale[:, None, :]) + 1e-10 * np.eye(4)
    inverse = np.linalg.inv(lifted) / (scale[:, :, None] * scale[:, None, :])
    back = known_cov[:-1] @ A.T @ inverse[1:]
    states, cov = known.copy(), known_cov.copy()
    for k in range(n - 2, -1, -1):
        states[k] += back[k] @ (states[k + 1] - expected[k + 1])
        cov[k] += back[k] @ (cov[k + 1] - expected_cov[k + 1]) @ back[k].T
    moved = np.einsum("kij,kj->ki", inverse, states - expected)
    bursts = mean + var * np.sum(towards * moved, axis=1)
    shown = cov[:, 1, 1] + cov[:, 2, 2] + 2 * cov[:, 1, 2]
    return states, np.sqrt(np.maximum(shown, 0.0)), bursts


def _transition(skin: SkinMatrices) -> Array:
    A = np.diag([*skin.decay, 1.0])
    A[1:3, 0] = skin.passed_on
    A[2, 3] = 1 - skin.decay[2]
    return A


def _symmetric(entries: Array) -> Array:
    P = np.zeros((4, 4))
    P[np.triu_indices(4)] = entries
    return P + np.triu(P, 1).T
