"""What leaves the site: nothing that tells a device, or a day, from another."""

import csv
import dataclasses
import json
import logging
import os
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from wearaffect.core.clocks import ClockMap
from wearaffect.core.errors import RecordingFormatError
from wearaffect.core.events import ClockSegment, DeviceNote, DeviceState
from wearaffect.core.streams import Channel, Gap, LossEvidence, Marker, SignalChunk, SignalKind
from wearaffect.core.streams import StreamInfo as Info
from wearaffect.core.units import Unit
from wearaffect.recording.exports import FORMATS, export_session
from wearaffect.recording.exports.leaving import as_it_leaves, departure_of
from wearaffect.recording.journal import JournalSettings, JournalWriter, read_journal
from wearaffect.recording.pseudonyms import KEY_FILE, Pseudonyms
from wearaffect.recording.recover import recover
from wearaffect.recording.session import Session
from wearaffect.recording.verify import verify

START_NS = 5_000_000_000_000
WALL_S = datetime(2026, 3, 14, 9, 26, 53, 589793, tzinfo=UTC).timestamp()
# what follows the version looks like an address and is none
MODEL = "wrist-affect@0.3.0+6a3f0c91b2de"
USE = "research, laboratory (study 7)"
# a person's name, a serial number, and addresses as they are written here and there
CANARIES = (
    "Roswitha",
    "7F3A91C2",
    "C0:FF:EE:0B:5E:01",
    "c0ffee0b5e01",
    "C0-FF-EE-0B-5E-01",
    "4B1D",
)
URI = "ble:polar:C0:FF:EE:0B:5E:01, ble:polar:Polar H10 7F3A91C2, replay:/Users/Roswitha/S2.zip"


def info(stream_id: str, device: str) -> Info:
    channel = Channel("eda", Unit.MICROSIEMENS)
    return Info(stream_id, SignalKind.EDA, (channel,), 4.0, device, "wrist", LossEvidence.COUNTER)


STREAMS = (
    info("polar-h10-7f3a91c2.eda", "Polar H10 7F3A91C2"),
    info("shimmer_4B1D.eda", "Shimmer 4B1D"),
    info("band.eda", "band"),
)
NOTE = DeviceNote(
    START_NS + 5,
    "polar-h10-7f3a91c2",
    DeviceState.CONNECTED,
    {
        "name": "Roswitha's belt",
        "address": "C0:FF:EE:0B:5E:01",
        "serial_number": "7F3A91C2",
        "firmware": "3.1.1",
        "battery_percent": 80,
        "computer_utc": "2026-03-14_09-26-53-589",
    },
)


def recorded(
    folder: Path, *, keep: bool = False, wall_s: float = WALL_S, code: str = "P-07"
) -> Path:
    """A closed session whose devices tell everything."""
    journal = JournalWriter(
        folder, participant=code, device=URI, wall_start_s=wall_s, intended_use=USE,
        bundle_id=MODEL, settings=JournalSettings(keep_addresses=keep),
    )  # fmt: skip
    journal.start(STREAMS, START_NS)
    for stream in STREAMS:
        data = np.linspace(1, 3, 80, dtype=np.float32)[:, None]
        journal.chunk(SignalChunk(stream, data, START_NS), START_NS + 1)
    gap = Gap(STREAMS[0].id, START_NS + 20 * 10**9, START_NS + 22 * 10**9, 8, "C0FFEE0B5E01 went")
    journal.event(gap)
    journal.event(NOTE)
    # where the journal knows what the belt is called, an export knows it in any text
    belt = "Roswitha's belt" if keep else "belt"
    journal.event(Marker(START_NS + 10**9, f"{belt} C0:FF:EE:0B:5E:01 put on"))
    journal.event(Marker(START_NS + 2 * 10**9, "=cmd|' /C calc'!A0"))
    # the device counts from 2000
    clock = ClockMap(826_000_000 * 10**9, START_NS + 7, 12.5, 1000, 2000)
    journal.event(ClockSegment(STREAMS[0].id, clock, "start"))
    tell_of_a_sitting(journal, belt)
    journal.close()
    assert journal.copying is not None
    journal.copying.join()
    return folder


def tell_of_a_sitting(journal: JournalWriter, belt: str) -> None:
    """What people wrote, as the console tells it."""
    about = {"form": "words", "id": 0, "phase": "rest"}
    answers = {"remarks": f"=SUM(A1) {belt} since 2026-03-14 09:26", "strain": 6.0}
    journal.tell("forms", {**about, "state": "opened", "answers": {}}, START_NS + 10**9)
    journal.tell("forms", {**about, "state": "closed", "answers": answers}, START_NS + 3 * 10**9)
    stretch = {"start_ns": START_NS + 4 * 10**9, "end_ns": START_NS + 5 * 10**9}
    reasons = ["C0FFEE0B5E01 slipped, as on 2026-03-14"]
    mark = {"stream_id": STREAMS[0].id, **stretch, "verdict": "artefact", "reasons": reasons}
    journal.tell("quality", {**mark, "by": "operator", "id": 0}, START_NS + 6 * 10**9)
    journal.tell("protocol", {"phase": "rest", "state": "began"}, START_NS + 10**9)


def content(root: Path) -> str:
    """Everything in a folder as text, of names, of packed files and of Parquet's columns too."""
    parquet = pytest.importorskip("pyarrow.parquet")
    import gzip

    found = []
    for file in sorted(p for p in root.rglob("*") if p.is_file()):
        found.append(str(file.relative_to(root)).encode())
        data = file.read_bytes()
        if file.suffix == ".gz":
            data = gzip.decompress(data)
        elif file.suffix == ".zip":
            with zipfile.ZipFile(file) as archive:
                data = b"\n".join(archive.read(name) for name in archive.namelist())
        elif file.suffix == ".parquet":
            table = parquet.read_table(file)
            data += repr(table.schema.metadata).encode() + repr(table.to_pylist()).encode()
        found.append(data)
    return b"\n".join(found).decode("utf-8", "replace")


def canaries_in(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary.casefold() in text.casefold()]


@pytest.mark.parametrize("keep", [False, True], ids=["journal without", "journal with"])
def test_no_name_serial_or_address_is_in_any_export(tmp_path: Path, *, keep: bool) -> None:
    """P1, also of a journal that has them all."""
    session = read_journal(recorded(tmp_path / "site" / "s", keep=keep))
    kept = tmp_path / "kept"
    export_session(session, FORMATS, kept, keep_addresses=True)
    assert bool(canaries_in(content(kept))) is True  # what is looked for would be found
    for shift in (False, True):
        out = tmp_path / f"out{shift}"
        export_session(session, FORMATS, out, shift_time=shift)
        assert canaries_in(content(out)) == []
        assert "band.eda" in content(out)


def test_what_people_wrote_leaves_as_labels_do(tmp_path: Path) -> None:
    """The remark, the reason and the stream of the mark are there, without what tells."""
    session = read_journal(recorded(tmp_path / "s", keep=True))
    export_session(session, ["bids"], tmp_path / "out", shift_time=True)
    (file,) = (tmp_path / "out").rglob("*_events.tsv")
    rows = list(csv.DictReader(file.read_text().splitlines(), delimiter="\t"))
    found = {row["trial_type"]: row for row in rows}
    names = Pseudonyms(tmp_path)
    belt, address = names.of("Roswitha's belt"), names.of("C0:FF:EE:0B:5E:01")
    assert {row["value"] for row in rows if row["trial_type"] == "self_report"} == {
        f"'=SUM(A1) {belt} since (date left out)",
        "6",
    }
    assert found["artefact"]["value"] == f"{address} slipped, as on (date left out)"
    assert found["artefact"]["stream"] == next(iter(as_it_leaves(session).streams))
    # nobody ended it: it lasts as long as the recording
    assert (found["phase"]["value"], float(found["phase"]["duration"])) == ("rest", 19.0)


def test_when_it_was_exported_isnt_told_either(tmp_path: Path) -> None:
    session = read_journal(recorded(tmp_path / "s"))
    written = export_session(session, FORMATS, tmp_path / "out", shift_time=True)
    files = [*written, *(tmp_path / "out").glob("*/**/*")]
    assert len(files) > 15
    dates = {datetime.fromtimestamp(file.stat().st_mtime, UTC).date().isoformat() for file in files}
    assert dates == {"2000-01-01"}


def test_a_journal_keeps_pseudonyms_and_stays_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    folder = recorded(tmp_path / "s")
    header = json.loads((folder / "session.json").read_text())
    session = read_journal(folder)
    gaps = session.streams[STREAMS[0].id].gaps
    told = f"{header['device']} {session.notes[0].facts} {gaps} {caplog.text}"
    told = told.replace(STREAMS[0].id, "")  # ids are what the driver calls its streams
    assert canaries_in(told) == []
    assert header["device"].startswith("ble:polar:id-")
    assert "replay:S2.zip" in header["device"]
    assert session.notes[0].facts["firmware"] == "3.1.1"
    assert verify(folder).ok
    made = recover(folder, tmp_path / "again")
    assert verify(made.folder).ok
    assert json.loads((made.folder / "session.json").read_text())["device"] == header["device"]
    assert read_journal(made.folder).notes == session.notes


def test_the_same_device_has_the_same_pseudonym_at_a_site_and_another_elsewhere(
    tmp_path: Path,
) -> None:
    (tmp_path / "b").mkdir()
    here, again, there = (Pseudonyms(tmp_path / place) for place in (".", ".", "b"))
    written = ["C0:FF:EE:0B:5E:01", "c0-ff-ee-0b-5e-01", "C0FFEE0B5E01"]
    assert len({names.of(text) for text in written for names in (here, again)}) == 1
    assert here.of(written[0]) != there.of(written[0])
    assert here.of_device(here.of_device(URI)) == here.of_device(URI)
    mode = (tmp_path / KEY_FILE).stat().st_mode
    assert os.name != "posix" or mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text", ["Empatica E4", "synthetic:?seed=20231&speed=0", "lsl:type=EDA", "RespiBAN", "band"]
)
def test_what_tells_nothing_stays_and_needs_no_key(tmp_path: Path, text: str) -> None:
    assert Pseudonyms(tmp_path).of_device(text) == text
    assert list(tmp_path.iterdir()) == []


def test_a_broken_key_is_named_and_stops_no_recording(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_text("mine")
    folder = recorded(tmp_path / "s")
    assert verify(folder).ok
    assert canaries_in(read_journal(folder).device) == []
    with pytest.raises(RecordingFormatError, match="key of a site"):
        as_it_leaves(read_journal(folder), shift_time=True)


def test_dates_are_moved_alike_for_a_participant_and_in_every_format(tmp_path: Path) -> None:
    pyedflib = pytest.importorskip("pyedflib")
    site = tmp_path / "site"
    day_s = 86_400
    first = recorded(site / "a")
    second = recorded(site / "b", wall_s=WALL_S + 9 * day_s)
    moved = [as_it_leaves(read_journal(f), shift_time=True).wall_start_s for f in (first, second)]
    assert moved[0] is not None
    assert moved[1] == moved[0] + 9 * day_s
    days, rest = divmod(WALL_S - moved[0], day_s)
    assert 1 <= days <= 365
    assert rest == 0  # the time of day stays

    out = tmp_path / "out"
    export_session(read_journal(first), FORMATS, out, shift_time=True)
    facts = json.loads((out / "parquet" / "session.json").read_text())
    assert facts["wall_start_s"] == moved[0]
    with pyedflib.EdfReader(str(out / "P-07.edf")) as file:
        start = file.getStartdatetime().replace(tzinfo=UTC)
    assert start == datetime.fromtimestamp(int(moved[0]), UTC)
    with zipfile.ZipFile(out / "P-07_e4.zip") as archive:
        eda, tags = (archive.read(name).decode().split() for name in ("EDA.csv", "tags.csv"))
    assert float(eda[0]) == pytest.approx(moved[0], abs=1e-5)
    assert float(tags[0]) == pytest.approx(moved[0] + 1, abs=0.01)
    text = content(out)
    for said in ("2026-03-14", "20260314", "14-MAR", "14.03.26", "826000000", f"{int(WALL_S)}"[:6]):
        assert said not in text, said
    assert MODEL in text


def test_two_participants_are_moved_by_their_own_days(tmp_path: Path) -> None:
    days = {Pseudonyms(tmp_path).days(f"P-{number:02}") for number in range(40)}
    assert len(days) > 20
    assert all(1 <= n <= 365 for n in days)


def test_samples_and_what_lies_between_stay(tmp_path: Path) -> None:
    session = read_journal(recorded(tmp_path / "s"))
    moved = as_it_leaves(session, shift_time=True)
    assert moved.content_hash == session.content_hash
    for old, new in zip(session.streams.values(), moved.streams.values(), strict=True):
        since, anew = old.samples()[0] - session.start_ns, new.samples()[0] - moved.start_ns
        np.testing.assert_array_equal(since, anew)
        assert [(g.start_ns - session.start_ns, g.n_lost) for g in old.gaps] == [
            (g.start_ns - moved.start_ns, g.n_lost) for g in new.gaps
        ]
    day_ns = 86_400 * 10**9
    (old_clock,), (new_clock,) = session.clock, moved.clock
    assert (old_clock.clock.device_ns - new_clock.clock.device_ns) % day_ns == 0
    since_ns = old_clock.clock.host_ns - session.start_ns
    assert new_clock.clock.host_ns - moved.start_ns == since_ns


def test_unix_stamps_of_an_irregular_stream_move_too(tmp_path: Path) -> None:
    """As in files that others wrote: there, the host's clock is a date."""
    start_ns = round(WALL_S) * 10**9
    beats = Info("belt.ibi", SignalKind.IBI, (Channel("ibi", Unit.SECOND),), None)
    stamps = start_ns + np.array([0, 800_000_000, 1_600_000_000])
    part = SignalChunk(beats, np.ones((3, 1), np.float32), start_ns, stamps)
    session = read_journal(recorded(tmp_path / "s"))
    stream = dataclasses.replace(session.streams["band.eda"], info=beats, segments=(part,), gaps=())
    unix = dataclasses.replace(session, streams={beats.id: stream}, start_ns=start_ns)
    moved = as_it_leaves(unix, shift_time=True)
    times = moved.streams[beats.id].samples()[0]
    assert (times - moved.start_ns).tolist() == (stamps - start_ns).tolist()
    assert moved.start_ns < start_ns - 86_399 * 10**9


def test_every_export_says_what_it_is_for_and_whose_estimates_it_has(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    pyxdf = pytest.importorskip("pyxdf")
    pyedflib = pytest.importorskip("pyedflib")
    export_session(read_journal(recorded(tmp_path / "s")), FORMATS, tmp_path)
    sentence = f"{USE}; not a medical device"
    model = MODEL
    description = json.loads((tmp_path / "bids/dataset_description.json").read_text())
    assert (description["IntendedUse"], description["EstimatesBy"]) == (sentence, model)
    for file in (tmp_path / "parquet").glob("*.parquet"):
        said = parquet.read_schema(file).metadata
        assert said[b"intended_use"].decode() == sentence
        assert said[b"estimates_by"].decode() == model
    _, header = pyxdf.load_xdf(str(tmp_path / "P-07.xdf"), dejitter_timestamps=False)
    assert header["info"]["intended_use"] == [sentence]
    assert header["info"]["estimates_by"] == [model]
    with pyedflib.EdfReader(str(tmp_path / "P-07.edf")) as file:
        texts = [str(text) for text in file.readAnnotations()[2]]
        assert "not_a_medical_device" in file.getRecordingAdditional().replace(" ", "_")
    assert {f"intended use: {sentence}", f"estimates by: {model}"} <= set(texts)
    with zipfile.ZipFile(tmp_path / "P-07_e4.zip") as archive:
        readme = archive.read("README.txt").decode()
    assert sentence in readme
    assert model in readme


def test_no_cell_of_any_table_begins_a_formula(tmp_path: Path) -> None:
    export_session(read_journal(recorded(tmp_path / "s")), ("bids", "e4"), tmp_path)
    with zipfile.ZipFile(tmp_path / "P-07_e4.zip") as archive:
        tables = [archive.read(n).decode() for n in archive.namelist() if n.endswith(".csv")]
    tables += [p.read_text() for p in (tmp_path / "bids").rglob("*.tsv")]
    cells = [
        cell.strip()
        for table in tables
        for row in csv.reader(table.splitlines(), delimiter="\t" if "\t" in table else ",")
        for cell in row
    ]
    assert any("cmd|" in cell for cell in cells)
    for cell in cells:
        if cell.startswith(("=", "+", "-", "@")):
            float(cell)


@pytest.mark.parametrize(
    "dated",
    [
        "Termin 23.11.2026 Meyer",
        "on Nov 23 2026",
        "23 November 2026",
        "am 3. März 2026",
        "3/14/26",
        "14-03-2026 again",
        "December 3rd, 2026",
        "2026-03-14",
    ],
)
def test_dates_in_words_are_left_out_however_they_are_written(tmp_path: Path, dated: str) -> None:
    leaving = departure_of(recorded_session(tmp_path), shift_time=True)
    left = leaving.text(dated)
    assert "date left out" in left
    assert not re.search(r"\d", left)


def test_words_that_are_no_date_stay(tmp_path: Path) -> None:
    leaving = departure_of(recorded_session(tmp_path), shift_time=True)
    for words in ("task 3 of 4", "may rest", "1/2 done", "heart rate 72.5", "phase 2.1"):
        assert leaving.text(words) == words


def test_uptime_tells_nothing_of_how_far_dates_were_moved(tmp_path: Path) -> None:
    session = recorded_session(tmp_path)
    shifted = as_it_leaves(session, shift_time=True)
    assert shifted.start_ns == 0
    assert shifted.duration_s == session.duration_s
    before = [m.time_ns - session.start_ns for m in session.markers]
    assert [m.time_ns for m in shifted.markers] == before
    (piece, *_), (moved, *_) = session.clock, shifted.clock
    assert moved.clock.host_ns == piece.clock.host_ns - session.start_ns


def recorded_session(place: Path) -> Session:
    recorded(place / "s")
    return read_journal(place / "s")
