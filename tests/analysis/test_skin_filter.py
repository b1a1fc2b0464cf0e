"""The filter of bursting skins against joint Gaussians, SciPy's laws and a particle count."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.stats import exponnorm, kstest, multivariate_normal

from wearaffect.analysis.skin_filter import Passed, log_densities, run_filter
from wearaffect.analysis.skin_laws import burst_given
from wearaffect.analysis.skin_model import SkinModel, matrices

STEP_S = 0.25
SKIN = SkinModel(
    fast_s=2.7, rise_s=0.6, tonic_ratio=0.4, bursts_hz=0.1, size_us=0.2, noise_us=0.002,
    drift_us=0.001, level_us=0.02, slow_s=90.0,
)  # fmt: skip


def slopes(skin):
    """The four equations of the module's docstring, typed from there."""
    a = np.zeros((4, 4))
    a[0, 0] = -1 / skin.rise_s
    a[1, :2] = 1 / skin.rise_s, -1 / skin.fast_s
    a[2, 0], a[2, 2:] = skin.tonic_ratio / skin.rise_s, [-1 / skin.slow_s, 1 / skin.slow_s]
    return a


def joint(skin, n, first, scale):
    """Mean and covariance of n samples of a skin that never bursts."""
    A = expm(slopes(skin) * STEP_S)
    wander = np.diag([0, 0, skin.drift_us**2, skin.level_us**2]) * STEP_S
    start = scale**2 * np.diag([1.0, 1.0, 1.0, 100.0])
    seen = np.array([0.0, 1.0, 1.0, 0.0])
    reach = [np.linalg.matrix_power(A, k) for k in range(n + 1)]
    mean = np.array([seen @ reach[k] @ [0, 0, first, first] for k in range(1, n + 1)])
    cov = skin.noise_us**2 * np.eye(n)
    for i in range(1, n + 1):
        for j in range(1, n + 1):
            shared = reach[i] @ start @ reach[j].T
            for k in range(1, min(i, j) + 1):
                shared = shared + reach[i - k] @ wander @ reach[j - k].T
            cov[i - 1, j - 1] += seen @ shared @ seen
    return mean, cov


@pytest.fixture
def level():
    return 2.0 + 0.01 * np.cumsum(np.random.default_rng(1).standard_normal(14))


def never(skin_matrices):
    return skin_matrices._replace(chance=1e-250)


def test_without_bursts_it_is_the_joint_gaussian(level):
    skin = never(matrices(SKIN, STEP_S, 2.0, 0.3))
    expected = multivariate_normal(*joint(SKIN, level.size, 2.0, 0.3)).logpdf(level)
    assert log_densities(level, skin).sum() == pytest.approx(expected, rel=1e-7)


def test_a_missing_sample_is_left_out_of_it(level):
    mean, cov = joint(SKIN, level.size, 2.0, 0.3)
    known = np.ones(level.size, dtype=bool)
    known[[3, 7, 8]] = False
    expected = multivariate_normal(mean[known], cov[np.ix_(known, known)]).logpdf(level[known])
    found = log_densities(np.where(known, level, np.nan), never(matrices(SKIN, STEP_S, 2.0, 0.3)))
    assert found.sum() == pytest.approx(expected, rel=1e-7)
    assert np.all(found[~known] == 0)


@given(st.floats(-0.5, 3.0), st.floats(1e-6, 0.1), st.floats(1e-3, 1.0))
def test_a_burst_and_noise_are_an_exponentially_modified_gaussian(surprise, spread, reach):
    sd = np.sqrt(spread)
    if (surprise / sd - sd / reach) < -25:
        return  # SciPy's own tail ends there
    log, mean, var = burst_given(surprise, spread, reach)
    expected = exponnorm.logpdf(surprise, reach / sd, scale=sd)
    assert log == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert mean >= 0
    assert 0 < var <= spread * (1 + 1e-9)


def test_what_is_left_of_a_surprise_is_a_truncated_normal():
    spread, reach, surprise = 0.01, 0.3, 0.05
    grid = np.linspace(0, 2, 200_001)
    weight = np.exp(-grid / reach - 0.5 * (surprise - grid) ** 2 / spread)
    weight /= weight.sum()
    _, mean, var = burst_given(surprise, spread, reach)
    assert mean == pytest.approx(weight @ grid, rel=1e-4)
    assert var == pytest.approx(weight @ (grid - weight @ grid) ** 2, rel=1e-3)


def drawn(skin, n, seed):
    """A skin of the model, stepped finely with bursts at any instant; and the burst times."""
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(0, n * STEP_S, rng.poisson(skin.bursts_hz * n * STEP_S)))
    times = times[np.append(True, np.diff(times) > 0.5)]
    sizes = rng.exponential(skin.size_us, times.size)
    a, seen_s = slopes(skin), STEP_S * np.arange(1, n + 1)
    level = np.full(n, 2.0)
    for at, size in zip(times, sizes, strict=True):
        for k in np.flatnonzero(seen_s >= at):
            state = expm(a * (seen_s[k] - at))[:, 0] if seen_s[k] - at < 40 else np.zeros(4)
            level[k] += size * (state[1] + state[2])
    return level + skin.noise_us * rng.standard_normal(n), times


@pytest.fixture(scope="module")
def person():
    skin = SkinModel(2.7, 0.6, 0.01, 0.1, 0.2, 0.002, 1e-5, 1e-5, 90.0)
    level, times = drawn(skin, 1600, 2)
    passed = Passed(np.zeros(1600), np.zeros(1600), np.zeros((1600, 3)))
    run_filter(level, matrices(skin, STEP_S, 2.0, 0.01), passed)
    return passed, times


def test_ranks_are_uniform_where_the_model_holds(person):
    passed, _ = person
    assert kstest(passed.rank[40:], "uniform").pvalue > 0.01


def test_bursts_are_seen_where_they_came(person):
    passed, times = person
    chance = passed.instants.sum(axis=1)
    assert np.all((chance >= 0) & (chance <= 1 + 1e-9))
    steps = np.floor(times / STEP_S).astype(int)
    near = chance[steps] + chance[np.minimum(steps + 1, chance.size - 1)] + chance[steps - 1]
    assert np.mean(near > 0.5) > 0.9
    assert chance.sum() == pytest.approx(times.size, rel=0.2)


def test_asking_for_more_changes_no_density(level):
    skin = matrices(SKIN, STEP_S, 2.0, 0.3)
    full = Passed(np.zeros(level.size), np.zeros(level.size), np.zeros((level.size, 3)))
    run_filter(level, skin, full)
    assert np.array_equal(full.log_density, log_densities(level, skin))


def test_a_jump_beyond_belief_still_has_a_density(level):
    level[6:] += 1e3
    level[9:] -= 2e3
    assert np.all(np.isfinite(log_densities(level, matrices(SKIN, STEP_S, 2.0, 0.3))))
