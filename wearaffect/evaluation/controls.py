"""Controls: what can be had without looking at heart and skin, and what only looks like it."""

from collections.abc import Sequence

import numpy as np

from wearaffect.evaluation.answers import Fitter, Floats, Predicted, Predictor
from wearaffect.evaluation.rivals import (
    POSTURE_AND_TEMPERATURE,
    arousal_index_alone,
    logistic_regression,
    untrained_index,
)
from wearaffect.evaluation.two_heads import on_features, on_trees
from wearaffect.learning.heads import labelled_of
from wearaffect.learning.table import LABELS, PersonTable

__all__ = ["CONTROLS", "clock_hybrid", "clock_only", "majority", "only", "questionnaire_only"]

_MOVEMENT = ("acc_motion", "acc_peak", "acc_still")
_TEMPERATURE = ("temp_slope", "temp_mean", "temp_sd")
# PANAS items of positive affect as WESAD prints them: active, interested, inspired, strong,
# excited, proud, enthusiastic, alert, determined, attentive (Watson, Clark & Tellegen 1988,
# doi 10.1037/0022-3514.54.6.1063); the other ten of the first twenty are of negative affect.
_POSITIVE = (0, 2, 3, 5, 9, 10, 12, 14, 16, 17)
_N_PANAS = 20


def majority(people: Sequence[PersonTable]) -> Predictor:
    """Always say what was most frequent."""
    labels = [label for person in people for label in labelled_of(person)[1]]
    counts = np.array([labels.count(name) for name in LABELS], dtype=float)
    share = counts / counts.sum()
    return lambda person: Predicted(np.tile(share, (len(person.windows), 1)))


def clock_only(people: Sequence[PersonTable]) -> Predictor:
    """Know nothing but the time since the first labelled window."""
    return on_trees(people, _elapsed)


def clock_hybrid(people: Sequence[PersonTable]) -> Predictor:
    """Let the clock say what baseline is, and the signals tell the other two apart."""
    clock, signals = clock_only(people), logistic_regression(people)
    base = LABELS.index("baseline")

    def predict(person: PersonTable) -> Predicted:
        is_base = clock(person).probabilities[:, [base]]
        rest = signals(person).probabilities.copy()
        rest[:, base] = 0.0
        rest /= np.maximum(rest.sum(axis=1, keepdims=True), 1e-12)
        mixed = rest * (1 - is_base)
        mixed[:, base] = is_base[:, 0]
        return Predicted(mixed)

    return predict


def only(people: Sequence[PersonTable], *, names: Sequence[str]) -> Predictor:
    """See some features alone, as they are and against the person's running mean."""
    return on_trees(people, on_features(people, names))


def motion_only(people: Sequence[PersonTable]) -> Predictor:
    """See how much the arm moves."""
    return only(people, names=_MOVEMENT)


def temperature_only(people: Sequence[PersonTable]) -> Predictor:
    """See the skin's temperature."""
    return only(people, names=_TEMPERATURE)


def context_only(people: Sequence[PersonTable]) -> Predictor:
    """See movement, posture and the skin's temperature: where and how somebody sits."""
    return only(people, names=(*_MOVEMENT, *POSTURE_AND_TEMPERATURE))


def questionnaire_only(people: Sequence[PersonTable]) -> Predictor:
    """See what was answered after each condition; it cheats on purpose.

    Valence, arousal, and the sums of positive and of negative affect, the same for every window of
    a condition: what a model is told when self-report is among its inputs.
    """
    return on_trees(people, _questionnaire)


def _elapsed(person: PersonTable) -> Floats:
    first = next(
        (w.start_s for w, i in zip(person.windows, person.interval, strict=True) if i >= 0), 0.0
    )
    return np.array([[w.start_s - first] for w in person.windows])


def _questionnaire(person: PersonTable) -> Floats:
    """Answers of each window's condition, (n, 4); zeros outside and where none were given."""
    found = np.zeros((len(person.windows), 4))
    reports = list(person.self_report)
    for i, interval in enumerate(person.intervals):
        report = next((r for r in reports if r.condition == interval.label), None)
        if report is None:
            continue
        reports.remove(report)
        panas = [answer or 0 for answer in report.panas[:_N_PANAS]]
        positive = sum(panas[k] for k in _POSITIVE if k < len(panas))
        row = (report.valence or 0, report.arousal or 0, positive, sum(panas) - positive)
        found[person.interval == i] = row
    return found


CONTROLS: dict[str, Fitter] = {
    "majority": majority,
    "clock_only": clock_only,
    "clock_hybrid": clock_hybrid,
    "motion_only": motion_only,
    "temperature_only": temperature_only,
    "context_only": context_only,
    "questionnaire_only": questionnaire_only,
    "untrained_index": untrained_index,
    "arousal_index": arousal_index_alone,
}
