"""The plain model: logistic regression on the same inputs, served through the same graph."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wearaffect.bundle.encoding import InputEncoder, rest_block
from wearaffect.learning.heads import (
    CALM,
    NEVER,
    IndexPrior,
    condition_weights,
    labelled_of,
    probabilities_of,
    sympathetic_inputs,
    tells_amusement,
)
from wearaffect.learning.table import PersonTable

__all__ = ["PlainHead", "fit_plain"]

_INVERSE_PENALTY = 0.01  # strong, because windows of a person repeat each other

Floats = NDArray[np.float64]


class PlainHead(nn.Module):
    """Two linear maps: stress against all else, amusement against baseline.

    Parameters
    ----------
    n_inputs : int
        Length of the feature vector.
    """

    def __init__(self, n_inputs: int) -> None:
        super().__init__()
        self.stress = nn.Linear(n_inputs, 1)
        self.amused = nn.Linear(n_inputs, 1)
        self.prior = IndexPrior()

    def learned(self, features: Tensor) -> Tensor:
        """Give the log odds of stress without the index, (n,)."""
        odds: Tensor = self.stress(features)[:, 0]
        return odds

    def odds(self, features: Tensor, _eda: Tensor) -> tuple[Tensor, Tensor]:
        """Give learned log odds of stress, and of amusement where it isn't, (n,) each."""
        return self.learned(features), self.amused(features)[:, 0]

    def forward(self, features: Tensor) -> Tensor:
        """Give probabilities, (n, labels)."""
        stress = self.prior(features, self.learned(features))
        return probabilities_of(stress, self.amused(features)[:, 0])

    def probabilities(self, features: NDArray[np.float32]) -> Floats:
        """Give probabilities for encoded features, (n, labels)."""
        with torch.no_grad():
            said: Tensor = self(torch.from_numpy(features))
            return said.double().numpy()


def fit_plain(people: Sequence[PersonTable], encoder: InputEncoder) -> PlainHead:
    """Fit both maps, and the scale of the index.

    Parameters
    ----------
    people : sequence of PersonTable
        Training people. Each counts with the resting state and without, so that one map serves
        both.
    encoder : InputEncoder
        Fitted on them.

    Returns
    -------
    PlainHead
        In evaluation mode.
    """
    features, labels, stress_weight, calm_weight = _rows(people, encoder)
    head = PlainHead(features.shape[1])
    stressed = labels == "stress"
    usable = sympathetic_inputs(encoder.names)
    _load(head.stress, features * usable, stressed, stress_weight)
    calm, amused = calm_weight > 0, labels == "amusement"
    if tells_amusement(people):
        _load(head.amused, features[calm], amused[calm], calm_weight[calm])
    else:
        nn.init.zeros_(head.amused.weight)
        nn.init.constant_(head.amused.bias, NEVER)
    index = nn.Linear(1, 1)
    _load(index, features[:, [_INDEX]], stressed, stress_weight)
    with torch.no_grad():
        head.prior.gain.copy_(index.weight[0, 0])
        head.prior.bias.copy_(index.bias[0])
    return head.eval()


_INDEX = -4


def _rows(
    people: Sequence[PersonTable], encoder: InputEncoder
) -> tuple[Floats, NDArray[np.str_], Floats, Floats]:
    """Features, labels, and weights for either map, each window twice if it knows a rest."""
    parts = []
    for person in people:
        index, names = labelled_of(person)
        features = encoder.encode(person.pick(index)).features.astype(np.float64)
        weights = (condition_weights(names, "stress"), condition_weights(names, "amusement", CALM))
        parts.append((features, np.array(names, dtype=str), *weights))
        if (features[:, -1] > 0).any():
            parts.append((without_rest(features), *parts[-1][1:]))
    features, labels, stress, calm = (np.concatenate(column) for column in zip(*parts, strict=True))
    return features, labels, stress / stress.mean(), calm / max(calm.mean(), 1e-9)


def without_rest(features: Floats) -> Floats:
    """Give inputs as they would be without a resting state."""
    bare = features.copy()
    bare[:, rest_block(features.shape[1])] = 0.0
    bare[:, -1] = 0.0
    return bare


def _load(linear: nn.Linear, features: Floats, target: NDArray[np.bool_], weight: Floats) -> None:
    """Fit one map with scikit-learn and copy it."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=1000)
    model.fit(features, target, sample_weight=weight)
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(model.coef_))
        linear.bias.copy_(torch.from_numpy(model.intercept_))
