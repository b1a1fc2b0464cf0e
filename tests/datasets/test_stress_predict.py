"""Stress-Predict: runs, tasks, and who is left out."""

from itertools import chain

import numpy as np
import pytest

from wearaffect.core.errors import DatasetError
from wearaffect.core.streams import SignalKind
from wearaffect.datasets.labelled import Interval
from wearaffect.datasets.stress_predict import (
    exclusions,
    read_stress_predict,
    stress_predict_subjects,
)

TASKS = ((400, 500), (550, 700), (800, 850))
BORDERS = list(chain.from_iterable(TASKS))


def seconds(tasks=TASKS, first=9, last=1200, missing=()):
    """The label table's rows: one a second, 1 inside a task."""
    inside = {s for start, end in tasks for s in range(start, end)}
    return [(s, int(s in inside)) for s in range(first, last) if s not in missing]


def test_runs_become_tasks_in_order_on_the_sessions_clock(stress_predict):
    (person,) = read_stress_predict(stress_predict("S02", seconds(), BORDERS))
    expected = [
        ("rest", 9, 400), ("stroop", 400, 500), ("rest", 500, 550), ("interview", 550, 700),
        ("rest", 700, 800), ("hyperventilation", 800, 850), ("rest", 850, 1200),
    ]  # fmt: skip
    assert [(i.label, i.start_s, i.end_s) for i in person.intervals] == expected
    assert person.rest == Interval("rest", 9.0, 309.0)
    assert person.id == "stress_predict/S02"
    presses = [marker.time_ns / 1e9 for marker in person.session.markers]
    assert presses == pytest.approx(BORDERS, abs=1e-6)


def test_people_are_left_out_by_rule_but_can_be_asked_for(stress_predict):
    stress_predict("S02", seconds(), [b + 2.0 for b in BORDERS])
    stress_predict("S03", [], BORDERS)
    stress_predict("S04", seconds(), [*BORDERS[:-1], BORDERS[-1] + 2.5])
    stress_predict("S05", seconds(), [])
    stress_predict("S06", seconds(TASKS[:2]), BORDERS)
    stress_predict("S07", seconds(first=101), BORDERS)
    root = stress_predict("S08", seconds(first=100, missing=(450,)), BORDERS)
    assert stress_predict_subjects(root) == tuple(f"S0{i}" for i in range(2, 9))
    assert exclusions(root) == {
        "S03": "no label for each second",
        "S04": "1 of 6 task borders not within 2 s of a press",
        "S05": "6 of 6 task borders not within 2 s of a press",
        "S06": "2 task runs in the labels instead of 3",
        "S07": "less than 300 s of rest before the first task",
        "S08": "4 task runs in the labels instead of 3",
    }
    assert [p.subject for p in read_stress_predict(root)] == ["S02"]
    asked = {p.subject: p for p in read_stress_predict(root, ["S07", "S03"])}
    assert list(asked) == ["S07", "S03"]
    assert asked["S03"].intervals == ()
    assert asked["S07"].rest is None
    assert asked["S07"].intervals[1].label == "stroop"


def test_a_second_missing_from_rest_splits_it_and_nothing_else(stress_predict):
    root = stress_predict("S02", seconds(missing=(600 + 150,)), BORDERS, packed=False)
    (person,) = read_stress_predict(root)
    assert person.label_of(749.0, 750.0) == "rest"
    assert person.label_of(751.0, 752.0) == "rest"
    assert person.label_of(749.5, 751.5) is None


@pytest.mark.parametrize(
    "rows", [[(9, 0), (9, 0)], [(10, 0), (9, 0)], [(9, 2)], [("x", 0)]], ids=str
)
def test_a_broken_table_is_named(stress_predict, rows):
    if rows == [("x", 0)]:
        root = stress_predict("S02", [], BORDERS, packed=False)
        table = next((root / "Processed_data").iterdir())
        table.write_text("Participant,HR\n2,80\n")
    else:
        root = stress_predict("S02", rows, BORDERS)
    with pytest.raises(DatasetError, match="Improved_All_Combined_hr_rsp_binary"):
        exclusions(root)


def test_damaged_and_missing_files_are_named(stress_predict, tmp_path):
    root = stress_predict("S02", seconds(), BORDERS)
    (root / "Raw_data" / "S02" / "EDA.csv.gz").write_bytes(b"\x1f\x8b broken")
    with pytest.raises(DatasetError, match=r"S02.*EDA"):
        next(read_stress_predict(root))
    (root / "Raw_data" / "S02" / "tags_S02.csv").write_text("soon\n")
    with pytest.raises(DatasetError, match=r"tags_S02\.csv"):
        exclusions(root)
    table = next((root / "Processed_data").iterdir())
    table.write_bytes(table.read_bytes()[:-20])
    with pytest.raises(DatasetError, match=r"binary\.csv\.gz"):
        read_stress_predict(root)
    table.unlink()
    with pytest.raises(DatasetError, match="no label table"):
        read_stress_predict(root)
    with pytest.raises(DatasetError, match="Raw_data/SXX"):
        stress_predict_subjects(tmp_path)


@pytest.mark.data
def test_real_people_left_out(data_root):
    root = data_root / "stress_predict"
    assert set(stress_predict_subjects(root)) >= {f"S{i:02d}" for i in range(1, 18)}
    left_out = exclusions(root)
    assert {p for p in left_out if int(p[1:]) <= 17} == {"S01", "S06", "S17"}
    assert left_out["S01"] == "no label for each second"
    (unlabelled,) = read_stress_predict(root, ["S01"])
    assert unlabelled.intervals == ()


@pytest.mark.data
def test_real_labels_sit_on_the_signals(data_root):
    raised = []
    for person in read_stress_predict(data_root / "stress_predict"):
        presses = [marker.time_ns / 1e9 for marker in person.session.markers]
        tasks = [i for i in person.intervals if i.label != "rest"]
        assert [i.label for i in tasks] == ["stroop", "interview", "hyperventilation"]
        for border in chain.from_iterable((i.start_s, i.end_s) for i in tasks):
            assert min(abs(border - press) for press in presses) < 0.6
        times, data = person.session.require(SignalKind.HR).samples()
        in_task = np.zeros(len(times), bool)
        for task in tasks:
            in_task |= (times >= task.start_s * 1e9) & (times < task.end_s * 1e9)
        raised.append(np.nanmean(data[in_task]) > np.nanmean(data[~in_task]))
    assert sum(raised) > 0.75 * len(raised)


def test_the_example_is_the_publishers(example_recording):
    names = {path.name for path in example_recording.iterdir()}
    assert {"LICENSE", "README.md", "EDA.csv.gz", "tags_S01.csv"} <= names
    readme = (example_recording / "README.md").read_text(encoding="utf-8")
    assert "never scored and never trained on" in readme
    assert "10.3390/s22218135" in readme
