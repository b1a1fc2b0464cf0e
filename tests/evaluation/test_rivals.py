"""Rivals and controls: each sees what its name says, and no more."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wearaffect.datasets.labelled import SelfReport
from wearaffect.evaluation.altered import with_extras
from wearaffect.evaluation.answers import answers_of
from wearaffect.evaluation.controls import CONTROLS, clock_only, majority, questionnaire_only
from wearaffect.evaluation.corpora import CORPORA
from wearaffect.evaluation.metrics import score
from wearaffect.evaluation.rivals import arousal_index_alone, baselines, untrained_index
from wearaffect.evaluation.two_heads import shared_out, training_rows
from wearaffect.learning.table import PersonTable, read_tables
from wearaffect.signals.chain import ChainSettings

WESAD = CORPORA["wesad"]


@pytest.fixture(scope="module")
def people(made_wesad: Path) -> list[PersonTable]:
    return [with_extras(p) for p in read_tables(WESAD.read(made_wesad, None), ChainSettings())]


def _spoilt(person: PersonTable, prefix: str) -> PersonTable:
    """Somebody whose features of one kind are all the same."""
    windows = tuple(
        replace(
            w,
            features={k: 1.0 if k.startswith(prefix) else v for k, v in w.features.items()},
            history={k: 1.0 if k.startswith(prefix) else v for k, v in w.history.items()},
        )
        for w in person.windows
    )
    return replace(person, windows=windows)


def test_the_clock_knows_the_order_it_saw_and_not_the_other(people) -> None:
    stress_first = [t for t in people if t.order == "stress_first"]
    other = [t for t in people if t.order != "stress_first"]
    predict = clock_only(stress_first)
    same = score([answers_of(t, predict) for t in stress_first], WESAD)
    crossed = score([answers_of(t, predict) for t in other], WESAD)
    assert same["three_class"]["macro_f1"] > 0.95
    assert crossed["three_class"]["macro_f1"] < 0.6


@pytest.mark.parametrize(
    ("name", "seen", "blind"),
    [
        ("motion_only", ["acc_"], ["eda_", "scr_", "hr_", "hrv_", "bvp_", "temp_"]),
        ("temperature_only", ["temp_"], ["eda_", "hr_", "acc_"]),
        ("context_only", ["acc_", "temp_"], ["eda_", "hr_", "hrv_"]),
        ("clock_only", [], ["eda_", "hr_", "acc_", "temp_"]),
        ("questionnaire_only", [], ["eda_", "hr_", "acc_", "temp_"]),
        ("untrained_index", ["hr_", "eda_"], ["acc_", "temp_"]),
        ("arousal_index", ["hr_", "eda_"], ["acc_", "temp_"]),
    ],
)
def test_a_control_sees_what_its_name_says(people, name, seen, blind) -> None:
    predict, person = CONTROLS[name](people[:3]), people[3]
    said = predict(person).probabilities
    for prefix in blind:
        assert np.array_equal(predict(_spoilt(person, prefix)).probabilities, said), prefix
    for prefix in seen:
        assert not np.array_equal(predict(_spoilt(person, prefix)).probabilities, said), prefix


@pytest.mark.parametrize("name", sorted(baselines(quick=False)))
def test_a_baseline_tells_made_up_stress_with_and_without_rest(people, name) -> None:
    """Synthetic stress is easy: whoever can't tell it is broken."""
    fit = baselines(quick=False)[name]
    for some in (people, [p.without_rest() for p in people]):
        said = answers_of(some[3], fit(some[:3]))
        assert np.allclose(said.probabilities.sum(axis=1), 1.0)
        assert score([said], WESAD)["stress"]["auroc"] > 0.9


def test_a_quick_board_has_few_of_them() -> None:
    assert set(baselines(quick=True)) < set(baselines(quick=False))


def test_every_condition_of_every_person_counts_alike(people) -> None:
    rows = training_rows(people)
    for head in range(2):
        for k in range(len(people)):
            mine = rows.who == k
            counts = [
                rows.weight[mine & (rows.truth[:, head] == side), head].sum()
                for side in (True, False)
            ]
            assert counts[0] == pytest.approx(counts[1])
    # the second head is asked about amusement and baseline alone
    asked = rows.weight[:, 1] > 0
    assert not rows.truth[asked, 0].any()
    labels = [p.labels[i] for p, index in zip(people, rows.windows, strict=True) for i in index]
    assert set(np.array(labels)[asked]) == {"baseline", "amusement"}


def test_shared_out_probabilities_by_hand() -> None:
    found = shared_out(np.array([0.2]), np.array([0.25])).probabilities
    assert found == pytest.approx(np.array([[0.6, 0.2, 0.2]]))


def test_majority_says_the_shares_of_training(people) -> None:
    (row, *_), labels = majority(people[:1])(people[1]).probabilities, people[0].labels
    counts = [
        sum(labels[i] == name for i in people[0].labelled()) for name in ("baseline", "stress")
    ]
    assert row[1] / row[0] == pytest.approx(counts[1] / counts[0])


def test_the_questionnaire_names_the_condition_where_answers_differ(people) -> None:
    def answered(person: PersonTable) -> PersonTable:
        calm, tense = (
            SelfReport("", v, a, panas=(p, n) * 10) for v, a, p, n in ((7, 2, 3, 1), (2, 8, 1, 4))
        )
        reports = tuple(
            replace(tense if i.label == "stress" else calm, condition=i.label)
            for i in person.intervals
        )
        return replace(person, self_report=reports)

    told = [answered(p) for p in people]
    said = answers_of(told[3], questionnaire_only(told[:3]))
    assert score([said], WESAD)["stress"]["macro_f1"] == 1.0


def test_indices_need_no_training_and_no_later_window(people) -> None:
    person = people[0]
    half = replace(
        person, windows=person.windows[:100], interval=person.interval[:100],
        in_rest=person.in_rest[:100],
    )  # fmt: skip
    for index in (untrained_index(), arousal_index_alone()):
        whole = index(person).probabilities
        assert np.array_equal(index(half).probabilities, whole[:100])
        assert whole[:, 2].max() == 0.0
