"""What is exported: members, their mean and their spread, as one graph."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wearaffect.bundle.encoding import Encoded
from wearaffect.learning.network import AffectNetwork
from wearaffect.learning.plain import PlainHead

__all__ = ["PHYSICS_OUTPUTS", "ServedModel", "run"]

PHYSICS_OUTPUTS = (
    ("drive", "uS/s"),
    ("tonic", "uS"),
    ("phasic", "uS"),
)
"""Physics parameters that the graph gives for each window, with their units."""

# Two-sided 95 % points of Student's t for g - 1 degrees of freedom (tables; g members).
_T95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365}


def jackknife_factor(n_members: int) -> float:
    """Half-width of a 95 % delete-group jackknife interval over the members' SD.

    Each of g members was fitted without one g-th of the people; the jackknife variance is
    ``(g - 1) / g`` times the sum of squared deviations (Efron & Stein 1981,
    doi 10.1214/aos/1176345462), and the interval uses Student's t with g - 1 degrees of freedom.

    Parameters
    ----------
    n_members : int
        g, 2 to 8.
    """
    return float(_T95[n_members] * np.sqrt(n_members - 1))


class ServedModel(nn.Module):
    """Average of the members' answers; a plain model, where given, is the classifier.

    Parameters
    ----------
    members : sequence of AffectNetwork
        Each fitted without one group of people; one alone gives no spread.
    plain : PlainHead or None
        Takes over the probabilities.
    """

    def __init__(self, members: Sequence[AffectNetwork], plain: PlainHead | None = None) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.plain = plain

    def forward(self, features: Tensor, eda: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Give probabilities (n, k), forecast (n, h, 3) µS and physics (n, p, 3)."""
        outs = [member(features, eda) for member in self.members]
        if self.plain is not None:
            probabilities = torch.softmax(self.plain(features), dim=1)
        else:
            probabilities = torch.stack([torch.softmax(o.logits, dim=1) for o in outs]).mean(0)
        forecast = torch.stack([o.forecast_us for o in outs]).mean(0)
        # the mean level of the last five seconds, split as the states split it
        physics = torch.stack(
            [
                torch.stack(
                    [
                        o.held_us_per_s,
                        0.5 * o.states_us[:, -5:, 2].mean(dim=1),
                        0.5 * o.states_us[:, -5:, 1].mean(dim=1),
                    ],
                    dim=1,
                )
                for o in outs
            ]
        )
        middle = physics.mean(0)
        if len(outs) == 1:
            return probabilities, forecast, torch.stack([middle] * 3, dim=2)
        spread = (physics - middle).square().mean(0).sqrt() * jackknife_factor(len(outs))
        low = (middle - spread).clamp_min(0.0)
        return probabilities, forecast, torch.stack([low, middle, middle + spread], dim=2)


def run(model: ServedModel, inputs: Encoded) -> dict[str, NDArray[np.float32]]:
    """Run a model on encoded windows, as the exported graph would be run.

    Parameters
    ----------
    model : ServedModel
        In evaluation mode.
    inputs : Encoded
        n windows.

    Returns
    -------
    dict of str to numpy.ndarray
        ``probabilities``, ``forecast`` and ``physics``.
    """
    with torch.no_grad():
        values = model(torch.from_numpy(inputs.features), torch.from_numpy(inputs.eda))
    names = ("probabilities", "forecast", "physics")
    return {name: value.numpy() for name, value in zip(names, values, strict=True)}
