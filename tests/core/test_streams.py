"""Streams and chunks refuse what contradicts itself."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from wearaffect.core.errors import SamplingRateError, SignalError
from wearaffect.core.streams import Channel, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.units import Unit

ACC = StreamInfo(
    "t.acc", SignalKind.ACC, tuple(Channel(axis, Unit.GRAVITY) for axis in "xyz"), 32.0
)
IBI = StreamInfo("t.ibi", SignalKind.IBI, (Channel("ibi", Unit.SECOND),), None)


@pytest.mark.parametrize("rate", [0.0, -4.0, np.nan, np.inf])
def test_a_rate_is_positive_and_finite(rate: float) -> None:
    with pytest.raises(SamplingRateError, match=r"t\.acc.*positive"):
        replace(ACC, sampling_rate=rate)


def test_a_stream_has_channels() -> None:
    with pytest.raises(SignalError, match="channels"):
        replace(ACC, channels=())


def test_only_regular_streams_have_a_rate() -> None:
    assert ACC.rate_hz == 32.0
    with pytest.raises(SamplingRateError, match="regular"):
        _ = IBI.rate_hz


@pytest.mark.parametrize("shape", [(4,), (4, 2), (3, 4), (4, 3, 1)])
def test_the_shape_is_time_first(shape: tuple[int, ...]) -> None:
    with pytest.raises(SignalError, match=r"chunk shape.*\(n_samples, 3\)"):
        SignalChunk(ACC, np.zeros(shape, np.float32))


def test_stamps_belong_to_irregular_streams_only() -> None:
    stamps = np.array([1, 2], np.int64)
    with pytest.raises(SignalError, match="timestamps"):
        SignalChunk(ACC, np.zeros((2, 3), np.float32), 0, stamps)
    with pytest.raises(SignalError, match="timestamps"):
        SignalChunk(IBI, np.zeros((2, 1), np.float32), 0)
    with pytest.raises(SignalError, match="timestamps"):
        SignalChunk(IBI, np.zeros((3, 1), np.float32), 0, stamps)


def test_samples_are_read_only_and_the_callers_array_stays_his() -> None:
    mine = np.zeros((4, 3), np.float32)
    chunk = SignalChunk(ACC, mine)
    with pytest.raises(ValueError, match="read-only"):
        chunk.data[0, 0] = 1.0
    mine[0, 0] = 1.0
    with pytest.raises(FrozenInstanceError):
        chunk.start_ns = 5  # type: ignore[misc]


def test_samples_are_float32_whatever_came() -> None:
    chunk = SignalChunk(ACC, np.ones((2, 3), np.float64))
    assert chunk.data.dtype == np.float32


def test_other_samples_keep_what_is_known_of_the_stretch() -> None:
    chunk = SignalChunk(ACC, np.zeros((2, 3), np.float32), 7, None, 40, 9, 3)
    louder = chunk.with_data(np.ones((2, 3)))
    assert louder.data.dtype == np.float32
    assert (louder.data == 1).all()
    assert not louder.data.flags.writeable
    assert louder.info is ACC
    assert louder.timestamps_ns is None
    assert (louder.start_ns, louder.device_counter, louder.device_clock_ns) == (7, 40, 9)
    assert louder.n_lost == 3
    narrow = replace(ACC, channels=ACC.channels[:1])
    assert chunk.with_data(np.ones((2, 1)), narrow).info is narrow
    with pytest.raises(SignalError, match="chunk shape"):
        chunk.with_data(np.ones((2, 1)))


def test_times_follow_from_the_start() -> None:
    chunk = SignalChunk(ACC, np.zeros((64, 3), np.float32), start_ns=500)
    assert len(chunk) == 64
    assert chunk.times_ns()[32] == 1_000_000_500
    assert chunk.end_ns == 2_000_000_500


def test_end_of_one_chunk_is_the_start_of_the_next_at_any_rate() -> None:
    info = replace(ACC, sampling_rate=130.0)
    whole = SignalChunk(info, np.zeros((130, 3), np.float32), 7)
    for n in (1, 2, 3, 64, 129):
        assert SignalChunk(info, np.zeros((n, 3), np.float32), 7).end_ns == whole.times_ns()[n]


def test_no_samples_are_legal() -> None:
    regular = SignalChunk(ACC, np.empty((0, 3), np.float32), 9)
    stamped = SignalChunk(IBI, np.empty((0, 1), np.float32), 9, np.empty(0, np.int64))
    for chunk in (regular, stamped):
        assert len(chunk) == 0
        assert chunk.end_ns == 9
        assert chunk.times_ns().size == 0


def test_an_irregular_chunk_ends_after_its_last_stamp() -> None:
    stamps = np.array([10, 20], np.int64)
    chunk = SignalChunk(IBI, np.zeros((2, 1), np.float32), 0, stamps)
    assert chunk.end_ns == 21
    assert chunk.times_ns().tolist() == [10, 20]
