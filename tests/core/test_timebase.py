"""Seconds, samples and clocks, against arithmetic that never sees a float."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wearaffect.core.timebase import (
    NS_PER_S,
    n_samples,
    ns_from_s,
    s_from_ns,
    sample_at,
    sample_times_ns,
)

RATES = (1, 4, 8, 32, 64, 130, 256, 700)
rates = st.sampled_from(RATES)


@pytest.mark.parametrize("rate", RATES)
def test_seconds_become_samples_as_in_whole_centiseconds(rate: int) -> None:
    wrong = [c for c in range(1, 6001) if n_samples(c / 100, float(rate)) != c * rate // 100]
    assert wrong == []


@given(rate=rates, count=st.integers(0, 10**7))
def test_a_number_of_samples_survives_as_seconds(rate: int, count: int) -> None:
    assert n_samples(count / rate, float(rate)) == count


def test_the_case_that_started_it() -> None:
    assert int(0.7 * 700) == 489
    assert n_samples(0.7, 700.0) == 490


@pytest.mark.parametrize(("seconds", "rate"), [(-1.0, 4.0), (1.0, 0.0), (1.0, -4.0), (1.0, np.nan)])
def test_impossible_durations_and_rates_are_refused(seconds: float, rate: float) -> None:
    with pytest.raises(ValueError, match="expected"):
        n_samples(seconds, rate)


@pytest.mark.parametrize("seconds", [np.nan, np.inf])
def test_time_is_finite(seconds: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        ns_from_s(seconds)
    with pytest.raises(ValueError, match="finite"):
        n_samples(seconds, 4.0)


@given(milliseconds=st.integers(-(10**12), 10**12))
def test_milliseconds_keep_every_digit(milliseconds: int) -> None:
    assert ns_from_s(milliseconds / 1000) == milliseconds * 1_000_000
    assert s_from_ns(milliseconds * 1_000_000) == milliseconds / 1000


@pytest.mark.parametrize("rate", RATES)
def test_sample_times_do_not_drift_in_a_day(rate: int) -> None:
    count = 86_400 * rate + 1
    if count > 6_000_000:  # an hour is enough where a day would be half a gigabyte
        count = 3_600 * rate + 1
    times = sample_times_ns(7, count, float(rate))
    assert times.dtype == np.int64
    for index in (0, 1, 2, rate - 1, rate, count // 3, count - 2, count - 1):
        assert times[index] == 7 + index * NS_PER_S // rate
    steps = np.unique(np.diff(times))
    assert steps.max() - steps.min() <= 1


def test_a_rate_with_decimals_is_meant_as_written() -> None:
    times = sample_times_ns(0, 64_006 * 100 + 1, 64.006)
    assert times[64_006] == 1_000 * NS_PER_S
    assert times[-1] == 100_000 * NS_PER_S


@given(
    rate=rates,
    start=st.integers(-(2**50), 2**50),
    index=st.integers(0, 10**6),
    ahead=st.integers(-2, 2),
)
def test_sample_at_finds_the_first_sample_not_before(
    rate: int, start: int, index: int, ahead: int
) -> None:
    # exact time of sample i is start + i / rate: compare by cross-multiplication
    time = start + index * NS_PER_S // rate + ahead
    found = sample_at(time, start, float(rate))
    assert found * NS_PER_S >= (time - start) * rate
    assert found == 0 or (found - 1) * NS_PER_S < (time - start) * rate


@given(rate=rates, start=st.integers(0, 2**50), a=st.integers(0, 10**6), b=st.integers(0, 10**6))
def test_cuts_at_sample_times_lose_and_double_nothing(
    rate: int, start: int, a: int, b: int
) -> None:
    low, high = sorted((a, b))
    edges = [start + i * NS_PER_S // rate for i in (low, high)]
    first, last = (sample_at(edge, start, float(rate)) for edge in edges)
    assert (first, last) == (low, high)
