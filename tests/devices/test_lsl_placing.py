"""Where samples of an LSL stream are put, and what is counted missing: simulated senders."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wearaffect.devices.lsl.counting import filled, read_counts
from wearaffect.devices.lsl.placing import Placer, Run

S = 1_000_000_000


def stamps(numbers: np.ndarray, rate_hz: float, start_ns: int = 7 * S) -> np.ndarray:
    return start_ns + np.round(numbers * 1e9 / rate_hz).astype(np.int64)


def placed(
    placer: Placer, times: np.ndarray, counter: np.ndarray | None, cuts: list[int]
) -> list[Run]:
    """Runs with rows counted from the start, whatever the cuts."""
    borders = sorted({0, len(times), *(cut for cut in cuts if cut < len(times))})
    runs = []
    for first, last in itertools.pairwise(borders):
        part = None if counter is None else counter[first:last]
        found = placer.place(times[first:last], part)
        runs += [replace(r, first=first + r.first, last=first + r.last) for r in found]
    return runs


@settings(max_examples=40)
@given(
    kept=st.lists(st.booleans(), min_size=2, max_size=200),
    cuts=st.lists(st.integers(1, 199), max_size=8),
    rate=st.sampled_from([1.0, 4.0, 64.0, 130.0, 256.0]),
    first=st.integers(0, 2**40),
)
def test_a_counter_tells_every_missing_sample(kept, cuts, rate, first):
    numbers = np.flatnonzero(kept)
    if not len(numbers):
        return
    times = stamps(numbers, rate)
    runs = placed(Placer(rate), times, numbers + first, cuts)
    assert sum(run.last - run.first for run in runs) == len(numbers)
    assert sum(run.n_lost for run in runs) == numbers[-1] - numbers[0] + 1 - len(numbers)
    for run in runs:
        assert abs(run.start_ns - times[run.first]) <= 1
        assert not run.restarted


@settings(max_examples=40)
@given(
    gap=st.integers(0, 2000),
    jitter_ms=st.floats(0, 40),
    seed=st.integers(0, 99),
    cuts=st.lists(st.integers(1, 399), max_size=20),
)
def test_without_a_counter_stamps_tell_a_gap_and_jitter_is_none(gap, jitter_ms, seed, cuts):
    rate = 64.0
    gap = gap if gap >= 13 else 0  # under 0.2 s it can't be told from jitter
    numbers = np.concatenate([np.arange(200), np.arange(200 + gap, 400 + gap)])
    late = np.random.default_rng(seed).uniform(0, jitter_ms * 1e6, len(numbers))
    times = np.maximum.accumulate(stamps(numbers, rate) + late.astype(np.int64))
    runs = placed(Placer(rate), times, None, cuts)
    lost = [run.n_lost for run in runs if run.n_lost]
    assert len(lost) == (gap > 0)
    # a gap is as long as the stamps at its ends say, which jitter moves
    assert abs(sum(lost) - gap) <= np.ceil(jitter_ms * 1e-3 * rate) + 1
    assert not any(run.restarted for run in runs)
    for before, after in itertools.pairwise(runs):
        due = before.start_ns + round((before.last - before.first) * 1e9 / rate)
        if not after.n_lost:  # under half a sample: nobody sees a tear
            assert abs(after.start_ns - due) <= 0.5e9 / rate


def test_a_slow_crystal_is_followed():
    numbers = np.arange(64 * 60)
    times = stamps(numbers, 64 * (1 - 200e-6))
    runs = placed(Placer(64.0), times, None, list(range(8, len(numbers), 8)))
    assert {run.n_lost for run in runs} == {0}
    assert max(abs(run.start_ns - int(times[run.first])) for run in runs) < 1e9 / 64 / 4


def test_a_counter_that_begins_anew_is_a_restart_and_its_gap_is_read_off_the_clock():
    numbers = np.concatenate([np.arange(100), np.arange(612, 712)])
    counter = np.concatenate([np.arange(5000, 5100), np.arange(100)])
    runs = Placer(256.0).place(stamps(numbers, 256.0), counter)
    assert [(run.last - run.first, run.n_lost, run.restarted) for run in runs] == [
        (100, 0, False),
        (100, 512, True),
    ]


def test_a_counter_that_leaps_further_than_time_allows_is_a_restart():
    times = stamps(np.arange(200), 256.0)
    counter = np.concatenate([np.arange(100), np.arange(10**6, 10**6 + 100)])
    runs = Placer(256.0).place(times, counter)
    assert [run.n_lost for run in runs] == [0, 0]
    assert runs[1].restarted


def test_a_sender_that_paused_lost_nothing():
    times = np.concatenate([stamps(np.arange(8), 4.0), stamps(np.arange(8), 4.0, 90 * S)])
    placer = Placer(4.0)
    (before,) = placer.place(times[:8], np.arange(8))
    (after,) = placer.place(times[8:], np.arange(8, 16))
    assert (before.n_lost, after.n_lost, after.restarted) == (0, 0, False)
    assert after.start_ns == 90 * S


def test_a_clock_set_back_goes_on_from_where_it_was():
    placer = Placer(64.0)
    ahead = placer.place(stamps(np.arange(64), 64.0, 4000 * S), None)
    (back,) = placer.place(stamps(np.arange(64), 64.0, 400 * S), None)
    (next_,) = placer.place(stamps(np.arange(64, 128), 64.0, 400 * S), None)
    assert back.restarted
    assert back.n_lost == 0
    assert back.start_ns == ahead[0].start_ns + S
    assert next_.start_ns == back.start_ns + S
    assert not next_.restarted


@pytest.mark.parametrize("counter", [None, np.array([3, 4, 9])])
def test_irregular_samples_stay_at_their_stamps(counter):
    times = np.array([S, 2 * S, 9 * S])
    runs = Placer(None).place(times, counter)
    assert [run.start_ns for run in runs] == [int(times[run.first]) for run in runs]
    assert sum(run.n_lost for run in runs) == (0 if counter is None else 4)


def test_no_rows_are_no_runs():
    assert Placer(4.0).place(np.empty(0, np.int64), None) == []


def after_a_while(seconds: int, first: int, second: int) -> tuple[np.ndarray, np.ndarray]:
    """A sender whose count is at `first` after 100 samples, and at `second` seconds later."""
    numbers = np.concatenate([np.arange(100), np.arange(100) + 100 + seconds * 256])
    counts = np.concatenate([np.arange(first - 100, first), np.arange(second, second + 100)])
    return stamps(numbers, 256.0), counts


@pytest.mark.parametrize(
    ("seconds", "first", "second"),
    [(10, 104, 152), (60, 5000, 5400), (1, 1000, 1_000_000), (10, 5000, 100)],
)
def test_a_sender_that_began_anew_lost_what_its_clock_says(seconds, first, second):
    runs = Placer(256.0).place(*after_a_while(seconds, first, second))
    assert [(r.n_lost, r.restarted, r.count) for r in runs] == [
        (0, False, first - 100),
        (seconds * 256, True, second),
    ]


@settings(max_examples=40)
@given(
    bits=st.sampled_from([8, 16]),
    lost=st.integers(0, 1000),
    before=st.integers(0, 120),
    cut=st.integers(1, 64),
    seed=st.integers(0, 99),
)
def test_a_narrow_counter_that_wraps_is_no_restart(bits, lost, before, cut, seed):
    wrap = 2**bits
    numbers = np.arange(max(0, wrap - before - 500), wrap + 2000)
    gap = wrap + 300  # well after it was seen to wrap
    numbers = numbers[(numbers < gap) | (numbers >= gap + lost)]
    late = np.random.default_rng(seed).integers(0, 20_000_000, len(numbers))
    times = np.maximum.accumulate(stamps(numbers, 256.0) + late)
    runs = placed(Placer(256.0), times, numbers % wrap, list(range(cut, len(numbers), cut)))
    assert not any(run.restarted for run in runs)
    assert sum(run.n_lost for run in runs) == lost
    assert [run.count for run in runs] == [int(numbers[run.first]) for run in runs]


def test_samples_lost_just_as_a_narrow_counter_wraps_are_counted():
    numbers = np.concatenate([np.arange(1000), np.arange(1020, 2000)])
    runs = placed(Placer(256.0), stamps(numbers, 256.0), numbers % 256, list(range(20, 1980, 20)))
    assert sum(run.n_lost for run in runs) == 20
    assert not any(run.restarted for run in runs)


def test_a_counter_that_no_longer_counts_in_float32_gives_way_to_the_stamps():
    numbers = np.arange(2**24 - 64, 2**24 + 640)
    numbers = numbers[(numbers < 2**24 + 200) | (numbers >= 2**24 + 300)]
    counts = read_counts(numbers.astype(np.float32))
    assert (counts[:64] == numbers[:64]).all()
    assert (counts[64:] < 0).all()
    runs = placed(Placer(256.0), stamps(numbers, 256.0), counts, list(range(8, 700, 8)))
    assert not any(run.restarted for run in runs)
    assert [run.n_lost for run in runs if run.n_lost] == [100]
    assert [run.count for run in runs] == [int(numbers[run.first]) for run in runs]


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_count_that_is_missing_is_the_one_that_follows(cut):
    numbers = np.array([*range(25), *range(30, 45)], np.float64)
    column = numbers.copy()
    column[[0, 20, 33, 39]] = np.nan
    times = stamps(numbers, 256.0)
    runs = placed(Placer(256.0), times, read_counts(column), list(range(cut, 40, cut)))
    assert sum(run.n_lost for run in runs) == 5
    assert not any(run.restarted for run in runs)
    assert all(run.count in {None, int(numbers[run.first])} for run in runs)
    assert filled(np.array([-1, -1, 7, -1, 9]), 3).tolist() == [3, 4, 7, 8, 9]
    assert filled(np.array([-1, -1, 7, -1, 20]), None).tolist() == [5, 6, 7, 8, 20]


def test_columns_of_every_format_are_read():
    for kind, most in (("i1", 2**8), ("i2", 2**16), ("i4", 2**32)):
        wrapping = np.arange(most - 3, most + 3, dtype=np.int64).astype(f"u{kind[1:]}").view(kind)
        assert read_counts(wrapping).tolist() == [*range(most - 3, most), 0, 1, 2]
    told = read_counts(np.array([1.5, -1.0, np.inf, np.nan, 2.0**53, 2.0**53 - 1]))
    assert told.tolist() == [-1, -1, -1, -1, -1, 2**53 - 1]


def test_the_time_of_irregular_samples_never_runs_back():
    placer = Placer(None)
    pulls = [[10 * S], [11 * S, 12 * S], [5 * S, 6 * S], [7 * S], [7 * S - S // 100, 8 * S]]
    times, restarts = [], []
    for pull in pulls:
        stamped = np.array(pull)
        for run in placer.place(stamped, None):
            taken = stamped[run.first : run.last]
            times += (taken - taken[0] + run.start_ns).tolist()
            restarts.append(run.restarted)
    assert times[:6] == [10 * S, 11 * S, 12 * S, 12 * S, 13 * S, 14 * S]
    assert times == sorted(times)
    assert restarts == [False, False, True, False, False]
