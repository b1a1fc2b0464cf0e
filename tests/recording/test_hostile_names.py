"""Names that senders and files chose lead out of no folder and hide no column."""

import io
import json
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faulty_disks import record, writer
from foreign_files import chunk, opened, xdf, xdf_samples
from mcap.reader import NonSeekingReader
from mcap.writer import Writer

from wearaffect.core.errors import RecordingFormatError
from wearaffect.core.streams import SignalKind
from wearaffect.recording.analysis_copy import copy_problems
from wearaffect.recording.journal import read_journal
from wearaffect.recording.recover import recover
from wearaffect.recording.verify import verify


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = writer(tmp_path_factory.mktemp("closed") / "s")
    record(made, range(3))
    made.close()
    if made.copying is not None:
        made.copying.join()
    return made.folder


def forged(closed: Path, target: Path, stream: int, change: dict[str, Any]) -> Path:
    """A journal whose header describes a stream otherwise, as another's recorder may."""
    content = io.BytesIO((closed / "session.mcap").read_bytes())
    told = [json.loads(m.data) for _, _, m in NonSeekingReader(content).iter_messages()]
    was = told[0]["infos"][stream]["id"]
    told[0]["infos"][stream] |= change
    target.mkdir()
    with (target / "session.mcap").open("wb") as file:
        made = Writer(file)
        made.start()
        channel = made.register_channel("all", "json", 0)
        for number, message in enumerate(told):
            now = change.get("id", was)
            message["topic"] = message["topic"].replace(f"streams/{was}", f"streams/{now}")
            made.add_message(channel, 0, json.dumps(message).encode(), 0, number)
        made.finish()
    return target


@pytest.mark.parametrize("stream_id", ["../../../PWNED.eda", "/PWNED.eda", "a/b", "a\0b", "\ud800"])
def test_a_journal_with_an_id_that_leads_elsewhere_is_refused(
    closed: Path, tmp_path: Path, stream_id: str
) -> None:
    folder = forged(closed, tmp_path / "s", 0, {"id": stream_id})
    for use in (read_journal, verify, lambda place: recover(place, tmp_path / "new")):
        with pytest.raises(RecordingFormatError, match="stream id") as refused:
            use(folder)
        str(refused.value).encode()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s"]


def test_an_older_journal_with_a_name_twice_keeps_all_columns(closed: Path, tmp_path: Path) -> None:
    columns = [{"name": name, "unit": "g"} for name in ("x", "x", "time_ns")]
    folder = forged(closed, tmp_path / "s", 1, {"channels": columns})
    session = read_journal(folder)
    names = [channel.name for channel in session.streams["t.acc"].info.channels]
    assert names == ["x", "x_2", "time_ns_2"]
    times, data = session.streams["t.acc"].samples()
    true_times, true = read_journal(closed).streams["t.acc"].samples()
    np.testing.assert_array_equal(data, true)
    np.testing.assert_array_equal(times, true_times)
    made = recover(folder, tmp_path / "new").folder
    np.testing.assert_array_equal(read_journal(made).streams["t.acc"].samples()[1], true)


def without_a_stream(place: Path, index: dict[str, Any]) -> None:
    (place / "t.acc.parquet").unlink()
    del index["files"]["t.acc.parquet"]


def without_a_column(place: Path, index: dict[str, Any]) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    file = place / "t.acc.parquet"
    parquet.write_table(parquet.read_table(file).drop_columns(["y"]), file)
    del index["files"]["t.acc.parquet"]


def not_parquet(place: Path, index: dict[str, Any]) -> None:
    (place / "t.acc.parquet").write_bytes(b"PAR1 and nothing else")
    del index["files"]["t.acc.parquet"]


def of_another_journal(place: Path, index: dict[str, Any]) -> None:
    index["journal_sha256"] = "0" * 64


@pytest.mark.parametrize(
    "spoil", [without_a_stream, without_a_column, not_parquet, of_another_journal]
)
def test_a_copy_that_cant_be_used_is_said_and_the_journal_read(
    closed: Path, tmp_path: Path, spoil: Any
) -> None:
    pytest.importorskip("pyarrow")
    folder = tmp_path / "s"
    shutil.copytree(closed, folder)
    assert verify(folder).ok
    index = json.loads((folder / "streams" / "copy.json").read_text())
    spoil(folder / "streams", index)
    (folder / "streams" / "copy.json").write_text(json.dumps(index))
    (said,) = verify(folder).problems
    assert "copy for analysis" in said
    assert read_journal(folder).content_hash == read_journal(closed).content_hash
    assert {name: s.n_samples for name, s in read_journal(folder).streams.items()} == {
        name: s.n_samples for name, s in read_journal(closed).streams.items()
    }
    shutil.rmtree(folder / "streams")
    assert copy_problems(folder) == []
    assert verify(folder).ok


def test_an_xdf_names_its_streams_and_columns_as_it_likes(tmp_path: Path) -> None:
    labels = ("x", "x", "segment")
    columns = "".join(
        f"<channel><label>{label}</label><type>ACC</type><unit>g</unit></channel>"
        for label in labels
    )
    ours = "<wearaffect><device>../../PWNED</device><id>../../PWNED.acc</id></wearaffect>"
    xml = (
        "<info><name>../b</name><type>ACC</type><channel_count>3</channel_count>"
        "<nominal_srate>4</nominal_srate><channel_format>float32</channel_format>"
        f"<desc><channels>{columns}</channels>{ours}</desc></info>"
    )
    samples = [(100.0 + i / 4, float(i)) for i in range(20)]
    rows = xdf_samples(1, "<f8x", samples)  # the two other columns are 0
    session = opened(tmp_path, xdf(chunk(2, struct.pack("<I", 1) + xml.encode()), rows))
    stream = session.require(SignalKind.ACC)
    assert list(session.streams) == ["PWNED.acc"]
    assert [c.name for c in stream.info.channels] == ["x", "x_2", "segment_2"]
    assert stream.samples()[1][:, 0].tolist() == [value for _, value in samples]
