"""Figures that only board "transfer" has, from answers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from wearaffect.bundle.estimator import EXERCISE
from wearaffect.evaluation.answers import Answers
from wearaffect.evaluation.corpora import Corpus
from wearaffect.evaluation.measures import auroc, middle95

__all__ = ["above_index", "in_order", "withheld_stress"]

_BOOTSTRAP = 1000


def above_index(
    ours: Sequence[Answers], index: Sequence[Answers], corpus: Corpus, seed: int
) -> dict[str, Any]:
    """Tell how far a model ranks stress better than an index that never saw a label.

    Parameters
    ----------
    ours, index : sequence of Answers
        For the same people in the same order.
    corpus : Corpus
        Its rules.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        ``auroc_difference`` over pooled windows with ``ci95`` over people, both models scored on
        the same draw; ``auroc_difference_person_mean`` and ``people_above``, the share of people
        for whom it is positive. Empty where there is nothing to rank.
    """
    labels = (*corpus.stressed, *corpus.calm)
    pairs = []
    for mine, theirs in zip(ours, index, strict=True):
        chosen = mine.among(labels)
        truth = np.isin(mine.labels[chosen], corpus.stressed)
        pairs.append((truth, mine.stress[chosen], theirs.stress[chosen]))

    def difference(drawn: Sequence[int]) -> float:
        truth, mine, theirs = (
            np.concatenate(c) for c in zip(*(pairs[i] for i in drawn), strict=True)
        )
        return auroc(truth, mine) - auroc(truth, theirs)

    pooled = difference(range(len(pairs)))
    if not np.isfinite(pooled):
        return {}
    each = [value for i in range(len(pairs)) if np.isfinite(value := difference([i]))]
    draws = np.random.default_rng(seed).integers(0, len(pairs), (_BOOTSTRAP, len(pairs)))
    return {
        "auroc_difference": pooled,
        "auroc_difference_person_mean": float(np.mean(each)) if each else pooled,
        "people_above": float(np.mean(np.array(each) > 0)) if each else float(pooled > 0),
    } | ({"ci95": middle95([difference(d.tolist()) for d in draws])} if len(pairs) > 1 else {})


def in_order(people: Sequence[Answers]) -> dict[str, dict[str, float]]:
    """Tell of each section by what came before it; a later rest isn't the first one.

    Parameters
    ----------
    people : sequence of Answers
        In any number of protocols.

    Returns
    -------
    dict
        By ``<section> after <section before>``, or ``<section> at the start``, in the order of the
        protocol: ``n_windows`` and the shares ``called_stress`` (answered),
        ``called_stress_withheld_or_not`` and ``withheld``.
    """
    stress: dict[str, list[bool]] = {}
    silent: dict[str, list[bool]] = {}
    for person in people:
        withheld = person.withheld or ("",) * person.labels.size
        for i, name in enumerate(person.protocol):
            last = person.protocol[i - 1] if i else ""  # and between two sittings
            before = f"after {last}" if last else "at the start"
            chosen = np.flatnonzero(person.interval == i)
            stress.setdefault(f"{name} {before}", []).extend(person.stress[chosen] > 0.5)
            silent.setdefault(f"{name} {before}", []).extend(bool(withheld[j]) for j in chosen)
    return {
        name: {
            "n_windows": len(called),
            "called_stress": float(np.mean(np.array(called) & ~np.array(silent[name]))),
            "called_stress_withheld_or_not": float(np.mean(called)),
            "withheld": float(np.mean(silent[name])),
        }
        for name, called in stress.items()
        if called
    }


def withheld_stress(people: Sequence[Answers]) -> dict[str, Any]:
    """Tell what a model that knows when to be silent withholds of stress.

    Parameters
    ----------
    people : sequence of Answers
        Of a corpus with the condition ``stress``.

    Returns
    -------
    dict
        ``n_windows``, the shares ``withheld`` and ``withheld_for_exercise`` (the first reason), by
        person too, and ``recall_answered``: how much of the rest is called stress.
    """
    each = {}
    for person in people:
        chosen = person.among(("stress",))
        reasons = np.array(person.withheld or ("",) * chosen.size)[chosen]
        if reasons.size:
            each[person.subject] = (reasons, person.stress[chosen] > 0.5)
    if not each:
        return {}
    reasons, called = (np.concatenate(column) for column in zip(*each.values(), strict=True))
    answered = reasons == ""
    return {
        "n_windows": int(reasons.size),
        "withheld": float((~answered).mean()),
        "withheld_for_exercise": float((reasons == EXERCISE).mean()),
        "per_subject": {
            name: {
                "withheld": float((why != "").mean()),
                "withheld_for_exercise": float((why == EXERCISE).mean()),
            }
            for name, (why, _) in each.items()
        },
    } | ({"recall_answered": float(called[answered].mean())} if answered.any() else {})
