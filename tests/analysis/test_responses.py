"""Responses against corners that are drawn by hand and against a closed form."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wearaffect.analysis.convex_eda import decompose_eda
from wearaffect.analysis.responses import find_responses

RATE = 4.0
# exp(-t/2) - exp(-t/0.7) peaks where its slope is zero: t = ln(2/0.7) / (1/0.7 - 1/2)
RISE_S = math.log(2 / 0.7) / (1 / 0.7 - 1 / 2)
PEAK = math.exp(-RISE_S / 2) - math.exp(-RISE_S / 0.7)


def through(corners, values):
    """A level that runs straight from corner to corner."""
    return np.interp(np.arange(corners[-1] + 1), corners, values)


def bursts(rate, times_s, sizes_us, duration_s):
    """Responses of shape exp(-t/2) - exp(-t/0.7), scaled to their sizes."""
    t = np.arange(round(duration_s * rate)) / rate
    signal = np.zeros(t.size)
    for at, size in zip(times_s, sizes_us, strict=True):
        since = np.clip(t - at, 0, None)
        signal += size * (np.exp(-since / 2) - np.exp(-since / 0.7)) / PEAK
    return signal


def test_onset_peak_amplitude_rise_and_recovery():
    level = through([0, 40, 48, 80, 88, 120, 124, 160], [0, 0, 0.5, 0.1, 0.129, 0.1, 0.131, 0.0])
    found = find_responses(level, RATE)
    # the second rise is a hair below 0.03 µS, the third a hair above
    np.testing.assert_allclose(found.onset_s, [10, 30])
    np.testing.assert_allclose(found.peak_s, [12, 31])
    np.testing.assert_allclose(found.rise_s, [2, 1])
    np.testing.assert_allclose(found.amplitude_us, [0.5, 0.031])
    # down 0.4 in 32 samples: 0.25 after 20; down 0.131 in 36: 0.0155 after 4.26
    np.testing.assert_allclose(found.recovery_s, [5, 0.0155 / 0.131 * 9], rtol=1e-9)
    assert len(find_responses(level, RATE, threshold_us=0.02)) == 3
    assert len(find_responses(level, RATE, threshold_us=0.6)) == 0


def test_one_amplitude_is_measured_and_tested():
    """A slow start of less than 1 % of the way up isn't part of the response."""
    level = through([0, 8, 12, 40], [0, 0.002, 0.302, 0])
    found = find_responses(level, RATE)
    np.testing.assert_allclose(found.onset_s, [2])
    np.testing.assert_allclose(found.amplitude_us, [0.3])
    np.testing.assert_allclose(found.recovery_s, [0.15 / 0.302 * 7])
    assert len(find_responses(level, RATE, threshold_us=0.301)) == 0
    assert len(find_responses(level, RATE, threshold_us=0.299)) == 1


def test_recovery_is_unknown_when_the_next_response_or_the_end_comes_first():
    found = find_responses(through([0, 4, 8, 12, 20, 24], [0, 1, 0.6, 2, 0, 0]), RATE)
    np.testing.assert_allclose(found.recovery_s, [math.nan, 0.7 / 2 * 2])
    cut = find_responses(through([0, 4, 6], [0, 1, 0.6]), RATE)
    assert math.isnan(cut.recovery_s.item())


def test_a_plateau_splits_nothing_and_peaks_where_it_begins():
    found = find_responses(
        through([0, 20, 24, 40, 44, 50, 80], [0, 0, 0.2, 0.2, 0.5, 0.5, 0]), RATE
    )
    assert (found.onset_s.item(), found.peak_s.item()) == (5, 11)


@pytest.mark.parametrize("rate", [4.0, 100.0])
def test_the_published_response_has_its_known_times(rate):
    found = find_responses(bursts(rate, [10, 40], [0.4, 0.05], 60), rate)
    np.testing.assert_allclose(found.onset_s, [10, 40], atol=1 / rate)
    np.testing.assert_allclose(found.rise_s, RISE_S, atol=1.01 / rate)
    np.testing.assert_allclose(found.amplitude_us, [0.4, 0.05], rtol=0.02)
    t = np.arange(0, 20, 1e-4)
    shape = np.exp(-t / 2) - np.exp(-t / 0.7)
    half_s = t[(t > RISE_S) & (shape <= shape.max() / 2)][0] - RISE_S
    np.testing.assert_allclose(found.recovery_s, half_s, atol=1.1 / rate)


@pytest.mark.parametrize("rate", [4.0, 100.0])
def test_responses_come_out_of_a_decomposition(rate):
    t = np.arange(round(120 * rate)) / rate
    clean = bursts(rate, [15, 50, 90], [0.5, 0.2, 1.0], 120)
    parts = decompose_eda(5 + 0.002 * t + clean, rate)
    found = parts.responses(threshold_us=0.05)
    at = np.abs(found.onset_s[:, None] - [15, 50, 90]).argmin(axis=0)
    np.testing.assert_allclose(found.onset_s[at], [15, 50, 90], atol=0.6)
    np.testing.assert_allclose(found.amplitude_us[at], [0.5, 0.2, 1.0], rtol=0.15)
    np.testing.assert_array_equal(
        found.peak_s, find_responses(parts.phasic, rate, threshold_us=0.05).peak_s
    )


def test_a_gap_ends_a_recovery_and_hides_a_rise():
    level = through([0, 20, 24, 60, 64, 100], [0, 0, 1, 0, 1, 0])
    level[26:30] = np.nan
    level[58:66] = np.nan
    found = find_responses(level, RATE)
    np.testing.assert_allclose(found.onset_s, [5])
    assert math.isnan(found.recovery_s.item())


@pytest.mark.parametrize(
    "level", [np.empty(0), np.full(50, np.nan), np.full(50, 2.0), np.arange(50.0), [0.0], [0, 1.0]]
)
def test_nothing_is_found_in_nothing(level):
    assert len(find_responses(level, RATE)) == 0


@pytest.mark.parametrize(
    ("level", "rate", "threshold_us", "name"),
    [
        (np.zeros((3, 2)), 4.0, 0.03, "shape"),
        (np.zeros(3), 0.0, 0.03, "sampling_rate"),
        (np.zeros(3), math.nan, 0.03, "sampling_rate"),
        (np.zeros(3), 4.0, -0.01, "threshold_us"),
    ],
)
def test_wrong_arguments_are_named(level, rate, threshold_us, name):
    with pytest.raises(ValueError, match=name):
        find_responses(level, rate, threshold_us=threshold_us)


@given(
    st.lists(st.floats(-1, 1, allow_subnormal=False) | st.just(math.nan), max_size=60),
    st.floats(0.01, 0.5),
)
def test_every_response_is_a_rise_of_the_signal(values, threshold_us):
    level = np.array(values)
    found = find_responses(level, 1.0, threshold_us=threshold_us)
    assert (np.diff(found.peak_s) > 0).all()
    assert (found.amplitude_us >= threshold_us).all()
    assert (found.onset_s[1:] >= found.peak_s[:-1]).all()
    for onset, peak, size in zip(
        found.onset_s.astype(int), found.peak_s.astype(int), found.amplitude_us, strict=True
    ):
        inside = level[onset : peak + 1]
        assert (np.diff(inside) >= 0).all()
        assert inside[-1] - inside[0] == pytest.approx(size)
