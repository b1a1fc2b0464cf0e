"""Where samples of an LSL stream are put, and what is counted missing: simulated senders."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
