"""What a model answered for one person, beside the truth: the only thing that metrics see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wearaffect.learning.fitting import reported_affect
from wearaffect.learning.table import HORIZONS_S, LABELS, PersonTable

__all__ = ["Answers", "Fitter", "Predicted", "Predictor", "answers_of", "by_person"]

Floats = NDArray[np.float64]

STRESS = LABELS.index("stress")


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """A model's answers for every window of a person.

    Attributes
    ----------
    probabilities : numpy.ndarray, (n, labels)
    withheld : tuple of str
        First reason, empty where it answered; () where the model never withholds.
    forecast_us : numpy.ndarray, (n, horizons, 3), or None
        5th percentile, median, 95th percentile.
    held_us : numpy.ndarray, (horizons, 3), or None
        The same of the change to come on training people: what the last value alone would give.
    affect : numpy.ndarray, (n, 2), or None
        Valence and arousal.
    from_others_us : numpy.ndarray, (n,), or None
        Mean conductance of the window, from heart and movement.
    """

    probabilities: Floats
    withheld: tuple[str, ...] = ()
    forecast_us: Floats | None = None
    held_us: Floats | None = None
    affect: Floats | None = None
    from_others_us: Floats | None = None


Predictor = Callable[[PersonTable], Predicted]
Fitter = Callable[[Sequence[PersonTable]], Predictor]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers and truth of one person.

    Attributes
    ----------
    subject : str
        Who.
    labels : numpy.ndarray, (m,), str
        Condition of each labelled window outside rest.
    interval : numpy.ndarray, (m,), int
        Which stretch of the protocol it lies in.
    protocol : tuple of str
        Condition of each stretch, in time order.
    probabilities : numpy.ndarray, (m, conditions)
        Answer to each, withheld or not.
    withheld : tuple of str
        First reason for each, empty where it wasn't; () for a model that never withholds.
    affect, reported : numpy.ndarray, (m, 2)
        Valence and arousal as answered and as reported; empty where the model has no such head.
    eda_us, from_others_us : numpy.ndarray, (m,)
        Mean conductance of the window, measured and from the other signals; may be empty.
    now_us, later_us, forecast_us, moved_us : numpy.ndarray
        Of every window, labelled or not, (n,), (n, horizons), (n, horizons, 3) and (n,): level
        now and later, forecast, and change over the last five seconds; empty without a forecast.
    held_us : numpy.ndarray, (n, horizons, 3)
        What persistence gives for each, with its errors on training people; NaN where unknown.
    """

    subject: str
    labels: NDArray[np.str_]
    interval: NDArray[np.int64]
    protocol: tuple[str, ...]
    probabilities: Floats
    withheld: tuple[str, ...] = ()
    affect: Floats = field(default_factory=lambda: np.empty((0, 2)))
    reported: Floats = field(default_factory=lambda: np.empty((0, 2)))
    eda_us: Floats = field(default_factory=lambda: np.empty(0))
    from_others_us: Floats = field(default_factory=lambda: np.empty(0))
    now_us: Floats = field(default_factory=lambda: np.empty(0))
    later_us: Floats = field(default_factory=lambda: np.empty((0, len(HORIZONS_S))))
    forecast_us: Floats = field(default_factory=lambda: np.empty((0, len(HORIZONS_S), 3)))
    moved_us: Floats = field(default_factory=lambda: np.empty(0))
    held_us: Floats = field(default_factory=lambda: np.empty((0, len(HORIZONS_S), 3)))

    @property
    def stress(self) -> Floats:
        """Probability of stress for each labelled window."""
        return self.probabilities[:, STRESS]

    def among(self, labels: Sequence[str]) -> NDArray[np.bool_]:
        """Tell which windows are under some conditions."""
        return np.isin(self.labels, labels)


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
    scored = np.flatnonzero((person.interval >= 0) & ~person.in_rest)
    protocol = tuple(interval.label for interval in person.intervals)
    extra: dict[str, Floats] = {}
    if said.affect is not None:
        extra |= {"affect": said.affect[scored], "reported": reported_affect(person)[scored]}
    if said.from_others_us is not None:
        level = np.exp(np.minimum([w.features["eda_level"] for w in person.windows], 20.0))
        extra |= {"eda_us": level[scored], "from_others_us": said.from_others_us[scored]}
    if said.forecast_us is not None:
        unknown = np.full((len(HORIZONS_S), 3), np.nan)
        held = unknown if said.held_us is None else said.held_us
        extra |= {
            "now_us": person.eda_us,
            "later_us": person.eda_later_us,
            "forecast_us": said.forecast_us,
            "moved_us": np.diff(person.eda_us, prepend=np.nan),
            "held_us": person.eda_us[:, None, None] + held,
        }
    return Answers(
        subject=person.subject,
        labels=np.array([protocol[i] for i in person.interval[scored]], dtype=str),
        interval=person.interval[scored],
        protocol=protocol,
        probabilities=said.probabilities[scored],
        withheld=tuple(said.withheld[i] for i in scored) if said.withheld else (),
        **extra,
    )


def by_person(answers: Sequence[Answers]) -> list[Answers]:
    """Put the sittings of a person together, so that people are counted, and drawn, once.

    Parameters
    ----------
    answers : sequence of Answers
        One a sitting.

    Returns
    -------
    list of Answers
        One a person, in the order in which they come; between the stretches of two sittings stands
        one without a condition.
    """
    own: dict[str, list[Answers]] = {}
    for answer in answers:
        own.setdefault(answer.subject, []).append(answer)
    return [_joined(sittings) if len(sittings) > 1 else sittings[0] for sittings in own.values()]


def _joined(sittings: Sequence[Answers]) -> Answers:
    lengths = [len(sitting.protocol) + 1 for sitting in sittings]
    firsts = np.cumsum([0, *lengths[:-1]])
    arrays = {
        name: np.concatenate([getattr(sitting, name) for sitting in sittings])
        for name in (
            "labels", "probabilities", "affect", "reported", "eda_us", "from_others_us", "now_us",
            "later_us", "forecast_us", "moved_us", "held_us",
        )
    }  # fmt: skip
    return Answers(
        subject=sittings[0].subject,
        interval=np.concatenate([s.interval + f for s, f in zip(sittings, firsts, strict=True)]),
        protocol=tuple(label for sitting in sittings for label in (*sitting.protocol, ""))[:-1],
        withheld=tuple(why for sitting in sittings for why in sitting.withheld),
        **arrays,
    )
