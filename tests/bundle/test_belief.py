"""The belief filter: against a two-state forward filter in probabilities, and its symmetries."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wearaffect.bundle.belief import Belief, Calibration, with_belief

PROBABILITIES = st.lists(st.floats(0.02, 0.98), min_size=1, max_size=60)


@given(PROBABILITIES, st.floats(0.1, 1.0), st.floats(5.0, 300.0))
def test_it_is_a_forward_filter_with_symmetric_transitions(answers, evidence, hold_s):
    belief = Belief(Calibration(evidence=evidence, hold_s=hold_s))
    stay = 0.5 + 0.5 * math.exp(-5.0 / hold_s)
    moves = np.array([[stay, 1 - stay], [1 - stay, stay]])
    state = np.array([0.5, 0.5])
    for i, p in enumerate(answers):
        state = (state @ moves) * np.array([1 - p, p]) ** evidence
        state = np.clip(state / state.sum(), 1e-4, 1 - 1e-4)
        got = belief.take(p, 5.0 * i)
        assert got == pytest.approx(state[1], abs=1e-9)


@given(PROBABILITIES)
def test_stress_and_its_absence_are_treated_alike(answers):
    a, b = Belief(Calibration()), Belief(Calibration())
    for i, p in enumerate(answers):
        assert a.take(p, 5.0 * i) == pytest.approx(1 - b.take(1 - p, 5.0 * i), abs=1e-9)


def test_an_untrusted_window_teaches_nothing_and_the_belief_ages_behind_it():
    belief, away = Belief(Calibration()), Belief(Calibration())
    for i in range(20):
        sure = belief.take(0.9, 5.0 * i)
        away.take(0.9, 5.0 * i)
    assert belief.take(0.01, 100.0, trusted=False) == pytest.approx(sure)
    assert 0.5 < belief.take(0.5, 105.0) < sure
    for i in range(20, 1460):
        away.take(0.01, 5.0 * i, trusted=False)
    # two hours off the skin: nothing is left of what was believed before
    assert away.take(0.5, 5.0 * 1460) == pytest.approx(0.5, abs=1e-6)


def test_temperature_changes_how_sure_it_is_and_not_which_way():
    hot, cold = Belief(Calibration(temperature=4.0)), Belief(Calibration(temperature=0.5))
    for i, p in enumerate([0.6, 0.8, 0.9, 0.3, 0.2]):
        h, c = hot.take(p, 5.0 * i), cold.take(p, 5.0 * i)
        assert (h > 0.5) == (c > 0.5)
        assert abs(h - 0.5) < abs(c - 0.5)


def test_it_does_not_know_how_long_a_sitting_has_lasted():
    old, young = Belief(Calibration()), Belief(Calibration())
    for i in range(720):
        old.take(0.9, 5.0 * i)
    for i in range(720, 800):
        a, b = old.take(0.2, 5.0 * i), young.take(0.2, 5.0 * i)
    assert a == pytest.approx(b, abs=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        {"evidence": 0.0},
        {"evidence": 1.5},
        {"hold_s": 0.0},
        {"temperature": -1.0},
        {"temperature": math.inf},
        {"least_certainty": 1.0},
        {"hold_s": math.nan},
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="calibration"):
        Calibration(**wrong)


def test_it_travels_as_plain_data():
    made = Calibration(0.2, 30.0, 1.5, 0.4, 0.1)
    assert Calibration.from_dict(made.as_dict() | {"another": 1}) == made


def test_a_belief_leaves_the_others_their_odds() -> None:
    said = np.array([[0.2, 0.5, 0.3], [0.06, 0.9, 0.04]])
    kept = with_belief(said, 1, np.array([0.1, 0.6]), 1.0)
    np.testing.assert_allclose(kept.sum(axis=1), 1.0)
    np.testing.assert_allclose(kept[:, 1], [0.1, 0.6])
    np.testing.assert_allclose(kept[:, 2] / kept[:, 0], said[:, 2] / said[:, 0])
    cooled = with_belief(said, 1, np.array([0.1, 0.6]), 2.0)
    np.testing.assert_allclose(np.log(cooled[:, 2] / cooled[:, 0]) * 2, np.log([1.5, 2 / 3]))
    assert np.isnan(with_belief(np.full((1, 3), np.nan), 1, np.array([0.5]), 1.0)[0, 0])
