"""Figures from answers, by the rules of a corpus; bootstrap over people, never over windows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.evaluation.answers import Answers, Floats
from wearaffect.evaluation.corpora import Corpus
from wearaffect.evaluation.forecasts import forecast_figures, from_others_figures
from wearaffect.evaluation.measures import (
    auroc,
    concordance,
    confusion,
    ece,
    excess_aurc,
    macro_f1,
    middle95,
)

__all__ = ["score"]

_BOOTSTRAP = 1000

Bools = NDArray[np.bool_]


def score(answers: Sequence[Answers], corpus: Corpus, seed: int | None = None) -> dict[str, Any]:
    """Score a model's answers.

    Parameters
    ----------
    answers : sequence of Answers
        One a person.
    corpus : Corpus
        Whose rules hold.
    seed : int or None
        Of the bootstrap over people; None leaves the intervals out.

    Returns
    -------
    dict
        ``three_class``, ``stress``, ``late``, ``stressors``, ``sections``, ``valence_arousal``,
        ``eda``, ``abstention`` and ``n_windows``, as the JSON contract has them. A figure that
        can't be computed is absent.
    """
    scored = [a for a in answers if a.among((*corpus.stressed, *corpus.calm)).any()]
    result: dict[str, Any] = {
        "stress": _stress(scored, corpus, seed) | _guard(answers, corpus),
        "sections": _sections(answers),
        "n_windows": int(sum(a.among((*corpus.stressed, *corpus.calm)).sum() for a in scored)),
    }
    if corpus.classes and all(any(a.among((c,)).any() for a in scored) for c in corpus.classes):
        result["three_class"] = _three_class(scored, corpus, seed)
    if corpus.late:
        result["late"] = _ranking(answers, corpus.stressed, corpus.late, seed)
    if corpus.stressors:
        result["stressors"] = {
            name: found
            for name in corpus.stressors
            if (found := _against_rest(answers, name, corpus))
        }
    if any(a.withheld for a in scored):
        result["abstention"] = _abstention(scored, corpus)
    with_affect = [a for a in answers if a.affect.size]
    if with_affect and (found := _valence_arousal(with_affect)):
        result["valence_arousal"] = found
    eda = {
        "forecast": forecast_figures([a for a in answers if a.forecast_us.size]),
        "from_others": from_others_figures([a for a in answers if a.from_others_us.size]),
    }
    result["eda"] = {name: found for name, found in eda.items() if found}
    return {name: found for name, found in result.items() if found or name == "n_windows"}


def _pairs(people: Sequence[Answers], corpus: Corpus) -> list[tuple[Bools, Floats]]:
    """Truth and answer of each person's scored windows."""
    chosen = [a.among((*corpus.stressed, *corpus.calm)) for a in people]
    return [
        (np.isin(a.labels[c], corpus.stressed), a.stress[c])
        for a, c in zip(people, chosen, strict=True)
    ]


def _joined(pairs: Sequence[tuple[Bools, Floats]]) -> tuple[Bools, Floats]:
    truth, p = (np.concatenate(column) for column in zip(*pairs, strict=True))
    return truth, p


def _stress(people: Sequence[Answers], corpus: Corpus, seed: int | None) -> dict[str, Any]:
    if not people:
        return {}
    pairs = _pairs(people, corpus)
    each = {a.subject: _stress_figures(*pair) for a, pair in zip(people, pairs, strict=True)}
    means = {
        f"{name}_person_mean": _mean(each, name)
        for name in ("auroc", "macro_f1", "ece", "accuracy")
    }
    known = {name: value for name, value in means.items() if value is not None}
    result: dict[str, Any] = _stress_figures(*_joined(pairs)) | known | {"per_subject": each}
    if seed is not None and len(pairs) > 1:
        counts = [_two_by_two(*pair) for pair in pairs]
        draws = _draws(len(pairs), seed)
        result["ci95"] = {
            "macro_f1": middle95([macro_f1(np.sum([counts[i] for i in d], axis=0)) for d in draws]),
            "auroc": middle95([auroc(*_joined([pairs[i] for i in d])) for d in draws]),
        }
    return result


def _two_by_two(truth: Bools, p: Floats) -> NDArray[np.int64]:
    return confusion(truth.astype(int), (p > 0.5).astype(int), 2)


def _stress_figures(truth: Bools, p: Floats) -> dict[str, float]:
    figures = _from_counts(_two_by_two(truth, p)) | {
        "auroc": auroc(truth, p),
        "brier": float(((p - truth) ** 2).mean()),
        "ece": ece(truth, p),
        "n_windows": int(truth.size),
    }
    return {name: value for name, value in figures.items() if np.isfinite(value)}


def _from_counts(counts: NDArray[np.int64]) -> dict[str, float]:
    return {
        "accuracy": float(np.diag(counts).sum() / counts.sum()),
        "macro_f1": macro_f1(counts),
    }


def _guard(people: Sequence[Answers], corpus: Corpus) -> dict[str, float]:
    p = np.concatenate([np.empty(0), *(a.stress[a.among((corpus.guard,))] for a in people)])
    return {f"{corpus.guard}_called_stress": float((p > 0.5).mean())} if p.size else {}


def _three_class(people: Sequence[Answers], corpus: Corpus, seed: int | None) -> dict[str, Any]:
    labels = corpus.classes
    each, counts, gaps = {}, [], []
    for person in people:
        chosen = person.among(labels)
        truth = np.array([labels.index(name) for name in person.labels[chosen]], dtype=np.int64)
        said = person.probabilities[chosen]
        counts.append(confusion(truth, said.argmax(axis=1), len(labels)))
        gaps.append((np.eye(len(labels), dtype=bool)[truth], said))
        each[person.subject] = _from_counts(counts[-1]) | {
            "ece": _class_ece(*gaps[-1]),
            "n_windows": int(truth.size),
        }
    total = np.sum(counts, axis=0)
    right = np.concatenate([truth for truth, _ in gaps])
    said = np.concatenate([answers for _, answers in gaps])
    result: dict[str, Any] = _from_counts(total) | {
        "labels": list(labels),
        "ece": _class_ece(right, said),
        "ece_person_mean": _mean(each, "ece"),
        "macro_f1_person_mean": _mean(each, "macro_f1"),
        "per_subject": each,
        "confusion": total.tolist(),
    }
    if seed is not None and len(people) > 1:
        draws = _draws(len(people), seed)
        result["ci95"] = {
            "macro_f1": middle95([macro_f1(np.sum([counts[i] for i in d], axis=0)) for d in draws])
        }
    return result


def _class_ece(truth: Bools, said: Floats) -> float:
    """Tell how far an answer is right as often as it is sure."""
    given = said.argmax(axis=1)
    row = np.arange(given.size)
    return ece(truth[row, given], said[row, given])


def _ranking(
    people: Sequence[Answers], stressed: Sequence[str], against: Sequence[str], seed: int | None
) -> dict[str, Any]:
    """AUROC of stress against some conditions, pooled and by person."""
    pairs = []
    for person in people:
        chosen = person.among((*stressed, *against))
        if chosen.any():
            pairs.append((np.isin(person.labels[chosen], stressed), person.stress[chosen]))
    if not pairs:
        return {}
    each = [auroc(*pair) for pair in pairs]
    pooled = auroc(*_joined(pairs))
    if not np.isfinite(pooled):
        return {}
    result: dict[str, Any] = {"auroc": pooled}
    if np.isfinite(each).any():
        result["auroc_person_mean"] = float(np.nanmean(each))
    if seed is not None and len(pairs) > 1:
        draws = _draws(len(pairs), seed)
        result["ci95"] = {
            "auroc": middle95([auroc(*_joined([pairs[i] for i in d])) for d in draws])
        }
    return result


def _against_rest(people: Sequence[Answers], stressor: str, corpus: Corpus) -> dict[str, float]:
    """AUROC of a condition against the rests that touch it in the protocol."""
    pairs = []
    for person in people:
        for i in (i for i, name in enumerate(person.protocol) if name == stressor):
            beside = [
                j
                for j in (i - 1, i + 1)
                if 0 <= j < len(person.protocol) and person.protocol[j] in corpus.calm
            ]
            chosen = np.isin(person.interval, [i, *beside])
            pairs.append((person.interval[chosen] == i, person.stress[chosen]))
    if not pairs:
        return {}
    truth, p = _joined(pairs)
    each = [value for pair in pairs if np.isfinite(value := auroc(*pair))]
    pooled = auroc(truth, p)
    if not (np.isfinite(pooled) and each):
        return {}
    return {
        "auroc_adjacent_rest": pooled,
        "auroc_adjacent_rest_person_mean": float(np.mean(each)),
        "n_windows": int(truth.sum()),
    }


def _sections(people: Sequence[Answers]) -> dict[str, dict[str, float]]:
    """By condition: windows, the share answered and called stress, and the share withheld."""
    found: dict[str, dict[str, float]] = {}
    for name in dict.fromkeys(label for a in people for label in a.protocol):
        chosen = [a.among((name,)) for a in people]
        stress = np.concatenate([a.stress[c] for a, c in zip(people, chosen, strict=True)]) > 0.5
        if not stress.size:
            continue
        silent = np.concatenate([_silent(a)[c] for a, c in zip(people, chosen, strict=True)])
        found[name] = {
            "n_windows": int(stress.size),
            "called_stress": float((stress & ~silent).mean()),
            "called_stress_withheld_or_not": float(stress.mean()),
            "withheld": float(silent.mean()),
        }
    return found


def _silent(person: Answers) -> Bools:
    if not person.withheld:
        return np.zeros(person.labels.size, dtype=bool)
    return np.array([bool(reason) for reason in person.withheld])


def _abstention(people: Sequence[Answers], corpus: Corpus) -> dict[str, Any]:
    chosen = [a.among((*corpus.stressed, *corpus.calm)) for a in people]
    pairs = _pairs(people, corpus)
    silent = [_silent(a)[c] for a, c in zip(people, chosen, strict=True)]
    reasons = [
        why
        for a, c in zip(people, chosen, strict=True)
        for why, kept in zip(a.withheld or [""] * c.size, c, strict=True)
        if kept
    ]
    truth, p = _joined(pairs)
    withheld = np.concatenate(silent)
    wrong = (p > 0.5) != truth
    certainty = np.abs(2 * p - 1) - withheld
    surest = wrong[np.argsort(-certainty, kind="stable")]
    shares = np.linspace(0.1, 1.0, 10)
    each = {a.subject: float(1 - s.mean()) for a, s in zip(people, silent, strict=True)}
    figures: dict[str, Any] = {
        "fraction": float(withheld.mean()),
        "coverage": float(1 - withheld.mean()),
        "coverage_per_subject": each,
        "by_reason": {
            name: reasons.count(name) / len(reasons) for name in sorted(set(reasons) - {""})
        },
        "error": float(wrong.mean()),
        "risk_coverage": [
            [round(float(s), 2), float(surest[: max(1, round(s * wrong.size))].mean())]
            for s in shares
        ],
        "excess_aurc": excess_aurc(wrong, certainty),
    }
    if (~withheld).any():
        figures["error_answered"] = float(wrong[~withheld].mean())
    if (withheld & truth).any():
        figures["stress_recall_withheld"] = float((p > 0.5)[withheld & truth].mean())
        figures["stress_withheld"] = float(withheld[truth].mean())
    return figures


def _valence_arousal(people: Sequence[Answers]) -> dict[str, float]:
    said, reported = (
        np.concatenate([getattr(a, n) for a in people]) for n in ("affect", "reported")
    )
    known = np.isfinite(reported).all(axis=1) & np.isfinite(said).all(axis=1)
    if known.sum() < 2:
        return {}
    figures = {
        f"ccc_{name}": concordance(reported[known, i], said[known, i])
        for i, name in enumerate(("valence", "arousal"))
    }
    return {name: value for name, value in figures.items() if np.isfinite(value)}


def _draws(n: int, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(0, n, (_BOOTSTRAP, n))


def _mean(each: Mapping[str, Mapping[str, float]], name: str) -> float | None:
    values = [figures[name] for figures in each.values() if name in figures]
    return float(np.mean(values)) if values else None
