"""A sitting in every format that leaves the site: what holds, and nothing that was undone."""

import csv
import json
import zipfile
from pathlib import Path

import pytest
from bids_validator import bids_errors
from recorded_sittings import REMARK

from wearaffect.recording.exports import FORMATS, export_session
from wearaffect.recording.exports.contents import harmless
from wearaffect.recording.journal import read_journal
from wearaffect.recording.opening import open_session

# in seconds, as the script of the recorded sitting has them
MARKERS = [(322, "first card"), (396, "error")]
PHASES = [(5, 307, "rest"), (312, 228, "colour_words"), (540, 172, "recovery")]
ARTEFACT = (452, 20, "strap closed again")
ANSWERS = {
    (315, "affect", "arousal", "rest"): "0.2",
    (315, "affect", "valence", "rest"): "0.7",
    (315, "affect", "dominance", "rest"): "0.8",
    (545, "affect", "arousal", "colour_words"): "0.8",
    (545, "affect", "valence", "colour_words"): "0.3",
    (713, "words", "feelings", ""): "tired; worried",
    (713, "words", "strain", ""): "6",
    (713, "words", "remarks", ""): REMARK,
}
GONE = ("spoke", "eror", "a cough")


@pytest.fixture(scope="module")
def out(sat_bare: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("pyarrow")
    place = tmp_path_factory.mktemp("sitting_out")
    export_session(read_journal(sat_bare), FORMATS, place, keep_addresses=True)
    return place


def require_all(rows: list[dict[str, str]], text: str = "text") -> None:
    """Rows of a table that has columns for everything."""

    def of(what: str) -> list[dict[str, str]]:
        return [row for row in rows if row["what"] == what]

    def times(row: dict[str, str]) -> tuple[int, int]:
        return round(float(row["start"])), round(float(row["length"]))

    assert [(times(row)[0], row[text]) for row in of("marker")] == MARKERS
    assert [(*times(row), row[text]) for row in of("phase")] == PHASES
    (mark,) = of("artefact")
    assert (*times(mark), mark[text]) == ARTEFACT
    assert mark["stream"] == "e4.eda"
    answers = {
        (times(row)[0], row["form"], row["item"], row["phase"]): row[text]
        for row in of("self_report")
    }
    assert answers == ANSWERS


def test_parquet_has_what_holds(out: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = parquet.read_table(out / "parquet" / "events.parquet").to_pylist()
    require_all(
        [
            {key: value or "" for key, value in row.items()}
            | {"start": row["start_s"], "length": row["length_s"]}
            for row in rows
        ]
    )


def test_bids_has_what_holds_and_describes_it(out: Path) -> None:
    (file,) = (out / "bids").rglob("*_events.tsv")
    text = file.read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    cells = [{key: "" if value == "n/a" else value for key, value in row.items()} for row in rows]
    require_all(
        [
            row | {"what": row["trial_type"], "start": row["onset"], "length": row["duration"]}
            for row in cells
        ],
        "value",
    )
    assert (
        harmless(REMARK) == REMARK
    )  # begins with a letter; behind a formula there is another test
    about = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    assert {row["trial_type"] for row in rows} <= set(about["trial_type"]["Levels"])
    assert set(about) == set(rows[0]) - {"onset", "duration"}


def test_bids_of_a_sitting_holds_to_the_standard(out: Path) -> None:
    assert bids_errors(out / "bids") == []


def test_edf_annotates_what_holds(out: Path) -> None:
    edfio, pyedflib = pytest.importorskip("edfio"), pytest.importorskip("pyedflib")
    notes = edfio.read_edf(out / "KA-0007-F.edf").annotations
    found = {note.text: (round(note.onset), round(note.duration or 0)) for note in notes}
    assert [(found[label][0], label) for _, label in MARKERS] == MARKERS
    assert [(*found[f"phase: {name}"], name) for _, _, name in PHASES] == PHASES
    assert found[f"artefact: e4.eda: {ARTEFACT[2]}"] == ARTEFACT[:2]
    for (at_s, form, item, phase), value in ANSWERS.items():
        after = f" ({phase})" if phase else ""
        assert found[f"self_report: {form}, {item}: {value}{after}"] == (at_s, 0)
    with pyedflib.EdfReader(str(out / "KA-0007-F.edf")) as file:
        assert {str(text) for text in file.readAnnotations()[2]} == set(found)


def test_xdf_has_what_holds_in_two_streams_of_markers(out: Path, sat_bare: Path) -> None:
    pyxdf = pytest.importorskip("pyxdf")
    streams, _ = pyxdf.load_xdf(str(out / "KA-0007-F.xdf"), dejitter_timestamps=False)
    named = {s["info"]["name"][0]: s for s in streams if s["info"]["type"] == ["Markers"]}
    assert set(named) == {"wearaffect.markers", "wearaffect.sitting"}
    start_s = read_journal(sat_bare).start_ns / 1e9
    rows = [
        {"start": stamp - start_s, "what": "marker", "length": 0, "text": row[0]}
        for stamp, row in zip(*timed(named["wearaffect.markers"]), strict=True)
    ]
    for stamp, row in zip(*timed(named["wearaffect.sitting"]), strict=True):
        told = {"phase": "", **json.loads(row[0])}
        rows.append(
            {**told, "what": told["type"], "start": stamp - start_s, "length": told["length_s"]}
        )
    require_all(rows)
    again = open_session(out / "KA-0007-F.xdf")
    assert [marker.label for marker in again.markers] == [label for _, label in MARKERS]


def timed(stream: dict) -> tuple[list[float], list[list[str]]]:
    return list(stream["time_stamps"]), stream["time_series"]


def test_the_e4_zip_tags_what_holds_and_lists_the_rest(out: Path) -> None:
    with zipfile.ZipFile(out / "KA-0007-F_e4.zip") as archive:
        tags = [float(line) for line in archive.read("tags.csv").decode().split()]
        readme = archive.read("README.txt").decode()
    assert [round(tag - 1_763_800_000.0) for tag in tags] == [at_s for at_s, _ in MARKERS]
    lines = readme.splitlines()
    assert "312.000, 228.000, phase, colour_words" in lines
    assert "452.000, 20.000, artefact, e4.eda: strap closed again" in lines
    assert "315.000, 0.000, self_report, affect, arousal: 0.2 (rest)" in lines
    assert any(line.startswith("396.000, 0.000, marker, error") for line in lines)


def test_what_was_undone_corrected_or_lifted_is_nowhere(out: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    whole = [(out / "KA-0007-F.edf").read_bytes(), (out / "KA-0007-F.xdf").read_bytes()]
    whole += [file.read_bytes() for file in (out / "bids").rglob("*_events.tsv")]
    whole.append(repr(parquet.read_table(out / "parquet/events.parquet").to_pylist()).encode())
    with zipfile.ZipFile(out / "KA-0007-F_e4.zip") as archive:
        whole.append(archive.read("README.txt"))
    for content in whole:
        assert b"strap closed again" in content  # what is looked for would be found
        assert [word for word in GONE if word.encode() in content] == []
