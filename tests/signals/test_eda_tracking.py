"""Live decomposition: against truth, against a dense solution, in any pieces, over gaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from signal_pieces import cut_up, info, time_of

from wearaffect.core.errors import SamplingRateError, UnitError
from wearaffect.core.streams import SignalChunk, SignalKind
from wearaffect.core.units import Unit
from wearaffect.physiology.eda import EdaParameters, conductance, discretise, simulate, steady_state
from wearaffect.physiology.participant import ParticipantSettings, simulate_participant
from wearaffect.signals.eda_filter import SkinBelief, _above_zero
from wearaffect.signals.eda_tracking import EdaTracker, EdaTrackerSettings

EDA = SignalKind.EDA
STREAM = info(EDA, 4.0)
# the synthetic person's skin is that of the model, so that is what the tracker should believe
MODEL = {"parameters": EdaParameters()}


def tracked(chunks, lag_s=1.0, stream=STREAM, **belief):
    stage = EdaTracker(EdaTrackerSettings(lag_s, SkinBelief(**(MODEL | belief))), stream)
    return np.concatenate([stage(chunk).data for chunk in chunks])


def skin(seed, n=200):
    """Responses on a level, with noise."""
    rng = np.random.default_rng(seed)
    driver = np.full(n, 0.02)
    driver[rng.integers(0, n, n // 16)] += rng.exponential(1.0, n // 16)
    parameters = EdaParameters()
    states = simulate(parameters, driver, 0.25, steady_state(parameters, 0.03))[1:]
    level = conductance(parameters, states) + 0.0015 * rng.standard_normal(n)
    return level[:, None].astype("f4")


def whole_at_once(level, belief, step_s=0.25):
    """Mean and covariance of all states and drivers given all samples, by one dense solution.

    Drivers have an exponential prior that isn't cut off: right where all of them are far above 0.
    """
    A, B = discretise(belief.parameters, step_s)
    share = belief.parameters.tonic_share
    n = level.size
    first = steady_state(belief.parameters, level[0] / belief.parameters.gain_s)
    # unknowns: the first state, then driver and drift of each step
    size = 3 + 2 * (n - 1)
    states = np.zeros((n, 3, size))
    states[0, :, :3] = np.eye(3)
    for k in range(1, n):
        states[k] = A @ states[k - 1]
        states[k, :, 1 + 2 * k] += B
        states[k, 2, 2 + 2 * k] += 1
    seen = (1 - share) * states[:, 1] + share * states[:, 2]
    precision = seen.T @ seen / belief.noise_us**2
    pull = seen.T @ level / belief.noise_us**2
    start_precision = np.array([0.1, 0.5, 2 * level[0] + 1.0]) ** -2
    precision[range(3), range(3)] += start_precision
    pull[:3] += start_precision * first
    drift_var = (belief.tonic_drift_us / share) ** 2 * step_s
    at = np.arange(1, n)
    precision[2 + 2 * at, 2 + 2 * at] += 1 / drift_var
    pull[1 + 2 * at] -= 1 / belief.driver_us_per_s
    wanted = np.zeros((n, 3, size))
    wanted[:, 0], wanted[:, 1] = share * states[:, 2], (1 - share) * states[:, 1]
    wanted[at, 2, 1 + 2 * at] = 1
    covariance = np.linalg.inv(precision)
    variance = np.einsum("kqi,ij,kqj->kq", wanted, covariance, wanted)
    return wanted @ covariance @ pull, np.sqrt(variance)


STRONG = {"driver_us_per_s": 300.0, "noise_us": 0.01, "tonic_drift_us": 0.02}


def strong_skin(n):
    """Drivers so far above zero that nothing is cut off, even while the first state is unsure."""
    rng = np.random.default_rng(n)
    parameters = EdaParameters()
    driver = rng.uniform(200, 400, n)
    states = simulate(parameters, driver, 0.25, steady_state(parameters, 300.0))[1:]
    return conductance(parameters, states).astype("f4")


def test_where_no_driver_comes_near_zero_it_is_the_dense_solution():
    level = strong_skin(30)
    means, deviations = whole_at_once(level.astype(float), SkinBelief(**(MODEL | STRONG)))
    # a gap after the last sample brings out every row that waits, known by all samples
    padded = np.concatenate([level, np.full(30, np.nan, "f4")])[:, None]
    out = tracked([SignalChunk(STREAM, padded)], 7.5, **STRONG)[30:]
    np.testing.assert_allclose(out[:, :2], means[:, :2], rtol=1e-5)
    np.testing.assert_allclose(out[1:, 2], means[1:, 2], rtol=1e-5)
    np.testing.assert_allclose(out[:, 3:5], deviations[:, :2], rtol=1e-4)
    np.testing.assert_allclose(out[1:, 5], deviations[1:, 2], rtol=1e-4)


@pytest.mark.parametrize("lag", [0, 2, 8])
def test_each_row_knows_the_samples_up_to_its_stamp_and_no_more(lag):
    level = strong_skin(20)
    out = tracked([SignalChunk(STREAM, level[:, None])], lag / 4, **STRONG)
    for k in range(lag + 1, 20):
        means, _ = whole_at_once(level[: k + 1].astype(float), SkinBelief(**(MODEL | STRONG)))
        np.testing.assert_allclose(out[k, :3], means[k - lag], rtol=1e-5)


@pytest.mark.parametrize("cut", [-30.0, -3.0, -0.5, 0.0, 2.0, 7.9, 8.1, 30.0, 1000.0])
def test_a_normal_cut_off_below_zero_has_scipys_moments(cut):
    mean, var = _above_zero(-cut * 0.3, 0.09)
    if cut < 30:
        cut_off = stats.truncnorm(cut, np.inf, loc=-cut * 0.3, scale=0.3)
        assert mean == pytest.approx(cut_off.mean(), rel=3e-4)
        assert var == pytest.approx(cut_off.var(), rel=3e-3)
    else:  # a tail that far out is exponential
        assert mean == pytest.approx(0.3 / cut, rel=3 / cut**2)
        assert var == pytest.approx((0.3 / cut) ** 2, rel=10 / cut**2)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_truth_of_a_synthetic_person_is_found(seed):
    person = simulate_participant(ParticipantSettings(seed=seed), 900)
    truth = person.truth
    out = tracked([SignalChunk(STREAM, person.signals[EDA])])[4:].astype(float)[240:]
    n = len(out)
    known = {
        0: 0.5 * truth.states[240:, 2][:n],
        1: 0.5 * truth.states[240:, 1][:n],
        2: truth.driver[239:][:n],
    }
    for column, values in known.items():
        assert np.corrcoef(out[:, column], values)[0, 1] > 0.99
        assert np.mean(np.abs(out[:, column] - values) < 2 * out[:, column + 3]) > 0.95
    assert np.sqrt(np.mean((out[:, 1] - known[1]) ** 2)) < 0.06 * known[1].std()
    assert out[:, 2].min() >= 0


def test_waiting_a_second_helps():
    person = simulate_participant(ParticipantSettings(seed=3), 600)
    error = {}
    for lag in (0, 4):
        out = tracked([SignalChunk(STREAM, person.signals[EDA])], lag / 4)[lag:][240:]
        error[lag] = np.std(out[:, 2] - person.truth.driver[239:][: len(out)])
    assert error[4] < 0.6 * error[0]


@pytest.mark.parametrize("lag_s", [0.0, 1.0, 4.0])
def test_declared_delay_is_the_measured_one(lag_s):
    level = skin(4, 400)
    stage = EdaTracker(EdaTrackerSettings(lag_s), STREAM)
    out = stage(SignalChunk(STREAM, level)).data
    fits = [
        np.nanstd(out[40:, 0] + out[40:, 1] - level[40 - shift : 400 - shift, 0])
        for shift in range(30)
    ]
    assert np.argmin(fits) / 4 == stage.delay_s == lag_s
    assert min(fits) < 0.005


@given(
    sizes=st.lists(st.integers(0, 90), min_size=1, max_size=12).filter(any),
    seed=st.integers(0, 2**16),
    lag_s=st.sampled_from([0.0, 1.0, 3.0]),
)
def test_any_chunking_gives_the_same_bits(sizes, seed, lag_s):
    rng = np.random.default_rng(seed)
    level = skin(seed, 100)
    for first in rng.integers(0, 100, rng.integers(0, 4)):
        level[first : first + rng.integers(1, 20)] = np.nan
    whole = tracked(cut_up(STREAM, level, [100], 7), lag_s)
    assert whole.tobytes() == tracked(cut_up(STREAM, level, sizes, 7), lag_s).tobytes()


@pytest.mark.parametrize("hole", [1, 3, 30])
def test_a_missing_sample_has_a_missing_row_and_starts_a_new_segment(hole):
    level = skin(6)
    level[80 : 80 + hole] = np.nan
    out = tracked([SignalChunk(STREAM, level)])
    missing = np.zeros(200, bool)
    missing[80 : 80 + hole] = True
    np.testing.assert_array_equal(np.isnan(out).any(axis=1)[4:], missing[:-4])
    after = SignalChunk(STREAM, level[80 + hole :], time_of(80 + hole, 4.0))
    np.testing.assert_array_equal(out[84 + hole :], tracked([after])[4:])
    before = tracked([SignalChunk(STREAM, level[:80])])
    np.testing.assert_array_equal(out[:80], before)
    # rows that waited come out as well as they were known when the gap began
    known = tracked([SignalChunk(STREAM, np.concatenate([level[:80], np.full((4, 1), np.nan)]))])
    np.testing.assert_array_equal(out[80:84], known[80:84])


@pytest.mark.parametrize(("shift_ns", "restarts"), [(100_000_000, False), (126_000_000, True)])
def test_a_jump_in_time_of_over_half_a_sample_restarts(shift_ns, restarts):
    level = skin(7)
    stage = EdaTracker(EdaTrackerSettings(belief=SkinBelief(**MODEL)), STREAM)
    stage(SignalChunk(STREAM, level[:100]))
    got = stage(SignalChunk(STREAM, level[100:], 25_000_000_000 + shift_ns)).data
    assert np.array_equal(got, tracked([SignalChunk(STREAM, level[100:])]), True) == restarts


def test_reset_forgets_and_an_empty_chunk_passes():
    stage = EdaTracker(EdaTrackerSettings(), STREAM)
    empty = stage(SignalChunk(STREAM, np.empty((0, 1), "f4"), 10**12))
    assert empty.data.shape == (0, 6)
    assert empty.info == stage.output_info(STREAM)
    first = stage(SignalChunk(STREAM, skin(8))).data
    stage.reset()
    np.testing.assert_array_equal(stage(SignalChunk(STREAM, skin(8))).data, first)


def test_a_quiet_skin_has_a_driver_near_the_one_that_holds_its_level():
    parameters = EdaParameters()
    level = np.full((2400, 1), 0.03 * parameters.gain_s, "f4")
    out = tracked([SignalChunk(STREAM, level)])[1200:]
    assert np.median(out[:, 2]) == pytest.approx(0.03, abs=0.02)
    np.testing.assert_allclose(out[:, 0] + out[:, 1], level[0, 0], atol=0.005)


@pytest.mark.parametrize("share", [0.0, 0.05, 1.0])
@pytest.mark.parametrize("value", [0.0, 2.0, -5.0, 3.4e38, np.inf, np.nan])
def test_any_input_gives_a_value_without_a_warning(value, share):
    level = np.full((90, 1), value, "f4")
    level[40:50] = 1.0
    level[70::2] *= -1
    out = tracked([SignalChunk(STREAM, level)], parameters=EdaParameters(tonic_share=share))
    assert out.shape == (90, 6)
    assert not np.any(out[:, 2:] < 0)


@pytest.mark.parametrize(
    "settings", [{"driver_us_per_s": 0.0}, {"noise_us": -1.0}, {"tonic_drift_us": float("inf")}]
)
def test_a_belief_out_of_range_is_refused(settings):
    with pytest.raises(ValueError, match="expected"):
        SkinBelief(**settings)


def test_a_negative_lag_is_refused():
    with pytest.raises(ValueError, match="lag_s"):
        EdaTrackerSettings(-1.0)


@pytest.mark.parametrize("stream", [info(EDA, 4.0, unit=Unit.NANOSIEMENS), info(EDA, 4.0, width=2)])
def test_another_unit_or_a_second_channel_is_named(stream):
    with pytest.raises(UnitError, match="one channel in uS"):
        EdaTracker(EdaTrackerSettings(), stream)


def test_a_rate_too_high_to_follow_is_named():
    with pytest.raises(SamplingRateError, match=r"at most 16 Hz.*resample to 4 Hz"):
        EdaTracker(EdaTrackerSettings(), info(EDA, 100.0))
