"""Resampling: against tones known in closed form, in any pieces, on one grid, over gaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal
from signal_pieces import cut_up, info, time_of

from wearaffect.core.errors import SamplingRateError
from wearaffect.core.streams import SignalChunk, SignalKind
from wearaffect.signals.resampling import Resampler, ResampleSettings

S = 10**9
RATES = [(64.006, 64.0), (700.0, 4.0), (4.0, 8.0), (64.0, 64.0), (32.0, 50.0), (130.0, 64.006)]


def made(tone_hz, rate, n, start_ns=0):
    """A chunk of a tone that is one at its crest, sampled exactly."""
    stream = info(SignalKind.BVP, rate)
    at_s = (start_ns + np.array([time_of(i, rate) for i in range(n)])) / S
    return SignalChunk(stream, np.cos(2 * np.pi * tone_hz * at_s)[:, None].astype("f4"), start_ns)


def resampled(settings, stream, chunks, origin_ns=0):
    stage = Resampler(settings, stream, origin_ns=origin_ns)
    out = [stage(chunk) for chunk in chunks]
    times = np.concatenate([piece.times_ns() for piece in out])
    return times, np.concatenate([piece.data for piece in out])


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6])
@pytest.mark.parametrize(("rate", "target"), RATES)
def test_a_tone_in_the_pass_band_is_the_same_tone_declared_late(rate, target, share):
    tone_hz = share * min(rate, target) / 2
    stage = Resampler(ResampleSettings(target), info(SignalKind.BVP, rate))
    chunk = made(tone_hz, rate, int(rate * (4 * stage.delay_s + 4)), 12_345_678)
    out = stage(chunk)
    at_s = out.times_ns() / S
    settled = at_s > 0.0124 + 2 * stage.delay_s
    expected = np.cos(2 * np.pi * tone_hz * (at_s - stage.delay_s))
    np.testing.assert_allclose(out.data[settled, 0], expected[settled], atol=3e-3)
    assert settled.sum() > 10


@pytest.mark.parametrize(("rate", "target"), [(700.0, 4.0), (64.0, 8.0), (130.0, 64.006)])
def test_what_the_new_rate_cannot_carry_is_gone(rate, target):
    for factor in (1.0, 1.3, 2.1):
        tone_hz = factor * target / 2
        if tone_hz < rate / 2:
            _, out = resampled(
                ResampleSettings(target), info(SignalKind.BVP, rate),
                [made(tone_hz, rate, int(rate * 60 / target))],
            )  # fmt: skip
            # the start, as if the first value had always been there, is a level of its own
            assert np.abs(out[out.size // 2 :]).max() < 2e-3


def test_smooth_noise_is_what_scipy_makes_of_it():
    rng = np.random.default_rng(3)
    slow = signal.sosfiltfilt(signal.butter(8, 1.0, fs=4.0, output="sos"), rng.normal(size=400))
    stage = Resampler(ResampleSettings(8.0, pass_share=0.6), info(SignalKind.EDA, 4.0))
    out = stage(SignalChunk(info(SignalKind.EDA, 4.0), slow[:, None].astype("f4"))).data[:, 0]
    late = round(stage.delay_s * 8)
    assert late == pytest.approx(stage.delay_s * 8, abs=1e-9)
    theirs = signal.resample_poly(slow, 2, 1, window=("kaiser", 10.0))
    middle = slice(100, 600)
    np.testing.assert_allclose(out[late:][middle], theirs[middle], atol=0.01 * slow.std())


@given(
    rates=st.sampled_from([*RATES, (64.0, 3.7)]),
    sizes=st.lists(st.integers(0, 90), min_size=1, max_size=12).filter(any),
    seed=st.integers(0, 2**16),
    width=st.sampled_from([1, 3]),
    origin_ns=st.sampled_from([0, 333, 2 * S, -5 * S]),
)
def test_any_chunking_gives_the_same_bits(rates, sizes, seed, width, origin_ns):
    rng = np.random.default_rng(seed)
    data = rng.normal(size=(150, width)).astype("f4")
    for first in rng.integers(0, 150, rng.integers(0, 4)):
        data[first : first + rng.integers(1, 30), rng.integers(width)] = np.nan
    stream = info(SignalKind.EDA, rates[0], width=width)
    settings = ResampleSettings(rates[1])
    answers = [
        resampled(settings, stream, cut_up(stream, data, sizes_, 7), origin_ns)
        for sizes_ in ([150], sizes)
    ]
    for times, out in answers[1:]:
        # a chunk counts its stamps from its own start, which is whole nanoseconds
        np.testing.assert_allclose(times, answers[0][0], rtol=0, atol=1)
        assert out.tobytes() == answers[0][1].tobytes()


@pytest.mark.parametrize(("rate", "target"), [(64.006, 64.0), (4.0, 8.0), (700.0, 4.0)])
def test_the_grid_is_absolute_and_stamps_are_exact(rate, target):
    chunk = made(0.1, rate, int(20 * rate), 1_234_567_891)
    times, _ = resampled(ResampleSettings(target), chunk.info, [chunk], origin_ns=500)
    expected = [500 + int(k * S / target) for k in range(int(22 * target))]
    inside = [t for t in expected if chunk.start_ns <= t < chunk.end_ns]
    assert times.tolist() == inside


def test_a_constant_is_constant_from_its_first_sample_on():
    stream = info(SignalKind.TEMP, 64.006)
    _, out = resampled(ResampleSettings(4.0), stream,
                       [SignalChunk(stream, np.full((600, 1), 33.02, "f4"))])  # fmt: skip
    np.testing.assert_allclose(out, 33.02, rtol=1e-6)


def test_missing_samples_stay_missing_and_start_a_new_segment():
    stream = info(SignalKind.EDA, 32.0)
    data = np.random.default_rng(0).normal(size=(320, 1)).astype("f4")
    data[100:131] = np.nan
    times, out = resampled(ResampleSettings(8.0), stream, [SignalChunk(stream, data)])
    last = [np.flatnonzero(np.arange(320) * S // 32 <= t)[-1] for t in times]
    np.testing.assert_array_equal(np.isnan(out[:, 0]), np.isnan(data[last, 0]))
    after = SignalChunk(stream, data[131:], time_of(131, 32.0))
    alone_times, alone = resampled(ResampleSettings(8.0), stream, [after])
    np.testing.assert_array_equal(out[times >= alone_times[0]], alone)


def test_a_jump_starts_anew_and_its_grid_times_get_no_sample():
    stream = info(SignalKind.EDA, 4.0)
    chunks = [SignalChunk(stream, np.full((40, 1), 1.0, "f4")),
              SignalChunk(stream, np.full((40, 1), 2.0, "f4"), 15 * S + 20_000_000)]  # fmt: skip
    times, out = resampled(ResampleSettings(8.0), stream, chunks)
    assert not np.any((times >= 10 * S) & (times < 15 * S + 20_000_000))
    np.testing.assert_allclose(out[:, 0], np.where(times < 12 * S, 1.0, 2.0), rtol=1e-6)


def test_a_clock_that_creeps_is_followed_without_a_restart():
    true_hz = 4.002
    stream = info(SignalKind.EDA, 4.0)
    at_s = np.arange(4000) / true_hz
    data = np.sin(2 * np.pi * 0.05 * at_s)[:, None].astype("f4")
    stage = Resampler(ResampleSettings(4.0), stream)
    out = [stage(SignalChunk(stream, data[i : i + 8], int(at_s[i] * S))) for i in range(0, 4000, 8)]
    times_s = np.concatenate([piece.times_ns() for piece in out]) / S
    got = np.concatenate([piece.data for piece in out])[:, 0]
    expected = np.sin(2 * np.pi * 0.05 * (times_s - stage.delay_s))
    settled = times_s > 6
    # never off by more than the half sample at which the reading point is moved
    assert np.abs(got - expected)[settled].max() < 2 * np.pi * 0.05 * 0.6 * 0.25
    assert np.all(np.diff(times_s) == 0.25)


def test_reset_forgets_and_an_empty_chunk_passes():
    stream = info(SignalKind.EDA, 4.0)
    stage = Resampler(ResampleSettings(8.0), stream)
    chunk = SignalChunk(stream, np.random.default_rng(1).normal(size=(50, 1)).astype("f4"))
    empty = SignalChunk(stream, np.empty((0, 1), "f4"), 3 * S)
    assert len(stage(empty)) == 0
    stage.reset()
    first = stage(chunk).data
    assert len(stage(empty)) == 0
    stage.reset()
    np.testing.assert_array_equal(stage(chunk).data, first)
    assert stage.output_info(stream).sampling_rate == 8.0
    assert stage(empty).info == stage.output_info(stream)


@pytest.mark.parametrize("value", [0.0, -5.0, 3.4e38, np.inf, np.nan])
@pytest.mark.parametrize("n", [1, 3, 90])
def test_any_input_gives_a_value_without_a_warning(value, n):
    stream = info(SignalKind.EDA, 4.0)
    data = np.full((n, 1), value, "f4")
    data[1::2] *= -1
    assert len(Resampler(ResampleSettings(8.0), stream)(SignalChunk(stream, data))) == 2 * n


@pytest.mark.parametrize(
    "settings", [{"rate_hz": 0.0}, {"rate_hz": 4.0, "pass_share": 1.0},
                 {"rate_hz": 4.0, "stop_db": 5.0}, {"rate_hz": float("nan")}]
)  # fmt: skip
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match="expected"):
        ResampleSettings(**settings)


def test_a_ratio_too_wide_for_one_step_is_named():
    with pytest.raises(SamplingRateError, match="two steps"):
        Resampler(ResampleSettings(0.01), info(SignalKind.BVP, 700.0))
