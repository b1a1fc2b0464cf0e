"""Beats and pulse wave."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import find_peaks

from wearaffect.physiology.pulse import PulseShape, beat_phase, beat_times, pulse_wave


@given(st.floats(40.0, 180.0))
def test_a_constant_rate_gives_a_constant_interval(rate):
    times = beat_times(beat_phase(np.full(64 * 60, rate), 64.0), 64.0)
    np.testing.assert_allclose(np.diff(times), 60.0 / rate, rtol=1e-9)
    assert times[0] == pytest.approx(30.0 / rate)


def test_every_beat_contains_one_beat_of_rate():
    # the integral of the rate between two beats is one, whatever the rate does
    t = np.arange(0, 120, 1 / 64)
    rate = 70 + 10 * np.sin(0.3 * t) + 4 * np.sin(2 * np.pi * 0.25 * t)
    times = beat_times(beat_phase(rate, 64.0), 64.0)

    def total(t):  # antiderivative, by hand
        return (70 * t - 10 / 0.3 * np.cos(0.3 * t) - 4 / (np.pi / 2) * np.cos(np.pi / 2 * t)) / 60

    np.testing.assert_allclose(np.diff(total(times)), 1.0, atol=2e-4)


def test_the_wave_peaks_at_the_beats_and_has_one_shoulder():
    phase = beat_phase(np.full(64 * 30, 66.0), 64.0)
    wave = pulse_wave(phase)
    peaks, _ = find_peaks(wave, prominence=0.5)
    beats = beat_times(phase, 64.0)
    assert len(peaks) == len(beats)
    assert np.abs(peaks / 64.0 - beats).max() < 1.5 / 64.0
    assert wave.max() == pytest.approx(1.0, abs=0.05)
    assert wave.min() >= 0


def test_systolic_rise_is_faster_than_the_fall():
    fine = pulse_wave(np.linspace(0, 1, 10_001))
    foot = np.argmin(fine) / 10_000
    assert 0.55 < foot < 0.9  # the foot comes late in the beat: long fall, short rise


@given(st.floats(-50.0, 50.0))
def test_the_wave_is_periodic_without_a_seam(phase):
    here, next_beat = pulse_wave(np.array([phase, phase + 1.0]))
    assert here == pytest.approx(next_beat, abs=1e-9)
    left, right = pulse_wave(np.array([0.5 - 1e-9, 0.5 + 1e-9]))
    assert left == pytest.approx(right, abs=1e-6)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="rates > 0"):
        beat_phase(np.array([60.0, 0.0]), 64.0)
    with pytest.raises(ValueError, match="widths > 0"):
        PulseShape(systolic_width=0.0)
