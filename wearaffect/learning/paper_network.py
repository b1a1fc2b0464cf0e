"""A multi-task network with an ODE of the family that the abstract of arXiv:2505.18169 describes.

Its full text wasn't readable, so the form of the equation is ours: skin conductance decays at a
rate and is driven by emotion, and a third parameter scales time. The network exists to show how
figures like the abstract's come about (`wearaffect.evaluation.paper`); nothing serves it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wearaffect.learning.paper_physics import FirstOrderPhysics, singular_values

__all__ = [
    "PaperExamples",
    "PaperFit",
    "PaperNetwork",
    "fit_paper_network",
]

Floats = NDArray[np.float64]

_WARM_UP = (0.1, 0.3)  # shares of training between which the physics weight ramps from 0 to full
_WEIGHT_DECAY = 1e-4
_PHYSICS_PACE = 10.0  # of the learning rate: slower, and they end where training stopped


@dataclass(frozen=True, slots=True, eq=False)
class PaperExamples:
    """What the network is fitted on.

    Attributes
    ----------
    inputs : numpy.ndarray, (n, d)
        Standardised.
    eda : numpy.ndarray, (n,)
        Target level, min-max units.
    label : numpy.ndarray, (n,), int
        Emotion.
    pairs : numpy.ndarray, (m, 2), int
        Rows that follow each other by `step_s` in one condition of one person; m may be 0.
    step_s : float
        Seconds.
    n_labels : int
        Emotions there are.
    """

    inputs: Floats
    eda: Floats
    label: NDArray[np.int64]
    pairs: NDArray[np.int64]
    step_s: float
    n_labels: int


@dataclass(frozen=True, slots=True)
class PaperFit:
    """How it is fitted; all engineering choices, since the abstract names none.

    Attributes
    ----------
    eda, emotion, physics : float
        Weights of squared error, cross-entropy and squared residual; the first and the last in
        units of the target's variance. 0 leaves a task out.
    steps : int
        Of Adam, on all rows at once.
    width : int
        Units in each of the trunk's two layers.
    learning_rate : float
        Highest of a one-cycle schedule.
    start_gamma : float
        Where the time scale starts.
    seed : int
        Of the initial weights.
    """

    eda: float = 1.0
    emotion: float = 0.3
    physics: float = 0.3
    steps: int = 300
    width: int = 48
    learning_rate: float = 1e-2
    start_gamma: float = 1.0
    seed: int = 1


class PaperNetwork(nn.Module):
    """One trunk, two heads (EDA level and emotion) and the physics between them.

    Parameters
    ----------
    n_inputs, n_labels : int
        Sizes.
    settings : PaperFit
        Width and start of the time scale.
    mean, sd : float
        Of the target on training rows: the EDA head works in units of order one.
    """

    def __init__(
        self, n_inputs: int, n_labels: int, settings: PaperFit, mean: float, sd: float
    ) -> None:
        super().__init__()
        width = settings.width
        self.trunk = nn.Sequential(
            nn.Linear(n_inputs, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh()
        )
        self.eda_head = nn.Linear(width, 1)
        self.emotion_head = nn.Linear(width, n_labels)
        self.physics = FirstOrderPhysics(n_labels, settings.start_gamma)
        self.mean, self.sd = mean, sd

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Give level (n,), min-max units, and logits (n, labels)."""
        hidden = self.trunk(inputs)
        return self.mean + self.sd * self.eda_head(hidden)[:, 0], self.emotion_head(hidden)

    def sensitivity(self, examples: PaperExamples) -> tuple[Floats, Floats]:
        """Show what the residual can tell of the physics; see `singular_values`.

        Parameters
        ----------
        examples : PaperExamples
            With at least one pair.

        Returns
        -------
        values, direction : numpy.ndarray, (2 + labels,)
        """
        now = torch.as_tensor(examples.pairs[:, 0])
        with torch.no_grad():
            level, logits = self(torch.as_tensor(examples.inputs, dtype=torch.float32)[now])
        return singular_values(self.physics, level, torch.softmax(logits, dim=1), examples.step_s)

    def loss(self, rows: "_Rows", settings: PaperFit, done: float) -> Tensor:
        """Sum the three terms when this share of training is done."""
        level, logits = self(rows.inputs)
        low, high = _WARM_UP
        physics = settings.physics * min(max((done - low) / (high - low), 0.0), 1.0)
        total: Tensor = settings.eda * ((level - rows.eda) ** 2).mean() / self.sd**2
        total = total + settings.emotion * nn.functional.cross_entropy(logits, rows.label)
        if physics > 0 and len(rows.pairs):
            now, later = rows.pairs[:, 0], rows.pairs[:, 1]
            emotion = torch.softmax(logits[now], dim=1)
            off = level[later] - self.physics(level[now], emotion, rows.step_s)
            total = total + physics * (off**2).mean() / self.sd**2
        return total

    def predict(self, inputs: Floats) -> tuple[Floats, NDArray[np.int64]]:
        """Answer for rows.

        Parameters
        ----------
        inputs : numpy.ndarray, (n, d)
            Standardised as in training.

        Returns
        -------
        level : numpy.ndarray, (n,)
            Min-max units.
        label : numpy.ndarray, (n,), int
            Likeliest emotion.
        """
        with torch.no_grad(), _one_thread():
            level, logits = self(torch.as_tensor(inputs, dtype=torch.float32))
        return level.numpy().astype(float), logits.argmax(dim=1).numpy().astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    inputs: Tensor
    eda: Tensor
    label: Tensor
    pairs: Tensor
    step_s: float

    @classmethod
    def of(cls, examples: PaperExamples) -> "_Rows":
        return cls(
            torch.as_tensor(examples.inputs, dtype=torch.float32),
            torch.as_tensor(examples.eda, dtype=torch.float32),
            torch.as_tensor(examples.label),
            torch.as_tensor(examples.pairs),
            examples.step_s,
        )


def fit_paper_network(examples: PaperExamples, settings: PaperFit | None = None) -> PaperNetwork:
    """Fit on all rows at once.

    Parameters
    ----------
    examples : PaperExamples
        Training rows only; the residual too is taken on them alone.
    settings : PaperFit or None
        Weights and effort.

    Returns
    -------
    PaperNetwork

    Raises
    ------
    ValueError
        No rows, or inputs or targets that aren't finite.
    """
    settings = settings or PaperFit()
    if not len(examples.eda) or not (
        np.isfinite(examples.inputs).all() and np.isfinite(examples.eda).all()
    ):
        msg = f"expected finite rows to fit on, got {len(examples.eda)}"
        raise ValueError(msg)
    rows = _Rows.of(examples)
    with torch.random.fork_rng(devices=[]), _one_thread():
        torch.manual_seed(settings.seed)
        network = PaperNetwork(
            rows.inputs.shape[1],
            examples.n_labels,
            settings,
            float(examples.eda.mean()),
            max(float(examples.eda.std()), 1e-3),
        )
        _descend(network, rows, settings)
    return network.eval()


def _descend(network: PaperNetwork, rows: _Rows, settings: PaperFit) -> None:
    physics = list(network.physics.parameters())
    weights = [p for name, p in network.named_parameters() if not name.startswith("physics.")]
    rate = settings.learning_rate
    groups: list[dict[str, Any]] = [
        {"params": weights, "weight_decay": _WEIGHT_DECAY},
        {"params": physics},
    ]
    optimiser = torch.optim.Adam(groups, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=[rate, _PHYSICS_PACE * rate], total_steps=settings.steps
    )
    for step in range(settings.steps):
        optimiser.zero_grad()
        network.loss(rows, settings, step / settings.steps).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch on one core: the network is small, and boards run beside each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
