"""Motion and temperature: closed forms."""

import math

import numpy as np
import pytest
from signal_pieces import alone

from wearaffect.signals.batches import BatchSignal
from wearaffect.signals.body import (
    MOTION_FEATURES,
    TEMPERATURE_FEATURES,
    motion_features,
    temperature_features,
)


def moved(acc):
    """What is said of one window of acceleration."""
    data = np.asarray(acc, np.float64)[None]
    signal = BatchSignal(data, np.zeros((1, data.shape[2]), np.uint8), np.ones(1), 32.0)
    return {name: values.item() for name, values in motion_features(signal).items()}


def shaken(amplitude_g, hz=4, seconds=60, rate=32):
    t = np.arange(seconds * rate) / rate
    upright = 1 + amplitude_g * np.sin(2 * np.pi * hz * t)
    return np.stack([np.zeros_like(t), np.zeros_like(t), upright])


def turned(acc, seed):
    """The same movement with the band on another way round."""
    q, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))
    return q @ acc


def test_a_shake_has_the_spread_of_a_sine():
    features = moved(shaken(0.2))
    assert set(features) == {row.name for row in MOTION_FEATURES}
    spread_g = 0.2 / math.sqrt(2)
    assert features["acc_motion"] == pytest.approx(math.log(spread_g))
    assert features["acc_peak"] == pytest.approx(math.log(spread_g))
    assert features["acc_still"] == 0.0


def test_stillness_and_a_burst_of_movement():
    acc = np.concatenate([shaken(0.0, seconds=54), shaken(0.4, seconds=6)], axis=1)
    features = moved(acc)
    assert features["acc_still"] == pytest.approx(0.9)
    assert features["acc_motion"] == pytest.approx(math.log(0.1 * 0.4 / math.sqrt(2)))
    assert features["acc_peak"] == pytest.approx(math.log(0.4 / math.sqrt(2)))
    still = moved(shaken(0.0))
    assert still["acc_motion"] == still["acc_peak"] == math.log(1e-3)
    assert still["acc_still"] == 1.0
    assert still["acc_exercise"] == still["acc_enmo"] == still["acc_jerk"] == 0.0
    assert still["acc_steps"] == still["acc_cadence"] == 0.0


def test_jerk_and_enmo_of_a_sine():
    features = moved(shaken(0.5, hz=1))
    # an upright sine is above 1 g half of the time; its derivative has an RMS of A w / sqrt 2
    assert features["acc_enmo"] == pytest.approx(0.5 / math.pi, rel=0.01)
    assert features["acc_jerk"] == pytest.approx(0.5 * 2 * math.pi / math.sqrt(2), rel=0.01)


@pytest.mark.parametrize("step_hz", [1.45, 1.87, 2.25])
def test_steps_are_counted_where_somebody_walks(step_hz):
    walk, rest = shaken(0.25, hz=step_hz, seconds=30), shaken(0.005, seconds=30)
    features = moved(np.concatenate([walk, rest], axis=1))
    assert features["acc_cadence"] == pytest.approx(60 * step_hz, abs=2)
    assert features["acc_steps"] == pytest.approx(60 * step_hz / 2, abs=1)


def test_steps_are_unknown_where_every_piece_has_a_gap():
    acc = shaken(0.25, hz=2.0)
    acc[0, 5::320] = np.nan
    features = moved(acc)
    assert np.isfinite(features["acc_motion"])
    assert np.isnan(features["acc_steps"])
    assert np.isnan(features["acc_cadence"])
    acc[0, 5] = 0.0
    assert moved(acc)["acc_cadence"] == pytest.approx(120, abs=2)


@pytest.mark.parametrize("hz", [0.5, 1.0, 2.9, 5.0])
def test_waving_and_shaking_are_not_walking(hz):
    assert moved(shaken(0.4, hz=hz))["acc_steps"] == 0.0
    noise = shaken(0.0) + 0.3 * np.random.default_rng(1).standard_normal((3, 1920))
    assert moved(noise)["acc_steps"] == 0.0


@pytest.mark.parametrize(
    ("down", "pitch_deg", "roll_deg"),
    [((0, 0, 1), 0, 0), ((0, 1, 0), 0, 90), ((1, 0, 0), 90, 0), ((0, 0, -1), 0, 180),
     ((0, -0.5, 0.5), 0, -45), ((-0.5, 0, 0.5), -45, 0)],
)  # fmt: skip
def test_posture_is_told_from_where_down_is(down, pitch_deg, roll_deg):
    acc = np.repeat(np.array(down, float)[:, None], 640, axis=1)
    features = moved(acc)
    assert features["acc_pitch"] == pytest.approx(pitch_deg, abs=1e-9)
    assert features["acc_roll"] == pytest.approx(roll_deg, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_posture_does_not_count(seed):
    acc = shaken(0.3)
    plain = moved(acc)
    other = moved(turned(acc, seed))
    for name in ("acc_pitch", "acc_roll"):
        assert plain.pop(name) != pytest.approx(other.pop(name))
    assert other == pytest.approx(plain)


def test_a_second_with_a_gap_is_left_out_and_ten_whole_ones_are_needed():
    acc = shaken(0.2, seconds=20)
    acc[1, 5] = acc[0, 64:160] = np.nan
    whole, spoilt = (moved(a) for a in (shaken(0.2), acc))
    for name in ("acc_motion", "acc_peak", "acc_still", "acc_jerk", "acc_enmo", "acc_pitch"):
        assert spoilt[name] == pytest.approx(whole[name], rel=0.01)
    acc[:, 32 * 13 : 32 * 16] = np.nan
    assert moved(acc)["acc_still"] == 0.0
    acc[2, 32 * 18] = np.nan
    assert np.isfinite(moved(acc)["acc_motion"])
    acc[2, 32 * 19] = np.nan
    assert np.isfinite(moved(acc)["acc_motion"])
    acc[2, 32 * 1] = acc[2, 32 * 7] = np.nan
    assert np.isnan(list(moved(acc).values())).all()
    assert np.isnan(list(moved(np.empty((3, 0))).values())).all()


def test_temperature_slope_of_a_line_with_and_without_a_gap():
    temp = 33 - 0.25 * np.arange(240) / 4 / 60
    assert alone(temperature_features, temp, 4.0)["temp_mean"] == pytest.approx(32.875, abs=1e-3)
    assert alone(temperature_features, temp, 4.0)["temp_sd"] == pytest.approx(
        0.25 / 12**0.5, rel=0.01
    )
    assert alone(temperature_features, temp, 4.0)["temp_slope"] == pytest.approx(-0.25)
    temp[60:200] = np.nan
    assert alone(temperature_features, temp, 4.0)["temp_slope"] == pytest.approx(-0.25)
    temp[40:] = np.nan
    assert alone(temperature_features, temp, 4.0)["temp_slope"] == pytest.approx(-0.25)
    temp[0] = np.nan
    assert np.isnan(alone(temperature_features, temp, 4.0)["temp_slope"])
    assert [*alone(temperature_features, temp, 4.0)] == [row.name for row in TEMPERATURE_FEATURES]
