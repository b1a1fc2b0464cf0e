"""Figures of board "transfer" from answers written by hand."""

import numpy as np
import pytest

from wearaffect.bundle.estimator import EXERCISE
from wearaffect.evaluation.answers import Answers, answers_of
from wearaffect.evaluation.corpora import CORPORA
from wearaffect.evaluation.metrics import score
from wearaffect.evaluation.transfer_measures import above_index, in_order, withheld_stress
from wearaffect.evaluation.transfer_rivals import CONTROLS
from wearaffect.learning.table import table_of
from wearaffect.signals.chain import ChainSettings

CORPUS = CORPORA["stress_predict"]


def _answers(
    subject: str, protocol: str, stress: list[list[float]], withheld: tuple[str, ...] = ()
) -> Answers:
    """Probabilities of stress, one list a section."""
    names = tuple(protocol.split())
    interval = np.repeat(np.arange(len(names)), [len(part) for part in stress])
    p = np.concatenate(stress)
    return Answers(
        subject,
        np.array([names[i] for i in interval]),
        interval,
        names,
        np.stack([1 - p, p, np.zeros_like(p)], axis=1),
        withheld,
    )


def _people(stress: list[list[float]], n: int = 3) -> list[Answers]:
    return [_answers(f"S{i}", "rest stroop rest hyperventilation", stress) for i in range(n)]


RIGHT = _people([[0.1, 0.2], [0.8, 0.9], [0.3], [0.99]])
WRONG = _people([[0.9, 0.8], [0.2, 0.1], [0.7], [0.0]])


def test_a_model_that_ranks_all_right_is_one_above_an_index_that_ranks_all_wrong():
    found = above_index(RIGHT, WRONG, CORPUS, seed=1)
    assert found["auroc_difference"] == found["auroc_difference_person_mean"] == 1.0
    assert found["people_above"] == 1.0
    assert found["ci95"] == [1.0, 1.0]
    assert above_index(WRONG, RIGHT, CORPUS, seed=1)["auroc_difference"] == -1.0


def test_a_model_is_never_above_itself_on_any_draw():
    rng = np.random.default_rng(2)
    people = [
        _answers(f"S{i}", "rest stroop", [rng.random(9).tolist(), rng.random(7).tolist()])
        for i in range(5)
    ]
    found = above_index(people, people, CORPUS, seed=1)
    assert found["ci95"] == [0.0, 0.0]
    assert found["people_above"] == 0.0


def test_one_person_has_a_difference_and_no_interval_and_nobody_to_rank_has_neither():
    assert "ci95" not in above_index(RIGHT[:1], WRONG[:1], CORPUS, seed=1)
    resting = [_answers("S1", "rest", [[0.2, 0.3]])]
    assert above_index(resting, resting, CORPUS, seed=1) == {}


def test_people_of_whom_only_one_side_is_known_count_in_the_pool_alone():
    calm = _answers("S9", "rest", [[0.85, 0.85]])
    found = above_index([*RIGHT, calm], [*WRONG, calm], CORPUS, seed=1)
    assert found["auroc_difference_person_mean"] == 1.0
    # each of the two calm windows outranks one of three sorts of stress in one model, both in other
    assert 0 < found["auroc_difference"] < 1.0


def test_a_later_rest_stands_apart_from_the_first():
    withheld = ("", "", "", "too close to call", "", "", EXERCISE)
    person = _answers(
        "S1", "rest stroop rest stroop", [[0.1, 0.6], [0.9, 0.9], [0.7], [0.4, 0.9]], withheld
    )
    found = in_order([person])
    assert list(found) == ["rest at the start", "stroop after rest", "rest after stroop"]
    assert found["rest at the start"] == {
        "n_windows": 2,
        "called_stress": 0.5,
        "called_stress_withheld_or_not": 0.5,
        "withheld": 0.0,
    }
    # both Stroops follow a rest
    assert found["stroop after rest"]["n_windows"] == 4
    assert found["stroop after rest"]["called_stress"] == 0.25
    assert found["stroop after rest"]["called_stress_withheld_or_not"] == 0.75
    assert found["stroop after rest"]["withheld"] == 0.5


def test_a_section_too_short_for_a_window_is_absent():
    person = _answers("S1", "rest stroop rest", [[0.1], [], [0.7]])
    assert list(in_order([person])) == ["rest at the start", "rest after stroop"]
    assert in_order([]) == {}


def test_withheld_stress_counts_stress_alone():
    withheld = (EXERCISE, EXERCISE, "", "too close to call", "")
    people = [
        _answers("S2", "baseline stress", [[0.9], [0.9, 0.9, 0.6, 0.2]], withheld),
        _answers("S3", "stress", [[0.9, 0.8, 0.7, 0.1]]),
        _answers("S4", "baseline", [[0.5]], (EXERCISE,)),
    ]
    found = withheld_stress(people)
    assert found["n_windows"] == 8
    assert found["withheld"] == 2 / 8
    assert found["withheld_for_exercise"] == 1 / 8
    assert found["recall_answered"] == pytest.approx(4 / 6)
    assert found["per_subject"] == {
        "S2": {"withheld": 0.5, "withheld_for_exercise": 0.25},
        "S3": {"withheld": 0.0, "withheld_for_exercise": 0.0},
    }
    assert withheld_stress(people[2:]) == {}


@pytest.mark.data
def test_the_untrained_index_finds_arithmetic_and_takes_exercise_for_it(data_root):
    """Another wristband, 8 Hz, heart rate without a pulse wave: absent signals are no failure."""
    corpus = CORPORA["noneeg"]
    root = data_root / corpus.folder
    predict = CONTROLS["arousal_index"](())
    answers = [
        answers_of(table_of(person, ChainSettings()), predict)
        for person in corpus.read(root, corpus.people(root, None)[:4])
    ]
    found = score(answers, corpus)["stressors"]
    assert found["CognitiveStress"]["auroc_adjacent_rest"] > 0.8
    assert found["PhysicalStress"]["auroc_adjacent_rest"] > 0.8
    assert [name for name in in_order(answers) if name.startswith("Relax")] == [
        "Relax after PhysicalStress",
        "Relax after CognitiveStress",
        "Relax after EmotionalStress",
    ]
