"""What a report says of recordings and sittings that didn't end as they should."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from recorded_sittings import SCRIPT, record
from report_reading import number, reported

from wearaffect.clinic.report.recorded import recorded
from wearaffect.clinic.report.writing import summary
from wearaffect.recording.recover import recover


def test_a_cut_off_recording_is_reported_and_says_so(sat: Path, tmp_path: Path) -> None:
    whole = (sat / "session.mcap").read_bytes()
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "session.mcap").write_bytes(whole[: len(whole) * 2 // 3])
    twin = json.loads((sat / "session.json").read_text()) | {"closed": False}
    (tmp_path / "cut" / "session.json").write_text(json.dumps(twin))
    page = reported(tmp_path / "cut", tmp_path)
    assert "This recording was cut off" in page.text
    assert "the recording ends in it" in page.tables["Phases"][2][5]
    stored = {row[0]: number(row[3]) for row in page.tables["Loss account, samples"][1:]}
    assert 0 < stored["e4.eda"] < 2800
    recover(tmp_path / "cut", tmp_path / "mended")
    again = reported(tmp_path / "mended", tmp_path)
    mended = {row[0]: number(row[3]) for row in again.tables["Loss account, samples"][1:]}
    assert mended == stored
    assert "This recording was cut off, and recovered." in again.text
    assert "Up to a second before its end may be missing." in again.text
    digest = json.loads((tmp_path / "mended" / "session.json").read_text())["recovered_from"]
    assert f"recovered from the file with the SHA-256 {digest[:16]}" in again.text
    assert "Nothing needed mending" not in again.text
    assert "None were found" not in again.text
    assert "since it was recovered" in again.text
    for said in (page, again):
        assert (
            "The sitting was not brought to its end: the recording breaks off in the" in said.text
        )
        assert re.search(r"Not held: (Interview, )?Recovery\.", said.text)
    assert summary(recorded(tmp_path / "mended"))["recovered_from"] == digest


def test_a_recovered_session_names_the_one_it_is_of(sat: Path, tmp_path: Path) -> None:
    (tmp_path / "S-1").mkdir()
    whole = bytearray((sat / "session.mcap").read_bytes())
    whole[len(whole) // 2] ^= 1
    (tmp_path / "S-1" / "session.mcap").write_bytes(whole)
    shutil.copy(sat / "session.json", tmp_path / "S-1")
    lost = recover(tmp_path / "S-1", tmp_path / "S-1-recovered").lost
    assert lost
    page = reported(tmp_path / "S-1-recovered", tmp_path)
    assert "This recording was damaged, and recovered. It was recovered from S-1." in " ".join(
        page.text.split()
    )
    assert all(page.text.count(line) == 2 for line in lost)  # at the top and under Problems
    assert "may be missing" not in page.text
    assert dict(map(tuple, page.tables["Provenance"]))["Recovered from (name, SHA-256)"].startswith(
        "S-1 "
    )


@pytest.mark.parametrize("stopped", [True, False])
def test_a_sitting_that_nobody_closed_says_so(
    stopped: bool, twelve_minutes: Any, tmp_path: Path
) -> None:
    script = [(at_s, act) for at_s, act in SCRIPT if at_s < 400]
    record(tmp_path / "s", twelve_minutes, None, script=script, stopped=stopped)
    page = reported(tmp_path / "s", tmp_path)
    why = "the server was stopped" if stopped else "nobody closed it; the recording ends"
    title = f"The sitting was not brought to its end: {why} in the phase “Colour words”"
    assert page.text.count(title) == 2
    assert "Not held: Interview, Recovery." in page.text
    assert "None were found" not in page.text
    assert summary(recorded(tmp_path / "s"))["unfinished"].startswith(title)


def test_a_sitting_that_was_closed_has_no_such_box(sat: Path, tmp_path: Path) -> None:
    page = reported(sat, tmp_path)
    assert "not brought to its end" not in page.text
    assert "recovered" not in page.text
    assert summary(recorded(sat))["unfinished"] == ""


def test_a_changed_byte_is_told_at_the_top(sat: Path, tmp_path: Path) -> None:
    shutil.copytree(sat, tmp_path / "s", ignore=shutil.ignore_patterns("streams"))
    content = bytearray((tmp_path / "s" / "session.mcap").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "s" / "session.mcap").write_bytes(content)
    page = reported(tmp_path / "s", tmp_path)
    assert "This recording isn't whole" in page.text
    assert "SHA-256 differs" in page.text
