"""Figures from answers; bootstrap over people, never over windows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.evaluation.answers import STRESS, Answers, Floats
from wearaffect.learning.table import HORIZONS_S, LABELS

__all__ = ["score"]

_BOOTSTRAP = 1000
_ECE_BINS = 15


def score(answers: Sequence[Answers], seed: int | None = None) -> dict[str, Any]:
    """Score a model's answers.

    Parameters
    ----------
    answers : sequence of Answers
        One a person.
    seed : int or None
        Of the bootstrap over people; None leaves the intervals out.

    Returns
    -------
    dict
        ``three_class``, ``stress``, ``eda`` (where there are forecasts), ``abstention`` and
        ``n_windows``, as the JSON contract has them. A figure that can't be computed is absent.
    """
    scored = [a for a in answers if a.truth.size]
    result: dict[str, Any] = {
        "three_class": _three_class(scored),
        "stress": _stress(scored) | _meditation(answers),
        "n_windows": sum(a.truth.size for a in scored),
    }
    if any(a.withheld for a in scored):
        result["abstention"] = _abstention(scored)
    if seed is not None:
        for block, found in intervals(scored, seed).items():
            result[block]["ci95"] = found
    forecasting = [a for a in answers if a.forecast_us.size]
    if forecasting:
        result["eda"] = {"forecast": _forecast(forecasting)}
    return result


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


def auroc(truth: NDArray[np.bool_], probability: Floats) -> float:
    """Area under the ROC curve, ties by half; NaN where only one side is there."""
    positive, negative = int(truth.sum()), int((~truth).sum())
    if not positive or not negative:
        return float("nan")
    _, inverse, size = np.unique(probability, return_inverse=True, return_counts=True)
    middle_rank = np.cumsum(size) - (size - 1) / 2
    ranks = middle_rank[inverse][truth].sum()
    return float((ranks - positive * (positive + 1) / 2) / (positive * negative))


def ece(truth: NDArray[np.bool_], probability: Floats) -> float:
    """Expected calibration error over 15 bins of equal mass (Naeini et al. 2015)."""
    # windows with one probability share a bin, whatever order they came in
    _, inverse, size = np.unique(probability, return_inverse=True, return_counts=True)
    middle = np.cumsum(size) - (size + 1) / 2
    place = (middle * _ECE_BINS / probability.size).astype(int)[inverse]
    count = np.bincount(place, minlength=_ECE_BINS)
    gap = np.bincount(place, weights=truth - probability, minlength=_ECE_BINS)
    return float(np.abs(gap).sum() / count.sum())


def _three_class(people: Sequence[Answers]) -> dict[str, Any]:
    each = {}
    total = np.zeros((len(LABELS), len(LABELS)), np.int64)
    for person in people:
        counts = confusion(person.truth, person.probabilities.argmax(axis=1), len(LABELS))
        each[person.subject] = _from_counts(counts) | {"n_windows": int(person.truth.size)}
        total += counts
    return _from_counts(total) | {
        "labels": list(LABELS),
        "macro_f1_person_mean": _mean(each, "macro_f1"),
        "per_subject": each,
        "confusion": total.tolist(),
    }


def _from_counts(counts: NDArray[np.int64]) -> dict[str, float]:
    return {
        "accuracy": float(np.diag(counts).sum() / counts.sum()),
        "macro_f1": macro_f1(counts),
    }


def _stress(people: Sequence[Answers]) -> dict[str, Any]:
    each = {a.subject: _stress_figures([a]) for a in people}
    means = {f"{name}_person_mean": _mean(each, name) for name in ("auroc", "macro_f1", "ece")}
    known = {name: value for name, value in means.items() if value is not None}
    return _stress_figures(people) | known | {"per_subject": each}


def _stress_figures(people: Sequence[Answers]) -> dict[str, float]:
    truth, probabilities = _pooled(people)
    stressed, p = truth == STRESS, probabilities[:, STRESS]
    base = truth == LABELS.index("baseline")
    figures = _from_counts(confusion(stressed.astype(int), (p > 0.5).astype(int), 2)) | {
        "auroc": auroc(stressed, p),
        "brier": float(((p - stressed) ** 2).mean()),
        "ece": ece(stressed, p),
        "auroc_against_amusement": auroc(stressed[~base], p[~base]),
    }
    return {name: value for name, value in figures.items() if np.isfinite(value)}


def intervals(answers: Sequence[Answers], seed: int) -> dict[str, dict[str, list[float]]]:
    """95 % percentile intervals over people drawn with replacement.

    Parameters
    ----------
    answers : sequence of Answers
        At least two people; with fewer there is nothing to draw.
    seed : int
        Of the draws.

    Returns
    -------
    dict
        ``three_class.macro_f1``, ``stress.macro_f1`` and ``stress.auroc``.
    """
    people = [a for a in answers if a.truth.size]
    if len(people) < 2:
        return {"three_class": {}, "stress": {}}
    three, two = [], []
    for a in people:
        stressed, p = a.truth == STRESS, a.probabilities[:, STRESS]
        three.append(confusion(a.truth, a.probabilities.argmax(axis=1), len(LABELS)))
        two.append(confusion(stressed.astype(int), (p > 0.5).astype(int), 2))
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(people), (_BOOTSTRAP, len(people)))
    areas = []
    for row in drawn:
        truth, probabilities = _pooled([people[i] for i in row])
        areas.append(auroc(truth == STRESS, probabilities[:, STRESS]))
    f1 = [[macro_f1(np.sum([c[i] for i in row], axis=0)) for row in drawn] for c in (three, two)]
    return {
        "three_class": {"macro_f1": _middle95(f1[0])},
        "stress": {"macro_f1": _middle95(f1[1]), "auroc": _middle95(areas)},
    }


def _middle95(values: Sequence[float]) -> list[float]:
    finite = [v for v in values if np.isfinite(v)]
    return [float(v) for v in np.quantile(finite, [0.025, 0.975])]


def _meditation(people: Sequence[Answers]) -> dict[str, float]:
    p = np.concatenate([a.meditation for a in people])
    return {"meditation_called_stress": float((p > 0.5).mean())} if p.size else {}


def _abstention(people: Sequence[Answers]) -> dict[str, Any]:
    reasons = [reason for a in people for reason in a.withheld]
    named = sorted({reason for reason in reasons if reason})
    truth, probabilities = _pooled(people)
    stressed, p = truth == STRESS, probabilities[:, STRESS]
    surest = np.argsort(-np.abs(p - 0.5), kind="stable")
    wrong = ((p > 0.5) != stressed)[surest]
    curve = []
    for share in np.linspace(0.1, 1.0, 10):
        kept = max(1, round(share * wrong.size))
        curve.append([round(float(share), 2), float(wrong[:kept].mean())])
    return {
        "fraction": sum(map(bool, reasons)) / len(reasons),
        "by_reason": {name: reasons.count(name) / len(reasons) for name in named},
        "risk_coverage": curve,
    }


def _forecast(people: Sequence[Answers]) -> dict[str, dict[str, float]]:
    """Per horizon; the rival of the quantiles is persistence with its own error quantiles."""
    now = np.concatenate([a.now_us for a in people])
    later = np.concatenate([a.later_us for a in people])
    forecast = np.concatenate([a.forecast_us for a in people])
    found = {}
    for h, horizon in enumerate(HORIZONS_S):
        known = np.isfinite(now) & np.isfinite(later[:, h])
        if not known.any():
            continue
        truth = later[known, h]
        low, middle, high = (forecast[known, h, i] for i in range(3))
        held = now[known]
        rival = held[:, None] + np.quantile(truth - held, [0.05, 0.5, 0.95])
        ours = _pinball(truth, np.stack([low, middle, high], axis=1))
        found[f"{horizon:g}"] = {
            "rmse_us": float(np.sqrt(((truth - middle) ** 2).mean())),
            "skill_vs_persistence": _skill((truth - middle) ** 2, (truth - held) ** 2),
            "pinball_skill": _skill(ours, _pinball(truth, rival)),
            "coverage90": float(((truth >= low) & (truth <= high)).mean()),
        }
    return found


def _pinball(truth: Floats, quantiles: Floats) -> Floats:
    levels = np.array([0.05, 0.5, 0.95])
    error = truth[:, None] - quantiles
    return np.asarray(np.maximum(levels * error, (levels - 1) * error).sum(axis=1))


def _skill(ours: Floats, rival: Floats) -> float:
    base = float(rival.mean())
    return 1.0 - float(ours.mean()) / base if base > 0 else 0.0


def _pooled(people: Sequence[Answers]) -> tuple[NDArray[np.int64], Floats]:
    return (
        np.concatenate([a.truth for a in people]),
        np.concatenate([a.probabilities for a in people]),
    )


def _mean(each: Mapping[str, Mapping[str, float]], name: str) -> float | None:
    values = [figures[name] for figures in each.values() if name in figures]
    return float(np.mean(values)) if values else None
