"""The honest board: split by person, signals only, beside plain models and controls."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from wearaffect.core.errors import DatasetError
from wearaffect.datasets.splits import Fold, cross_order, leave_one_subject_out
from wearaffect.datasets.wesad import read_wesad, wesad_subjects
from wearaffect.evaluation.answers import Answers, Fitter, answers_of
from wearaffect.evaluation.heldout import closing
from wearaffect.evaluation.metrics import score
from wearaffect.evaluation.protocol import Protocol
from wearaffect.evaluation.rivals import BASELINES, CONTROLS, network
from wearaffect.learning.table import MODEL_FEATURES, PersonTable, table_of
from wearaffect.signals.chain import ChainSettings

__all__ = ["ENROLMENTS", "honest_board"]

ENROLMENTS = ("none", "rest")
MODEL = "network"
WITHOUT_PHYSICS = "network_without_physics"

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class _Setting:
    """What every worker needs; sent once, not with every task."""

    tables: Mapping[str, PersonTable]
    seed: int


def honest_board(
    root: Path,
    *,
    subjects: Sequence[str] | None = None,
    seed: int = 1,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Score the network, plain models and controls by person.

    Parameters
    ----------
    root : Path
        WESAD's folder.
    subjects : sequence of str or None
        Whom; everybody by default.
    seed : int
        Of fits and bootstrap.
    jobs : int or None
        Processes; as many as there are cores by default.
    progress : callable or None
        Called with the share that is done and what it was.

    Returns
    -------
    dict
        ``boards`` by split (across orders only with two people of each) and enrolment, each as the
        evaluate JSON, with ``baselines``, ``ablations`` and ``controls`` scored on the same windows
        in the same run.

    Raises
    ------
    DatasetError
        The folder isn't WESAD, or there are fewer than three people.
    """
    started = perf_counter()
    jobs = jobs or os.cpu_count() or 1
    tables = _tables(root, subjects, jobs, progress)
    folds = _folds(root, tables)
    answers: dict[tuple[str, str, str], list[Answers]] = {}
    tasks = [(split, fold) for split, some in folds.items() for fold in some]
    for done, (split, found) in enumerate(_fits(tasks, _Setting(tables, seed), jobs), start=1):
        for (enrolment, model), said in found.items():
            answers.setdefault((split, enrolment, model), []).extend(said)
        if progress is not None:
            progress(0.2 + 0.8 * done / len(tasks), f"{split} {done}/{len(tasks)}")
    boards = {
        split: {
            enrolment: _block(answers, split, enrolment, tables, seed) for enrolment in ENROLMENTS
        }
        for split in folds
    }
    return {"schema": 1, "board": "honest", "quick": True, "boards": boards} | closing(
        seed, started
    )


def _folds(root: Path, tables: Mapping[str, PersonTable]) -> dict[str, tuple[Fold, ...]]:
    """Give the splits that these people allow: every fit needs two, so has each order."""
    if len(tables) < 3:
        raise DatasetError(
            root, "too few people for a board", expected="at least three", got=" ".join(tables)
        )
    orders = {name: table.order for name, table in tables.items()}
    folds: dict[str, tuple[Fold, ...]] = {"loso": leave_one_subject_out(list(tables))}
    counts = [list(orders.values()).count(order) for order in set(orders.values())]
    if len(counts) == 2 and min(counts) >= 2:
        folds["cross_order"] = cross_order(orders)
    return folds


def _block(
    answers: Mapping[tuple[str, str, str], list[Answers]],
    split: str,
    enrolment: str,
    tables: Mapping[str, PersonTable],
    seed: int,
) -> dict[str, Any]:
    any_window = next(iter(tables.values())).windows
    protocol = Protocol(
        "wesad",
        split,
        any_window[0].end_s - any_window[0].start_s,
        any_window[1].start_s - any_window[0].start_s,
        enrolment,
        MODEL_FEATURES,
        tuple(tables),
    )

    def scored(name: str) -> dict[str, Any]:
        order = {subject: i for i, subject in enumerate(tables)}
        mine = sorted(answers[split, enrolment, name], key=lambda a: order[a.subject])
        return score(mine, seed if name == MODEL else None)

    return (
        {"schema": 1, "protocol": protocol.as_dict()}
        | scored(MODEL)
        | {
            "baselines": {name: scored(name) for name in BASELINES},
            "ablations": {
                name: scored(name)
                for name in (WITHOUT_PHYSICS,)
                if (split, enrolment, name) in answers
            },
            "controls": {name: scored(name) for name in CONTROLS},
        }
    )


def _tables(
    root: Path, subjects: Sequence[str] | None, jobs: int, progress: Progress | None
) -> dict[str, PersonTable]:
    names = tuple(subjects) if subjects is not None else wesad_subjects(root)
    found: dict[str, PersonTable] = {}
    with _pool(jobs) as pool:
        pending = {pool.submit(_one_table, root, name): name for name in names}
        for future in as_completed(pending):
            found[pending[future]] = future.result()
            if progress is not None:
                progress(0.2 * len(found) / len(names), f"windows of {pending[future]}")
    return {name: found[name] for name in names}


def _one_table(root: Path, subject: str) -> PersonTable:
    return table_of(next(read_wesad(root, [subject])), ChainSettings())


_worker: dict[str, _Setting] = {}


def _fits(
    tasks: Sequence[tuple[str, Fold]], setting: _Setting, jobs: int
) -> Iterator[tuple[str, dict[tuple[str, str], list[Answers]]]]:
    """Fit every model on every fold; give answers by enrolment and model."""
    with _pool(jobs, setting) as pool:
        pending = {pool.submit(_one_fold, fold): split for split, fold in tasks}
        for future in as_completed(pending):
            yield pending[future], future.result()


def _pool(jobs: int, setting: _Setting | None = None) -> ProcessPoolExecutor:
    # spawned, since torch's threads don't survive a fork
    return ProcessPoolExecutor(
        jobs,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(setting,),
    )


def _start_worker(setting: _Setting | None) -> None:
    if setting is None:
        return
    import torch

    torch.set_num_threads(1)
    _worker["setting"] = setting


def _one_fold(fold: Fold) -> dict[tuple[str, str], list[Answers]]:
    setting = _worker["setting"]
    train = [setting.tables[name] for name in fold.train]
    bare = [table.without_rest() for table in train]
    found: dict[tuple[str, str], list[Answers]] = {}

    def ask(name: str, fit: Fitter, enrolment: str, people: Sequence[PersonTable]) -> None:
        predict = fit(people)
        for subject in fold.test:
            table = setting.tables[subject]
            person = table.without_rest() if enrolment == "none" else table
            found.setdefault((enrolment, name), []).append(answers_of(person, predict))

    # the network serves with and without enrolment; the others are fitted for each
    fitted = {MODEL: network(train, seed=setting.seed)}
    if len(fold.test) > 1:
        # the ablation costs as much again, so only where there are few folds
        fitted[WITHOUT_PHYSICS] = network(train, seed=setting.seed, physics=False)
    for enrolment, people in (("none", bare), ("rest", train)):
        for name, predictor in fitted.items():
            ask(name, lambda _, p=predictor: p, enrolment, people)  # type: ignore[misc]
        for name, fit in (BASELINES | CONTROLS).items():
            ask(name, fit, enrolment, people)
    return found
