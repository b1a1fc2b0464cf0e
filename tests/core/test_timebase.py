"""Seconds, samples and clocks, against arithmetic that never sees a float."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wearaffect.core.timebase import (
    NS_PER_S,
    ClockMap,
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


def radio(seed: int, rate_ppm: float, seconds: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Simulate a radio that is never early: device stamps, arrivals, and true host times.

    A packet each 62.5 ms waits up to a connection interval of 30 ms, 5 % are repeated in later
    intervals, and every 45 s the link stalls for 0.8 s.
    """
    rng = np.random.default_rng(seed)
    device = np.arange(seconds * 16, dtype=np.int64) * 62_500_000 + 3_600 * NS_PER_S
    drift = np.rint((device - device[0]) * rate_ppm * 1e-6).astype(np.int64)
    host = device + drift + 77 * NS_PER_S
    ready_s = (host - host[0]) / NS_PER_S
    repeats = rng.geometric(0.95, device.size) - 1
    sent_s = ready_s + 0.03 * (rng.uniform(size=device.size) + repeats) + 0.0015
    sent_s = np.where(ready_s % 45 < 0.8, np.maximum(sent_s, ready_s // 45 * 45 + 0.8), sent_s)
    late_ns = np.rint((np.maximum.accumulate(sent_s) - ready_s) * NS_PER_S).astype(np.int64)
    return device, host + late_ns, host


@pytest.mark.parametrize(
    ("seconds", "rate_bar_ppm", "residual_bar_ms"), [(60, 30.0, 2.0), (300, 5.0, 1.0)]
)
@pytest.mark.parametrize("rate_ppm", [-200.0, -20.0, 0.0, 50.0, 200.0])
def test_clock_map_sees_through_a_radio(
    seconds: int, rate_bar_ppm: float, residual_bar_ms: float, rate_ppm: float
) -> None:
    for seed in range(8):
        device, arrival, host = radio(seed, rate_ppm, seconds)
        fit = ClockMap.fit(device, arrival)
        assert abs(fit.rate_ppm - rate_ppm) <= rate_bar_ppm
        late_ms = np.array([fit.to_host_ns(int(d)) for d in device]) / 1e6 - host / 1e6
        # one way the shortest delay can't be seen: it stays as a constant, never negative
        assert np.median(late_ms) > 0
        assert np.quantile(np.abs(late_ms - np.median(late_ms)), 0.95) <= residual_bar_ms
        assert fit.residual_ns < 100_000_000


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 200),
    shift=st.integers(-(2**40), 2**40),
)
def test_clock_map_lies_under_all_arrivals_and_is_monotone(seed: int, n: int, shift: int) -> None:
    rng = np.random.default_rng(seed)
    device = np.cumsum(rng.integers(1_000_000, 100_000_000, n))
    arrival = device + shift + rng.integers(0, 50_000_000, n)
    fit = ClockMap.fit(device, arrival)
    mapped = [fit.to_host_ns(int(d)) for d in device]
    # the line may miss by its own rounding to the nanosecond
    assert all(m <= a + 2 for m, a in zip(mapped, arrival.tolist(), strict=True))
    dense = [fit.to_host_ns(int(d)) for d in np.linspace(device[0], device[-1], 300).astype(int)]
    assert all(b >= a for a, b in itertools.pairwise(dense))
    moved = ClockMap.fit(device + 12_345, arrival)
    assert abs(moved.to_host_ns(int(device[0]) + 12_345) - mapped[0]) <= 1


def test_clock_map_of_a_perfect_link_is_exact() -> None:
    device = np.arange(100, dtype=np.int64) * 62_500_000
    fit = ClockMap.fit(device, device + 1_000)
    assert (fit.rate_ppm, fit.residual_ns) == (0.0, 0)
    assert fit.to_host_ns(10**15) == 10**15 + 1_000


@pytest.mark.parametrize(
    ("device", "arrival"), [([], []), ([1, 2], [1]), ([2, 1], [1, 2]), ([1, 1], [1, 2])]
)
def test_clock_map_refuses_what_is_no_clock(device: list[int], arrival: list[int]) -> None:
    with pytest.raises(ValueError, match="expected"):
        ClockMap.fit(np.array(device, np.int64), np.array(arrival, np.int64))
