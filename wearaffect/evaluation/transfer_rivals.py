"""What a transferred model is measured beside: plain models, controls, and what labels would buy.

The plain models are those of the honest board but for the arousal index, which isn't among their
inputs: nothing of them was chosen with another laboratory in mind.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.bundle.belief import Belief, Calibration
from wearaffect.bundle.encoding import N_FLAGS, InputEncoder
from wearaffect.evaluation.answers import (
    STRESS,
    Answers,
    Fitter,
    Floats,
    Predicted,
    Predictor,
    answers_of,
)
from wearaffect.evaluation.controls import clock_only, motion_only, temperature_only
from wearaffect.evaluation.corpora import Corpus
from wearaffect.evaluation.rivals import (
    arousal_index_alone,
    on_inputs,
    shared_out,
    trees,
    untrained_index,
)
from wearaffect.learning.heads import AGAINST
from wearaffect.learning.table import MODEL_FEATURES, PersonTable

__all__ = ["BASELINES", "CONTROLS", "INDICES", "taught_there"]

_INVERSE_PENALTY = 0.01  # that of the shipped plain model


def logistic_regression(people: Sequence[PersonTable]) -> Predictor:
    """Fit a logistic regression with the penalty of the shipped plain model."""
    from sklearn.linear_model import LogisticRegression

    def make(_: NDArray[np.int64]) -> Any:
        return LogisticRegression(C=_INVERSE_PENALTY, max_iter=1000)

    return on_inputs(make, people, _inputs(people, AGAINST))


def linear_discriminant(people: Sequence[PersonTable]) -> Predictor:
    """Fit a shrunk linear discriminant, either side as likely as the other."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    def make(_: NDArray[np.int64]) -> Any:
        return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=[0.5, 0.5])

    return on_inputs(make, people, _inputs(people, AGAINST))


def random_forest(people: Sequence[PersonTable]) -> Predictor:
    """Fit 100 trees."""
    return on_inputs(trees, people, _inputs(people, AGAINST))


def index_believed(_: Sequence[PersonTable] = ()) -> Predictor:
    """Let the index that the bundle leans on go through the bundle's belief: still no training.

    What a model adds beyond this, it learnt.
    """
    alone = arousal_index_alone()

    def predict(person: PersonTable) -> Predicted:
        belief = Belief(Calibration())
        said = alone(person).probabilities[:, STRESS].tolist()
        ends_s = [window.end_s for window in person.windows]
        stress = np.array([belief.take(p, at) for p, at in zip(said, ends_s, strict=True)])
        return shared_out(stress, np.zeros_like(stress))

    return predict


BASELINES: Mapping[str, Fitter] = {
    "logistic_regression": logistic_regression,
    "lda": linear_discriminant,
    "random_forest": random_forest,
}

INDICES: Mapping[str, Fitter] = {
    "untrained_index": untrained_index,
    "arousal_index": arousal_index_alone,
    "arousal_index_believed": index_believed,
}
"""What was never trained."""

CONTROLS: Mapping[str, Fitter] = {
    **INDICES,
    "clock_only": clock_only,
    "motion_only": motion_only,
    "temperature_only": temperature_only,
}


def taught_there(people: Sequence[PersonTable], corpus: Corpus) -> list[Answers]:
    """Let a logistic regression learn in the corpus itself, from all people but the one scored.

    Parameters
    ----------
    people : sequence of PersonTable
        Of that corpus.
    corpus : Corpus
        Its rules.

    Returns
    -------
    list of Answers
        One a person; nobody where there are no two others with both stress and calm to learn from.
    """
    found = []
    for person in people:
        others = [o for o in people if o is not person and _has_both(o, corpus)]
        if len(others) > 1:
            found.append(answers_of(person, _taught(others, corpus)))
    return found


def _has_both(person: PersonTable, corpus: Corpus) -> bool:
    return bool(person.labelled(corpus.stressed).size and person.labelled(corpus.calm).size)


def _taught(people: Sequence[PersonTable], corpus: Corpus) -> Predictor:
    from sklearn.linear_model import LogisticRegression

    labels = (*corpus.stressed, *corpus.calm)
    inputs = _inputs(people, labels)
    index = [person.labelled(labels) for person in people]
    features = np.concatenate([inputs(p)[i] for p, i in zip(people, index, strict=True)])
    names = np.concatenate([np.array(p.labels)[i] for p, i in zip(people, index, strict=True)])
    model = LogisticRegression(C=_INVERSE_PENALTY, class_weight="balanced", max_iter=1000)
    model.fit(features, np.isin(names, corpus.stressed))

    def predict(person: PersonTable) -> Predicted:
        stress = model.predict_proba(inputs(person))[:, 1]
        return shared_out(stress, np.zeros_like(stress))

    return predict


def _inputs(
    people: Sequence[PersonTable], labels: Sequence[str]
) -> Callable[[PersonTable], Floats]:
    """Encode as for the bundle, without the index and without what is there and what isn't."""
    windows = [window for person in people for window in person.pick(person.labelled(labels))]
    window = people[0].windows[0]
    encoder = InputEncoder.fit(MODEL_FEATURES, windows, window.end_s - window.start_s)
    width = encoder.n_inputs - N_FLAGS
    return lambda person: encoder.encode(person.windows).features[:, :width].astype(float)
