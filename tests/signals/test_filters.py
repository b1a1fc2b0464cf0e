"""Filters: against scipy, in any pieces, over gaps, and how late they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal
from signal_pieces import cut_up, info, time_of

from wearaffect.core.errors import SamplingRateError
from wearaffect.core.streams import SignalChunk, SignalKind
from wearaffect.signals.chain import ChainSettings
from wearaffect.signals.design import butterworth
from wearaffect.signals.filters import BandFilter, BandSettings

RATES = (4.0, 32.0, 64.0, 100.0, 700.0)
BANDS = {
    "low": lambda rate: (None, 0.3 * rate / 2),
    "very low": lambda rate: (None, 0.1),
    "high": lambda rate: (0.2 * rate / 2, None),
    "band": lambda rate: (0.1 * rate / 2, 0.7 * rate / 2),
    "wide band": lambda rate: (0.05, 0.45 * rate),
    "narrow band": lambda rate: (0.2 * rate / 2, 0.25 * rate / 2),
}


def walk(count, width=1, seed=0):
    steps = np.random.default_rng(seed).standard_normal((count, width))
    return (5 + 0.1 * np.cumsum(steps, axis=0)).astype(np.float32)


def scipy_sos(order, low_hz, high_hz, rate):
    corners = [f for f in (low_hz, high_hz) if f is not None]
    kind = "bandpass" if len(corners) == 2 else "lowpass" if low_hz is None else "highpass"
    return signal.butter(order, corners if len(corners) > 1 else corners[0], kind, fs=rate,
                         output="sos")  # fmt: skip


def filtered(settings, stream, chunks):
    stage = BandFilter(settings, stream)
    return np.concatenate([stage(chunk).data for chunk in chunks])


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize("rate", RATES)
def test_impulse_response_is_scipys(rate, band, order):
    low, high = BANDS[band](rate)
    A, B, C, D = butterworth(order, low, high, rate)
    state, got = np.zeros(len(B)), []
    for drive in [1.0] + [0.0] * 999:
        got.append(C @ state + D * drive)
        state = A @ state + B * drive
    impulse = np.zeros(1000)
    impulse[0] = 1.0
    expected = signal.sosfilt(scipy_sos(order, low, high, rate), impulse)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-9 * np.abs(expected).max() + 1e-12)


@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize("rate", RATES)
def test_stage_is_sosfilt_from_a_settled_start(rate, band):
    low, high = BANDS[band](rate)
    data = walk(3000)
    got = filtered(
        BandSettings(low, high, 2), info(SignalKind.EDA, rate), [SignalChunk(
            info(SignalKind.EDA, rate), data)]
    )  # fmt: skip
    sos = scipy_sos(2, low, high, rate)
    x = data[:, 0].astype(float)
    expected, _ = signal.sosfilt(sos, x, zi=signal.sosfilt_zi(sos) * x[0])
    # half a unit in the last place of the largest input is what float32 output can cost
    np.testing.assert_allclose(got[:, 0], expected, rtol=2e-7, atol=1e-6 * np.abs(x).max())


@given(
    rate=st.sampled_from([4.0, 32.0, 64.0, 64.006, 130.0, 700.0]),
    sizes=st.lists(st.integers(0, 90), min_size=1, max_size=12).filter(any),
    seed=st.integers(0, 2**16),
    width=st.sampled_from([1, 3]),
    band=st.sampled_from([(None, 1.0), (0.5, None), (0.5, 1.9)]),
)
def test_any_chunking_gives_the_same_bits(rate, sizes, seed, width, band):
    rng = np.random.default_rng(seed)
    data = walk(240, width, seed)
    for first in rng.integers(0, 240, rng.integers(0, 4)):
        data[first : first + rng.integers(1, 40), rng.integers(width)] = np.nan
    stream = info(SignalKind.EDA, rate, width=width)
    settings = BandSettings(*band, 3)
    whole = filtered(settings, stream, cut_up(stream, data, [240], 7))
    pieces = filtered(settings, stream, cut_up(stream, data, sizes, 7))
    single = filtered(settings, stream, cut_up(stream, data, [1], 7))
    assert whole.tobytes() == pieces.tobytes() == single.tobytes()


def test_missing_samples_stay_missing_and_start_a_new_segment():
    stream = info(SignalKind.ACC, 32.0, width=3)
    settings = BandSettings(high_hz=10.0)
    data = walk(200, 3)
    data[50, 1] = np.nan
    data[120:130] = np.inf
    out = filtered(settings, stream, cut_up(stream, data, [17]))
    missing = np.zeros(200, bool)
    missing[50] = missing[120:130] = True
    np.testing.assert_array_equal(np.isfinite(out), np.repeat(~missing[:, None], 3, axis=1))
    for first, last in ((0, 50), (51, 120), (130, 200)):
        alone = filtered(settings, stream, cut_up(stream, data[first:last], [300]))
        np.testing.assert_array_equal(out[first:last], alone)


@pytest.mark.parametrize(
    ("shift", "restarts"), [(0.4, False), (-0.4, False), (0.6, True), (50, True)]
)
def test_a_jump_in_time_of_over_half_a_sample_restarts(shift, restarts):
    stream = info(SignalKind.EDA, 4.0)
    data = walk(80)
    later = time_of(40, 4.0) + int(shift * 250_000_000)
    stage = BandFilter(BandSettings(high_hz=1.0), stream)
    stage(SignalChunk(stream, data[:40]))
    got = stage(SignalChunk(stream, data[40:], later)).data
    fresh = BandFilter(BandSettings(high_hz=1.0), stream)(SignalChunk(stream, data[40:])).data
    assert np.array_equal(got, fresh) == restarts


def test_reset_forgets_and_an_empty_chunk_passes():
    stream = info(SignalKind.BVP, 64.0)
    settings = BandSettings(0.5, 8.0, 3)
    stage = BandFilter(settings, stream)
    empty = SignalChunk(stream, np.empty((0, 1), np.float32), 10**12)
    first = stage(SignalChunk(stream, walk(100))).data
    assert len(stage(empty)) == 0
    assert not np.array_equal(stage(SignalChunk(stream, walk(100), time_of(100, 64))).data, first)
    stage.reset()
    np.testing.assert_array_equal(stage(SignalChunk(stream, walk(100))).data, first)
    assert stage.output_info(stream) == stream


def test_a_constant_input_has_no_start_up_transient():
    stream = info(SignalKind.TEMP, 4.0)
    chunk = SignalChunk(stream, np.full((50, 1), 33.02, np.float32))
    np.testing.assert_allclose(BandFilter(BandSettings(high_hz=0.1), stream)(chunk).data, 33.02,
                               rtol=1e-6)  # fmt: skip
    np.testing.assert_allclose(BandFilter(BandSettings(low_hz=0.1), stream)(chunk).data, 0,
                               atol=1e-5)  # fmt: skip


def centre_s(wave, rate):
    """Centre of energy."""
    return float(np.arange(wave.size) @ wave**2 / (wave @ wave)) / rate


@pytest.mark.parametrize(
    ("kind", "rate"),
    [("eda", 4.0), ("eda", 32.0), ("bvp", 64.0), ("bvp", 100.0), ("bvp", 700.0), ("acc", 32.0),
     ("acc", 64.0), ("temp", 4.0)],
)  # fmt: skip
def test_declared_delay_is_that_of_a_narrow_burst(kind, rate):
    band = ChainSettings().bands[SignalKind(kind)]
    stream = info(SignalKind(kind), rate)
    stage = BandFilter(band, stream)
    middle_hz = 0.0 if band.low_hz is None else (band.low_hz * band.high_hz) ** 0.5
    # a burst over a hundred times narrower in frequency than the band
    spread_s = 30 / (band.high_hz - (band.low_hz or 0))
    t = np.arange(int(12 * spread_s * rate)) / rate - 6 * spread_s
    burst = (np.exp(-0.5 * (t / spread_s) ** 2) * np.cos(2 * np.pi * middle_hz * t)).astype("f4")
    out = stage(SignalChunk(stream, burst[:, None])).data[:, 0].astype(float)
    measured_s = centre_s(out, rate) - centre_s(burst.astype(float), rate)
    assert abs(measured_s - stage.delay_s) * rate < 0.1


@pytest.mark.parametrize(
    "settings", [{}, {"low_hz": 2.0, "high_hz": 1.0}, {"low_hz": 1.0, "high_hz": 1.0}]
)
def test_a_band_without_a_band_is_refused(settings):
    with pytest.raises(ValueError, match="expected low_hz"):
        BandSettings(**settings)


@pytest.mark.parametrize(("order", "low", "high"), [(0, None, 1.0), (2, None, 2.0), (2, 0.0, 1.0),
                                                    (2, None, None)])  # fmt: skip
def test_a_design_outside_the_nyquist_interval_is_refused(order, low, high):
    with pytest.raises(ValueError, match="corners inside"):
        butterworth(order, low, high, 4.0)


def test_a_rate_too_low_for_the_band_names_stream_and_rate():
    with pytest.raises(SamplingRateError, match=r"t\.acc.*above 20 Hz.*8 Hz"):
        BandFilter(BandSettings(high_hz=10.0), info(SignalKind.ACC, 8.0, width=3))
