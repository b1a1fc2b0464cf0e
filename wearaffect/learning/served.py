"""What is exported: members, their mean and their spread, as one graph."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wearaffect.bundle.encoding import Encoded
from wearaffect.learning.forecast import ForecastHead
from wearaffect.learning.heads import probabilities_of
from wearaffect.learning.network import TONIC_SHARE, AffectNetwork, NetworkOutput
from wearaffect.learning.plain import PlainHead
from wearaffect.learning.table import LABELS

__all__ = ["OUTPUTS", "PHYSICS_OUTPUTS", "ServedModel", "run"]

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


OUTPUTS = ("probabilities", "forecast", "physics", "affect", "from_others")
"""What the graph gives, in order."""


class ServedModel(nn.Module):
    """Average of the members' answers; a plain model, where given, is the classifier.

    Parameters
    ----------
    members : sequence of AffectNetwork
        Each fitted without one group of people; one alone gives no spread.
    forecast : ForecastHead
        Of the skin conductance.
    plain : PlainHead or None
        Takes over the probabilities.
    n_labels : int
        How many conditions it tells; amusement, the last, may be missing.
    """

    plain: PlainHead | None

    def __init__(
        self,
        members: Sequence[AffectNetwork],
        forecast: ForecastHead,
        plain: PlainHead | None = None,
        n_labels: int = len(LABELS),
    ) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.forecast = forecast
        self.plain = plain
        self.n_labels = n_labels

    def forward(self, features: Tensor, eda: Tensor, history: Tensor) -> tuple[Tensor, ...]:
        """Give probabilities (n, k), forecast (n, h, 3) µS, physics (n, p, 3), affect and others.

        Affect is valence and arousal, (n, 2); others is the change of log conductance that the
        other signals suggest, (n,).
        """
        outs = [member(features, eda) for member in self.members]
        if self.plain is not None:
            probabilities: Tensor = self.plain(features)
        else:
            members = cast("list[AffectNetwork]", list(self.members))
            said = [
                probabilities_of(member.prior(features, out.stress), out.amused)
                for member, out in zip(members, outs, strict=True)
            ]
            probabilities = torch.stack(said).mean(0)
        affect = torch.stack([out.affect for out in outs]).mean(0)
        others = torch.stack([out.from_others for out in outs]).mean(0)
        known = probabilities[:, : self.n_labels]
        return known, self.forecast(eda, history), _physics(outs), affect, others


def _physics(outs: Sequence[NetworkOutput]) -> Tensor:
    """Drive, tonic and phasic level with the members' interval, (n, 3, 3)."""
    # the mean level of the last five seconds, split as the states split it
    each = torch.stack(
        [
            torch.stack(
                [
                    out.held_us_per_s,
                    TONIC_SHARE * out.states_us[:, -5:, 2].mean(dim=1),
                    (1 - TONIC_SHARE) * out.states_us[:, -5:, 1].mean(dim=1),
                ],
                dim=1,
            )
            for out in outs
        ]
    )
    middle = each.mean(0)
    if len(outs) == 1:
        return torch.stack([middle] * 3, dim=2)
    spread = (each - middle).square().mean(0).sqrt() * jackknife_factor(len(outs))
    low = (middle - spread).clamp_min(0.0)
    return torch.stack([low, middle, middle + spread], dim=2)


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
        By the names in `OUTPUTS`.
    """
    with torch.no_grad():
        values = model(*(torch.from_numpy(values) for values in inputs.feed().values()))
    return {name: value.numpy() for name, value in zip(OUTPUTS, values, strict=True)}
