"""Skin conductance: responses and features against closed forms and a participant's truth."""

import math

import numpy as np
import pytest
from signal_pieces import alone, info

from wearaffect.core.streams import SignalChunk, SignalKind
from wearaffect.physiology.participant import ParticipantSettings, simulate_participant
from wearaffect.signals.chain import ChainSettings
from wearaffect.signals.electrodermal import EDA_FEATURES, eda_features, find_scrs
from wearaffect.signals.filters import BandFilter

RATE = 4.0


def through(corners, values):
    """A level that runs straight from corner to corner."""
    return np.interp(np.arange(corners[-1] + 1), corners, values)


def test_rises_are_found_with_onset_peak_and_amplitude():
    level = through([0, 40, 48, 80, 88, 120, 124, 160], [2, 2, 2.5, 2.2, 2.229, 2.1, 2.131, 2.0])
    onset_s, peak_s, amplitude_us = find_scrs(level, RATE).T
    # the second rise is a hair below 0.03 µS, the third a hair above
    np.testing.assert_allclose(onset_s, [10, 30])
    np.testing.assert_allclose(peak_s, [12, 31])
    np.testing.assert_allclose(amplitude_us, [0.5, 0.031], atol=1e-12)


def test_a_plateau_on_the_way_up_splits_nothing():
    level = through([0, 20, 24, 40, 44, 80], [1, 1, 1.2, 1.2, 1.5, 1.0])
    ((onset_s, peak_s, amplitude_us),) = find_scrs(level, RATE)
    assert (onset_s, peak_s) == (5, 11)
    assert amplitude_us == pytest.approx(0.5)


def test_no_response_reaches_across_a_gap():
    plain = through([0, 100, 108, 130, 160], [1, 1, 1.4, 1, 1.0])
    stepped = plain + np.where(np.arange(161) > 80, 2.0, 0.0)
    for level in (plain, stepped):
        level[70:95] = np.nan
        ((onset_s, peak_s, amplitude_us),) = find_scrs(level, RATE)
        assert (onset_s, peak_s) == (25.0, 27.0)
        assert amplitude_us == pytest.approx(0.4)
    driver = [alone(eda_features, level, RATE)["eda_driver"] for level in (plain, stepped)]
    assert driver[0] == pytest.approx(driver[1])


@pytest.mark.parametrize("level", [np.full(100, np.nan), np.full(2, 1.0), np.empty(0)])
def test_nothing_is_found_in_nothing(level):
    assert find_scrs(level, RATE).shape == (0, 3)


def test_features_of_a_line_and_of_a_flat_level():
    t_min = np.arange(240) / RATE / 60
    features = alone(eda_features, 3 + 0.6 * t_min, RATE)
    assert set(features) == {row.name for row in EDA_FEATURES}
    assert features["eda_slope"] == pytest.approx(0.6)
    assert features["eda_level"] == pytest.approx(math.log(3.3), abs=1e-3)
    assert features["eda_sd"] == pytest.approx(math.log(0.6 / math.sqrt(12)), abs=0.01)
    assert features["scr_count"] == 1.0  # one rise that lasts a minute
    flat = alone(eda_features, np.full(240, 1.0), RATE)
    assert flat["eda_level"] == 0.0
    assert flat["eda_slope"] == 0.0
    assert flat["scr_count"] == 0.0
    assert flat["scr_amplitude"] == flat["scr_sum"] == math.log(0.03)
    assert flat["eda_sd"] == flat["eda_driver"] == math.log(1e-3)


def test_a_gap_leaves_the_slope_where_it_is():
    level = 3 + 0.6 * np.arange(240) / RATE / 60
    level[30:150] = np.nan
    assert alone(eda_features, level, RATE)["eda_slope"] == pytest.approx(0.6)


def test_ten_seconds_are_needed():
    level = np.full(240, np.nan)
    level[:39] = 1.0
    assert np.isnan(list(alone(eda_features, level, RATE).values())).all()
    level[39] = 1.0
    assert np.isfinite(list(alone(eda_features, level, RATE).values())).all()


def test_driver_is_the_input_of_a_one_pole_skin():
    t = np.arange(240) / RATE
    bursts = {4.0: 0.5, 17.5: 1.0, 33.0: 0.25, 45.0: 0.8}
    level = sum(a * np.where(t >= at, np.exp(-(t - at) / 2.77), 0.0) for at, a in bursts.items())
    per_second = sum(bursts.values()) / 60
    assert math.exp(alone(eda_features, level, RATE)["eda_driver"]) == pytest.approx(
        per_second, rel=0.15
    )
    counts = alone(eda_features, level, RATE)
    assert counts["scr_count"] == 4.0
    mean = math.exp(counts["scr_amplitude"])
    assert mean == pytest.approx(sum(bursts.values()) / 4, rel=0.01)
    assert math.exp(counts["scr_sum"]) - 0.03 == pytest.approx(sum(bursts.values()), rel=0.01)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_participants_bursts_are_found(seed):
    """Every burst that moves the skin by 0.05 µS, and no response without a burst."""
    recorded = simulate_participant(ParticipantSettings(seed=seed), 900)
    stream = info(SignalKind.EDA, RATE)
    stage = BandFilter(ChainSettings().bands[SignalKind.EDA], stream)
    level = stage(SignalChunk(stream, recorded.signals[SignalKind.EDA])).data[:, 0].astype(float)
    scrs = find_scrs(level, RATE)
    times_s, sizes_us = recorded.truth.scr_times_s, recorded.truth.scr_sizes_us
    # a burst of 1 µS raises the conductance by about 0.31 µS with the default time constants
    strong = times_s[0.31 * sizes_us > 0.05]
    assert len(strong) > 30
    found = [((scrs[:, 0] <= t + 1.5) & (scrs[:, 1] >= t + 0.5)).any() for t in strong]
    caused = [((times_s >= a - 2.5) & (times_s <= b)).any() for a, b, _ in scrs]
    assert np.mean(found) >= 0.97
    assert np.mean(caused) >= 0.97
