"""Sums and order statistics over many ranges, against one range at a time."""

from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wearaffect.analysis.ranges import (
    batches,
    mean_and_sd,
    most_within,
    range_sums,
    ranges_of_windows,
    rows_of,
)
from wearaffect.signals.rows import quantile


@st.composite
def ranged(draw, least=0):
    """A sequence with ranges of it."""
    size = draw(st.integers(1 + least, 60))
    values = draw(st.lists(st.integers(-1000, 1000), min_size=size, max_size=size))
    pairs = st.tuples(st.integers(0, size - least), st.integers(least, size))
    ranges = draw(st.lists(pairs, min_size=1, max_size=30))
    ranges = [(a, max(a + least, b)) for a, b in ranges]
    first, last = np.array(ranges).T
    return np.array(values) / 8, first, last


@given(ranged())
def test_sums_mean_and_deviation(made):
    values, first, last = made
    both = np.stack([values, values**2], axis=1)
    sums = range_sums(both, first, last)
    mean, sd = mean_and_sd(values, first, last)
    for i, (a, b) in enumerate(zip(first, last, strict=True)):
        assert np.array_equal(sums[i], both[a:b].sum(axis=0))  # eighths add up without rounding
        assert np.isnan(mean[i]) == (a == b)
        assert np.isnan(sd[i]) == (b - a < 2)
        if b > a:
            assert mean[i] == pytest.approx(np.mean(values[a:b]))
        if b - a > 1:
            assert sd[i] == pytest.approx(np.std(values[a:b], ddof=1))


@given(ranged(least=1), st.floats(0, 1))
def test_quantiles(made, share):
    values, first, last = made
    rows, inside = rows_of(values, first, last)
    assert np.array_equal(inside.sum(axis=1), last - first)
    rows.sort(axis=1)
    found = quantile(rows, last - first, share)
    expected = [np.quantile(values[a:b], share) for a, b in zip(first, last, strict=True)]
    assert found == pytest.approx(np.array(expected))


@given(st.lists(st.integers(0, 50), max_size=80), st.integers(1, 200))
def test_batches_hold_every_row_once_and_stay_small(widths, cells):
    groups = [group.tolist() for group in batches(np.array(widths, dtype=np.int64), cells)]
    assert sorted(chain.from_iterable(groups)) == list(range(len(widths)))
    for group in groups:
        assert len(group) == 1 or len(group) * max(widths[i] for i in group) <= cells


def test_what_is_far_away_does_not_round_off_what_is_near():
    values = np.concatenate([np.full(1000, 1e12), np.full(1000, 0.1)])[:, None]
    sums = range_sums(values, np.array([1500, 1900]), np.array([1510, 1910]))
    assert sums[:, 0] == pytest.approx([1.0, 1.0], rel=1e-14)


def test_missing_values_are_left_out():
    values = np.array([np.nan, 1.0, 3.0, np.nan, np.nan, 5.0])
    mean, sd = mean_and_sd(values, np.array([0, 0, 3]), np.array([6, 4, 5]))
    assert mean[:2].tolist() == [3.0, 2.0]
    assert sd[:2] == pytest.approx([2.0, 2**0.5])
    assert np.isnan([mean[2], sd[2]]).all()


@given(st.lists(st.integers(0, 200), max_size=40, unique=True), st.integers(1, 50))
def test_windows_hold_what_lies_in_them(times, length):
    times_s = np.sort(np.array(times, dtype=float)) / 4
    starts_s = np.arange(60, -10, -0.75)
    first, last, where = ranges_of_windows(times_s, starts_s, length / 4)
    assert len(set(zip(first.tolist(), last.tolist(), strict=True))) == first.size
    for i, start_s in enumerate(starts_s):
        held = times_s[first[where[i]] : last[where[i]]].tolist()
        assert held == [t for t in times_s if start_s <= t < start_s + length / 4]


@pytest.mark.parametrize(("starts", "window_s"), [([np.nan], 1.0), ([0.0], 0.0), ([[0.0]], 1.0)])
def test_wrong_windows_are_named(starts, window_s):
    with pytest.raises(ValueError, match="expected finite starts and window_s > 0"):
        ranges_of_windows(np.arange(5.0), starts, window_s)


@given(st.lists(st.integers(0, 200), max_size=40, unique=True), st.integers(1, 50))
def test_no_window_holds_more_than_the_most(times, length):
    times_s = np.sort(np.array(times, dtype=float)) / 4
    held = [np.sum((times_s >= at) & (times_s < at + length / 4)) for at in np.arange(-5, 55, 0.25)]
    assert most_within(times_s, length / 4) == max(held)


@given(ranged(least=1), st.integers(1, 80))
def test_sums_and_deviations_have_the_same_bits_in_any_company(made, width):
    values, first, last = made
    uneven = np.stack([values / 7, np.sin(values)], axis=1)
    width = max(width, int((last - first).max()))
    together = range_sums(uneven, first, last, width), *mean_and_sd(uneven[:, 0], first, last)
    for i in range(first.size):
        own = first[i : i + 1], last[i : i + 1]
        alone = range_sums(uneven, *own, width), *mean_and_sd(uneven[:, 0], *own)
        for one, many in zip(alone, together, strict=True):
            np.testing.assert_array_equal(one[0], many[i])
