"""What a model is measured beside: plain models on its own inputs, and indices that learn nothing.

The plain models have the heads of the shipped one and answer for each window by itself.
"""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.evaluation.altered import EXTRAS
from wearaffect.evaluation.answers import Fitter, Floats, Predicted, Predictor
from wearaffect.evaluation.two_heads import (
    as_the_bundle,
    encoded,
    encoder_of,
    on_features,
    on_inputs,
    on_trees,
    shared_out,
    training_rows,
    trees,
)
from wearaffect.learning.table import PersonTable
from wearaffect.signals.arousal import arousal_index

__all__ = [
    "POSTURE_AND_TEMPERATURE",
    "arousal_index_alone",
    "baselines",
    "linear_discriminant",
    "logistic_regression",
    "on_inputs",
    "random_forest",
    "shared_out",
    "trees",
    "untrained_index",
]

POSTURE_AND_TEMPERATURE = ("temp_slope", *EXTRAS)

_EVEN_SD = 1.0  # index at which stress counts as likely as not (engineering choice)
_FAR_SD = 50.0  # no less sure beyond: a signal that hardly varies gives any number
_INVERSE_PENALTY = 0.01  # that of the shipped plain model
_BOOSTED: Mapping[str, Any] = {
    "n_estimators": 150,
    "max_depth": 4,
    "learning_rate": 0.1,
    "subsample": 0.8,
    "n_jobs": 1,
    "random_state": 0,
}


def logistic_regression(people: Sequence[PersonTable]) -> Predictor:
    """Fit a logistic regression with the penalty of the shipped plain model."""
    return on_inputs(_linear, people, as_the_bundle(people))


def logistic_regression_with_temp_and_posture(people: Sequence[PersonTable]) -> Predictor:
    """Fit the same with skin temperature and posture, which no bundle takes, among the inputs."""
    signals, context = as_the_bundle(people), on_features(people, POSTURE_AND_TEMPERATURE)
    return on_inputs(_linear, people, lambda p: np.hstack([signals(p), context(p)]))


def linear_discriminant(people: Sequence[PersonTable]) -> Predictor:
    """Fit a shrunk linear discriminant, either side as likely as the other."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    def make(_: NDArray[np.int64]) -> Any:
        return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=[0.5, 0.5])

    return on_inputs(make, people, as_the_bundle(people))


def random_forest(people: Sequence[PersonTable]) -> Predictor:
    """Fit 100 trees."""
    return on_trees(people, as_the_bundle(people))


def support_vectors(people: Sequence[PersonTable]) -> Predictor:
    """Fit a machine with radial basis functions, its probabilities from people left out."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.model_selection import GroupKFold
    from sklearn.svm import SVC

    def make(who: NDArray[np.int64]) -> Any:
        folds = list(GroupKFold(min(5, np.unique(who).size)).split(who, groups=who))
        return CalibratedClassifierCV(SVC(C=1.0), cv=folds, ensemble=False)

    return on_inputs(make, people, as_the_bundle(people))


def boosted_trees(people: Sequence[PersonTable]) -> Predictor:
    """Fit boosted trees."""
    from xgboost import XGBClassifier

    return on_inputs(lambda _: XGBClassifier(**_BOOSTED), people, as_the_bundle(people))


def convolutions(people: Sequence[PersonTable]) -> Predictor:
    """Fit a small 1-D network on the trace of skin conductance, the features beside it.

    Tables keep the trace of skin conductance only: pulse and movement go in as features.
    """
    from wearaffect.learning.cnn import CnnRows, fit_cnn

    encoder, rows = encoder_of(tuple(people)), training_rows(people)
    windows = [w for p, i in zip(people, rows.windows, strict=True) for w in p.pick(i)]
    given = CnnRows(encoder.encode(windows), rows.truth.astype(float), rows.weight)
    network = fit_cnn(given, seed=0)

    def predict(person: PersonTable) -> Predicted:
        stress, amused = network.probabilities(encoded(encoder, person)).T
        return shared_out(stress, amused)

    return predict


def baselines(*, quick: bool) -> dict[str, Fitter]:
    """Give the plain models that can be fitted here; XGBoost has no build for some platforms."""
    found: dict[str, Fitter] = {
        "logistic_regression": logistic_regression,
        "lda": linear_discriminant,
        "random_forest": random_forest,
    }
    if quick:
        return found
    found["svm"] = support_vectors
    if find_spec("xgboost") is not None:
        found["xgboost"] = boosted_trees
    found["cnn1d"] = convolutions
    found["logistic_regression_with_temp_and_posture"] = logistic_regression_with_temp_and_posture
    return found


def untrained_index(_: Sequence[PersonTable] = ()) -> Predictor:
    """Average heart rate and EDA driver, standardised over what this person has shown so far.

    No training at all. Running mean and SD are causal; with a resting state, the mean is rest.
    Squashed by a logistic so that one standard deviation above counts as even odds.
    """

    def predict(person: PersonTable) -> Predicted:
        z = np.mean([_running_z(person, name) for name in ("hr_median", "eda_driver")], axis=0)
        return _of_index(z)

    return predict


def arousal_index_alone(_: Sequence[PersonTable] = ()) -> Predictor:
    """Take the arousal index that the bundle leans on, by itself and without training."""

    def predict(person: PersonTable) -> Predicted:
        return _of_index(np.array([arousal_index(w.features, w.history) for w in person.windows]))

    return predict


def _of_index(z: Floats) -> Predicted:
    stress = 1 / (1 + np.exp(_EVEN_SD - np.clip(z, -_FAR_SD, _FAR_SD)))
    return shared_out(stress, np.zeros_like(stress))


def _running_z(person: PersonTable, name: str) -> Floats:
    values = np.array([w.features[name] for w in person.windows])
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    count = np.maximum(np.cumsum(known), 1)
    mean = np.cumsum(filled) / count
    sd = np.sqrt(np.maximum(np.cumsum(filled**2) / count - mean**2, 1e-6))
    at_rest = [np.nan if w.rest is None else w.rest[name] for w in person.windows]
    rest = np.where(np.isfinite(at_rest), at_rest, mean)
    return np.asarray(np.where(known, (values - rest) / sd, 0.0))


def _linear(_: NDArray[np.int64]) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=_INVERSE_PENALTY, max_iter=1000)
