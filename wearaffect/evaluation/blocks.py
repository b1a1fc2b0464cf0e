"""From answers to the blocks of the honest board."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.evaluation.answers import Answers, Floats
from wearaffect.evaluation.corpora import Corpus
from wearaffect.evaluation.measures import auroc
from wearaffect.evaluation.metrics import score
from wearaffect.evaluation.protocol import Protocol
from wearaffect.evaluation.roster import LATE_STARTS, Contender
from wearaffect.learning.table import MODEL_FEATURES, PersonTable

__all__ = ["OVER_SEEDS", "Said", "block_of", "late_starts"]

Said = dict[tuple[str, str, Contender], list[Answers]]
"""Answers by split, enrolment and model."""

OVER_SEEDS = (
    ("stress", "macro_f1"),
    ("stress", "auroc"),
    ("stress", "meditation_called_stress"),
    ("late", "auroc"),
    ("three_class", "macro_f1"),
)
"""Figures whose spread over seeds is given, where several seeds were run."""

_GROUPS = ("variants", "ablations", "baselines", "controls")
_DESCRIBED = ("bundle", "variants")  # with intervals and calibration curves
_CURVE_BINS = 15


def block_of(
    said: Said,
    split: str,
    enrolment: str,
    tables: Mapping[str, PersonTable],
    corpus: Corpus,
    seed: int,
) -> dict[str, Any]:
    """Score everybody who stands at one split and enrolment.

    Parameters
    ----------
    said : mapping
        All answers.
    split, enrolment : str
        Which of them.
    tables : mapping of str to PersonTable
        People, in the order of the board.
    corpus : Corpus
        Theirs.
    seed : int
        Of the bootstrap; also the seed whose figures stand where several were run.

    Returns
    -------
    dict
        The bundle's figures on top, the others by group and name.
    """
    here = {
        contender: _in_order(answers, tables)
        for (where, when, contender), answers in said.items()
        if (where, when) == (split, enrolment)
    }
    groups: dict[str, dict[str, dict[str, Any]]] = {group: {} for group in ("bundle", *_GROUPS)}
    for contender, answers in _shown(here, seed):
        scored = _scored(contender, answers, corpus, seed)
        if spread := _over_seeds(contender, here, corpus):
            scored["over_seeds"] = spread
        groups[contender.group][contender.name] = scored
    protocol = _protocol(split, enrolment, tables, corpus)
    block: dict[str, Any] = {"schema": 1, "protocol": protocol.as_dict()}
    return block | groups["bundle"]["bundle"] | {group: groups[group] for group in _GROUPS}


def _protocol(
    split: str, enrolment: str, tables: Mapping[str, PersonTable], corpus: Corpus
) -> Protocol:
    first, second = next(iter(tables.values())).windows[:2]
    return Protocol(
        corpus.id,
        split,
        first.end_s - first.start_s,
        second.start_s - first.start_s,
        enrolment,
        MODEL_FEATURES,
        tuple(tables),
    )


def _in_order(answers: Sequence[Answers], tables: Mapping[str, PersonTable]) -> list[Answers]:
    place = {name: i for i, name in enumerate(tables)}
    return sorted(answers, key=lambda a: place[a.subject])


def _shown(
    here: Mapping[Contender, list[Answers]], seed: int
) -> Iterator[tuple[Contender, list[Answers]]]:
    """Give one seed of each model, in the order of the roster."""
    for contender, answers in here.items():
        if contender.seed == seed and contender.group != "late_start":
            yield contender, answers


def _scored(
    contender: Contender, answers: Sequence[Answers], corpus: Corpus, seed: int
) -> dict[str, Any]:
    described = contender.group in _DESCRIBED
    found = score(answers, corpus, seed if described else None)
    stress = found.get("stress", {})
    # what the clock can't tell across orders
    against = auroc(*_against(answers, corpus, ("amusement",)))
    if np.isfinite(against):
        stress["auroc_against_amusement"] = against
    if described and stress:
        stress["reliability"] = _reliability(answers, corpus)
    return {name: value for name, value in found.items() if name not in contender.leaves_out}


def _against(
    answers: Sequence[Answers], corpus: Corpus, calm: Sequence[str]
) -> tuple[NDArray[np.bool_], Floats]:
    """Truth and answer of stress against some conditions, all people together."""
    chosen = [a.among((*corpus.stressed, *calm)) for a in answers]
    pairs = list(zip(answers, chosen, strict=True))
    truth = np.concatenate([np.isin(a.labels[c], corpus.stressed) for a, c in pairs])
    return truth, np.concatenate([a.stress[c] for a, c in pairs])


def _reliability(answers: Sequence[Answers], corpus: Corpus) -> list[list[float]]:
    """Mean probability and share of stress in 15 bins of equal mass, with their sizes."""
    truth, p = _against(answers, corpus, corpus.calm)
    bins = np.array_split(np.argsort(p, kind="stable"), min(_CURVE_BINS, p.size))
    return [[float(p[b].mean()), float(truth[b].mean()), int(b.size)] for b in bins]


def _over_seeds(
    contender: Contender, here: Mapping[Contender, list[Answers]], corpus: Corpus
) -> dict[str, Any]:
    """Mean and SD over seeds of the figures that stand in tables."""
    same = [c for c in here if (c.group, c.name) == (contender.group, contender.name)]
    if len(same) < 2:
        return {}
    scores = [score(here[c], corpus) for c in sorted(same, key=lambda c: c.seed)]
    found: dict[str, Any] = {"n_seeds": len(same)}
    for part, name in OVER_SEEDS:
        values = [s[part][name] for s in scores if name in s.get(part, {})]
        if len(values) == len(same):
            found[f"{part}.{name}"] = {
                "mean": float(np.mean(values)),
                "sd": float(np.std(values, ddof=1)),
                "values": values,
            }
    return found


def late_starts(
    said: Said, tables: Mapping[str, PersonTable], corpus: Corpus
) -> dict[str, dict[str, Any]]:
    """Score the bundle where the band was put on later, beside the same windows of the whole.

    Parameters
    ----------
    said : mapping
        All answers.
    tables : mapping of str to PersonTable
        People, in the order of the board.
    corpus : Corpus
        Theirs.

    Returns
    -------
    dict
        By start: ``enrolment``, ``split``, and the figures of the ``cut`` and ``whole`` recording;
        empty on a quick board.
    """
    found: dict[str, dict[str, Any]] = {}
    for (split, enrolment, contender), answers in said.items():
        if contender.group != "late_start":
            continue
        when, _, way = contender.name.partition("/")
        place = found.setdefault(when, {"split": split, "enrolment": enrolment})
        place[way] = score(_in_order(answers, tables), corpus)
    return {when: found[when] for when in LATE_STARTS if when in found}
