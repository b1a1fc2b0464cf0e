"""Any classifier as the shipped model is built: one head for stress, one for amusement.

Stress is told from all else, meditation included, and amusement from baseline; every condition of
every person counts alike.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wearaffect.bundle.encoding import Encoded, InputEncoder
from wearaffect.evaluation.answers import Floats, Predicted, Predictor
from wearaffect.learning.heads import condition_weights, labelled_of
from wearaffect.learning.table import PersonTable
from wearaffect.signals.history import mean_key

__all__ = [
    "Inputs",
    "Maker",
    "TrainingRows",
    "as_the_bundle",
    "encoded",
    "encoder_of",
    "on_features",
    "on_inputs",
    "on_trees",
    "shared_out",
    "training_rows",
    "trees",
]

Inputs = Callable[[PersonTable], Floats]
Maker = Callable[[NDArray[np.int64]], Any]
"""From the person of each training row to a classifier that hasn't been fitted."""

_CLIP_SD = 5.0  # as the bundle's encoder
_TREES_EVERY = 3  # windows; the next one learnt from shares three quarters with it


class TrainingRows(NamedTuple):
    """Windows to learn from, person after person.

    Attributes
    ----------
    windows : list of numpy.ndarray
        Which of each person's.
    who : numpy.ndarray, (n,), int
        The person of each row.
    truth, weight : numpy.ndarray, (n, 2)
        Whether it is stress, and amusement; how much that counts, 0 where it isn't asked.
    """

    windows: list[NDArray[np.intp]]
    who: NDArray[np.int64]
    truth: NDArray[np.bool_]
    weight: Floats


def training_rows(people: Sequence[PersonTable], every: int = 1) -> TrainingRows:
    """Collect every how many-th labelled window of each person."""
    index, who, truth, weight = [], [], [], []
    for k, person in enumerate(people):
        windows, labels = labelled_of(person)
        windows, labels = windows[::every], labels[::every]
        calm = np.isin(labels, ("baseline", "amusement"))
        amused = np.zeros(len(labels))
        amused[calm] = condition_weights([labels[i] for i in np.flatnonzero(calm)], "amusement")
        index.append(windows)
        who.append(np.full(len(labels), k))
        truth.append(np.stack([np.equal(labels, "stress"), np.equal(labels, "amusement")], 1))
        weight.append(np.stack([condition_weights(labels, "stress"), amused], 1))
    weights = np.concatenate(weight)
    mean = weights.sum(axis=0) / np.maximum((weights > 0).sum(axis=0), 1)
    alike = weights / np.where(mean > 0, mean, 1.0)
    return TrainingRows(index, np.concatenate(who), np.concatenate(truth), alike)


def shared_out(stress: Floats, amused: Floats) -> Predicted:
    """Turn the chance of stress, and of amusement where it isn't, into one a condition."""
    calm = 1 - stress
    return Predicted(np.stack([calm * (1 - amused), stress, calm * amused], axis=1))


def on_inputs(
    make: Maker, people: Sequence[PersonTable], inputs: Inputs, *, every: int = 1
) -> Predictor:
    """Fit a classifier for each head.

    Parameters
    ----------
    make : callable
        Gives a classifier in the manner of scikit-learn.
    people : sequence of PersonTable
        Training people.
    inputs : callable
        From a person to one row a window.
    every : int
        Every how many-th window is learnt from.
    """
    rows = training_rows(people, every)
    features = np.concatenate([inputs(p)[i] for p, i in zip(people, rows.windows, strict=True)])
    heads: list[Callable[[Floats], Floats]] = []
    for target, weight in zip(rows.truth.T, rows.weight.T, strict=True):
        kept = weight > 0
        if np.unique(target[kept]).size < 2:  # nobody was amused, or nothing to tell it from
            heads.append(_never)
            continue
        model = make(rows.who[kept])
        heads.append(_fitted(model, features[kept], target[kept], weight[kept]))

    def predict(person: PersonTable) -> Predicted:
        asked = inputs(person)
        stress, amused = (head(asked) for head in heads)
        return shared_out(stress, amused)

    return predict


def _never(asked: Floats) -> Floats:
    return np.zeros(len(asked))


def _fitted(
    model: Any, features: Floats, target: NDArray[np.bool_], weight: Floats
) -> Callable[[Floats], Floats]:
    from sklearn.utils.validation import has_fit_parameter

    # a discriminant takes priors instead
    known = has_fit_parameter(model, "sample_weight")
    model.fit(features, target.astype(int), **({"sample_weight": weight} if known else {}))
    return lambda asked: model.predict_proba(asked)[:, 1].astype(float)


def on_trees(people: Sequence[PersonTable], inputs: Inputs) -> Predictor:
    """Fit trees on every third window."""
    return on_inputs(trees, people, inputs, every=_TREES_EVERY)


def trees(_: NDArray[np.int64]) -> Any:
    """Make 100 trees with leaves that no short stretch fills, since windows repeat each other."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(100, min_samples_leaf=7, random_state=0, n_jobs=1)


def as_the_bundle(people: Sequence[PersonTable]) -> Inputs:
    """Encode as for the bundle, by statistics of training people."""
    encoder = encoder_of(tuple(people))
    return lambda person: encoded(encoder, person).features.astype(float)


def on_features(people: Sequence[PersonTable], names: Sequence[str]) -> Inputs:
    """Encode some features as they are and against the person's running mean.

    Parameters
    ----------
    people : sequence of PersonTable
        Training people, whose history knows the features.
    names : sequence of str
        Any that the chain computes; the resting state, which has few of them, isn't used.
    """
    wanted = tuple(names)
    taught = np.concatenate([_raw_and_change(p, wanted)[labelled_of(p)[0]] for p in people])
    known = np.isfinite(taught)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, taught, 0.0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, taught - mean, 0.0) ** 2).sum(axis=0) / count)
    scale = np.where(spread > 0, spread, 1.0)

    def inputs(person: PersonTable) -> Floats:
        standard = np.nan_to_num((_raw_and_change(person, wanted) - mean) / scale)
        return np.asarray(np.clip(standard, -_CLIP_SD, _CLIP_SD))

    return inputs


@lru_cache(maxsize=128)
def _raw_and_change(person: PersonTable, names: tuple[str, ...]) -> Floats:
    raw = np.array([[w.features[name] for name in names] for w in person.windows])
    keys = [mean_key(name) for name in names]
    usual = np.array([[w.history[key] for key in keys] for w in person.windows])
    return np.hstack([raw, raw - usual])


# Rivals of one fold see the same people: they are encoded once for all of them.
@lru_cache(maxsize=4)
def encoder_of(people: tuple[PersonTable, ...]) -> InputEncoder:
    """Give the bundle's encoder, fitted on training people."""
    from wearaffect.learning.training import fit_encoder

    return fit_encoder(people, _window_s(people))


@lru_cache(maxsize=64)
def encoded(encoder: InputEncoder, person: PersonTable) -> Encoded:
    """Encode all windows of a person."""
    return encoder.encode(person.windows)


def _window_s(people: Sequence[PersonTable]) -> float:
    window = people[0].windows[0]
    return window.end_s - window.start_s
