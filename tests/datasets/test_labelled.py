"""Labels in time."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wearaffect.core.errors import DatasetError
from wearaffect.datasets.labelled import (
    Interval,
    LabelledSession,
    SelfReport,
    first_rest,
    people_among,
    people_in,
)
from wearaffect.recording.session import Session


def labelled(*intervals: Interval) -> LabelledSession:
    return LabelledSession("wesad", "S2", Session("x", {}), intervals, None, "stress_first")


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9)), max_size=6),
    st.integers(0, 80),
    st.integers(1, 9),
)
def test_window_is_labelled_iff_all_its_seconds_are_of_one_interval(pieces, start, length):
    seconds: list[str | None] = []
    intervals = []
    for i, (pause, duration) in enumerate(pieces):
        seconds += [None] * pause
        intervals.append(Interval(f"c{i}", len(seconds), len(seconds) + duration))
        seconds += [f"c{i}"] * duration
    seconds += [None] * 100
    (*_, last) = covered = seconds[start : start + length]
    expected = last if len(set(covered)) == 1 else None
    assert labelled(*intervals).label_of(start, start + length) == expected


def test_borders_belong_to_the_interval_and_the_id_names_the_corpus():
    session = labelled(Interval("baseline", 10.0, 70.0))
    assert session.label_of(10.0, 70.0) == "baseline"
    assert session.label_of(9.999, 70.0) is None
    assert session.label_of(10.0, 70.001) is None
    assert session.id == "wesad/S2"


@pytest.mark.parametrize(("start", "end"), [(1.0, 1.0), (2.0, 1.0)])
def test_empty_windows_and_intervals_are_refused(start, end):
    with pytest.raises(ValueError, match="expected an end after"):
        labelled().label_of(start, end)
    with pytest.raises(ValueError, match="expected an end after"):
        Interval("x", start, end)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_interval_refuses_times_that_are_not_finite(bad):
    with pytest.raises(ValueError, match="finite"):
        Interval("x", 0.0, bad)


def test_rest_is_five_minutes_of_the_first_run_and_no_later_run_stands_in():
    long, short = Interval("baseline", 7.5, 400.0), Interval("baseline", 0.0, 299.9)
    assert first_rest([Interval("stress", 0, 5), long], "baseline") == Interval("rest", 7.5, 307.5)
    assert first_rest([short, Interval("baseline", 300, 900)], "baseline") is None
    assert first_rest([long], "rest") is None


def test_people_come_in_order_of_their_number(tmp_path):
    for name in ("S10", "S2", "S017", "S1x", "x", "s3"):
        (tmp_path / name).mkdir()
    (tmp_path / "S4").write_text("")
    assert people_in(tmp_path, "folders") == ("S2", "S10", "S017")


def test_nobody_or_somebody_missing_is_said(tmp_path):
    with pytest.raises(DatasetError, match="expected SX folders"):
        people_in(tmp_path, "SX folders")
    with pytest.raises(DatasetError, match="no such folder"):
        people_in(tmp_path / "nowhere", "SX folders")
    with pytest.raises(DatasetError, match="got S9"):
        people_among(("S2", "S3"), ["S3", "S9"], tmp_path)
    assert people_among(("S2", "S3"), ["S3"], tmp_path) == ("S3",)


def test_values_are_frozen():
    for value, name in itertools.product(
        (Interval("x", 0, 1), SelfReport("stress"), labelled()), ("label", "condition", "order")
    ):
        with pytest.raises((AttributeError, TypeError)):
            setattr(value, name, "other")
