"""A packed export has what was exported, and nothing of when it was packed."""

import asyncio
import os
import zipfile
from pathlib import Path

import pytest

from wearaffect.clinic.console.chores import Chores
from wearaffect.clinic.console.packing import pack
from wearaffect.clinic.console.problems import ConsoleError


def exported(place: Path, when_s: int) -> Path:
    folder = place / "P-07_ab"
    (folder / "bids" / "sub").mkdir(parents=True)
    (folder / "P-07.edf").write_bytes(b"0" * 5000)
    (folder / "bids" / "sub" / "é.tsv").write_text("1\n", encoding="utf-8")
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (when_s, when_s))
    return folder


def test_the_same_export_gives_the_same_bytes_on_any_day(tmp_path: Path) -> None:
    packed = []
    for number, when_s in enumerate((1_700_000_000, 1_790_000_000)):
        folder = exported(tmp_path / str(number), when_s)
        pack(folder, tmp_path / f"{number}.zip")
        packed.append((tmp_path / f"{number}.zip").read_bytes())
    assert packed[0] == packed[1]
    with zipfile.ZipFile(tmp_path / "0.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["P-07_ab/P-07.edf", "P-07_ab/bids/sub/é.tsv"]
        assert archive.read("P-07_ab/P-07.edf") == b"0" * 5000
        assert {member.date_time for member in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}


def test_the_console_packs_so(tmp_path: Path) -> None:
    folder = exported(tmp_path / "a", 1_790_000_000)
    asyncio.run(Chores().zip(folder, tmp_path / "theirs.zip"))
    pack(folder, tmp_path / "ours.zip")
    assert (tmp_path / "theirs.zip").read_bytes() == (tmp_path / "ours.zip").read_bytes()
    with pytest.raises(ConsoleError, match="can't be packed"):  # never over another
        asyncio.run(Chores().zip(folder, tmp_path / "ours.zip"))
