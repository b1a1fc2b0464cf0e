"""Text formats: other versions, orders and units than the files at hand, and gaps."""

import json
from pathlib import Path

import numpy as np
import pytest
from foreign_files import (
    BITALINO,
    MUSE,
    UNIX_MS,
    emotibit,
    emotibit_rows,
    muse_rows,
    open_signals,
    opened,
    shimmer,
    times_ms,
)

from wearaffect.core.errors import (
    RecordingFormatError,
)
from wearaffect.core.streams import LossEvidence, SignalKind
from wearaffect.core.units import Unit


@pytest.mark.parametrize(
    ("separator", "line"), [("\t", "sep=\\t\n"), (",", '"sep=,"\n'), (";", "")]
)
def test_shimmer_in_any_order_separator_and_device_name(
    tmp_path: Path, separator: str, line: str
) -> None:
    text = shimmer(
        separator,
        {
            "id95AE_PPG_A13_CAL": ("mV", [1500.0 + i for i in range(256)]),
            "id95AE_GSR_CAL": ("kOhms", [200.0] * 256),
            "id95AE_Event_Marker_CAL": ("no_units", [0.0] * 100 + [1.0] * 10 + [0.0] * 146),
            "id95AE_Accel_LN_Z_CAL": ("m/(s^2)", [9.8] * 256),
            "id95AE_Accel_LN_X_CAL": ("m/(s^2)", [0.1] * 256),
            "id95AE_Accel_LN_Y_CAL": ("m/(s^2)", [0.2] * 256),
            "id95AE_PPGtoHR_CAL": ("BPM", [-1.0] * 128 + [70.0] * 128),
            "id95AE_TimestampSync_Unix_CAL": ("ms", times_ms(128.0, 256)),
        },
        line,
    )
    session = opened(tmp_path, text)
    eda = session.streams["shimmer.eda"]
    assert (eda.info.rate_hz, eda.info.channels[0].unit) == (128.0, Unit.MICROSIEMENS)
    assert eda.segments[0].data[0, 0] == pytest.approx(5.0)  # 200 kilohms
    assert session.streams["shimmer.acc"].segments[0].data[0].tolist() == pytest.approx(
        [0.1, 0.2, 9.8]
    )
    assert session.streams["shimmer.ppg"].info.channels[0].unit is Unit.MILLIVOLT
    times, rate = session.streams["shimmer.hr"].samples()
    assert (times.tolist(), rate.tolist()) == ([1_000_000_000], [[70.0]])
    assert [round(m.time_ns / 1e6) for m in session.markers] == [round(100 * 1000 / 128)]
    assert session.wall_start_s == UNIX_MS / 1000


def test_shimmer_with_decimal_commas_and_no_unix_clock(tmp_path: Path) -> None:
    rows = "".join(f"{i * 20},0;{2 + i / 10:.2f}\n".replace(".", ",") for i in range(100))
    text = f"Shimmer_1_Timestamp_CAL;Shimmer_1_GSR_Skin_Conductance_CAL\nms;uS\n{rows}"
    session = opened(tmp_path, text)
    assert session.wall_start_s is None
    assert session.streams["shimmer.eda"].info.rate_hz == 50.0
    assert session.streams["shimmer.eda"].segments[0].data[1, 0] == pytest.approx(2.1)


def test_two_shimmers_in_one_file_are_two_devices(tmp_path: Path) -> None:
    columns: dict[str, tuple[str, list[float]]] = {}
    for device, value in (("Shimmer_AAAA", 1.0), ("Shimmer_BBBB", 2.0)):
        columns[f"{device}_Timestamp_Unix_CAL"] = ("ms", times_ms(51.2, 100))
        columns[f"{device}_GSR_Skin_Conductance_CAL"] = ("uS", [value] * 100)
    session = opened(tmp_path, shimmer("\t", columns, ""))
    values = {name: s.segments[0].data[0, 0] for name, s in session.streams.items()}
    assert values == {"shimmer_AAAA.eda": 1.0, "shimmer_BBBB.eda": 2.0}


def test_a_hole_in_the_stamps_is_a_gap_and_jitter_is_none(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    stamps = np.array(times_ms(128.0, 3000)) + rng.uniform(-3, 3, 3000)
    keep = np.r_[0:1000, 1100:3000]
    text = shimmer(
        "\t",
        {
            "S_Timestamp_Unix_CAL": ("ms", stamps[keep].tolist()),
            "S_GSR_Skin_Conductance_CAL": ("uS", [float(i) for i in keep]),
        },
        "",
    )
    eda = opened(tmp_path, text).streams["shimmer.eda"]
    assert (eda.info.rate_hz, eda.info.loss_evidence) == (128.0, LossEvidence.DEVICE_CLOCK)
    (gap,) = eda.gaps
    assert gap.n_lost == 100
    times, data = eda.samples()
    np.testing.assert_allclose(times / 1e9, data[:, 0] / 128, atol=0.006)


def test_a_clock_that_was_set_back_is_refused(tmp_path: Path) -> None:
    stamps = times_ms(128.0, 500) + [t - 2000 for t in times_ms(128.0, 500)]
    columns = {
        "S_Timestamp_Unix_CAL": ("ms", stamps),
        "S_GSR_Skin_Conductance_CAL": ("uS", [1.0] * 1000),
    }
    with pytest.raises(
        RecordingFormatError, match=r"shimmer\.eda: the clock jumps back at sample 500"
    ):
        opened(tmp_path, shimmer("\t", columns, ""))


def test_mind_monitor_with_light_heart_rate_and_unix_time(tmp_path: Path) -> None:
    body = muse_rows(512, 256.0)
    body.insert(256, f"{UNIX_MS + 1000},,,,,,,,,,/Marker/1")
    body.insert(0, f"{UNIX_MS},,,,,,,,,,/muse/event/connected Muse-4A1F")
    session = opened(tmp_path, "\n".join([MUSE, *body]) + "\n")
    assert [(m.time_ns, m.label) for m in session.markers] == [(1_000_000_000, "/Marker/1")]
    ppg = session.streams["muse.ppg"]
    assert [c.name for c in ppg.info.channels] == ["ambient", "ir", "red"]
    assert (ppg.info.rate_hz, ppg.n_samples) == (256.0, 512)
    times, rate = session.streams["muse.hr"].samples()
    assert rate.tolist() == [[64.5]]
    assert times[0] == pytest.approx(1e9, abs=1e6)
    assert session.wall_start_s == pytest.approx(UNIX_MS / 1000, abs=0.003)
    assert "4A1F" not in repr(session)  # the name identifies the headband


def test_mind_monitor_at_an_interval_has_that_rate(tmp_path: Path) -> None:
    session = opened(tmp_path, "\n".join([MUSE, *muse_rows(60, 2.0)]) + "\n")
    assert session.streams["muse.acc"].info.rate_hz == 2.0


def test_bitalino_counter_shows_what_is_missing(tmp_path: Path) -> None:
    numbers = [n for n in range(200) if n not in {50, 51, 52}]
    rows = [[n % 16, int(n == 120), 0, 0, 0, 512, 512, 3] for n in numbers]
    session = opened(tmp_path, open_signals(BITALINO, rows), "opensignals.txt")
    eda = session.streams["bitalino.eda"]
    assert eda.segments[0].data[0, 0] == pytest.approx(0.5 * 3.3 / 0.132)
    assert session.streams["bitalino.ecg"].segments[0].data[0, 0] == 0.0
    assert [(g.n_lost, g.start_ns, g.end_ns) for g in eda.gaps] == [(3, 500_000_000, 530_000_000)]
    assert [s.device_counter for s in eda.segments] == [0, 53]
    assert [(m.time_ns, m.label) for m in session.markers] == [(1_200_000_000, "I1")]
    assert session.repairs == ("left out, not signals of this library: A3 (RAW)",)


def test_the_first_bitalino_measures_resistance(tmp_path: Path) -> None:
    about = BITALINO | {
        "device": "bitalino",
        "firmware version": "4.2",
        "sensor": ["EDA", "ECG", "RAW"],
    }
    rows = [[n % 16, 0, 0, 0, 0, 512, 512, 3] for n in range(20)]
    session = opened(tmp_path, open_signals(about, rows), "a.txt")
    assert session.streams["bitalino.eda"].segments[0].data[0, 0] == pytest.approx(2.0)


def test_an_old_plux_header_without_columns(tmp_path: Path) -> None:
    about: dict[str, object] = {
        "sensor": ["EDA"],
        "label": ["CH1"],
        "channels": [1],
        "resolution": 12,
        "device": "bioplux",
        "sampling rate": 1000,
        "date": "2015-4-27",
        "time": "17:53:44.456",
    }
    session = opened(tmp_path, open_signals(about, [[n, 0, 2048] for n in range(50)]), "b.txt")
    eda = session.streams["plux.eda"]
    assert (eda.info.rate_hz, eda.n_samples, eda.gaps) == (1000.0, 50, ())
    assert eda.segments[0].data[0, 0] == pytest.approx(0.5 * 3 / 0.12)


def test_emotibit_packets_carry_the_time_of_their_last_sample(tmp_path: Path) -> None:
    rows = emotibit_rows(range(40, 45))
    rows += [
        (9000, "UN", ["well, a note"]),
        (9500, "BS", [""]),
        (6000, "RD", ["TL", "TU"]),
        (6010, "TU", ["2024-05-06_07-08-09-500000"]),
    ]
    session = opened(tmp_path, emotibit(rows))
    eda = session.streams["emotibit.eda"]
    assert [(g.n_lost, g.end_ns - g.start_ns) for g in eda.gaps] == [(15, 1_000_000_000)]
    times, data = eda.samples()
    begin_ms = 5000 - 2 / 15 * 1000
    first_ms = min(begin_ms, 5000 - 4 / 25 * 1000)
    np.testing.assert_allclose(times / 1e6 + first_ms - begin_ms, data[:, 0] / 15 * 1000, atol=1)
    acc = session.streams["emotibit.acc"]
    assert (acc.info.rate_hz, acc.n_samples) == (25.0, 475)
    moments = {m.label: m.time_ns / 1e6 for m in session.markers}
    assert moments["well, a note"] == pytest.approx(9000 - first_ms, abs=1)
    assert moments["button press"] == pytest.approx(9500 - first_ms, abs=1)
    # UTC came 10 ms after it was asked for, at 6.005 s of the device
    utc = 1714979289.5 - (6005 - first_ms) / 1000
    assert session.wall_start_s == pytest.approx(utc, abs=0.001)


def test_a_table_needs_only_rate_column_and_unit(tmp_path: Path) -> None:
    (tmp_path / "file.json").write_text(
        '{"SamplingFrequency": 4, "StartTime": 2.5, "Columns": ["gsr", "x"],'
        ' "gsr": {"Units": "mS"}}'
    )
    text = "".join(f"{'' if i in (8, 9) else i / 1000},7\n" for i in range(40))
    session = opened(tmp_path, text)
    eda = session.streams["table.eda"]
    assert (eda.info.rate_hz, eda.info.channels[0].unit) == (4.0, Unit.MICROSIEMENS)
    times, data = eda.samples()
    assert times[0] == 2_500_000_000
    np.testing.assert_allclose(data[:4, 0], [0, 1, 2, 3], rtol=1e-6)
    (gap,) = eda.gaps
    assert (gap.start_ns, gap.end_ns, gap.n_lost) == (4_500_000_000, 5_000_000_000, None)


def test_a_table_may_say_its_kinds_times_and_markers(tmp_path: Path) -> None:
    (tmp_path / "t.csv.json").write_text(
        json.dumps(
            {
                "TimeColumn": "t",
                "TimeUnits": "ms",
                "MarkerColumn": "phase",
                "Participant": "P7",
                "a": {"Kind": "acc", "Units": "mg"},
                "b": {"Kind": "acc", "Units": "mg"},
                "c": {"Kind": "acc", "Units": "mg"},
            }
        )
    )
    rows = [f"{1000 + i * 20},{i},0,1000,{'rest' if i < 50 else 'task'}" for i in range(100)]
    session = opened(tmp_path, "\n".join(["t,a,b,c,phase", *rows]), "t.csv")
    acc = session.require(SignalKind.ACC)
    assert (acc.info.rate_hz, acc.n_samples) == (50.0, 100)
    assert acc.segments[0].data[0].tolist() == [0.0, 0.0, 1.0]
    assert [(m.time_ns, m.label) for m in session.markers] == [(0, "rest"), (1_000_000_000, "task")]
    assert session.participant == "P7"
