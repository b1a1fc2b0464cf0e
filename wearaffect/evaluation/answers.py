"""What a model answered for one person, beside the truth: the only thing that metrics see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wearaffect.learning.table import HORIZONS_S, LABELS, PersonTable

__all__ = ["Answers", "Fitter", "Predictor", "answers_of"]

Floats = NDArray[np.float64]

STRESS = LABELS.index("stress")


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """A model's answers for every window of a person.

    Attributes
    ----------
    probabilities : numpy.ndarray, (n, labels)
    forecast_us : numpy.ndarray, (n, horizons, 3), or None
        5th percentile, median, 95th percentile.
    withheld : tuple of str
        First reason, empty where it answered; () where the model never withholds.
    """

    probabilities: Floats
    forecast_us: Floats | None = None
    withheld: tuple[str, ...] = ()


Predictor = Callable[[PersonTable], Predicted]
Fitter = Callable[[Sequence[PersonTable]], Predictor]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers and truth of one person.

    Attributes
    ----------
    subject : str
        Who.
    truth : numpy.ndarray, (m,), int
        Condition of each scored window.
    probabilities : numpy.ndarray, (m, labels)
        Answer to each, withheld or not.
    withheld : tuple of str
        First reason for each scored window, empty where it wasn't; () for a model that never
        withholds.
    meditation : numpy.ndarray, (k,)
        Stress probability in meditation.
    now_us, later_us, forecast_us : numpy.ndarray, (n,), (n, horizons), (n, horizons, 3)
        Of every window, labelled or not; the last is empty for models without a forecast.
    """

    subject: str
    truth: NDArray[np.int64]
    probabilities: Floats
    withheld: tuple[str, ...]
    meditation: Floats
    now_us: Floats = field(default_factory=lambda: np.empty(0))
    later_us: Floats = field(default_factory=lambda: np.empty((0, len(HORIZONS_S))))
    forecast_us: Floats = field(default_factory=lambda: np.empty((0, len(HORIZONS_S), 3)))


def answers_of(person: PersonTable, predict: Predictor) -> Answers:
    """Ask a model about a person it never saw.

    Parameters
    ----------
    person : PersonTable
        With or without a resting state.
    predict : callable
        The model.
    """
    said = predict(person)
    scored = person.labelled()
    truth = np.array([LABELS.index(person.labels[i]) for i in scored], dtype=np.int64)
    calm = person.labelled(("meditation",))
    withheld = tuple(said.withheld[i] for i in scored) if said.withheld else ()
    extra = {}
    if said.forecast_us is not None:
        extra = {
            "now_us": person.eda_us,
            "later_us": person.eda_later_us,
            "forecast_us": said.forecast_us,
        }
    return Answers(
        person.subject,
        truth,
        said.probabilities[scored],
        withheld,
        said.probabilities[calm, STRESS],
        **extra,
    )
