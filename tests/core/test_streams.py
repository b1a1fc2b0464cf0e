"""Streams and chunks refuse what contradicts itself."""

from collections.abc import Sequence
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wearaffect.core.errors import SamplingRateError, SignalError
from wearaffect.core.naming import distinct, slug
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


@pytest.mark.parametrize(
    "id_",
    [
        "", ".", "..", "../x.eda", "/etc.eda", "a/b.eda", "a\\b.eda", "a\0.eda", "a\n.eda",
        ".a.eda", "-rf.eda", "a..eda", "a.eda.", "a b.eda", "ä.eda", "\ud800.eda", "a:b", "x" * 121,
    ],
)  # fmt: skip
def test_an_id_names_a_file_and_a_topic(id_: str) -> None:
    with pytest.raises(SignalError, match="stream id") as refused:
        replace(ACC, id=id_)
    str(refused.value).encode()  # half a character isn't handed on


@pytest.mark.parametrize(
    "names",
    ["xxz", ["time_ns", "y", "z"], ["x", "segment", "z"], ["counter", "y", "z"], ["", "y", "z"],
     ["x\n", "y", "z"], ["\ud800", "y", "z"], ["x" * 200, "y", "z"]],
)  # fmt: skip
def test_channels_are_columns_of_one_name_each(names: Sequence[str]) -> None:
    with pytest.raises(SignalError, match=r"t\.acc.*channel name") as refused:
        replace(ACC, channels=tuple(Channel(name, Unit.GRAVITY) for name in names))
    str(refused.value).encode()


@given(st.lists(st.text(st.characters()) | st.sampled_from(["x", "x_2", "counter"]), min_size=1))
def test_whatever_a_sender_calls_them_channels_get_fit_names(wanted: list[str]) -> None:
    names = distinct(wanted)
    replace(ACC, channels=tuple(Channel(name, Unit.GRAVITY) for name in names))
    assert len(names) == len(wanted)
    assert distinct(names) == names


@given(st.text(st.characters()))
def test_whatever_a_sender_is_called_it_gets_a_fit_id(name: str) -> None:
    replace(ACC, id=f"{slug(name, 'device')}.acc")


def test_names_that_are_fit_stay() -> None:
    assert distinct(["x", "Y 1", "µ/z", "<b>"]) == ("x", "Y 1", "µ/z", "<b>")
    assert distinct(["acc", "acc", "acc_2", "acc", "counter"]) == (
        "acc", "acc_2", "acc_2_2", "acc_3", "counter_2",
    )  # fmt: skip
    assert slug("Wrist Band_2", "x") == "Wrist-Band_2"
    assert slug("../../..", "x") == "x"


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
