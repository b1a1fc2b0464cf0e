"""The journal: what goes in comes out, whole or cut, and damage never turns into samples."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcap.reader import NonSeekingReader, make_reader

from wearaffect.core.affect import Abstention, AffectEstimate, Quantity
from wearaffect.core.clocks import ClockMap
from wearaffect.core.errors import (
    CorruptRecordingError,
    RecordingError,
    RecordingExistsError,
    RecordingFormatError,
    RecordingNotFoundError,
)
from wearaffect.core.events import ClockSegment
from wearaffect.core.protocols import Sink
from wearaffect.core.streams import (
    Channel,
    Gap,
    LossEvidence,
    Marker,
    SignalChunk,
    SignalKind,
    StreamInfo,
    Watermark,
)
from wearaffect.core.units import Unit
from wearaffect.core.windows import Quality
from wearaffect.recording.journal import JournalWriter, read_journal, read_topic
from wearaffect.recording.opening import open_session

S = 1_000_000_000
EDA = StreamInfo(
    "t.eda", SignalKind.EDA, (Channel("eda", Unit.MICROSIEMENS),), 4.0, "T", "wrist",
    LossEvidence.COUNTER,
)  # fmt: skip
ACC = StreamInfo(
    "t.acc", SignalKind.ACC, tuple(Channel(a, Unit.GRAVITY) for a in "xyz"), 32.0, "T", "wrist"
)
IBI = StreamInfo("t.ibi", SignalKind.IBI, (Channel("ibi", Unit.SECOND),), None, "T")
INFOS = (EDA, ACC, IBI)


def writer(folder: Path, **more: str) -> JournalWriter:
    sink = JournalWriter(
        folder, participant="P-01", device="Test device", wall_start_s=1_700_000_000.25, **more
    )
    sink.start(INFOS, 5 * S)
    return sink


def until(there: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    for _ in range(2000):
        if there():
            return
        time.sleep(0.005)
    raise AssertionError(there)


def eda(index: int, n: int = 4, **more: int) -> SignalChunk:
    """Second `index` of a ramp; sample i of the ramp is i / 7."""
    values = np.arange(4 * index, 4 * index + n, dtype=np.float32) / np.float32(7)
    return SignalChunk(EDA, values[:, None], (5 + index) * S, device_counter=4 * index, **more)


def acc(index: int) -> SignalChunk:
    rng = np.random.default_rng(index)
    return SignalChunk(ACC, rng.normal(size=(32, 3)).astype(np.float32), (5 + index) * S)


def ibi(index: int) -> SignalChunk:
    stamps = np.array([(5 + index) * S + 1, (5 + index) * S + 700_000_001])
    return SignalChunk(IBI, np.float32([[0.8], [0.7]]), 0, stamps)


def assert_same_chunk(one: SignalChunk, other: SignalChunk) -> None:
    assert one.info == other.info
    assert one.data.dtype == other.data.dtype == np.float32
    np.testing.assert_array_equal(one.data, other.data)
    np.testing.assert_array_equal(one.times_ns(), other.times_ns())
    for name in ("device_counter", "device_clock_ns", "n_lost"):
        assert getattr(one, name) == getattr(other, name)


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "session"
    sink: Sink = writer(folder, bundle_id="b 1", intended_use="test")
    given_items: list[SignalChunk | Watermark] = []
    for index in range(20):
        given_items += [eda(index), acc(index), ibi(index), Watermark((6 + index) * S)]
    for item in given_items:
        if isinstance(item, Watermark):
            sink.watermark(item.time_ns)
        else:
            sink.chunk(item, item.end_ns + 1)
    sink.event(Marker(7 * S, 'press "é"\n'))
    sink.close()
    sink.close()

    session = open_session(folder)
    assert session.problems == ()
    assert session.arrivals is not None
    assert len(session.arrivals) == len(given_items)
    for back, item in zip(session.arrivals, given_items, strict=True):
        if isinstance(item, Watermark):
            assert back == item
        else:
            assert isinstance(back, SignalChunk)
            assert_same_chunk(back, item)
    assert {n: s.info for n, s in session.streams.items()} == {i.id: i for i in INFOS}
    assert [len(s.segments) for s in session.streams.values()] == [1, 1, 1]
    assert [len(s.gaps) for s in session.streams.values()] == [0, 0, 0]
    assert session.markers == (Marker(7 * S, 'press "é"\n'),)
    assert (session.participant, session.device) == ("P-01", "Test device")
    assert (session.start_ns, session.wall_start_s) == (5 * S, 1_700_000_000.25)
    assert session.header["bundle_id"] == "b 1"
    assert session.header["intended_use"] == "test"
    assert session.duration_s == 20.0


@given(
    bits=st.lists(st.integers(0, 2**32 - 1), min_size=0, max_size=24),
    counter=st.none() | st.integers(0, 2**40),
    clock=st.none() | st.integers(0, 2**62),
    n_lost=st.integers(0, 10**6),
    start=st.integers(-(2**40), 2**62),
)
def test_any_float32_and_any_header_survive(
    tmp_path_factory: pytest.TempPathFactory,
    bits: list[int],
    counter: int | None,
    clock: int | None,
    n_lost: int,
    start: int,
) -> None:
    data = np.array(bits[: len(bits) // 3 * 3], np.uint32).view(np.float32).reshape(-1, 3)
    chunk = SignalChunk(ACC, data, start, None, counter, clock, n_lost)
    folder = tmp_path_factory.mktemp("any") / "s"
    sink = writer(folder)
    sink.chunk(chunk, start)
    sink.close()
    arrivals = read_journal(folder).arrivals
    assert arrivals is not None
    (back,) = arrivals
    assert isinstance(back, SignalChunk)
    assert_same_chunk(back, chunk)
    signs = np.signbit(data) == np.signbit(back.data)
    assert signs[~np.isnan(data)].all()


def test_estimates_clock_and_gaps_are_written_in_full(tmp_path: Path) -> None:
    estimate = AffectEstimate(
        5 * S,
        65 * S,
        {"rest": 0.75, "stress": 0.25},
        0.25,
        eda_us=1.5,
        eda_forecast_us={10.0: (1.0, 1.5, float("nan"))},
        physics={"tau": Quantity(4.0, "s", (3.0, 5.0), identifiable=False)},
        modalities=(SignalKind.EDA,),
        quality={SignalKind.EDA: Quality(0.5, ("motion",))},
        bundle_id="b",
        origin_ns=5 * S,
    )
    sink = writer(tmp_path / "s")
    sink.outcome(estimate)
    sink.outcome(Abstention(5 * S, 65 * S, ("eda: off_skin",), bundle_id="b"))
    sink.event(ClockSegment("t.eda", ClockMap(1, 2, 3.5, 4), "start"))
    sink.event(Gap("t.eda", 6 * S, 7 * S, 4, "radio"))
    sink.close()

    first, second = read_topic(tmp_path / "s", "estimates")
    assert first["probabilities"] == {"rest": 0.75, "stress": 0.25}
    assert first["eda_forecast_us"] == {"10": [1.0, 1.5, None]}
    assert first["physics"]["tau"] == {
        "value": 4.0, "unit": "s", "ci95": [3.0, 5.0], "identifiable": False,
    }  # fmt: skip
    assert first["quality"] == {"eda": {"score": 0.5, "reasons": ["motion"]}}
    assert first["withheld"] is False
    assert second["withheld"] is True
    assert second["reasons"] == ["eda: off_skin"]
    (clock,) = read_topic(tmp_path / "s", "clock")
    assert clock["rate_ppm"] == 3.5
    assert read_journal(tmp_path / "s").streams["t.eda"].gaps[0].reason == "radio"


def test_gaps_and_the_account_close_to_the_sample(tmp_path: Path) -> None:
    sink = writer(tmp_path / "s")
    sink.chunk(eda(0), 6 * S)
    sink.chunk(eda(3, n_lost=8), 9 * S)  # seconds 1 and 2 are declared lost
    sink.chunk(eda(5), 11 * S)  # second 4 is missing and nobody said so
    sink.chunk(acc(0), 6 * S)
    sink.chunk(acc(2), 8 * S)  # no evidence: a silent second
    sink.close()
    session = read_journal(tmp_path / "s")

    assert [(g.start_ns, g.end_ns, g.n_lost) for g in session.streams["t.eda"].gaps] == [
        (6 * S, 8 * S, 8),
        (9 * S, 10 * S, 4),
    ]
    assert [(g.start_ns, g.end_ns, g.n_lost) for g in session.streams["t.acc"].gaps] == [
        (6 * S, 7 * S, None)
    ]
    account = json.loads((tmp_path / "s" / "session.json").read_text())["streams"]
    assert account["t.eda"] == {
        "loss_evidence": "counter",
        "expected": 24,
        "stored": 12,
        "lost_in_gaps": 12,
        "damaged": 0,
    }
    assert account["t.acc"]["expected"] is None
    assert account["t.acc"]["stored"] == 64


def test_times_that_wander_are_not_merged_away(tmp_path: Path) -> None:
    sink = writer(tmp_path / "s")
    starts = [5 * S, 6 * S + 900, 7 * S + 40_000]
    for index, start in enumerate(starts):
        sink.chunk(replace(acc(index), start_ns=start), start)
    sink.close()
    stream = read_journal(tmp_path / "s").streams["t.acc"]
    assert [len(segment) for segment in stream.segments] == [64, 32]
    times, data = stream.samples()
    expected = np.concatenate([replace(acc(0), start_ns=start).times_ns() for start in starts])
    assert np.abs(times - expected).max() <= 1000
    np.testing.assert_array_equal(data, np.concatenate([acc(i).data for i in range(3)]))
    assert stream.gaps == ()


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed journal of eight parts, each flushed."""
    folder = tmp_path_factory.mktemp("closed") / "s"
    sink = writer(folder)
    for index in range(8):
        for chunk in (eda(index), acc(index), ibi(index)):
            sink.chunk(chunk, (6 + index) * S)
        sink.flush()
    sink.close()
    return folder


def truth(stream_id: str) -> np.ndarray:
    make = {"t.eda": eda, "t.acc": acc, "t.ibi": ibi}[stream_id]
    return np.concatenate([make(index).data for index in range(8)])


def copy_with(closed: Path, target: Path, data: bytes, *, ended: bool) -> Path:
    target.mkdir(parents=True, exist_ok=True)
    twin = json.loads((closed / "session.json").read_text())
    (target / "session.json").write_text(json.dumps(twin | {"closed": ended}))
    (target / "session.mcap").write_bytes(data)
    return target


def test_a_cut_at_any_byte_leaves_a_prefix(closed: Path, tmp_path: Path) -> None:
    data = (closed / "session.mcap").read_bytes()
    seconds = []
    for at in range(0, len(data), 61):
        session = read_journal(copy_with(closed, tmp_path / "cut", data[:at], ended=False))
        assert any("wasn't closed" in line for line in session.problems)
        lengths = {s.n_samples // len(truth(i)[::8]) for i, s in session.streams.items()}
        assert len(lengths) == 1
        for stream_id, stream in session.streams.items():
            samples = stream.samples()[1]
            np.testing.assert_array_equal(samples, truth(stream_id)[: len(samples)])
            assert stream.gaps == ()
        seconds.append(lengths.pop())
    assert seconds == sorted(seconds)
    assert seconds[0] == 0
    assert seconds[-1] == 8


@given(where=st.floats(0, 1), bit=st.integers(0, 7))
def test_a_flipped_bit_never_gives_other_samples(
    closed: Path, tmp_path_factory: pytest.TempPathFactory, where: float, bit: int
) -> None:
    data = bytearray((closed / "session.mcap").read_bytes())
    data[min(int(where * len(data)), len(data) - 1)] ^= 1 << bit
    folder = copy_with(closed, tmp_path_factory.mktemp("flip"), bytes(data), ended=True)
    session = read_journal(folder)
    assert any("SHA-256" in line for line in session.problems)
    for stream_id, stream in session.streams.items():
        whole = {row.tobytes() for row in truth(stream_id)}
        assert {row.tobytes() for row in stream.samples()[1]} <= whole
        times = stream.samples()[0]
        assert (np.diff(times) > 0).all()
    ramp_times, ramp = session.streams["t.eda"].samples()
    np.testing.assert_array_equal(np.round(ramp[:, 0] * 7), (ramp_times - 5 * S) / (S / 4))


def test_a_damaged_part_is_a_gap_and_the_rest_stays(closed: Path, tmp_path: Path) -> None:
    data = bytearray((closed / "session.mcap").read_bytes())
    parts = [i for i in range(len(data)) if data[i : i + 4] == b"\x28\xb5\x2f\xfd"]  # zstd frames
    data[parts[4] + 40] ^= 0x10  # the part of second 3; part 0 is the header's
    session = read_journal(copy_with(closed, tmp_path / "s", bytes(data), ended=True))
    gap = Gap("t.eda", 8 * S, 9 * S, 4, "damaged in the journal")
    assert session.streams["t.eda"].gaps == (gap,)
    assert session.streams["t.acc"].gaps[0].n_lost is None
    assert session.streams["t.ibi"].gaps[0].reason == "damaged in the journal"
    assert session.streams["t.acc"].n_samples == 7 * 32
    assert any("damaged" in line for line in session.problems)
    assert any("3 of" in line for line in session.problems)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_recorder_keeps_what_it_says_is_kept(tmp_path: Path) -> None:
    """In real time, where nobody waits for the disk: the thread puts it there by itself."""
    folder = tmp_path / "s"
    program = textwrap.dedent(
        f"""
        import time, sys
        import numpy as np
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from test_journal import writer, EDA, SignalChunk, S
        sink = writer(Path({str(folder)!r}))
        before = sink.state.n_kept
        for index in range(10_000):
            sink.chunk(SignalChunk(EDA, np.float32([[index]]), 5 * S + index * S // 4), 0)
            print(sink.state.n_kept - before, flush=True)
            time.sleep(0.02)
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        kept = 0
        for line in child.stdout:
            kept = int(line)
            if kept >= 40:
                break
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    session = read_journal(folder)
    stored = session.streams["t.eda"].samples()[1][:, 0]
    np.testing.assert_array_equal(stored, np.arange(len(stored)))
    assert len(stored) >= kept
    assert any("wasn't closed" in line for line in session.problems)
    assert json.loads((folder / "session.json").read_text())["closed"] is False


def test_the_disk_is_reached_while_recording(tmp_path: Path) -> None:
    sink = writer(tmp_path / "s")
    before = sink.state.n_kept
    sink.chunk(eda(0), 6 * S)
    sink.chunk(eda(1), 7 * S)
    until(lambda: sink.state.n_kept == before + 2)  # by itself
    assert (sink.state.n_unkept, sink.state.behind_s) == (0, 0.0)
    assert read_journal(tmp_path / "s").streams["t.eda"].n_samples == 8
    sink.close()


def test_a_stock_reader_understands_the_file_alone(closed: Path) -> None:
    with (closed / "session.mcap").open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        seen = [
            (schema.encoding, channel, json.loads(message.data))
            for schema, channel, message in reader.iter_messages(topics=["streams/t.acc"])
        ]
        summary = reader.get_summary()
    assert len(seen) == 8
    assert {encoding for encoding, _, _ in seen} == {"jsonschema"}
    channel = seen[0][1]
    assert channel.message_encoding == "json"
    assert channel.metadata["sampling_rate"] == "32.0"
    assert json.loads(channel.metadata["channels"])[0] == {"name": "x", "unit": "g"}
    data = np.concatenate([np.array(m["data"], np.float32) for _, _, m in seen])
    np.testing.assert_array_equal(data, truth("t.acc"))
    assert [m["start_ns"] for _, _, m in seen] == [(5 + i) * S for i in range(8)]
    assert [m["received_ns"] for _, _, m in seen] == [(6 + i) * S for i in range(8)]
    assert summary is not None
    assert summary.statistics is not None
    with (closed / "session.mcap").open("rb") as file:
        count = sum(1 for _ in NonSeekingReader(file, validate_crcs=True).iter_messages())
    assert count == summary.statistics.message_count
    assert count == json.loads((closed / "session.json").read_text())["n_messages"]


def test_the_twin_carries_hash_and_header(closed: Path, tmp_path: Path) -> None:
    twin = json.loads((closed / "session.json").read_text())
    data = (closed / "session.mcap").read_bytes()
    assert twin["sha256"] == hashlib.sha256(data).hexdigest()
    # the journal alone is enough, and so is the twin where the journal's header is gone
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "session.mcap").write_bytes(data)
    session = read_journal(alone)
    assert session.content_hash == read_journal(closed).content_hash
    assert any("session.json" in line for line in session.problems)
    headless = read_journal(copy_with(closed, tmp_path / "headless", data[:50], ended=False))
    assert headless.participant == "P-01"
    assert set(headless.streams) == {"t.eda", "t.acc", "t.ibi"}


def test_losing_the_first_part_loses_no_sample(closed: Path, tmp_path: Path) -> None:
    data = bytearray((closed / "session.mcap").read_bytes())
    data[data.index(b"\x28\xb5\x2f\xfd") + 40] ^= 1
    session = read_journal(copy_with(closed, tmp_path / "s", bytes(data), ended=True))
    assert session.content_hash == read_journal(closed).content_hash
    assert any("damaged" in line for line in session.problems)


def test_parquet_is_the_same_samples(closed: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    for stream_id, stream in read_journal(closed).streams.items():
        table = parquet.read_table(closed / "streams" / f"{stream_id}.parquet")
        times, data = stream.samples()
        assert table.column_names == ["time_ns", *(c.name for c in stream.info.channels)]
        np.testing.assert_array_equal(table["time_ns"].to_numpy(), times)
        np.testing.assert_array_equal(table.column(1).to_numpy(), data[:, 0])


@pytest.mark.parametrize("code", ["", "x", "a" * 33, "Anna Müller", "../x", "a\n", "a.b"])
def test_names_are_not_codes(tmp_path: Path, code: str) -> None:
    with pytest.raises(ValueError, match="participant code"):
        JournalWriter(tmp_path / "s", participant=code)
    assert not (tmp_path / "s").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    for name in ("folder", "file"):
        with pytest.raises(RecordingExistsError, match="something is there"):
            writer(tmp_path / name)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder where nothing can be made")
def test_a_folder_that_cannot_be_made_is_named() -> None:
    with pytest.raises(RecordingError, match="can't be written"):
        writer(Path("/proc/wearaffect-test/s"))


def test_a_folder_that_appears_before_the_start_is_kept(tmp_path: Path) -> None:
    sink = JournalWriter(tmp_path / "s", participant="P1")
    (tmp_path / "s").mkdir()
    with pytest.raises(RecordingExistsError):
        sink.start(INFOS, 0)
    sink.close()
    assert list((tmp_path / "s").iterdir()) == []


def test_the_wall_clock_is_read_at_the_start(tmp_path: Path) -> None:
    sink = JournalWriter(tmp_path / "s", participant="P1")
    before_s = time.time()
    sink.start(INFOS, 5 * S)
    after_s = time.time()
    sink.close()
    wall_s = read_journal(tmp_path / "s").wall_start_s
    assert wall_s is not None
    assert before_s <= wall_s <= after_s


def test_what_is_not_a_journal_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingNotFoundError):
        read_journal(tmp_path / "absent")
    with pytest.raises(RecordingFormatError, match=r"session\.mcap"):
        read_journal(tmp_path)
    (tmp_path / "session.mcap").write_bytes(b"hello, this is text" * 50)
    with pytest.raises(CorruptRecordingError):
        open_session(tmp_path)
    (tmp_path / "session.json").write_text('{"closed": false, "infos": [{"id": 3}]}')
    with pytest.raises(RecordingFormatError, match="header"):
        open_session(tmp_path)


def test_wrong_calls_are_refused(tmp_path: Path) -> None:
    unborn = JournalWriter(tmp_path / "t", participant="P1")
    with pytest.raises(ValueError, match="unique"):
        unborn.start((EDA, EDA), 0)
    with pytest.raises(ValueError, match="between start and close"):
        unborn.watermark(0)
    unborn.close()
    assert not (tmp_path / "t").exists()
    sink = writer(tmp_path / "s")
    with pytest.raises(ValueError, match="stream 'other'"):
        sink.chunk(replace(eda(0), info=replace(EDA, id="other")), 0)
    sink.close()
    with pytest.raises(ValueError, match="between start and close"):
        sink.event(Marker(0, "late"))
