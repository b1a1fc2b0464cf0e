"""What holds of a sitting in the end: markers, phases, artefacts and answers, read off its journal.

A journal only grows: a marker that was undone stays in ``markers``, and an artefact that was lifted
in ``quality``. The acts in ``audit`` and the last word on each thing say what of it holds.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from wearaffect.core.errors import RecordingFormatError
from wearaffect.core.streams import Marker
from wearaffect.recording.header import Twin
from wearaffect.recording.journal_reader import read_topic
from wearaffect.recording.session import Session

__all__ = ["Answer", "ArtefactMark", "PhaseHeld", "SittingEvents", "events_of", "what_holds"]

_Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PhaseHeld:
    """A phase as it went.

    Attributes
    ----------
    name, condition : str
        Of the protocol; no condition: empty.
    start_ns, end_ns : int or None
        Host time; no end: the recording ended first.
    """

    name: str
    condition: str
    start_ns: int
    end_ns: int | None


@dataclass(frozen=True, slots=True)
class ArtefactMark:
    """A stretch of a stream, host time, that a person says isn't to be used, and why."""

    stream_id: str
    start_ns: int
    end_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered in the end.

    Attributes
    ----------
    time_ns : int
        Host time at which its page was closed, or last answered where it never was.
    form, item : str
        The question.
    phase : str
        In which it was asked; empty: after the last one.
    value : float, str or list of str
        The answer, as its form keeps it.
    """

    time_ns: int
    form: str
    item: str
    phase: str
    value: float | str | list[str]


@dataclass(frozen=True, slots=True)
class SittingEvents:
    """What holds of a sitting.

    Attributes
    ----------
    markers : tuple of Marker
        In order of time: of devices, and of the sitting as they were corrected, without those that
        were undone.
    n_undone : int
        How many were undone.
    phases : tuple of PhaseHeld
        In order of time.
    artefacts : tuple of ArtefactMark
        Without those that were lifted, in the order in which they were marked.
    answers : tuple of Answer
        Page by page.
    sharing : bool or None
        Whether the participant agreed that pseudonymous data leave the site; None: nobody noted it.
    """

    markers: tuple[Marker, ...] = ()
    n_undone: int = 0
    phases: tuple[PhaseHeld, ...] = ()
    artefacts: tuple[ArtefactMark, ...] = ()
    answers: tuple[Answer, ...] = ()
    sharing: bool | None = None


def what_holds(folder: str | PathLike[str]) -> SittingEvents:
    """Read what holds of a sitting, also of one that was cut off.

    Parameters
    ----------
    folder : path
        A session folder; where nobody kept a sitting in it, its markers are all there is.

    Returns
    -------
    SittingEvents
        As far as the journal is whole.

    Raises
    ------
    RecordingNotFoundError, RecordingFormatError
        It isn't a session, or its topics aren't what a recorder writes.
    RecordingError
        It is sealed.
    """
    place = Path(folder)
    try:
        return _read(place)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise RecordingFormatError(
            place,
            "what it tells of the sitting isn't understood",
            part="session.mcap",
            got=repr(error),
            remedy="it was written by something else, or changed by hand",
        ) from error


def events_of(session: Session) -> SittingEvents:
    """Give `what_holds` of a session; one that others recorded has markers and nothing else."""
    if (Path(session.path) / "session.mcap").is_file():
        return what_holds(session.path)
    return SittingEvents(markers=session.markers)


def _read(place: Path) -> SittingEvents:
    audit = read_topic(place, "audit")
    acts = [entry for entry in audit if _is_act(entry.get("new"))]
    markers, n_undone = _markers(read_topic(place, "markers"), acts)
    return SittingEvents(
        markers,
        n_undone,
        tuple(_phases(read_topic(place, "protocol"), _conditions(acts))),
        tuple(_artefacts(read_topic(place, "quality"))),
        tuple(_answers(read_topic(place, "forms"))),
        _sharing(Twin(place).content.get("consent"), acts),
    )


def _is_act(new: Any) -> bool:
    return isinstance(new, dict) and "act" in new


def _markers(told: Iterable[_Message], acts: Sequence[_Message]) -> tuple[tuple[Marker, ...], int]:
    as_set: dict[int, Marker] = {}
    holding: dict[int, Marker] = {}
    n_undone = 0
    for act in acts:
        what, new = act["what"], act["new"]
        if what == "marker undone":
            n_undone += 1
            holding.pop(new["id"], None)
        elif what in {"marker set", "marker corrected"}:
            holding[new["id"]] = _marked(new)
            # a corrected one says what it was, also where its first act is lost
            as_set.setdefault(new["id"], _marked(act["old"] or new))
    # what no act has set, a device has
    everything = Counter(Marker(int(m["time_ns"]), str(m["label"])) for m in told)
    of_devices = everything - Counter(as_set.values())
    found = [*of_devices.elements(), *holding.values()]
    return tuple(sorted(found, key=lambda m: (m.time_ns, m.label))), n_undone


def _marked(said: _Message) -> Marker:
    return Marker(int(said["at_ns"]), str(said["label"]).strip())


def _conditions(acts: Iterable[_Message]) -> dict[str, str]:
    """Give the condition of each phase that has one, from the act that opened the sitting."""
    protocol: _Message = next(
        (act["new"]["protocol"] for act in acts if act["new"]["act"] == 0), {}
    )
    return {p["name"]: str(p.get("condition") or "") for p in protocol.get("phases", ())}


def _phases(told: Iterable[_Message], conditions: Mapping[str, str]) -> Iterator[PhaseHeld]:
    began: dict[str, int] = {}
    ended: dict[str, int] = {}
    for message in told:
        times = began if message["state"] == "began" else ended
        times[message["phase"]] = int(message["time_ns"])
    for name, start_ns in began.items():
        yield PhaseHeld(name, conditions.get(name, ""), start_ns, ended.get(name))


def _artefacts(told: Iterable[_Message]) -> Iterator[ArtefactMark]:
    last = {message["id"]: message for message in told if "id" in message}
    for mark in last.values():
        if mark["verdict"] == "artefact":
            reason = "; ".join(map(str, mark["reasons"]))
            stretch = int(mark["start_ns"]), int(mark["end_ns"])
            yield ArtefactMark(str(mark["stream_id"]), *stretch, reason)


@dataclass(slots=True)
class _Page:
    form: str
    phase: str
    time_ns: int = 0
    closed: bool = False
    answers: dict[str, Any] = field(default_factory=dict)


def _answers(told: Iterable[_Message]) -> Iterator[Answer]:
    pages: dict[int, _Page] = {}
    for message in told:
        page = pages.setdefault(message["id"], _Page(message["form"], message["phase"]))
        page.answers |= message["answers"]
        if not page.closed:  # an answer may still be corrected then
            page.time_ns = int(message["time_ns"])
        page.closed = page.closed or message["state"] == "closed"
    for page in pages.values():
        for item, value in page.answers.items():
            if value is not None:  # taken back
                yield Answer(page.time_ns, page.form, item, page.phase, value)


def _sharing(noted: Any, acts: Iterable[_Message]) -> bool | None:
    """Give what was agreed to last: the header has what was agreed to at the start."""
    last = noted if isinstance(noted, dict) else {}
    for act in acts:
        if act["what"] == "consent noted":
            last = act["new"]
    said = last.get("sharing")
    return said if isinstance(said, bool) else None
