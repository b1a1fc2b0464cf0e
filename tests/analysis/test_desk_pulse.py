"""The pulse at the desk: against NeuroKit2, known beats and closed forms."""

import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neurokit_peer import ask, systolic_peaks

from wearaffect.analysis.pulse import (
    amplitude_in_windows,
    clean_bvp,
    find_systolic_peaks,
    pulse_amplitude,
)
from wearaffect.core.streams import SignalKind
from wearaffect.physiology.participant import ParticipantSettings, simulate_participant
from wearaffect.recording.opening import open_session

RATE = 64.0


def bvp_of(path):
    return open_session(path).require(SignalKind.BVP).samples()[1][:, 0].astype(float)


def made_up(seed, seconds=300):
    recorded = simulate_participant(ParticipantSettings(seed=seed), seconds)
    return recorded.signals[SignalKind.BVP][:, 0].astype(float), recorded.truth.beat_times_s


def sine(frequency_hz, seconds=120, rate=RATE):
    return np.sin(2 * np.pi * frequency_hz * np.arange(int(seconds * rate)) / rate)


def test_a_recording_is_cleaned_and_searched_as_neurokit_does(example_recording):
    bvp = bvp_of(example_recording)
    clean = clean_bvp(bvp, RATE)
    assert np.abs(clean - ask("ppg_clean", bvp, sampling_rate=RATE)).max() < 1e-12 * np.ptp(bvp)
    peaks = find_systolic_peaks(clean, RATE)
    assert len(peaks) > 2000
    assert peaks.tolist() == systolic_peaks(clean, RATE)


@pytest.mark.data
@pytest.mark.parametrize("person", ["S2", "S8", "S16"])
def test_the_same_peaks_as_neurokit_in_wesad(data_root, person):
    bvp = bvp_of(data_root / "wesad" / person / f"{person}_E4_Data.zip")
    clean = clean_bvp(bvp, RATE)
    assert find_systolic_peaks(clean, RATE).tolist() == systolic_peaks(clean, RATE)


@given(
    st.lists(st.integers(-6, 6), min_size=120, max_size=400),
    st.sampled_from([20.0, 64.0, 100.0]),
)
def test_the_same_peaks_as_neurokit_whatever_comes(steps, rate):
    """Steps of whole numbers make plateaus and maxima of equal prominence."""
    wave = np.array(steps, dtype=float)
    assert find_systolic_peaks(wave, rate).tolist() == systolic_peaks(wave, rate)
    walk = np.cumsum(wave) - np.cumsum(wave).mean()
    assert find_systolic_peaks(walk, rate).tolist() == systolic_peaks(walk, rate)


@pytest.mark.parametrize("rate", [32.0, 64.0, 100.0])
def test_the_band_is_half_as_high_at_its_borders_and_not_delayed(rate):
    """Twice through a Butterworth filter: 1/sqrt(2) squared at the border."""
    middle = slice(int(40 * rate), int(80 * rate))
    for frequency_hz, gain in ((0.5, 0.5), (2.0, 1.0), (8.0, 0.5), (0.05, 0.0)):
        wave = sine(frequency_hz, rate=rate)
        passed = clean_bvp(wave, rate)[middle]
        assert np.abs(passed - gain * wave[middle]).max() < 0.01


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_participants_beats_are_found(seed):
    bvp, truth_s = made_up(seed)
    found_s = find_systolic_peaks(clean_bvp(bvp, RATE), RATE) / RATE
    inside = (truth_s > 1) & (truth_s < 299)
    away_s = np.abs(truth_s[inside, None] - found_s).min(axis=1)
    assert np.mean(away_s < 0.1) > 0.99
    assert len(found_s) == pytest.approx(len(truth_s), rel=0.02)


def test_stretches_between_gaps_are_taken_one_by_one():
    bvp, _ = made_up(4)
    cut, resumed = 6000, 7000
    spoilt = bvp.copy()
    spoilt[cut:resumed] = np.nan
    spoilt[6500:6510] = bvp[6500:6510]  # too short to filter
    clean = clean_bvp(spoilt, RATE)
    assert np.array_equal(np.isnan(clean), (np.arange(bvp.size) >= cut) & (
        np.arange(bvp.size) < resumed))  # fmt: skip
    assert np.array_equal(clean[:cut], clean_bvp(bvp[:cut], RATE))
    assert np.array_equal(clean[resumed:], clean_bvp(bvp[resumed:], RATE))
    before = find_systolic_peaks(clean[:cut], RATE).tolist()
    after = (resumed + find_systolic_peaks(clean[resumed:], RATE)).tolist()
    peaks = find_systolic_peaks(clean, RATE)
    assert peaks.tolist() == before + after
    heights = pulse_amplitude(clean, peaks)
    assert np.flatnonzero(np.isnan(heights)).tolist() == [0, len(before)]


@pytest.mark.parametrize(
    "wave",
    [
        np.empty(0),
        np.ones(3),
        np.zeros(4000),
        np.full(4000, 7.0),
        np.full(4000, np.nan),
        np.full(4000, np.inf),
        np.clip(3 * sine(1.2), -1, 1),
        -np.abs(sine(1.2)),
        1e149 * sine(1.2),
    ],
    ids=["empty", "three", "zero", "flat", "nan", "inf", "clipped", "negative", "huge"],
)
def test_no_wave_upsets_it(wave):
    clean = clean_bvp(wave, RATE)
    peaks = find_systolic_peaks(clean, RATE)
    assert clean.shape == wave.shape
    assert pulse_amplitude(clean, peaks).shape == peaks.shape
    if not np.isfinite(wave).any() or np.ptp(wave[np.isfinite(wave)]) == 0:
        assert not len(peaks)
    elif len(wave) > 5000:
        per_min = 60 * (len(peaks) - 1) / np.ptp(peaks / RATE)
        assert min(abs(per_min - 72), abs(per_min - 144)) < 2  # rectified, it beats twice as fast


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: clean_bvp(np.ones((5, 2)), 64), "shape"),
        (lambda: clean_bvp(np.ones(500), 16), "sampling_rate > 16"),
        (lambda: clean_bvp(1e200 * np.ones(500), 64), "within 1e\\+150"),
        (lambda: find_systolic_peaks(np.ones(500), 0), "sampling_rate > 0"),
        (lambda: find_systolic_peaks(np.ones(500), float("nan")), "sampling_rate > 0"),
        (lambda: pulse_amplitude(np.ones(500), [3, 500]), "within 500 samples"),
        (lambda: amplitude_in_windows([1, 2], [1], [0], 60), "a height for each beat"),
        (lambda: amplitude_in_windows([1, 2], [1, 1], [0], 0), "window_s > 0"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_height_is_from_the_trough_before_to_the_peak():
    """A wave with peaks of 10, 11, 12, ... over troughs of -1, -2, -3, ..."""
    wave = np.zeros(400)
    peaks = np.arange(20, 400, 40)
    wave[peaks] = 10 + np.arange(peaks.size)
    wave[peaks[:-1] + 17] = -1.0 - np.arange(peaks.size - 1)
    heights = pulse_amplitude(wave, peaks)
    assert np.isnan(heights[0])
    assert heights[1:].tolist() == [12.0 + 2 * i for i in range(peaks.size - 1)]


def test_heights_in_windows_follow_their_definitions():
    rng = np.random.default_rng(5)
    times_s = np.cumsum(rng.uniform(0.6, 1.2, 200))
    heights = rng.uniform(50, 150, 200)
    heights[::17] = np.nan
    starts_s = np.arange(0, 150, 7.5)
    found = amplitude_in_windows(times_s, heights, starts_s, 30.0)
    for i, start_s in enumerate(starts_s):
        inside = [
            h
            for t, h in zip(times_s, heights, strict=True)
            if start_s <= t < start_s + 30 and h > 0
        ]
        assert found["bvp_amplitude_mean"][i] == pytest.approx(statistics.fmean(inside))
        assert found["bvp_amplitude_sd"][i] == pytest.approx(statistics.stdev(inside))
        ratio = statistics.stdev(inside) / statistics.fmean(inside)
        assert found["bvp_amplitude_cv"][i] == pytest.approx(ratio)
    nothing = amplitude_in_windows(times_s, heights, [500.0], 30.0)
    assert all(np.isnan(values).all() for values in nothing.values())
