"""The reductions against matrix exponentials, an ODE solver and the model that they reduce."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from wearaffect.physiology import eda
from wearaffect.physiology.eda import EdaParameters
from wearaffect.physiology.reductions import one_state, two_states

TIMES = st.floats(0.1, 1.4), st.floats(1.5, 6.0), st.floats(0.01, 5.0)


@given(*TIMES)
def test_two_states_are_the_matrix_exponential(rise_s, decay_s, step_s):
    augmented = np.zeros((3, 3))
    augmented[0] = [-1 / rise_s, 0, 1 / rise_s]
    augmented[1, :2] = [1 / decay_s, -1 / decay_s]
    expected = expm(augmented * step_s)
    A, B = two_states(rise_s, decay_s, step_s)
    np.testing.assert_allclose(A, expected[:2, :2], rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(B, expected[:2, 2], rtol=1e-9, atol=1e-14)


@given(*TIMES)
def test_a_held_driver_of_two_states_is_the_conductance_in_the_end(rise_s, decay_s, step_s):
    A, B = two_states(rise_s, decay_s, step_s)
    np.testing.assert_allclose(np.linalg.solve(np.eye(2) - A, B), [1.0, 1.0], rtol=1e-6)


def test_two_states_are_three_without_the_tonic_one():
    driver = np.random.default_rng(1).exponential(1.0, 40)
    parameters = EdaParameters(0.65, 2.77, 120.0, tonic_share=0.0)
    full = eda.conductance(parameters, eda.simulate(parameters, driver, 0.25, np.zeros(3)))
    A, B = two_states(0.65, 2.77, 0.25)
    x, found = np.zeros(2), [0.0]
    for u in driver:
        x = A @ x + B * u
        found.append(x[1] * 2.77)
    np.testing.assert_allclose(found, full, rtol=1e-10, atol=1e-14)


@given(st.floats(0.1, 200.0), st.floats(0.01, 60.0), st.floats(0.0, 5.0), st.floats(0.0, 5.0))
def test_one_state_is_the_solution_of_its_ode(decay_s, step_s, start, driver):
    a, b = one_state(decay_s, step_s)
    solved = solve_ivp(
        lambda _, x: driver - x / decay_s, (0, step_s), [start], method="LSODA",
        rtol=1e-10, atol=1e-12,
    )  # fmt: skip
    assert a * start + b * driver == pytest.approx(solved.y[0, -1], rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("times", [(0.0, 1.0), (1.0, 0.0), (np.nan, 1.0), (np.inf, 1.0)])
def test_times_that_are_none_are_refused(times):
    with pytest.raises(ValueError, match="expected times > 0"):
        one_state(*times)
    with pytest.raises(ValueError, match="expected"):
        two_states(times[0], 3.0, times[1])
