"""Heads that every classifier shares: the arousal index as a prior, and one set of probabilities.

Stress is told from baseline, amusement and meditation together; amusement from baseline where it
isn't stress. The two answers multiply into one probability a condition.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wearaffect.bundle.encoding import N_FLAGS
from wearaffect.learning.table import LABELS, PersonTable

__all__ = [
    "AGAINST",
    "CALM",
    "INDEX_SHARE",
    "NEVER",
    "SCORED",
    "IndexPrior",
    "condition_weights",
    "labelled_of",
    "missing_sides",
    "probabilities_of",
    "sympathetic_inputs",
    "tells_amusement",
]

INDEX_SHARE = 0.6
"""Weight of the untrained index in the log odds of stress (engineering choice). What isn't learnt
can't be of one laboratory; what it costs at home stands in every card, share by share."""

AGAINST = (*LABELS, "rest", "meditation")
"""What training windows are labelled with: stress is learnt against all the others."""

SCORED = (*LABELS, "rest")
"""What stress is scored against, on boards and where thresholds are chosen."""

NEVER = -30.0
"""Log odds of a condition that nobody was in while training."""

# beats are lost to movement, so how many are left tells of it
_OF_MOVEMENT = ("ibi_coverage",)
CALM = ("baseline", "amusement")
"""What the amusement head tells apart."""

_INDEX_COLUMN = -N_FLAGS


class IndexPrior(nn.Module):
    """Mixes learned log odds of stress with those of the untrained arousal index.

    Attributes
    ----------
    gain, bias : torch.nn.Parameter, ()
        From the index to log odds.
    """

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(()))
        self.bias = nn.Parameter(torch.zeros(()))

    def index(self, features: Tensor) -> Tensor:
        """Give the log odds of the index alone, (n,)."""
        odds: Tensor = self.gain * features[:, _INDEX_COLUMN] + self.bias
        return odds

    def forward(self, features: Tensor, learned: Tensor) -> Tensor:
        """Give mixed log odds, (n,)."""
        mixed: Tensor = INDEX_SHARE * self.index(features) + (1 - INDEX_SHARE) * learned
        return mixed


def probabilities_of(stress: Tensor, amused: Tensor) -> Tensor:
    """Turn log odds of stress, and of amusement where it isn't, into probabilities, (n, 3)."""
    p, q = torch.sigmoid(stress), torch.sigmoid(amused)
    return torch.stack([(1 - p) * (1 - q), p, (1 - p) * q], dim=1)


def condition_weights(
    labels: Sequence[str], positive: str, against: Sequence[str] = AGAINST
) -> NDArray[np.float64]:
    """Weigh windows of one person so that a condition counts as much as its rivals together.

    Windows of neither count nothing.
    """
    mine = np.array([label == positive for label in labels], dtype=bool)
    theirs = np.isin(labels, against) & ~mine
    return np.asarray(mine / max(mine.sum(), 1) + theirs / max(theirs.sum(), 1))


def sympathetic_inputs(names: Sequence[str]) -> NDArray[np.bool_]:
    """Tell which inputs the stress head may use: those of skin and heart, and whether they exist.

    Movement is no sign of stress, though in any one protocol it looks like one; the index enters
    as the prior.
    """
    kept = np.array([not name.startswith("acc_") and name not in _OF_MOVEMENT for name in names])
    return np.concatenate([kept, kept, kept, [False], np.ones(N_FLAGS - 1, bool)])


def labelled_of(person: PersonTable) -> tuple[NDArray[np.intp], list[str]]:
    """Give a person's training windows and their labels."""
    index = person.labelled(AGAINST)
    names = person.labels
    return index, [names[i] for i in index]


def tells_amusement(people: Sequence[PersonTable]) -> bool:
    """Tell whether amusement can be learnt: there is some, and baseline outside the enrolment."""
    found = {label for person in people for label in labelled_of(person)[1]}
    return found.issuperset(CALM)


def missing_sides(people: Sequence[PersonTable]) -> dict[str, str]:
    """Say of whom stress can't be learnt, and why: all sittings of a person count together.

    Parameters
    ----------
    people : sequence of PersonTable
        One a sitting.

    Returns
    -------
    dict of str to str
        Subject to reason; windows of the enrolment are no windows to learn from.
    """
    found: dict[str, list[str]] = {}
    for person in people:
        found.setdefault(person.subject, []).extend(labelled_of(person)[1])
    return {
        name: "no windows of stress" if "stress" not in labels else "no windows but of stress"
        for name, labels in found.items()
        if len({label == "stress" for label in labels}) < 2
    }
