"""A first-order ODE of the family described in the abstract of arXiv:2505.18169, and its gauge.

The abstract names three learned parameters, a decay rate, weights of emotion and a scaling of
time, and no equation; the form is ours.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wearaffect.physiology.eda import PRIORS

__all__ = ["FirstOrderPhysics", "singular_values"]

_START_PER_S = 1.0 / PRIORS["slow_s"].mean


class FirstOrderPhysics(nn.Module):
    """``dE/dt = gamma (-alpha_0 E + beta . s)`` with E in min-max units and s emotion's shares.

    Parameters
    ----------
    n_labels : int
        Length of beta.
    start_gamma : float
        Where gamma starts, > 0; alpha_0 starts at 1/120 s (the tonic decay of
        doi 10.1371/journal.pcbi.1010275) and beta at 0.

    Notes
    -----
    Only gamma alpha_0 and gamma beta enter the solution: gamma is a gauge, and where it ends is
    where it started. It is learned all the same because the abstract names three parameters.
    """

    def __init__(self, n_labels: int, start_gamma: float = 1.0) -> None:
        super().__init__()
        self.log_alpha = nn.Parameter(torch.tensor(math.log(_START_PER_S)))
        self.beta_by_start = nn.Parameter(torch.zeros(n_labels))
        self.log_gamma = nn.Parameter(torch.tensor(math.log(start_gamma)))

    def forward(self, level: Tensor, emotion: Tensor, step_s: float) -> Tensor:
        """Integrate over a step with the emotion held, exactly.

        Parameters
        ----------
        level : torch.Tensor, (m,)
            Min-max units.
        emotion : torch.Tensor, (m, labels)
            Shares.
        step_s : float
            Seconds.

        Returns
        -------
        torch.Tensor, (m,)
        """
        rate = torch.exp(self.log_gamma + self.log_alpha)
        drive = torch.exp(self.log_gamma) * _START_PER_S * (emotion @ self.beta_by_start)
        kept = torch.exp(-rate * step_s)
        return kept * level + (1 - kept) / rate * drive

    def values(self) -> dict[str, float | list[float]]:
        """Give ``alpha_0`` (1/s), ``beta`` (min-max units/s, one a label) and ``gamma`` (1)."""
        return {
            "alpha_0": math.exp(self.log_alpha.item()),
            "beta": [_START_PER_S * share for share in self.beta_by_start.tolist()],
            "gamma": math.exp(self.log_gamma.item()),
        }


def singular_values(
    physics: FirstOrderPhysics, level: Tensor, emotion: Tensor, step_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Show which changes of the parameters change the step, and which one doesn't.

    Parameters
    ----------
    physics : FirstOrderPhysics
        At the values to look from, beta not 0.
    level, emotion : torch.Tensor, (m,), (m, labels)
        Where steps begin.
    step_s : float
        Seconds.

    Returns
    -------
    values : numpy.ndarray, (k,), k = min(m, 2 + labels)
        Singular values of the step's derivative by log alpha_0, log beta and log gamma, columns
        of unit length, as shares of the largest; one at rounding error is a direction that no
        data of this kind can tell.
    direction : numpy.ndarray, (2 + labels,)
        That of the smallest, in the same coordinates; the largest entry is ±1, log gamma's isn't
        negative.
    """
    start = {name: p.detach().double() for name, p in physics.named_parameters()}
    given = (level.double(), emotion.double(), step_s)

    def after(parameters: dict[str, Tensor]) -> Tensor:
        found: Tensor = torch.func.functional_call(physics, parameters, given)
        return found

    found = torch.func.jacrev(after)(start)
    beta = found["beta_by_start"] * start["beta_by_start"]
    parts = [found["log_alpha"][:, None], beta, found["log_gamma"][:, None]]
    jacobian = torch.cat(parts, dim=1).numpy()
    length = np.linalg.norm(jacobian, axis=0)
    length[length == 0] = 1.0
    _, values, right = np.linalg.svd(jacobian / length)
    direction = right[-1] / length
    scale = np.abs(direction).max() * (-1.0 if direction[-1] < 0 else 1.0)
    return values / values[0], direction / scale
