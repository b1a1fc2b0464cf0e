"""Enrolling a table elsewhere: as though the chain had been told so from the start."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wearaffect.datasets.labelled import Interval, LabelledSession
from wearaffect.datasets.wesad import read_wesad
from wearaffect.learning.table import PersonTable, table_of
from wearaffect.signals.chain import ChainSettings


@pytest.fixture(scope="module")
def person(made_wesad: Path) -> LabelledSession:
    return next(read_wesad(made_wesad, ["S3"]))


@pytest.fixture(scope="module")
def table(person: LabelledSession) -> PersonTable:
    return table_of(person, ChainSettings())


@pytest.mark.parametrize(
    ("start_s", "end_s"),
    [(160.0, 460.0), (333.3, 633.3), (40.0, 160.0), (600.0, 720.0), (9000.0, 9300.0)],
    ids=["on the grid", "off the grid", "shortest", "in a task", "after the end"],
)
def test_the_chain_would_have_made_the_same_table(person, table, start_s, end_s):
    rest = Interval("rest", start_s, end_s)
    told = table_of(replace(person, rest=rest), ChainSettings())
    moved = table.enrolled(rest)
    assert len(moved.windows) == len(told.windows)
    for mine, theirs in zip(moved.windows, told.windows, strict=True):
        assert (mine.rest is None) == (theirs.rest is None)
        if mine.rest is not None:
            assert mine.rest.keys() == theirs.rest.keys()
            assert np.array_equal(
                list(mine.rest.values()), list(theirs.rest.values()), equal_nan=True
            )
        assert mine.history == pytest.approx(theirs.history, nan_ok=True, abs=0)
    assert np.array_equal(moved.in_rest, told.in_rest | table.in_rest)
    assert moved.interval.tolist() == told.interval.tolist()


def test_the_first_rest_again_changes_nothing(person, table):
    again = table.enrolled(person.rest)
    assert np.array_equal(again.in_rest, table.in_rest)
    for mine, theirs in zip(again.windows, table.windows, strict=True):
        assert (mine.rest is None) == (theirs.rest is None)
        assert mine.rest is None or dict(mine.rest) == pytest.approx(
            dict(theirs.rest), nan_ok=True, abs=0
        )


def test_no_rest_at_all_is_none_and_keeps_its_windows_unscored(table):
    bare = table.enrolled(None)
    assert all(window.rest is None for window in bare.windows)
    assert np.array_equal(bare.in_rest, table.in_rest)
