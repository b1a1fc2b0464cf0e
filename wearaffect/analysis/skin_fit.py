"""Fitting a skin to ten minutes of conductance: how fast it recovers, when it bursts, how hard.

Named before fitting as recoverable: the fast decay t2, the instants of the bursts, and the ratio of
burst drive between conditions. Gauges are fixed: t1 ≤ t2/2, the driver in µS of phasic conductance
(what multiplies driver and skin at once can't be told), what a steady driver sustains in the level.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import kstest, norm

from wearaffect.analysis.skin_likelihood import Evidence
from wearaffect.analysis.skin_model import SkinModel
from wearaffect.analysis.skin_profile import Estimate, profile
from wearaffect.analysis.skin_smoother import SmoothedSkin, smooth
from wearaffect.core.errors import SignalError

__all__ = ["Drive", "Ratio", "SkinFit", "fit_skin"]

Array = NDArray[np.float64]

LEAST_S = 60.0
_BLOCK_S, _FEWEST_BLOCKS = 30.0, 8  # engineering choice
_RATES_HZ = (2.0, 32.0)
_MOST_US = 1e6
# What synthetic people of the model's own kind stay below (benchmarks/recovery.py).
_MOST_UNEVEN, _MOST_LINKED, _MOST_TEMPERING = 0.05, 0.1, 2.5


@dataclass(frozen=True, slots=True)
class Ratio:
    """A beta: mean drive under one condition over that under another.

    Attributes
    ----------
    value : float
        Of the bursts that came.
    ci95 : tuple of float
        Of the person's mean drive: as many bursts as these vary by chance.
    """

    value: float
    ci95: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Drive:
    """The bursts under a condition.

    Attributes
    ----------
    mean_us_per_s : float
        Sum of their sizes over time that was seen, µS/s.
    n_bursts : int
        How many.
    seen_s : float
        Seconds with samples.
    spread : float
        Standard deviation of the logarithm of the mean, by chance of number and size.
    """

    mean_us_per_s: float
    n_bursts: int
    seen_s: float
    spread: float


@dataclass(frozen=True, slots=True, eq=False)
class SkinFit:
    """A skin, as one signal tells it.

    Attributes
    ----------
    fast_decay_s : Estimate
        t2.
    model : SkinModel
        All parameters; those beside t2 are nuisances, named so that one can see them.
    onsets_s, sizes_us : numpy.ndarray, (n_bursts,)
        When each burst came, seconds from the first sample, and phasic µS.
    driver : numpy.ndarray, (n,)
        The bursts as a driver held from each sample to the next, µS/s.
    tonic, phasic : numpy.ndarray, (n,)
        µS; also where samples are missing.
    spread_us : numpy.ndarray, (n,)
        Standard deviation of their sum, µS.
    drives : mapping of str to Drive
        By condition.
    misfit : tuple of str
        What shows that the skin isn't one of the model's; empty if nothing does.
    log_likelihood : float
        At the maximum, with the priors of the nuisances.
    sampling_rate : float
        Hz.
    """

    fast_decay_s: Estimate
    model: SkinModel
    onsets_s: Array
    sizes_us: Array
    driver: Array
    tonic: Array
    phasic: Array
    spread_us: Array
    drives: Mapping[str, Drive]
    misfit: tuple[str, ...]
    log_likelihood: float
    sampling_rate: float

    @property
    def personal(self) -> bool:
        """Whether the fast decay may be shown as this person's own.

        It is identifiable, and nothing says that the model doesn't fit. What isn't: show the
        population's value. Halves of recordings must agree, too: see `skin_profile.agreement`.
        """
        return self.fast_decay_s.identifiable and not self.misfit

    def beta_ratio(self, condition: str, reference: str) -> Ratio:
        """Compare the drive under two conditions; NaN where either had no burst.

        Raises
        ------
        KeyError
            No interval had that label.
        """
        above, below = self.drives[condition], self.drives[reference]
        if not (above.n_bursts and below.n_bursts):
            return Ratio(np.nan, (np.nan, np.nan))
        value = above.mean_us_per_s / below.mean_us_per_s
        factor = float(np.exp(norm.ppf(0.975) * np.hypot(above.spread, below.spread)))
        return Ratio(value, (value / factor, value * factor))


def fit_skin(
    eda: ArrayLike,
    sampling_rate: float,
    *,
    intervals: Sequence[tuple[str, float, float]] = (),
) -> SkinFit:
    """Fit time constants and bursts to skin conductance.

    Parameters
    ----------
    eda : array_like, (n,)
        Skin conductance, µS, NaN where it is missing; ten minutes are enough, an hour takes as much
        longer.
    sampling_rate : float
        Hz, 2 to 32.
    intervals : sequence of (label, start, end)
        Conditions, seconds from the first sample, half-open; a label may come more than once.

    Returns
    -------
    SkinFit
        The maximum of the likelihood, with the profile over t2.

    Raises
    ------
    SignalError
        Less than a minute of samples, nothing that changes, or values that aren't µS.
    ValueError
        `eda` isn't one-dimensional, the rate is out of range, or an interval ends before it starts.

    Notes
    -----
    Model: Amin & Faghih 2022, doi 10.1371/journal.pcbi.1010275, with bursts as shot noise; see
    `wearaffect.analysis.skin_filter`. The search starts from sixteen skins, as in
    doi 10.3389/fnins.2019.00780.
    """
    signal = np.asarray(eda, dtype=np.float64)
    _check(signal, sampling_rate)
    if any(not start < end for _, start, end in intervals):
        msg = f"expected intervals that end after they start, got {list(intervals)}"
        raise ValueError(msg)
    step_s = 1 / sampling_rate
    evidence = Evidence(np.where(np.isfinite(signal), signal, np.nan), step_s)
    estimate, top = profile(evidence, evidence.best())
    skin = smooth(evidence.eda, evidence.matrices(top.at))
    onsets = (skin.steps - 1 + skin.instants) * step_s
    driver = np.zeros(signal.size)
    driver[np.maximum(skin.steps - 1, 0)] = skin.sizes_us * sampling_rate
    return SkinFit(
        fast_decay_s=estimate,
        model=evidence.model(top.at),
        onsets_s=onsets,
        sizes_us=skin.sizes_us,
        driver=driver,
        tonic=skin.tonic,
        phasic=skin.phasic,
        spread_us=skin.spread,
        drives=_drives(np.isfinite(signal), sampling_rate, onsets, skin.sizes_us, intervals),
        misfit=_misfit(skin, estimate),
        log_likelihood=top.value,
        sampling_rate=float(sampling_rate),
    )


def _check(signal: Array, sampling_rate: float) -> None:
    if signal.ndim != 1:
        msg = f"expected a signal of shape (n,), got {signal.shape}"
        raise ValueError(msg)
    if not _RATES_HZ[0] <= sampling_rate <= _RATES_HZ[1]:
        msg = f"expected a sampling rate of 2 to 32 Hz, got {sampling_rate}; resample to 4 Hz"
        raise ValueError(msg)
    known = signal[np.isfinite(signal)]
    if known.size < LEAST_S * sampling_rate:
        got, expected = f"{known.size / sampling_rate:g} s", f"at least {LEAST_S:g} s of samples"
    elif np.abs(known).max() > _MOST_US:
        got, expected = f"up to {np.abs(known).max():g}", "values in µS"
    elif not known.std() > 1e-9 * np.abs(known).max():
        got, expected = "a constant", "a signal that changes"
    else:
        return
    raise SignalError(
        "eda", "a skin can't be fitted", expected=expected, got=got,
        remedy="check the contact of the electrodes, or take a longer stretch",
    )  # fmt: skip


def _drives(
    seen: NDArray[np.bool_],
    sampling_rate: float,
    onsets_s: Array,
    sizes_us: Array,
    intervals: Sequence[tuple[str, float, float]],
) -> Mapping[str, Drive]:
    times = np.arange(seen.size) / sampling_rate
    drives = {}
    for label in dict.fromkeys(label for label, _, _ in intervals):
        spans = [(start, end) for name, start, end in intervals if name == label]
        seen_s = sum(int(seen[(times >= a) & (times < b)].sum()) for a, b in spans) / sampling_rate
        sizes = np.concatenate([sizes_us[(onsets_s >= a) & (onsets_s < b)] for a, b in spans])
        total = float(sizes.sum())
        counted = [
            np.histogram(onsets_s, np.arange(a, b + 1e-9, _BLOCK_S), weights=sizes_us)[0]
            for a, b in spans
        ]
        drives[label] = Drive(
            mean_us_per_s=total / seen_s if seen_s else np.nan,
            n_bursts=int(np.count_nonzero(sizes)),
            seen_s=seen_s,
            spread=_spread(sizes, np.concatenate(counted)),
        )
    return MappingProxyType(drives)


def _spread(sizes: Array, blocks: Array) -> float:
    """Give the relative standard deviation of a sum of sizes by chance.

    That of a Poisson process, or of sums over half a minute if these vary more: bursts in bursts.
    """
    total = float(sizes.sum())
    if not total:
        return np.inf
    lone = float(np.sqrt(np.sum(sizes**2))) / total
    if blocks.size < _FEWEST_BLOCKS or not blocks.any():
        return lone
    return max(lone, float(blocks.std(ddof=1) / (blocks.mean() * np.sqrt(blocks.size))))


def _misfit(skin: SmoothedSkin, estimate: Estimate) -> tuple[str, ...]:
    """Compare what came with what was expected, sample by sample."""
    rank = skin.rank[np.isfinite(skin.rank)]
    surprise = norm.ppf(np.clip(rank, 1e-9, 1 - 1e-9))
    linked = float(np.corrcoef(surprise[1:], surprise[:-1])[0, 1]) if surprise.std() > 0 else 1.0
    found = {
        "surprises don't have the expected sizes": kstest(rank, "uniform").statistic > _MOST_UNEVEN,
        "surprises follow from each other": abs(linked) > _MOST_LINKED,
        "stretches of the signal disagree": estimate.tempering > _MOST_TEMPERING,
        "the rise is as slow as it may be": "rise_s" in estimate.on_bounds,
        "bursts without a pause": "bursts_hz" in estimate.on_bounds,
    }
    return tuple(what for what, there in found.items() if there)
