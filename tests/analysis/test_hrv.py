"""Heart rate variability: against NeuroKit2, closed forms, and one window at a time."""

import math
import statistics
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from neurokit_peer import hrv

from wearaffect.analysis.hrv import (
    HRV_FREQUENCY,
    HRV_TIME,
    hrv_frequency,
    hrv_frequency_welch,
    hrv_in_windows,
    hrv_nonlinear,
    hrv_time,
)
from wearaffect.analysis.hrv_frequency import lomb_density
from wearaffect.analysis.pulse import clean_bvp, find_systolic_peaks
from wearaffect.core.errors import MissingExtraError
from wearaffect.core.streams import SignalKind
from wearaffect.recording.opening import open_session


def beating(count, *waves, mean_s=0.8):
    """Beats whose intervals swing: each wave is a frequency in Hz and a height in seconds."""
    times_s = [0.0]
    for _ in range(count):
        sway = sum(high * math.sin(2 * math.pi * hz * times_s[-1]) for hz, high in waves)
        times_s.append(times_s[-1] + mean_s + sway)
    return np.array(times_s)


def irregular(seed, count=400):
    return np.cumsum(np.random.default_rng(seed).normal(0.8, 0.06, count))


@pytest.fixture(scope="module")
def peaks(example_recording):
    """Real beats, with what motion does to them."""
    session = open_session(example_recording)
    bvp = session.require(SignalKind.BVP).samples()[1][:, 0].astype(float)
    return find_systolic_peaks(clean_bvp(bvp, 64.0), 64.0)


@pytest.mark.parametrize(
    "part", [slice(None), slice(0, 900), slice(300, 380), slice(500, 540), slice(40, 44)]
)
def test_time_domain_is_neurokits_on_a_recording(peaks, part):
    expected = hrv("hrv_time", peaks[part], 64)
    found = hrv_time(peaks[part] / 64)
    assert tuple(found) == tuple(expected) == HRV_TIME
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("rate", [4.0, 64.0, 100.0, 128.0, 1000.0])
def test_time_domain_is_neurokits_where_steps_fall_on_borders(rate):
    """Grids on which many steps are 20 or 50 ms to the last bit, and intervals lie between bins."""
    steps = np.random.default_rng(int(rate)).integers(int(0.7 * rate), int(0.9 * rate) + 2, 500)
    found = hrv_time(np.cumsum(steps) / rate)
    expected = hrv("hrv_time", np.cumsum(steps), rate)
    if rate == 100.0:  # where a beat ends a minute to the last bit, its rounding takes sides
        for name in [name for name in HRV_TIME if name.startswith(("hrv_sdann", "hrv_sdnni"))]:
            assert found.pop(name) == pytest.approx(expected.pop(name), rel=0.05, nan_ok=True)
    assert found == pytest.approx(expected, rel=1e-9, nan_ok=True)


@given(st.lists(st.sampled_from([40, 45, 48, 50, 51, 52, 60, 96, 200]), min_size=4, max_size=60))
def test_the_triangle_is_neurokits_for_any_histogram(steps):
    assume(len(set(steps)) > 1)
    beats = np.cumsum([0, *steps])
    found, expected = hrv_time(beats / 64), hrv("hrv_time", beats, 64)
    for name in ("hrv_hti", "hrv_tinn", "hrv_minnn", "hrv_maxnn"):
        assert found[name] == pytest.approx(expected[name], rel=1e-12)


def test_time_domain_follows_its_definitions():
    beats_s = irregular(3)
    ms = (1000 * np.diff(beats_s)).tolist()
    steps = [b - a for a, b in pairwise(ms)]
    median = statistics.median(ms)
    found = hrv_time(beats_s)
    assert found["hrv_meannn"] == pytest.approx(statistics.fmean(ms))
    assert found["hrv_sdnn"] == pytest.approx(statistics.stdev(ms))
    assert found["hrv_rmssd"] == pytest.approx(math.sqrt(statistics.fmean(s * s for s in steps)))
    assert found["hrv_sdsd"] == pytest.approx(statistics.stdev(steps))
    assert found["hrv_mediannn"] == pytest.approx(median)
    spread = statistics.median(abs(value - median) for value in ms)
    assert found["hrv_madnn"] == pytest.approx(1.4826 * spread)
    beyond = sum(abs(step) > 50 for step in steps)
    assert found["hrv_pnn50"] == pytest.approx(100 * beyond / len(ms))


def test_a_heart_that_alternates():
    """Intervals of 750 and 850 ms: each step is 100 ms, each deviation 50."""
    found = hrv_time(np.cumsum([0.75, 0.85] * 100))
    assert found["hrv_rmssd"] == pytest.approx(100)
    assert found["hrv_sdnn"] == pytest.approx(50, rel=0.01)
    assert found["hrv_pnn20"] == pytest.approx(100, rel=0.01)
    assert found["hrv_hti"] == pytest.approx(2, rel=0.01)


def test_intervals_that_do_not_count_leave_no_trace():
    """Two missed beats change nothing but the number of steps."""
    whole_s = beating(300, (0.1, 0.03))
    holes = [60, 200]
    torn_s = np.delete(whole_s, holes)
    usable = np.diff(torn_s) < 1.2
    found = hrv_time(torn_s, usable=usable)
    ms = 1000 * np.diff(torn_s)
    left = [i for i in range(ms.size) if usable[i]]
    steps = [ms[i + 1] - ms[i] for i in left[:-1] if usable[i + 1]]
    assert len(left) - len(steps) == 3  # three runs
    assert found["hrv_rmssd"] == pytest.approx(np.sqrt(np.mean(np.square(steps))))
    assert found["hrv_maxnn"] < 840
    assert found["hrv_sdnn"] == pytest.approx(hrv_time(whole_s)["hrv_sdnn"], rel=0.02)
    tuned = hrv_frequency(torn_s, usable=usable)
    assert tuned["hrv_lf"] == pytest.approx(hrv_frequency(whole_s)["hrv_lf"], rel=0.1)
    assert hrv_frequency(torn_s)["hrv_lf"] > 1.5 * tuned["hrv_lf"]


@pytest.mark.parametrize("estimate", [hrv_frequency, hrv_frequency_welch])
@pytest.mark.parametrize(("hz", "band"), [(0.02, "vlf"), (0.1, "lf"), (0.26, "hf")])
def test_a_swing_shows_in_its_band_with_its_variance(estimate, hz, band):
    """A sine of height A has the variance A²/2, of which nothing is left for the other bands."""
    found = estimate(beating(750, (hz, 0.03)))
    shares = {name: found[f"hrv_{name}"] / 450 for name in ("vlf", "lf", "hf")}
    # the spline is what loses power near half the heart's rate
    assert shares.pop(band) == pytest.approx(1, abs=0.15)
    assert max(shares.values()) < 0.06


def test_powers_add_up():
    found = hrv_frequency(beating(900, (0.1, 0.04), (0.25, 0.02)))
    lf, hf = found["hrv_lf"], found["hrv_hf"]
    assert found["hrv_tp"] == pytest.approx(found["hrv_ulf"] + found["hrv_vlf"] + lf + hf)
    assert lf / hf == pytest.approx(4, rel=0.1)
    assert found["hrv_lfhf"] == pytest.approx(lf / hf)
    assert found["hrv_lfn"] == pytest.approx(lf / (lf + hf))
    assert found["hrv_lfn"] + found["hrv_hfn"] == pytest.approx(1)
    assert found["hrv_lnhf"] == pytest.approx(math.log(hf))


@given(st.integers(0, 10_000), st.integers(3, 80), st.floats(0.2, 3))
def test_parseval(seed, count, step_s):
    """On an even grid the density sums to the variance, which the periodogram shares out."""
    values = np.random.default_rng(seed).normal(800, 50, count)
    step_hz = 1 / (count * step_s)
    frequencies = step_hz * np.arange(1, count // 2 + 1)
    whole = np.array([0]), np.array([count])
    (density,) = lomb_density(step_s * np.arange(count), [values], *whole, frequencies)
    assert density.sum() * step_hz == pytest.approx(values.var(), rel=1e-6)


def test_the_periodogram_is_scargles():
    """His formula with the offset τ, one frequency at a time."""
    times_s = irregular(7, 90)
    values = np.random.default_rng(8).normal(size=90)
    frequencies = np.arange(1, 40) / 70
    whole = np.array([0]), np.array([90])
    (density,) = lomb_density(times_s, [values], *whole, frequencies)
    y = values - values.mean()
    for hz, found in zip(frequencies, density[0], strict=True):
        turn = 2 * math.pi * hz
        tau = math.atan2(np.sin(2 * turn * times_s).sum(), np.cos(2 * turn * times_s).sum())
        cos, sin = (f(turn * times_s - tau / 2) for f in (np.cos, np.sin))
        power = ((y @ cos) ** 2 / (cos @ cos) + (y @ sin) ** 2 / (sin @ sin)) / 2
        assert found == pytest.approx(2 * power * np.ptp(times_s) / 89, rel=1e-9)


@pytest.mark.parametrize(("window_s", "hop_s"), [(60.0, 0.25), (60.0, 5.0), (300.0, 20.0)])
def test_windows_give_what_their_beats_give(peaks, window_s, hop_s):
    beats_s = peaks / 64
    starts_s = np.arange(0, beats_s[-1], hop_s)
    usable = np.diff(beats_s) < 1.5
    found = hrv_in_windows(beats_s, starts_s, window_s, usable=usable)
    assert tuple(found) == HRV_TIME + HRV_FREQUENCY
    for i in np.random.default_rng(9).integers(0, starts_s.size, 60):
        first, last = np.searchsorted(beats_s, [starts_s[i], starts_s[i] + window_s])
        part, flags = beats_s[first:last], usable[first : max(first, last - 1)]
        alone = hrv_time(part, usable=flags)
        alone |= hrv_frequency(part, usable=flags, window_s=window_s)
        assert {name: values[i] for name, values in found.items()} == pytest.approx(
            alone, rel=1e-9, nan_ok=True
        )


def test_windows_come_in_any_order_and_hops_coincide(peaks):
    starts_s = np.arange(0, 600, 5.0)
    coarse = hrv_in_windows(peaks / 64, starts_s[::-1], 60.0)
    fine = hrv_in_windows(peaks / 64, np.arange(0, 600, 0.25), 60.0)
    for name, values in coarse.items():
        np.testing.assert_array_equal(values[::-1], fine[name][::20])


@pytest.mark.parametrize("window_s", [60.0, 300.0])
def test_a_window_has_the_same_bits_in_any_company(peaks, window_s):
    beats_s = peaks / 64
    usable = np.diff(beats_s) < 1.5
    starts_s = np.arange(0, beats_s[-1], 0.75)
    together = hrv_in_windows(beats_s, starts_s, window_s, usable=usable)
    for some in (slice(0, 1), slice(700, 701), slice(0, None, 7), slice(300, 900)):
        fewer = hrv_in_windows(beats_s, starts_s[some], window_s, usable=usable)
        for name, values in fewer.items():
            np.testing.assert_array_equal(values, together[name][some], err_msg=name)


def test_what_a_window_is_too_short_for_is_not_given():
    found = hrv_in_windows(irregular(1), [0.0, 300.0, 320.2, 1000.0], 60.0)
    assert np.isnan(found["hrv_ulf"]).all()
    assert np.isnan(found["hrv_sdann1"]).all()
    assert np.isfinite(found["hrv_rmssd"]).tolist() == [True, True, False, False]
    for count in range(3):
        few = hrv_time(0.8 * np.arange(count)) | hrv_frequency(0.8 * np.arange(count))
        assert np.isnan(list(few.values())).all()
    three = hrv_time([0.0, 0.8, 1.7])
    assert three["hrv_rmssd"] == pytest.approx(100)
    assert math.isnan(three["hrv_sdsd"])
    assert all(values.shape == (0,) for values in hrv_in_windows([], [], 60.0).values())
    assert np.isnan(list(hrv_frequency_welch(0.8 * np.arange(4)).values())).all()


def test_a_heart_like_a_clock():
    found = hrv_in_windows(0.8 * np.arange(200), np.arange(0, 90, 10.0), 60.0)
    assert found["hrv_sdnn"] == pytest.approx(0, abs=1e-9)
    assert found["hrv_hf"] == pytest.approx(0, abs=1e-9)
    assert np.isnan(found["hrv_lfhf"]).all()
    assert not found["hrv_pnn20"].any()


@pytest.mark.parametrize(
    "call",
    [
        lambda: hrv_time([0.0, 0.8, 0.8]),
        lambda: hrv_time([0.0, np.nan, 0.8]),
        lambda: hrv_time(np.ones((3, 3))),
        lambda: hrv_time([0.0, 0.8, 1.6], usable=[True]),
        lambda: hrv_frequency([0.0, 0.8, 1.6], window_s=0),
        lambda: hrv_in_windows([0.0, 0.8, 1.6], [0.0], -1),
        lambda: hrv_in_windows([0.0, 0.8, 1.6], [np.inf], 60),
        lambda: hrv_nonlinear(0.8 * np.arange(8)),
    ],
)
def test_wrong_arguments_are_named(call):
    with pytest.raises(ValueError, match="expected"):
        call()


def test_nonlinear_figures_come_from_neurokit():
    """The axes of the Poincaré plot follow from variances of steps and of intervals."""
    beats_s = irregular(11, 120)
    found = hrv_nonlinear(beats_s)
    plain = hrv_time(beats_s)
    assert all(name.startswith("hrv_") and name == name.lower() for name in found)
    assert len(found) > 40
    assert found["hrv_sd1"] == pytest.approx(plain["hrv_sdsd"] / math.sqrt(2), rel=1e-3)
    long = math.sqrt(2 * plain["hrv_sdnn"] ** 2 - found["hrv_sd1"] ** 2)
    assert found["hrv_sd2"] == pytest.approx(long, rel=0.02)


def test_without_neurokit_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "neurokit2", None)
    with pytest.raises(MissingExtraError, match="pip install 'wearaffect\\[neurokit\\]'"):
        hrv_nonlinear(irregular(1))


@pytest.mark.parametrize("unit", [1e3, 1e6, 1e-3])
def test_beats_in_another_unit_are_refused_before_they_fill_the_memory(unit):
    beats = unit * 0.8 * np.arange(4500)
    for function in (hrv_time, hrv_frequency, hrv_frequency_welch):
        with pytest.raises(ValueError, match="expected beat times in seconds"):
            function(beats)
