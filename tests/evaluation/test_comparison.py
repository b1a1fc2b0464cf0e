"""Paired comparisons against SciPy, against enumeration, and by hand."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata, wilcoxon

from wearaffect.evaluation.comparison import PRIMARY, holm, paired, primary_and_holm, wilcoxon_p


@given(
    st.lists(
        st.floats(0.001, 10).flatmap(lambda size: st.sampled_from([size, -size])),
        min_size=1,
        max_size=20,
        unique_by=abs,
    )
)
def test_without_ties_it_is_the_exact_test_of_scipy(differences):
    values = np.array(differences)
    assert wilcoxon_p(values) == pytest.approx(wilcoxon(values, method="exact").pvalue)


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=9))
def test_with_ties_it_is_the_share_of_all_sign_patterns(differences):
    values = np.array(differences, dtype=float)
    kept = values[values != 0]
    ranks = rankdata(np.abs(kept))
    observed = abs((np.sign(kept) * ranks).sum())
    patterns = [abs((np.array(s) * ranks).sum()) for s in product((-1, 1), repeat=kept.size)]
    expected = np.mean([p >= observed - 1e-9 for p in patterns])
    assert wilcoxon_p(values) == pytest.approx(expected)


def test_holm_by_hand():
    # 0.01 x 3, 0.02 x 2, 0.03 x 1 but not below the one before
    found = holm({"c": 0.03, "a": 0.01, "b": 0.02})
    assert found == pytest.approx({"a": 0.03, "b": 0.04, "c": 0.04})
    assert list(found) == ["c", "a", "b"]
    assert holm({"a": 0.9, "b": 0.8}) == {"a": 1.0, "b": 1.0}


def test_a_pair_is_compared_person_by_person():
    ours = {"S2": 0.9, "S3": 0.8, "S4": 0.7}
    theirs = {"S4": 0.7, "S3": 0.9, "S2": 0.5}
    found = paired(ours, theirs, seed=1)
    assert found["mean_difference"] == pytest.approx(0.1)
    assert (found["better"], found["worse"], found["n_people"]) == (1, 1, 3)
    assert found["differences"] == pytest.approx({"S2": 0.4, "S3": -0.1, "S4": 0.0})
    low, high = found["ci95"]
    # all draws of three lie between the extremes; the middle holds the mean
    assert -0.1001 < low < 0.1 < high < 0.4001
    assert paired(ours, ours, seed=1)["p"] == 1.0


def _block(code: str, ours: dict, rivals: dict) -> dict:
    def scored(people: dict) -> dict:
        each = {name: {"macro_f1": value} for name, value in people.items()}
        return {"stress": {"macro_f1": float(np.mean(list(people.values()))), "per_subject": each}}

    protocol = {"protocol": {"hash": code}}
    return protocol | scored(ours) | {"baselines": {k: scored(v) for k, v in rivals.items()}}


def test_the_rival_is_chosen_leaving_one_out_and_not_where_it_is_compared():
    weak, strong = dict.fromkeys("abcd", 0.6), dict.fromkeys("abcd", 0.8)
    boards = {
        "loso": {"rest": _block("one", strong, {"lr": strong, "forest": weak})},
        "cross_order": {"rest": _block("two", strong, {"lr": weak, "forest": strong})},
    }
    found = primary_and_holm(boards, seed=1)
    assert found["primary"]["baseline"] == "lr"
    assert found["primary"]["text"] == PRIMARY
    assert found["primary"]["mean_difference"] == pytest.approx(0.2)
    assert found["primary"]["protocol_hashes"] == ["one", "two"]
    assert found["holm"]["lr"]["p_holm"] == pytest.approx(2 * found["holm"]["lr"]["p"])
    assert found["holm"]["forest"]["mean_difference"] == 0.0


def test_without_crossed_orders_only_the_text_is_given():
    assert primary_and_holm({"loso": {}}, seed=1) == {"primary": {"text": PRIMARY}, "holm": {}}
