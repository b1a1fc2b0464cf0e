"""Nobody is learnt from and scored at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wearaffect.datasets import splits
from wearaffect.datasets.splits import (
    Fold,
    cross_order,
    cross_order_equal,
    leave_one_subject_out,
    same_order,
)

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


@given(st.integers(2, 9), st.integers(2, 9), st.randoms())
def test_either_order_teaches_from_as_many(n_stress, n_amusement, random):
    subjects = [f"S{i}" for i in range(n_stress + n_amusement)]
    random.shuffle(subjects)
    orders = dict.fromkeys(subjects, "amusement_first")
    orders |= dict.fromkeys(subjects[:n_stress], "stress_first")
    same, other = same_order(orders), cross_order_equal(orders)
    assert [fold.test for fold in same] == [fold.test for fold in other]
    for here, there in zip(same, other, strict=True):
        (person,) = here.test
        assert {orders[p] for p in here.train} == {orders[person]}
        assert {orders[p] for p in there.train} == {"stress_first", "amusement_first"} - {
            orders[person]
        }
        most = n_amusement if orders[person] == "stress_first" else n_stress
        assert len(there.train) == min(len(here.train), most)
    # they take turns: nobody is passed over where there are enough folds for all
    if 2 * (n_stress - 1) >= n_amusement:
        taught = {p for fold in other for p in fold.train if orders[p] == "amusement_first"}
        assert len(taught) == n_amusement


@pytest.mark.parametrize("split", [same_order, cross_order_equal])
def test_an_order_of_one_person_teaches_nobody(split):
    with pytest.raises(ValueError, match="expected distinct people to train on"):
        split({"S2": "stress_first", "S3": "amusement_first", "S5": "amusement_first"})


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
    assert set(splits.__all__) == {
        "Fold",
        "cross_order",
        "cross_order_equal",
        "leave_one_subject_out",
        "same_order",
    }
