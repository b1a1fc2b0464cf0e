"""Bursts at any instant against ODE solvers, and the truth that comes with them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from wearaffect.physiology.eda import EdaParameters
from wearaffect.physiology.shot_noise import (
    EVENT_RELATED,
    SPONTANEOUS,
    ShotSettings,
    gamma_sizes,
    lognormal_sizes,
    shots,
    third_order,
    three_state,
)

TIMES_S = np.linspace(0.0, 30.0, 61)


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_the_three_state_kernel_is_the_matrix_exponential(share):
    p = EdaParameters(0.5, 3.0, 80.0, share)
    a = np.array([[-1 / p.rise_s, 0, 0], [1 / p.rise_s, -1 / p.fast_s, 0],
                  [1 / p.rise_s, 0, -1 / p.slow_s]])  # fmt: skip
    states = np.array([expm(a * t)[:, 0] for t in TIMES_S])
    expected = (1 - share) * states[:, 1] + share * states[:, 2]
    np.testing.assert_allclose(three_state(p)(TIMES_S), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("th", [SPONTANEOUS, EVENT_RELATED])
def test_the_third_order_kernel_solves_its_equation(th):
    solved = solve_ivp(
        lambda _, x: [x[1], x[2], -th[0] * x[0] - th[1] * x[1] - th[2] * x[2]],
        (0, 30), [0.0, 0.0, 1.0], t_eval=TIMES_S, method="DOP853", rtol=1e-11, atol=1e-13,
    ).y[0]  # fmt: skip
    found = third_order(th)(TIMES_S)
    np.testing.assert_allclose(found / found.max(), solved / solved.max(), atol=1e-8)
    assert 0.99 < found.max() <= 1.0 + 1e-9


@given(st.floats(-100.0, -1e-9))
def test_nothing_is_answered_before_it_comes(time_s):
    assert three_state(EdaParameters())(time_s) == 0.0


def test_poles_that_meet_or_grow_are_refused():
    with pytest.raises(ValueError, match="poles that differ and decay"):
        three_state(EdaParameters(2.0, 2.0, 100.0))
    with pytest.raises(ValueError, match="poles that differ and decay"):
        third_order((-1.0, 1.0, 1.0))


def test_a_sitting_is_its_bursts_and_nothing_else():
    settings = ShotSettings(three_state(EdaParameters(slow_s=30.0, tonic_share=0.3)), noise_us=0.0)
    made = shots(settings, 3)
    times = np.arange(made.eda.size) / made.sampling_rate
    rest = made.eda - sum(
        size * settings.kernel(times - at)
        for at, size in zip(made.times_s, made.sizes_us, strict=True)
    )
    # what is left are bursts before the first sample: it only falls
    assert np.all(np.diff(rest[20:]) <= 1e-12)
    assert made.times_s.size > 30
    assert np.all(np.diff(made.times_s) >= settings.apart_s)


def test_the_same_seed_is_the_same_sitting():
    settings = ShotSettings(three_state(EdaParameters()), electrode_us=0.1)
    assert np.array_equal(shots(settings, 4).eda, shots(settings, 4).eda)
    assert not np.array_equal(shots(settings, 4).eda, shots(settings, 5).eda)


def test_the_noise_is_what_is_asked_for():
    quiet = ShotSettings(three_state(EdaParameters()), noise_us=0.0)
    noisy = replace(quiet, noise_us=0.01)
    assert (shots(noisy, 6).eda - shots(quiet, 6).eda).std() == pytest.approx(0.01, rel=0.05)


def test_offspring_come_in_bursts():
    lone = ShotSettings(three_state(EdaParameters()))
    apart = [
        np.diff(shots(replace(lone, offspring=mean), 7).times_s) for mean in (0.0, 0.6)
    ]  # fmt: skip
    spread = [a.std() / a.mean() for a in apart]
    assert apart[1].size > 1.5 * apart[0].size
    assert spread[1] > spread[0]


@pytest.mark.parametrize(("law", "mean", "cv"), [
    (lognormal_sizes(0.5), np.exp(0.125), np.sqrt(np.expm1(0.25))),
    (gamma_sizes(0.5), 1.0, np.sqrt(2.0)),
])  # fmt: skip
def test_sizes_have_the_moments_of_their_law(law, mean, cv):
    sizes = law(np.random.default_rng(8), 200_000)
    assert sizes.mean() == pytest.approx(mean, rel=0.02)
    assert sizes.std() / sizes.mean() == pytest.approx(cv, rel=0.02)


def test_settings_out_of_range_are_refused():
    kernel = three_state(EdaParameters())
    with pytest.raises(ValueError, match="offspring"):
        ShotSettings(kernel, offspring=1.0)
    with pytest.raises(ValueError, match="nothing negative"):
        ShotSettings(kernel, noise_us=-1.0)
    with pytest.raises(ValueError, match="seed"):
        shots(ShotSettings(kernel), -1)
