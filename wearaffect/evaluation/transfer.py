"""Board "transfer": fitted in one laboratory, scored in others that no fit ever saw."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from wearaffect.core.errors import DatasetError
from wearaffect.datasets.labelled import people_among
from wearaffect.datasets.splits import leave_one_subject_out
from wearaffect.evaluation.altered import with_extras
from wearaffect.evaluation.answers import Answers, Predictor, answers_of
from wearaffect.evaluation.corpora import CORPORA, Corpus
from wearaffect.evaluation.metrics import score
from wearaffect.evaluation.protocol import Protocol, closing
from wearaffect.evaluation.recipes import network, plain, window_s
from wearaffect.evaluation.transfer_measures import above_index, in_order, withheld_stress
from wearaffect.evaluation.transfer_rivals import BASELINES, CONTROLS, INDICES, taught_there
from wearaffect.evaluation.workers import worked_off
from wearaffect.learning.table import MODEL_FEATURES, PersonTable, table_of
from wearaffect.signals.chain import ChainSettings

__all__ = ["ENROLMENTS", "transfer_board"]

ENROLMENTS = ("none", "rest")
_TAUGHT = "wesad"
_TESTED = ("stress_predict", "noneeg")
_BUNDLE, _NETWORK, _CEILING, _GATE = "bundle", "network", "ceiling", "gate"

Progress = Callable[[float, str], None]
Said = dict[tuple[str, str], list[Answers]]
"""Answers by corpus and enrolment."""


@dataclass(frozen=True, slots=True)
class _People:
    """What every worker needs; sent once, not with every task."""

    by_corpus: Mapping[str, tuple[PersonTable, ...]]
    seed: int

    @property
    def taught(self) -> tuple[PersonTable, ...]:
        return self.by_corpus[_TAUGHT]

    @property
    def tested(self) -> dict[str, tuple[PersonTable, ...]]:
        return {name: people for name, people in self.by_corpus.items() if name != _TAUGHT}


def transfer_board(
    sets: Path,
    *,
    subjects: Sequence[str] | None = None,
    quick: bool = False,
    seed: int = 1,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train on WESAD, score on Stress-Predict and Non-EEG.

    Parameters
    ----------
    sets : Path
        The folder that holds ``wesad`` and at least one of the others.
    subjects : sequence of str or None
        People by their names across corpora, e.g. ``wesad/S2``; everybody of a corpus of which
        nobody is named.
    quick : bool
        Leave the network out.
    seed : int
        Of fits and bootstrap.
    jobs : int or None
        Processes; as many as there are cores by default.
    progress : callable or None
        Called with the share that is done and what it was.

    Returns
    -------
    dict
        ``boards`` by corpus and enrolment: the recipe of the shipped bundle as evaluate JSON, with
        ``variants`` (the network), ``baselines``, ``controls``, ``ceiling`` (labels of that corpus,
        one person left out), ``never_below_index`` (AUROC of the bundle less that of an untrained
        index, paired by person) and ``in_order`` (sections by what came before). ``gate``: what
        the bundle withholds of stress on WESAD, one person left out.

    Raises
    ------
    DatasetError
        A folder isn't its corpus, somebody named isn't there, or there are too few people.
    """
    started = perf_counter()
    sets, jobs = Path(sets), jobs or os.cpu_count() or 1
    names = _names(sets, subjects)
    told = progress or (lambda *_: None)
    people = _People(_tables(sets, names, jobs, lambda s, what: told(0.3 * s, what)), seed)
    _require_enough(sets, people)
    answers: dict[str, Said] = {}
    tasks = _tasks(quick=quick)
    for done, (name, said) in enumerate(worked_off(_asked, tasks, people, jobs), start=1):
        answers[name] = said
        told(0.3 + 0.7 * done / len(tasks), name)
    boards = {
        corpus: {
            enrolment: _block(sets, people, answers, CORPORA[corpus], enrolment)
            for enrolment in ENROLMENTS
        }
        for corpus in people.tested
    }
    gate = {e: withheld_stress(answers[_GATE][_TAUGHT, e]) for e in ENROLMENTS}
    return {
        "schema": 1,
        "board": "transfer",
        "quick": quick,
        "trained_on": [person.id for person in people.taught],
        "boards": boards,
        "gate": {"dataset": _TAUGHT, "split": "loso"} | gate,
    } | closing(seed, started)


def _require_enough(sets: Path, people: _People) -> None:
    if len(people.taught) < 3:
        got = " ".join(person.id for person in people.taught)
        raise DatasetError(sets, "too few people to learn from", expected="three or more", got=got)
    for name, some in people.tested.items():
        labels = (*CORPORA[name].stressed, *CORPORA[name].calm)
        if not any(person.labelled(labels).size for person in some):
            got = " ".join(person.id for person in some)
            expected = f"windows of {', '.join(labels)}"
            raise DatasetError(sets, "nothing to score", expected=expected, got=got)


def _tasks(*, quick: bool) -> list[str]:
    ours = [_BUNDLE] if quick else [_NETWORK, _BUNDLE]
    return [*ours, _GATE, *BASELINES, *CONTROLS, _CEILING]


def _names(sets: Path, subjects: Sequence[str] | None) -> dict[str, tuple[str, ...]]:
    """Give whom to read of each corpus that is there."""
    wanted: dict[str, list[str]] = {}
    for person in subjects or ():
        corpus, _, name = person.partition("/")
        if corpus not in (_TAUGHT, *_TESTED) or not name:
            expected = f"{_TAUGHT}/S2, {_TESTED[0]}/S02 or {_TESTED[1]}/Subject1, for instance"
            raise DatasetError(sets, "nobody of this name", expected=expected, got=person)
        wanted.setdefault(corpus, []).append(name)
    found: dict[str, tuple[str, ...]] = {}
    for rules in (CORPORA[corpus] for corpus in (_TAUGHT, *_TESTED)):
        folder = sets / rules.folder
        if rules.id in wanted:
            found[rules.id] = people_among(rules.subjects(folder), wanted[rules.id], folder)
        elif rules.id == _TAUGHT or folder.is_dir():
            found[rules.id] = rules.people(folder, None)
    if len(found) == 1:
        folders = " or ".join(CORPORA[corpus].folder for corpus in _TESTED)
        raise DatasetError(sets, "nobody to score", expected=f"a folder {folders} beside wesad")
    return found


def _tables(
    sets: Path, names: Mapping[str, Sequence[str]], jobs: int, progress: Progress
) -> dict[str, tuple[PersonTable, ...]]:
    """Cut everybody's windows."""
    tasks = [(sets, corpus, name) for corpus, some in names.items() for name in some]
    made: dict[tuple[Path, str, str], PersonTable] = {}
    for task, table in worked_off(_one_table, tasks, None, jobs):
        made[task] = table
        progress(len(made) / len(tasks), f"windows of {table.id}")
    return {
        corpus: tuple(made[sets, corpus, name] for name in some) for corpus, some in names.items()
    }


def _one_table(task: tuple[Path, str, str], _: None) -> PersonTable:
    sets, name, person = task
    corpus = CORPORA[name]
    session = next(corpus.read(sets / corpus.folder, [person]))
    return with_extras(table_of(session, ChainSettings()))


def _asked(name: str, people: _People) -> Said:
    """Fit one model and ask it about everybody; the gate asks about those it learns from."""
    if name == _GATE:
        return _left_out(people)
    found: Said = {}
    ours = _ours(name, people)
    for enrolment in ENROLMENTS:
        tested = {
            corpus: [_enrolled(person, enrolment) for person in some]
            for corpus, some in people.tested.items()
        }
        if name == _CEILING:
            for corpus, some in tested.items():
                found[corpus, enrolment] = taught_there(some, CORPORA[corpus])
            continue
        # ours serve with and without enrolment; the others are fitted for each
        taught = [_enrolled(person, enrolment) for person in people.taught]
        predict = ours or {**BASELINES, **CONTROLS}[name](taught)
        for corpus, some in tested.items():
            found[corpus, enrolment] = [answers_of(person, predict) for person in some]
    return found


def _ours(name: str, people: _People) -> Predictor | None:
    if name == _BUNDLE:
        return plain(people.taught, seed=people.seed)
    if name == _NETWORK:
        return network(people.taught, seed=people.seed, n_members=3)
    return None


def _left_out(people: _People) -> Said:
    """Ask the bundle's recipe about each person it learns from, fitted without them."""
    by_name = {person.subject: person for person in people.taught}
    found: Said = {}
    for fold in leave_one_subject_out(list(by_name)):
        predict = plain([by_name[name] for name in fold.train], seed=people.seed)
        for enrolment in ENROLMENTS:
            found.setdefault((_TAUGHT, enrolment), []).extend(
                answers_of(_enrolled(by_name[name], enrolment), predict) for name in fold.test
            )
    return found


def _enrolled(person: PersonTable, enrolment: str) -> PersonTable:
    return person.without_rest() if enrolment == "none" else person


def _block(
    sets: Path, people: _People, answers: Mapping[str, Said], corpus: Corpus, enrolment: str
) -> dict[str, Any]:
    said = {name: found.get((corpus.id, enrolment), []) for name, found in answers.items()}
    tested = tuple(person.subject for person in people.tested[corpus.id])
    windows = people.taught[0].windows
    protocol = Protocol(
        corpus.id,
        "transfer",
        window_s(people.taught),
        windows[1].start_s - windows[0].start_s,
        enrolment,
        MODEL_FEATURES,
        tested,
        {k: why for k, why in corpus.excluded(sets / corpus.folder).items() if k not in tested},
        trained_on=" ".join(person.id for person in people.taught),
    )

    def scored(names: Sequence[str]) -> dict[str, Any]:
        return {name: score(said[name], corpus) for name in names if said.get(name)}

    return (
        {"schema": 1, "protocol": protocol.as_dict(), "model": _BUNDLE}
        | score(said[_BUNDLE], corpus, people.seed)
        | {
            "variants": {n: score(said[n], corpus, people.seed) for n in (_NETWORK,) if n in said},
            "baselines": scored(list(BASELINES)),
            "controls": scored(list(CONTROLS)),
            "ceiling": scored([_CEILING]).get(_CEILING, {}),
            "never_below_index": {
                name: above_index(said[_BUNDLE], said[name], corpus, people.seed)
                for name in INDICES
            },
            "in_order": in_order(said[_BUNDLE]),
        }
    )
