"""The EDA model against matrix exponentials, an ODE solver and conservation."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp
from scipy.linalg import expm

from wearaffect.physiology import eda
from wearaffect.physiology.eda import EdaParameters

SETTINGS = [
    EdaParameters(),
    EdaParameters(rise_s=0.2, fast_s=1.5, slow_s=20.0, tonic_share=0.3),
    EdaParameters(rise_s=1.4, fast_s=6.0, slow_s=300.0, tonic_share=0.9),
    EdaParameters(rise_s=2.0, fast_s=2.0, slow_s=2.0),
    EdaParameters(rise_s=2.0, fast_s=2.0 + 1e-9, slow_s=120.0),
]


@st.composite
def parameters(draw):
    rise, fast, slow = sorted(draw(st.tuples(*[st.floats(0.05, 400.0)] * 3)))
    return EdaParameters(rise, fast, slow, draw(st.floats(0.0, 1.0)))


def slope(p):
    """Right-hand side, typed from the paper's equations."""
    a = np.array([[-1 / p.rise_s, 0, 0], [1 / p.rise_s, -1 / p.fast_s, 0],
                  [1 / p.rise_s, 0, -1 / p.slow_s]])  # fmt: skip
    return a, np.array([1.0, 0.0, 0.0])


@pytest.mark.parametrize("p", SETTINGS)
@pytest.mark.parametrize("step_s", [0.001, 0.25, 1.0, 60.0])
def test_discretisation_is_the_matrix_exponential(p, step_s):
    a, b = slope(p)
    augmented = np.zeros((4, 4))
    augmented[:3, :3], augmented[:3, 3] = a, b
    expected = expm(augmented * step_s)
    A, B = eda.discretise(p, step_s)
    np.testing.assert_allclose(A, expected[:3, :3], rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(B, expected[:3, 3], rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("p", SETTINGS)
def test_simulation_is_the_solution_of_the_ode(p):
    driver = np.array([0.0, 0.4, 0.1, 0.0, 0.0, 1.3, 0.02, 0.02])
    initial = np.array([0.1, 0.7, 2.0])
    a, b = slope(p)
    expected, x = [initial], initial
    for u in driver:
        solved = solve_ivp(
            lambda _, x, u=u: a @ x + b * u, (0, 0.5), x, method="DOP853", rtol=1e-12, atol=1e-13
        )
        x = solved.y[:, -1]
        expected.append(x)
    np.testing.assert_allclose(eda.simulate(p, driver, 0.5, initial), expected, atol=1e-10)


def test_impulse_response_is_the_free_answer_of_a_filled_first_state():
    p = EdaParameters()
    times = np.linspace(0.0, 300.0, 61)
    a, _ = slope(p)
    solved = solve_ivp(
        lambda _, x: a @ x, (0, 300), [1, 0, 0], t_eval=times, method="DOP853", rtol=1e-12,
        atol=1e-13,
    )  # fmt: skip
    expected = 0.5 * solved.y[1] + 0.5 * solved.y[2]
    np.testing.assert_allclose(eda.impulse_response(p, times), expected, atol=1e-10)
    assert eda.impulse_response(p, -1.0) == 0.0


@pytest.mark.parametrize("p", SETTINGS)
def test_area_of_the_impulse_response_is_the_gain(p):
    area, _ = quad(lambda t: float(eda.impulse_response(p, t)), 0, 40 * p.slow_s, limit=500,
                   points=[p.rise_s, p.fast_s, p.slow_s, 10 * p.slow_s])  # fmt: skip
    assert area == pytest.approx(p.gain_s, rel=1e-6)


def test_phasic_peak_comes_when_the_paper_time_constants_say():
    # d/dt of the difference of exponentials is zero at t1 t2 / (t2 - t1) ln(t2 / t1)
    p = EdaParameters(tonic_share=0.0)
    times = np.arange(0.0, 10.0, 1e-4)
    peak_s = times[np.argmax(eda.impulse_response(p, times))]
    assert peak_s == pytest.approx(0.65 * 2.77 / (2.77 - 0.65) * np.log(2.77 / 0.65), abs=2e-4)


@given(parameters(), st.lists(st.floats(0.0, 5.0), min_size=1, max_size=20))
def test_one_step_equals_four_quarter_steps(p, driver):
    initial = np.array([0.2, 0.5, 3.0])
    coarse = eda.simulate(p, driver, 1.0, initial)
    fine = eda.simulate(p, np.repeat(driver, 4), 0.25, initial)
    np.testing.assert_allclose(fine[::4], coarse, rtol=1e-10, atol=1e-12)


@given(
    parameters(),
    st.lists(st.floats(0.0, 50.0), min_size=1, max_size=30),
    st.floats(1e-3, 100.0),
    st.tuples(*[st.floats(0.0, 20.0)] * 3),
)
def test_conductance_never_goes_below_zero(p, driver, step_s, initial):
    states = eda.simulate(p, driver, step_s, initial)
    assert np.all(states >= -1e-12)
    assert np.all(eda.conductance(p, states) >= -1e-12)


@given(parameters(), st.floats(0.0, 5.0))
def test_steady_state_stays_and_carries_the_gain(p, driver):
    steady = eda.steady_state(p, driver)
    states = eda.simulate(p, [driver] * 5, 3.0, steady)
    np.testing.assert_allclose(states, np.tile(steady, (6, 1)), rtol=1e-10, atol=1e-12)
    assert eda.conductance(p, steady) == pytest.approx(p.gain_s * driver, abs=1e-12)


@given(parameters(), st.floats(0.0, 2.0), st.integers(1, 200))
def test_roll_is_the_simulation_with_the_driver_held(p, driver, n):
    initial = np.array([0.3, 1.0, 4.0])
    stepped = eda.conductance(p, eda.simulate(p, [driver] * n, 0.5, initial))
    ahead = eda.roll(p, initial, driver, 0.5 * np.arange(n + 1))
    np.testing.assert_allclose(ahead, stepped, rtol=1e-9, atol=1e-11)


@given(st.floats(0.1, 10.0), st.floats(1e-16, 1e-3))
def test_near_equal_time_constants_join_smoothly(rise_s, apart):
    assume(rise_s * (1 + apart) > rise_s)
    at, _ = eda.discretise(EdaParameters(rise_s, rise_s, 300.0), 1.0)
    near, _ = eda.discretise(EdaParameters(rise_s, rise_s * (1 + apart), 300.0), 1.0)
    # the derivative in the time constant is bounded by (h/t)^2, so nothing may jump
    assert abs(near[1, 0] - at[1, 0]) <= apart * (1 + 1 / rise_s) ** 2


@pytest.mark.parametrize(
    "values",
    [
        {"rise_s": 0.0},
        {"rise_s": -1.0},
        {"rise_s": 3.0},
        {"slow_s": 2.0},
        {"slow_s": float("inf")},
        {"fast_s": float("nan")},
        {"tonic_share": 1.1},
        {"tonic_share": -0.1},
    ],
)
def test_parameters_outside_their_range_are_refused(values):
    with pytest.raises(ValueError, match="expected"):
        EdaParameters(**values)


def test_wrong_arguments_are_refused():
    p = EdaParameters()
    with pytest.raises(ValueError, match="driver >= 0"):
        eda.simulate(p, [0.1, -0.1], 0.25, np.zeros(3))
    with pytest.raises(ValueError, match="driver >= 0"):
        eda.steady_state(p, float("nan"))
    with pytest.raises(ValueError, match=r"driver \(n,\)"):
        eda.simulate(p, [[0.1]], 0.25, np.zeros(3))
    with pytest.raises(ValueError, match="states"):
        eda.simulate(p, [0.1], 0.25, np.zeros(2))
    with pytest.raises(ValueError, match="step_s"):
        eda.discretise(p, 0.0)
    with pytest.raises(ValueError, match="horizons_s"):
        eda.roll(p, np.zeros(3), 0.1, [-1.0])
