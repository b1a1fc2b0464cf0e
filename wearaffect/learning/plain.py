"""The plain model: logistic regression on the same inputs, served through the same graph."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wearaffect.bundle.encoding import InputEncoder
from wearaffect.learning.table import LABELS, PersonTable

__all__ = ["PlainHead", "fit_plain"]

_INVERSE_PENALTY = 0.01  # strong, because windows of a person repeat each other


class PlainHead(nn.Module):
    """Two linear maps: one for windows with a resting state, one for windows without.

    Parameters
    ----------
    n_inputs, n_labels : int
        Length of the feature vector, number of conditions.
    """

    def __init__(self, n_inputs: int, n_labels: int) -> None:
        super().__init__()
        self.enrolled = nn.Linear(n_inputs, n_labels)
        self.plain = nn.Linear(n_inputs, n_labels)

    def forward(self, features: Tensor) -> Tensor:
        """Give logits, (n, labels)."""
        known = features[:, -1:]
        logits: Tensor = known * self.enrolled(features) + (1 - known) * self.plain(features)
        return logits

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Give probabilities for encoded features, (n, labels)."""
        with torch.no_grad():
            logits: Tensor = self(torch.from_numpy(features))
            return np.asarray(torch.softmax(logits, dim=1).numpy(), dtype=np.float64)


def fit_plain(people: Sequence[PersonTable], encoder: InputEncoder) -> PlainHead:
    """Fit both maps.

    Parameters
    ----------
    people : sequence of PersonTable
        Training people.
    encoder : InputEncoder
        Fitted on them.

    Returns
    -------
    PlainHead
        In evaluation mode.
    """
    index = [person.labelled() for person in people]
    features = np.concatenate(
        [encoder.encode(p.pick(i)).features for p, i in zip(people, index, strict=True)]
    )
    labels = np.concatenate(
        [[LABELS.index(p.labels[j]) for j in i] for p, i in zip(people, index, strict=True)]
    )
    head = PlainHead(features.shape[1], len(LABELS))
    alone = features.copy()
    alone[:, features.shape[1] // 2 :] = 0.0
    rested = features[:, -1] > 0
    _load(head.plain, alone, labels)
    if rested.any():
        _load(head.enrolled, features[rested], labels[rested])
    else:
        head.enrolled.load_state_dict(head.plain.state_dict())
    return head.eval()


def _load(linear: nn.Linear, features: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
    """Fit one map with scikit-learn and copy it."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=_INVERSE_PENALTY, class_weight="balanced", max_iter=1000)
    model.fit(features.astype(np.float64), labels)
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(model.coef_))
        linear.bias.copy_(torch.from_numpy(model.intercept_))
