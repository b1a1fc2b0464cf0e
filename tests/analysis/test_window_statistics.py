"""Statistics of windows against numpy and scipy, one window at a time."""

import numpy as np
import pytest
from scipy import signal, stats

from wearaffect.analysis.sliding import Sliding
from wearaffect.analysis.window_statistics import STATISTICS, statistics_in_windows

LENGTH, HOP = 480, 40


def expected(x):
    """Each statistic by somebody else's code."""
    step = x[3:] < x[:-3]
    singular = np.linalg.svd(np.stack([x[:-3], x[3:]], axis=1), compute_uv=False)
    one_sign = (x >= 0).all() or (x <= 0).all()
    return {
        "mean": x.mean(),
        "std": x.std(),
        "min": x.min(),
        "max": x.max(),
        "ptp": np.ptp(x),
        "sum": x.sum(),
        "energy": (x**2).sum(),
        "skewness": stats.skew(x),
        "kurtosis": stats.kurtosis(x),
        "peaks": len(signal.find_peaks(x)[0]),
        "rms": np.linalg.norm(x) / np.sqrt(x.size),
        "lineintegral": np.abs(np.diff(x)).sum(),
        "n_above_mean": (x > x.mean()).sum(),
        "n_below_mean": (x < x.mean()).sum(),
        "n_sign_changes": (np.diff(np.sign(x)) != 0).sum(),
        "iqr": stats.iqr(x),
        "iqr_5_95": stats.iqr(x, rng=(5, 95)),
        "pct_5": np.percentile(x, 5),
        "pct_95": np.percentile(x, 95),
        "entropy": stats.entropy(np.abs(x)) if one_sign else np.nan,
        "perm_entropy": stats.entropy([step.mean(), 1 - step.mean()], base=2),
        "svd_entropy": stats.entropy(singular, base=2),
    }


def record(seed):
    """Three kinds of channel: one-signed, swinging through zero, coarse steps with flat tops."""
    rng = np.random.default_rng(seed)
    t = np.arange(3000) / 32
    level = 5 + np.cumsum(0.01 * rng.standard_normal(t.size))
    swing = np.sin(t) + 0.3 * rng.standard_normal(t.size)
    coarse = np.round(8 * np.sin(2 * t)) / 64
    return np.stack([level, swing, coarse], axis=1)


@pytest.mark.parametrize("seed", range(3))
def test_every_statistic_of_every_window(seed):
    values = record(seed)
    sliding = Sliding.on(np.arange(0, 3000 - LENGTH + 1, 4 * HOP), LENGTH, 8)
    found = statistics_in_windows(values, sliding)
    assert [*found] == [row.name for row in STATISTICS]
    for i, start in enumerate(sliding.starts):
        for channel in range(3):
            for name, value in expected(values[start : start + LENGTH, channel]).items():
                loose = 1e-6 if name in {"skewness", "kurtosis"} else 1e-9
                assert found[name][i, channel] == pytest.approx(
                    value, rel=loose, abs=1e-12, nan_ok=True
                ), name


def test_a_gap_is_passed_over():
    values = record(0)[:, :1]
    whole = values.copy()
    values[500:900] = np.nan
    sliding = Sliding.on(np.arange(0, 2000, HOP), LENGTH, 8)
    found = statistics_in_windows(values, sliding)
    for i, start in enumerate(sliding.starts):
        kept = values[start : start + LENGTH, 0]
        kept = kept[np.isfinite(kept)]
        for name in ("mean", "std", "min", "max", "sum", "iqr", "pct_95", "n_above_mean"):
            assert found[name][i, 0] == pytest.approx(expected(kept)[name], rel=1e-9), name
    assert found["lineintegral"][0, 0] == pytest.approx(np.abs(np.diff(whole[:480, 0])).sum())


@pytest.mark.parametrize("level", [0.0, 3.7, -2.0, 1e9])
def test_a_constant_has_no_shape(level):
    sliding = Sliding.on(np.array([0, 40]), LENGTH, 8)
    found = statistics_in_windows(np.full((600, 1), level), sliding)
    assert np.isnan(found["skewness"]).all()
    assert np.isnan(found["kurtosis"]).all()
    for name in ("std", "ptp", "iqr", "lineintegral", "peaks", "n_above_mean", "n_below_mean"):
        assert (found[name] == 0).all(), name
    assert found["mean"] == pytest.approx(level)


def test_where_nothing_is_known_nothing_is_said():
    values = np.full((600, 1), np.nan)
    values[:100] = 1.0
    sliding = Sliding.on(np.array([0, 120, 5000]), LENGTH, 8)
    found = statistics_in_windows(values, sliding)
    for name, column in found.items():
        assert np.isnan(column[1:]).all(), name
    assert found["mean"][0, 0] == 1.0
