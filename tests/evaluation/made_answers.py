"""Answers made up for metrics: a known truth, and probabilities that lean towards it."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from wearaffect.evaluation.answers import Answers

NAMES = ("baseline", "stress", "amusement", "meditation")


def answers(labels: Sequence[str], stress: Sequence[float], subject: str = "S1") -> Answers:
    """One window after another; what isn't stress is shared between the other two."""
    stress = np.asarray(stress, dtype=float)
    rest = (1 - stress) / 2
    changes = [a != b for a, b in pairwise(labels)]
    starts = [labels[0], *(b for a, b in pairwise(labels) if a != b)]
    return Answers(
        subject,
        np.array(labels, dtype=str),
        np.concatenate([[0], np.cumsum(np.array(changes, dtype=int))]),
        tuple(starts),
        np.stack([rest, stress, rest], axis=1),
    )


def leaning(seed: int, n: int = 200, subject: str = "S1", names: Sequence[str] = NAMES) -> Answers:
    """Random conditions; answers are right more often than not."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, len(names), n)
    logits = rng.standard_normal((n, 3)) + 1.5 * np.eye(len(names), 3)[truth]
    p = np.exp(logits)
    return Answers(
        subject,
        np.array(names, dtype=str)[truth],
        np.arange(n),
        tuple(np.array(names)[truth].tolist()),
        p / p.sum(1, keepdims=True),
    )
