"""What needs no model: copies, means and one least-squares line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wearaffect.evaluation.paper.folds import RowFold
from wearaffect.evaluation.paper.rows import PaperRows

__all__ = ["LOOKUPS", "NEAREST", "PERSISTENCE", "Said"]

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

NEAREST = "nearest_in_time"
PERSISTENCE = "persistence"
_SAME = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """Answers to the scored rows of a fold; None where a way has nothing to say.

    Attributes
    ----------
    level : numpy.ndarray, (n,), or None
        EDA, min-max units.
    label : numpy.ndarray, (n,), int, or None
        Condition.
    """

    level: Floats | None = None
    label: Index | None = None


LookUp = Callable[[PaperRows, RowFold], Said]


def nearest_in_time(rows: PaperRows, fold: RowFold) -> Said:
    """Copy the person's known window that is nearest in time, the earlier of two.

    Of somebody new nothing is known: then the mean and the commonest condition of everybody's
    windows nearest by time since their first condition began.
    """

    def distance(row: int) -> Floats:
        apart = rows.start_s[fold.train] - rows.start_s[row]
        own = rows.subject[fold.train] == rows.subject[row]
        # a hair nearer if earlier: a copy, not the mean of two neighbours, which interpolates
        copied = np.where(own, np.abs(apart) + 2 * _SAME * (apart > 0), np.inf)
        return copied if own.any() else np.abs(apart)

    return _copied(rows, fold, distance)


def interpolation(rows: PaperRows, fold: RowFold) -> Said:
    """Draw a straight line between the person's known windows; nothing for somebody new."""
    level = np.empty(fold.test.size)
    for subject in np.unique(rows.subject[fold.test]):
        known = fold.train[rows.subject[fold.train] == subject]
        if not known.size:
            return Said()
        asked = rows.subject[fold.test] == subject
        order = known[np.argsort(rows.start_s[known])]
        at = rows.start_s[fold.test[asked]]
        level[asked] = np.interp(at, rows.start_s[order], rows.level[order])
    return Said(level)


def persistence(rows: PaperRows, fold: RowFold) -> Said:
    """Say that EDA is as it was one hop before."""
    return Said(rows.lagged[fold.test, 0])


def autoregression(rows: PaperRows, fold: RowFold) -> Said:
    """Weigh the levels one and two hops before by least squares."""
    design = np.concatenate([np.ones((len(rows), 1)), rows.lagged], axis=1)
    weights = np.linalg.lstsq(design[fold.train], rows.level[fold.train], rcond=None)[0]
    return Said(design[fold.test] @ weights)


def questionnaire_only(rows: PaperRows, fold: RowFold) -> Said:
    """Copy the mean and the commonest condition of whoever answered most alike."""

    def distance(row: int) -> Floats:
        # a question left open by either counts as answered alike
        apart = np.nan_to_num(rows.answers[fold.train] - rows.answers[row])
        return np.asarray(np.linalg.norm(apart, axis=1))

    return _copied(rows, fold, distance)


def subject_only(rows: PaperRows, fold: RowFold) -> Said:
    """Know who it is and nothing else; for somebody new, everybody's mean and majority."""

    def distance(row: int) -> Floats:
        own = rows.subject[fold.train] == rows.subject[row]
        return np.where(own, 0.0, np.inf) if own.any() else np.zeros(fold.train.size)

    return _copied(rows, fold, distance)


def constant(rows: PaperRows, fold: RowFold) -> Said:
    """Always say the mean and the commonest condition."""
    return _copied(rows, fold, lambda _: np.zeros(fold.train.size))


def _copied(rows: PaperRows, fold: RowFold, distance: Callable[[int], Floats]) -> Said:
    """Give mean level and commonest label of the nearest known rows, all that tie."""
    level, label = np.empty(fold.test.size), np.empty(fold.test.size, dtype=np.int64)
    for i, row in enumerate(fold.test):
        apart = distance(int(row))
        nearest = fold.train[apart <= apart.min() + _SAME]
        level[i] = rows.level[nearest].mean()
        label[i] = np.bincount(rows.label[nearest]).argmax()
    return Said(level, label)


LOOKUPS: Mapping[str, LookUp] = {
    NEAREST: nearest_in_time,
    "interpolation_in_time": interpolation,
    PERSISTENCE: persistence,
    "autoregression": autoregression,
    "questionnaire_only": questionnaire_only,
    "subject_only": subject_only,
    "constant": constant,
}
