"""Three ways to keep windows apart, from hardly to wholly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wearaffect.evaluation.paper.rows import WINDOW_S, PaperRows

__all__ = ["EMBARGO_S", "SPLITS", "RowFold", "folds_of"]

EMBARGO_S = 60.0
SPLITS = {
    "random_kfold": "random 5-fold over windows",
    "blocked_kfold": "5 contiguous blocks of each condition, 60 s embargo",
    "loso": "leave one subject out",
}
_K = 5

Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class RowFold:
    """Rows to fit on and rows to score; no row is in both.

    Attributes
    ----------
    train, test : numpy.ndarray, int
        Indices of rows.
    """

    train: Index
    test: Index


def folds_of(split: str, rows: PaperRows, seed: int) -> tuple[RowFold, ...]:
    """Split rows; every row is scored once.

    Parameters
    ----------
    split : str
        A key of `SPLITS`.
    rows : PaperRows
        At least two people for ``loso``, five windows otherwise.
    seed : int
        Of the random folds.

    Returns
    -------
    tuple of RowFold
        Folds with nothing to score are left out.

    Raises
    ------
    ValueError
        Too few rows or people, or an unknown split.
    """
    if split == "random_kfold":
        group = np.random.default_rng(seed).permutation(len(rows)) % _K
    elif split == "blocked_kfold":
        group = _blocks(rows)
    elif split == "loso":
        group = np.unique(rows.subject, return_inverse=True)[1]
    else:
        msg = f"expected one of {', '.join(SPLITS)}, got {split!r}"
        raise ValueError(msg)
    found = []
    for k in np.unique(group):
        train, test = np.flatnonzero(group != k), np.flatnonzero(group == k)
        if split == "blocked_kfold":
            train = _embargoed(rows, train, test)
        found.append(RowFold(train, test))
    if len(found) < 2 or not all(fold.train.size for fold in found):
        msg = f"expected enough windows to split by {split}, got {len(rows)}"
        raise ValueError(msg)
    return tuple(found)


def _blocks(rows: PaperRows) -> Index:
    """Number the fifths of each condition of each person."""
    group = np.empty(len(rows), dtype=np.int64)
    for interval in np.unique(rows.interval):
        mine = np.flatnonzero(rows.interval == interval)
        group[mine] = np.arange(mine.size) * _K // mine.size
    return group


def _embargoed(rows: PaperRows, train: Index, test: Index) -> Index:
    """Leave out windows less than `EMBARGO_S` from a scored window of the same person."""
    kept = np.ones(train.size, dtype=bool)
    for subject in np.unique(rows.subject[test]):
        scored = rows.start_s[test[rows.subject[test] == subject]]
        mine = np.flatnonzero(rows.subject[train] == subject)
        apart = np.abs(rows.start_s[train[mine], None] - scored).min(axis=1) - WINDOW_S
        kept[mine] = apart >= EMBARGO_S
    return train[kept]
