"""Breathing from the pulse: made-up breath with a known rate, and a belt round the chest."""

import numpy as np
import pandas as pd
import pytest

from wearaffect.analysis.pulse import clean_bvp, find_systolic_peaks
from wearaffect.analysis.respiration import (
    RESPIRATION,
    PulseTrain,
    pulse_train,
    respiration_in_windows,
)
from wearaffect.core.streams import SignalKind
from wearaffect.physiology.participant import ParticipantSettings, simulate_participant
from wearaffect.physiology.pulse import beat_phase, pulse_wave

RATE = 64.0


def breathing(per_min, seconds=300, heart_per_min=72.0, noise=0.0):
    """A pulse that breathes in all three ways."""
    t = np.arange(int(seconds * RATE)) / RATE
    breath = np.sin(2 * np.pi * per_min / 60 * t)
    wave = pulse_wave(beat_phase(heart_per_min + 3 * breath, RATE))
    chance = np.random.default_rng(1).standard_normal(t.size)
    return 100 * (1 + 0.08 * breath) * wave + 20 * breath + noise * chance


def train_of(bvp, rate=RATE):
    clean = clean_bvp(bvp, rate)
    return pulse_train(bvp, clean, find_systolic_peaks(clean, rate), rate)


@pytest.mark.parametrize("per_min", [7.0, 12.0, 15.5, 22.0, 30.0])
@pytest.mark.parametrize("window_s", [32.0, 60.0])
def test_a_breath_is_seen_in_all_three_modulations(per_min, window_s):
    starts_s = np.arange(5, 230, 5.0)
    found = respiration_in_windows(train_of(breathing(per_min)), starts_s, window_s)
    assert tuple(found) == RESPIRATION
    for name in ("resp_rate", "resp_rate_riav", "resp_rate_rifv", "resp_rate_riiv"):
        assert found[name] == pytest.approx(per_min, abs=1.0)
    assert found["resp_rate_sd"].max() < 1
    assert found["resp_agreement"].min() > 0.9


def test_noise_agrees_on_nothing():
    rng = np.random.default_rng(2)
    times_s = np.cumsum(rng.normal(0.8, 0.02, 3000))
    noise = PulseTrain(times_s, *rng.standard_normal((3, 3000)))
    found = respiration_in_windows(noise, np.arange(0, 2300, 10.0), 60.0)
    assert np.isnan(found["resp_rate"]).mean() > 0.7
    held = np.isfinite(found["resp_rate"])
    assert (found["resp_rate_sd"][held] <= 4).all()
    assert (found["resp_rate_sd"][~held] > 4).all()
    assert (found["resp_agreement"][held] >= 0.5).all()


def test_a_participant_who_breathes_fifteen_times_a_minute():
    """The simulation's breath wanders about 15 / min."""
    errors = []
    for seed in range(3):
        bvp = simulate_participant(ParticipantSettings(seed=seed), 600).signals[SignalKind.BVP]
        found = respiration_in_windows(
            train_of(bvp[:, 0].astype(float)), np.arange(0, 540, 5.0), 60.0
        )
        errors.append(found["resp_rate"] - 15.0)
    errors = np.concatenate(errors)
    assert np.isfinite(errors).mean() > 0.5
    assert np.nanmedian(np.abs(errors)) < 1.5


def test_windows_do_not_depend_on_their_order_or_company():
    train = train_of(breathing(14.0, noise=5.0))
    starts_s = np.arange(0, 240, 0.25)
    together = respiration_in_windows(train, starts_s, 32.0)
    for some in (
        slice(0, 1),
        slice(333, 334),
        slice(959, 960),
        slice(0, None, 20),
        slice(500, 700),
    ):
        fewer = respiration_in_windows(train, starts_s[some], 32.0)
        for name in RESPIRATION:
            np.testing.assert_array_equal(fewer[name], together[name][some])
    turned = respiration_in_windows(train, starts_s[::-1], 32.0)
    for name in RESPIRATION:
        np.testing.assert_array_equal(turned[name][::-1], together[name])


@pytest.mark.parametrize(
    "bvp", [np.empty(0), np.zeros(4000), np.full(4000, np.nan), breathing(15.0, 5)]
)
def test_without_beats_nothing_is_said(bvp):
    found = respiration_in_windows(train_of(bvp), [0.0, 20.0], 8.0)
    assert all(np.isnan(values).all() for values in found.values())


def test_a_short_window_sees_no_slow_breath():
    found = respiration_in_windows(train_of(breathing(15.0)), [10.0], 0.4)
    assert np.isnan(found["resp_rate"]).all()


def test_beats_without_a_known_trough_are_left_out():
    bvp = breathing(15.0, 60)
    bvp[1500:1700] = np.nan
    clean = clean_bvp(bvp, RATE)
    peaks = find_systolic_peaks(clean, RATE)
    train = pulse_train(bvp, clean, peaks, RATE)
    assert train.times_s.size == peaks.size - 2
    assert train.interval_s.max() < 1.0
    assert np.isin(train.intensity, bvp[peaks]).all()


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="waves of one length"):
        pulse_train(np.ones(5), np.ones(6), [], RATE)
    with pytest.raises(ValueError, match="window_s > 0"):
        respiration_in_windows(train_of(breathing(15.0, 30)), [0.0], 0.0)


def strongest_line(belt, rate):
    """Breaths per minute by the belt's own spectrum; NaN where that has no clear line."""
    tapered = (belt - belt.mean()) * np.hanning(belt.size)
    power = np.abs(np.fft.rfft(tapered, 16 * belt.size)) ** 2
    per_min = 60 * np.fft.rfftfreq(16 * belt.size, 1 / rate)
    power[(per_min < 4) | (per_min > 65)] = 0
    line = per_min[power.argmax()]
    return line if power[np.abs(per_min - line) < 3.6].sum() > 0.6 * power.sum() else np.nan


@pytest.mark.data
def test_a_belt_says_much_the_same(data_root):
    """Four people, pulse at the finger; all they did counts. Figures stand in the docstring."""
    belts, ours = [], []
    paths = sorted((data_root / "physiokit").rglob("P??_*.csv.gz"))
    for path in paths:
        table = pd.read_csv(path, usecols=["Resp", "PPG Finger", "arduino_ts"]).dropna()
        at_s = (table["arduino_ts"] - table["arduino_ts"].iloc[0]).to_numpy() / 1000
        grid_s = np.arange(0, at_s[-1], 1 / RATE)
        belt, finger = (
            np.interp(grid_s, at_s, table[name].to_numpy()) for name in ("Resp", "PPG Finger")
        )
        starts_s = np.arange(0, grid_s[-1] - 32, 5.0)
        found = respiration_in_windows(train_of(finger), starts_s, 32.0)
        for start_s, rate in zip(starts_s, found["resp_rate"], strict=True):
            part = belt[int(start_s * RATE) : int((start_s + 32) * RATE)]
            belts.append(strongest_line(part, RATE))
            ours.append(rate)
    clear = np.isfinite(belts)
    away = np.abs(np.subtract(ours, belts)[clear])
    stands = np.isfinite(away)
    assert len(paths) == 16
    assert (stands.sum(), clear.sum()) == (136, 162)
    assert away[stands].mean() == pytest.approx(1.9, abs=0.05)
    assert np.mean(away[stands] < 3) == pytest.approx(0.81, abs=0.005)
