"""Nobody is learnt from and scored at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wearaffect.datasets import splits
from wearaffect.datasets.splits import Fold, cross_order, leave_one_subject_out

people = st.lists(st.text("S0123456789", min_size=1, max_size=4), min_size=2, unique=True)


@given(people)
def test_everybody_is_scored_once_by_all_the_others(subjects):
    folds = leave_one_subject_out(subjects)
    assert [fold.test for fold in folds] == [(s,) for s in subjects]
    for fold in folds:
        assert sorted(fold.train + fold.test) == sorted(subjects)
        assert fold.name == fold.test[0]


@given(people, st.data())
def test_orders_face_each_other_both_ways(subjects, data):
    n_stress = data.draw(st.integers(1, len(subjects) - 1))
    orders = dict.fromkeys(subjects, "amusement_first")
    orders |= dict.fromkeys(subjects[:n_stress], "stress_first")
    there, back = cross_order(orders)
    assert set(there.train) == set(back.test) == set(subjects[:n_stress])
    assert set(there.test) == set(back.train) == set(subjects[n_stress:])


@given(people, st.data())
def test_a_person_on_both_sides_is_refused(subjects, data):
    n_train = data.draw(st.integers(1, len(subjects) - 1))
    train, test = tuple(subjects[:n_train]), tuple(subjects[n_train:])
    assert Fold("fold", train, test).test == test
    with pytest.raises(ValueError, match="nobody on both sides"):
        Fold("fold", train, (*test, data.draw(st.sampled_from(train))))


@pytest.mark.parametrize("subjects", [[], ["S2"], ["S2", "S2"], ["S2", "S3", "S2"]])
def test_too_few_or_doubled_people_are_refused(subjects):
    with pytest.raises(ValueError, match="at least two people, each once"):
        leave_one_subject_out(subjects)


@pytest.mark.parametrize(
    ("orders", "message"),
    [
        ({"S2": "stress_first", "S3": "stress_first"}, "expected distinct people to test on"),
        ({"S2": "amusement_first"}, "expected distinct people to train on"),
        ({"S2": "stress_first", "S3": "fixed"}, "got fixed"),
        ({}, "expected distinct people"),
    ],
)
def test_one_sided_or_unknown_orders_are_refused(orders, message):
    with pytest.raises(ValueError, match=message):
        cross_order(orders)


def test_doubled_people_on_one_side_are_refused():
    with pytest.raises(ValueError, match="distinct people to train on"):
        Fold("fold", ("S2", "S2"), ("S3",))


def test_nothing_splits_rows():
    assert splits.__all__ == ["Fold", "cross_order", "leave_one_subject_out"]
