"""Motion and temperature: closed forms."""

import math

import numpy as np
import pytest
from signal_pieces import alone

from wearaffect.signals.body import (
    MOTION_FEATURES,
    TEMPERATURE_FEATURES,
    motion_features,
    temperature_features,
)


def shaken(amplitude_g, hz=4, seconds=60, rate=32):
    t = np.arange(seconds * rate) / rate
    upright = 1 + amplitude_g * np.sin(2 * np.pi * hz * t)
    return np.stack([np.zeros_like(t), np.zeros_like(t), upright])


def turned(acc, seed):
    """The same movement with the band on another way round."""
    q, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))
    return q @ acc


def test_a_shake_has_the_spread_of_a_sine():
    features = alone(motion_features, shaken(0.2), 32.0)
    assert set(features) == set(MOTION_FEATURES)
    spread_g = 0.2 / math.sqrt(2)
    assert features["acc_motion"] == pytest.approx(math.log(spread_g))
    assert features["acc_peak"] == pytest.approx(math.log(spread_g))
    assert features["acc_still"] == 0.0


def test_stillness_and_a_burst_of_movement():
    acc = np.concatenate([shaken(0.0, seconds=54), shaken(0.4, seconds=6)], axis=1)
    features = alone(motion_features, acc, 32.0)
    assert features["acc_still"] == pytest.approx(0.9)
    assert features["acc_motion"] == pytest.approx(math.log(0.1 * 0.4 / math.sqrt(2)))
    assert features["acc_peak"] == pytest.approx(math.log(0.4 / math.sqrt(2)))
    still = alone(motion_features, shaken(0.0), 32.0)
    assert still == {"acc_motion": math.log(1e-3), "acc_peak": math.log(1e-3), "acc_still": 1.0}


@pytest.mark.parametrize("seed", range(5))
def test_posture_does_not_count(seed):
    acc = shaken(0.3)
    plain, other = (
        alone(motion_features, acc, 32.0),
        alone(motion_features, turned(acc, seed), 32.0),
    )
    assert other == pytest.approx(plain)


def test_a_second_with_a_gap_is_left_out_and_ten_whole_ones_are_needed():
    acc = shaken(0.2, seconds=20)
    acc[1, 5] = acc[0, 64:160] = np.nan
    assert alone(motion_features, acc, 32.0) == pytest.approx(
        alone(motion_features, shaken(0.2), 32.0)
    )
    acc[:, 32 * 13 : 32 * 16] = np.nan
    assert alone(motion_features, acc, 32.0)["acc_still"] == 0.0
    acc[2, 32 * 18] = np.nan
    assert np.isfinite(alone(motion_features, acc, 32.0)["acc_motion"])
    acc[2, 32 * 19] = np.nan
    assert np.isfinite(alone(motion_features, acc, 32.0)["acc_motion"])
    acc[2, 32 * 1] = acc[2, 32 * 7] = np.nan
    assert np.isnan(list(alone(motion_features, acc, 32.0).values())).all()
    assert np.isnan(list(alone(motion_features, np.empty((3, 0)), 32.0).values())).all()


def test_temperature_slope_of_a_line_with_and_without_a_gap():
    temp = 33 - 0.25 * np.arange(240) / 4 / 60
    assert alone(temperature_features, temp, 4.0) == pytest.approx({"temp_slope": -0.25})
    temp[60:200] = np.nan
    assert alone(temperature_features, temp, 4.0) == pytest.approx({"temp_slope": -0.25})
    temp[40:] = np.nan
    assert alone(temperature_features, temp, 4.0) == pytest.approx({"temp_slope": -0.25})
    temp[0] = np.nan
    assert np.isnan(alone(temperature_features, temp, 4.0)["temp_slope"])
    assert tuple(alone(temperature_features, temp, 4.0)) == TEMPERATURE_FEATURES
