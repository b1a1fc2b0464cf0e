"""Running means and spreads: against sums over weights, and what they must not know."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wearaffect.signals.history import History, mean_key, sd_key

HOP_S, TAU_S = 5.0, 60.0
MEAN, SD = mean_key("hr", TAU_S), sd_key("hr", TAU_S)


def weights(n: int) -> np.ndarray:
    """Weight of each of n values when the last has come, by unrolling who kept how much."""
    least = 1 - math.exp(-HOP_S / TAU_S)
    taken = [max(least, 1 / (k + 1)) for k in range(n)]
    return np.array([taken[k] * math.prod(1 - t for t in taken[k + 1 :]) for k in range(n)])


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=60))
def test_it_is_a_weighted_mean_and_spread_of_all_that_came(values):
    history = History(["hr"], hop_s=HOP_S, tau_s=TAU_S)
    for value in values:
        found = history.advance({"hr": value})
    w = weights(len(values))
    mean = w @ values
    assert w.sum() == pytest.approx(1)
    assert found[MEAN] == pytest.approx(mean, abs=1e-6)
    assert found[SD] == pytest.approx(math.sqrt(w @ (np.array(values) - mean) ** 2), abs=1e-5)


def test_what_is_missing_leaves_it_as_it_was():
    history = History(["hr"], hop_s=HOP_S, tau_s=TAU_S)
    assert all(math.isnan(v) for v in history.advance({"hr": math.nan}).values())
    history.advance({"hr": 60.0})
    before = history.advance({"hr": 80.0})
    assert history.advance({}) == before
    assert history.advance({"hr": math.inf}) == before


def test_it_forgets():
    history = History(["hr"], hop_s=HOP_S, tau_s=TAU_S)
    for _ in range(100):
        history.advance({"hr": 500.0})
    for _ in range(int(10 * TAU_S / HOP_S)):
        found = history.advance({"hr": 60.0})
    assert found[MEAN] == pytest.approx(60, abs=0.05)


def test_it_does_not_tell_how_long_a_session_has_lasted():
    """Two sittings of the same kind, one an hour older: the same numbers from then on."""
    rng = np.random.default_rng(1)
    tail = rng.normal(70, 5, 200)
    old, young = (History(["hr"], hop_s=HOP_S, tau_s=TAU_S) for _ in range(2))
    for value in rng.normal(70, 5, 720):
        old.advance({"hr": value})
    for value in tail:
        a, b = old.advance({"hr": value}), young.advance({"hr": value})
    assert a[MEAN] == pytest.approx(b[MEAN], abs=1e-3)
    assert a[SD] == pytest.approx(b[SD], abs=1e-3)
