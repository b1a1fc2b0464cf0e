"""Exports, read back by other people's readers."""

import csv
import gzip
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bids_validator import bids_errors
from hypothesis import given
from hypothesis import strategies as st

from wearaffect.core.affect import Abstention, AffectEstimate
from wearaffect.core.errors import RecordingExistsError, RecordingFormatError
from wearaffect.core.events import DeviceNote, DeviceState
from wearaffect.core.streams import (
    Channel,
    Gap,
    LossEvidence,
    Marker,
    SignalChunk,
    SignalKind,
    StreamInfo,
)
from wearaffect.core.units import Unit
from wearaffect.recording.exports import FORMATS, export_session
from wearaffect.recording.exports.contents import harmless
from wearaffect.recording.journal import JournalWriter
from wearaffect.recording.opening import open_session
from wearaffect.recording.session import RecordedStream, Session

START_NS = 7_000_000_000_123
USE = "research: a test, not a medical device"
LABELS = ("rest", "=1+cmd|' /C calc'!A0", 'Bär <b>\t"x"\nnew line', "-5")


def regular(
    kind: SignalKind, rate_hz: float, parts: list[tuple[float, int]], unit: Unit, width: int = 1
) -> RecordedStream:
    """Samples at starts in seconds; the values are drawn, with a NaN in each part."""
    names = "xyz"[:width] if width > 1 else (str(kind),)
    info = StreamInfo(
        f"band.{kind}",
        kind,
        tuple(Channel(n, unit) for n in names),
        rate_hz,
        "band",
        "wrist",
        LossEvidence.COUNTER,
    )
    rng = np.random.default_rng(len(parts) + width)
    segments: list[SignalChunk] = []
    gaps: list[Gap] = []
    for start_s, count in parts:
        data = rng.normal(3, 1, (count, width)).astype(np.float32)
        data[5] = np.nan
        chunk = SignalChunk(info, data, START_NS + round(start_s * 1e9))
        if segments:
            end_ns = segments[-1].end_ns
            gaps.append(Gap(info.id, end_ns, chunk.start_ns, 7, "lost on the way"))
        segments.append(chunk)
    return RecordedStream(info, tuple(segments), tuple(gaps))


def sitting() -> Session:
    beats = StreamInfo("band.ibi", SignalKind.IBI, (Channel("ibi", Unit.SECOND),), None, "band")
    stamps = START_NS + np.cumsum(np.full(20, 812_345_678, np.int64))
    ibi = SignalChunk(beats, np.full((20, 1), 0.8123, np.float32), int(stamps[0]), stamps)
    streams = (
        regular(SignalKind.EDA, 4.0, [(0, 40), (21.3, 60)], Unit.MICROSIEMENS),
        regular(SignalKind.BVP, 64.0, [(0.3, 2000)], Unit.ARBITRARY),
        regular(SignalKind.ACC, 51.2, [(0.1, 500), (15.01, 777)], Unit.GRAVITY, 3),
        regular(SignalKind.TEMP, 0.9999, [(0.2, 30)], Unit.CELSIUS),
        RecordedStream(beats, (ibi,)),
    )
    return Session(
        path="somewhere",
        streams={s.info.id: s for s in streams},
        participant="P-07",
        device="Test band",
        wall_start_s=1_700_000_000.0,
        start_ns=START_NS,
        markers=tuple(Marker(START_NS + i * 3_000_000_000, t) for i, t in enumerate(LABELS)),
        notes=(DeviceNote(START_NS + 5, "band", DeviceState.CONNECTED, {"battery_percent": 80}),),
        header={"format": "made by a test", "intended_use": USE},
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("pyarrow")
    out = tmp_path_factory.mktemp("exports") / "deep" / "er"
    paths = export_session(sitting(), FORMATS, out)
    assert sorted(p.name for p in out.iterdir()) == sorted(p.name for p in paths)
    return out


def test_parquet_gives_back_every_sample_time_and_gap(written: Path) -> None:
    from pyarrow import parquet

    session = sitting()
    for name, stream in session.streams.items():
        table = parquet.read_table(written / "parquet" / f"{name}.parquet")
        times, data = stream.samples()
        assert table.column("time_ns").type == "int64"
        assert table.column("time_ns").to_pylist() == times.tolist()
        for index, channel in enumerate(stream.info.channels):
            column = table.column(channel.name).to_numpy()
            assert column.dtype == np.float32
            np.testing.assert_array_equal(column.view(np.int32), data[:, index].view(np.int32))
            assert table.schema.metadata[f"unit.{channel.name}".encode()].decode() == channel.unit
        gaps = json.loads(table.schema.metadata[b"gaps"])
        assert [Gap(name, **gap) for gap in gaps] == list(stream.gaps)
        starts = [
            times[table.column("segment").to_numpy() == i][0] for i in range(len(stream.segments))
        ]
        assert starts == [int(s.times_ns()[0]) for s in stream.segments]
    facts = json.loads((written / "parquet/session.json").read_text())
    assert (facts["start_ns"], facts["intended_use"]) == (START_NS, USE)
    assert facts["content_hash"] == session.content_hash


def edf_files(written: Path) -> list[Path]:
    files = sorted(written.glob("*.edf"))
    assert len(files) == 2  # 0.9999 Hz has no whole number of samples in a record of the others
    return files


def test_pyedflib_and_edfio_read_the_same_edf(written: Path) -> None:
    pyedflib, edfio = pytest.importorskip("pyedflib"), pytest.importorskip("edfio")
    labels: dict[str, float] = {}
    for path in edf_files(written):
        theirs = edfio.read_edf(path)
        with pyedflib.EdfReader(str(path)) as file:
            texts = [str(t) for t in file.readAnnotations()[2]]
            assert sorted(texts) == sorted(a.text for a in theirs.annotations)
            for index, signal in enumerate(theirs.signals):
                digital = (signal.physical_max - signal.physical_min) / 65535
                np.testing.assert_allclose(file.readSignal(index), signal.data, atol=digital)
                labels[signal.label] = file.getSampleFrequency(index)
            assert file.getPatientCode() == "P-07"
        assert f"intended use: {USE}" in texts
        assert {"rest", LABELS[1], 'Bär <b> "x" new line'} <= set(texts)
    assert labels == pytest.approx(
        {"EDA": 4, "BVP": 64, "ACC x": 51.2, "ACC y": 51.2, "ACC z": 51.2, "TEMP": 0.9999}
    )


def test_edf_values_stand_where_they_were_to_one_digital_unit(written: Path) -> None:
    edfio = pytest.importorskip("edfio")
    signal = edfio.read_edf(edf_files(written)[0]).get_signal("EDA")
    digital = (signal.physical_max - signal.physical_min) / 65535
    _, data = sitting().streams["band.eda"].samples()
    there = np.isfinite(data[:40, 0])
    np.testing.assert_allclose(signal.data[:40][there], data[:40, 0][there], atol=digital)
    # 21.3 s is nearest to sample 85
    there = np.isfinite(data[40:, 0])
    np.testing.assert_allclose(signal.data[85:145][there], data[40:, 0][there], atol=digital)


def test_an_edf_opens_again_with_its_gaps(written: Path) -> None:
    session = open_session(edf_files(written)[0])
    eda = session.streams["edf.eda"]
    assert eda.n_samples == 98  # the two NaN are no samples in an EDF
    assert (10.0, 21.25) in [(g.start_ns / 1e9, g.end_ns / 1e9) for g in eda.gaps]
    assert "rest" in {m.label for m in session.markers}
    assert not any(m.label.startswith("BAD_ACQ_SKIP") for m in session.markers)


def test_pyxdf_gets_equal_stamps_counts_and_markers(written: Path) -> None:
    pyxdf = pytest.importorskip("pyxdf")
    session = sitting()
    streams, header = pyxdf.load_xdf(str(written / "P-07.xdf"), dejitter_timestamps=False)
    found = {s["info"]["name"][0]: s for s in streams}
    for name, stream in session.streams.items():
        times, data = stream.samples()
        theirs = found[name]
        assert np.rint(theirs["time_stamps"] * 1e9).astype(np.int64).tolist() == times.tolist()
        np.testing.assert_array_equal(theirs["time_series"], data)
        assert theirs["footer"]["info"]["sample_count"] == [str(len(times))]
        assert float(theirs["info"]["nominal_srate"][0]) == (stream.info.sampling_rate or 0)
        channels = theirs["info"]["desc"][0]["channels"][0]["channel"]
        assert [c["unit"][0] for c in channels] == [str(c.unit) for c in stream.info.channels]
        assert set(theirs["clock_values"]) == {0.0}
    assert [row[0] for row in found["wearaffect.markers"]["time_series"]] == list(LABELS)
    notes = [json.loads(row[0]) for row in found["wearaffect.notes"]["time_series"]]
    assert sum(note["type"] == "gap" for note in notes) == 2
    assert header["info"]["intended_use"] == [USE]


def test_an_xdf_opens_again_as_it_was(written: Path) -> None:
    session, again = sitting(), open_session(written / "P-07.xdf")
    assert list(again.streams) == list(session.streams)
    for name, stream in session.streams.items():
        times, data = stream.samples()
        their_times, their_data = again.streams[name].samples()
        np.testing.assert_array_equal(their_data, data)
        np.testing.assert_allclose(their_times + START_NS, times, atol=2)
        assert len(again.streams[name].gaps) == len(stream.gaps)
    assert [m.label for m in again.markers] == list(LABELS)


def bids_events(written: Path) -> list[dict[str, str]]:
    text = next((written / "bids").rglob("*_events.tsv")).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


def test_bids_has_constant_rates_and_says_what_is_missing(written: Path) -> None:
    folder = written / "bids/sub-P07/beh"
    about = json.loads((folder / "sub-P07_task-sitting_recording-eda_physio.json").read_text())
    assert (about["SamplingFrequency"], about["StartTime"], about["Columns"]) == (4.0, 0.0, ["eda"])
    assert (about["eda"]["Units"], about["IntendedUse"]) == ("uS", USE)
    packed = (folder / "sub-P07_task-sitting_recording-eda_physio.tsv.gz").read_bytes()
    cells = gzip.decompress(packed).decode().splitlines()
    _, data = sitting().streams["band.eda"].samples()
    assert cells[40:85] == ["n/a"] * 45
    values = [np.nan if c == "n/a" else float(c) for c in cells[:40] + cells[85:]]
    np.testing.assert_array_equal(np.float32(values), data[:, 0])
    events = bids_events(written)
    assert [e["value"] for e in events if e["trial_type"] == "marker"] == [
        "rest",
        "'=1+cmd|' /C calc'!A0",
        'Bär <b>\\t"x"\\nnew line',
        "-5",
    ]
    gap = next(e for e in events if e["trial_type"] == "gap" and "eda" in e["value"])
    assert (float(gap["onset"]), float(gap["duration"])) == pytest.approx((10.0, 11.3))
    onsets = [float(e["onset"]) for e in events]
    assert onsets == sorted(onsets)


def test_a_bids_recording_opens_again(written: Path) -> None:
    path = written / "bids/sub-P07/beh/sub-P07_task-sitting_recording-acc_physio.tsv.gz"
    acc = open_session(path).require(SignalKind.ACC)
    assert (acc.info.rate_hz, [c.name for c in acc.info.channels]) == (51.2, ["x", "y", "z"])


def test_bids_holds_to_the_standard(written: Path) -> None:
    """By the validator; its main rules of names and files are said here once more."""
    root = written / "bids"
    assert bids_errors(root) == []
    names = {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}
    data = {n for n in names if "/" in n}
    pattern = re.compile(
        r"sub-P07/beh/sub-P07_task-[a-z]+(_recording-[A-Za-z0-9]+_physio\.(tsv\.gz|json)|_events\.(tsv|json))"
    )
    assert all(pattern.fullmatch(n) for n in data), data
    assert {n for n in data if n.endswith(".json")} == {
        re.sub(r"\.tsv(\.gz)?$", ".json", n) for n in data
    }
    assert names - data == {
        "README.md",
        "dataset_description.json",
        "participants.tsv",
        "participants.json",
    }
    description = json.loads((root / "dataset_description.json").read_text())
    assert {"Name", "BIDSVersion"} <= set(description)


def test_the_e4_zip_is_read_as_an_e4_and_says_what_it_lost(written: Path) -> None:
    path = written / "P-07_e4.zip"
    again = open_session(path)
    assert list(again.streams) == ["e4.eda", "e4.bvp", "e4.acc", "e4.temp", "e4.ibi"]
    assert again.wall_start_s == 1_700_000_000.0
    _, data = sitting().streams["band.acc"].samples()
    _, theirs = again.streams["e4.acc"].samples()
    np.testing.assert_allclose(theirs[:5], data[:5], atol=1 / 128)
    times, eda = again.streams["e4.eda"].samples()
    assert np.isnan(eda[40:85]).all()
    assert times[85] == 85 * 250_000_000
    assert [m.time_ns for m in again.markers] == [0, 3 * 10**9, 6 * 10**9, 9 * 10**9]
    with zipfile.ZipFile(path) as archive:
        readme = archive.read("README.txt").decode()
    assert "not an Empatica E4's export" in readme
    assert USE in readme


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=a", "'=a"),
        ("+a1", "'+a1"),
        ("-1+1|cmd", "'-1+1|cmd"),
        ("@x", "'@x"),
        ("\t=a", "\\t=a"),
        ("\r=a", "\\r=a"),
        ("  =a", "'  =a"),
        ("'a", "''a"),
        ("-1", "-1"),
        ("+1.5e-3", "+1.5e-3"),
        ("a=b", "a=b"),
    ],
)
def test_a_formula_is_text(text: str, cell: str) -> None:
    assert harmless(text) == cell


def as_it_was(cell: str) -> str:
    """A reader who follows the README of the data set."""
    text = cell.removeprefix("'")
    known = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}
    found = r"\\(?:u([0-9a-f]{4})|(.))"
    return re.sub(found, lambda m: chr(int(m[1], 16)) if m[1] else known[m[2]], text)


@given(st.text(st.sampled_from("=+-@' \t\r\n\\tnu0a1\x0b\u2028é|"), max_size=12))
def test_a_cell_is_one_line_no_formula_and_gives_the_text_back(text: str) -> None:
    cell = harmless(text)
    assert as_it_was(cell) == text
    assert len(cell.splitlines()) <= 1
    assert "\t" not in cell
    first = cell.lstrip()[:1]
    assert first not in {"=", "@"}
    if first and first in "+-":
        float(cell)


def test_the_same_session_gives_the_same_bytes(tmp_path: Path) -> None:
    names = ("bids", "edf", "xdf", "e4")
    for side in "ab":
        export_session(sitting(), names, tmp_path / side)
    files = sorted(
        p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file()
    )
    assert len(files) > 10
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


def test_nothing_is_overwritten_and_nothing_half_is_left(tmp_path: Path) -> None:
    export_session(sitting(), ["e4"], tmp_path)
    with pytest.raises(RecordingExistsError, match=r"P-07_e4\.zip"):
        export_session(sitting(), ["e4"], tmp_path)
    markers_only = Session(path="x", streams={}, markers=(Marker(0, "m"),))
    for name in ("bids", "edf", "e4"):
        with pytest.raises(RecordingFormatError, match="nothing for"):
            export_session(markers_only, [name], tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["P-07_e4.zip"]


def test_an_unknown_format_is_a_wrong_argument(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="parquet, bids, edf, xdf, e4"):
        export_session(sitting(), ["csv"], tmp_path)


@pytest.mark.parametrize("use", [USE, ""])
def test_estimates_go_along_only_with_an_intended_use(tmp_path: Path, use: str) -> None:
    pyxdf = pytest.importorskip("pyxdf")
    eda = sitting().streams["band.eda"]
    journal = JournalWriter(
        tmp_path / "s", participant="P-07", device="Test band", intended_use=use
    )
    journal.start([eda.info], START_NS)
    for segment in eda.segments:
        journal.chunk(segment, segment.end_ns)
    shown = AffectEstimate(START_NS, START_NS + 60 * 10**9, {"stress": 0.75}, 0.75, bundle_id="b")
    reason = "resting baseline not taken"
    journal.outcome(shown)
    journal.outcome(
        Abstention(START_NS + 5 * 10**9, START_NS + 65 * 10**9, (reason,), bundle_id="b")
    )
    journal.close()
    export_session(open_session(tmp_path / "s"), ("bids", "edf", "xdf", "e4"), tmp_path)
    streams, _ = pyxdf.load_xdf(str(tmp_path / "P-07.xdf"), dejitter_timestamps=False)
    rows = [row[0] for s in streams if s["info"]["type"] == ["Notes"] for row in s["time_series"]]
    with zipfile.ZipFile(tmp_path / "P-07_e4.zip") as archive:
        readme = archive.read("README.txt").decode()
    labels = [m.label for m in open_session(tmp_path / "P-07.edf").markers]
    events = [f"{e['trial_type']}: {e['value']}" for e in bids_events(tmp_path)]
    for texts in (rows, labels, [readme], events):
        whole = "\n".join(texts)
        assert (reason in whole) is bool(use)
        assert ("stress=0.75" in whole) is bool(use)


def test_an_unknown_date_is_said_to_be_unknown(tmp_path: Path) -> None:
    pyedflib = pytest.importorskip("pyedflib")
    export_session(replace(sitting(), wall_start_s=None), ["edf"], tmp_path)
    path = tmp_path / "P-07.edf"
    with pyedflib.EdfReader(str(path)) as file:
        assert file.getStartdatetime().year == 1985
    assert b"Startdate X " in path.read_bytes()[88:168]
    assert open_session(path).header["local_start"] == ""
