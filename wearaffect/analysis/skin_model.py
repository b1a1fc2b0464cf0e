"""What the fit assumes of a skin, and the numbers that the filter runs on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wearaffect.analysis.skin_filter import SkinMatrices
from wearaffect.physiology.eda import PRIORS, EdaParameters, discretise

__all__ = ["SkinModel", "matrices"]

Array = NDArray[np.float64]

_INSTANTS = 3  # of a burst within a step of 0.25 s; eight change nothing (engineering choice)
_WITHIN = (-(12**-0.5), 0.0, 12**-0.5)  # an even spread about an instant, as its two-point rule
# Variances at the start in that of the signal; what the tonic state returns to is all but unknown.
_START = np.array([1.0, 0, 0, 0, 1.0, 0, 0, 1.0, 0, 100.0])


@dataclass(frozen=True, slots=True)
class SkinModel:
    """A skin with bursts, in the gauge that one signal can tell.

    Attributes
    ----------
    fast_s : float
        t2, seconds: the parameter of interest.
    rise_s : float
        t1, seconds, less than t2.
    tonic_ratio : float
        What a burst leaves in the tonic state for each µS it leaves in the phasic one:
        ``chi / (1 - chi)`` of `wearaffect.physiology.eda`.
    bursts_hz : float
        Bursts a second.
    size_us : float
        Mean size of a burst, µS of the phasic conductance, ``(1 - chi)`` times the model's.
    noise_us : float
        Standard deviation of a sample, µS.
    drift_us, level_us : float
        Standard deviation by which the tonic conductance, and the level it returns to, wander in a
        second, µS.
    slow_s : float
        t3, seconds; ten minutes can't tell it, so it stays at the prior mean.
    """

    fast_s: float
    rise_s: float
    tonic_ratio: float
    bursts_hz: float
    size_us: float
    noise_us: float
    drift_us: float
    level_us: float
    slow_s: float = PRIORS["slow_s"].mean


def matrices(model: SkinModel, step_s: float, first_us: float, scale_us: float) -> SkinMatrices:
    """Sample a skin, exactly.

    Parameters
    ----------
    model : SkinModel
        The skin.
    step_s : float
        Between samples, seconds.
    first_us, scale_us : float
        The first sample and the size of the signal's changes: the belief to start with, µS.
    """
    times = EdaParameters(model.rise_s, model.fast_s, model.slow_s)
    A = discretise(times, step_s)[0]
    answers = np.zeros((3, _INSTANTS, 4))
    for j, part in np.ndindex(_INSTANTS, 3):
        ago_s = step_s * (_INSTANTS - j - 0.5 + _WITHIN[part]) / _INSTANTS
        answers[part, j, :3] = discretise(times, ago_s)[0][:, 0]
    answers[..., 2] *= model.tonic_ratio
    late, bursts, early = answers
    shown = [a / (a[:, 1] + a[:, 2])[:, None] for a in (late, early)]
    return SkinMatrices(
        decay=np.diag(A).copy(),
        passed_on=A[1:, 0] * (1.0, model.tonic_ratio),
        wander=step_s * np.array([model.drift_us, model.level_us]) ** 2,
        bursts=bursts,
        blur=(shown[1] - shown[0]) / 2,
        chance=-np.expm1(-model.bursts_hz * step_s),
        size_us=model.size_us,
        noise_us=model.noise_us,
        start=np.concatenate([[0.0, 0.0, first_us, first_us], scale_us**2 * _START]),
    )
