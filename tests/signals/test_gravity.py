"""Gravity and motion: they add up, and each gets its own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal
from signal_pieces import cut_up, info, time_of

from wearaffect.core.errors import SamplingRateError
from wearaffect.core.streams import SignalChunk, SignalKind
from wearaffect.core.units import Unit
from wearaffect.recording.opening import open_session
from wearaffect.signals.gravity import GravitySettings, GravitySplit

ACC = SignalKind.ACC


def counts(n, seed=0):
    """A walk of a wrist in 64ths of g, as numbers of g."""
    steps = np.random.default_rng(seed).integers(-3, 4, (n, 3))
    return (np.clip(np.cumsum(steps, axis=0) + 20, -128, 127) / 64).astype(np.float32)


def split(stream, chunks):
    stage = GravitySplit(GravitySettings(), stream)
    return np.concatenate([stage(chunk).data for chunk in chunks])


@given(
    sizes=st.lists(st.integers(0, 90), min_size=1, max_size=12).filter(any),
    seed=st.integers(0, 2**16),
    rate=st.sampled_from([32.0, 50.0, 64.006]),
)
def test_any_chunking_gives_the_same_bits_and_the_parts_add_up(sizes, seed, rate):
    rng = np.random.default_rng(seed)
    data = counts(200, seed)
    for first in rng.integers(0, 200, rng.integers(0, 3)):
        data[first : first + rng.integers(1, 30), rng.integers(3)] = np.nan
    stream = info(ACC, rate, width=3)
    whole = split(stream, cut_up(stream, data, [200], 7))
    assert whole.tobytes() == split(stream, cut_up(stream, data, sizes, 7)).tobytes()
    known = np.isfinite(data).all(axis=1)
    assert np.array_equal((whole[:, :3] + whole[:, 3:])[known], data[known])
    assert np.isnan(whole[~known]).all()


def test_gravity_is_the_low_passed_signal():
    data = counts(2000)
    out = split(info(ACC, 32.0, width=3), [SignalChunk(info(ACC, 32.0, width=3), data)])
    sos = signal.butter(2, 0.3, fs=32.0, output="sos")
    start = signal.sosfilt_zi(sos)[:, :, None] * data[0].astype(float)
    expected, _ = signal.sosfilt(sos, data.astype(float), axis=0, zi=start)
    np.testing.assert_allclose(out[:, :3], expected, atol=2.0**-18)


def test_a_still_wrist_has_gravity_alone_and_a_shaken_one_has_motion():
    t = np.arange(32 * 60) / 32
    still = np.tile([0.6, 0.0, 0.8], (t.size, 1))
    shaken = still + 0.3 * np.sin(2 * np.pi * 3 * t)[:, None] * [1, 0, 0]
    stream = info(ACC, 32.0, width=3)
    out = split(stream, [SignalChunk(stream, shaken.astype("f4"))])[640:]
    np.testing.assert_allclose(out[:, :3], still[640:], atol=0.01)
    np.testing.assert_allclose(out[:, 3:], (shaken - still)[640:], atol=0.01)
    out = split(stream, [SignalChunk(stream, still.astype("f4"))])
    np.testing.assert_allclose(out[:, 3:], 0, atol=1e-5)


def test_declared_delay_is_that_of_a_slow_turn():
    stream = info(ACC, 32.0, width=3)
    stage = GravitySplit(GravitySettings(), stream)
    t = np.arange(32 * 400) / 32
    turn = np.exp(-0.5 * ((t - 200) / 30) ** 2).astype("f4")
    out = stage(SignalChunk(stream, np.repeat(turn[:, None], 3, axis=1))).data.astype(float)
    centre = [float(t @ wave**2 / (wave @ wave)) for wave in (out[:, 0], turn.astype(float))]
    assert centre[0] - centre[1] == pytest.approx(stage.delay_s, abs=0.1 / 32)


def test_a_gap_starts_gravity_anew():
    stream = info(ACC, 32.0, width=3)
    stage = GravitySplit(GravitySettings(), stream)
    stage(SignalChunk(stream, np.full((320, 3), 1.0, "f4")))
    after = stage(SignalChunk(stream, np.full((5, 3), -1.0, "f4"), time_of(400, 32.0))).data
    np.testing.assert_allclose(after[:, :3], -1.0, rtol=1e-6)
    stage.reset()
    again = stage(SignalChunk(stream, np.full((5, 3), 0.5, "f4"))).data
    np.testing.assert_allclose(again[:, :3], 0.5, rtol=1e-6)


def test_channels_are_named_and_keep_their_unit():
    stream = info(ACC, 32.0, width=3, unit=Unit.GRAVITY_64TH)
    stage = GravitySplit(GravitySettings(), stream)
    out = stage(SignalChunk(stream, np.empty((0, 3), "f4")))
    assert out.info == stage.output_info(stream)
    assert [channel.name for channel in out.info.channels] == [
        "gravity_c0", "gravity_c1", "gravity_c2", "motion_c0", "motion_c1", "motion_c2",
    ]  # fmt: skip
    assert {channel.unit for channel in out.info.channels} == {Unit.GRAVITY_64TH}


def test_a_rate_too_low_for_the_corner_is_named():
    with pytest.raises(SamplingRateError, match=r"above 0.6 Hz.*0.5 Hz"):
        GravitySplit(GravitySettings(), info(ACC, 0.5, width=3))


@pytest.mark.parametrize("value", [0.0, -5.0, 3e38, -3e38, np.inf, np.nan])
def test_any_input_gives_a_value_without_a_warning(value):
    stream = info(ACC, 32.0, width=3)
    data = np.full((70, 3), value, "f4")
    data[1::2] *= -1
    assert split(stream, [SignalChunk(stream, data)]).shape == (70, 6)


def test_a_real_wrist_is_pulled_by_one_g(example_recording):
    streams = open_session(example_recording).streams.values()
    stream = next(stream for stream in streams if stream.info.kind == ACC)
    out = split(stream.info, stream.segments)
    length = np.linalg.norm(out[:, :3], axis=1)
    assert np.median(length) == pytest.approx(1.0, abs=0.05)
