"""Run the cells of board "paper"."""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from wearaffect.core.errors import DatasetError
from wearaffect.evaluation.paper.cells import FOUR, THREE, Cell, scored_cell
from wearaffect.evaluation.paper.folds import SPLITS
from wearaffect.evaluation.paper.inputs import INPUTS
from wearaffect.evaluation.paper.parameters import Spread, start_study
from wearaffect.evaluation.paper.rows import PersonLevel, read_levels, rows_of
from wearaffect.evaluation.paper.scoring import CLAIMED
from wearaffect.evaluation.protocol import closing
from wearaffect.evaluation.workers import worked_off
from wearaffect.learning.paper_network import PaperFit

__all__ = ["MAIN_HOP_S", "MAIN_INPUTS", "paper_board"]

Progress = Callable[[float, str], None]

MAIN_INPUTS = "questionnaire_time_lagged"
MAIN_HOP_S = 30.0
_HOPS_S = (30.0, 60.0)
_STUDY = "parameters"


def paper_board(
    root: Path,
    *,
    subjects: Sequence[str] | None = None,
    quick: bool = False,
    seed: int = 1,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Score a network with an ODE of the abstract's family in the abstract's setting and beyond.

    Parameters
    ----------
    root : Path
        WESAD's folder.
    subjects : sequence of str or None
        Whom; everybody by default.
    quick : bool
        One way of cutting windows, three kinds of inputs, half the training.
    seed : int
        Of random folds, fits and bootstrap.
    jobs : int or None
        Processes; as many as there are cores by default.
    progress : callable or None
        Called with the share that is done and what it was.

    Returns
    -------
    dict
        ``cells``, each with protocol, models, controls, learned parameters and the difference to a
        nearest-in-time copy; ``parameters``, how these move with seed and start.

    Raises
    ------
    DatasetError
        The folder isn't WESAD, or there are fewer than three people.

    Notes
    -----
    Figures to meet: arXiv:2505.18169, abstract; its full text wasn't readable. Where there is no
    XGBoost its rows are absent.
    """
    started = perf_counter()
    people = tuple(read_levels(Path(root), subjects))
    if len(people) < 3:
        got = " ".join(person.subject for person in people)
        raise DatasetError(root, "too few people for a board", expected="at least three", got=got)
    settings = PaperFit(seed=seed, steps=150) if quick else PaperFit(seed=seed)
    cells = _quick_cells() if quick else _all_cells()
    tasks: dict[str, Cell | Spread] = {_name(cell): cell for cell in cells}
    tasks[_STUDY] = Spread(seeds=(1, 2, 3), starts=(0.1, 1.0, 10.0)) if quick else Spread()
    found: dict[str, dict[str, Any]] = {}
    for (name, _), result in worked_off(_one, list(tasks.items()), (people, settings), jobs):
        found[name] = result
        if progress is not None:
            progress(len(found) / len(tasks), name)
    return {
        "schema": 1,
        "board": "paper",
        "quick": quick,
        "claimed": {"source": "arXiv:2505.18169, abstract", **CLAIMED},
        "main": {"hop_s": MAIN_HOP_S, "inputs": MAIN_INPUTS},
        "cells": [found[_name(cell)] for cell in cells],
        "parameters": found[_STUDY],
    } | closing(seed, started)


def _all_cells() -> list[Cell]:
    """Every input at either hop; other scale and four classes in the main setting alone."""
    cells = [
        Cell(hop_s, inputs, split, ablations=inputs == MAIN_INPUTS)
        for hop_s in _HOPS_S
        for inputs in INPUTS
        for split in SPLITS
    ]
    others: tuple[tuple[str, tuple[str, ...]], ...] = (("pooled", THREE), ("person", FOUR))
    for scale, labels in others:
        cells += [Cell(MAIN_HOP_S, MAIN_INPUTS, split, scale, labels) for split in SPLITS]
    return cells


def _quick_cells() -> list[Cell]:
    return [
        Cell(MAIN_HOP_S, inputs, split, ablations=inputs == MAIN_INPUTS)
        for inputs in ("questionnaire", MAIN_INPUTS, "lagged")
        for split in SPLITS
    ]


def _name(cell: Cell) -> str:
    n = len(cell.labels)
    return f"{cell.inputs}, {cell.hop_s:g} s, {n} classes, {cell.scale}, {cell.split}"


_Shared = tuple[tuple[PersonLevel, ...], PaperFit]


def _one(named: tuple[str, Cell | Spread], shared: _Shared) -> dict[str, Any]:
    (_, task), (people, settings) = named, shared
    if isinstance(task, Cell):
        return scored_cell(task, people, settings)
    rows = rows_of(people, MAIN_HOP_S, THREE)
    return start_study(rows, MAIN_HOP_S, MAIN_INPUTS, THREE, settings, task)
