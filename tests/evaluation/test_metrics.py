"""Metrics against scikit-learn and against cases worked by hand."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from wearaffect.evaluation.answers import Answers
from wearaffect.evaluation.metrics import auroc, confusion, ece, macro_f1, score
from wearaffect.evaluation.protocol import Protocol


def _answers(seed: int, n: int = 200, subject: str = "S1") -> Answers:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n)
    logits = rng.standard_normal((n, 3)) + 1.5 * np.eye(3)[truth]
    p = np.exp(logits)
    return Answers(subject, truth, p / p.sum(1, keepdims=True), ("",) * n, rng.random(20))


@pytest.mark.parametrize("seed", range(5))
def test_pooled_figures_equal_scikit_learn(seed: int) -> None:
    people = [_answers(seed, 150, "S1"), _answers(seed + 50, 250, "S2")]
    truth = np.concatenate([a.truth for a in people])
    p = np.concatenate([a.probabilities for a in people])
    result = score(people)
    assert result["three_class"]["macro_f1"] == pytest.approx(
        f1_score(truth, p.argmax(1), average="macro")
    )
    assert result["stress"]["macro_f1"] == pytest.approx(
        f1_score(truth == 1, p[:, 1] > 0.5, average="macro")
    )
    assert result["stress"]["auroc"] == pytest.approx(roc_auc_score(truth == 1, p[:, 1]))
    assert result["n_windows"] == 400


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


def test_withholding_changes_no_score() -> None:
    plain = _answers(3)
    silent = Answers(
        plain.subject, plain.truth, plain.probabilities, ("eda: off_skin",) * 200, plain.meditation
    )
    first, second = score([plain]), score([silent])
    assert first["stress"] == second["stress"]
    assert second["abstention"]["fraction"] == 1.0
    assert second["abstention"]["by_reason"] == {"eda: off_skin": 1.0}
    assert first["abstention"]["fraction"] == 0.0
    mute = Answers(plain.subject, plain.truth, plain.probabilities, (), plain.meditation)
    assert "abstention" not in score([mute])  # a model that can't withhold


def test_intervals_are_over_people_and_hold_the_pooled_figure() -> None:
    people = [_answers(i, 80, f"S{i}") for i in range(9)]
    result = score(people, seed=0)
    low, high = result["stress"]["ci95"]["auroc"]
    assert low < result["stress"]["auroc"] < high
    assert score(people, seed=0) == result
    # the same windows in one person: nothing to draw from
    assert score(people[:1], seed=0)["stress"]["ci95"] == {}


def test_forecast_figures_by_hand() -> None:
    rng = np.random.default_rng(0)
    now = rng.uniform(1, 5, 500)
    later = now[:, None] + rng.normal(0.3, 0.2, (500, 4))
    perfect = np.stack([later - 0.1, later, later + 0.1], axis=2)
    base = _answers(1)
    exact = Answers(
        "S1", base.truth, base.probabilities, base.withheld, base.meditation, now, later, perfect
    )
    figures = score([exact])["eda"]["forecast"]["5"]
    assert figures["rmse_us"] == 0.0
    assert figures["skill_vs_persistence"] == 1.0
    assert figures["coverage90"] == 1.0
    held = np.repeat(now[:, None, None], 4, axis=1).repeat(3, axis=2)
    same = Answers(
        "S1", base.truth, base.probabilities, base.withheld, base.meditation, now, later, held
    )
    assert score([same])["eda"]["forecast"]["15"]["skill_vs_persistence"] == 0.0


def test_a_figure_that_cannot_be_computed_is_absent() -> None:
    calm = Answers("S1", np.zeros(5, int), np.tile([0.8, 0.1, 0.1], (5, 1)), ("",) * 5, np.empty(0))
    result = score([calm])
    assert "auroc" not in result["stress"]
    assert "auroc_person_mean" not in result["stress"]
    assert "meditation_called_stress" not in result["stress"]
    assert "eda" not in result


def test_protocol_hash_tells_protocols_apart() -> None:
    def of(enrolment: str, subjects: tuple[str, ...]) -> str:
        made = Protocol("wesad", "loso", 60.0, 5.0, enrolment, ("hr_median",), subjects)
        return made.as_dict()["hash"]

    assert of("rest", ("S2",)) == of("rest", ("S2",))
    assert len({of("rest", ("S2",)), of("none", ("S2",)), of("rest", ("S3",))}) == 3


def test_pinball_skill_by_hand() -> None:
    """Persistence errs by +-1 evenly; exact quantiles of it gain nothing, a point on it all."""
    now = np.zeros(400)
    later = np.tile([-1.0, 1.0], 200)[:, None].repeat(4, axis=1)
    base = _answers(1)

    def skill(forecast: np.ndarray) -> float:
        answers = Answers(
            "S1",
            base.truth,
            base.probabilities,
            base.withheld,
            base.meditation,
            now,
            later,
            np.broadcast_to(forecast, (400, 4, 3)),
        )
        return score([answers])["eda"]["forecast"]["5"]["pinball_skill"]

    assert skill(np.array([-1.0, 0.0, 1.0])) == pytest.approx(0.0, abs=1e-9)
    assert skill(later[:, :, None].repeat(3, axis=2)) == pytest.approx(1.0)
    # 2 wide on either side instead of 1: 0.05 more for each end, of 0.05 * 2 + 0.5
    assert skill(np.array([-2.0, 0.0, 2.0])) == pytest.approx(-0.1 / 0.6, abs=1e-9)
