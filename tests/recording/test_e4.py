"""Empatica E4 exports: the real ones say what they say, and bad ones are named."""

import gzip
import io
import re
import stat
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wearaffect.core.errors import (
    CorruptRecordingError,
    RecordingError,
    RecordingFormatError,
    RecordingNotFoundError,
    SamplingRateError,
    UnsafeArchiveError,
)
from wearaffect.core.streams import SignalKind
from wearaffect.core.units import Unit
from wearaffect.recording.e4 import read_e4
from wearaffect.recording.opening import open_session

START = 1_495_437_325
EDA = "".join(f"{0.25 + i / 8:.6f}\n" for i in range(40))
FILES = {
    "EDA.csv": f"{START}.000000\n4.000000\n{EDA}",
    "BVP.csv": f"{START}.00\n64.000000\n" + "".join(f"{i % 7 - 3:.2f}\n" for i in range(640)),
    "ACC.csv": f"{START}.000000, {START}.000000, {START}.000000\n32.000000, 32.000000, 32.000000\n"
    + "".join(f"{i % 50 - 25},{64},{-3}\n" for i in range(320)),
    "TEMP.csv": f"{START}.000000\n4.000000\n" + "35.05\n" * 40,
    "HR.csv": f"{START + 10}.000000\n1.000000\n88.00\n87.50\n",
    "IBI.csv": f"{START}.000000, IBI\n1.500000,0.750000\n2.312500,0.812500\n",
    "tags.csv": f"{START + 3}.68\n",
    "info.txt": "made by hand\n",
}


def put(folder: Path, files: dict[str, str | bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def pack(path: Path, files: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def with_file(tmp_path: Path, name: str, text: str | bytes) -> Path:
    return put(tmp_path / "export", {**FILES, name: text})


def test_reads_every_channel_in_its_unit_and_at_its_time(tmp_path: Path) -> None:
    session = read_e4(put(tmp_path / "export", FILES))

    assert list(session.streams) == ["e4.eda", "e4.bvp", "e4.acc", "e4.temp", "e4.hr", "e4.ibi"]
    assert session.wall_start_s == START
    assert session.start_ns == 0
    acc = session.require(SignalKind.ACC)
    assert {c.unit for c in acc.info.channels} == {Unit.GRAVITY}
    times, data = acc.samples()
    assert data[0].tolist() == [-25 / 64, 1.0, -3 / 64]
    assert times[32] == 1_000_000_000
    times, data = session.require(SignalKind.HR).samples()
    assert times.tolist() == [10_000_000_000, 11_000_000_000]
    times, data = session.require(SignalKind.IBI).samples()
    assert times.tolist() == [1_500_000_000, 2_312_500_000]
    assert data[:, 0].tolist() == [0.75, 0.8125]
    assert [(m.time_ns, m.label) for m in session.markers] == [(3_680_000_000, "tag")]
    assert session.repairs == ()
    assert session.arrivals is None


def test_zip_folder_subfolder_and_gz_give_the_same_content(tmp_path: Path) -> None:
    gz = {f"{n}.gz" if n.endswith(".csv") else n: t for n, t in FILES.items()}
    packed: dict[str, str | bytes] = {
        n: gzip.compress(t.encode()) if n.endswith(".gz") else t for n, t in gz.items()
    }
    noise = {"__MACOSX/EDA.csv": b"\0", ".hidden/EDA.csv": b"\0", "sub/.EDA.csv": b"\0"}
    places = [
        put(tmp_path / "plain", FILES),
        put(tmp_path / "outer" / "inner", FILES).parent,
        put(tmp_path / "gz", packed),
        pack(tmp_path / "top.zip", FILES),
        pack(tmp_path / "sub.zip", {**{f"sub/{n}": t for n, t in FILES.items()}, **noise}),
    ]
    assert len({read_e4(place).content_hash for place in places}) == 1
    other = with_file(tmp_path, "EDA.csv", FILES["EDA.csv"].replace("0.375000", "0.375001"))
    assert read_e4(other).content_hash != read_e4(places[0]).content_hash


def test_start_up_samples_become_nan_and_are_told(tmp_path: Path) -> None:
    put(tmp_path, FILES)
    put(tmp_path, {"EDA.csv": f"{START}\n4\n0.000000\n0.000000\n0.500000\n0.000000\n"})
    put(tmp_path, {"TEMP.csv": f"{START}\n4\n382.18\n382.18\n35.05\n382.18\n"})
    session = read_e4(tmp_path)

    eda = session.require(SignalKind.EDA).samples()[1][:, 0]
    temp = session.require(SignalKind.TEMP).samples()[1][:, 0]
    assert np.isnan(eda).tolist() == [True, True, False, False]
    assert np.isnan(temp).tolist() == [True, True, False, False]
    assert any("EDA.csv: 2 start-up" in line for line in session.repairs)
    assert any("TEMP.csv: 2 start-up" in line for line in session.repairs)


@pytest.mark.parametrize("cell", ["", "nan", "NaN", "inf", "-inf", "1e400", "1e39"])
def test_cells_without_a_number_become_nan_and_are_counted(tmp_path: Path, cell: str) -> None:
    lines = FILES["EDA.csv"].splitlines()
    lines[7] = lines[20] = cell
    session = read_e4(with_file(tmp_path, "EDA.csv", "\n".join(lines) + "\n"))
    data = session.require(SignalKind.EDA).samples()[1]
    assert np.flatnonzero(np.isnan(data[:, 0])).tolist() == [5, 18]
    assert any("EDA.csv: 2 empty or non-finite" in line for line in session.repairs)


def test_an_empty_cell_of_three_shifts_nothing(tmp_path: Path) -> None:
    head = "".join(FILES["ACC.csv"].splitlines(keepends=True)[:2])
    session = read_e4(with_file(tmp_path, "ACC.csv", head + "1,,3\n4,5,6\n"))
    data = session.require(SignalKind.ACC).samples()[1] * 64
    np.testing.assert_array_equal(data, [[1, np.nan, 3], [4, 5, 6]])


@pytest.mark.parametrize("name", ["EDA", "BVP", "ACC", "TEMP"])
@given(share=st.floats(0.2, 1.0))
def test_a_file_cut_at_any_byte_gives_a_prefix(
    tmp_path_factory: pytest.TempPathFactory, name: str, share: float
) -> None:
    text = FILES[f"{name}.csv"].encode()
    folder = tmp_path_factory.mktemp("cut")
    cut = text[: max(int(share * len(text)), text.index(b"\n", 90) + 1)]
    session = read_e4(with_file(folder, f"{name}.csv", cut))
    whole = [line.split(",") for line in FILES[f"{name}.csv"].splitlines()[2:]]
    scale = 64 if name == "ACC" else 1
    expected = np.array(whole, np.float64).astype(np.float32) / np.float32(scale)
    data = session.require(SignalKind(name.lower())).samples()[1]
    np.testing.assert_array_equal(data, expected[: len(data)])
    # nothing but the row that was cut is given up
    assert len(data) >= cut.count(b"\n") - 2
    if len(data) + 2 < cut.count(b"\n") + (not cut.endswith(b"\n")):
        assert any("last row" in line for line in session.repairs)


def test_a_whole_last_row_needs_no_line_end(tmp_path: Path) -> None:
    session = read_e4(with_file(tmp_path, "EDA.csv", FILES["EDA.csv"].rstrip("\n")))
    assert session.require(SignalKind.EDA).n_samples == 40
    assert session.repairs == ()


def test_a_short_last_row_is_left_out(tmp_path: Path) -> None:
    session = read_e4(with_file(tmp_path, "ACC.csv", FILES["ACC.csv"] + "4,5\n"))
    assert session.require(SignalKind.ACC).n_samples == 320
    assert session.repairs == ("ACC.csv: last row is short, left out",)


def test_unequal_ends_are_told_and_kept(tmp_path: Path) -> None:
    session = read_e4(with_file(tmp_path, "EDA.csv", FILES["EDA.csv"] + EDA))
    assert session.require(SignalKind.EDA).n_samples == 80
    assert session.duration_s == 20.0
    assert any("EDA +10.0 s" in line for line in session.repairs)


@pytest.mark.parametrize("gone", ["EDA", "BVP", "ACC", "TEMP", "HR", "IBI", "tags", "info"])
def test_a_missing_file_is_a_missing_stream(tmp_path: Path, gone: str) -> None:
    files = {name: text for name, text in FILES.items() if not name.startswith(gone)}
    session = read_e4(put(tmp_path, files))
    assert f"e4.{gone.lower()}" not in session.streams
    assert len(session.streams) == 6 - (gone not in {"tags", "info"})


@pytest.mark.parametrize("name", ["HR.csv", "IBI.csv", "tags.csv"])
def test_an_empty_derived_file_is_an_absent_one(tmp_path: Path, name: str) -> None:
    session = read_e4(with_file(tmp_path, name, ""))
    assert session.require(SignalKind.EDA).n_samples == 40
    assert f"e4.{name[:-4].lower()}" not in session.streams


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    plain = read_e4(put(tmp_path / "plain", FILES))
    mixed = {name: b"\xef\xbb\xbf" + t.replace("\n", "\r\n").encode() for name, t in FILES.items()}
    mixed["tags.csv"] = FILES["tags.csv"].encode()
    assert read_e4(put(tmp_path / "mixed", mixed)).content_hash == plain.content_hash


BAD_FILES: list[tuple[str, str | bytes, type[Exception], str]] = [
    ("EDA.csv", "", CorruptRecordingError, "empty file"),
    ("EDA.csv", f"{START}\n4\n", CorruptRecordingError, "no samples"),
    ("EDA.csv", f"{START}", RecordingFormatError, "header"),
    ("EDA.csv", "time\n4\n1\n", RecordingFormatError, "header"),
    ("EDA.csv", "0.25\nfour\n1\n", RecordingFormatError, "header"),
    ("EDA.csv", f"nan\n4\n{EDA}", RecordingFormatError, "header"),
    ("EDA.csv", f"{START * 1000}\n4\n{EDA}", RecordingFormatError, "header"),
    ("EDA.csv", f"{START + 10**7}\n4\n{EDA}", RecordingFormatError, "another day"),
    ("EDA.csv", f"{START}\n0\n{EDA}", SamplingRateError, "sampling rate"),
    ("EDA.csv", f"{START}\n-4\n{EDA}", SamplingRateError, "sampling rate"),
    ("EDA.csv", f"{START}\nnan\n{EDA}", SamplingRateError, "sampling rate"),
    ("EDA.csv", f"{START}\n1e-12\n{EDA}", SamplingRateError, "sampling rate"),
    ("EDA.csv", f"{START}\n4\n0.1\nx\n0.2\n", RecordingFormatError, "row 4"),
    ("EDA.csv", f"{START}\n4\n0.1\n1_0\n0.2\n", RecordingFormatError, "row 4"),
    ("EDA.csv", f"{START}\n4\n0.1\n0.1,0.2\n0.2\n", RecordingFormatError, "row 4"),
    ("EDA.csv", b"\xff\xfe\x00\x01\n\x00\n\x00", RecordingFormatError, "header"),
    ("EDA.csv", f"{START}\n4\n".encode() + b"\xff\xfe\n0.1\n", RecordingFormatError, "row 3"),
    ("ACC.csv", f"{START}\n32\n1,2,3\n", RecordingFormatError, "header"),
    ("ACC.csv", f"{START},{START},{START + 1}\n32,32,32\n1,2,3\n", RecordingFormatError, "header"),
    ("ACC.csv", f"{START},{START},{START}\n32,32,32\n1,2\n1,2,3\n", RecordingFormatError, "row 3"),
    (
        "ACC.csv",
        f"{START},{START},{START}\n32,32,32\n1,2\n1,2,3,4\n",
        RecordingFormatError,
        "row 3",
    ),
    ("IBI.csv", "start, IBI\n1,0.5\n", RecordingFormatError, "header"),
    ("IBI.csv", f"{START}, IBI\n1\n2,0.5\n", RecordingFormatError, "row 2"),
    ("tags.csv", "pressed\n", RecordingFormatError, "row 1"),
    ("EDA.csv.gz", gzip.compress(b"x", mtime=0), RecordingFormatError, "more than once"),
    ("eda.csv", f"{START}\n4\n{EDA}", RecordingFormatError, "more than once"),
]


@pytest.mark.parametrize(("name", "text", "error", "says"), BAD_FILES)
def test_bad_files_are_named(
    tmp_path: Path, name: str, text: str | bytes, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says) as caught:
        read_e4(with_file(tmp_path, name, text))
    line = str(caught.value)
    assert "\n" not in line
    assert name.partition(".")[0].upper() in line.upper()
    assert str(tmp_path) in line


def test_nothing_there_and_nothing_of_an_e4(tmp_path: Path) -> None:
    for read in (read_e4, open_session):
        with pytest.raises(RecordingNotFoundError):
            read(tmp_path / "absent")
        with pytest.raises(RecordingFormatError, match=r"EDA\.csv.*got HR"):
            read(put(tmp_path / "hr", {"HR.csv": FILES["HR.csv"]}))
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(RecordingFormatError, match=r"EDA\.csv"):
            read(tmp_path / "empty")
        with pytest.raises(RecordingFormatError, match=r"EDA\.csv"):
            read(pack(tmp_path / "other.zip", {"readme.txt": "hello"}))


def test_two_recordings_in_one_place_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "both" / "a", FILES)
    put(tmp_path / "both" / "b", FILES)
    with pytest.raises(RecordingFormatError, match="more than once"):
        read_e4(tmp_path / "both")


def cut_zip(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flip_content(data: bytes) -> bytes:
    at = data.index(b"BVP.csv") + 200
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize("harm", [cut_zip, flip_content, lambda _: b"", lambda _: b"not a zip"])
def test_a_damaged_zip_is_named(tmp_path: Path, harm: Callable[[bytes], bytes]) -> None:
    path = pack(tmp_path / "export.zip", FILES)
    path.write_bytes(harm(path.read_bytes()))
    for read in (read_e4, open_session):
        with pytest.raises(CorruptRecordingError):
            read(path)


@given(at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_a_flipped_bit_in_a_zip_never_gives_other_samples(
    tmp_path_factory: pytest.TempPathFactory, at: int, bit: int
) -> None:
    path = pack(tmp_path_factory.mktemp("flip") / "export.zip", FILES)
    expected = {name: stream.samples()[1] for name, stream in read_e4(path).streams.items()}
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << bit
    path.write_bytes(data)
    try:
        session = read_e4(path)
    except RecordingError:
        return
    for name, stream in session.streams.items():
        np.testing.assert_array_equal(stream.samples()[1], expected[name])


@pytest.mark.parametrize(
    "name", ["../EDA.csv", "/EDA.csv", "a/../../EDA.csv", "..\\EDA.csv", "C:/EDA.csv"]
)
def test_members_outside_the_archive_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsafeArchiveError):
        read_e4(pack(tmp_path / "export.zip", {**FILES, name: EDA}))


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "export.zip", {n: t for n, t in FILES.items() if n != "EDA.csv"})
    link = zipfile.ZipInfo("EDA.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(UnsafeArchiveError, match="link"):
        read_e4(path)


def test_archives_that_explode_are_refused_quickly(tmp_path: Path) -> None:
    zeros = b"0\n" * (30 * 2**20)
    packed = gzip.compress(zeros, 9)
    begun = time.perf_counter()
    with pytest.raises(UnsafeArchiveError, match="explodes"):
        read_e4(pack(tmp_path / "bomb.zip", {**FILES, "EDA.csv": zeros}))
    with pytest.raises(UnsafeArchiveError, match="explodes"):
        read_e4(put(tmp_path / "folder", {"EDA.csv.gz": packed}))
    # a header that lies about the size doesn't help
    lying = io.BytesIO()
    with zipfile.ZipFile(lying, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("EDA.csv", zeros)
    data = lying.getvalue().replace(struct.pack("<I", len(zeros)), struct.pack("<I", 1000))
    (tmp_path / "lying.zip").write_bytes(data)
    with pytest.raises((UnsafeArchiveError, CorruptRecordingError)):
        read_e4(tmp_path / "lying.zip")
    assert time.perf_counter() - begun < 5


def test_a_cut_gz_is_named(tmp_path: Path) -> None:
    files = {n: t for n, t in FILES.items() if n != "EDA.csv"}
    whole = gzip.compress(FILES["EDA.csv"].encode())
    for harmed in (whole[:-9], whole[:20], b"", b"plain"):
        with pytest.raises(CorruptRecordingError, match=r"EDA\.csv"):
            read_e4(put(tmp_path / "gz", {**files, "EDA.csv.gz": harmed}))


def test_reading_writes_nothing(tmp_path: Path) -> None:
    pack(tmp_path / "export.zip", {f"sub/{n}": t for n, t in FILES.items()})
    read_e4(tmp_path / "export.zip")
    assert [entry.name for entry in tmp_path.iterdir()] == ["export.zip"]


@pytest.mark.parametrize("name", ["notes.txt", "table.csv"])
def test_other_files_are_told_what_is_supported(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("1,2\n")
    with pytest.raises(RecordingFormatError, match=r"session\.mcap.*Empatica E4"):
        open_session(tmp_path / name)


def line_count(text: bytes) -> int:
    return len(text.strip().split(b"\n"))


@pytest.mark.data
def test_wesad_zip_is_what_its_files_say(data_root: Path) -> None:
    for path in sorted(data_root.glob("wesad/*/*_E4_Data.zip"))[:4]:
        begun = time.perf_counter()
        session = open_session(path)
        assert time.perf_counter() - begun < 2
        with zipfile.ZipFile(path) as archive:
            for name in ("EDA", "BVP", "ACC", "TEMP", "HR"):
                text = archive.read(f"{name}.csv")
                stream = session.streams[f"e4.{name.lower()}"]
                assert stream.n_samples == line_count(text) - 2
                middle = text.split(b"\n")[5002].decode().split(",")
                scale = 64 if name == "ACC" else 1
                row = stream.samples()[1][5000] * scale
                assert row.tolist() == np.array(middle, np.float32).tolist()
        gravity = np.linalg.norm(session.require(SignalKind.ACC).samples()[1], axis=1)
        assert 0.95 < np.median(gravity) < 1.05
        temp = session.require(SignalKind.TEMP).samples()[1]
        assert np.isnan(temp[:4]).all()
        assert np.nanmax(temp) < 45


@pytest.mark.data
def test_wesad_zip_and_its_folder_are_the_same(data_root: Path, tmp_path: Path) -> None:
    path = data_root / "wesad" / "S2" / "S2_E4_Data.zip"
    with zipfile.ZipFile(path) as archive:
        put(tmp_path / "S2", {name: archive.read(name) for name in archive.namelist()})
    assert read_e4(path).content_hash == read_e4(tmp_path / "S2").content_hash


@pytest.mark.data
@pytest.mark.parametrize(
    ("where", "kinds", "tags"),
    [
        ("stress_predict/Raw_data/S02", "acc bvp eda hr ibi temp", 9),
        (
            "devices/devicely_test_data/Empatica_test_data/test_data_read",
            "acc bvp eda hr ibi temp",
            4,
        ),
        ("devices/flirt_test_data/empatica", "acc bvp eda hr ibi temp", 0),
        ("wearable_exam_stress/Data/S1/Midterm 2", "acc eda hr ibi temp", 0),
        ("wearable_exam_stress/Data/S1/Final", "eda hr ibi temp", 0),
    ],
)
def test_other_real_exports(data_root: Path, where: str, kinds: str, tags: int) -> None:
    session = open_session(data_root / where)
    assert sorted(str(s.info.kind) for s in session.streams.values()) == kinds.split()
    lines = [p.read_text().split() for p in (data_root / where).glob("tags*.csv")]
    assert len(session.markers) == sum(map(len, lines)) == tags
    assert all(stream.n_samples for stream in session.streams.values())
    assert all(re.search(r"\w", line) for line in session.repairs)
    fed = sum(len(chunk) for chunk in session.feed() if hasattr(chunk, "data"))
    starts = [s for s in session.streams.values() if s.info.sampling_rate is not None]
    assert fed >= sum(stream.n_samples for stream in starts)
