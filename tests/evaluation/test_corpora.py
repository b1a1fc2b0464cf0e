"""Corpora: who is scored, and where a resting state may be taken."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_stress_predict import write_stress_predict

from wearaffect.core.errors import DatasetError
from wearaffect.datasets.labelled import Interval
from wearaffect.datasets.wesad import read_wesad
from wearaffect.evaluation.corpora import CORPORA, ENROLMENTS, enrolled_at
from wearaffect.learning.table import PersonTable, table_of
from wearaffect.signals.chain import ChainSettings

WESAD = CORPORA["wesad"]


@pytest.fixture(scope="module")
def person(made_wesad: Path) -> PersonTable:
    return table_of(next(read_wesad(made_wesad, ["S2"])), ChainSettings())


def _resting(person: PersonTable) -> list[float]:
    """Heart rate at rest as each window knows it."""
    return [np.nan if w.rest is None else w.rest["hr_median"] for w in person.windows]


def test_everybody_is_scored_who_is_not_left_out_by_rule(tmp_path):
    root = write_stress_predict(tmp_path, n_people=1)
    corpus = CORPORA["stress_predict"]
    assert corpus.people(root, None) == ("S02",)
    assert corpus.people(root, ["S01"]) == ("S01",)
    assert corpus.excluded(root) == {"S01": "no label for each second"}
    for made in (root / "Raw_data" / "S02").iterdir():
        made.unlink()
    (root / "Raw_data" / "S02").rmdir()
    with pytest.raises(DatasetError, match="nobody to score"):
        corpus.people(root, None)


def test_no_condition_is_both_stress_and_calm():
    for corpus in CORPORA.values():
        assert not set(corpus.stressed) & {*corpus.calm, corpus.guard, *corpus.late}
        assert corpus.rest in corpus.calm


def test_rest_and_none_are_as_the_chain_took_them(person):
    assert enrolled_at(person, WESAD, "rest") is person
    assert np.isnan(_resting(enrolled_at(person, WESAD, "none"))).all()


def test_the_end_of_baseline_is_its_last_five_minutes(person):
    (baseline,) = (i for i in person.intervals if i.label == "baseline")
    late = enrolled_at(person, WESAD, "baseline_end")
    known = np.isfinite(_resting(late))
    ends = np.array([w.end_s for w in person.windows])
    assert np.array_equal(known, ends > baseline.end_s)
    inside = [
        w.features["hr_median"]
        for w in person.windows
        if w.start_s >= baseline.end_s - 300 and w.end_s <= baseline.end_s
    ]
    assert _resting(late)[-1] == pytest.approx(np.mean(inside))
    assert _resting(late)[-1] != _resting(person)[-1]


def test_windows_of_the_first_rest_stay_unscored_wherever_one_enrols(person):
    late = enrolled_at(person, WESAD, "baseline_end")
    assert set(late.labelled()) < set(person.labelled())


def test_a_guard_is_where_the_first_meditation_was(person):
    # the made-up meditations are short: let something else stand for them
    corpus = replace(WESAD, guard="baseline")
    first = enrolled_at(person, corpus, "medi1")
    (baseline,) = (i for i in person.intervals if i.label == "baseline")
    assert _resting(first) == pytest.approx(
        _resting(person.enrolled(Interval("rest", baseline.start_s, baseline.start_s + 300))),
        nan_ok=True,
    )


@pytest.mark.parametrize("corpus", ["wesad", "stress_predict", "noneeg"])
def test_where_there_is_no_long_meditation_nobody_enrols_at_it(person, corpus):
    with pytest.raises(DatasetError, match="nowhere to enrol at medi1"):
        enrolled_at(person, CORPORA[corpus], "medi1")


def test_a_corpus_without_its_rest_says_so(person):
    bare = replace(person, intervals=(), interval=np.full(len(person.windows), -1))
    for enrolment in ("baseline_end", "medi1"):
        with pytest.raises(DatasetError, match="wesad/S2"):
            enrolled_at(bare, WESAD, enrolment)
    assert set(ENROLMENTS) == {"none", "rest", "baseline_end", "medi1"}


@pytest.mark.data
@pytest.mark.parametrize("enrolment", ["baseline_end", "medi1"])
def test_real_people_can_enrol_elsewhere(data_root, enrolment):
    root = data_root / "wesad"
    table = table_of(next(read_wesad(root, WESAD.subjects(root)[:1])), ChainSettings())
    late = enrolled_at(table, WESAD, enrolment)
    label = "baseline" if enrolment == "baseline_end" else "meditation"
    spent = next(i for i in table.intervals if i.label == label)
    start_s = spent.end_s - 300 if enrolment == "baseline_end" else spent.start_s
    for window, rest in zip(late.windows, _resting(late), strict=True):
        assert np.isfinite(rest) == (window.end_s > start_s + 300)
