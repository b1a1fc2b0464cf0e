"""Skin conductance from bursts at any instant, through a skin of any poles.

What `wearaffect.physiology.participant` makes lives on the 4 Hz grid of the sensor. Here each burst
has an instant of its own and is answered in closed form, so that a fit can be tried on what wasn't
made by the equations it inverts, and on skins that it doesn't know.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wearaffect.physiology.eda import EdaParameters
from wearaffect.physiology.timeline import REST, STRESS, Condition, Interval, Timeline

__all__ = [
    "EVENT_RELATED",
    "SPONTANEOUS",
    "Kernel",
    "ShotSettings",
    "Shots",
    "gamma_sizes",
    "lognormal_sizes",
    "shots",
    "third_order",
    "three_state",
]

Array = NDArray[np.float64]
Sizes = Callable[[np.random.Generator, int], Array]

# x''' + th3 x'' + th2 x' + th1 x = u of spontaneous and of evoked responses, as th1, th2, th3;
# Bach et al. 2010, doi 10.1016/j.jneumeth.2010.04.028, and its software's constants
SPONTANEOUS = (0.9236, 3.9210, 2.1594)
EVENT_RELATED = (0.1225, 1.4114, 1.3421)

_BEFORE_S = 600.0  # bursts before the first sample, five tonic time constants


@dataclass(frozen=True, slots=True, eq=False)
class Kernel:
    """Answer of a skin to a burst of 1 µS: a sum of exponentials.

    Attributes
    ----------
    poles, residues : numpy.ndarray, (n,), complex
        1/s and µS per µS; conjugates come in pairs.
    """

    poles: NDArray[np.complex128]
    residues: NDArray[np.complex128]

    def __call__(self, times_s: ArrayLike) -> Array:
        """Give the answer at times after the burst, (...), seconds; before it there is none."""
        times = np.asarray(times_s, dtype=np.float64)
        later = np.maximum(times, 0.0)[..., None]
        answer = np.sum(self.residues * np.exp(self.poles * later), axis=-1).real
        return np.where(times >= 0, answer, 0.0)


def three_state(parameters: EdaParameters) -> Kernel:
    """Give the kernel of `wearaffect.physiology.eda`, by partial fractions.

    Parameters
    ----------
    parameters : EdaParameters
        Its three time constants must differ.

    Raises
    ------
    ValueError
        Two time constants are equal.
    """
    rise, fast, slow = 1 / parameters.rise_s, 1 / parameters.fast_s, 1 / parameters.slow_s
    share = parameters.tonic_share
    zeros = rise * np.array([1.0, (1 - share) * slow + share * fast])
    return _fractions(zeros, -np.array([rise, fast, slow]))


def third_order(coefficients: tuple[float, float, float]) -> Kernel:
    """Give the kernel of ``x''' + th3 x'' + th2 x' + th1 x = u``, scaled to a peak of 1.

    Parameters
    ----------
    coefficients : tuple of float
        th1, th2, th3, such as `SPONTANEOUS`.

    Raises
    ------
    ValueError
        Two poles are equal, or one doesn't decay.
    """
    kernel = _fractions(np.ones(1), np.roots([1.0, *coefficients[::-1]]))
    peak = kernel(np.arange(0.0, 60.0, 0.01)).max()
    return Kernel(kernel.poles, kernel.residues / peak)


def lognormal_sizes(spread: float) -> Sizes:
    """Give a law of sizes of median 1 whose logarithm has a standard deviation."""
    return partial(_lognormal, spread)


def gamma_sizes(shape: float) -> Sizes:
    """Give a law of sizes of mean 1; shape 1 is exponential, more is more even."""
    return partial(_gamma, shape)


@dataclass(frozen=True, slots=True)
class ShotSettings:
    """What a sitting is made of.

    Attributes
    ----------
    kernel : Kernel
        The skin.
    protocol : tuple of Condition
        Each once; burst rates and median burst sizes are used.
    sizes : callable
        Law of the sizes, of scale 1.
    apart_s : float
        Dead time after a burst, seconds; 1 in doi 10.3389/fnins.2019.00780.
    offspring : float
        Mean number of bursts that follow each within seconds; 0 has none, in [0, 1).
    noise_us : float
        Standard deviation of a sample, µS; wrist recordings of the E4 show 0.0015.
    electrode_us : float
        Standard deviation by which the electrode drifts in a minute (a random walk), µS.

    Raises
    ------
    ValueError
        A number is out of range.
    """

    kernel: Kernel
    protocol: tuple[Condition, ...] = (REST, STRESS)
    sizes: Sizes = field(default_factory=lambda: lognormal_sizes(0.5))
    apart_s: float = 1.0
    offspring: float = 0.0
    noise_us: float = 0.0015
    electrode_us: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.offspring < 1 and min(self.apart_s, self.noise_us) >= 0):
            msg = f"expected offspring in [0, 1) and nothing negative, got {self}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, eq=False)
class Shots:
    """A sitting and its truth.

    Attributes
    ----------
    eda : numpy.ndarray, (n,)
        Skin conductance, µS.
    sampling_rate : float
        Hz.
    times_s, sizes_us : numpy.ndarray, (n_bursts,)
        Of the bursts since the first sample.
    intervals : tuple of Interval
        The conditions.
    """

    eda: Array
    sampling_rate: float
    times_s: Array
    sizes_us: Array
    intervals: tuple[Interval, ...]


def shots(settings: ShotSettings, seed: int, sampling_rate: float = 4.0) -> Shots:
    """Make a sitting.

    Parameters
    ----------
    settings : ShotSettings
        Of what.
    seed : int
        Of all chance, ≥ 0.
    sampling_rate : float
        Hz, > 0.

    Returns
    -------
    Shots
        The same for the same settings and seed.

    Raises
    ------
    ValueError
        The seed is negative or the rate isn't positive.
    """
    if not (seed >= 0 and 0 < sampling_rate < math.inf):
        msg = f"expected seed >= 0 and a rate, got {seed} and {sampling_rate}"
        raise ValueError(msg)
    when, how_much, slow, seen = np.random.default_rng(seed).spawn(4)
    total_s = sum(condition.duration_s for condition in settings.protocol)
    timeline = Timeline(settings.protocol, total_s)
    early = Timeline(settings.protocol[:1], _BEFORE_S)
    drawn = [
        early.events(when, "bursts_per_min", settings.apart_s) - _BEFORE_S,
        timeline.events(when, "bursts_per_min", settings.apart_s),
    ]
    bursts = _with_offspring(when, np.concatenate(drawn), settings.offspring)
    bursts = bursts[bursts < total_s]
    sizes = timeline.at("burst_us", np.maximum(bursts, 0.0))
    sizes = sizes * settings.sizes(how_much, bursts.size)
    times = timeline.times(sampling_rate)
    step_s = 1 / sampling_rate
    walk = np.sqrt(step_s / 60.0) * np.cumsum(slow.standard_normal(times.size))
    eda = (
        1
        + 4 * slow.random()
        + settings.electrode_us * walk
        + _superposed(settings.kernel, times, bursts, sizes)
    )
    eda += settings.noise_us * seen.standard_normal(times.size)
    inside = bursts >= 0
    return Shots(eda, float(sampling_rate), bursts[inside], sizes[inside], timeline.intervals)


def _superposed(kernel: Kernel, times_s: Array, bursts_s: Array, sizes: Array) -> Array:
    eda = np.zeros(times_s.size)
    for burst_s, size in zip(bursts_s, sizes, strict=True):
        eda += size * kernel(times_s - burst_s)
    return eda


def _fractions(zeros: Array, poles: NDArray[np.inexact]) -> Kernel:
    """Split ``N(s) / product(s - poles)`` into its exponentials."""
    apart = poles[:, None] - poles[None, :] + np.eye(poles.size)
    if not (np.all(apart != 0) and np.all(poles.real < 0)):
        msg = f"expected poles that differ and decay, got {poles}"
        raise ValueError(msg)
    residues = np.polyval(zeros, poles) / np.prod(apart, axis=1)
    return Kernel(poles.astype(np.complex128), residues.astype(np.complex128))


def _with_offspring(rng: np.random.Generator, bursts_s: Array, mean: float) -> Array:
    """Let each burst be followed by others 1 to 4 s later, and those by others, and sort."""
    born, parents = [bursts_s], bursts_s
    while mean and parents.size:
        parents = np.repeat(parents, rng.poisson(mean, parents.size))
        parents = parents + rng.uniform(1.0, 4.0, parents.size)
        born.append(parents)
    return np.sort(np.concatenate(born))


def _lognormal(spread: float, rng: np.random.Generator, n: int) -> Array:
    return rng.lognormal(0.0, spread, n)


def _gamma(shape: float, rng: np.random.Generator, n: int) -> Array:
    return rng.gamma(shape, 1 / shape, n)
