"""Sealed recordings: readable with the key alone, and no byte of them can be changed unseen."""

import contextlib
import json
import random
import shutil
from pathlib import Path

import pytest
from faulty_disks import FullDisk, S, opener_of, record, writer, wrong_samples

from wearaffect.core.errors import RecordingError, RecordingFormatError
from wearaffect.core.streams import Marker
from wearaffect.recording.erasing import erase
from wearaffect.recording.journal import read_journal
from wearaffect.recording.recover import recover
from wearaffect.recording.verify import verify

pytest.importorskip("cryptography")
from wearaffect.recording.sealed import new_key, public_key, unseal

PRIVATE = bytes(range(32))


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed") / "s"
    made = writer(folder, seal_to=public_key(PRIVATE))
    for index in range(6):
        record(made, range(index, index + 1))
        made.flush()
    made.event(Marker(S, "canary in a note"))
    made.close()
    return folder


def test_the_key_gives_it_all_back(sealed: Path, tmp_path: Path) -> None:
    assert sorted(file.name for file in sealed.iterdir()) == ["session.json", "session.sealed"]
    made = unseal(sealed, tmp_path / "open", PRIVATE)
    assert made.problems == ()
    assert verify(made.folder).ok
    session = read_journal(made.folder)
    assert session.markers == (Marker(S, "canary in a note"),)
    assert session.streams["t.eda"].n_samples == 24
    for stream in session.streams.values():
        assert wrong_samples(stream.info, *stream.samples()) == 0


def test_nobody_else_reads_it(sealed: Path, tmp_path: Path) -> None:
    content = (sealed / "session.sealed").read_bytes()
    for word in (b"canary", b"P-01", b"t.eda", b"MCAP", b"zstd"):
        assert word not in content
    with pytest.raises(RecordingError, match="is sealed"):
        read_journal(sealed)
    with pytest.raises(RecordingError, match="another key"):
        unseal(sealed, tmp_path / "open", new_key())
    assert not (tmp_path / "open").exists()
    with pytest.raises(RecordingFormatError, match="not a sealed session"):
        unseal(tmp_path, tmp_path / "open", PRIVATE)


def test_two_sessions_of_the_same_content_differ_all_through(tmp_path: Path) -> None:
    blocks = []
    for name in "ab":
        made = writer(tmp_path / name, seal_to=public_key(PRIVATE))
        made.flush()
        blocks.append((tmp_path / name / "session.sealed").read_bytes()[-64:])
        made.abandon()
    assert blocks[0] != blocks[1]


def test_no_byte_can_be_changed_unseen(sealed: Path, tmp_path: Path) -> None:
    whole = (sealed / "session.sealed").read_bytes()
    rng = random.Random(3)
    for trial in range(80):
        content = bytearray(whole)
        content[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        folder = tmp_path / str(trial)
        folder.mkdir()
        shutil.copy(sealed / "session.json", folder)
        (folder / "session.sealed").write_bytes(content)
        try:
            made = unseal(folder, tmp_path / f"open {trial}", PRIVATE)
        except RecordingError:
            continue
        assert made.problems
        assert not verify(made.folder).ok
        n_kept = read_journal(made.folder).streams["t.eda"].n_samples
        assert n_kept >= 20  # one block at most
        for stream in read_journal(made.folder).streams.values():
            assert wrong_samples(stream.info, *stream.samples()) == 0


def test_blocks_cannot_be_moved_or_taken_out(sealed: Path, tmp_path: Path) -> None:
    whole = (sealed / "session.sealed").read_bytes()
    at, places = 20 + 64, []
    while at < len(whole):
        end = at + 13 + int.from_bytes(whole[at : at + 4], "little")
        places.append(whole[at:end])
        at = end
    head = whole[: 20 + 64]
    orders = {
        "moved": [*places[:3], places[4], places[3], *places[5:]],
        "removed": [*places[:3], *places[4:]],
        "cut": places[:-1],
        "twice": [*places[:3], places[2], *places[3:]],
    }
    for name, blocks in orders.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "session.sealed").write_bytes(head + b"".join(blocks))
        assert unseal(folder, tmp_path / f"open {name}", PRIVATE).problems


def test_an_unclosed_one_is_opened_and_recovered(tmp_path: Path) -> None:
    disks: list[FullDisk] = []
    opener = opener_of(disks, lambda file: FullDisk(file, 12_000))
    made = writer(tmp_path / "s", seal_to=public_key(PRIVATE), opener=opener)
    acknowledged = 0
    for index in range(20):
        record(made, range(index, index + 1))
        with contextlib.suppress(RecordingError):
            made.flush()
            acknowledged = index + 1
    with pytest.raises(RecordingError, match="No space left"):
        made.close()
    assert 0 < acknowledged < 20
    opened = unseal(tmp_path / "s", tmp_path / "open", PRIVATE)
    assert opened.problems == ("session.sealed: has no end",)
    recovered = recover(opened.folder, tmp_path / "new")
    assert verify(recovered.folder).ok
    assert acknowledged * 4 <= read_journal(recovered.folder).streams["t.eda"].n_samples
    assert json.loads((tmp_path / "s" / "session.json").read_text())["closed"] is False
    assert erase(tmp_path / "s") == []


def test_a_key_is_32_bytes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        writer(tmp_path / "s", seal_to=b"short")
