"""People who were altered: only what should change does, and history is the chain's own."""

from pathlib import Path

import numpy as np
import pytest

from wearaffect.core.streams import SignalKind
from wearaffect.datasets.labelled import first_rest
from wearaffect.evaluation.altered import (
    EXTRAS,
    MOVED,
    baseline_of,
    cut_from,
    random_walks,
    remembering,
    scored_from,
    with_extras,
    with_movement_renamed,
    without_signal,
)
from wearaffect.evaluation.corpora import CORPORA, enrolled_at
from wearaffect.learning.table import PersonTable, read_tables
from wearaffect.signals.arousal import arousal_index
from wearaffect.signals.chain import ChainSettings
from wearaffect.signals.features import FEATURES

WESAD = CORPORA["wesad"]


@pytest.fixture(scope="module")
def person(made_wesad: Path) -> PersonTable:
    (table,) = read_tables(WESAD.read(made_wesad, ["S2"]), ChainSettings())
    return table


def _same(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and all(
        a[k] == pytest.approx(b[k], nan_ok=True, rel=1e-9, abs=1e-12) for k in a
    )


def test_remembering_anew_is_what_the_chain_remembered(person) -> None:
    again = remembering(person)
    for before, after in zip(person.windows, again.windows, strict=True):
        assert _same(dict(before.history), dict(after.history))


def test_a_missing_signal_is_missing_everywhere_and_the_others_stay(person) -> None:
    bare = without_signal(person, kind=SignalKind.EDA)
    window, was = bare.windows[-1], person.windows[-1]
    for name, kind in FEATURES.items():
        gone = [window.features[name], window.rest[name], window.history[f"{name}_mean_900s"]]
        here = [was.features[name], was.rest[name], was.history[f"{name}_mean_900s"]]
        if kind == SignalKind.EDA:
            assert np.isnan(gone).all()
        else:
            assert gone == pytest.approx(here, nan_ok=True)
    assert window.quality == was.quality
    # the index is then the heart's alone
    assert arousal_index(window.features, window.history) != pytest.approx(
        arousal_index(was.features, was.history)
    )
    assert np.isfinite(person.windows[-1].features["eda_level"])


def test_movement_has_a_second_name_beside_the_first(person) -> None:
    window, was = with_movement_renamed(person).windows[-1], person.windows[-1]
    assert window.features[f"{MOVED}acc_still"] == was.features["acc_still"]
    assert window.features["acc_still"] == was.features["acc_still"]
    assert window.rest[f"{MOVED}acc_still"] == was.rest["acc_still"]
    assert window.history[f"{MOVED}acc_still_mean_900s"] == was.history["acc_still_mean_900s"]
    assert not any(name.startswith(f"{MOVED}eda") for name in window.features)


def test_random_walks_keep_steps_and_gaps_and_forget_the_rest(person) -> None:
    walked = random_walks(person, corpus=WESAD, seed=3)
    ours = np.array([w.features["hr_median"] for w in person.windows])
    theirs = np.array([w.features["hr_median"] for w in walked.windows])
    assert np.array_equal(np.isnan(ours), np.isnan(theirs))
    known = ours[np.isfinite(ours)], theirs[np.isfinite(theirs)]
    spread = [np.diff(v).std() for v in known]
    assert spread[1] == pytest.approx(spread[0], rel=0.15)
    assert not np.allclose(*known)
    # the resting state and the running mean are those of the walk
    rest = first_rest(person.intervals, "baseline")
    inside = [w for w in walked.windows if rest.holds(w.start_s, w.end_s)]
    mean = np.nanmean([w.features["hr_median"] for w in inside])
    assert walked.windows[-1].rest["hr_median"] == pytest.approx(mean, rel=0.05)
    first = walked.windows[0]
    assert first.history["hr_median_mean_900s"] == pytest.approx(
        first.features["hr_median"], nan_ok=True
    )
    assert np.array_equal(walked.in_rest, person.in_rest)
    assert np.array_equal(walked.interval, person.interval)


def test_random_walks_differ_by_seed_and_repeat_by_seed(person) -> None:
    first, again, other = (
        [w.features["eda_level"] for w in random_walks(person, corpus=WESAD, seed=s).windows]
        for s in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_posture_and_temperature_are_remembered_beside_the_rest(person) -> None:
    window, was = with_extras(person).windows[-1], person.windows[-1]
    for name in EXTRAS:
        values = [w.features[name] for w in person.windows]
        mean = window.history[f"{name}_mean_900s"]
        assert min(values) < mean < max(values)
    assert {k: window.history[k] for k in was.history} == pytest.approx(
        dict(was.history), nan_ok=True
    )


@pytest.mark.parametrize(("last_s", "place"), [(None, "rest"), (300.0, "baseline_end")])
def test_a_late_start_forgets_what_came_before_and_scores_the_same(person, last_s, place) -> None:
    when_s = baseline_of(person, WESAD, last_s=last_s)
    baseline = next(i for i in person.intervals if i.label == "baseline")
    assert when_s == (baseline.start_s if last_s is None else baseline.end_s - 300)
    cut, whole = (
        enrolled_at(change(person, corpus=WESAD, last_s=last_s), WESAD, place)
        for change in (cut_from, scored_from)
    )
    assert cut.windows[0].start_s >= when_s
    assert len(whole.windows) == len(person.windows)
    scored = [
        [
            w.start_s
            for w, i, r in zip(p.windows, p.interval, p.in_rest, strict=True)
            if i >= 0 and not r
        ]
        for p in (cut, whole)
    ]
    assert scored[0] == scored[1] != []
    first = cut.windows[0]
    assert first.history["eda_level_mean_900s"] == pytest.approx(first.features["eda_level"])
    assert cut.windows[-1].rest == pytest.approx(dict(whole.windows[-1].rest), nan_ok=True)
