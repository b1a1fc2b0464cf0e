"""The multi-task physics-informed network.

Each signal has an encoder of its own, silenced where the signal is absent. From them come stress,
amusement, valence and arousal, the skin conductance that heart and movement alone would suggest,
and the hidden states and driver of the skin conductance model. The states and the driver are free
outputs: what ties them to the equation is the residual, with a weight of its own in the loss. An
ODE of the family that arXiv 2505.18169 describes in its abstract, not that paper's equation, which
could not be read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from wearaffect.bundle.encoding import N_FLAGS
from wearaffect.core.streams import SignalKind
from wearaffect.learning.heads import NEVER, IndexPrior, probabilities_of, sympathetic_inputs
from wearaffect.learning.physics_layers import TimeConstants, held_roll, transition
from wearaffect.learning.table import HORIZONS_S, LABELS
from wearaffect.signals.features import FEATURES

__all__ = ["STEP_S", "TONIC_SHARE", "AffectNetwork", "NetworkOutput", "per_second"]

STEP_S = 1.0
TONIC_SHARE = 0.5  # chi of Amin & Faghih 2022, doi 10.1371/journal.pcbi.1010275
_MIN_LEVEL_US = 0.05
_MAPS = 12
_SIGNALS = (SignalKind.EDA, SignalKind.BVP, SignalKind.ACC)


@dataclass(frozen=True, slots=True, eq=False)
class NetworkOutput:
    """What the network says of n windows.

    Attributes
    ----------
    stress, amused : Tensor, (n,)
        Learned log odds of stress, and of amusement where it isn't stress.
    affect : Tensor, (n, 2)
        Valence and arousal, 1 to 9.
    from_others : Tensor, (n,)
        Skin conductance as heart and movement suggest it: change of its logarithm against the last
        quarter of an hour, in the encoder's standard units.
    rolled_us : Tensor, (n, horizons)
        Conductance that the equation alone leads to, µS.
    states_us : Tensor, (n, seconds, 3)
        Sudomotor, fast and slow state at each second, µS.
    driver_us_per_s : Tensor, (n, seconds - 1)
        Driver ≥ 0 between them.
    held_us_per_s : Tensor, (n,)
        Driver that the roll-out holds.
    scale_us : Tensor, (n,)
        Mean level of the window, by which errors are measured.
    """

    stress: Tensor
    amused: Tensor
    affect: Tensor
    from_others: Tensor
    rolled_us: Tensor
    states_us: Tensor
    driver_us_per_s: Tensor
    held_us_per_s: Tensor
    scale_us: Tensor


def per_second(eda: Tensor) -> Tensor:
    """Average skin conductance at 4 Hz over seconds, (n, 4 s) to (n, s)."""
    return eda.reshape(eda.shape[0], -1, 4).mean(dim=2)


class _Signal(nn.Module):
    """Encoder of one signal's features; silent where the signal is absent."""

    columns: Tensor

    def __init__(self, columns: Sequence[int], present: int, width: int, dropout: float) -> None:
        super().__init__()
        self.register_buffer("columns", torch.tensor(columns))
        self._present = present
        self.body = nn.Sequential(nn.Linear(len(columns), width), nn.ReLU(), nn.Dropout(dropout))

    def forward(self, features: Tensor) -> Tensor:
        known = features[:, self._present : self._present + 1] if self._present else 1.0
        encoded: Tensor = self.body(features[:, self.columns]) * known
        return encoded


class AffectNetwork(nn.Module):
    """Encoders, heads and the equation.

    Parameters
    ----------
    names : sequence of str
        Features of the encoder, in order.
    width : int
        Of each signal's encoding; engineering choice, small because eleven people are few.
    dropout : float
        On it, while training.
    """

    usable: Tensor
    horizons_s: Tensor

    def __init__(self, names: Sequence[str], *, width: int = 16, dropout: float = 0.3) -> None:
        super().__init__()
        n_inputs = 3 * len(names) + N_FLAGS
        self.times = TimeConstants()
        self.prior = IndexPrior()
        # two flags of presence; movement needs none, since its absence reads as its mean
        flags = {SignalKind.EDA: n_inputs - 3, SignalKind.BVP: n_inputs - 2, SignalKind.ACC: 0}
        kinds = [FEATURES[name] for name in names] * 3
        columns = {kind: [i for i, k in enumerate(kinds) if k == kind] for kind in _SIGNALS}
        self.signals = nn.ModuleDict(
            {str(k): _Signal(columns[k], flags[k], width, dropout) for k in _SIGNALS}
        )
        usable = sympathetic_inputs(names).astype(np.float32)
        self.register_buffer("usable", torch.from_numpy(usable))
        self.register_buffer("horizons_s", torch.tensor(HORIZONS_S))
        self.wide_stress = nn.Linear(n_inputs, 1)
        self.wide_amused = nn.Linear(n_inputs, 1)
        self.deep_stress = nn.Linear(2 * width, 1)
        self.deep_amused = nn.Linear(3 * width, 1)
        self.to_affect = nn.Linear(2 * width, 2)
        self.to_eda = nn.Linear(2 * width, 1)
        self.trace = nn.Sequential(
            nn.Conv1d(1, _MAPS, 5, padding=2),
            nn.ReLU(),
            nn.Conv1d(_MAPS, _MAPS, 5, padding=2),
            nn.ReLU(),
        )
        self.hidden = nn.Conv1d(_MAPS + 1, 4, 5, padding=2)
        # no bias: a constant shift is the emotion drive's alone to tell
        self.push = nn.Linear(width + _MAPS, 1, bias=False)
        self.emotion_drive = nn.Parameter(torch.zeros(len(LABELS)))
        self.log_scale_us = nn.Parameter(torch.zeros(()))

    def gain_s(self) -> Tensor:
        """Level that a driver of 1 µS/s sustains, seconds: ``(1 - chi) fast + chi slow``."""
        _, fast, slow = self.times()
        gain: Tensor = (1 - TONIC_SHARE) * fast + TONIC_SHARE * slow
        return gain

    def odds(self, features: Tensor, eda: Tensor) -> tuple[Tensor, Tensor]:
        """Give learned log odds of stress, and of amusement where it isn't, (n,) each."""
        out = self(features, eda)
        return out.stress, out.amused

    def _stress(self, features: Tensor, body: Tensor) -> Tensor:
        odds: Tensor = self.wide_stress(features * self.usable) + self.deep_stress(body)
        return odds[:, 0]

    def forward(self, features: Tensor, eda: Tensor) -> NetworkOutput:
        """Run the network.

        Parameters
        ----------
        features : Tensor, (n, n_inputs)
            As `InputEncoder` gives them.
        eda : Tensor, (n, 4 * seconds)
            Skin conductance at 4 Hz, µS.
        """
        skin, heart, motion = (self.signals[str(kind)](features) for kind in _SIGNALS)
        body = torch.cat([skin, heart], dim=1)
        stress = self._stress(features, body)
        amused = self.wide_amused(features) + self.deep_amused(torch.cat([body, motion], dim=1))
        scale = eda.mean(dim=1).clamp_min(_MIN_LEVEL_US)
        relative = per_second(eda) / scale[:, None]
        map_ = self.trace((relative - 1.0)[:, None])
        states, driver = self._physics(map_, relative)
        pushed = self.push(torch.cat([skin, map_.mean(dim=2)], dim=1))[:, 0]
        held = self._held_driver(eda, probabilities_of(stress, amused[:, 0]), pushed)
        rolled = self._roll(states[:, -1] * scale[:, None], held)
        return NetworkOutput(
            stress=stress,
            amused=amused[:, 0],
            affect=5.0 + self.to_affect(body),
            from_others=self.to_eda(torch.cat([heart, motion], dim=1))[:, 0],
            rolled_us=(eda[:, -1:] + rolled).clamp_min(0.0),
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

    def _held_driver(self, eda: Tensor, probabilities: Tensor, pushed: Tensor) -> Tensor:
        """Driver of the forecast: what holds the level now, moved by emotion and by the window."""
        holding = eda[:, -1].clamp_min(_MIN_LEVEL_US) / self.gain_s()
        emotion = probabilities @ self.emotion_drive
        return holding * torch.exp((emotion + pushed).clamp(-3.0, 3.0))

    def _roll(self, states: Tensor, held: Tensor) -> Tensor:
        """Change of conductance over each horizon, from the model alone, µS."""
        ahead = held_roll(states, held, self.times(), self.horizons_s, TONIC_SHARE)
        here = (1 - TONIC_SHARE) * states[:, 1] + TONIC_SHARE * states[:, 2]
        return ahead - here[:, None]

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

    def never_amused(self) -> None:
        """Let the head of amusement say no, and stay so: training has none to show."""
        for layer in (self.wide_amused, self.deep_amused):
            nn.init.zeros_(layer.weight)
            nn.init.constant_(layer.bias, NEVER / 2)
            layer.requires_grad_(requires_grad=False)

    def step(self) -> tuple[Tensor, Tensor]:
        """Exact transition over a second, (3, 3) and (3,)."""
        rise, fast, slow = self.times()
        return transition(rise, fast, slow, STEP_S)
