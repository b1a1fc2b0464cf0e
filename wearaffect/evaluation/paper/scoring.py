"""Figures as the abstract has them, and the ones that it doesn't have."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.evaluation.measures import confusion, macro_f1
from wearaffect.evaluation.paper.folds import RowFold
from wearaffect.evaluation.paper.lookups import Said
from wearaffect.evaluation.paper.rows import PaperRows

__all__ = ["CLAIMED", "Asked", "compared", "score_answers"]

Floats = NDArray[np.float64]

CLAIMED = {"rmse": 0.0362, "r": 0.9919, "macro_f1": 0.9408}
"""Means over five folds in the abstract of arXiv:2505.18169."""

_BOOTSTRAP = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What answers are held against.

    Attributes
    ----------
    rows : PaperRows
        All.
    folds : sequence of RowFold
        Each row is scored in one.
    n_labels : int
        Conditions.
    """

    rows: PaperRows
    folds: Sequence[RowFold]
    n_labels: int


def score_answers(asked: Asked, said: Sequence[Said]) -> dict[str, Any]:
    """Score what was said in each fold.

    Parameters
    ----------
    asked : Asked
        Rows and folds.
    said : sequence of Said
        One a fold.

    Returns
    -------
    dict
        ``rmse``, ``r``, ``macro_f1`` and ``accuracy`` are means over folds as in the abstract,
        with ``…_fold_sd`` and ``…_pooled`` beside them; ``rmse_us`` in µS, ``rmse_in_person_sd``
        as a share of each person's own SD (mean of people), ``skill_vs_persistence`` of squared
        error, ``macro_f1_person_mean``, ``claim_met``. A figure that can't be computed is absent.
    """
    found: dict[str, float] = {}
    if all(one.level is not None for one in said):
        found |= _level_figures(asked, said)
    if all(one.label is not None for one in said):
        found |= _label_figures(asked, said)
    known = {name: float(value) for name, value in found.items() if np.isfinite(value)}
    met = {
        name: known[name] <= bound if name == "rmse" else known[name] >= bound
        for name, bound in CLAIMED.items()
        if name in known
    }
    return {**known, "claim_met": met}


def compared(
    asked: Asked, ours: Sequence[Said], theirs: Sequence[Said], seed: int
) -> dict[str, Any]:
    """Give our figures minus theirs, pooled, with 95 % intervals over people drawn anew.

    Parameters
    ----------
    asked : Asked
        Rows and folds.
    ours, theirs : sequence of Said
        One a fold; only tasks that both answered are compared.
    seed : int
        Of the draws.

    Returns
    -------
    dict
        ``rmse`` and ``macro_f1``, each ``{"difference", "ci95"}``, where they can be computed.
    """
    people = np.unique(asked.rows.subject)
    drawn = np.random.default_rng(seed).integers(0, people.size, (_BOOTSTRAP, people.size))
    everybody = np.arange(people.size)[None]
    found = {}
    for name, figure in (("rmse", _rmse_of_people), ("macro_f1", _f1_of_people)):
        sides = [figure(asked, side, np.concatenate([everybody, drawn])) for side in (ours, theirs)]
        if sides[0] is not None and sides[1] is not None:
            off = sides[0] - sides[1]
            low, high = np.quantile(off[1:], [0.025, 0.975])
            found[name] = {"difference": float(off[0]), "ci95": [float(low), float(high)]}
    return found


def _level_figures(asked: Asked, said: Sequence[Said]) -> dict[str, float]:
    rows = asked.rows
    guess = _spread_out(asked, [one.level for one in said])
    error = guess - rows.level
    each = [(error[f.test], guess[f.test], rows.level[f.test]) for f in asked.folds]
    held = rows.lagged[:, 0] - rows.level
    mine = [rows.subject == s for s in np.unique(rows.subject)]
    own = [_rms(error[i]) / max(rows.level[i].std(), 1e-9) for i in mine]
    return {
        **_over_folds("rmse", [_rms(off) for off, _, _ in each]),
        **_over_folds("r", [_correlation(g, truth) for _, g, truth in each]),
        "rmse_pooled": _rms(error),
        "r_pooled": _correlation(guess, rows.level),
        "rmse_us": _rms(error * (rows.high_us - rows.low_us)),
        "rmse_in_person_sd": float(np.mean(own)),
        "skill_vs_persistence": 1.0 - _rms(error) ** 2 / max(_rms(held) ** 2, 1e-18),
    }


def _label_figures(asked: Asked, said: Sequence[Said]) -> dict[str, float]:
    truth, n = asked.rows.label, asked.n_labels
    guess = _spread_out(asked, [one.label for one in said]).astype(np.int64)

    def counts(rows: NDArray[Any]) -> NDArray[np.int64]:
        return confusion(truth[rows], guess[rows], n)

    folds = [counts(fold.test) for fold in asked.folds]
    people = [counts(asked.rows.subject == s) for s in np.unique(asked.rows.subject)]
    return {
        **_over_folds("macro_f1", [macro_f1(c) for c in folds]),
        **_over_folds("accuracy", [float(np.diag(c).sum() / c.sum()) for c in folds]),
        "macro_f1_pooled": macro_f1(np.sum(folds, axis=0)),
        "macro_f1_person_mean": float(np.mean([macro_f1(c) for c in people])),
    }


def _over_folds(name: str, values: Sequence[float]) -> dict[str, float]:
    # a figure that one fold lacks has no mean over folds
    return {name: float(np.mean(values)), f"{name}_fold_sd": float(np.std(values, ddof=1))}


def _spread_out(asked: Asked, parts: Sequence[NDArray[Any] | None]) -> Floats:
    """Put the answers of all folds in order of rows."""
    whole = np.empty(len(asked.rows))
    for fold, part in zip(asked.folds, parts, strict=True):
        assert part is not None  # asked before
        whole[fold.test] = part
    return whole


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _correlation(guess: Floats, truth: Floats) -> float:
    """Pearson's r; NaN where either side hardly moves."""
    if guess.size < 2 or min(guess.std(), truth.std()) < 1e-9:
        return float("nan")
    return float(np.corrcoef(guess, truth)[0, 1])


def _rmse_of_people(asked: Asked, said: Sequence[Said], drawn: NDArray[np.int64]) -> Floats | None:
    """Give the pooled RMSE of each draw of people, (draws,)."""
    if any(one.level is None for one in said):
        return None
    off = _spread_out(asked, [one.level for one in said]) - asked.rows.level
    who = np.unique(asked.rows.subject, return_inverse=True)[1]
    squares, count = np.bincount(who, weights=off**2), np.bincount(who)
    return np.asarray(np.sqrt(squares[drawn].sum(axis=1) / count[drawn].sum(axis=1)))


def _f1_of_people(asked: Asked, said: Sequence[Said], drawn: NDArray[np.int64]) -> Floats | None:
    """Give the pooled macro F1 of each draw of people, (draws,)."""
    if any(one.label is None for one in said):
        return None
    guess = _spread_out(asked, [one.label for one in said]).astype(np.int64)
    subject = asked.rows.subject
    each = np.array(
        [
            confusion(asked.rows.label[subject == s], guess[subject == s], asked.n_labels)
            for s in np.unique(subject)
        ]
    )
    return np.array([macro_f1(each[row].sum(axis=0)) for row in drawn])
