"""Files of real devices open with units, rates and times as their makers describe them."""

import csv
import gzip
import io
from pathlib import Path

import numpy as np
import pytest

from wearaffect.core.errors import RecordingFormatError, WearAffectError
from wearaffect.core.streams import SignalKind
from wearaffect.core.units import Unit
from wearaffect.recording.opening import open_session
from wearaffect.recording.session import Session

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def devices(data_root: Path) -> Path:
    return data_root / "devices"


def rows(path: Path, **how: str) -> list[list[str]]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.reader(io.StringIO(content.decode()), **how))


def said(session: Session) -> dict[str, tuple[float | None, str, int]]:
    return {
        name: (s.info.sampling_rate, str(s.info.channels[0].unit), s.n_samples)
        for name, s in session.streams.items()
    }


def test_embrace_plus_gives_what_fastavro_reads(devices: Path) -> None:
    fastavro = pytest.importorskip("fastavro")
    for path in sorted((devices / "empatica_embraceplus").rglob("*.avro")):
        with path.open("rb") as file:
            (record,) = fastavro.reader(file)
        raw = record["rawData"]
        session = open_session(path)
        assert session.participant == record["enrollment"]["participantID"]
        for name, kind in (("eda", "eda"), ("temperature", "temp"), ("bvp", "bvp")):
            stream = session.streams[f"embrace.{kind}"]
            times, data = stream.samples()
            assert stream.info.rate_hz == pytest.approx(raw[name]["samplingFrequency"], rel=1e-7)
            np.testing.assert_array_equal(data[:, 0], np.float32(raw[name]["values"]))
            begun_ns = round((session.wall_start_s or 0) * 1e6) * 1000 + int(times[0])
            assert abs(begun_ns - raw[name]["timestampStart"] * 1000) < 2000
        acc = session.require(SignalKind.ACC)
        assert {c.unit for c in acc.info.channels} == {Unit.GRAVITY}
        _, data = acc.samples()
        assert np.median(np.linalg.norm(data, axis=1)) == pytest.approx(1.0, abs=0.1)
        np.testing.assert_allclose(data[:, 1], np.array(raw["accelerometer"]["y"]) / 2048)
        assert "deviceSn" not in str(session.header)
        assert record["deviceSn"] not in repr(session)


def test_a_folder_of_embrace_plus_files_is_one_sitting_with_a_gap(devices: Path) -> None:
    pytest.importorskip("fastavro")
    session = open_session(devices / "empatica_embraceplus/AVROS final/Primera/Meditador 1")
    eda = session.require(SignalKind.EDA)
    (gap,) = eda.gaps
    assert len(eda.segments) == 2
    assert eda.n_samples == 7210 + 30
    # half an hour less what the first file holds, at 4 Hz
    assert gap.n_lost == pytest.approx((1714163275.262501 - 1714159675.338746) * 4 - 7210, abs=2)
    with pytest.raises(RecordingFormatError, match="files of one participant"):
        open_session(devices / "empatica_embraceplus/AVROS final/Segundo")


def test_shimmer_reads_calibrated_columns_in_their_units(devices: Path) -> None:
    path = devices / "devicely_test_data/Shimmer_test_data/read_test_data.csv"
    session = open_session(path)
    assert said(session) == {
        "shimmer.eda": (51.2, "uS", 90),
        "shimmer.acc": (51.2, "m/s2", 90),
        "shimmer.acc_wr": (51.2, "m/s2", 90),
    }
    table = rows(path, delimiter=";")
    column = table[1].index("Shimmer_40AC_GSR_Skin_Conductance_CAL")
    _, data = session.streams["shimmer.eda"].samples()
    np.testing.assert_allclose(data[:, 0], [float(r[column]) for r in table[3:]], rtol=1e-6)
    assert session.wall_start_s == pytest.approx(float(table[3][0]) / 1000, abs=0.1)
    assert "Temperature_BMP280" in session.repairs[0]


def test_mind_monitor_gives_acceleration_and_elements(devices: Path) -> None:
    session = open_session(devices / "devicely_test_data/Muse_test_data/read_test_data.csv")
    assert said(session) == {"muse.acc": (256.0, "g", 418)}
    _, data = session.streams["muse.acc"].samples()
    assert data[0].tolist() == pytest.approx([-0.23260498, -0.04901123, 0.96643066])
    assert [m.label for m in session.markers] == ["/muse/elements/blink"]
    assert session.wall_start_s is None
    assert session.header["local_start"] == "2021-04-05T15:48:04.834000"


def test_open_signals_converts_by_the_data_sheet(devices: Path) -> None:
    session = open_session(devices / "opensignals_bitalino/SampleECG.txt.gz")
    ecg = session.require(SignalKind.ECG)
    assert (ecg.info.rate_hz, ecg.n_samples, ecg.gaps) == (1000.0, 22350, ())
    assert ecg.info.channels[0].unit is Unit.MILLIVOLT
    _, data = ecg.samples()
    assert data[0, 0] == pytest.approx((496 / 1024 - 0.5) * 3.3 / 1100 * 1000)
    assert session.header["local_start"] == "2016-06-11T07:03:47"


@pytest.mark.parametrize(
    ("name", "kind", "seconds", "first"),
    [
        ("eda.txt.gz", "eda", 150, 2669),
        ("ppg.txt", "ppg", 20, 2065),
        ("resp.txt.gz", "resp", 60, 2094),
    ],
)
def test_simple_text_is_counts(
    devices: Path, name: str, kind: str, seconds: int, first: int
) -> None:
    session = open_session(devices / "biosppy_examples" / name)
    assert said(session) == {f"text.{kind}": (1000.0, "1", seconds * 1000)}
    _, data = session.streams[f"text.{kind}"].samples()
    assert data[0, 0] == first


def test_emotibit_gives_every_sample_of_each_tag(devices: Path) -> None:
    path = devices / "emotibit/sample_data/2025-06-27_09-56-59-929206.csv.gz"
    session = open_session(path)
    assert said(session) == {
        "emotibit.eda": (15.0, "uS", 1098),
        "emotibit.ppg": (25.0, "1", 1829),
        "emotibit.acc": (pytest.approx(25.0, rel=0.01), "g", 1821),
        "emotibit.temp": (7.5, "degC", 549),
        "emotibit.temp_t1": (7.5, "degC", 549),
        "emotibit.hr": (None, "1/min", 74),
        "emotibit.ibi": (None, "s", 74),
    }
    packets = rows(path)
    green = [float(v) for r in packets if r[3] == "PG" for v in r[6:]]
    _, data = session.streams["emotibit.ppg"].samples()
    np.testing.assert_array_equal(data[:, 2], np.float32(green))
    eda_ms = [int(r[0]) for r in packets if r[3] == "EA"]
    times, _ = session.streams["emotibit.eda"].samples()
    assert (times[-1] - times[0]) / 1e6 == pytest.approx(eda_ms[-1] - eda_ms[0], abs=70)
    labels = [r[r.index("LD") + 1] for r in packets if r[3] == "LM"]
    assert [m.label for m in session.markers] == labels
    assert sum("round_trip_ms" in note.facts for note in session.notes) == 15


def test_faros_edf_agrees_with_pyedflib(devices: Path) -> None:
    pyedflib = pytest.importorskip("pyedflib")
    path = devices / "devicely_test_data/Faros_test_data/testfile_read.EDF"
    session = open_session(path)
    assert said(session)["edf.ecg"] == (500.0, "mV", 39000)
    assert said(session)["edf.acc"] == (25.0, "g", 1950)
    with pyedflib.EdfReader(str(path)) as theirs:
        _, ecg = session.streams["edf.ecg"].samples()
        np.testing.assert_allclose(ecg[:, 0], theirs.readSignal(0) / 1000, rtol=1e-6)
        _, acc = session.streams["edf.acc"].samples()
        for axis in range(3):
            np.testing.assert_allclose(acc[:, axis], theirs.readSignal(1 + axis) / 1000, rtol=1e-6)
        beats = theirs.readSignal(5)
    _, ibi = session.streams["edf.ibi"].samples()
    np.testing.assert_allclose(ibi[:, 0], beats[beats > 0], atol=1)
    assert [(m.time_ns, m.label) for m in session.markers] == [(72_000_000_000, "Marker 1")]
    # the header says TZ=+0200
    assert session.wall_start_s == 1539356052.0


def test_clock_resets_are_followed_as_pyxdf_does(devices: Path) -> None:
    pyxdf = pytest.importorskip("pyxdf")
    path = devices / "xdf_example_files/clock_resets.xdf"
    session = open_session(path)
    streams, _ = pyxdf.load_xdf(str(path), dejitter_timestamps=False)
    theirs = next(s for s in streams if s["info"]["type"] == ["Markers"])
    stamps = theirs["time_stamps"] - theirs["time_stamps"][0]
    ours = np.array([m.time_ns for m in session.markers]) / 1e9
    np.testing.assert_allclose(ours, stamps, atol=1e-3)
    assert [m.label for m in session.markers] == [row[0] for row in theirs["time_series"]]
    assert [c.reason for c in session.clock] == ["start", "reboot"] * 2
    assert "BioSemi (EEG)" in session.repairs[0]


def test_everything_else_there_is_refused_by_name(devices: Path) -> None:
    opened, refused = 0, 0
    for path in sorted(p for p in devices.rglob("*") if p.is_file()):
        try:
            session = open_session(path)
        except WearAffectError as error:
            said = str(error)
            refused += 1
        else:
            said = session.path
            assert session.streams or session.markers
            opened += 1
        assert str(path) in said
    assert opened == 17
    assert refused > 20


def test_physiokit_opens_with_a_sidecar(data_root: Path, tmp_path: Path) -> None:
    source = next((data_root / "physiokit/sample_data/P11").glob("P11_baseline*.csv.gz"))
    path = tmp_path / "baseline.csv.gz"
    path.write_bytes(source.read_bytes())
    with pytest.raises(RecordingFormatError, match="sidecar"):
        open_session(path)
    (tmp_path / "baseline.json").write_text(
        '{"TimeColumn": "arduino_ts", "TimeUnits": "ms", "MarkerColumn": "event_code",'
        ' "EDA": {"Units": "counts"}, "Resp": {"Units": "counts"},'
        ' "PPG Finger": {"Units": "counts"}, "PPG Ear": {"Units": "counts"}}'
    )
    session = open_session(path)
    table = rows(source)
    seconds = (float(table[-1][4]) - float(table[1][4])) / 1000
    ppg = session.streams["table.ppg"]
    assert [c.name for c in ppg.info.channels] == ["PPG Finger", "PPG Ear"]
    assert ppg.n_samples == len(table) - 1
    assert session.duration_s == pytest.approx(seconds, abs=0.05)
    assert ppg.info.rate_hz == pytest.approx((len(table) - 2) / seconds, rel=0.01)
