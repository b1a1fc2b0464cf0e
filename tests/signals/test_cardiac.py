"""Beats and heart rate: known beats, closed forms, and what the wristband's maker found."""

import math
import statistics
from itertools import pairwise

import numpy as np
import pytest
from signal_pieces import info

from wearaffect.core.streams import SignalChunk, SignalKind
from wearaffect.physiology.participant import ParticipantSettings, simulate_participant
from wearaffect.recording.opening import open_session
from wearaffect.recording.windows import windows_of
from wearaffect.signals.cardiac import HEART_FEATURES, Beats, IbiClass, find_beats, heart_features
from wearaffect.signals.chain import Chain, ChainSettings

RATE = 64.0
BVP = SignalKind.BVP


def pulses(times_s, seconds=60, rate=RATE, height=50.0):
    """A zero-mean wave with a pulse at each time."""
    t = np.arange(int(seconds * rate)) / rate
    wave = sum(height * np.exp(-0.5 * ((t - beat) / 0.09) ** 2) for beat in times_s)
    return wave - wave.mean()


def steady(ibi_s, seconds=60):
    return np.arange(0.5, seconds - 0.3, ibi_s)


def beats_at(times_s):
    """Beats as though every one had been found."""
    interval_s = np.diff(times_s, prepend=np.nan)
    classes = np.where(np.isnan(interval_s), IbiClass.NONE, IbiClass.NORMAL).astype(np.uint8)
    height = np.full(len(times_s), 50.0)
    return Beats(np.array(times_s)[None], height[None], interval_s[None], classes[None])


def beats_in(wave, rate=RATE):
    return find_beats(np.asarray(wave)[None], rate)


def known(row):
    """What isn't padding."""
    return row[0][np.isfinite(row[0])]


def described(beats):
    return {name: values.item() for name, values in heart_features(beats, 60.0).items()}


@pytest.mark.parametrize("per_min", [45, 62, 80, 120, 170])
@pytest.mark.parametrize("rate", [32.0, 64.0, 130.0])
def test_beats_are_found_between_samples(rate, per_min):
    times_s = steady(60 / per_min)
    found = beats_in(pulses(times_s, rate=rate), rate)
    assert len(known(found.times_s)) == len(times_s)
    assert np.abs(known(found.times_s) - times_s).max() < 0.25 / rate
    features = described(found)
    assert set(features) == {row.name for row in HEART_FEATURES}
    assert features["hr_mean"] == pytest.approx(per_min, abs=0.3)
    assert features["ibi_coverage"] == pytest.approx((times_s[-1] - times_s[0]) / 60, abs=0.01)


def varied(seed=0, count=70):
    rng = np.random.default_rng(seed)
    return (0.4 + np.cumsum(0.8 + 0.06 * rng.standard_normal(count))).tolist()


@pytest.mark.parametrize("seed", range(5))
def test_variability_follows_its_definitions(seed):
    times_s = varied(seed)
    features = described(beats_at(times_s))
    ms = [1000 * (b - a) for a, b in pairwise(times_s)]
    steps = [abs(b - a) for a, b in pairwise(ms)]
    per_min = [60_000 / interval for interval in ms]
    assert features["hrv_sdnn"] == pytest.approx(statistics.stdev(ms))
    assert features["hrv_rmssd"] == pytest.approx(math.sqrt(statistics.fmean(s * s for s in steps)))
    assert features["hrv_pnn50"] == pytest.approx(sum(s > 50 for s in steps) / len(steps))
    assert features["hrv_masd"] == pytest.approx(math.log(statistics.median(steps)))
    assert features["hr_mean"] == pytest.approx(60 * len(ms) / (times_s[-1] - times_s[0]))
    assert features["hr_median"] == pytest.approx(60_000 / statistics.median(ms))
    assert features["hr_sd"] == pytest.approx(statistics.stdev(per_min))
    line = statistics.linear_regression([t / 60 for t in times_s[1:]], per_min)
    assert features["hr_slope"] == pytest.approx(line.slope)
    assert features["bvp_amplitude"] == pytest.approx(math.log(50))


def test_variability_of_a_heart_that_alternates():
    """Intervals of 750 and 850 ms: SDNN is 50, every step is 100 ms."""
    times_s = (np.cumsum([0.75, 0.85] * 35)).tolist()
    features = described(beats_at(times_s))
    assert features["hrv_sdnn"] == pytest.approx(50, rel=0.02)
    assert features["hrv_rmssd"] == pytest.approx(100)
    assert features["hrv_pnn50"] == 1.0
    assert math.exp(features["hrv_masd"]) == pytest.approx(100)


def test_a_missed_beat_and_an_extra_one_leave_variability_alone():
    times_s = steady(0.8).tolist()
    spoilt = sorted({*times_s[:20], *times_s[21:50], times_s[50] + 0.38, *times_s[50:]})
    found = beats_in(pulses(spoilt))
    assert len(known(found.ibi_s)) < len(spoilt) - 1
    assert np.abs(known(found.ibi_s) - 0.8).max() < 0.03
    features = described(found)
    assert features["hrv_sdnn"] < 10
    assert features["hrv_rmssd"] < 10
    classes = found.classes[0]
    assert (classes == IbiClass.LONG).sum() == 1  # the missed beat
    assert (classes == IbiClass.IRREGULAR).sum() == 2  # both sides of the extra one


@pytest.mark.parametrize(
    "wave",
    [np.full(3840, np.nan), np.zeros(3840), np.empty(0), np.ones(2), np.linspace(0, 1, 3840)],
)
def test_no_pulse_no_figures(wave):
    features = described(beats_in(wave))
    assert features.pop("ibi_coverage") == 0.0
    assert np.isnan(list(features.values())).all()


def test_ten_intervals_are_needed():
    assert np.isnan(described(beats_at(varied(count=10)))["hr_mean"])
    assert np.isfinite(described(beats_at(varied(count=11)))["hr_mean"])


def test_beats_on_both_sides_of_a_gap_are_found():
    times_s = steady(0.8)
    wave = pulses(times_s)
    wave[int(20 * RATE) : int(30 * RATE)] = np.nan
    found = beats_in(wave)
    expected = times_s[(times_s < 19.8) | (times_s > 30.2)]
    assert len(known(found.times_s)) == pytest.approx(len(expected), abs=2)
    assert described(found)["hr_mean"] == pytest.approx(75, abs=0.5)
    assert known(found.ibi_s).max() < 1.0


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_participants_heart_is_followed(seed):
    recorded = simulate_participant(ParticipantSettings(seed=seed), 300)
    chain = Chain(ChainSettings())
    chain.push(SignalChunk(info(BVP, RATE), recorded.signals[BVP]))
    truth_s = recorded.truth.beat_times_s
    off_per_min, near, total = [], 0, 0
    for window in chain.advance(300 * 10**9):
        true_s = truth_s[(truth_s > window.start_s + 1) & (truth_s < window.end_s - 1)]
        found_s = known(beats_in(window.signals[BVP].data[0]).times_s) + window.start_s
        away_s = np.abs(true_s[:, None] - found_s[None]).min(axis=1)
        near += int((away_s < 0.1).sum())
        total += len(true_s)
        rate = 60 * (len(true_s) - 1) / (true_s[-1] - true_s[0])
        off_per_min.append(window.features["hr_mean"] - rate)
    assert near / total > 0.99
    assert np.median(np.abs(off_per_min)) < 0.5
    assert np.abs(off_per_min).max() < 3


@pytest.mark.data
def test_heart_rate_agrees_with_the_makers_intervals(data_root):
    """Empatica's own intervals, where they span two thirds of a window."""
    session = open_session(data_root / "wesad" / "S2" / "S2_E4_Data.zip")
    times_ns, values = session.require(SignalKind.IBI).samples()
    off_per_min = []
    for window in windows_of(session, Chain(ChainSettings(), origin_ns=session.start_ns)):
        inside = values[(times_ns >= window.start_ns) & (times_ns < window.end_ns), 0]
        if inside.sum() > 40:
            off_per_min.append(window.features["hr_mean"] - 60 / inside.mean())
    assert len(off_per_min) > 300
    assert np.median(np.abs(off_per_min)) < 0.6
    assert abs(np.median(off_per_min)) < 0.3
    assert np.quantile(np.abs(off_per_min), 0.95) < 3
