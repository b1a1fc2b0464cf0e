"""Random processes: their statistics, and that they can be continued."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.signal import lfilter

from wearaffect.physiology.processes import drift, event_times, lagged


@pytest.mark.parametrize("step_s", [0.25, 5.0])
def test_drift_has_its_spread_and_memory_at_any_step(step_s):
    x = drift(np.random.default_rng(0), 100_000, step_s, relaxation_s=10.0, sd=2.0)
    lag = round(10.0 / step_s)
    assert x.std() == pytest.approx(2.0, rel=0.1)
    assert np.corrcoef(x[:-lag], x[lag:])[0, 1] == pytest.approx(np.exp(-1), abs=0.05)


def test_drift_starts_in_its_stationary_state():
    first = [
        drift(np.random.default_rng(s), 2, 0.1, relaxation_s=60.0, sd=3.0) for s in range(2000)
    ]
    np.testing.assert_allclose(np.std(first, axis=0), [3.0, 3.0], rtol=0.08)


def test_lag_solves_its_equation():
    target = np.array([2.0, 2.0, 5.0, 5.0, 5.0, -1.0, -1.0, 0.0])
    expected, x = [2.0], 2.0
    for held in target[:-1]:
        solved = solve_ivp(
            lambda _, x, u=held: (u - x) / 3.0, (0, 0.5), [x], rtol=1e-11, atol=1e-12
        )
        x = solved.y[0, -1]
        expected.append(x)
    np.testing.assert_allclose(lagged(target, 0.5, 3.0), expected, rtol=1e-9)
    keep = np.exp(-0.5 / 3.0)
    step = lfilter([0, 1 - keep], [1, -keep], np.ones(50))
    np.testing.assert_allclose(lagged(np.r_[0.0, np.ones(50)], 0.5, 3.0)[2:], step[1:], rtol=1e-12)


def test_events_follow_the_rate():
    def rate(t):
        return 20.0 if t >= 30_000 else 5.0

    times = event_times(np.random.default_rng(2), 60_000.0, rate, 20.0, 0.0)
    calm, busy = (times < 30_000).sum(), (times >= 30_000).sum()
    assert calm == pytest.approx(2500, abs=4 * np.sqrt(2500))
    assert busy == pytest.approx(10_000, abs=4 * np.sqrt(10_000))
    assert np.all(np.diff(times) > 0)


def test_events_keep_their_distance_and_their_past():
    args = (lambda t: 40.0, 40.0, 1.5)
    short = event_times(np.random.default_rng(3), 100.0, *args)
    long = event_times(np.random.default_rng(3), 1000.0, *args)
    assert np.diff(long).min() >= 1.5
    np.testing.assert_array_equal(short, long[long < 100.0])


def test_no_rate_gives_no_events():
    assert event_times(np.random.default_rng(0), 1e6, lambda t: 0.0, 0.0, 1.0).size == 0
