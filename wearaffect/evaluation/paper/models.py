"""The network, its ablations, and the plain models that the abstract names beside it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.evaluation.paper.folds import RowFold
from wearaffect.evaluation.paper.lookups import Said
from wearaffect.evaluation.paper.rows import PaperRows
from wearaffect.learning.paper_network import (
    PaperExamples,
    PaperFit,
    PaperNetwork,
    fit_paper_network,
)

__all__ = ["ABLATIONS", "ablated", "baselines", "examples_of", "network_says"]

Floats = NDArray[np.float64]

ABLATIONS: Mapping[str, Mapping[str, Any]] = {
    "physics_weight_0": {"physics": 0.0},
    "emotion_only": {"eda": 0.0, "physics": 0.0},
    "eda_only": {"emotion": 0.0, "physics": 0.0},
}
"""Weights that differ. Without one of the tasks there is no residual either: it needs both."""

_TREES: Mapping[str, Any] = {
    "n_estimators": 150,
    "max_depth": 4,
    "learning_rate": 0.1,
    "subsample": 0.8,
    "n_jobs": 1,
}


def examples_of(
    rows: PaperRows, inputs: Floats, fold: RowFold, hop_s: float, n_labels: int
) -> PaperExamples:
    """Give the rows of a fold that a network is fitted on, and the pairs among them."""
    place = np.full(len(rows), -1)
    place[fold.train] = np.arange(fold.train.size)
    pairs = place[rows.pairs(hop_s)]
    return PaperExamples(
        inputs[fold.train],
        rows.level[fold.train],
        rows.label[fold.train],
        pairs[(pairs >= 0).all(axis=1)],
        hop_s,
        n_labels,
    )


def network_says(
    examples: PaperExamples, asked: Floats, settings: PaperFit
) -> tuple[Said, PaperNetwork]:
    """Fit a network and ask it; a task without weight isn't answered."""
    network = fit_paper_network(examples, settings)
    level, label = network.predict(asked)
    said = Said(level if settings.eda else None, label if settings.emotion else None)
    return said, network


def ablated(settings: PaperFit, name: str) -> PaperFit:
    """Give the settings of an ablation."""
    return replace(settings, **ABLATIONS[name])


def support_vectors(examples: PaperExamples, asked: Floats, seed: int) -> Said:
    """Fit one support vector machine for each task, radial basis functions."""
    from sklearn.svm import SVC, SVR

    return _each_task(SVR(C=10.0, epsilon=0.01), SVC(C=10.0, random_state=seed), examples, asked)


def boosted_trees(examples: PaperExamples, asked: Floats, seed: int) -> Said:
    """Fit boosted trees for each task."""
    from xgboost import XGBClassifier, XGBRegressor

    settings = {**_TREES, "random_state": seed}
    return _each_task(XGBRegressor(**settings), XGBClassifier(**settings), examples, asked)


def _each_task(regressor: Any, classifier: Any, examples: PaperExamples, asked: Floats) -> Said:
    level = regressor.fit(examples.inputs, examples.eda).predict(asked)
    present, label = np.unique(examples.label, return_inverse=True)
    if present.size == 1:  # neither machine fits a single class
        return Said(np.asarray(level, dtype=float), np.full(len(asked), present[0]))
    guess = classifier.fit(examples.inputs, label).predict(asked)
    return Said(np.asarray(level, dtype=float), present[np.asarray(guess, dtype=np.int64)])


Baseline = Callable[[PaperExamples, Floats, int], Said]


def baselines() -> dict[str, Baseline]:
    """Give the plain models that can be fitted here; XGBoost has no build for some platforms."""
    found: dict[str, Baseline] = {"svm": support_vectors}
    if find_spec("xgboost") is not None:
        found["xgboost"] = boosted_trees
    return found
