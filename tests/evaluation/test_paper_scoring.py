"""Look-ups do what their names say, and figures are what textbooks call them."""

from dataclasses import replace

import numpy as np
import pytest
from paper_people import LABELS, made_people
from sklearn.metrics import f1_score

from wearaffect.evaluation.paper.folds import RowFold, folds_of
from wearaffect.evaluation.paper.inputs import encoded
from wearaffect.evaluation.paper.lookups import LOOKUPS, Said
from wearaffect.evaluation.paper.models import baselines, examples_of, network_says
from wearaffect.evaluation.paper.rows import PaperRows, rows_of
from wearaffect.evaluation.paper.scoring import CLAIMED, Asked, compared, score_answers
from wearaffect.learning.paper_network import PaperFit


@pytest.fixture(scope="module")
def rows() -> PaperRows:
    return rows_of(made_people(3), 30.0, LABELS)


def test_the_copy_is_of_the_nearest_window_and_the_earlier_of_two(rows) -> None:
    fold = RowFold(np.array([0, 2, 5, 45]), np.array([1, 4]))
    said = LOOKUPS["nearest_in_time"](rows, fold)
    assert np.allclose(said.level, rows.level[[0, 5]])
    assert said.label.tolist() == rows.label[[0, 5]].tolist()
    line = LOOKUPS["interpolation_in_time"](rows, fold).level
    assert line[0] == pytest.approx(rows.level[[0, 2]].mean())


def test_of_somebody_new_the_copy_knows_only_what_others_did_at_that_time(rows) -> None:
    fold = folds_of("loso", rows, 1)[0]
    said = LOOKUPS["nearest_in_time"](rows, fold)
    # all began alike, so that the clock of the others is right about the condition
    assert (said.label == rows.label[fold.test]).all()
    others = rows.level[fold.train].reshape(2, -1).mean(axis=0)
    assert np.allclose(said.level, others)
    assert LOOKUPS["interpolation_in_time"](rows, fold).level is None


def test_an_autoregression_finds_the_weights_it_was_made_with(rows) -> None:
    span = rows.high_us - rows.low_us
    made = 0.1 + 1.4 * rows.lagged[:, 0] - 0.5 * rows.lagged[:, 1]
    known = replace(rows, eda_us=rows.low_us + span * made)
    fold = folds_of("loso", known, 1)[1]
    assert np.allclose(LOOKUPS["autoregression"](known, fold).level, made[fold.test])
    assert np.allclose(LOOKUPS["persistence"](known, fold).level, known.lagged[fold.test, 0])


def test_who_it_is_and_what_they_answered_are_looked_up(rows) -> None:
    fold = folds_of("random_kfold", rows, 1)[0]
    said = LOOKUPS["questionnaire_only"](rows, fold)
    assert (said.label == rows.label[fold.test]).all()  # the answers differ by condition
    said = LOOKUPS["subject_only"](rows, fold)
    mine = fold.train[rows.subject[fold.train] == rows.subject[fold.test[0]]]
    assert said.level[0] == pytest.approx(rows.level[mine].mean())
    said = LOOKUPS["constant"](rows, fold)
    assert np.allclose(said.level, rows.level[fold.train].mean())
    assert set(said.label) == {0}


@pytest.mark.parametrize("split", ["random_kfold", "blocked_kfold", "loso"])
def test_nothing_answers_from_what_it_is_scored_on(rows, split: str) -> None:
    fold = folds_of(split, rows, 1)[0]
    spoilt_level, spoilt_label = rows.eda_us.copy(), rows.label.copy()
    spoilt_level[fold.test] = 77.0
    spoilt_label[fold.test] = 2 - spoilt_label[fold.test]
    spoilt = replace(rows, eda_us=spoilt_level, label=spoilt_label)
    answers = [_all_answers(some, fold) for some in (rows, spoilt)]
    assert set(answers[0]) >= {*LOOKUPS, "network", "svm"}
    for name, said in answers[0].items():
        for part in ("level", "label"):
            one, other = getattr(said, part), getattr(answers[1][name], part)
            assert one is other is None or np.array_equal(one, other), name


def _all_answers(rows: PaperRows, fold: RowFold) -> dict[str, Said]:
    inputs = encoded(rows, "questionnaire_time_lagged", fold.train)
    examples = examples_of(rows, inputs, fold, 30.0, len(LABELS))
    asked = inputs[fold.test]
    found = {name: look_up(rows, fold) for name, look_up in LOOKUPS.items()}
    found |= {name: fit(examples, asked, 1) for name, fit in baselines().items()}
    return found | {"network": network_says(examples, asked, PaperFit(steps=5))[0]}


def test_figures_are_means_over_folds_of_the_usual_ones(rows) -> None:
    asked = Asked(rows, folds_of("random_kfold", rows, 1), 3)
    rng = np.random.default_rng(5)
    guess = rows.level + rng.normal(0, 0.2, len(rows))
    label = rng.integers(0, 3, len(rows))
    said = [Said(guess[f.test], label[f.test]) for f in asked.folds]
    found = score_answers(asked, said)
    each = [(guess[f.test], rows.level[f.test]) for f in asked.folds]
    rmse = [np.linalg.norm(g - t) / np.sqrt(len(t)) for g, t in each]
    assert found["rmse"] == pytest.approx(np.mean(rmse))
    assert found["rmse_fold_sd"] == pytest.approx(np.std(rmse, ddof=1))
    assert found["r"] == pytest.approx(np.mean([np.corrcoef(g, t)[0, 1] for g, t in each]))
    f1 = [f1_score(rows.label[f.test], label[f.test], average="macro") for f in asked.folds]
    assert found["macro_f1"] == pytest.approx(np.mean(f1))
    us = (guess - rows.level) * (rows.high_us - rows.low_us)
    assert found["rmse_us"] == pytest.approx(np.linalg.norm(us) / np.sqrt(len(us)))
    assert found["claim_met"] == {"rmse": False, "r": False, "macro_f1": False}


def test_truth_meets_every_claim_and_persistence_has_no_skill_over_itself(rows) -> None:
    asked = Asked(rows, folds_of("loso", rows, 1), 3)
    true = [Said(rows.level[f.test], rows.label[f.test]) for f in asked.folds]
    assert score_answers(asked, true)["claim_met"] == dict.fromkeys(CLAIMED, True)
    held = [LOOKUPS["persistence"](rows, f) for f in asked.folds]
    figures = score_answers(asked, held)
    assert figures["skill_vs_persistence"] == pytest.approx(0.0)
    assert "macro_f1" not in figures
    flat = [LOOKUPS["constant"](rows, f) for f in asked.folds]
    assert "r" not in score_answers(asked, flat)  # a constant has none
    assert score_answers(asked, [Said()] * 3) == {"claim_met": {}}


def test_a_difference_has_the_sign_of_the_better_side(rows) -> None:
    asked = Asked(rows, folds_of("loso", rows, 1), 3)
    true = [Said(rows.level[f.test], rows.label[f.test]) for f in asked.folds]
    flat = [LOOKUPS["constant"](rows, f) for f in asked.folds]
    better = compared(asked, true, flat, seed=1)
    assert better["rmse"]["ci95"][1] < 0 < better["macro_f1"]["ci95"][0]
    same = compared(asked, flat, flat, seed=1)
    assert same["rmse"] == {"difference": 0.0, "ci95": [0.0, 0.0]}
    held = [LOOKUPS["persistence"](rows, f) for f in asked.folds]
    assert set(compared(asked, true, held, seed=1)) == {"rmse"}
