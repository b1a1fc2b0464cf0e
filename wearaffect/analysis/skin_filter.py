"""The likelihood of a skin: a linear system that bursts jolt now and then, at any instant.

States, in µS of the conductance that they turn into::

    x1' = -x1/t1 + bursts             sweat on its way
    x2' =  x1/t1 - x2/t2              phasic
    x3' =  k x1/t1 - (x3 - l)/t3      tonic, jolted by white noise
    l'  =  white noise                the level that the tonic state returns to
    y   =  x2 + x3 + noise

This is the model of `wearaffect.physiology.eda` with its gauges fixed: ``k = chi / (1 - chi)``, and
what a steady driver sustains is in l. A burst has an exponential size, and comes at one of a few
instants of a step. When it came is told by two samples, not by one: so the filter carries the skin
without a burst in the last step, and one skin for each instant of a burst in it, and merges them
into a Gaussian of the same two moments a sample later. No two bursts come in adjacent steps.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wearaffect.analysis.compiled import compiled
from wearaffect.analysis.skin_laws import burst_given, log_sum

__all__ = ["Passed", "SkinMatrices", "log_densities", "run_filter"]

Array = NDArray[np.float64]

_NEVER = -1e300  # logarithm of a probability that is too small to follow
_TINY = 1e-250
_FAINT = 1e-14  # probability below which a skin isn't followed: the rounding of the sum


class SkinMatrices(NamedTuple):
    """A skin sampled at a fixed step.

    Attributes
    ----------
    decay : numpy.ndarray, (3,)
        What a step leaves of x1, x2 and x3.
    passed_on : numpy.ndarray, (2,)
        What x1 hands to x2 and to x3 over a step.
    wander : numpy.ndarray, (2,)
        Variance that a step adds to x3 and to l.
    bursts : numpy.ndarray, (n_instants, 4)
        Answer at the end of the step to a burst of 1 µS at each instant.
    blur : numpy.ndarray, (n_instants, 4)
        Standard deviation of that answer per µS that the sample shows of it, as bursts come between
        the instants too.
    chance : float
        Probability of a burst in a step.
    size_us : float
        Mean size of a burst, µS.
    noise_us : float
        Standard deviation of a sample, µS.
    start : numpy.ndarray, (14,)
        Belief before the first sample: the states, and 11 12 13 14 22 23 24 33 34 44 of their
        covariance.
    """

    decay: Array
    passed_on: Array
    wander: Array
    bursts: Array
    blur: Array
    chance: float
    size_us: float
    noise_us: float
    start: Array


class Passed(NamedTuple):
    """What the filter finds at each sample.

    Attributes
    ----------
    log_density : numpy.ndarray, (n,)
        Of each sample given those before; 0 where it is missing.
    rank : numpy.ndarray, (n,)
        Probability of a smaller sample, which is uniform if the model holds; NaN where missing.
    instants : numpy.ndarray, (n, n_instants)
        Probability of a burst at each instant of the step that ends at the sample, given the
        samples until the next one.
    """

    log_density: Array
    rank: Array
    instants: Array


class _Skins(NamedTuple):
    """Skin 0 had no burst in the last step, skin j had one at instant j - 1.

    A row of `belief` is the mean of the four states and the ten different entries of their
    covariance: 11 12 13 14 22 23 24 33 34 44.
    """

    weight: Array
    belief: Array
    log: Array  # of the weight given the sample, not yet normalised
    surprise: Array
    spread: Array
    gain: Array


@compiled
def _predict(skin: SkinMatrices, j: int, skins: _Skins) -> None:
    """Move a skin over a step in which nothing bursts."""
    a, b, c = skin.decay[0], skin.decay[1], skin.decay[2]
    ab, ac, d = skin.passed_on[0], skin.passed_on[1], 1.0 - c
    f = skins.belief
    x1, x2, x3, x4 = f[j, 0], f[j, 1], f[j, 2], f[j, 3]
    p11, p12, p13, p14, p22 = f[j, 4], f[j, 5], f[j, 6], f[j, 7], f[j, 8]
    p23, p24, p33, p34, p44 = f[j, 9], f[j, 10], f[j, 11], f[j, 12], f[j, 13]
    third1, third2 = ac * p11 + c * p13 + d * p14, ac * p12 + c * p23 + d * p24
    third3, third4 = ac * p13 + c * p33 + d * p34, ac * p14 + c * p34 + d * p44
    f[j, 0], f[j, 1], f[j, 2] = a * x1, ab * x1 + b * x2, ac * x1 + c * x3 + d * x4
    f[j, 4], f[j, 5], f[j, 6] = a * a * p11, a * (ab * p11 + b * p12), a * third1
    f[j, 7], f[j, 8] = a * p14, ab * ab * p11 + 2.0 * ab * b * p12 + b * b * p22
    f[j, 9], f[j, 10] = ab * third1 + b * third2, ab * p14 + b * p24
    f[j, 11] = ac * third1 + c * third3 + d * third4 + skin.wander[0]
    f[j, 12], f[j, 13] = third4, p44 + skin.wander[1]


@compiled
def _see(level: float, noise_us: float, j: int, skins: _Skins) -> None:
    """Correct a predicted skin by a sample, as if nothing had burst before it."""
    f, gain = skins.belief, skins.gain
    c1, c2, c3, c4 = f[j, 5] + f[j, 6], f[j, 8] + f[j, 9], f[j, 9] + f[j, 11], f[j, 10] + f[j, 12]
    s = c2 + c3 + noise_us * noise_us
    e = level - f[j, 1] - f[j, 2]
    skins.surprise[j], skins.spread[j] = e, s
    skins.log[j] -= 0.5 * (e * e / s + math.log(2.0 * math.pi * s))
    gain[j, 0], gain[j, 1], gain[j, 2], gain[j, 3] = c1 / s, c2 / s, c3 / s, c4 / s
    at = 4
    for i in range(4):
        f[j, i] += gain[j, i] * e
        for m in range(i, 4):
            f[j, at] -= s * gain[j, i] * gain[j, m]
            at += 1


@compiled
def _merge(skins: _Skins, total: float, merged: Array) -> float:
    """Give weight and moments of all skins that had no burst in this step."""
    f, kept = skins.belief, 0.0
    merged[:] = 0.0
    for j in range(skins.log.size):
        skins.log[j] = math.exp(skins.log[j] - total)
        kept += skins.log[j]
        for i in range(4):
            merged[i] += skins.log[j] * f[j, i]
    if kept < _TINY:  # a burst beyond doubt
        merged[:] = f[0]
        return _TINY
    for i in range(4):
        merged[i] /= kept
    for j in range(skins.log.size):
        at, share = 4, skins.log[j] / kept
        for i in range(4):
            for m in range(i, 4):
                merged[at] += share * (
                    f[j, at] + (f[j, i] - merged[i]) * (f[j, m] - merged[m])
                )  # fmt: skip
                at += 1
    return kept


@compiled
def _branch(
    j: int, part: float, var: float, skin: SkinMatrices, skins: _Skins, tilt: Array
) -> None:
    """Make skin j that of a burst, from the corrected skin 0."""
    f = skins.belief
    seen = skin.bursts[j - 1, 1] + skin.bursts[j - 1, 2]
    for i in range(4):
        tilt[i] = skin.bursts[j - 1, i] / seen - skins.gain[0, i]
        f[j, i] = f[0, i] + tilt[i] * part
    at = 4
    for i in range(4):
        for m in range(i, 4):
            blur = skin.blur[j - 1, i] * skin.blur[j - 1, m]
            f[j, at] = f[0, at] + var * tilt[i] * tilt[m] + (var + part * part) * blur
            at += 1


@compiled
def _rank_of(skin: SkinMatrices, skins: _Skins, logs: Array) -> float:
    """Give the probability of a smaller sample; `logs` are of the bursts' densities."""
    total = 0.0
    for j in range(skins.weight.size):
        if skins.weight[j] > _FAINT:
            z = skins.surprise[j] / math.sqrt(skins.spread[j])
            total += skins.weight[j] * 0.5 * math.erfc(-z / math.sqrt(2.0))
    for j in range(logs.size):
        # of a normal plus an exponential: the normal's own, less the mean times the density
        reach = skin.size_us * (skin.bursts[j, 1] + skin.bursts[j, 2])
        total -= reach * math.exp(logs[j])
    return total


@compiled
def _go_quiet(level: float, skin: SkinMatrices, skins: _Skins) -> None:
    """Let every skin pass a step without a burst, and see its sample."""
    skins.gain[0] = 0.0
    for j in range(skins.weight.size):
        skins.log[j] = _NEVER
        if skins.weight[j] > _FAINT:
            skins.log[j] = math.log(skins.weight[j])
            _predict(skin, j, skins)
            if not math.isnan(level):
                _see(level, skin.noise_us, j, skins)


@compiled
def _go_bursting(level: float, skin: SkinMatrices, skins: _Skins, bursts: Array) -> None:
    """Give log weight, mean and variance of a burst at each instant, after skin 0: (3, n)."""
    n = bursts.shape[1]
    before = math.log(skins.weight[0]) + math.log(skin.chance / n)
    for j in range(n):
        reach = skin.size_us * (skin.bursts[j, 1] + skin.bursts[j, 2])
        log, part, var = 0.0, reach, reach * reach
        if not math.isnan(level):
            log, part, var = burst_given(skins.surprise[0], skins.spread[0], reach)
        bursts[0, j], bursts[1, j], bursts[2, j] = before + log, part, var
    skins.log[0] += math.log(1.0 - skin.chance)


@compiled
def run_filter(level: Array, skin: SkinMatrices, passed: Passed) -> float:
    """Filter a signal and give its log likelihood.

    Parameters
    ----------
    level : numpy.ndarray, (n,)
        Skin conductance, µS; NaN where it is missing.
    skin : SkinMatrices
        The skin.
    passed : Passed
        Filled in; one without rows in `rank` asks for densities alone.

    Returns
    -------
    float
        Sum of the log densities.
    """
    n = skin.bursts.shape[0]
    skins = _Skins(
        np.zeros(1 + n), np.zeros((1 + n, 14)), np.zeros(1 + n), np.zeros(1 + n), np.ones(1 + n),
        np.zeros((1 + n, 4)),
    )  # fmt: skip
    skins.weight[0], skins.belief[0] = 1.0, skin.start
    bursts, merged, tilt = np.empty((3, n)), np.empty(14), np.empty(4)
    for k in range(level.size):
        seen = not math.isnan(level[k])
        _go_quiet(level[k], skin, skins)
        _go_bursting(level[k], skin, skins, bursts)
        total = log_sum(skins.log, bursts[0])
        passed.log_density[k] = total if seen else 0.0
        if passed.rank.size:
            passed.rank[k] = _rank_of(skin, skins, bursts[0]) if seen else np.nan
            passed.instants[k] = np.exp(bursts[0] - total)
            if k > 0:
                passed.instants[k - 1] = np.exp(skins.log[1:] - total)
        skins.weight[0] = _merge(skins, total, merged)
        for j in range(n):
            skins.weight[1 + j] = math.exp(bursts[0, j] - total)
            _branch(1 + j, bursts[1, j], bursts[2, j], skin, skins, tilt)
        skins.belief[0] = merged
    return float(passed.log_density.sum())


def log_densities(level: Array, skin: SkinMatrices) -> Array:
    """Give the log density of each sample given those before, (n,); 0 where it is missing."""
    passed = Passed(np.zeros(level.size), np.empty(0), np.empty((0, 0)))
    run_filter(level, skin, passed)
    return passed.log_density
