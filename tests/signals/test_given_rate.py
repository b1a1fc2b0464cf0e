"""Heart rate that a device gives: stands in for beats where there is no pulse wave, only there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from signal_pieces import alone, cut_up, info

from wearaffect.core.errors import UnitError
from wearaffect.core.streams import Channel, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.units import Unit
from wearaffect.core.windows import WindowSpec
from wearaffect.signals.cardiac import HEART_FEATURES
from wearaffect.signals.chain import Chain, ChainSettings
from wearaffect.signals.enrolment import RestInterval
from wearaffect.signals.filters import BandSettings
from wearaffect.signals.given_rate import given_rate_features

S = 10**9
EDA, BVP, ACC, HR = SignalKind.EDA, SignalKind.BVP, SignalKind.ACC, SignalKind.HR
RATE = info(HR, 1.0, unit=Unit.BEATS_PER_MINUTE)
PULSE = info(BVP, 64.0)
SETTINGS = ChainSettings(WindowSpec(20, 5))


def pulse(seconds, per_min=72.0):
    t = np.arange(64 * seconds) / 64
    return (50 * np.sin(2 * np.pi * per_min / 60 * t))[:, None]


def windows_of(chunks, settings=SETTINGS, until_s=60):
    chain = Chain(settings)
    for chunk in chunks:
        chain.push(chunk)
    return chain.advance(until_s * S)


def same(a, b):
    assert a.quality == b.quality
    np.testing.assert_equal(dict(a.features), dict(b.features))
    assert list(a.signals) == list(b.signals)
    for kind, signal in a.signals.items():
        np.testing.assert_array_equal(signal.data, b.signals[kind].data)


def test_samples_are_described_by_their_statistics():
    samples = np.array([60, 62, 61, 70, 80, 78, 75, 71, 66, 64, 63, 62.0])
    samples_with_holes = np.insert(samples, [2, 5, 5], [np.nan, 0.0, 255.0])
    found = alone(given_rate_features, samples_with_holes, 1.0)
    at = np.flatnonzero((samples_with_holes > 30) & (samples_with_holes < 220))
    expected = {
        "hr_mean": np.mean(samples), "hr_median": np.median(samples),
        "hr_p10": np.percentile(samples, 10), "hr_p90": np.percentile(samples, 90),
        "hr_sd": np.std(samples, ddof=1), "hr_slope": 60 * np.polyfit(at, samples, 1)[0],
    }  # fmt: skip
    assert found == pytest.approx(expected, rel=1e-9)


def test_ten_seconds_are_needed():
    for rate_hz in (0.5, 1.0, 4.0):
        enough = int(10 * rate_hz)
        assert alone(given_rate_features, np.full(enough, 70.0), rate_hz)["hr_median"] == 70
        short = alone(given_rate_features, np.full(enough - 1, 70.0), rate_hz)
        assert all(np.isnan(value) for value in short.values())


@given(
    rows=arrays(np.float64, st.tuples(st.integers(1, 3), st.integers(0, 40))),
    rate_hz=st.floats(0.01, 64),
)
def test_any_samples_give_numbers_or_nothing(rows, rate_hz):
    for values in given_rate_features(rows, rate_hz).values():
        assert values.shape == (len(rows),)
        assert not np.isinf(values).any()


def test_given_rate_and_beats_of_the_same_heart_agree():
    (beats,) = windows_of([SignalChunk(PULSE, pulse(20))], until_s=20)
    (rate,) = windows_of([SignalChunk(RATE, np.full((20, 1), 72.0))], until_s=20)
    for name in ("hr_mean", "hr_median", "hr_p10", "hr_p90"):
        assert beats.features[name] == pytest.approx(72, abs=0.5)
        assert rate.features[name] == 72
    others = [row.name for row in HEART_FEATURES if not row.name.startswith("hr_")]
    assert all(np.isnan(rate.features[name]) for name in others)
    assert set(rate.quality) == {HR}
    assert rate.quality[HR].score == 1.0


@pytest.mark.parametrize("rate_first", [True, False])
def test_a_pulse_wave_leaves_given_rate_nothing_to_say(rate_first):
    pulses = [SignalChunk(PULSE, pulse(60))]
    rates = [SignalChunk(RATE, np.full((60, 1), 140.0))]
    both = windows_of(rates + pulses if rate_first else pulses + rates)
    for a, b in zip(both, windows_of(pulses), strict=True):
        same(a, b)


def test_given_rate_stands_in_for_windows_without_any_pulse():
    """The pulse is lost from 20 to 50 s; a window that has a part of it is judged by that."""
    wave = pulse(80)
    parts = [SignalChunk(PULSE, wave[: 64 * 20]), SignalChunk(PULSE, wave[64 * 50 :], 50 * S)]
    rates = SignalChunk(RATE, np.full((80, 1), 90.0))
    windows = windows_of([parts[0], rates, parts[1]], until_s=80)
    without = windows_of(parts, until_s=80)
    stood_in = [w.start_s for w in windows if HR in w.signals]
    assert stood_in == [20.0, 25.0, 30.0]
    for a, b in zip(windows, without, strict=True):
        if a.start_s in stood_in:
            assert a.features["hr_median"] == 90
            assert BVP not in a.signals
            assert HR in a.quality
        else:
            same(a, b)


def test_windows_one_at_a_time_are_windows_together():
    rng = np.random.default_rng(0)
    wave = pulse(80)
    wave[64 * 20 : 64 * 55] = np.nan
    values = 80 + 5 * rng.standard_normal((80, 1))
    values[40:43] = np.nan
    together = windows_of([SignalChunk(RATE, values), SignalChunk(PULSE, wave)], until_s=80)
    chain, single = Chain(SETTINGS), []
    chunks = cut_up(PULSE, wave, [37]) + cut_up(RATE, values, [3])
    for chunk in sorted(chunks, key=lambda chunk: chunk.end_ns):
        chain.push(chunk)
        single += chain.advance(chunk.start_ns - 4 * S)
    single += chain.advance(80 * S)
    for a, b in zip(together, single, strict=True):
        same(a, b)


@pytest.mark.parametrize(
    ("spoil", "reasons", "score"),
    [
        (lambda x: x, (), 1.0),
        (lambda x: np.where(np.arange(60) < 15, np.nan, x), ("gap",), 0.75),
        (lambda x: np.where(np.arange(60) < 15, 0, x), ("off_skin",), 0.75),
        (lambda x: np.where(np.arange(60) < 15, np.inf, x), ("off_skin", "gap"), 0.75),
        (lambda x: np.where(np.arange(60) < 4, 250, x), (), 56 / 60),
    ],
)
def test_what_no_heart_does_costs_quality(spoil, reasons, score):
    rates = spoil(70 + np.sin(np.arange(60)))[:, None]
    (window,) = windows_of([SignalChunk(RATE, rates)], ChainSettings())
    assert window.quality[HR].score == pytest.approx(score)
    assert window.quality[HR].reasons == reasons
    assert 69 < window.features["hr_median"] < 71


def test_a_rate_that_stands_still_for_minutes_is_flat():
    rates = np.full((240, 1), 70.0)
    windows = windows_of([SignalChunk(RATE, rates)], ChainSettings(WindowSpec(60, 60)), 240)
    assert [w.quality[HR].reasons for w in windows] == [(), (), ("flat",), ("flat",)]


def test_what_the_chain_does_not_take_passes_by():
    beats = StreamInfo("t.hr", HR, (Channel("hr", Unit.BEATS_PER_MINUTE),), None)
    stamps = np.arange(60) * S
    irregular = SignalChunk(beats, np.full((60, 1), 70.0), timestamps_ns=stamps)
    no_pulse = ChainSettings(SETTINGS.spec, {EDA: BandSettings(high_hz=1.0)})
    assert not any(w.signals for w in windows_of([irregular]))
    assert not any(w.signals for w in windows_of([SignalChunk(RATE, np.ones((60, 1)))], no_pulse))
    with pytest.raises(UnitError, match=r"t\.hr"):
        windows_of([SignalChunk(info(HR, 1.0, unit=Unit.SECOND), np.ones((60, 1)))])


@pytest.mark.parametrize(("low_to", "taken"), [(70.0, True), (0.0, False)])
def test_rest_is_taken_with_given_rate(low_to, taken):
    eda = 2 + 0.1 * np.sin(np.arange(4 * 180) / 20)
    rates = 70 + np.sin(np.arange(180.0))
    rates[30:] *= low_to / 70  # from there on the device has no pulse, or goes on
    chain = Chain(SETTINGS, rest=RestInterval(0, 150))
    chain.push(SignalChunk(info(EDA, 4.0), eda[:, None]))
    chain.push(SignalChunk(RATE, rates[:, None]))
    chain.advance(180 * S)
    assert (chain.enrolment is not None) == taken
    if taken:
        assert chain.enrolment.features["hr_median"] == pytest.approx(70, abs=0.5)
        assert np.isnan(chain.enrolment.features["bvp_amplitude"])


def test_a_stream_slower_than_a_low_pass_is_left_as_it_is():
    stream = info(ACC, 8.0, width=3)
    rng = np.random.default_rng(0)
    data = rng.normal(0, 0.2, (8 * 40, 3)).astype("f4")
    data[9, 1] = np.inf
    first = windows_of(cut_up(stream, data, [7]), until_s=40)[0]
    expected = data[:160].T.copy()
    expected[:, 9] = np.nan
    np.testing.assert_array_equal(first.signals[ACC].data, expected)
    assert np.isfinite(first.features["acc_motion"])
    narrow = ChainSettings(SETTINGS.spec, {ACC: BandSettings(high_hz=1.0)})
    filtered = windows_of([SignalChunk(stream, data)], narrow, 40)[-1]
    assert np.nanstd(filtered.signals[ACC].data) < 0.7 * np.std(data[-160:])
