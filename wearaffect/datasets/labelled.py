"""A sitting with what is known about it: labels in time, rest for enrolment, self-report."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wearaffect.core.errors import DatasetError
from wearaffect.recording.session import Session

__all__ = [
    "CONDITIONS",
    "REST_S",
    "Interval",
    "LabelledSession",
    "SelfReport",
    "first_rest",
    "people_among",
    "people_in",
]

REST_S = 300.0
"""Length of the rest that fills an enrolment, seconds (five minutes: engineering choice)."""

CONDITIONS = ("baseline", "stress", "amusement", "meditation", "rest")
"""What a phase of one's own sittings can stand for: the conditions of WESAD, and rest after a task,
which isn't stress and isn't a baseline either."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A half-open stretch ``[start_s, end_s)`` under one label.

    Attributes
    ----------
    label : str
        What the person was doing.
    start_s, end_s : float
        Seconds on the session's own timeline.

    Raises
    ------
    ValueError
        The times aren't finite, or the end doesn't come after the start.
    """

    label: str
    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start_s) and math.isfinite(self.end_s)):
            msg = f"{self.label}: expected finite seconds, got {self.start_s} and {self.end_s}"
            raise ValueError(msg)
        if self.end_s <= self.start_s:
            msg = f"{self.label}: expected an end after {self.start_s} s, got {self.end_s} s"
            raise ValueError(msg)

    @property
    def duration_s(self) -> float:
        """Length, seconds."""
        return self.end_s - self.start_s

    def holds(self, start_s: float, end_s: float) -> bool:
        """Tell whether a window lies wholly inside."""
        return self.start_s <= start_s and end_s <= self.end_s


@dataclass(frozen=True, slots=True)
class SelfReport:
    """What a person answered after one condition; items as printed, in questionnaire order.

    Attributes
    ----------
    condition : str
        The label of the interval it speaks of.
    valence, arousal : float or None
        On the scale of self-assessment manikins, 1 to 9; whole numbers where they were asked.
    panas, stai, sssq : tuple of int or None
        Items of each questionnaire, None where one was left open; empty where it wasn't asked.
    """

    condition: str
    valence: float | None = None
    arousal: float | None = None
    panas: tuple[int | None, ...] = ()
    stai: tuple[int | None, ...] = ()
    sssq: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class LabelledSession:
    """One person's sitting with its labels.

    Attributes
    ----------
    dataset, subject : str
        ``wesad`` and ``S2``; together they are the name that bundles remember.
    session : Session
        Signals.
    intervals : tuple of Interval
        Labelled stretches in time order; they don't overlap.
    rest : Interval or None
        What enrolment may use, labelled ``rest``; None where there is too little of it.
    order : str
        ``stress_first``, ``amusement_first``, or ``fixed`` where all people had one order.
    self_report : tuple of SelfReport
        In time order, one a condition.
    sitting : str
        Which of the person's sittings, where there are several; empty where there is one.
    marked : tuple of Interval
        Stretches of a stream that somebody who looked at them says aren't to be used, labelled with
        its id.
    """

    dataset: str
    subject: str
    session: Session
    intervals: tuple[Interval, ...]
    rest: Interval | None
    order: str
    self_report: tuple[SelfReport, ...] = ()
    sitting: str = ""
    marked: tuple[Interval, ...] = ()

    @property
    def id(self) -> str:
        """The person's name across corpora, e.g. ``wesad/S2``."""
        return f"{self.dataset}/{self.subject}"

    def label_of(self, start_s: float, end_s: float) -> str | None:
        """Give the label of the interval in which a window lies wholly.

        Parameters
        ----------
        start_s, end_s : float
            The window, half-open, seconds on the session's timeline.

        Returns
        -------
        str or None
            None outside every interval, and on any border.

        Raises
        ------
        ValueError
            The window is empty.
        """
        if end_s <= start_s:
            msg = f"expected an end after {start_s} s, got {end_s} s"
            raise ValueError(msg)
        return next((i.label for i in self.intervals if i.holds(start_s, end_s)), None)


def first_rest(intervals: Iterable[Interval], label: str) -> Interval | None:
    """Give the first `REST_S` seconds of the first interval of a label.

    Parameters
    ----------
    intervals : iterable of Interval
        In time order.
    label : str
        The resting condition.

    Returns
    -------
    Interval or None
        Labelled ``rest``; None if that interval is missing or shorter. A later, longer interval
        doesn't stand in: by then the person has been through a task.
    """
    first = next((i for i in intervals if i.label == label), None)
    if first is None or first.duration_s < REST_S:
        return None
    return Interval("rest", first.start_s, first.start_s + REST_S)


def people_in(folder: Path, layout: str) -> tuple[str, ...]:
    """List the people of a corpus: folders named ``S`` and a number, in order of the number.

    Parameters
    ----------
    folder : Path
        Where the people's folders lie; anything else in it is passed over.
    layout : str
        What the corpus should look like, for the message.

    Returns
    -------
    tuple of str
        At least one.

    Raises
    ------
    DatasetError
        The folder or the people aren't there.
    """
    remedy = "name the folder into which the publisher's archive was unpacked"
    if not folder.is_dir():
        raise DatasetError(folder, "no such folder", expected=layout, remedy=remedy)
    names = [p.name for p in folder.iterdir() if re.fullmatch(r"S[0-9]+", p.name) and p.is_dir()]
    if not names:
        raise DatasetError(folder, "no people here", expected=layout, remedy=remedy)
    return tuple(sorted(names, key=lambda name: (int(name[1:]), name)))


def people_among(
    present: tuple[str, ...], wanted: Sequence[str] | None, root: Path
) -> tuple[str, ...]:
    """Give the people asked for, all by default.

    Raises
    ------
    DatasetError
        Somebody asked for isn't present.
    """
    if wanted is None:
        return present
    missing = [name for name in wanted if name not in present]
    if missing:
        raise DatasetError(
            root, "people not found", expected=" ".join(present), got=" ".join(missing)
        )
    return tuple(wanted)
