"""Verify and recover: after any damage no sample is wrong, and only what was touched is lost."""

import hashlib
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faulty_disks import (
    ACC,
    EDA,
    START_NS,
    S,
    opener_of,
    record,
    second,
    value_of,
    writer,
    wrong_samples,
)
from mcap.reader import NonSeekingReader
from mcap.records import Chunk, Message
from mcap.stream_reader import StreamReader, breakup_chunk
from mcap.writer import Writer

from wearaffect.core.errors import (
    CorruptRecordingError,
    RecordingError,
    RecordingExistsError,
    RecordingFormatError,
    RecordingNotFoundError,
)
from wearaffect.core.events import LateChunk
from wearaffect.core.streams import Gap, Marker, SignalChunk
from wearaffect.recording.audit import check_chain, digest_of
from wearaffect.recording.erasing import erase
from wearaffect.recording.journal import read_journal, read_topic
from wearaffect.recording.recover import recover, unclosed_sessions
from wearaffect.recording.storage import DiskFile
from wearaffect.recording.verify import verify

N_SECONDS = 12


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed journal of some 20 kB, a part a second."""
    folder = tmp_path_factory.mktemp("closed") / "s"
    made = writer(folder)
    for index in range(N_SECONDS):
        record(made, range(index, index + 1))
        made.flush()
    made.event(Marker(START_NS + 3 * S, "press"))
    made.audit("operator", "marker moved", old=2.5, new=3.0, reason="pressed late")
    made.close()
    return folder


def damaged(closed: Path, target: Path, content: bytes) -> Path:
    target.mkdir()
    shutil.copy(closed / "session.json", target)
    (target / "session.mcap").write_bytes(content)
    return target


def parts_of(content: Path) -> list[tuple[int, int, int]]:
    """Where each part lies and how many messages it holds, as the format's own library sees it."""
    places = []
    with content.open("rb") as stream:
        reader = StreamReader(stream, emit_chunks=True)
        at = 8
        for read in reader.records:
            if isinstance(read, Chunk):
                found = breakup_chunk(read, validate_crc=True)
                places.append((at, stream.tell(), sum(isinstance(m, Message) for m in found)))
            at = stream.tell()
    return places


def assert_nothing_wrong(folder: Path) -> None:
    for stream in read_journal(folder).streams.values():
        times, data = stream.samples()
        assert wrong_samples(stream.info, times, data) == 0
        assert (np.diff(times) > 0).all()


def assert_strict(folder: Path) -> None:
    """The stock reader with all its checks takes the file, and finds what session.json says."""
    with (folder / "session.mcap").open("rb") as stream:
        found = NonSeekingReader(stream, validate_crcs=True).iter_messages()
        count = sum(1 for _ in found)
    assert count == json.loads((folder / "session.json").read_text())["n_messages"]


def test_a_closed_session_is_ok(closed: Path) -> None:
    found = verify(closed)
    header = json.loads((closed / "session.json").read_text())
    assert found.as_dict() == {
        "ok": True,
        "closed": True,
        "streams": {
            "t.eda": account("counter", 48, 48),
            "t.acc": account("counter", 384, 384),
            "t.ibi": account("none", None, 12),
        },
        "problems": [],
        "audit_head": header["audit_head"],
        "sha256": header["sha256"],
    }
    assert_strict(closed)
    assert found.streams == header["streams"]


def account(evidence: str, expected: int | None, stored: int, **more: int) -> dict[str, Any]:
    counts = {"stored": stored, "lost_in_gaps": 0, "damaged": 0, **more}
    return {"loss_evidence": evidence, "expected": expected, **counts}


def flip(content: bytearray, at: int, rng: random.Random) -> tuple[int, int]:
    content[at] ^= 1 << rng.randrange(8)
    return at, at + 1


def zero(content: bytearray, at: int, rng: random.Random) -> tuple[int, int]:
    end = min(at + 512, len(content))
    content[at:end] = bytes(end - at)
    return at, end


def remove(content: bytearray, at: int, rng: random.Random) -> tuple[int, int]:
    end = min(at + 512, len(content))
    del content[at:end]
    return at, end


def scramble(content: bytearray, at: int, rng: random.Random) -> tuple[int, int]:
    end = min(at + rng.randrange(1, 300), len(content))
    content[at:end] = rng.randbytes(end - at)
    return at, end


@pytest.mark.parametrize("harm", [flip, zero, remove, scramble])
def test_damage_costs_the_parts_it_touches_and_is_never_a_sample(
    closed: Path, tmp_path: Path, harm: Callable[..., tuple[int, int]]
) -> None:
    whole = (closed / "session.mcap").read_bytes()
    parts = parts_of(closed / "session.mcap")
    rng = random.Random(7)
    for trial in range(25):
        content = bytearray(whole)
        first, last = harm(content, rng.randrange(len(whole)), rng)
        folder = damaged(closed, tmp_path / str(trial), bytes(content))
        untouched = sum(n for begin, end, n in parts if end <= first or begin >= last)
        found = verify(folder)
        if bytes(content) != whole:
            assert not found.ok
            assert any("SHA-256" in problem for problem in found.problems)
        made = recover(folder, tmp_path / f"new {trial}")
        assert made.n_messages >= untouched
        assert_nothing_wrong(folder)
        assert_nothing_wrong(made.folder)
        for counts in found.streams.values():
            if counts["expected"] is not None:
                kept = counts["stored"] + counts["lost_in_gaps"] + counts["damaged"]
                assert counts["expected"] == kept
        assert (folder / "session.mcap").read_bytes() == content


def test_a_cut_keeps_everything_before_it(closed: Path, tmp_path: Path) -> None:
    whole = (closed / "session.mcap").read_bytes()
    parts = parts_of(closed / "session.mcap")
    for at in range(0, len(whole), 211):
        folder = damaged(closed, tmp_path / str(at), whole[:at])
        made = recover(folder, tmp_path / f"new {at}")
        assert made.n_messages == sum(n for _, end, n in parts if end <= at)
        assert any("wasn't closed" in line for line in made.lost)
        assert_nothing_wrong(made.folder)
        assert verify(made.folder).ok
        assert_strict(made.folder)


def test_a_lost_part_is_a_gap_in_what_is_recovered(closed: Path, tmp_path: Path) -> None:
    content = bytearray((closed / "session.mcap").read_bytes())
    begin, _, _ = parts_of(closed / "session.mcap")[5]  # 0 is the header's, so second 4
    content[begin + 60] ^= 4
    folder = damaged(closed, tmp_path / "s", bytes(content))
    found = verify(folder)
    assert found.closed
    assert found.streams == {
        "t.eda": account("counter", 48, 44, damaged=4),
        "t.acc": account("counter", 384, 352, damaged=32),
        "t.ibi": account("none", None, 11, damaged=1),
    }
    made = recover(folder, tmp_path / "new")
    assert verify(made.folder).streams == {
        "t.eda": account("counter", 48, 44, lost_in_gaps=4),
        "t.acc": account("counter", 384, 352, lost_in_gaps=32),
        "t.ibi": account("none", None, 11),
    }
    session = read_journal(made.folder)
    assert session.problems == ()
    gap = Gap("t.eda", START_NS + 4 * S, START_NS + 5 * S, 4, "damaged in the journal")
    assert session.streams["t.eda"].gaps == (gap,)
    assert session.streams["t.ibi"].gaps[0].n_lost is None
    assert session.markers == (Marker(START_NS + 3 * S, "press"),)
    header = json.loads((made.folder / "session.json").read_text())
    assert header["recovered_from"] == hashlib.sha256(content).hexdigest()
    assert header["wall_start_s"] == 0.0
    trail = read_topic(made.folder, "audit")
    assert [entry["what"] for entry in trail] == [
        "started", "started", "marker moved", "closed", "recovered", "closed",
    ]  # fmt: skip
    assert trail[2]["was"] == digest_of(read_topic(closed, "audit")[1])
    assert trail[4]["new"]["lost"] == list(made.lost)


def test_what_was_lost_before_is_not_counted_twice(tmp_path: Path) -> None:
    made = writer(tmp_path / "s")
    for index in (0, 1, 4, 5):  # 2 and 3 were lost on the way, which the chunk of 4 declares
        (chunk, *_) = second(index)
        lost = 8 if index == 4 else 0
        made.chunk(SignalChunk(EDA, chunk.data, chunk.start_ns, None, 4 * index, None, lost), 0)
        made.flush()
    made.close()
    assert verify(tmp_path / "s").streams["t.eda"] == account("counter", 24, 16, lost_in_gaps=8)
    content = bytearray((tmp_path / "s" / "session.mcap").read_bytes())
    content[parts_of(tmp_path / "s" / "session.mcap")[2][0] + 60] ^= 1  # second 1
    (tmp_path / "s" / "session.mcap").write_bytes(content)
    damaged_account = account("counter", 24, 12, lost_in_gaps=8, damaged=4)
    assert verify(tmp_path / "s").streams["t.eda"] == damaged_account
    recover(tmp_path / "s", tmp_path / "new")
    assert verify(tmp_path / "new").streams["t.eda"] == account("counter", 24, 12, lost_in_gaps=12)


def test_late_samples_count_as_stored(tmp_path: Path) -> None:
    made = writer(tmp_path / "s")
    chunks = [second(index)[0] for index in range(3)]
    made.chunk(chunks[0], 0)
    made.chunk(SignalChunk(EDA, chunks[2].data, chunks[2].start_ns, None, 8, None, 4), 0)
    made.event(LateChunk(chunks[1], n_lost=4))
    made.close()
    assert verify(tmp_path / "s").streams["t.eda"] == account("counter", 12, 12)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("participant", "P-02", "participant isn't what the journal says"),
        ("sha256", "0" * 64, "SHA-256 differs"),
        ("n_messages", 10_000, "can't be read"),
        ("audit_head", "0" * 64, "audit: the last entry"),
        ("closed", False, "says the recording isn't closed"),
    ],
)
def test_session_json_cannot_be_changed_unseen(
    closed: Path, tmp_path: Path, name: str, value: object, said: str
) -> None:
    folder = tmp_path / "s"
    shutil.copytree(closed, folder)
    twin = json.loads((folder / "session.json").read_text())
    (folder / "session.json").write_text(json.dumps(twin | {name: value}))
    found = verify(folder)
    assert not found.ok
    assert any(said in problem for problem in found.problems)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"stored": 47}, "doesn't balance"),
        ({"stored": 47, "lost_in_gaps": 1}, "isn't the journal's"),
        ({"stored": "48"}, "doesn't balance"),
    ],
)
def test_the_account_must_be_the_journals(
    closed: Path, tmp_path: Path, counts: dict[str, object], said: str
) -> None:
    folder = tmp_path / "s"
    shutil.copytree(closed, folder)
    twin = json.loads((folder / "session.json").read_text())
    twin["streams"]["t.eda"] |= counts
    (folder / "session.json").write_text(json.dumps(twin))
    found = verify(folder)
    assert any(said in problem for problem in found.problems)
    assert found.streams["t.eda"]["stored"] == 48


def rewritten(closed: Path, target: Path, change: Callable[[list[dict[str, Any]]], None]) -> Path:
    """A forger's work: another journal with good CRCs, and its new hash in session.json."""
    target.mkdir()
    with (closed / "session.mcap").open("rb") as stream:
        told = [json.loads(m.data) for _, _, m in NonSeekingReader(stream).iter_messages()]
    change(told)
    with (target / "session.mcap").open("wb") as stream:
        made = Writer(stream)
        made.start()
        channel = made.register_channel("all", "json", 0)
        for number, message in enumerate(told):
            made.add_message(channel, 0, json.dumps(message).encode(), 0, number)
        made.finish()
    twin = json.loads((closed / "session.json").read_text())
    sha256 = hashlib.sha256((target / "session.mcap").read_bytes()).hexdigest()
    (target / "session.json").write_text(
        json.dumps(twin | {"sha256": sha256, "n_messages": len(told)})
    )
    return target


def audits(told: list[dict[str, Any]]) -> list[int]:
    return [i for i, message in enumerate(told) if message["topic"] == "audit"]


def edit(told: list[dict[str, Any]]) -> None:
    told[audits(told)[1]]["reason"] = "as agreed"


def cut(told: list[dict[str, Any]]) -> None:
    del told[audits(told)[1]]


def cut_last(told: list[dict[str, Any]]) -> None:
    del told[audits(told)[-1]]


def swap(told: list[dict[str, Any]]) -> None:
    one, other = audits(told)[:2]
    told[one], told[other] = told[other], told[one]


def rename(told: list[dict[str, Any]]) -> None:
    told[0]["participant"] = "P-02"


@pytest.mark.parametrize("change", [edit, cut, cut_last, swap, rename])
def test_a_forged_trail_is_found(
    closed: Path, tmp_path: Path, change: Callable[[list[dict[str, Any]]], None]
) -> None:
    assert verify(rewritten(closed, tmp_path / "same", lambda told: None)).ok
    found = verify(rewritten(closed, tmp_path / "forged", change))
    assert any(problem.startswith("audit: ") for problem in found.problems)


def test_a_trail_has_one_order_and_one_content() -> None:
    entries: list[dict[str, Any]] = []
    previous = "root"
    for index in range(6):
        entries.append({"what": f"änderung {index}", "new": 0.1 * index, "previous": previous})
        previous = digest_of(json.loads(json.dumps(entries[-1])))
    assert check_chain(entries, "root", previous) == []
    assert check_chain(entries, "other root", previous)
    for index in range(6):
        assert check_chain(entries[:index] + entries[index + 1 :], "root", previous)
        changed = [dict(entry) for entry in entries]
        changed[index]["new"] = 7
        assert check_chain(changed, "root", previous)


def test_unclosed_sessions_are_found_and_recovered(tmp_path: Path) -> None:
    root = tmp_path / "root"
    disks: list[DiskFile] = []
    running = writer(root / "today" / "running", opener=opener_of(disks, DiskFile))
    done = writer(root / "done")
    record(done, range(2))
    done.close()
    record(running, range(3))
    running.flush()
    assert unclosed_sessions(root) == []
    for refused in (lambda: recover(running.folder, root / "x"), lambda: erase(running.folder)):
        with pytest.raises(RecordingError, match="being recorded"):
            refused()
    assert any("being recorded" in problem for problem in verify(running.folder).problems)
    running.abandon()  # as a crash would: without an ending
    assert unclosed_sessions(root) == [running.folder]
    assert unclosed_sessions(tmp_path / "absent") == []
    made = recover(running.folder, root / "new")
    assert verify(made.folder).ok
    assert read_journal(made.folder).streams["t.acc"].n_samples == 96
    assert verify(running.folder).closed is False


def test_nothing_is_recovered_over_or_out_of_nothing(closed: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(RecordingExistsError):
        recover(closed, tmp_path / "there")
    with pytest.raises(RecordingNotFoundError):
        recover(tmp_path / "absent", tmp_path / "new")
    with pytest.raises(RecordingFormatError):
        recover(tmp_path / "there", tmp_path / "new")
    (tmp_path / "there" / "session.mcap").write_bytes(b"text" * 1000)
    with pytest.raises(CorruptRecordingError):
        recover(tmp_path / "there", tmp_path / "new")
    name = {"participant": "Anna Müller"}
    bad = rewritten(closed, tmp_path / "named", lambda told: told[0].update(name))
    with pytest.raises(RecordingFormatError, match="participant code"):
        recover(bad, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_parts_of_twice_the_same_count_once(closed: Path, tmp_path: Path) -> None:
    whole = (closed / "session.mcap").read_bytes()
    begin, end, _ = parts_of(closed / "session.mcap")[4]
    folder = damaged(closed, tmp_path / "s", whole[:end] + whole[begin:end] + whole[end:])
    session = read_journal(folder)
    assert any("comes again" in problem for problem in session.problems)
    assert session.content_hash == read_journal(closed).content_hash


def test_a_bomb_is_not_opened(closed: Path, tmp_path: Path) -> None:
    import zlib

    import zstandard

    whole = (closed / "session.mcap").read_bytes()
    size = 2**30
    packer = zstandard.ZstdCompressor().compressobj(size=size)
    packed = b"".join(packer.compress(bytes(2**20)) for _ in range(1024)) + packer.flush()
    crc = 0
    for _ in range(1024):
        crc = zlib.crc32(bytes(2**20), crc)
    head = bytes(16) + size.to_bytes(8, "little") + crc.to_bytes(4, "little") + b"\x04\0\0\0zstd"
    body = head + len(packed).to_bytes(8, "little") + packed
    record_ = b"\x06" + len(body).to_bytes(8, "little") + body
    folder = damaged(closed, tmp_path / "s", whole[:-8] + record_)
    session = read_journal(folder)
    assert session.content_hash == read_journal(closed).content_hash
    assert any("is damaged" in problem for problem in session.problems)


def test_erase_takes_what_is_ours_and_nothing_else(closed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    shutil.copytree(closed, folder)
    (folder / "notes.txt").write_text("mine")
    (tmp_path / "other.parquet").write_text("mine")
    (folder / "streams" / "link.parquet").symlink_to(tmp_path / "other.parquet")
    assert erase(folder) == [folder / "notes.txt"]
    assert [file.name for file in folder.iterdir()] == ["notes.txt"]
    assert (tmp_path / "other.parquet").read_text() == "mine"
    with pytest.raises(RecordingFormatError):
        erase(folder)
    with pytest.raises(RecordingNotFoundError):
        erase(tmp_path / "absent")
    shutil.copytree(closed, tmp_path / "t")
    assert erase(tmp_path / "t") == []
    assert not (tmp_path / "t").exists()


def test_the_copy_is_the_journal_to_the_bit(closed: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    made = writer(tmp_path / "s")
    odd = np.array([[-0.0, 0.0, np.nan], [np.inf, -np.inf, 1e-45]], np.float32)
    made.chunk(SignalChunk(ACC, odd, START_NS, None, 0, 5), 0)
    made.chunk(SignalChunk(ACC, odd, START_NS + S, None, 32, None, 30), 0)
    made.event(Marker(START_NS, "é"))
    made.close()
    for folder in (tmp_path / "s", closed):
        copy = read_journal(folder)
        journal = tmp_path / "alone"
        shutil.rmtree(journal, ignore_errors=True)
        shutil.copytree(folder, journal, ignore=shutil.ignore_patterns("streams"))
        true = read_journal(journal)
        assert type(copy.streams) is not type(true.streams)  # it is the copy that was read
        assert copy.content_hash == true.content_hash
        assert (copy.markers, copy.header, copy.participant) == (
            true.markers, true.header, true.participant,
        )  # fmt: skip
        for name, stream in true.streams.items():
            other = copy.streams[name]
            assert (other.info, other.gaps) == (stream.info, stream.gaps)
            for one, two in zip(stream.segments, other.segments, strict=True):
                assert one.data.tobytes() == two.data.tobytes()
                for field in ("start_ns", "device_counter", "device_clock_ns", "n_lost"):
                    assert getattr(one, field) == getattr(two, field)
        assert copy.arrivals is not None
        assert true.arrivals is not None
        assert len(copy.arrivals) == len(true.arrivals)


@pytest.mark.parametrize("which", ["session.mcap", "streams/t.eda.parquet", "streams/copy.json"])
def test_a_copy_that_does_not_fit_is_not_used(closed: Path, tmp_path: Path, which: str) -> None:
    pytest.importorskip("pyarrow")
    folder = tmp_path / "s"
    shutil.copytree(closed, folder)
    content = bytearray((folder / which).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / which).write_bytes(content)
    assert type(read_journal(folder).streams) is dict
    assert_nothing_wrong(folder)
    assert (which == "session.mcap") == bool(read_journal(folder).problems)


def test_quality_forms_protocol_and_raw_bytes_are_kept(tmp_path: Path) -> None:
    made = writer(tmp_path / "s")
    verdict = {"stream_id": "t.eda", "start_ns": 0, "end_ns": 9, "verdict": "bad", "by": "rule"}
    made.tell("quality", verdict, 9)
    made.tell("forms", {"form": "sliders", "state": "changed", "answers": {"valence": 0.25}}, 10)
    made.tell("protocol", {"phase": "rest", "state": "began"}, 11)
    made.raw("t.eda", b"\x00\xff\x10", 12)
    for topic, words in (("markers", {}), ("audit", {})):
        with pytest.raises(ValueError, match="quality"):
            made.tell(topic, words, 0)
    with pytest.raises(ValueError, match="stream 'x'"):
        made.raw("x", b"", 0)
    made.close()
    assert read_topic(tmp_path / "s", "quality") == [{"time_ns": 9, **verdict}]
    assert read_topic(tmp_path / "s", "forms")[0]["answers"] == {"valence": 0.25}
    assert read_topic(tmp_path / "s", "protocol")[0]["time_ns"] == 11
    assert read_topic(tmp_path / "s", "raw/t.eda") == [{"received_ns": 12, "bytes": "AP8Q"}]
    assert verify(tmp_path / "s").ok
    recover(tmp_path / "s", tmp_path / "t")
    assert read_topic(tmp_path / "t", "raw/t.eda") == read_topic(tmp_path / "s", "raw/t.eda")


def test_the_truth_of_these_tests_tells_samples_apart() -> None:
    values = value_of(ACC, np.arange(1000))
    assert len({row.tobytes() for row in values}) == 1000
    times = START_NS + (np.arange(1000) * S) // 32
    assert wrong_samples(ACC, times, values) == 0
    assert wrong_samples(ACC, times, values[::-1]) == 1000
