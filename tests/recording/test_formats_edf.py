"""EDF and EDF+ made by hand: gaps, scales, labels, and headers that lie."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from foreign_files import edf, opened

from wearaffect.core.errors import (
    CorruptRecordingError,
    RecordingFormatError,
    WearAffectError,
)
from wearaffect.core.streams import SignalKind
from wearaffect.core.units import Unit


def test_records_that_do_not_follow_on_each_other_leave_a_gap(tmp_path: Path) -> None:
    note = b"+7.25\x151.5\x14task begins\x14\0"
    session = opened(tmp_path, edf([0, 1, 7, 8], notes={2: note}))
    eda = session.require(SignalKind.EDA)
    assert (eda.info.rate_hz, eda.info.channels[0].unit) == (4.0, Unit.MICROSIEMENS)
    assert [(g.start_ns, g.end_ns, g.n_lost) for g in eda.gaps] == [(2 * 10**9, 7 * 10**9, 20)]
    _, data = eda.samples()
    np.testing.assert_allclose(data[:, 0], np.arange(16) / 10, rtol=1e-6)
    assert [(m.time_ns, m.label) for m in session.markers] == [(7_250_000_000, "task begins")]
    assert session.participant == "P-01"
    assert "Jane" not in repr(session)


def test_a_first_record_may_begin_between_seconds(tmp_path: Path) -> None:
    times, _ = opened(tmp_path, edf([0.5, 1.5], variety="EDF+C")).require(SignalKind.EDA).samples()
    assert times[0] == 500_000_000


@pytest.mark.parametrize(
    ("label", "unit", "kind", "factor", "ours"),
    [
        ("ECG II", "uV", "ecg", 1e-3, Unit.MILLIVOLT),
        ("Temp skin", "degC", "temp", 1, Unit.CELSIUS),
        ("Resp chest", "", "resp", 1, Unit.ARBITRARY),
        ("SKIN CONDUCTANCE", "mS", "eda", 1e3, Unit.MICROSIEMENS),
        ("Acc X", "mg", "acc", 1e-3, Unit.GRAVITY),
        ("Pleth", "", "ppg", 1, Unit.ARBITRARY),
        ("Heart Rate", "bpm", "hr", 1, Unit.BEATS_PER_MINUTE),
    ],
)
def test_plain_edf_by_label_and_dimension(
    tmp_path: Path, label: str, unit: str, kind: str, factor: float, ours: Unit
) -> None:
    session = opened(tmp_path, edf(None, label=label, unit=unit, variety=""))
    stream = session.streams[f"edf.{kind}"]
    assert stream.info.channels[0].unit is ours
    assert stream.segments[0].data[10, 0] == pytest.approx(1.0 * factor)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda c: c[:200], CorruptRecordingError, "cut short"),
        (lambda c: c[:600], CorruptRecordingError, "cut short"),
        (lambda c: c[:184] + b"999     " + c[192:], RecordingFormatError, "header"),
        (lambda c: c[:244] + b"0       " + c[252:], RecordingFormatError, "length of a record"),
        (lambda c: c[:244] + b"abc     " + c[252:], RecordingFormatError, "byte 244"),
        (lambda c: c.replace(b"32767 ", b"0     ", 1), RecordingFormatError, "signal 'EDA'"),
        (lambda c: b"\xffBIOSEMI" + c[8:], RecordingFormatError, "BDF"),
    ],
)
def test_a_bad_edf_is_refused_by_name(
    tmp_path: Path,
    change: Callable[[bytes], bytes],
    error: type[WearAffectError],
    words: str,
) -> None:
    with pytest.raises(error, match=words):
        opened(tmp_path, change(edf([0, 1, 2])))


def test_a_cut_edf_keeps_its_whole_records(tmp_path: Path) -> None:
    whole = edf([0, 1, 2, 3])
    session = opened(tmp_path, whole[:-50])
    assert session.require(SignalKind.EDA).n_samples == 12
    assert session.repairs == ("the file is cut: 3 of 4 records are whole",)


def test_an_edf_of_unknown_signals_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingFormatError, match=r"EEG Fpz \(uV\)"):
        opened(tmp_path, edf(None, label="EEG Fpz", unit="uV", variety=""))


def test_records_that_overlap_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CorruptRecordingError, match="record 2: a record begins before"):
        opened(tmp_path, edf([0, 1, 0.5]))
