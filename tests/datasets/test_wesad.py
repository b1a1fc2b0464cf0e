"""WESAD in both layouts."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from miniature_corpora import LATER_S, QUEST, SPANS, write_quest

from wearaffect.core.errors import DatasetError, UnsafePickleError
from wearaffect.core.streams import SignalKind
from wearaffect.core.units import Unit
from wearaffect.datasets.labelled import Interval
from wearaffect.datasets.wesad import read_wesad, wesad_subjects
from wearaffect.datasets.wesad_quest import quest_seconds, read_quest

CONDITIONS = ["baseline", "stress", "meditation", "amusement", "meditation"]
STRESS_FIRST = {"S2", "S3", "S6", "S9", "S11", "S14", "S16"}
AMUSEMENT_FIRST = {"S4", "S5", "S7", "S8", "S10", "S13", "S15", "S17"}


def only(root: Path, person: str = "S2"):
    (session,) = read_wesad(root, [person])
    return session


def test_people_come_by_number_whatever_else_lies_there(official):
    assert wesad_subjects(official) == ("S2", "S10")
    assert [s.id for s in read_wesad(official)] == ["wesad/S2", "wesad/S10"]


def test_pickle_gives_labels_in_seconds_and_streams_in_their_units(official, truth):
    person = only(official)
    expected = [Interval(name, s, e) for name, (s, e, _) in zip(CONDITIONS, SPANS, strict=True)]
    assert list(person.intervals) == expected
    assert person.rest == Interval("rest", 20.0, 320.0)
    assert person.session.of_kind(SignalKind.EDA).info.id == "e4.eda"
    assert {s.info.id: s.info.sampling_rate for s in person.session.streams.values()} == {
        "e4.eda": 4, "e4.bvp": 64, "e4.acc": 32, "e4.temp": 4, "respiban.acc": 700,
        "respiban.ecg": 700, "respiban.eda": 700, "respiban.temp": 700, "respiban.resp": 700,
    }  # fmt: skip
    acc = person.session.streams["e4.acc"]
    assert {channel.unit for channel in acc.info.channels} == {Unit.GRAVITY}
    np.testing.assert_array_equal(acc.samples()[1] * 64, truth.wrist()["ACC"])


def test_both_layouts_tell_one_truth(official, exported):
    pickled, export = only(official), only(exported)
    assert pickled.self_report == export.self_report
    assert pickled.order == export.order == "stress_first"
    for left, right in zip(pickled.intervals, export.intervals, strict=True):
        assert left == Interval(right.label, right.start_s - LATER_S, right.end_s - LATER_S)
        for stream_id in ("e4.eda", "e4.bvp", "e4.acc", "e4.temp"):
            cuts = []
            for person, interval in ((pickled, left), (export, right)):
                stream = person.session.streams[stream_id]
                times, data = stream.samples()
                inside = (times >= interval.start_s * 1e9) & (times < interval.end_s * 1e9)
                cuts.append(data[inside])
            assert len(cuts[0]) == left.duration_s * stream.info.rate_hz
            np.testing.assert_array_equal(*cuts)
            assert pickled.session.streams[stream_id].info == stream.info


def test_the_table_may_be_in_any_order_and_people_in_the_order_asked_for(exported):
    assert [s.subject for s in read_wesad(exported, ["S16", "S2"])] == ["S16", "S2"]
    assert [i.label for i in only(exported, "S16").intervals] == CONDITIONS


def test_unpacked_exports_are_read_too(exported, tmp_path):
    root = tmp_path / "wesad"
    shutil.copytree(exported, root)
    packed = root / "S2" / "S2_E4_Data.zip"
    shutil.unpack_archive(packed, root / "S2" / "S2_E4_Data")
    packed.unlink()
    assert only(root).session.content_hash == only(exported).session.content_hash


def test_answers_go_with_their_condition(exported):
    reports = only(exported).self_report
    assert [r.condition for r in reports] == CONDITIONS
    assert [(r.valence, r.arousal) for r in reports] == [(7, 2), (3, 8), (8, 1), (7, 4), (8, 2)]
    assert [len(r.panas) for r in reports] == [24, 26, 24, 24, 24]
    assert reports[0].panas[0] is None
    assert reports[1].stai == (4, 2, 3, 4, 1, 2)
    assert [r.sssq for r in reports] == [(), (5, 5, 4, 4, 3, 5), (), (), ()]


def test_meditations_may_come_the_other_way_round_and_amusement_first(tmp_path):
    order = "Base;Fun;Medi 2;TSST;Medi 1;bRead;sRead;fRead"
    text = QUEST.replace("Base;TSST;Medi 1;Fun;Medi 2;bRead;sRead;fRead", order)
    write_quest(tmp_path, "S14", text)
    quest = read_quest(tmp_path / "S14_quest.csv")
    labels = ["baseline", "amusement", "meditation", "stress", "meditation"]
    assert quest.order == "amusement_first"
    assert [r.condition for r in quest.self_report] == [s.label for s in quest.spans] == labels
    assert [bool(r.sssq) for r in quest.self_report] == [False, False, False, True, False]


def test_reading_is_lazy(exported, tmp_path):
    root = tmp_path / "wesad"
    shutil.copytree(exported, root)
    (root / "S16" / "S16_E4_Data.zip").write_bytes(b"PK broken")
    people = read_wesad(root)
    assert next(people).subject == "S2"
    with pytest.raises(DatasetError, match=r"S16_E4_Data\.zip"):
        next(people)


def empty_zip(root):
    (root / "S2" / "S2_E4_Data.zip").unlink()


def no_quest(root):
    (root / "S2" / "S2_quest.csv").unlink()


def short_quest(root):
    write_quest(root / "S2", "S2", QUEST.replace("# DIM;3;8;;\n", ""))


def late_second(root):
    write_quest(root / "S2", "S2", QUEST.replace("5.4;6.4", "5.7;6.4"))


def words(root):
    write_quest(root / "S2", "S2", QUEST.replace("4;2;3;4;1;2", "4;2;often;4;1;2"))


def other_condition(root):
    write_quest(root / "S2", "S2", QUEST.replace("TSST", "Nap"))


def bad_table(root):
    (root / "DERIVED_label_windows_e4.csv").write_text("subject,label\nS2,1\n")


def no_rows(root):
    (root / "DERIVED_label_windows_e4.csv").write_text("subject,wesad_label,e4_start_s,e4_end_s\n")


def two_tables(root):
    (root / "my_label_windows.csv").write_text("")


def bad_pickle(root):
    (root / "S2" / "S2.pkl").write_bytes(b"}.")


def live_pickle(root):
    (root / "S2" / "S2.pkl").write_bytes(b"cos\ngetcwd\n)R.")


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (empty_zip, "neither S2.pkl nor S2_E4_Data.zip"),
        (no_quest, "S2_quest.csv"),
        (short_quest, "S2_quest.csv.*# DIM"),
        (late_second, "S2_quest.csv.*59 seconds"),
        (words, "S2_quest.csv.*often"),
        (other_condition, "S2_quest.csv.*Nap"),
        (bad_table, "DERIVED_label_windows_e4.csv"),
        (no_rows, "no label rows"),
        (two_tables, "my_label_windows.csv"),
        (bad_pickle, "S2.pkl: not a WESAD pickle"),
        (live_pickle, "S2.pkl.*os.getcwd"),
    ],
)
def test_broken_content_is_a_dataset_error_that_names_it(exported, tmp_path, harm, named):
    root = tmp_path / "wesad"
    shutil.copytree(exported, root)
    harm(root)
    with pytest.raises(DatasetError, match=named) as caught:
        only(root)
    assert caught.value.expected
    assert isinstance(caught.value, UnsafePickleError) == (harm is live_pickle)


def test_strangers_and_empty_roots_are_refused_before_anything_is_read(exported, tmp_path):
    with pytest.raises(DatasetError, match="got S3"):
        read_wesad(exported, ["S2", "S3"])
    with pytest.raises(DatasetError, match=r"SX/SX\.pkl"):
        wesad_subjects(tmp_path)


@given(st.integers(0, 200), st.integers(0, 59))
def test_quest_times_survive_a_spreadsheet(minutes, seconds):
    full = f"{minutes}.{seconds:02d}"
    spreadsheet = full.rstrip("0").rstrip(".")
    assert quest_seconds(full) == quest_seconds(spreadsheet) == 60 * minutes + seconds


@given(st.integers(0, 200), st.integers(60, 99))
def test_quest_times_have_at_most_59_seconds(minutes, seconds):
    with pytest.raises(ValueError, match="at most 59 seconds"):
        quest_seconds(f"{minutes}.{seconds}".rstrip("0"))


@pytest.mark.parametrize("text", ["", "7.", ".5", "7.123", "-7.1", "7,1", "7:10", "x", "٧"])
def test_other_forms_of_time_are_refused(text):
    with pytest.raises(ValueError, match=r"minutes\.seconds"):
        quest_seconds(text)


def test_quest_times_of_the_readme():
    times = {"34.3": 2070, "7.1": 430, "7.08": 428, "48": 2880}
    assert {text: quest_seconds(text) for text in times} == times


@pytest.mark.data
def test_real_people(data_root):
    root = data_root / "wesad"
    assert len(wesad_subjects(root)) == 11
    for person in read_wesad(root):
        wanted = STRESS_FIRST if person.order == "stress_first" else AMUSEMENT_FIRST
        assert person.subject in wanted
        quest = read_quest(root / person.subject / f"{person.subject}_quest.csv")
        for label, published in zip(person.intervals, quest.spans, strict=True):
            assert label.label == published.label
            assert published.duration_s - label.duration_s == pytest.approx(20, abs=1)
        assert person.rest is not None
        assert person.intervals[-1].end_s <= person.session.duration_s
        assert [len(r.panas) for r in person.self_report if r.sssq] == [26]


@pytest.mark.data
def test_real_stress_raises_skin_conductance_in_most(data_root):
    raised = []
    for person in read_wesad(data_root / "wesad"):
        times, data = person.session.require(SignalKind.EDA).samples()
        mean = {
            i.label: np.nanmean(data[(times >= i.start_s * 1e9) & (times < i.end_s * 1e9)])
            for i in person.intervals
        }
        raised.append(mean["stress"] > mean["baseline"])
    assert sum(raised) >= 9
