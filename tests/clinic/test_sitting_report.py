"""The report of a recorded sitting: every figure counted again from the session's own files."""

import json
import re
import shutil
import statistics
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from recorded_sittings import GAP_S, PROTOCOL, REMARK, record
from report_reading import Page, number, read, reported

from wearaffect.clinic.report.printing import write_page
from wearaffect.clinic.report.recorded import estimated_afterwards, recorded
from wearaffect.clinic.report.wording import reason
from wearaffect.clinic.report.writing import page_of, summary
from wearaffect.clinic.sitting.purpose import Consent
from wearaffect.recording.journal import JournalSettings, JournalWriter, read_topic

RATES_HZ = {"e4.eda": 4, "e4.bvp": 64, "e4.acc": 32, "e4.temp": 4, "e4.hr": 1}


@pytest.fixture(scope="module")
def page(sat: Path, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return reported(sat, tmp_path_factory.mktemp("page"))


def seconds(text: str) -> int:
    minute, second = text.split(":")
    return 60 * int(minute) + int(second)


def raw_outcomes(folder: Path) -> list[dict[str, Any]]:
    return read_topic(folder, "estimates")


def test_loss_table_is_what_the_copy_holds(page: Page, sat: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    _, *rows = page.tables["Loss account, samples"]
    assert {row[0] for row in rows} == set(RATES_HZ)
    for name, share, expected, stored, lost, damaged, _ in rows:
        held = parquet.read_metadata(sat / "streams" / f"{name}.parquet").num_rows
        due = 720 * RATES_HZ[name]
        missing = (GAP_S[1] - GAP_S[0]) * RATES_HZ[name]
        assert number(stored) == held == due - missing
        assert number(damaged) == 0
        if name == "e4.temp":
            assert (share, expected, number(lost)) == ("loss not provable", "–", 0)
        else:
            assert (number(expected), number(lost)) == (due, missing)
            assert number(expected) == number(stored) + number(lost) + number(damaged)
            assert number(share) == pytest.approx(100 * held / due, abs=0.051)


def test_phases_are_those_of_the_script(page: Page) -> None:
    _, *rows = page.tables["Phases"]
    titles = [phase["title"]["en"] for phase in PROTOCOL["phases"]]
    assert [row[0] for row in rows] == titles
    rest, words, interview, recovery = rows
    assert [seconds(rest[3]), seconds(rest[4])] == [5, 312]
    assert "7 s longer" in rest[5]
    assert [seconds(words[3]), seconds(words[4])] == [312, 540]
    assert words[5] == (
        "extended by 1 min: the strap had to be closed again; cut short: all cards were read"
    )
    assert interview[2:] == ["–", "–", "–", "left out: the participant asked to skip it"]
    assert [seconds(recovery[3]), seconds(recovery[4])] == [540, 712]
    assert recovery[5] == "cut short: the participant had to leave"


def test_markers_stand_where_they_hold_in_the_end(page: Page) -> None:
    _, *rows = page.tables["Markers"]
    assert [(seconds(row[0]), row[1]) for row in rows] == [(322, "first card"), (396, "error")]
    assert rows[1][3] == "was “eror” at 6:42, corrected by operator: seen on the video"
    assert page.text.count("spoke") == 1
    assert "“spoke” at 6:20, by operator" in page.text


def test_artefacts_say_who_and_why(page: Page) -> None:
    _, eda, bvp = page.tables["Artefact marks"]
    assert eda == ["e4.eda", "7:32", "7:52", "strap closed again", "operator", "holds"]
    assert bvp[3:] == ["a cough", "operator", "lifted by operator: the pulse is clear there"]


def test_gap_is_one_for_all_streams(page: Page) -> None:
    _, row = page.tables["Gaps"]
    assert (seconds(row[0]), row[1]) == (GAP_S[0], "20 s")
    assert set(row[2].split(", ")) == set(RATES_HZ)
    lost = 20 * sum(rate for name, rate in RATES_HZ.items() if name != "e4.temp")
    assert row[3] == f"{lost:,} or more"


def test_quality_is_what_the_sitting_showed(page: Page, sat: Path) -> None:
    _, *rows = page.tables["Signal quality, share of windows"]
    scores = [message["quality"]["eda"]["score"] for message in raw_outcomes(sat)]
    good = sum(score >= 0.8 for score in scores) / len(scores)
    assert int(rows[0][5]) == len(scores)
    assert number(rows[0][1]) == round(100 * good)
    assert sum(number(cell) for cell in rows[0][1:5]) == pytest.approx(100, abs=2)


def test_movement_stands_beside_quality(page: Page, sat: Path) -> None:
    _, *rows = page.tables["Signal quality, share of windows"]
    messages = raw_outcomes(sat)
    for row, kind in zip(rows, ("eda", "bvp"), strict=False):
        moving = sum("motion" in message["quality"][kind]["reasons"] for message in messages)
        assert 0 < moving < len(messages)
        assert number(row[7]) == round(100 * moving / len(messages))
    assert [row[7] for row in rows[2:]] == ["–"] * (len(rows) - 2)


def test_withheld_adds_up_and_nothing_else_is_shown(page: Page, sat: Path) -> None:
    messages = raw_outcomes(sat)
    counts = Counter(m["reasons"][0] for m in messages if m["withheld"])
    _, *rows = page.tables["What was withheld, by reason"]
    words: Counter[str] = Counter()
    for code, n in counts.items():
        words[reason(code, rest_was_taken=True)] += n
    assert {row[0]: int(row[1]) for row in rows} == words
    assert len(rows) == len(words)  # no words twice
    assert sum(words.values()) < len(messages)
    assert all(m["withheld"] for m in messages if m["end_ns"] - m["origin_ns"] <= 312 * 10**9)


def test_phase_medians_are_those_of_the_journal(page: Page, sat: Path) -> None:
    _, *rows = page.tables["Estimates by phase"]
    spans = {"Rest": (5, 312), "Colour words": (312, 540), "Recovery": (540, 712)}
    assert [row[0] for row in rows] == list(spans)
    for name, n, withheld, stress, called, _, _ in rows:
        inside = [
            m
            for m in raw_outcomes(sat)
            if m["start_ns"] - m["origin_ns"] >= spans[name][0] * 10**9
            and m["end_ns"] - m["origin_ns"] <= spans[name][1] * 10**9
        ]
        said = [m["stress"] for m in inside if not m["withheld"]]
        assert int(n) == len(inside)
        assert number(withheld) == round(100 * (1 - len(said) / len(inside)))
        if said:
            assert number(stress) == pytest.approx(statistics.median(said), abs=0.0051)
            share = sum(value > 0.5 for value in said) / len(said)
            assert number(called) == round(100 * share)
        else:
            assert (stress, called) == ("–", "–")


def test_self_report_stands_beside_the_minutes_before_it(page: Page, sat: Path) -> None:
    _, rest, words = page.tables["Self-report beside estimate"]
    assert rest[:6] == ["5:15", "Rest", "0.70", "0.20", "0.80", "withheld (25 windows)"]
    before = [
        m["stress"]
        for m in raw_outcomes(sat)
        if not m["withheld"]
        and m["end_ns"] - m["origin_ns"] <= 545 * 10**9
        and m["start_ns"] - m["origin_ns"] >= (545 - 180) * 10**9
    ]
    assert words[:5] == ["9:05", "Colour words", "0.30", "0.80", "not answered"]
    assert number(words[5]) == pytest.approx(statistics.fmean(before), abs=0.0051)
    assert f"({len(before)} of 25 windows)" in words[5]
    _, chosen, strain, remark = page.tables["Other answers"]
    assert (chosen[3], strain[3], remark[3]) == ("tired, worried", "6 (from 0 to 10)", REMARK)
    assert "measure different things" in page.text


def test_clock_and_links_are_told(page: Page) -> None:
    _, *clocks = page.tables["Clock account"]
    assert len(clocks) == 2
    assert clocks[0][1:] == ["0:00", "+12.5 ppm", "1.4 ms", "0.3 ms", "first"]
    _, *links = page.tables["Links of devices"]
    assert [(row[0], row[2]) for row in links] == [
        ("0:00", "connected"),
        ("7:10", "lost"),
        ("7:30", "connected"),
    ]
    assert links[0][3] == "battery 81 %"


def test_audit_head_and_hashes_are_those_of_the_files(page: Page, sat: Path) -> None:
    import hashlib

    twin = json.loads((sat / "session.json").read_text())
    trail = dict(map(tuple, page.tables["Audit trail"]))
    assert trail["Fingerprint of the history (audit head)"] == twin["audit_head"]
    assert int(trail["Entries"].split()[0]) == len(read_topic(sat, "audit"))
    assert trail["Unbroken (chain)"].startswith("whole")
    about = dict(map(tuple, page.tables["Provenance"]))
    digest = hashlib.sha256((sat / "session.mcap").read_bytes()).hexdigest()
    assert about["Fingerprint of the file (session.mcap, SHA-256)"] == digest
    assert about["Session"] == "first"
    assert str(sat.parent) not in page.text


def test_consent_and_purpose(page: Page) -> None:
    rows = dict(map(tuple, page.tables["Consent and retention"]))
    assert rows["Agreed to be recorded"] == rows["Agreed to estimates"] == "yes"
    assert rows["Agreed to sharing without names"] == "no"
    assert rows["Kept until"] == "22 November 2026 (365 days)"
    assert "Recorded for: research, laboratory (study 7); not a medical device." in page.text


def test_every_section_says_where_its_figures_come_from(sat: Path) -> None:
    text = page_of(recorded(sat))
    sections = re.findall(r"<section.*?</section>", text, re.DOTALL)
    without = [re.search("<h2>(.*?)</h2>", s)[1] for s in sections if 'class="from"' not in s]
    assert len(sections) >= 13
    assert without == ["What to beware of"]


def test_same_session_same_page(sat: Path, tmp_path: Path) -> None:
    shutil.copytree(sat, tmp_path / "first")
    assert page_of(recorded(sat)) == page_of(recorded(tmp_path / "first"))


def test_without_a_model_nothing_is_estimated(sat_bare: Path, tmp_path: Path) -> None:
    page = reported(sat_bare, tmp_path)
    assert page.tiles["Estimated"] == ("none", "recorded without a model")
    assert "it was recorded without a model" in page.text
    assert "Physics parameters" not in page.tables
    assert "What was withheld, by reason" not in page.tables
    assert "Signal quality, share of windows" in page.tables
    assert "quality worked out from the samples" in page.text


def test_estimates_of_now_say_so(sat: Path, sat_bare: Path, shipped: Any, tmp_path: Path) -> None:
    told = estimated_afterwards(recorded(sat_bare), shipped)
    write_page(page_of(told), tmp_path / "r.html")
    page = read(tmp_path / "r.html")
    assert "worked out after the sitting by wrist-affect@" in page.text
    assert summary(told)["estimated_afterwards"]
    assert not summary(recorded(sat))["estimated_afterwards"]
    live = {m["end_ns"]: m["stress"] for m in raw_outcomes(sat) if not m["withheld"]}
    now = {e.end_ns: e.stress for e in told.estimates}
    assert now.keys() == live.keys()
    assert now == pytest.approx(live, abs=1e-6)


def test_without_consent_nothing_is_estimated_afterwards(
    twelve_minutes: Any, shipped: Any, tmp_path: Path
) -> None:
    record(tmp_path / "s", twelve_minutes, None, consent=Consent(recording=True))
    told = estimated_afterwards(recorded(tmp_path / "s"), shipped)
    assert told.estimates == ()
    assert {o.reasons[0] for o in told.outcomes} == {"no consent to estimates"}


def test_a_bundle_that_is_not_at_hand_costs_only_its_card(sat: Path, tmp_path: Path) -> None:
    told = replace(recorded(sat), manifest=None)
    write_page(page_of(told), tmp_path / "r.html")
    page, whole = read(tmp_path / "r.html"), recorded(sat)
    assert (told.spec, told.horizons_s) == (whole.spec, whole.horizons_s)
    assert set(told.labels) == set(whole.labels)
    assert "its manifest isn't at hand" in page.text
    assert page.tables["Physics parameters"][1][4].startswith("no: the data can't tell")


def test_a_plain_recording_has_no_sitting(tmp_path: Path) -> None:
    from sitting_parts import EDA

    writer = JournalWriter(
        tmp_path / "s", participant="P-01", settings=JournalSettings(about={"room": "<b>3</b>"})
    )
    writer.start([EDA], 0)
    writer.close()
    page = reported(tmp_path / "s", tmp_path)
    assert "No protocol was followed" in page.text
    assert dict(map(tuple, page.tables["Provenance"]))["Settings"] == "room <b>3</b>"
    assert "b" not in page.tags


def test_another_bundle_of_that_name_is_not_taken_for_it(tmp_path: Path) -> None:
    from sitting_parts import EDA

    other = "wrist-affect@0.0.1+0123456789ab"
    writer = JournalWriter(tmp_path / "s", participant="P-01", bundle_id=other)
    writer.start([EDA], 0)
    writer.close()
    assert recorded(tmp_path / "s").manifest is None
    page = reported(tmp_path / "s", tmp_path)
    rows = dict(map(tuple, page.tables["Bundle"]))
    assert rows["Bundle"] == other
    assert "isn't at hand" in rows["Manifest"]
    assert page.tiles["Estimated"][1].startswith("no window")
