"""One cell of the board: a way to cut, scale, split and see, and every model in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wearaffect.evaluation.paper.folds import SPLITS, folds_of
from wearaffect.evaluation.paper.inputs import encoded, input_names
from wearaffect.evaluation.paper.lookups import LOOKUPS, NEAREST, Said
from wearaffect.evaluation.paper.models import (
    ABLATIONS,
    ablated,
    baselines,
    examples_of,
    network_says,
)
from wearaffect.evaluation.paper.parameters import summary
from wearaffect.evaluation.paper.rows import WINDOW_S, PersonLevel, rows_of
from wearaffect.evaluation.paper.scoring import Asked, compared, score_answers
from wearaffect.evaluation.protocol import Protocol
from wearaffect.learning.paper_network import PaperFit

__all__ = ["FOUR", "MODEL", "THREE", "Cell", "scored_cell"]

MODEL = "pinn"
THREE = ("baseline", "stress", "amusement")
FOUR = (*THREE, "meditation")
_SCALES = {
    "person": "the person's whole recording, test windows included",
    "pooled": "everybody's whole recordings, test people included",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A setting.

    Attributes
    ----------
    hop_s : float
        30 s overlap by half, 60 s don't.
    inputs : str
        A variant of `wearaffect.evaluation.paper.inputs.INPUTS`.
    split : str
        A key of `wearaffect.evaluation.paper.folds.SPLITS`.
    scale : str
        Whose minimum and maximum: ``person`` or ``pooled``.
    labels : tuple of str
        Conditions.
    ablations : bool
        Fit them too.
    """

    hop_s: float
    inputs: str
    split: str
    scale: str = "person"
    labels: tuple[str, ...] = THREE
    ablations: bool = False

    def protocol(self, subjects: Sequence[str]) -> Protocol:
        """Give how this cell is scored."""
        return Protocol(
            "wesad",
            self.split,
            WINDOW_S,
            self.hop_s,
            "none",
            input_names(self.inputs),
            tuple(subjects),
            scored=(
                f"windows wholly inside {', '.join(self.labels)}, rest included; the condition, "
                "and the window's mean EDA min-max scaled by "
                f"{_SCALES[self.scale]}; {SPLITS[self.split]}; figures are means over folds"
            ),
        )


def scored_cell(cell: Cell, people: Sequence[PersonLevel], settings: PaperFit) -> dict[str, Any]:
    """Fit and score everything in a cell.

    Parameters
    ----------
    cell : Cell
        The setting.
    people : sequence of PersonLevel
        Who.
    settings : PaperFit
        Of the network; its seed is the random folds' and the plain models' too.

    Returns
    -------
    dict
        Protocol, target, ``models`` (network, ablations, baselines), ``controls``,
        ``minus_lookup`` and the network's learned ``parameters`` over folds.
    """
    rows = rows_of(people, cell.hop_s, cell.labels)
    rows = rows.pooled() if cell.scale == "pooled" else rows
    asked = Asked(rows, folds_of(cell.split, rows, settings.seed), len(cell.labels))
    said: dict[str, list[Said]] = {}
    learned = []
    for fold in asked.folds:
        inputs = encoded(rows, cell.inputs, fold.train)
        examples = examples_of(rows, inputs, fold, cell.hop_s, asked.n_labels)
        wanted = {MODEL: settings}
        if cell.ablations:
            wanted |= {name: ablated(settings, name) for name in ABLATIONS}
        for name, some in wanted.items():
            answer, network = network_says(examples, inputs[fold.test], some)
            said.setdefault(name, []).append(answer)
            if name == MODEL:
                learned.append(network.physics.values())
        for name, fit in baselines().items():
            answer = fit(examples, inputs[fold.test], settings.seed)
            said.setdefault(name, []).append(answer)
        for name, look_up in LOOKUPS.items():
            said.setdefault(name, []).append(look_up(rows, fold))
    return (
        _described(cell, people, asked)
        | _results(asked, said, settings.seed)
        | {"parameters": summary(learned, cell.labels)}
    )


def _described(cell: Cell, people: Sequence[PersonLevel], asked: Asked) -> dict[str, Any]:
    protocol = cell.protocol([person.subject for person in people])
    return {
        "setting": {
            "hop_s": cell.hop_s,
            "inputs": cell.inputs,
            "split": cell.split,
            "scale": cell.scale,
            "labels": list(cell.labels),
        },
        "protocol": protocol.as_dict(),
        "n_windows": len(asked.rows),
        "n_folds": len(asked.folds),
        "n_train_mean": float(np.mean([fold.train.size for fold in asked.folds])),
        "target_sd": float(asked.rows.level.std()),
    }


def _results(asked: Asked, said: Mapping[str, list[Said]], seed: int) -> dict[str, Any]:
    scores = {name: score_answers(asked, answers) for name, answers in said.items()}
    ours, copied = scores[MODEL], scores[NEAREST]
    order = (MODEL, *ABLATIONS, *baselines())
    names = [name for name in ("rmse", "r", "macro_f1") if name in ours and name in copied]
    return {
        "models": {name: scores[name] for name in order if name in scores},
        "controls": {name: scores[name] for name in LOOKUPS},
        "minus_lookup": {
            "lookup": NEAREST,
            **{name: ours[name] - copied[name] for name in names},
            "over_people": compared(asked, said[MODEL], said[NEAREST], seed),
        },
    }
