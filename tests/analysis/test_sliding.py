"""Sliding sums, extremes and moments against plain NumPy and scipy on each window."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from wearaffect.analysis.sliding import Sliding


def walk(n, seed=0, width=2):
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.standard_normal((n, width)), axis=0)


def windows_of(values, sliding):
    padded = sliding.filled(values, np.nan)
    return [padded[s : s + sliding.length] for s in sliding.starts]


@settings(max_examples=40)
@given(
    length=st.sampled_from([8, 12, 48, 60]),
    hop=st.sampled_from([1, 2, 4, 7, 12, 100]),
    n=st.integers(60, 250),
)
def test_each_window_is_what_numpy_says_of_it(length, hop, n):
    values = walk(n)
    sliding = Sliding.on(np.arange(0, n - length + 1, hop), length, 4)
    filled = sliding.filled(values)
    sums, least = sliding.sums(filled), sliding.minima(filled)
    moments = sliding.moments(filled)
    for i, window in enumerate(windows_of(values, sliding)):
        np.testing.assert_allclose(sums[i], window.sum(axis=0), rtol=1e-12, atol=1e-10)
        np.testing.assert_array_equal(least[i], window.min(axis=0))
        np.testing.assert_allclose(moments.mean[i], window.mean(axis=0), rtol=1e-12, atol=1e-12)
        for k, part in ((2, moments.m2), (3, moments.m3), (4, moments.m4)):
            np.testing.assert_allclose(
                part[i] / length, stats.moment(window, k, axis=0), rtol=1e-9, atol=1e-9
            )


def test_a_small_spread_on_a_large_level_keeps_its_shape():
    """1e-3 of swing on a level of 1e3: prefix sums of fourth powers would keep no digit."""
    rng = np.random.default_rng(1)
    values = 1e3 + 1e-3 * rng.exponential(size=(4000, 1))
    sliding = Sliding.on(np.arange(0, 2000, 40), 1000, 8)
    moments = sliding.moments(sliding.filled(values))
    skewness = (moments.m3 / 1000) / (moments.m2 / 1000) ** 1.5
    expected = [stats.skew(window - 1e3)[0] for window in windows_of(values, sliding)]
    np.testing.assert_allclose(skewness[:, 0], expected, rtol=1e-6)


@pytest.mark.parametrize("hop", [40, 200])
def test_a_step_does_not_change_a_bit(hop):
    values = walk(8000, seed=2)
    fine, coarse = (Sliding.on(np.arange(0, 6000, h), 1600, 8) for h in (8, hop))
    record = fine.filled(values)
    for a, b in zip(fine.moments(record), coarse.moments(record[: coarse.n_samples]), strict=True):
        np.testing.assert_array_equal(a[:: hop // 8][: len(b)], b)


def test_missing_samples_count_for_nothing():
    values = walk(300, seed=3)
    values[100:140] = np.nan
    sliding = Sliding.on(np.arange(0, 240, 4), 60, 4)
    moments = sliding.moments(sliding.filled(values, np.nan))
    for i, window in enumerate(windows_of(values, sliding)):
        known = window[np.isfinite(window[:, 0])]
        assert moments.n[i, 0] == len(known)
        if len(known):
            np.testing.assert_allclose(moments.m2[i], known.var(axis=0) * len(known), atol=1e-9)
