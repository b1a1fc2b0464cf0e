"""What a model is measured beside: plain models on the same inputs, and controls that cheat."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wearaffect.bundle.encoding import InputEncoder
from wearaffect.evaluation.answers import STRESS, Fitter, Floats, Predicted, Predictor
from wearaffect.learning.fitting import FitSettings
from wearaffect.learning.objective import LossWeights
from wearaffect.learning.plain import fit_plain
from wearaffect.learning.served import run
from wearaffect.learning.table import LABELS, PersonTable
from wearaffect.learning.training import fit_encoder, train_members
from wearaffect.signals.features import FEATURES

__all__ = ["BASELINES", "CONTROLS", "untrained_index"]


def network(people: Sequence[PersonTable], *, seed: int, physics: bool = True) -> Predictor:
    """Fit one network, since folds are many; or the same without its physics residual."""
    weights = LossWeights() if physics else LossWeights(physics=0.0)
    trained = train_members(
        people, _window_s(people), seed=seed, n_members=1, settings=FitSettings(weights=weights)
    )
    model = trained.served(plain=False)

    def predict(person: PersonTable) -> Predicted:
        out = run(model, trained.encoder.encode(person.windows))
        return Predicted(out["probabilities"].astype(float), out["forecast"].astype(float))

    return predict


def logistic_regression(people: Sequence[PersonTable]) -> Predictor:
    """Fit the plain model that may go into a bundle."""
    encoder = fit_encoder(people, _window_s(people))
    head = fit_plain(people, encoder)

    def predict(person: PersonTable) -> Predicted:
        return Predicted(head.probabilities(encoder.encode(person.windows).features))

    return predict


def random_forest(people: Sequence[PersonTable]) -> Predictor:
    """Fit 100 trees on the inputs of the network."""
    return _on(_trees(), people, _encoded(fit_encoder(people, _window_s(people))))


def discriminant(people: Sequence[PersonTable]) -> Predictor:
    """Fit a shrunk linear discriminant on the inputs of the network."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    return _on(model, people, _encoded(fit_encoder(people, _window_s(people))))


def clock_only(people: Sequence[PersonTable]) -> Predictor:
    """Know nothing but the time since the first labelled window."""
    return _on(_trees(), people, _elapsed)


def clock_hybrid(people: Sequence[PersonTable]) -> Predictor:
    """Let the clock say what baseline is, and the signals tell the other two apart."""
    clock, signals = clock_only(people), logistic_regression(people)
    base = LABELS.index("baseline")

    def predict(person: PersonTable) -> Predicted:
        p_clock, p_signal = clock(person).probabilities, signals(person).probabilities
        rest = p_signal.copy()
        rest[:, base] = 0.0
        rest /= np.maximum(rest.sum(axis=1, keepdims=True), 1e-12)
        is_base = p_clock[:, [base]]
        mixed = rest * (1 - is_base)
        mixed[:, base] = is_base[:, 0]
        return Predicted(mixed)

    return predict


def only(prefix: str) -> Fitter:
    """Make a control that sees one signal's features, as they are and against rest."""

    def fit(people: Sequence[PersonTable]) -> Predictor:
        names = [name for name in FEATURES if name.startswith(prefix)]
        windows = [window for person in people for window in person.pick(person.labelled())]
        encoder = InputEncoder.fit(names, windows, _window_s(people))
        return _on(_trees(), people, _encoded(encoder))

    return fit


def majority(people: Sequence[PersonTable]) -> Predictor:
    """Always say what was most frequent."""
    counts = np.zeros(len(LABELS))
    for person in people:
        for i in person.labelled():
            counts[LABELS.index(person.labels[i])] += 1
    share = counts / counts.sum()
    return lambda person: Predicted(np.tile(share, (len(person.windows), 1)))


def untrained_index(_: Sequence[PersonTable] = ()) -> Predictor:
    """Average heart rate and EDA driver, standardised over what this person has shown so far.

    No training at all. Running mean and SD are causal; with a resting state, the mean is rest.
    Squashed by a logistic so that one standard deviation above counts as even odds.
    """

    def predict(person: PersonTable) -> Predicted:
        z = np.mean([_running_z(person, name) for name in ("hr_median", "eda_driver")], axis=0)
        p = np.zeros((len(person.windows), len(LABELS)))
        p[:, STRESS] = 1 / (1 + np.exp(-(z - 1.0)))
        p[:, LABELS.index("baseline")] = 1 - p[:, STRESS]
        return Predicted(p)

    return predict


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


def _trees() -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        100, min_samples_leaf=20, class_weight="balanced", random_state=0, n_jobs=1
    )


def _encoded(encoder: InputEncoder) -> Callable[[PersonTable], Floats]:
    return lambda person: encoder.encode(person.windows).features.astype(float)


def _elapsed(person: PersonTable) -> Floats:
    first = next(
        (w.start_s for w, name in zip(person.windows, person.labels, strict=True) if name), 0
    )
    return np.array([[w.start_s - first] for w in person.windows])


def _on(
    model: Any, people: Sequence[PersonTable], inputs: Callable[[PersonTable], Floats]
) -> Predictor:
    """Fit a scikit-learn classifier on labelled windows; a label it never saw gets zero."""
    index = [person.labelled() for person in people]
    features = np.concatenate([inputs(p)[i] for p, i in zip(people, index, strict=True)])
    labels = [LABELS.index(p.labels[j]) for p, i in zip(people, index, strict=True) for j in i]
    model.fit(features, labels)

    def predict(person: PersonTable) -> Predicted:
        probabilities = np.zeros((len(person.windows), len(LABELS)))
        probabilities[:, model.classes_] = model.predict_proba(inputs(person))
        return Predicted(probabilities)

    return predict


def _window_s(people: Sequence[PersonTable]) -> float:
    window = people[0].windows[0]
    return window.end_s - window.start_s


BASELINES: dict[str, Fitter] = {
    "logistic_regression": logistic_regression,
    "linear_discriminant": discriminant,
    "random_forest": random_forest,
}

CONTROLS: dict[str, Fitter] = {
    "majority": majority,
    "clock_only": clock_only,
    "clock_hybrid": clock_hybrid,
    "motion_only": only("acc_"),
    "temperature_only": only("temp_"),
    "untrained_index": untrained_index,
}
