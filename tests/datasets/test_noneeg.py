"""Non-EEG: sections on one timeline, heart rate beside the wristband, and rest."""

import itertools

import numpy as np
import pytest
from wfdb_writing import SECTIONS, annotation, write_person, write_record

from wearaffect.core.errors import DatasetError
from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import WindowSpec
from wearaffect.datasets.labelled import Interval
from wearaffect.datasets.noneeg import noneeg_subjects, read_noneeg
from wearaffect.recording.windows import windows_of
from wearaffect.signals.chain import Chain, ChainSettings
from wearaffect.signals.enrolment import RestInterval

ACC, HR = SignalKind.ACC, SignalKind.HR


@pytest.fixture
def root(tmp_path):
    for person in ("Subject10", "Subject2"):
        write_person(tmp_path / "set", person)
    (tmp_path / "set" / "RECORDS").write_text("Subject2_AccTempEDA\n")
    (tmp_path / "set" / "subjectinfo.csv").write_text("subject,age\n")
    return tmp_path / "set"


def test_sections_begin_at_their_marks_and_last_whole_seconds(root):
    assert noneeg_subjects(root) == ("Subject2", "Subject10")
    (person,) = read_noneeg(root, ["Subject2"])
    assert (person.id, person.order) == ("noneeg/Subject2", "fixed")
    assert [i.label for i in person.intervals] == [label for label, _ in SECTIONS]
    assert [i.duration_s for i in person.intervals] == [n for _, n in SECTIONS]
    # one eighth of a second more a section, as published
    starts = np.cumsum([0.125, *(n + 0.125 for _, n in SECTIONS[:-1])])
    starts[1:] -= 0.125
    assert [i.start_s for i in person.intervals] == starts.tolist()
    assert person.rest == Interval("rest", 0.125, 300.125)


def test_heart_rate_runs_beside_the_wristband_in_every_section(root):
    session = next(read_noneeg(root)).session
    assert session.problems == ()
    assert set(session.streams) == {
        "wristband.acc", "wristband.temp", "wristband.eda", "oximeter.hr",
    }  # fmt: skip
    assert session.worn_at("wrist") is session
    for stream in session.streams.values():
        assert len(stream.segments) == len(SECTIONS)
        assert len(stream.gaps) == len(SECTIONS) - 1
    for i, (_, seconds) in enumerate(SECTIONS):
        rate = session.streams["oximeter.hr"].segments[i]
        np.testing.assert_array_equal(rate.data[:, 0], 1000 * i + np.arange(seconds))
        acc = session.streams["wristband.acc"].segments[i]
        counts = acc.data[:, 0].astype(float) * 100 - 20
        first = 1 if i == 0 else 1000 * i
        np.testing.assert_allclose(counts, first + np.arange(8 * seconds), atol=1e-3)
        assert acc.start_ns == rate.start_ns
        temp = session.streams["wristband.temp"].segments[i].data[0, 0]
        assert temp == pytest.approx((first + 20) / 100, abs=1e-4)


def test_windows_inside_a_section_are_whole_and_nothing_reaches_across(root):
    (person,) = read_noneeg(root, ["Subject10"])
    chain = Chain(ChainSettings(WindowSpec(10, 1)))
    inside = [w for w in windows_of(person.session, chain) if person.label_of(w.start_s, w.end_s)]
    assert len(inside) > 300
    for window in inside:
        assert {kind: signal.coverage for kind, signal in window.signals.items()} == dict.fromkeys(
            (SignalKind.ACC, SignalKind.EDA, SignalKind.HR, SignalKind.TEMP), 1.0
        )
        section = next(
            i for i, s in enumerate(person.intervals) if s.holds(window.start_s, window.end_s)
        )
        seen = window.signals[SignalKind.TEMP].data[0]
        low = 1000 * section / 100
        assert (low <= seen).all()
        assert (seen <= low + 8 * person.intervals[section].duration_s).all()


def test_heart_rate_of_another_length_is_taken_as_it_stands_and_said(tmp_path):
    root = write_person(tmp_path / "set", "Subject1", extra_rate_samples=3)
    (person,) = read_noneeg(root)
    assert person.session.problems == ("heart rate doesn't fit the sections; taken as it stands",)
    (segment,) = person.session.require(HR).segments
    assert segment.start_ns == 0
    assert len(segment) == sum(n for _, n in SECTIONS) + 7 + 3


@pytest.mark.parametrize(
    "name",
    ["AccTempEDA.hea", "AccTempEDA.dat", "AccTempEDA.atr", "SpO2HR.hea", "SpO2HR.dat"],
)
def test_missing_and_cut_files_are_named_for_their_person_only(root, name):
    path = root / f"Subject2_{name}"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DatasetError, match=rf"Subject2_{name}"):
        next(read_noneeg(root))
    path.unlink()
    with pytest.raises(DatasetError, match=rf"Subject2_{name}.*fetch"):
        next(read_noneeg(root))
    (other,) = read_noneeg(root, ["Subject10"])
    assert len(other.intervals) == 8


def test_sections_that_make_no_sense_are_refused(root):
    marks = root / "Subject2_AccTempEDA.atr"
    whole = marks.read_bytes()
    for broken, said in (
        (whole.replace(b"Physical", b"Metaphys"), "MetaphysStress"),
        (annotation(30_000, 22, "Relax") + b"\0\0", "Relax: expected an end"),
        (annotation(9, 22, "Relax") + annotation(0, 22, "Relax") + b"\0\0", "time order"),
    ):
        marks.write_bytes(broken)
        with pytest.raises(DatasetError, match=rf"Subject2_AccTempEDA\.atr.*{said}"):
            next(read_noneeg(root))
    marks.write_bytes(b"\0\0")
    (person,) = read_noneeg(root, ["Subject2"])
    assert (person.intervals, person.rest) == ((), None)


def test_other_signals_and_rates_are_refused(root):
    write_record(root / "Subject2_SpO2HR.hea", [[1, 2]], ["hr", "SpO2"], rate="1")
    with pytest.raises(DatasetError, match=r"other signals.*SpO2, hr, got hr, SpO2"):
        next(read_noneeg(root))
    write_record(root / "Subject2_SpO2HR.hea", [[1, 2]], ["SpO2", "hr"], rate="0")
    with pytest.raises(DatasetError, match=r"not the published signals.*rate"):
        next(read_noneeg(root))
    write_record(root / "Subject2_AccTempEDA.hea", [[1] * 5], ["ax", "ay", "az", "temp", "EDA"],
                 rate="0")  # fmt: skip
    with pytest.raises(DatasetError, match="sections"):
        next(read_noneeg(root))


def test_a_folder_without_people_is_refused(root, tmp_path):
    with pytest.raises(DatasetError, match="no such folder"):
        read_noneeg(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="no people here"):
        noneeg_subjects(tmp_path / "empty")
    with pytest.raises(DatasetError, match=r"people not found.*Subject3"):
        read_noneeg(root, ["Subject3"])


@pytest.mark.data
def test_real_people_have_eight_sections_and_plain_scales(data_root):
    root = data_root / "noneeg_neurological_status"
    assert set(noneeg_subjects(root)) >= {f"Subject{i}" for i in range(1, 11)}
    higher = []
    for person in read_noneeg(root, [f"Subject{i}" for i in range(1, 11)]):
        assert person.session.problems == ()
        assert [i.label for i in person.intervals] == [label for label, _ in SECTIONS]
        _, acc = person.session.require(ACC).samples()
        assert 0.9 < np.median(np.linalg.norm(acc, axis=1)) < 1.25
        mean_rate = [segment.data.mean() for segment in person.session.require(HR).segments]
        higher.append(mean_rate[1] > mean_rate[0])
    assert sum(higher) >= 9  # exercise


@pytest.mark.data
def test_real_heart_rate_jumps_where_sections_were_put_together(data_root):
    """If it ran on across the cuts, the odd samples would not be where this reader drops them."""
    at_border, beside_it = [], []
    for person in read_noneeg(data_root / "noneeg_neurological_status"):
        segments = person.session.require(HR).segments
        at_border += [
            abs(after.data[0, 0] - before.data[-1, 0])
            for before, after in itertools.pairwise(segments)
        ]
        for segment in segments:
            beside_it += np.abs(np.diff(segment.data[[0, 1, -2, -1], 0]))[[0, 2]].tolist()
    assert np.mean(at_border) > 5
    assert np.mean(beside_it) < 1


@pytest.mark.data
def test_rest_can_be_taken_from_real_heart_rate(data_root):
    root = data_root / "noneeg_neurological_status"
    for person in read_noneeg(root, ["Subject2", "Subject8"]):
        rest = RestInterval(person.rest.start_s, person.rest.end_s)
        chain = Chain(ChainSettings(), rest=rest)
        windows = list(windows_of(person.session, chain))
        resting = chain.enrolment.features
        exercise = [
            w.features["hr_median"]
            for w in windows
            if person.label_of(w.start_s, w.end_s) == "PhysicalStress"
        ]
        assert np.median(exercise) > resting["hr_median"] + 5
        assert np.isnan(resting["hrv_rmssd"])
