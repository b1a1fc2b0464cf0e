"""Windows: exact counts, gaps in their place, lateness, order, memory."""

import tracemalloc
from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest
from signal_pieces import cut_up, info, time_of

from wearaffect.core.errors import StreamOrderError
from wearaffect.core.streams import SignalChunk, SignalKind
from wearaffect.core.timebase import ns_from_s
from wearaffect.core.windows import WindowSpec
from wearaffect.signals.windowing import WindowAssembler

S = 10**9
EDA, BVP, TEMP = SignalKind.EDA, SignalKind.BVP, SignalKind.TEMP


def ramp(count):
    return np.arange(count, dtype=np.float32)


def flat(batches):
    return [window for batch in batches for window in batch]


def assemble(spec, chunks, until_s, origin_ns=0):
    assembler = WindowAssembler(spec, origin_ns)
    for chunk in chunks:
        assembler.push(chunk)
    return flat(assembler.advance(origin_ns + ns_from_s(until_s)))


@pytest.mark.parametrize("rate", [4.0, 64.0, 64.006, 130.0, 51.2, 64.00612])
@pytest.mark.parametrize(("window_s", "hop_s"), [(60.0, 5.0), (0.7, 0.3), (10.0, 10.0)])
def test_windows_hold_exactly_the_samples_of_their_interval(rate, window_s, hop_s):
    stream = info(BVP, rate)
    origin = 123_456_789
    exact = Fraction(str(rate))
    chunks = cut_up(stream, ramp(ceil(125 * exact)), [7, 100, 33], origin)
    windows = assemble(WindowSpec(window_s, hop_s), chunks, 124.0, origin)
    assert len(windows) == floor((124 - Fraction(str(window_s))) / Fraction(str(hop_s))) + 1
    count = floor(Fraction(str(window_s)) * exact)
    for i, window in enumerate(windows):
        first = ceil(i * Fraction(str(hop_s)) * exact)
        data = window.signals[BVP].data
        np.testing.assert_array_equal(data, [np.arange(first, first + count, dtype=np.float32)])
        assert window.signals[BVP].coverage == 1.0
        assert window.start_ns - origin == i * ns_from_s(hop_s)
        assert window.end_ns - window.start_ns == ns_from_s(window_s)


@pytest.mark.parametrize("rate", [4.0, 64.0, 64.006, 130.0])
def test_a_gap_is_nan_in_its_own_places(rate):
    stream = info(BVP, rate, width=2)
    lost = (int(20 * rate) + 1, int(31 * rate) + 3)
    values = np.stack([ramp(int(101 * rate)), -ramp(int(101 * rate))], axis=1)
    chunks = [
        *cut_up(stream, values[: lost[0]], [50]),
        *cut_up(stream, values[lost[1] :], [31], time_of(lost[1], rate)),
    ]
    for window in assemble(WindowSpec(30, 5), chunks, 100):
        first = ceil(window.start_s * Fraction(str(rate)))
        expected = values[first : first + floor(30 * Fraction(str(rate)))].T.copy()
        at = np.arange(first, first + expected.shape[1])
        gap = (at >= lost[0]) & (at < lost[1])
        expected[:, gap] = np.nan
        np.testing.assert_array_equal(window.signals[BVP].data, expected)
        assert window.signals[BVP].coverage == pytest.approx((~gap).mean())


def test_a_kind_that_is_not_there_is_absent_and_all_cover_the_same_interval():
    eda, bvp, temp = info(EDA, 4.0), info(BVP, 64.0), info(TEMP, 4.0)
    chunks = [
        *cut_up(temp, ramp(4 * 60), [9], 3_300_000_000),  # 3.3 s late
        *cut_up(bvp, ramp(64 * 25), [64]),
        *cut_up(eda, ramp(4 * 60), [4]),
    ]
    windows = assemble(WindowSpec(10, 10), chunks, 60)
    assert len(windows) == 6
    kinds = [tuple(window.signals) for window in windows]
    assert kinds == [(BVP, EDA, TEMP)] * 3 + [(EDA, TEMP)] * 3  # by name, not by arrival
    shapes = {k: s.data.shape for window in windows for k, s in window.signals.items()}
    assert shapes == {BVP: (1, 640), EDA: (1, 40), TEMP: (1, 40)}
    assert np.isfinite(windows[2].signals[BVP].data).sum() == 320
    np.testing.assert_array_equal(windows[0].signals[TEMP].data[0, :13], np.full(13, np.nan))
    np.testing.assert_array_equal(windows[0].signals[TEMP].data[0, 13:], ramp(27))


def test_empty_windows_are_cut_too():
    windows = assemble(WindowSpec(10, 5), [], 30)
    assert [(w.start_s, w.end_s, dict(w.signals)) for w in windows] == [
        (start, start + 10, {}) for start in (0, 5, 10, 15, 20)
    ]


def test_late_samples_are_counted_and_reach_open_windows_only():
    eda = info(EDA, 4.0)
    assembler = WindowAssembler(WindowSpec(10, 5))
    first, second = ramp(4 * 8), np.arange(32, 80, dtype=np.float32)
    assembler.push(SignalChunk(eda, first[:, None]))
    (early,) = flat(assembler.advance(12 * S))  # 8 to 10 s aren't there yet
    assert np.isfinite(early.signals[EDA].data).sum() == 32
    assert dict(assembler.n_late) == {}
    assembler.push(SignalChunk(eda, second[:, None], 8 * S))
    assert dict(assembler.n_late) == {"t.eda": 8}  # 8 to 10 s: that window had closed
    late, after = flat(assembler.advance(20 * S))
    np.testing.assert_array_equal(late.signals[EDA].data[0], np.arange(20, 60))
    np.testing.assert_array_equal(after.signals[EDA].data[0], np.arange(40, 80))
    assert list(assembler.advance(20 * S)) == []


def test_many_windows_at_once_are_the_same_as_one_by_one():
    stream = info(BVP, 64.0)
    chunks = cut_up(stream, ramp(64 * 900), [640])
    at_once = assemble(WindowSpec(10, 0.25), chunks, 900)
    assembler = WindowAssembler(WindowSpec(10, 0.25))
    one_by_one = []
    for chunk in chunks:
        assembler.push(chunk)
        one_by_one += flat(assembler.advance(chunk.end_ns))
    assert len(at_once) == len(one_by_one) == 3561
    for a, b in zip(at_once, one_by_one, strict=True):
        assert a.start_ns == b.start_ns
        np.testing.assert_array_equal(a.signals[BVP].data, b.signals[BVP].data)


def test_faults_stay_beside_their_samples():
    stream = info(EDA, 4.0)
    assembler = WindowAssembler(WindowSpec(10, 5))
    for chunk in cut_up(stream, ramp(240), [7]):
        assembler.push(chunk, (chunk.data[:, 0] % 5 == 0).astype(np.uint8))
    for batch in assembler.advance(60 * S):
        signal = batch.signals[EDA]
        np.testing.assert_array_equal(signal.faults == 1, signal.data[:, 0] % 5 == 0)


@pytest.mark.parametrize("start_s", [0.0, 0.5, 9.7])
def test_chunks_that_run_backwards_are_an_error(start_s):
    eda = info(EDA, 4.0)
    assembler = WindowAssembler(WindowSpec(10, 5))
    assembler.push(SignalChunk(eda, ramp(40)[:, None]))
    with pytest.raises(StreamOrderError, match="overlap or run backwards") as error:
        assembler.push(SignalChunk(eda, ramp(4)[:, None], ns_from_s(start_s)))
    assert error.value.stream == "t.eda"


@pytest.mark.parametrize("ppm", [-200, 200])
def test_a_clock_that_drifts_is_neither_disorder_nor_loss(ppm):
    bvp = info(BVP, 64.0)
    assembler = WindowAssembler(WindowSpec(60, 5))
    windows = []
    for second in range(1200):
        start_ns = round(second * S * (1 + ppm * 1e-6))
        assembler.push(SignalChunk(bvp, np.ones((64, 1)), start_ns))
        windows += flat(assembler.advance(start_ns))
    assert len(windows) == pytest.approx(228, abs=1)
    # a clock that is 0.02 % slow leaves one place in 5000 empty
    assert min(w.signals[BVP].coverage for w in windows) > 0.999


@pytest.mark.parametrize("rate", [64.0, 64.00612])
def test_memory_stays_level_over_hours(rate):
    bvp = info(BVP, rate)
    assembler = WindowAssembler(WindowSpec(60, 30))
    data = np.ones((640, 1), np.float32)
    held = []
    tracemalloc.start()
    try:
        for i in range(3 * 360):
            chunk = SignalChunk(bvp, data.copy(), time_of(640 * i, rate))
            assembler.push(chunk)
            for window in flat(assembler.advance(chunk.start_ns)):
                assert window.signals[BVP].coverage == 1.0
            if i % 360 == 359:
                held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    # a minute is 15 KiB, an hour 900 KiB
    assert held[2] < held[0] + 50_000
