"""Figures from truth and answers as plain arrays: nothing here knows people or corpora."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "auroc",
    "concordance",
    "confusion",
    "ece",
    "excess_aurc",
    "macro_f1",
    "middle95",
    "pinball",
    "skill",
]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_ECE_BINS = 15


def macro_f1(counts: NDArray[np.int64]) -> float:
    """Unweighted mean of F1 over the labels that either side names.

    Parameters
    ----------
    counts : numpy.ndarray, (labels, labels)
        Truth by answer; sums over people, so that a bootstrap is cheap.
    """
    hit, named = np.diag(counts), counts.sum(axis=0) + counts.sum(axis=1)
    return float((2 * hit[named > 0] / named[named > 0]).mean())


def confusion(truth: NDArray[np.int64], guess: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Count windows by truth and answer, (n, n)."""
    return np.bincount(truth * n + guess, minlength=n * n).reshape(n, n)


def auroc(truth: Bools, probability: Floats) -> float:
    """Area under the ROC curve, ties by half; NaN where only one side is there."""
    positive, negative = int(truth.sum()), int((~truth).sum())
    if not positive or not negative:
        return float("nan")
    _, inverse, size = np.unique(probability, return_inverse=True, return_counts=True)
    middle_rank = np.cumsum(size) - (size - 1) / 2
    ranks = middle_rank[inverse][truth].sum()
    return float((ranks - positive * (positive + 1) / 2) / (positive * negative))


def ece(truth: Bools, probability: Floats) -> float:
    """Expected calibration error over 15 bins of equal mass (Naeini et al. 2015)."""
    # windows with one probability share a bin, whatever order they came in
    _, inverse, size = np.unique(probability, return_inverse=True, return_counts=True)
    middle = np.cumsum(size) - (size + 1) / 2
    place = (middle * _ECE_BINS / probability.size).astype(int)[inverse]
    gap = np.bincount(place, weights=truth - probability, minlength=_ECE_BINS)
    return float(np.abs(gap).sum() / probability.size)


def concordance(truth: Floats, answer: Floats) -> float:
    """Give Lin's concordance correlation (1989, doi 10.2307/2532051); NaN if both are constant."""
    off = float(((truth - truth.mean()) * (answer - answer.mean())).mean())
    spread = truth.var() + answer.var() + (truth.mean() - answer.mean()) ** 2
    return 2 * off / float(spread) if spread > 0 else float("nan")


def excess_aurc(wrong: Bools, certainty: Floats) -> float:
    """Area under the risk-coverage curve beyond what sorting by the truth would leave.

    Geifman, Uziel & El-Yaniv 2019 (arXiv 1805.08206).
    """
    n = wrong.size
    kept = np.arange(1, n + 1)
    surest = np.argsort(-certainty, kind="stable")
    best = np.sort(wrong)
    return float((np.cumsum(wrong[surest]) / kept - np.cumsum(best) / kept).mean())


def pinball(truth: Floats, quantiles: Floats) -> Floats:
    """Sum of pinball losses of the 5th, 50th and 95th percentile, (n,)."""
    levels = np.array([0.05, 0.5, 0.95])
    error = truth[:, None] - quantiles
    return np.asarray(np.maximum(levels * error, (levels - 1) * error).sum(axis=1))


def skill(ours: Floats, rival: Floats) -> float:
    """One minus the ratio of mean losses; 0 where the rival has none."""
    base = float(rival.mean())
    return 1.0 - float(ours.mean()) / base if base > 0 else 0.0


def middle95(values: Sequence[float]) -> list[float]:
    """Give the 2.5th and 97.5th percentile of what is finite."""
    finite = [v for v in values if np.isfinite(v)]
    return [float(v) for v in np.quantile(finite, [0.025, 0.975])] if finite else []
