"""Alignment: rates and clocks on one grid, and nothing where there was nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from signal_pieces import cut_up, info, time_of

from wearaffect.core.clocks import ClockMap
from wearaffect.core.errors import SignalError, StreamOrderError
from wearaffect.core.streams import Channel, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.units import Unit
from wearaffect.signals.alignment import AlignedRows, Aligner, AlignmentSettings

S = 10**9
EDA, ACC = info(SignalKind.EDA, 4.0), info(SignalKind.ACC, 32.0, width=3)
HR = info(SignalKind.HR, 1.0, unit=Unit.BEATS_PER_MINUTE)
IBI = StreamInfo("t.ibi", SignalKind.IBI, (Channel("ibi", Unit.SECOND),), None)
FAR = 10**13


def aligned(streams, chunks, watermarks=(FAR,), rate_hz=8.0, **options):
    """All rows, with every chunk pushed before the first watermark after its start."""
    aligner = Aligner(AlignmentSettings(rate_hz), streams, **options)
    waiting = sorted(chunks, key=lambda chunk: chunk.start_ns)
    parts = []
    for watermark in watermarks:
        while waiting and waiting[0].start_ns < watermark:
            aligner.push(waiting.pop(0))
        parts.append(aligner.advance(watermark))
    return AlignedRows(
        parts[0].columns,
        np.concatenate([part.data for part in parts]),
        np.concatenate([part.times_ns for part in parts]),
    )


def walk(n, width=1, seed=0):
    return np.random.default_rng(seed).normal(size=(n, width)).astype("f4")


def until(rows, end_ns):
    """Rows before a time."""
    return rows.data[rows.times_ns < end_ns], rows.times_ns[rows.times_ns < end_ns]


def test_columns_are_named_by_stream_and_channel():
    rows = aligned([EDA, ACC], [])
    assert rows.columns == ("t.eda.c0", "t.acc.c0", "t.acc.c1", "t.acc.c2")
    assert rows.data.shape == (0, 4)


@pytest.mark.parametrize("rate", [4.0, 64.006, 3.0])
def test_a_signal_is_read_on_the_line_between_its_samples(rate):
    stream = info(SignalKind.EDA, rate)
    data = walk(50)
    start_ns = 10**15 + 123_456_789
    watermark = start_ns + 10 * S
    rows = aligned([stream], [SignalChunk(stream, data, start_ns)], (watermark,))
    at_s = np.array([time_of(i, rate) for i in range(50)]) / S
    wanted_s = (rows.times_ns - start_ns) / S
    inside = wanted_s <= at_s[-1]
    expected = np.interp(wanted_s[inside], at_s, data[:, 0].astype(float))
    np.testing.assert_allclose(rows.data[inside, 0], expected, atol=1e-6)
    assert np.isnan(rows.data[~inside]).all()
    assert rows.times_ns[0] == start_ns + (-start_ns % (S // 8))
    assert np.all(np.diff(rows.times_ns) == S // 8)


def test_nothing_is_drawn_across_a_gap_or_from_a_missing_sample():
    data = walk(40)
    data[20] = np.nan
    chunks = [SignalChunk(EDA, data), SignalChunk(EDA, walk(40, seed=1), 12 * S)]
    out, times_ns = until(aligned([EDA], chunks, (25 * S,)), 22 * S)
    missing = ((times_ns > 4.75 * S) & (times_ns < 5.25 * S)) | (
        (times_ns > 9.75 * S) & (times_ns < 12 * S)
    )
    np.testing.assert_array_equal(np.isnan(out[:-1, 0]), missing[:-1])


def test_heart_rate_is_held_and_a_beat_for_as_long_as_it_counts():
    hr = SignalChunk(HR, np.array([[60.0], [70.0], [80.0]], "f4"), 10 * S)
    stamps = np.array([10 * S, 11 * S, 20 * S])
    ibi = SignalChunk(IBI, np.array([[1.0], [0.9], [0.8]], "f4"), timestamps_ns=stamps)
    rows = aligned([HR, IBI], [hr, ibi], (30 * S,), rate_hz=2.0)
    by_time = dict(zip(rows.times_ns / S, rows.data.tolist(), strict=True))
    assert [by_time[t][0] for t in (10.0, 10.5, 11.0, 12.0, 13.5)] == [60, 60, 70, 80, 80]
    assert np.isnan(by_time[14.0][0])
    assert [by_time[t][1] for t in (10.5, 14.0, 20.0, 23.0)] == pytest.approx([1, 0.9, 0.8, 0.8])
    assert np.isnan([by_time[14.5][1], by_time[23.5][1]]).all()


def test_a_device_clock_is_mapped_to_the_hosts():
    clock = ClockMap(device_ns=5 * S, host_ns=1000 * S, rate_ppm=50_000.0)
    data = np.arange(400, dtype="f4")[:, None]
    rows = aligned(
        [EDA], [SignalChunk(EDA, data, 5 * S)], (1200 * S,), rate_hz=1.0, clocks={EDA.id: clock}
    )
    known = np.isfinite(rows.data[:, 0])
    # a second of the device lasts 1.05 s of the host
    expected = (rows.times_ns[known] / S - 1000) / 1.05 * 4
    np.testing.assert_allclose(rows.data[known, 0], expected, rtol=1e-6)
    assert known.sum() == 105


@given(
    sizes=st.lists(st.integers(0, 40), min_size=1, max_size=8).filter(any),
    others=st.lists(st.integers(0, 40), min_size=1, max_size=8).filter(any),
    steps=st.lists(st.integers(1, 3 * S), min_size=1, max_size=8),
    rate=st.sampled_from([4.0, 8.0, 64.006]),
    seed=st.integers(0, 2**16),
)
def test_any_cutting_and_any_watermarks_give_the_same_bits(sizes, others, steps, rate, seed):
    rng = np.random.default_rng(seed)
    eda, acc = walk(60, seed=seed), walk(480, 3, seed)
    eda[rng.integers(0, 60, 4)] = np.nan
    stream = info(SignalKind.ACC, 32.3, width=3)
    end_ns = 18 * S
    whole = aligned(
        [EDA, stream], [*cut_up(EDA, eda, [60], 7), *cut_up(stream, acc, [480], 3)], (end_ns,), rate
    )
    watermarks = [*np.cumsum(steps)[np.cumsum(steps) < end_ns].tolist(), end_ns]
    chunks = [*cut_up(EDA, eda, sizes, 7), *cut_up(stream, acc, others, 3)]
    pieces = aligned([EDA, stream], chunks, watermarks, rate)
    assert whole.times_ns.tobytes() == pieces.times_ns.tobytes()
    assert whole.data.tobytes() == pieces.data.tobytes()


def test_rows_wait_for_the_sample_after_them_and_no_longer():
    aligner = Aligner(AlignmentSettings(8.0), [EDA, HR, IBI])
    assert aligner.wait_s == 1.5 / 4
    aligner.push(SignalChunk(EDA, walk(40)))
    rows = aligner.advance(5 * S)
    assert rows.times_ns[-1] == (5 * S - 375_000_000) // (S // 8) * (S // 8) - S // 8
    assert np.isfinite(rows.data[:, 0]).all()
    assert len(aligner.advance(5 * S).times_ns) == len(aligner.advance(4 * S).times_ns) == 0


def test_before_the_first_sample_there_are_no_rows():
    aligner = Aligner(AlignmentSettings(8.0), [EDA, HR])
    assert len(aligner.advance(10**15).times_ns) == 0
    aligner.push(SignalChunk(EDA, np.empty((0, 1), "f4"), 10**15))
    aligner.push(SignalChunk(EDA, walk(8), 10**15))
    assert aligner.advance(10**15 + 2 * S).times_ns[0] == 10**15


def test_an_unknown_stream_and_a_step_back_are_named():
    aligner = Aligner(AlignmentSettings(8.0), [EDA])
    with pytest.raises(SignalError, match=r"unknown stream: expected t\.eda"):
        aligner.push(SignalChunk(HR, walk(2)))
    aligner.push(SignalChunk(EDA, walk(8), 10 * S))
    with pytest.raises(StreamOrderError, match="out of order"):
        aligner.push(SignalChunk(EDA, walk(8), 5 * S))


@pytest.mark.parametrize("value", [0.0, -5.0, 3.4e38, np.inf, np.nan])
def test_any_input_gives_a_value_without_a_warning(value):
    data = np.full((9, 1), value, "f4")
    data[1::2] *= -1
    assert aligned([EDA], [SignalChunk(EDA, data)], (3 * S,)).data.shape[1] == 1


@pytest.mark.parametrize("settings", [{"rate_hz": 0.0}, {"rate_hz": 4.0, "hold_s": -1.0}])
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match="expected"):
        AlignmentSettings(**settings)
