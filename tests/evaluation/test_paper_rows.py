"""Windows, folds and inputs of board "paper": the right seconds, and nothing from scored rows."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paper_people import LABELS, made_people, made_person

from wearaffect.datasets.wesad import read_wesad
from wearaffect.evaluation.paper.folds import SPLITS, folds_of
from wearaffect.evaluation.paper.inputs import INPUTS, encoded, input_names
from wearaffect.evaluation.paper.rows import read_levels, rows_of


def test_on_a_ramp_a_window_is_worth_its_middle() -> None:
    ramp = np.arange(6000) / 4.0  # µS equal to seconds
    rows = rows_of([made_person("S2", ramp)], 30.0, LABELS)
    starts = rows.start_s + 200.0  # the first condition begins there
    middle = starts + 30.0 - 1 / 8  # samples stand at the start of their quarter second
    assert np.allclose(rows.eda_us, middle)
    assert np.allclose(rows.lagged_us, middle[:, None] - [30.0, 60.0])
    assert np.allclose(rows.level, middle / ramp.max())
    # 600, 400 and 300 s hold 19, 12 and 9 windows of 60 s every 30 s
    assert np.bincount(rows.label).tolist() == [19, 12, 9]
    assert len(rows.pairs(30.0)) == 18 + 11 + 8
    assert len(rows_of([made_person("S2", ramp)], 60.0, LABELS)) == 10 + 6 + 5


def test_windows_that_nobody_measured_are_left_out() -> None:
    known = np.ones(6000, dtype=bool)
    known[4 * 400 : 4 * 460] = False
    ramp = np.arange(6000) / 4.0
    rows = rows_of([made_person("S2", ramp, known=known)], 30.0, LABELS)
    starts = rows.start_s + 200.0
    # the windows from 380 and 410 s lack 40 and 50 s; those from 440 and 470 s have them as lags
    assert not {380.0, 410.0, 440.0, 470.0} & set(starts)
    assert {350.0, 500.0} <= set(starts)
    assert len(rows.pairs(30.0)) == (5 + 8) + 11 + 8
    with pytest.raises(ValueError, match="got none"):
        rows_of([made_person("S2", ramp)], 30.0, ("sleep",))


def test_answers_are_those_given_after_the_condition(made_wesad) -> None:
    person = next(read_wesad(made_wesad, ["S2"]))
    level = next(read_levels(made_wesad, ["S2"]))
    for interval, report in level.reports:
        assert interval.label == report.condition
    assert [i.label for i, _ in level.reports] == [r.condition for r in person.self_report]
    rows = rows_of(made_people(1), 30.0, LABELS)
    stress = rows.answers[rows.label == 1]
    assert stress.shape[1] == 2 + 20  # not the four items that WESAD's authors added
    assert (stress == stress[0]).all()
    assert stress[0, :4].tolist() == [2, 8, 1 + 3 % 5, 1 + 4 % 5]


def test_one_scale_for_all_is_that_of_the_extremes() -> None:
    rows = rows_of(made_people(3), 60.0, LABELS)
    pooled = rows.pooled()
    assert (pooled.low_us == rows.low_us.min()).all()
    assert (pooled.high_us == rows.high_us.max()).all()
    back = pooled.level * (pooled.high_us - pooled.low_us) + pooled.low_us
    assert np.allclose(back, rows.eda_us)


@given(st.integers(2, 5), st.sampled_from(list(SPLITS)), st.sampled_from([30.0, 60.0]))
def test_each_window_is_scored_once_and_never_by_itself(n: int, split: str, hop_s: float) -> None:
    rows = rows_of(made_people(n), hop_s, LABELS)
    folds = folds_of(split, rows, seed=3)
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(len(rows)))
    for fold in folds:
        assert not set(fold.train) & set(fold.test)
        if split == "loso":
            assert not set(rows.subject[fold.train]) & set(rows.subject[fold.test])


def test_blocks_keep_a_minute_from_every_scored_window() -> None:
    rows = rows_of(made_people(2), 30.0, LABELS)
    nearest = []
    for fold in folds_of("blocked_kfold", rows, seed=1):
        for i in fold.train:
            for j in fold.test[rows.subject[fold.test] == rows.subject[i]]:
                first, last = sorted((rows.start_s[i], rows.start_s[j]))
                nearest.append(last - (first + 60.0))
        for interval in np.unique(rows.interval):
            scored = fold.test[rows.interval[fold.test] == interval]
            assert (np.diff(scored) == 1).all()  # contiguous
    assert min(nearest) == 60.0


def test_random_folds_repeat_with_their_seed_and_unknown_splits_are_refused() -> None:
    rows = rows_of(made_people(2), 30.0, LABELS)
    first, again, other = (folds_of("random_kfold", rows, seed)[0].test for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    with pytest.raises(ValueError, match="loso"):
        folds_of("leave_nobody_out", rows, 1)
    with pytest.raises(ValueError, match="enough windows"):
        folds_of("loso", rows_of(made_people(1), 30.0, LABELS), 1)


@pytest.mark.parametrize("variant", INPUTS)
def test_inputs_are_standardised_by_training_rows_alone(variant: str) -> None:
    rows = rows_of(made_people(3), 30.0, LABELS)
    train, test = np.arange(80), np.arange(80, len(rows))
    answers = rows.answers.copy()
    answers[test] += 3.0
    answers[5, 2] = np.nan
    spoilt = replace(
        rows,
        answers=answers,
        eda_us=np.where(np.arange(len(rows)) < 80, rows.eda_us, 99.0),
        start_s=np.where(np.arange(len(rows)) < 80, rows.start_s, 1e4),
    )
    rows = replace(rows, answers=np.where(np.isnan(answers), np.nan, rows.answers))
    assert np.array_equal(encoded(rows, variant, train)[:80], encoded(spoilt, variant, train)[:80])
    assert np.isfinite(encoded(rows, variant, train)).all()
    assert input_names(variant)
