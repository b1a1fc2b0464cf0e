"""The journal and its disk: full, hung, broken, cut from its power; recording goes on."""

import contextlib
import json
import random
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from faulty_disks import (
    INFOS,
    START_NS,
    BrokenDisk,
    FullDisk,
    HungDisk,
    S,
    VolatileDisk,
    opener_of,
    record,
    second,
    writer,
    wrong_samples,
)

from wearaffect.core.errors import RecordingError
from wearaffect.core.streams import Marker
from wearaffect.recording.journal import JournalSettings, JournalWriter, read_journal
from wearaffect.recording.keeping import planned_bytes
from wearaffect.recording.recover import recover
from wearaffect.recording.verify import verify


def until(there: Callable[[], bool]) -> None:
    for _ in range(2000):
        if there():
            return
        time.sleep(0.005)
    raise AssertionError(there)


def seconds_of(folder: Path) -> int:
    """How many whole seconds from the start are there; every sample is right."""
    session = read_journal(folder)
    for stream in session.streams.values():
        assert wrong_samples(stream.info, *stream.samples()) == 0
        assert stream.gaps == ()
    return session.streams["t.eda"].n_samples // 4


def size_of_a_run(tmp_path: Path) -> int:
    whole = writer(tmp_path / "whole")
    for index in range(4):
        record(whole, range(index, index + 1))
        whole.flush()
    whole.close()
    return (tmp_path / "whole" / "session.mcap").stat().st_size


def first_part(tmp_path: Path) -> bytes:
    """What `start` puts on the disk."""
    empty = writer(tmp_path / "empty")
    content = (tmp_path / "empty" / "session.mcap").read_bytes()
    empty.close()
    return content


def test_a_full_disk_ends_the_journal_and_nothing_else(tmp_path: Path) -> None:
    size = size_of_a_run(tmp_path)
    kept, header = [], len(first_part(tmp_path))
    for number, limit in enumerate(range(8, size + 400, 131)):
        told: list[RecordingError] = []
        folder = tmp_path / str(number)
        made = JournalWriter(
            folder,
            participant="P-01",
            wall_start_s=0.0,
            settings=JournalSettings(
                reserve_bytes=0, opener=partial(FullDisk, size=limit), alarm=told.append, sync_s=5.0
            ),
        )
        acknowledged = 0
        if limit < header:
            with pytest.raises(RecordingError, match="No space left"):
                made.start(INFOS, START_NS)
            made.abandon()
            continue
        made.start(INFOS, START_NS)
        for index in range(4):
            record(made, range(index, index + 1))  # goes on whatever the disk does
            with contextlib.suppress(RecordingError):
                made.flush()
                acknowledged = index + 1
        made.event(Marker(S, "still taken"))
        if limit > size + 100:
            made.close()
            assert told == []
        else:
            with pytest.raises(RecordingError, match="No space left"):
                made.close()
            assert told == [made.state.trouble]
        assert acknowledged <= seconds_of(folder) <= 4
        kept.append(acknowledged)
    assert kept == sorted(kept)
    assert {0, 1, 2, 3, 4} == set(kept)


def test_the_reserve_keeps_a_full_disk_going(tmp_path: Path) -> None:
    told: list[RecordingError] = []
    made = writer(
        tmp_path / "s",
        reserve_bytes=100_000,
        opener=partial(FullDisk, size=9_000, more=100_000),
        alarm=told.append,
    )
    reserve = tmp_path / "s" / "reserve.tmp"
    assert reserve.stat().st_size == 100_000
    for index in range(10):
        record(made, range(index, index + 1))
        made.flush()
    assert not reserve.exists()
    (only,) = told
    assert "the disk is full" in only.line()
    assert made.state.trouble is None
    made.close()
    assert verify(tmp_path / "s").ok
    assert seconds_of(tmp_path / "s") == 10


def test_the_reserve_is_given_back_at_the_close(tmp_path: Path) -> None:
    made = writer(tmp_path / "s", reserve_bytes=4096)
    assert (tmp_path / "s" / "reserve.tmp").exists()
    made.close()
    assert not (tmp_path / "s" / "reserve.tmp").exists()


def test_what_the_disk_cannot_hold_is_not_begun(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"not enough room.*free space"):
        writer(tmp_path / "s", planned_s=1e12)
    assert not (tmp_path / "s").exists()


def test_the_plan_is_above_what_a_recording_takes(tmp_path: Path) -> None:
    made = writer(tmp_path / "s")
    for index in range(60):
        record(made, range(index, index + 1))
        made.flush()
    made.close()
    size = (tmp_path / "s" / "session.mcap").stat().st_size
    assert 60 * 4 < size < planned_bytes(INFOS, 60)


def test_a_hung_disk_holds_nobody_up(tmp_path: Path) -> None:
    disks: list[HungDisk] = []
    told: list[RecordingError] = []
    made = writer(
        tmp_path / "s",
        opener=opener_of(disks, HungDisk),
        sync_s=0.05,
        patience_s=0.2,
        waiting_bytes=50_000,
        alarm=told.append,
    )
    disks[0].works.clear()
    record(made, range(10))
    until(lambda: made.state.behind_s > 0.1)
    assert made.state.n_unkept >= 30
    with pytest.raises(RecordingError, match="doesn't answer"):
        made.flush()
    assert told == []  # a wait isn't the end
    disks[0].works.set()
    made.flush()
    assert made.state.n_unkept == 0
    disks[0].works.clear()
    record(made, range(10, 60))  # more than may wait
    assert [error.what.rpartition(": ")[2] for error in told] == ["the disk doesn't answer"]
    with pytest.raises(RecordingError, match="doesn't answer"):
        made.close()
    disks[0].works.set()
    until(lambda: not verify(tmp_path / "s").problems[-1].endswith("right now"))
    assert 10 <= seconds_of(tmp_path / "s") < 60
    assert verify(recover(tmp_path / "s", tmp_path / "t").folder).ok


def test_what_a_broken_disk_did_not_sync_is_not_acknowledged(tmp_path: Path) -> None:
    disks: list[BrokenDisk] = []
    made = writer(tmp_path / "s", opener=opener_of(disks, BrokenDisk))
    record(made, range(3))
    made.flush()
    kept = made.state.n_kept
    disks[0].broken = True
    record(made, range(3, 4))
    with pytest.raises(RecordingError, match="Input/output error"):
        made.flush()
    record(made, range(4, 5))
    assert (made.state.n_kept, made.state.n_unkept) == (kept, 6)
    with pytest.raises(RecordingError, match="Input/output error"):
        made.close()
    assert json.loads((tmp_path / "s" / "session.json").read_text())["closed"] is False
    assert seconds_of(tmp_path / "s") >= 3


def test_an_alarm_that_fails_ends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def alarm(trouble: RecordingError) -> None:
        raise KeyError(trouble)

    made = writer(tmp_path / "s", opener=partial(FullDisk, size=9_000), alarm=alarm)
    record(made, range(40))
    with pytest.raises(RecordingError, match="No space left"):
        made.flush()
    with pytest.raises(RecordingError, match="No space left"):
        made.close()
    assert "the alarm failed" in caplog.text


@pytest.mark.parametrize("sync_s", [0.0, 5.1, float("nan")])
def test_a_sync_that_may_lose_more_is_refused(sync_s: float) -> None:
    with pytest.raises(ValueError, match="sync_s"):
        JournalSettings(sync_s=sync_s)


def test_a_power_cut_loses_nothing_that_was_synced(tmp_path: Path) -> None:
    disks: list[VolatileDisk] = []
    made = writer(tmp_path / "s", opener=opener_of(disks, VolatileDisk))
    synced_by = []
    for index in range(8):
        record(made, range(index, index + 1))
        made.flush()
        synced_by.append(len(disks[0].content))
    for index in range(8, 12):  # the last ones without waiting for the disk
        record(made, range(index, index + 1))
    made._writing().close()
    rng = random.Random(20261122)
    for _ in range(60):
        content, synced = disks[0].after_power_cut(rng)
        (tmp_path / "s" / "session.mcap").write_bytes(content)
        acknowledged = sum(size <= synced for size in synced_by)
        session = read_journal(tmp_path / "s")
        for stream in session.streams.values():
            times, data = stream.samples()
            assert wrong_samples(stream.info, times, data) == 0
            assert ((times - START_NS) // S <= 11).all()
        times = session.streams["t.eda"].samples()[0]
        assert set(range(acknowledged)) <= set(((times - START_NS) // S).tolist())


def test_chunks_keep_their_order_from_any_thread(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    made = writer(tmp_path / "s", sync_s=0.01)
    mine = [
        [chunk for i in range(200) for chunk in second(i) if chunk.info is info] for info in INFOS
    ]

    def send(chunks: list) -> None:
        for chunk in chunks:
            made.chunk(chunk, START_NS)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(send, mine))
    made.close()
    assert verify(tmp_path / "s").ok
    assert seconds_of(tmp_path / "s") == 200
