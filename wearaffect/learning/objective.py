"""The loss, term by term, each with its own weight and name."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from wearaffect.learning.network import TONIC_SHARE, AffectNetwork, NetworkOutput, per_second
from wearaffect.learning.physics_layers import residual

__all__ = ["Batch", "LossWeights", "losses"]


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Weight of each term; engineering choices that bring the terms to one order.

    Attributes
    ----------
    condition : float
        Cross-entropy of stress against all else, and of amusement against baseline.
    affect : float
        Squared error of valence and arousal.
    others : float
        Conductance from heart and movement, Huber loss in standard units.
    trace : float
        Observed conductance against the hidden states, relative to the window's level.
    physics : float
        Residual of the state equation, relative to the window's level.
    forecast : float
        Absolute error of the roll-out, relative to the window's level.
    scale : float
        Typical level, on a log scale.

    The time constants have no prior term: their priors are where the members start, so that what
    the data doesn't decide shows as a wide interval and not as a confident echo of the prior.
    """

    condition: float = 1.0
    affect: float = 0.05
    others: float = 0.2
    trace: float = 20.0
    physics: float = 200.0
    forecast: float = 4.0
    scale: float = 0.1


class Batch(NamedTuple):
    """Windows to learn from.

    Attributes
    ----------
    features, eda : Tensor
        Graph inputs.
    stressed, amused : Tensor, (n,)
        1 or 0; the weight says where it is known.
    stress_weight, calm_weight : Tensor, (n,)
        So that people and conditions count alike; 0 where the condition isn't known.
    affect : Tensor, (n, 2)
        Valence and arousal of the condition, NaN where it isn't known.
    change : Tensor, (n,)
        Change of log conductance in the encoder's units, NaN where it isn't known.
    later_us : Tensor, (n, horizons)
        Conductance at each horizon, NaN where it isn't known.
    """

    features: Tensor
    eda: Tensor
    stressed: Tensor
    amused: Tensor
    stress_weight: Tensor
    calm_weight: Tensor
    affect: Tensor
    change: Tensor
    later_us: Tensor


def losses(
    network: AffectNetwork, out: NetworkOutput, batch: Batch, *, shuffled: bool = False
) -> dict[str, Tensor]:
    """Give each unweighted term as a scalar.

    Parameters
    ----------
    network : AffectNetwork
        For its equation.
    out : NetworkOutput
        Of the batch.
    batch : Batch
        The truth.
    shuffled : bool
        Put the seconds out of order before the equation is asked: a control, under which nothing
        of the equation is left but its loss.
    """
    scale = out.scale_us[:, None]
    A, B = network.step()
    seconds = per_second(batch.eda)
    seen = (1 - TONIC_SHARE) * out.states_us[..., 1] + TONIC_SHARE * out.states_us[..., 2]
    states, driver = out.states_us, out.driver_us_per_s
    if shuffled:
        order = torch.randperm(driver.shape[1])
        states, driver = torch.cat([states[:, order], states[:, -1:]], dim=1), driver[:, order]
    missed = residual(states, driver, A, B)
    log_level = torch.log(out.scale_us)
    off_affect, n_affect = _known_error(out.affect, batch.affect)
    off_others, n_others = _known_error(out.from_others, batch.change)
    off_later, n_later = _known_error(out.rolled_us, batch.later_us)
    return {
        "condition": _cross_entropy(out.stress, batch.stressed, batch.stress_weight)
        + _cross_entropy(out.amused, batch.amused, batch.calm_weight),
        "affect": (off_affect**2).sum() / n_affect,
        "others": _huber(off_others).sum() / n_others,
        "trace": (((seen - seconds) / scale) ** 2).mean(),
        "physics": ((missed / scale[..., None]) ** 2).mean(),
        "forecast": (off_later.abs() / scale).sum() / n_later,
        "scale": ((log_level - network.log_scale_us) ** 2).mean(),
    }


def _cross_entropy(odds: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    each = nn.functional.binary_cross_entropy_with_logits(odds, truth, reduction="none")
    return (each * weight).sum() / weight.sum().clamp_min(1e-6)


def _huber(error: Tensor) -> Tensor:
    size = error.abs()
    return torch.where(size < 1, 0.5 * size**2, size - 0.5)


def _known_error(said: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Give errors, zero where the truth isn't known, and how many are known.

    What isn't known is left out before the subtraction: a NaN has a NaN for a gradient, and a mask
    laid over it afterwards doesn't help.
    """
    known = torch.isfinite(truth)
    return torch.where(known, said - torch.nan_to_num(truth), 0.0), known.sum().clamp_min(1)
