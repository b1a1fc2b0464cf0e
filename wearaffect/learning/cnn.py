"""A small convolutional network on the trace of skin conductance: a baseline, never shipped."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wearaffect.bundle.encoding import Encoded

__all__ = ["CnnRows", "fit_cnn"]

Floats = NDArray[np.float64]

# engineering choices: some thousand weights, since eleven people are few
_EPOCHS = 12
_BATCH = 128
_LEARNING_RATE = 2e-3
_WEIGHT_DECAY = 1e-2
_MAPS = 16
_LEAST_US = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class CnnRows:
    """Windows to learn from.

    Attributes
    ----------
    inputs : Encoded
        n windows.
    targets, weights : numpy.ndarray, (n, tasks)
        Truth of each task, and how much it counts; 0 where it isn't known.
    """

    inputs: Encoded
    targets: Floats
    weights: Floats


class _Cnn(nn.Module):
    """Convolutions over the trace, pooled, beside the features; one output a task."""

    def __init__(self, n_inputs: int, n_tasks: int) -> None:
        super().__init__()
        self.trace = nn.Sequential(
            nn.Conv1d(1, _MAPS, 9, stride=4),
            nn.ReLU(),
            nn.Conv1d(_MAPS, _MAPS, 5, stride=2),
            nn.ReLU(),
        )
        self.features = nn.Sequential(nn.Linear(n_inputs, _MAPS), nn.ReLU())
        self.out = nn.Sequential(nn.Dropout(0.3), nn.Linear(3 * _MAPS, n_tasks))

    def forward(self, features: Tensor, eda: Tensor) -> Tensor:
        level = eda.mean(dim=1, keepdim=True).clamp_min(_LEAST_US)
        maps = self.trace((eda / level - 1.0)[:, None])
        pooled = [maps.mean(dim=2), maps.amax(dim=2), self.features(features)]
        odds: Tensor = self.out(torch.cat(pooled, dim=1))
        return odds


def fit_cnn(rows: CnnRows, *, seed: int) -> "FittedCnn":
    """Fit on all rows.

    Parameters
    ----------
    rows : CnnRows
        Of training people. Tables keep only the trace of skin conductance: pulse and movement go
        in as features.
    seed : int
        Of weights, order and dropout.
    """
    torch.manual_seed(seed)
    network = _Cnn(rows.inputs.features.shape[1], rows.targets.shape[1])
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=_LEARNING_RATE, weight_decay=_WEIGHT_DECAY
    )
    given = (rows.inputs.features, rows.inputs.eda, rows.targets, rows.weights)
    features, eda, targets, weights = (
        torch.from_numpy(values.astype(np.float32)) for values in given
    )
    for _ in range(_EPOCHS):
        for part in torch.split(torch.randperm(len(features)), _BATCH):
            odds = network(features[part], eda[part])
            each = nn.functional.binary_cross_entropy_with_logits(
                odds, targets[part], weight=weights[part], reduction="none"
            )
            optimizer.zero_grad()
            each.mean().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return FittedCnn(network.eval())


class FittedCnn:
    """A fitted network.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network

    def probabilities(self, inputs: Encoded) -> Floats:
        """Give the probability of each task, (n, tasks)."""
        with torch.no_grad():
            odds = self._network(torch.from_numpy(inputs.features), torch.from_numpy(inputs.eda))
            said: Floats = torch.sigmoid(odds).double().numpy()
        return said
