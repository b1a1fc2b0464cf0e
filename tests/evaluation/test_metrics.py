"""Metrics against scikit-learn and against cases worked by hand."""

from dataclasses import replace

import numpy as np
import pytest
from made_answers import answers, leaning
from sklearn.metrics import f1_score, roc_auc_score

from wearaffect.evaluation.corpora import CORPORA
from wearaffect.evaluation.measures import (
    auroc,
    concordance,
    confusion,
    ece,
    excess_aurc,
    macro_f1,
    middle95,
)
from wearaffect.evaluation.metrics import score
from wearaffect.evaluation.protocol import Protocol

WESAD, STRESS_PREDICT = CORPORA["wesad"], CORPORA["stress_predict"]
CLASSES = ("baseline", "stress", "amusement")


@pytest.mark.parametrize("seed", range(5))
def test_pooled_figures_equal_scikit_learn(seed: int) -> None:
    people = [leaning(seed, 150, "S1"), leaning(seed + 50, 250, "S2")]
    labels = np.concatenate([a.labels for a in people])
    p = np.concatenate([a.probabilities for a in people])
    scored = labels != "meditation"
    stressed = labels == "stress"
    result = score(people, WESAD)
    assert result["three_class"]["macro_f1"] == pytest.approx(
        f1_score(labels[scored], np.array(CLASSES)[p.argmax(1)][scored], average="macro")
    )
    assert result["stress"]["macro_f1"] == pytest.approx(
        f1_score(stressed[scored], p[scored, 1] > 0.5, average="macro")
    )
    assert result["stress"]["auroc"] == pytest.approx(roc_auc_score(stressed[scored], p[scored, 1]))
    late = labels != "baseline"
    assert result["late"]["auroc"] == pytest.approx(roc_auc_score(stressed[late], p[late, 1]))
    assert result["n_windows"] == scored.sum()


def test_auroc_counts_ties_by_half_and_needs_both_sides() -> None:
    rng = np.random.default_rng(1)
    truth, p = rng.random(300) < 0.3, rng.integers(0, 5, 300) / 4
    assert auroc(truth, p) == pytest.approx(roc_auc_score(truth, p))
    assert np.isnan(auroc(np.ones(3, bool), np.arange(3.0)))


def test_macro_f1_by_hand() -> None:
    # truth 0 0 1 1, said 0 1 1 1: F1 of 0 is 2/3, of 1 is 4/5
    counts = confusion(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), 2)
    assert macro_f1(counts) == pytest.approx((2 / 3 + 4 / 5) / 2)


def test_calibration_error_by_hand() -> None:
    truth = np.array([True, False] * 50)
    assert ece(truth, np.full(100, 0.5)) == pytest.approx(0.0)
    assert ece(np.sort(truth), np.full(100, 0.5)) == pytest.approx(0.0)
    assert ece(truth, np.full(100, 0.9)) == pytest.approx(0.4)
    assert ece(np.ones(100, bool), np.full(100, 1.0)) == 0.0


def test_concordance_falls_with_shift_and_spread_where_correlation_does_not() -> None:
    truth = np.arange(5.0)
    assert concordance(truth, truth) == pytest.approx(1.0)
    # shifted by one SD: 2 s / (s + s + s), with s the variance
    assert concordance(truth, truth + np.sqrt(2.0)) == pytest.approx(2 / 3)
    assert concordance(truth, -truth + 4) == pytest.approx(-1.0)
    assert np.isnan(concordance(np.ones(3), np.ones(3)))


def test_excess_risk_is_zero_when_the_wrong_are_the_least_sure() -> None:
    wrong = np.array([False, False, True])
    assert excess_aurc(wrong, np.array([0.9, 0.8, 0.1])) == pytest.approx(0.0)
    # the wrong one first: risks 1, 1/2, 1/3 against 0, 0, 1/3
    assert excess_aurc(wrong, np.array([0.1, 0.2, 0.9])) == pytest.approx(0.5)


def test_the_middle_of_nothing_is_nothing() -> None:
    assert middle95([float("nan")]) == []
    assert middle95([1.0, float("nan"), 1.0]) == [1.0, 1.0]


def test_withholding_changes_no_score() -> None:
    plain = leaning(3)
    silent = replace(plain, withheld=("eda: off_skin",) * 200)
    told = replace(plain, withheld=("",) * 199 + ("eda: off_skin",))
    first, second, third = (score([a], WESAD) for a in (plain, silent, told))
    assert first["stress"] == second["stress"] == third["stress"]
    assert "abstention" not in first  # a model that can't withhold
    assert second["abstention"]["fraction"] == 1.0
    assert second["abstention"]["by_reason"] == {"eda: off_skin": 1.0}
    assert third["abstention"]["coverage_per_subject"]["S1"] == third["abstention"]["coverage"]


def test_silence_by_hand() -> None:
    """Of four windows the wrong one is withheld: the error halves to nothing."""
    person = replace(
        answers(["baseline", "baseline", "stress", "stress"], [0.1, 0.2, 0.9, 0.4]),
        withheld=("", "", "", "too close to call"),
    )
    silent = score([person], WESAD)["abstention"]
    assert (silent["error"], silent["error_answered"]) == (0.25, 0.0)
    assert silent["coverage"] == 0.75
    assert silent["stress_withheld"] == 0.5
    assert silent["stress_recall_withheld"] == 0.0
    assert silent["risk_coverage"][-1] == [1.0, 0.25]


def test_intervals_are_over_people_and_hold_the_pooled_figure() -> None:
    people = [leaning(i, 80, f"S{i}") for i in range(9)]
    result = score(people, WESAD, seed=0)
    for part, name in (("stress", "auroc"), ("stress", "macro_f1"), ("late", "auroc")):
        low, high = result[part]["ci95"][name]
        assert low < result[part][name] < high
    assert score(people, WESAD, seed=0) == result
    # the same windows in one person: nothing to draw from
    assert "ci95" not in score(people[:1], WESAD, seed=0)["stress"]
    assert "ci95" not in score(people, WESAD)["stress"]


def test_meditation_is_a_guard_and_not_scored() -> None:
    person = answers(["baseline", "stress", *["meditation"] * 4], [0.1, 0.9, 0.9, 0.2, 0.6, 0.5])
    result = score([person], WESAD)
    assert result["stress"]["meditation_called_stress"] == 0.5
    assert result["n_windows"] == 2
    assert result["sections"]["meditation"]["called_stress"] == 0.5


def test_a_stressor_is_ranked_against_the_rests_that_touch_it() -> None:
    labels = ["rest", "stroop", "rest", "interview", "rest"]
    person = answers(labels, [0.2, 0.5, 0.6, 0.9, 0.7])
    found = score([person], STRESS_PREDICT)["stressors"]
    # 0.5 is above 0.2 and below 0.6; the rest after the interview, 0.7, isn't asked
    assert found["stroop"]["auroc_adjacent_rest"] == 0.5
    assert found["interview"]["auroc_adjacent_rest"] == 1.0
    assert "hyperventilation" not in found


def _forecasting(now: np.ndarray, later: np.ndarray, said: np.ndarray) -> dict:
    moved = np.diff(now, prepend=np.nan)
    held = now[:, None, None] + np.tile([-2.0, 0.0, 2.0], (later.shape[1], 1))
    person = replace(
        leaning(1), now_us=now, later_us=later, forecast_us=said, moved_us=moved, held_us=held
    )
    return score([person], WESAD)["eda"]["forecast"]


def test_forecast_figures_by_hand() -> None:
    rng = np.random.default_rng(0)
    now = rng.uniform(1, 5, 500)
    later = now[:, None] + rng.normal(0.3, 0.2, (500, 4))
    exact = _forecasting(now, later, np.stack([later - 0.1, later, later + 0.1], axis=2))["5"]
    assert exact["rmse_us"] == 0.0
    assert exact["skill_vs_persistence"] == 1.0
    assert exact["coverage90"] == 1.0
    assert exact["by_origin"]["rising"]["coverage90"] == 1.0
    held = np.repeat(now[:, None, None], 4, axis=1).repeat(3, axis=2)
    assert _forecasting(now, later, held)["15"]["skill_vs_persistence"] == 0.0


def test_pinball_skill_by_hand() -> None:
    """Persistence errs by +-1 evenly; exact quantiles of it gain nothing, a point on it all."""
    now = np.zeros(400)
    later = np.tile([-1.0, 1.0], 200)[:, None].repeat(4, axis=1)

    def skill(forecast: np.ndarray, name: str = "pinball_skill_hindsight") -> float:
        return _forecasting(now, later, np.broadcast_to(forecast, (400, 4, 3)))["5"][name]

    assert skill(np.array([-1.0, 0.0, 1.0])) == pytest.approx(0.0, abs=1e-9)
    assert skill(later[:, :, None].repeat(3, axis=2)) == pytest.approx(1.0)
    # 2 wide on either side instead of 1: 0.05 more for each end, of 0.05 * 2 + 0.5
    assert skill(np.array([-2.0, 0.0, 2.0])) == pytest.approx(-0.1 / 0.6, abs=1e-9)
    # people trained on moved twice as much, so that what is right here gains that much
    assert skill(np.array([-2.0, 0.0, 2.0]), "pinball_skill") == pytest.approx(0.0, abs=1e-9)
    assert skill(np.array([-1.0, 0.0, 1.0]), "pinball_skill") == pytest.approx(0.1 / 0.7, abs=1e-9)


def test_conductance_from_the_others_is_judged_within_people_too() -> None:
    """Levels of two people tell them apart; within each the answer runs the wrong way."""
    people = []
    for subject, level in (("S1", 1.0), ("S2", 9.0)):
        wave = np.sin(np.arange(200.0))
        person = replace(leaning(1, subject=subject), eda_us=level + wave)
        people.append(replace(person, from_others_us=level - wave))
    found = score(people, WESAD)["eda"]["from_others"]
    assert found["r"] > 0.9
    assert found["r_person_mean"] == pytest.approx(-1.0)


def test_a_figure_that_cannot_be_computed_is_absent() -> None:
    calm = answers(["baseline"] * 5, [0.1, 0.2, 0.3, 0.4, 0.1])
    result = score([calm], WESAD)
    assert "auroc" not in result["stress"]
    assert "auroc_person_mean" not in result["stress"]
    assert "meditation_called_stress" not in result["stress"]
    assert "eda" not in result
    assert "late" not in result
    assert "stressors" not in result


def test_protocol_hash_tells_protocols_apart() -> None:
    def of(enrolment: str, subjects: tuple[str, ...]) -> str:
        made = Protocol("wesad", "loso", 60.0, 5.0, enrolment, ("hr_median",), subjects)
        return made.as_dict()["hash"]

    assert of("rest", ("S2",)) == of("rest", ("S2",))
    assert len({of("rest", ("S2",)), of("none", ("S2",)), of("rest", ("S3",))}) == 3
