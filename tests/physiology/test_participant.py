"""The synthetic participant: plausible, seeded, and true to its own truth."""

import numpy as np
import pytest
from scipy.signal import butter, find_peaks, sosfiltfilt

from wearaffect.core.streams import SignalKind
from wearaffect.physiology import eda
from wearaffect.physiology.participant import (
    SENSORS,
    ParticipantSettings,
    simulate_participant,
)
from wearaffect.physiology.timeline import REST, STRESS, Condition

EDA, BVP, ACC, TEMP = SignalKind.EDA, SignalKind.BVP, SignalKind.ACC, SignalKind.TEMP


@pytest.fixture(scope="module")
def sitting():
    return simulate_participant(ParticipantSettings(seed=3), 660.0)


@pytest.mark.parametrize("seed", range(12))
def test_every_seed_is_plausible(seed):
    person = simulate_participant(ParticipantSettings(seed=seed), 660.0)
    trace = person.signals[EDA]
    assert trace.min() >= 0.5
    assert trace.max() <= 15.0
    heart = 60.0 / np.diff(person.truth.beat_times_s)
    assert heart.min() >= 55.0 - 0.5
    assert heart.max() <= 110.5
    assert np.all((person.signals[TEMP] > 29.0) & (person.signals[TEMP] < 36.0))
    assert np.median(np.linalg.norm(person.signals[ACC], axis=1)) == pytest.approx(64.0, abs=1.5)
    assert 20.0 < person.signals[BVP].std() < 80.0


@pytest.mark.parametrize("seed", range(6))
def test_stress_raises_heart_and_sweat(seed):
    person = simulate_participant(ParticipantSettings(seed=seed), 660.0)
    rest, stress = person.truth.conditions
    assert (rest.condition.label, stress.condition.label) == ("rest", "stress")
    rate = [np.sum((person.truth.beat_times_s >= i.start_s) & (person.truth.beat_times_s < i.end_s))
            / (i.end_s - i.start_s) * 60 for i in (rest, stress)]  # fmt: skip
    assert rate[1] - rate[0] == pytest.approx(15.0, abs=3.0)
    trace = person.signals[EDA][:, 0]
    assert trace[4 * 360 :].mean() > trace[: 4 * 360].mean() + 0.2
    bursts = person.truth.scr_times_s
    assert (bursts >= 360).sum() > 1.5 * (bursts < 360).sum()


def test_signals_have_their_length_width_and_resolution():
    person = simulate_participant(ParticipantSettings(), 10.1)
    shapes = {kind: array.shape for kind, array in person.signals.items()}
    assert shapes == {EDA: (40, 1), BVP: (646, 1), ACC: (323, 3), TEMP: (40, 1)}
    for kind, sensor in SENSORS.items():
        assert person.signals[kind].dtype == np.float32
        if sensor.resolution:
            steps = person.signals[kind] / sensor.resolution
            np.testing.assert_allclose(steps, np.round(steps), atol=0.01)


def test_same_seed_same_person_other_seed_other_person():
    one, again, other = (simulate_participant(ParticipantSettings(seed=s), 60.0) for s in (5, 5, 6))
    for kind in SENSORS:
        np.testing.assert_array_equal(one.signals[kind], again.signals[kind])
        assert not np.array_equal(one.signals[kind], other.signals[kind])


def test_a_longer_sitting_starts_with_a_shorter_one():
    short = simulate_participant(ParticipantSettings(), 97.3)
    long = simulate_participant(ParticipantSettings(), 700.0)
    for kind, sensor in SENSORS.items():
        start = long.signals[kind][: len(short.signals[kind])]
        np.testing.assert_allclose(short.signals[kind], start, atol=1e-5 + sensor.resolution)


def test_eda_is_the_model_of_the_true_driver_plus_noise(sitting):
    # superposition: constant level and bursts through the impulse response, from steady state
    truth, p = sitting.truth, sitting.settings.eda
    times = np.arange(len(truth.driver)) / 4.0
    clean = eda.conductance(p, truth.states)
    step = np.array([eda.roll(p, np.zeros(3), 1.0, [t])[0] for t in times])
    pulses = np.diff(step, prepend=0.0)  # answer to a driver of 1 held over one step
    free = np.array([eda.roll(p, truth.states[0], 0.0, [t])[0] for t in times])
    forced = np.convolve(truth.driver, pulses)[: len(times)]
    np.testing.assert_allclose(clean, free + forced, rtol=1e-9, atol=1e-9)
    noise = sitting.signals[EDA][:, 0] - clean
    assert noise.std() == pytest.approx(0.0015, rel=0.1)


def test_bursts_stand_in_the_driver(sitting):
    truth = sitting.truth
    level = np.median(truth.driver)
    at = np.flatnonzero(truth.driver > 2 * level)
    steps = np.round(truth.scr_times_s * 4).astype(int)
    assert set(at) <= set(steps)
    assert len(at) > 0.9 * len(steps)
    assert np.diff(truth.scr_times_s).min() >= 0.75  # a second apart before the 4 Hz grid
    excess = (truth.driver - level).sum() / 4.0
    assert truth.scr_sizes_us.sum() == pytest.approx(excess, rel=0.1)


def test_beats_can_be_found_again_in_the_wave(sitting):
    band = butter(2, [0.7, 8.0], btype="bandpass", fs=64.0, output="sos")
    wave = sosfiltfilt(band, sitting.signals[BVP][:, 0])
    peaks, _ = find_peaks(wave, distance=25, height=0.4 * wave.std())
    found, beats = peaks / 64.0, sitting.truth.beat_times_s
    nearest = np.abs(found[:, None] - beats).min(axis=0)
    assert (nearest < 0.04).mean() > 0.95
    assert abs(len(found) - len(beats)) < 0.03 * len(beats)


def test_heart_breathes(sitting):
    beats = sitting.truth.beat_times_s[sitting.truth.beat_times_s < 350]
    rate = np.interp(np.arange(5, 345, 0.25), beats[1:], 60 / np.diff(beats))
    power = np.abs(np.fft.rfft((rate - rate.mean()) * np.hanning(rate.size))) ** 2
    hz = np.fft.rfftfreq(rate.size, 0.25)
    band = (hz > 0.15) & (hz < 0.4)
    assert hz[band][np.argmax(power[band])] == pytest.approx(0.25, abs=0.05)
    assert power[band].sum() > power[(hz >= 0.4)].sum() * 5


def test_movement_is_where_the_truth_says(sitting):
    jerk = np.abs(np.diff(sitting.signals[ACC], axis=0)).max(axis=1)
    times = np.arange(len(jerk)) / 32.0
    since = times[:, None] - sitting.truth.move_times_s
    moving = np.any((since >= -0.1) & (since < 8.0), axis=1)
    assert sitting.truth.move_times_s.size > 2
    assert jerk[~moving].max() <= 6.0  # sensor noise alone, in 1/64 g
    assert jerk[moving].max() > 15.0


def test_conditions_tile_and_repeat():
    quick = Condition("quick", 7.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    person = simulate_participant(ParticipantSettings(protocol=(quick, REST)), 400.0)
    spans = [(i.condition.label, i.start_s, i.end_s) for i in person.truth.conditions]
    assert spans == [("quick", 0.0, 7.0), ("rest", 7.0, 367.0), ("quick", 367.0, 374.0),
                     ("rest", 374.0, 400.0)]  # fmt: skip
    assert not np.any(person.truth.scr_times_s < 7.0)


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match="seed"):
        ParticipantSettings(seed=-1)
    with pytest.raises(ValueError, match="protocol"):
        ParticipantSettings(protocol=())
    with pytest.raises(ValueError, match="duration_s"):
        simulate_participant(ParticipantSettings(), 0.5)
    with pytest.raises(ValueError, match="condition"):
        Condition("x", 0.0, *[0.0] * 6)
    with pytest.raises(ValueError, match="condition"):
        Condition("x", 10.0, -1.0, *[0.0] * 5)
    assert STRESS.heart_rise_per_min > REST.heart_rise_per_min
