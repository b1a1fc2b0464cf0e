"""Several sittings of one participant on one page."""

import statistics
from dataclasses import replace
from pathlib import Path

import pytest
from report_reading import read

from wearaffect.clinic.report.comparing import page_of_sittings
from wearaffect.clinic.report.printing import write_page
from wearaffect.clinic.report.recorded import recorded
from wearaffect.core.errors import RecordingError
from wearaffect.recording.journal import read_topic

SPANS_S = {"Rest": (5, 312), "Colour words": (312, 540), "Recovery": (540, 712)}


def test_each_sitting_has_its_row_and_its_phases(
    sat: Path, sat_again: Path, tmp_path: Path
) -> None:
    write_page(page_of_sittings([recorded(sat_again), recorded(sat)]), tmp_path / "r.html")
    page = read(tmp_path / "r.html")
    _, first, second = page.tables["Sittings"]
    assert first[1].startswith("22 November 2025")
    assert second[1].startswith("29 November 2025")
    _, *rows = page.tables["Phase by phase"]
    assert [(row[0], row[1]) for row in rows] == [(p, n) for p in SPANS_S for n in ("1", "2")]
    for phase, number, stress, withheld, valence, arousal, *_ in rows:
        inside = [
            m
            for m in read_topic(sat if number == "1" else sat_again, "estimates")
            if m["start_ns"] - m["origin_ns"] >= SPANS_S[phase][0] * 10**9
            and m["end_ns"] - m["origin_ns"] <= SPANS_S[phase][1] * 10**9
        ]
        said = [m["stress"] for m in inside if not m["withheld"]]
        assert stress == (f"{statistics.median(said):.2f}" if said else "–")
        assert withheld == f"{100 * (1 - len(said) / len(inside)):.0f} %"
        asked = {"Rest": ("0.70", "0.20"), "Colour words": ("0.30", "0.80")}
        assert (valence, arousal) == asked.get(phase, ("–", "–"))
    links = [value for name, value in page.attributes if name == "href" and "sitting" in value]
    ids = [value for name, value in page.attributes if name == "id"]
    assert links == ["#sitting1", "#sitting2"]
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in links} <= set(ids)
    assert not {"script", "img", "link", "iframe"} & set(page.tags)
    assert "differ" not in page.text


def test_what_differs_is_said(sat: Path, sat_bare: Path) -> None:
    page = page_of_sittings([recorded(sat), recorded(sat_bare)])
    assert "differ" not in page  # a sitting without a model has no other bundle
    other = recorded(sat)
    outcomes = tuple(replace(o, bundle_id="other@1+2") for o in other.outcomes)
    mixed = page_of_sittings([recorded(sat), replace(other, outcomes=outcomes, manifest=None)])
    assert "The bundles differ" in mixed


def test_two_people_are_never_put_side_by_side(sat: Path) -> None:
    told = recorded(sat)
    stranger = replace(told, session=replace(told.session, participant="KA-0008-D"))
    with pytest.raises(RecordingError, match="another participant") as caught:
        page_of_sittings([told, stranger])
    assert "KA-0007-F" in caught.value.expected
    assert "KA-0008-D" in caught.value.got
