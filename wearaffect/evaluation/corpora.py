"""What is scored on each corpus, and where a person's resting state may be taken."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from wearaffect.core.errors import DatasetError
from wearaffect.datasets.labelled import REST_S, Interval, LabelledSession
from wearaffect.datasets.noneeg import noneeg_subjects, read_noneeg
from wearaffect.datasets.sessions import (
    NOBODYS_TOO,
    read_sessions,
    session_exclusions,
    session_participants,
)
from wearaffect.datasets.stress_predict import (
    exclusions,
    read_stress_predict,
    stress_predict_subjects,
)
from wearaffect.datasets.wesad import read_wesad, wesad_subjects
from wearaffect.evaluation.protocol import SCORED
from wearaffect.learning.table import LABELS, PersonTable

__all__ = ["CORPORA", "ENROLMENTS", "Corpus", "enrolled_at", "own_sessions"]

ENROLMENTS = ("none", "rest", "baseline_end", "medi1")
"""No resting state; the first five minutes of the first rest; its last five; the first
meditation."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus and its rules.

    Attributes
    ----------
    id, folder : str
        Its name, and its folder among the others.
    subjects, read, excluded : callable
        People in a folder; their sessions; who is left out, and why.
    stressed, calm : tuple of str
        Conditions that count as stress, and those it is told from.
    classes : tuple of str
        Conditions that the three-class figures compare; empty where they aren't there.
    rest : str
        The condition in which resting states are taken.
    guard : str
        A condition of which only the share called stress is reported; may be empty.
    late : tuple of str
        What stress is told from when rest, which comes first, isn't scored; may be empty.
    stressors : tuple of str
        Conditions scored against the rests before and after them.
    scored : str
        Which windows count.
    """

    id: str
    folder: str
    subjects: Callable[[Path], tuple[str, ...]]
    read: Callable[[Path, Sequence[str] | None], Iterator[LabelledSession]]
    excluded: Callable[[Path], Mapping[str, str]]
    stressed: tuple[str, ...]
    calm: tuple[str, ...]
    classes: tuple[str, ...] = ()
    rest: str = "rest"
    guard: str = ""
    late: tuple[str, ...] = ()
    stressors: tuple[str, ...] = ()
    scored: str = SCORED

    def people(self, root: Path, wanted: Sequence[str] | None) -> tuple[str, ...]:
        """Give whom to score: those asked for, or everybody who isn't excluded.

        Raises
        ------
        DatasetError
            Nobody is left.
        """
        if wanted is not None:
            return tuple(wanted)
        left_out = self.excluded(root)
        found = tuple(name for name in self.subjects(root) if name not in left_out)
        if not found:
            raise DatasetError(
                root,
                "nobody to score",
                expected="somebody with labels that can be trusted",
                got="; ".join(f"{name}: {why}" for name, why in left_out.items()),
            )
        return found


def _nobody(_: Path) -> Mapping[str, str]:
    return {}


CORPORA: Mapping[str, Corpus] = {
    corpus.id: corpus
    for corpus in (
        Corpus(
            "wesad",
            "wesad",
            wesad_subjects,
            read_wesad,
            _nobody,
            stressed=("stress",),
            calm=("baseline", "amusement"),
            classes=LABELS,
            rest="baseline",
            guard="meditation",
            late=("amusement", "meditation"),
        ),
        Corpus(
            "stress_predict",
            "stress_predict",
            stress_predict_subjects,
            read_stress_predict,
            exclusions,
            stressed=("stroop", "interview"),
            calm=("rest",),
            stressors=("stroop", "interview", "hyperventilation"),
        ),
        Corpus(
            "noneeg",
            "noneeg_neurological_status",
            noneeg_subjects,
            read_noneeg,
            _nobody,
            stressed=("CognitiveStress",),
            calm=("Relax",),
            rest="Relax",
            stressors=("CognitiveStress", "PhysicalStress", "EmotionalStress"),
        ),
        Corpus(
            "sessions",
            "sessions",
            session_participants,
            read_sessions,
            session_exclusions,
            stressed=("stress",),
            calm=("baseline", "rest", "amusement"),
            classes=LABELS,
            rest="baseline",
            guard="meditation",
            late=("rest", "amusement", "meditation"),
        ),
    )
}
"""By name."""


def own_sessions(*, with_synthetic: bool) -> Corpus:
    """Give the corpus of one's own sessions; those of nobody are in it only by request."""
    corpus = CORPORA["sessions"]
    if not with_synthetic:
        return corpus
    return replace(
        corpus,
        subjects=partial(session_participants, with_synthetic=True),
        read=partial(read_sessions, with_synthetic=True),
        excluded=partial(session_exclusions, with_synthetic=True),
        scored=f"{corpus.scored}; {NOBODYS_TOO}",
    )


def enrolled_at(person: PersonTable, corpus: Corpus, enrolment: str) -> PersonTable:
    """Give a person with the resting state taken where an enrolment says.

    Parameters
    ----------
    person : PersonTable
        As `table_of` made it.
    corpus : Corpus
        Theirs.
    enrolment : str
        One of `ENROLMENTS`.

    Raises
    ------
    DatasetError
        The corpus has no such place.
    """
    if enrolment == "rest":
        return person
    if enrolment == "none":
        return person.without_rest()
    label = corpus.rest if enrolment == "baseline_end" else corpus.guard
    first = next((i for i in person.intervals if i.label == label), None) if label else None
    if first is None or first.duration_s < REST_S:
        raise DatasetError(
            person.id,
            f"nowhere to enrol at {enrolment}",
            expected=f"five minutes of {label or 'meditation'}",
            remedy="enrol at rest or none",
        )
    start_s = first.end_s - REST_S if enrolment == "baseline_end" else first.start_s
    return person.enrolled(Interval("rest", start_s, start_s + REST_S))
