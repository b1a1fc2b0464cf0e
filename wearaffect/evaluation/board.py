"""The honest board: split by person, signals only, beside plain models, ablations and controls."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any

from wearaffect.core.errors import DatasetError
from wearaffect.datasets.splits import (
    Fold,
    cross_order,
    cross_order_equal,
    leave_one_subject_out,
    same_order,
)
from wearaffect.evaluation.altered import with_extras
from wearaffect.evaluation.answers import Answers, Predictor, answers_of
from wearaffect.evaluation.blocks import Said, block_of, late_starts
from wearaffect.evaluation.comparison import primary_and_holm
from wearaffect.evaluation.corpora import CORPORA, ENROLMENTS, Corpus, enrolled_at
from wearaffect.evaluation.protocol import closing
from wearaffect.evaluation.roster import Contender, roster
from wearaffect.evaluation.workers import worked_off
from wearaffect.learning.table import PersonTable, table_of
from wearaffect.signals.chain import ChainSettings

__all__ = ["honest_board"]

Progress = Callable[[float, str], None]

_READ = 0.1  # share of the way that reading takes, for the progress bar


@dataclass(frozen=True, slots=True)
class _Setting:
    """What every worker needs; sent once, not with every task."""

    corpus: Corpus
    tables: Mapping[str, PersonTable]
    enrolments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Task:
    split: str
    fold: Fold
    contender: Contender


def honest_board(
    root: Path,
    *,
    subjects: Sequence[str] | None = None,
    quick: bool = False,
    seed: int = 1,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Score the bundle's recipe, the network, plain models and controls by person.

    Parameters
    ----------
    root : Path
        WESAD's folder.
    subjects : sequence of str or None
        Whom; everybody by default.
    quick : bool
        Without enrolment and with the first rest only, few rivals, one seed.
    seed : int
        Of fits and bootstrap.
    jobs : int or None
        Processes; as many as there are cores by default.
    progress : callable or None
        Called with the share that is done and what it was.

    Returns
    -------
    dict
        ``boards`` by split and enrolment, each as the evaluate JSON, with ``variants``,
        ``ablations``, ``baselines`` and ``controls`` scored on the same windows in the same run;
        ``primary`` and ``holm``; ``late_start``; ``skipped``, what these people don't allow.

    Raises
    ------
    DatasetError
        The folder isn't WESAD, or there are fewer than three people.
    """
    started = perf_counter()
    tell = progress or (lambda _share, _what: None)
    corpus = CORPORA["wesad"]
    tables = _tables(corpus, root, corpus.people(root, subjects), jobs, tell)
    skipped: dict[str, str] = {}
    folds = _folds(root, tables, quick=quick, skipped=skipped)
    enrolments = _enrolments(corpus, tables, quick=quick, skipped=skipped)
    tasks = [
        _Task(split, fold, contender)
        for split, some in folds.items()
        for fold in some  # one after the other, since what a fold's rivals see is cached
        for contender in roster(split, corpus, quick=quick, seed=seed)
    ]
    # the longest first, so that no process is left with one of them at the end
    tasks.sort(key=lambda task: "network" not in task.contender.name)
    # in the roster's order, whatever is done first
    said: Said = {(task.split, e, task.contender): [] for task in tasks for e in enrolments}
    setting = _Setting(corpus, tables, enrolments)
    for done, (task, found) in enumerate(worked_off(_one, tasks, setting, jobs), start=1):
        for enrolment, answers in found.items():
            said[task.split, enrolment, task.contender] += answers
        tell(_READ + (1 - _READ) * done / len(tasks), f"{task.split} {task.contender.name}")
    said = {place: answers for place, answers in said.items() if answers}
    boards = {
        split: {e: block_of(said, split, e, tables, corpus, seed) for e in enrolments}
        for split in folds
    }
    return (
        {"schema": 1, "board": "honest", "quick": quick, "boards": boards}
        | primary_and_holm(boards, seed)
        | {"late_start": late_starts(said, tables, corpus), "skipped": skipped}
        | closing(seed, started)
    )


def _folds(
    root: Path, tables: Mapping[str, PersonTable], *, quick: bool, skipped: dict[str, str]
) -> dict[str, tuple[Fold, ...]]:
    """Give the splits that these people allow: every fit needs two, so has each order."""
    if len(tables) < 3:
        raise DatasetError(
            root, "too few people for a board", expected="at least three", got=" ".join(tables)
        )
    orders = {name: table.order for name, table in tables.items()}
    counts = [list(orders.values()).count(order) for order in set(orders.values())]
    folds: dict[str, tuple[Fold, ...]] = {"loso": leave_one_subject_out(list(tables))}
    if len(counts) == 2 and min(counts) >= 2:
        folds["cross_order"] = cross_order(orders)
    else:
        skipped["cross_order"] = "fewer than two people of one order"
    if quick:
        skipped["same_order"] = "a quick board"
    elif len(counts) == 2 and min(counts) >= 3:
        folds["same_order"] = same_order(orders)
        folds["cross_order_equal"] = cross_order_equal(orders)
    else:
        skipped["same_order"] = "fewer than three people of one order"
    return folds


def _enrolments(
    corpus: Corpus,
    tables: Mapping[str, PersonTable],
    *,
    quick: bool,
    skipped: dict[str, str],
) -> tuple[str, ...]:
    """Give the places where everybody's resting state can be taken."""
    found = []
    for enrolment in ENROLMENTS[:2] if quick else ENROLMENTS:
        try:
            for table in tables.values():
                enrolled_at(table, corpus, enrolment)
        except DatasetError as error:
            skipped[enrolment] = error.line()
        else:
            found.append(enrolment)
    return tuple(found)


def _tables(
    corpus: Corpus, root: Path, names: Sequence[str], jobs: int | None, tell: Progress
) -> dict[str, PersonTable]:
    found: dict[str, PersonTable] = {}
    for name, table in worked_off(_one_table, list(names), (corpus, root), jobs):
        found[name] = table
        tell(_READ * len(found) / len(names), f"windows of {name}")
    return {name: found[name] for name in names}


def _one_table(name: str, where: tuple[Corpus, Path]) -> PersonTable:
    corpus, root = where
    return with_extras(table_of(next(corpus.read(root, [name])), ChainSettings()))


def _one(task: _Task, setting: _Setting) -> dict[str, list[Answers]]:
    """Fit one model on one fold; give answers by enrolment."""
    model, found = task.contender, dict[str, list[Answers]]()
    train = [_altered(setting.tables[name], model.alter) for name in task.fold.train]
    test = [_altered(setting.tables[name], model.alter) for name in task.fold.test]
    test = [_altered(person, model.alter_tested) for person in test]
    fitted: dict[bool, Predictor] = {}
    for enrolment in setting.enrolments:
        if model.only_at not in {"", enrolment}:
            continue
        bare = model.anew and enrolment == "none"
        if bare not in fitted:
            people = [_enrolled(p, setting.corpus, "none") for p in train] if bare else train
            fitted[bare] = model.fit(people)
        found[enrolment] = [
            answers_of(_enrolled(person, setting.corpus, enrolment), fitted[bare])
            for person in test
        ]
    return found


# a worker asks for the same people again and again
_enrolled = lru_cache(maxsize=64)(enrolled_at)


def _altered(
    person: PersonTable, change: Callable[[PersonTable], PersonTable] | None
) -> PersonTable:
    return person if change is None else change(person)
