"""The multi-task physics-informed network.

One encoder reads the window's features and its skin conductance. From it come class
probabilities, the hidden states and driver of the skin conductance model, and a forecast made by
rolling that model forward. The states and the driver are free outputs: what ties them to the
equation is the residual, with a weight of its own in the loss. An ODE of the family that
arXiv 2505.18169 describes in its abstract, not that paper's equation, which could not be read.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from wearaffect.learning.physics_layers import TimeConstants, held_roll, transition

__all__ = [
    "STEP_S",
    "TONIC_SHARE",
    "AffectNetwork",
    "NetworkOutput",
    "NetworkSettings",
    "per_second",
]

STEP_S = 1.0
TONIC_SHARE = 0.5  # chi of Amin & Faghih 2022, doi 10.1371/journal.pcbi.1010275
_MIN_LEVEL_US = 0.05


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Size of the network; engineering choices, small because eleven people are few.

    Attributes
    ----------
    n_inputs, n_labels : int
        Length of the feature vector, number of conditions.
    horizons_s : tuple of float
        Forecast horizons.
    width : int
        Of the shared representation.
    dropout : float
        On it, while training.
    """

    n_inputs: int
    n_labels: int
    horizons_s: tuple[float, ...]
    width: int = 24
    dropout: float = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class NetworkOutput:
    """What the network says of n windows.

    Attributes
    ----------
    logits : Tensor, (n, labels)
    forecast_us : Tensor, (n, horizons, 3)
        5th percentile, median and 95th percentile, µS.
    states_us : Tensor, (n, seconds, 3)
        Sudomotor, fast and slow state at each second, µS.
    driver_us_per_s : Tensor, (n, seconds - 1)
        Driver ≥ 0 between them.
    held_us_per_s : Tensor, (n,)
        Driver that the forecast holds.
    scale_us : Tensor, (n,)
        Mean level of the window, by which errors are measured.
    """

    logits: Tensor
    forecast_us: Tensor
    states_us: Tensor
    driver_us_per_s: Tensor
    held_us_per_s: Tensor
    scale_us: Tensor


def per_second(eda: Tensor) -> Tensor:
    """Average skin conductance at 4 Hz over seconds, (n, 4 s) to (n, s)."""
    return eda.reshape(eda.shape[0], -1, 4).mean(dim=2)


class AffectNetwork(nn.Module):
    """Encoder, class head, physics head and forecast.

    Parameters
    ----------
    settings : NetworkSettings
        Size.
    """

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        self.settings = settings
        width = settings.width
        self.times = TimeConstants()
        self.wide = nn.Linear(settings.n_inputs, settings.n_labels)
        self.body = nn.Sequential(
            nn.Linear(settings.n_inputs, width), nn.ReLU(), nn.Dropout(settings.dropout)
        )
        self.trace = nn.Sequential(
            nn.Conv1d(1, 12, 5, padding=2), nn.ReLU(), nn.Conv1d(12, 12, 5, padding=2), nn.ReLU()
        )
        self.deep = nn.Linear(width + 12, settings.n_labels)
        self.hidden = nn.Conv1d(12 + 1, 4, 5, padding=2)
        # no bias: a constant shift is the emotion drive's alone to tell
        self.push = nn.Linear(width + 12, 1, bias=False)
        self.emotion_drive = nn.Parameter(torch.zeros(settings.n_labels))
        self.log_scale_us = nn.Parameter(torch.zeros(()))
        self.spread = nn.Linear(width + 12 + 2, 2 * len(settings.horizons_s))
        horizons = torch.tensor(settings.horizons_s)
        self.horizons_s: Tensor
        self.register_buffer("horizons_s", horizons)

    def gain_s(self) -> Tensor:
        """Level that a driver of 1 µS/s sustains, seconds: ``(1 - chi) fast + chi slow``."""
        _, fast, slow = self.times()
        gain: Tensor = (1 - TONIC_SHARE) * fast + TONIC_SHARE * slow
        return gain

    def forward(self, features: Tensor, eda: Tensor) -> NetworkOutput:
        """Run the network.

        Parameters
        ----------
        features : Tensor, (n, n_inputs)
            As `InputEncoder` gives them.
        eda : Tensor, (n, 4 * seconds)
            Skin conductance at 4 Hz, µS.
        """
        scale = eda.mean(dim=1).clamp_min(_MIN_LEVEL_US)
        seconds = per_second(eda)
        relative = seconds / scale[:, None]
        map_ = self.trace((relative - 1.0)[:, None])
        joint = torch.cat([self.body(features), map_.mean(dim=2)], dim=1)
        logits = self.wide(features) + self.deep(joint)
        states, driver = self._physics(map_, relative)
        held = self._held_driver(eda, joint, logits)
        now = eda[:, -1]
        rolled = self._roll(states[:, -1] * scale[:, None], held)
        median = (now[:, None] + rolled).clamp_min(0.0)
        return NetworkOutput(
            logits=logits,
            forecast_us=self._interval(median, seconds, scale, joint),
            states_us=states * scale[:, None, None],
            driver_us_per_s=driver * scale[:, None] / self.gain_s(),
            held_us_per_s=held,
            scale_us=scale,
        )

    def _physics(self, map_: Tensor, relative: Tensor) -> tuple[Tensor, Tensor]:
        """States (n, s, 3) and driver (n, s - 1), non-negative, in units of the window's level."""
        raw = nn.functional.softplus(self.hidden(torch.cat([map_, relative[:, None]], dim=1)))
        rise, _, slow = self.times()
        gain = self.gain_s()
        # each output is of order one: the value at which a steady driver would hold it
        sizes = torch.stack([rise / gain, self.times.fast() / gain, slow / gain])
        states = raw[:, :3].transpose(1, 2) * sizes
        return states, raw[:, 3, :-1]

    def _held_driver(self, eda: Tensor, joint: Tensor, logits: Tensor) -> Tensor:
        """Driver of the forecast: what holds the level now, moved by emotion and by the window."""
        holding = eda[:, -1].clamp_min(_MIN_LEVEL_US) / self.gain_s()
        emotion = torch.softmax(logits, dim=1) @ self.emotion_drive
        return holding * torch.exp((emotion + self.push(joint)[:, 0]).clamp(-3.0, 3.0))

    def _roll(self, states: Tensor, held: Tensor) -> Tensor:
        """Change of conductance over each horizon, from the model alone, µS."""
        ahead = held_roll(states, held, self.times(), self.horizons_s, TONIC_SHARE)
        here = (1 - TONIC_SHARE) * states[:, 1] + TONIC_SHARE * states[:, 2]
        return ahead - here[:, None]

    def _interval(self, median: Tensor, seconds: Tensor, scale: Tensor, joint: Tensor) -> Tensor:
        """5th percentile, median, 95th: widths grow with how much the window itself moved."""
        moved = (seconds - seconds.mean(dim=1, keepdim=True)).square().mean(dim=1).sqrt()
        steps = (seconds[:, 1:] - seconds[:, :-1]).abs().mean(dim=1)
        known = torch.stack([moved, steps], dim=1)
        context = torch.cat([joint, torch.log(known + 1e-3)], dim=1)
        base = (moved + steps + 0.002 * scale)[:, None]
        widths = nn.functional.softplus(self.spread(context)) * base
        n = len(self.settings.horizons_s)
        low = (median - widths[:, :n]).clamp_min(0.0)
        return torch.stack([low, median, median + widths[:, n:]], dim=2)

    def draw(self, seed: int) -> None:
        """Start every parameter of the equation from a draw, so that agreement means something.

        Time constants come from their priors; drives and scale are spread by a factor of e,
        engineering choice.
        """
        self.times.draw(seed)
        generator = torch.Generator().manual_seed(seed + 1)
        with torch.no_grad():
            self.emotion_drive.copy_(torch.randn(self.emotion_drive.shape, generator=generator))
            self.log_scale_us.copy_(torch.randn((), generator=generator))

    def step(self) -> tuple[Tensor, Tensor]:
        """Exact transition over a second, (3, 3) and (3,)."""
        rise, fast, slow = self.times()
        return transition(rise, fast, slow, STEP_S)
