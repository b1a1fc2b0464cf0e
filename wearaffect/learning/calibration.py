"""What is chosen on people left out: temperature, and when to be silent."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wearaffect.bundle.belief import Belief, Calibration
from wearaffect.bundle.estimator import doubts
from wearaffect.learning.heads import (
    CALM,
    INDEX_SHARE,
    SCORED,
    condition_weights,
    labelled_of,
    tells_amusement,
)
from wearaffect.learning.table import PersonTable
from wearaffect.signals.enrolment import LEAST_QUALITY

__all__ = [
    "LEAST",
    "N_GROUPS",
    "Odds",
    "believed",
    "calibrate",
    "first_doubts",
    "groups_left_out",
    "index_curve",
    "left_out_accuracy",
    "mean_and_error",
]

Floats = NDArray[np.float64]

N_GROUPS = 5  # engineering choice, as many as members of an ensemble
LEAST = {str(kind): least for kind, least in LEAST_QUALITY.items()}
_TEMPERATURES = np.geomspace(0.25, 8.0, 41)
_COVERAGE = 0.8
_GATED = 0.25  # share of training stress that the motion gate may cost (engineering choice)


class Odds(NamedTuple):
    """Log odds for every window of a person.

    Attributes
    ----------
    learned, by_index : numpy.ndarray, (n,)
        Of stress: learned, and by the untrained index.
    amused : numpy.ndarray, (n,)
        Of amusement where it isn't stress.
    """

    learned: Floats
    by_index: Floats
    amused: Floats


def groups_left_out(
    people: Sequence[PersonTable], n_groups: int, seed: int
) -> list[NDArray[np.intp]]:
    """Deal people into groups, each of which is left out once, with all sittings of a person."""
    names = list(dict.fromkeys(person.id for person in people))
    order = np.random.default_rng(seed).permutation(len(names))
    group = {names[k]: g % n_groups for g, k in enumerate(order)}
    of = np.array([group[person.id] for person in people], dtype=np.int64)
    return [np.flatnonzero(of == g) for g in range(min(n_groups, len(names)))]


def calibrate(people: Sequence[PersonTable], odds: Sequence[Sequence[Odds]]) -> Calibration:
    """Choose on answers to people who weren't fitted on.

    Parameters
    ----------
    people : sequence of PersonTable
        Training people.
    odds : sequence of sequence of Odds
        For each of them, answers of a model fitted without them: with the resting state and
        without.

    Returns
    -------
    Calibration
        A motion gate that costs a quarter of stress, the temperatures of least log loss, and the
        certainty that, with the gate, leaves 80 % of windows an answer.
    """
    start = Calibration(least_still=_stillness(people))
    trusted = [[not why for why in first_doubts(p, start)] for p in people]
    said = [
        _scored(p, _mixed(o, INDEX_SHARE), start, fine)
        for p, found, fine in zip(people, odds, trusted, strict=True)
        for o in found
    ]
    stress, truth, fine = (np.concatenate(column) for column in zip(*said, strict=True))
    odds_of = np.log(stress) - np.log1p(-stress)
    temperature = _coolest(odds_of, truth)
    sure = np.where(fine, np.abs(np.tanh(odds_of / temperature / 2)), 0.0)
    least = float(np.quantile(sure, 1 - _COVERAGE))
    return replace(
        start,
        temperature=temperature,
        calm_temperature=_calm_temperature(people, odds),
        least_certainty=least,
    )


def left_out_accuracy(
    people: Sequence[PersonTable],
    odds: Sequence[Sequence[Odds]],
    calibration: Calibration,
    share: float = INDEX_SHARE,
) -> Floats:
    """Give the balanced accuracy of stress for each person left out, (people,); sittings' mean.

    Parameters
    ----------
    people, odds
        As for `calibrate`.
    calibration : Calibration
        What it chose.
    share : float
        Of the index in the log odds.
    """
    found: dict[str, list[float]] = {}
    for person, ways in zip(people, odds, strict=True):
        trusted = [not why for why in first_doubts(person, calibration)]
        each = [_right(person, _mixed(way, share), calibration, trusted) for way in ways]
        found.setdefault(person.id, []).append(float(np.mean(each)))
    return np.array([np.mean(sittings) for sittings in found.values()])


def index_curve(
    people: Sequence[PersonTable], odds: Sequence[Sequence[Odds]], calibration: Calibration
) -> list[dict[str, float]]:
    """Tell what leaning on the index costs or brings people left out.

    Returns
    -------
    list of dict
        ``index_share``, mean ``balanced_accuracy`` over people and its ``standard_error``.
    """
    curve = []
    for share in np.linspace(0.0, 1.0, 11).round(2).tolist():
        right = left_out_accuracy(people, odds, calibration, share)
        curve.append({"index_share": share} | mean_and_error(right))
    return curve


def mean_and_error(right: Floats) -> dict[str, float]:
    """Summarise people."""
    return {
        "balanced_accuracy": float(right.mean()),
        "standard_error": float(right.std(ddof=1) / np.sqrt(right.size)),
    }


def first_doubts(person: PersonTable, calibration: Calibration) -> tuple[str, ...]:
    """Give the first reason not to trust each window's signals, empty where there is none."""
    found = (doubts(w, LEAST, calibration.least_still) for w in person.windows)
    return tuple(why[0] if why else "" for why in found)


def believed(
    person: PersonTable, stress: Floats, calibration: Calibration, trusted: Sequence[bool]
) -> Floats:
    """Give calibrated beliefs, as the estimator would.

    Parameters
    ----------
    person : PersonTable
        All windows, in time order.
    stress : numpy.ndarray, (n,)
        Probability of stress for each window alone.
    calibration : Calibration
        Of the belief.
    trusted : sequence of bool
        Whether each window's signals allow an answer.

    Returns
    -------
    numpy.ndarray, (n,)
        The belief at the end of each window.
    """
    belief = Belief(calibration)
    return np.array(
        [
            belief.take(p, window.end_s, trusted=fine)
            for window, p, fine in zip(person.windows, stress.tolist(), trusted, strict=True)
        ]
    )


def _mixed(odds: Odds, weight: float) -> Floats:
    mixed = weight * odds.by_index + (1 - weight) * odds.learned
    return np.asarray(1 / (1 + np.exp(-mixed)))


def _calm_temperature(people: Sequence[PersonTable], odds: Sequence[Sequence[Odds]]) -> float:
    """Give the temperature of amusement, which counts as much as baseline, as in fitting."""
    if not tells_amusement(people):
        return 1.0
    parts = []
    for person, ways in zip(people, odds, strict=True):
        index, names = labelled_of(person)
        weight = condition_weights(names, "amusement", CALM)
        truth = np.array([name == "amusement" for name in names], dtype=bool)
        parts += [(way.amused[index], truth, weight) for way in ways]
    amused, truth, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _coolest(amused, truth, weight)


def _right(
    person: PersonTable, stress: Floats, calibration: Calibration, trusted: Sequence[bool]
) -> float:
    """Balanced accuracy of the belief: stress counts as much as all else."""
    index, names = labelled_of(person)
    called = believed(person, stress, calibration, trusted)[index] > 0.5
    truth = np.array([name == "stress" for name in names])
    sides = [called[truth == side] == side for side in (True, False)]
    return float(np.mean([side.mean() for side in sides if side.size]))


def _scored(
    person: PersonTable, stress: Floats, calibration: Calibration, trusted: Sequence[bool]
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Beliefs, truth and trust where boards score."""
    index = person.labelled(SCORED)
    names = person.labels
    p = believed(person, stress, calibration, trusted)[index]
    truth = np.array([names[i] == "stress" for i in index], dtype=bool)
    return np.clip(p, 1e-6, 1 - 1e-6), truth, np.array(trusted)[index]


def _coolest(odds: Floats, truth: NDArray[np.bool_], weight: Floats | None = None) -> float:
    """Give the temperature of least log loss."""

    def loss(temperature: float) -> float:
        each = np.logaddexp(0, np.where(truth, -odds, odds) / temperature)
        return float(np.average(each, weights=weight))

    return float(min(_TEMPERATURES, key=loss))


def _stillness(people: Sequence[PersonTable]) -> float | None:
    values = [
        person.windows[i].features["acc_still"]
        for person in people
        for i in person.labelled(("stress",))
    ]
    known = np.array(values)[np.isfinite(values)]
    return float(np.quantile(known, _GATED)) if known.size else None
