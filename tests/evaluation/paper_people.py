"""People made up for board "paper": smooth EDA, one questionnaire a condition."""

import numpy as np

from wearaffect.datasets.labelled import Interval, SelfReport
from wearaffect.evaluation.paper.rows import PersonLevel

LABELS = ("baseline", "stress", "amusement")


def made_person(subject: str, eda: np.ndarray, *, known: np.ndarray | None = None) -> PersonLevel:
    """EDA at 4 Hz from 0 s; baseline 200 to 800 s, stress to 1200 s, amusement to 1500 s."""
    times = np.arange(len(eda)) / 4.0
    if known is not None:
        times, eda = times[known], eda[known]
    edges = (200.0, 800.0, 1200.0, 1500.0)
    number = int(subject[1:])
    reports = tuple(
        (
            Interval(label, edges[i], edges[i + 1]),
            SelfReport(label, 1 + i, 9 - i, tuple(1 + (number + i + k) % 5 for k in range(24))),
        )
        for i, label in enumerate(LABELS)
    )
    sums = np.concatenate([[0.0], np.cumsum(eda)])
    return PersonLevel(subject, 4.0, times, sums, float(eda.min()), float(eda.max()), reports)


def made_people(n: int = 3, seed: int = 0) -> tuple[PersonLevel, ...]:
    """Slow random walks."""
    rng = np.random.default_rng(seed)
    walks = np.cumsum(rng.normal(0, 0.01, (n, 6000)), axis=1) + 5.0
    return tuple(made_person(f"S{i + 2}", walk) for i, walk in enumerate(walks))
