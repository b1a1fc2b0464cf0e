"""The loss, term by term, each with its own weight and name."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from wearaffect.learning.network import TONIC_SHARE, AffectNetwork, NetworkOutput, per_second
from wearaffect.learning.physics_layers import residual

__all__ = ["Batch", "LossWeights", "losses"]

_QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Weight of each term; engineering choices that bring the terms to one order.

    Attributes
    ----------
    condition : float
        Cross-entropy of the conditions.
    trace : float
        Observed conductance against the hidden states, relative to the window's level.
    physics : float
        Residual of the state equation, relative to the window's level.
    forecast : float
        Pinball loss of the forecast, relative to the window's level.
    scale : float
        Typical level, on a log scale.

    The time constants have no prior term: their priors are where the members start, so that what
    the data doesn't decide shows as a wide interval and not as a confident echo of the prior.
    """

    condition: float = 1.0
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
    target : Tensor, (n,), int64
        Condition, or -1 where it isn't known.
    weight : Tensor, (n,)
        Of the condition, so that people and conditions count alike.
    later_us : Tensor, (n, horizons)
        Conductance at each horizon, NaN where it isn't known.
    """

    features: Tensor
    eda: Tensor
    target: Tensor
    weight: Tensor
    later_us: Tensor


def losses(network: AffectNetwork, out: NetworkOutput, batch: Batch) -> dict[str, Tensor]:
    """Give each unweighted term as a scalar.

    Parameters
    ----------
    network : AffectNetwork
        For its equation and priors.
    out : NetworkOutput
        Of the batch.
    batch : Batch
        The truth.
    """
    known = batch.target >= 0
    cross = nn.functional.cross_entropy(out.logits, batch.target.clamp_min(0), reduction="none")
    condition = (cross * batch.weight * known).sum() / (batch.weight * known).sum().clamp_min(1e-6)
    scale = out.scale_us[:, None]
    A, B = network.step()
    seconds = per_second(batch.eda)
    seen = (1 - TONIC_SHARE) * out.states_us[..., 1] + TONIC_SHARE * out.states_us[..., 2]
    missed = residual(out.states_us, out.driver_us_per_s, A, B)
    log_level = torch.log(out.scale_us)
    return {
        "condition": condition,
        "trace": (((seen - seconds) / scale) ** 2).mean(),
        "physics": ((missed / scale[..., None]) ** 2).mean(),
        "forecast": _pinball(out.forecast_us, batch.later_us, scale),
        "scale": ((log_level - network.log_scale_us) ** 2).mean(),
    }


def _pinball(forecast_us: Tensor, later_us: Tensor, scale: Tensor) -> Tensor:
    """Mean pinball loss over the known horizons, relative to the level."""
    known = torch.isfinite(later_us)
    truth = torch.where(known, later_us, torch.zeros_like(later_us))
    total = torch.zeros(())
    for i, q in enumerate(_QUANTILES):
        error = (truth - forecast_us[..., i]) / scale
        total = total + (torch.maximum(q * error, (q - 1) * error) * known).sum()
    return total / known.sum().clamp_min(1)
