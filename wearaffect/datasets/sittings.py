"""What a journal tells of a sitting: which stretches have a label, and who said what."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wearaffect.core.streams import Marker
from wearaffect.core.timebase import s_from_ns
from wearaffect.datasets.labelled import CONDITIONS, REST_S, Interval, SelfReport
from wearaffect.recording.journal_reader import read_topic
from wearaffect.recording.sitting_events import ArtefactMark, PhaseHeld, what_holds
from wearaffect.signals.enrolment import MIN_REST_S

__all__ = ["Sitting", "sitting_of"]

_MARKED = re.compile(rf"({'|'.join(CONDITIONS)}) (started|ended)")
_AFFECT = ("valence", "arousal")


@dataclass(frozen=True, slots=True)
class _Phase:
    """A phase as it went, in seconds of the session; what it stands for, and if it enrols."""

    name: str
    start_s: float
    end_s: float
    condition: str
    enrols: bool


@dataclass(frozen=True, slots=True)
class Sitting:
    """A session that can be learnt from and scored.

    Attributes
    ----------
    folder : Path
        Its folder.
    participant : str
        Code.
    device : str
        What it was recorded from: URIs with commas between them.
    started_s : float
        Unix time of its start.
    intervals : tuple of Interval
        Labelled with conditions, in order of time, in seconds of the session.
    rest : Interval
        What enrols.
    self_report : tuple of SelfReport
        One for each interval.
    marked : tuple of Interval
        Stretches of a stream that aren't to be used, labelled with its id.
    """

    folder: Path
    participant: str
    device: str
    started_s: float
    intervals: tuple[Interval, ...]
    rest: Interval
    self_report: tuple[SelfReport, ...]
    marked: tuple[Interval, ...]


def sitting_of(folder: Path, header: Mapping[str, Any]) -> Sitting | str:
    """Read what is known of a sitting.

    Parameters
    ----------
    folder : Path
        A closed session.
    header : mapping
        What it says of itself.

    Returns
    -------
    Sitting or str
        A sentence: it has no label, or no rest that enrols.

    Raises
    ------
    RecordingError, LookupError, TypeError, ValueError, AttributeError
        The topics aren't what the recorder and the console write.
    """
    zero_ns = int(header["start_ns"])
    protocol, forms = _documents(folder)
    held = what_holds(folder)
    phases = tuple(_phases(held.phases, zero_ns, protocol))
    if not protocol:
        phases = tuple(_marked_phases(held.markers, zero_ns))
    blocks = _blocks(phases)
    if not blocks:
        wanted = f"of {', '.join(CONDITIONS)}"
        return f"no phase with a condition {wanted}" if protocol else f"no markers {wanted}"
    rest = next((found for phase in phases if (found := _enrolling(phase))), None)
    if rest is None:
        return f"no rest of {MIN_REST_S:g} s that enrols"
    answers = _affect(folder, forms)
    return Sitting(
        folder,
        str(header["participant"]),
        str(header.get("device", "")),
        float(header["wall_start_s"]),
        tuple(Interval(b[0].condition, b[0].start_s, b[-1].end_s) for b in blocks),
        rest,
        tuple(_report(block, answers) for block in blocks),
        tuple(_artefacts(held.artefacts, zero_ns)),
    )


def _documents(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Give the protocol and the forms, as they stand in the first act of a sitting."""
    for entry in read_topic(folder, "audit"):
        new = entry.get("new")
        if isinstance(new, dict) and new.get("act") == 0:
            return new["protocol"], new["forms"]
    return {}, []


def _phases(
    held: Sequence[PhaseHeld], zero_ns: int, protocol: Mapping[str, Any]
) -> Iterator[_Phase]:
    planned = {phase["name"]: phase for phase in protocol.get("phases", ())}
    for phase in held:
        if phase.end_ns is not None and phase.end_ns > phase.start_ns:
            start_s, end_s = (s_from_ns(t - zero_ns) for t in (phase.start_ns, phase.end_ns))
            enrols = bool(planned[phase.name].get("enrols"))
            yield _Phase(phase.name, start_s, end_s, phase.condition, enrols)


def _marked_phases(markers: Sequence[Marker], zero_ns: int) -> Iterator[_Phase]:
    """Give what markers say; a condition that wasn't ended ends where the next one starts."""
    found = [
        (marker.time_ns, match) for marker in markers if (match := _MARKED.fullmatch(marker.label))
    ]
    for (start_ns, first), (end_ns, _) in itertools.pairwise(found):
        if first[2] == "started" and end_ns > start_ns:
            start_s, end_s = (s_from_ns(t - zero_ns) for t in (start_ns, end_ns))
            yield _Phase("", start_s, end_s, first[1], first[1] == "baseline")


def _blocks(phases: Sequence[_Phase]) -> list[list[_Phase]]:
    """Give labelled phases, those of one condition together that follow on one another."""
    blocks: list[list[_Phase]] = []
    for phase in phases:
        last = blocks[-1][-1] if blocks else None
        goes_on = last is not None and last.end_s == phase.start_s
        if last is not None and goes_on and last.condition == phase.condition:
            blocks[-1].append(phase)
        elif phase.condition:
            blocks.append([phase])
    return blocks


def _enrolling(phase: _Phase) -> Interval | None:
    length_s = min(phase.end_s - phase.start_s, REST_S)
    if not phase.enrols or length_s < MIN_REST_S:
        return None
    return Interval("rest", phase.start_s, phase.start_s + length_s)


def _affect(folder: Path, forms: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Give what was answered in the end, by phase: valence and arousal, 1 to 9."""
    scales = {form["name"]: _scales(form) for form in forms}
    found: dict[str, dict[str, float]] = {}
    for told in read_topic(folder, "forms"):
        own = found.setdefault(told["phase"], {})
        known = scales.get(told["form"], {})
        for item, answer in told["answers"].items():
            if item not in known:
                continue
            name, least, span = known[item]
            own.pop(name, None)  # taken back, or said anew
            if answer is not None:
                own[name] = least + span * answer
    return found


def _scales(form: Mapping[str, Any]) -> dict[str, tuple[str, float, float]]:
    """Give the items that tell valence or arousal: of what, and how 1 to 9 comes of the answer."""
    items = form["items"]
    if form.get("instrument") == "sam":
        return {i["name"]: (i["name"], 0.0, 1.0) for i in items if i["name"] in _AFFECT}
    sliders = [i for i in items if i["kind"] == "affect" and i["dimension"] in _AFFECT]
    return {i.get("name", i["dimension"]): (i["dimension"], 1.0, 8.0) for i in sliders}


def _report(block: Sequence[_Phase], answers: Mapping[str, Mapping[str, float]]) -> SelfReport:
    """Give what was reported of a block: the last that was said in it."""
    said: dict[str, float] = {}
    for phase in block:
        said |= answers.get(phase.name, {})
    return SelfReport(block[0].condition, said.get("valence"), said.get("arousal"))


def _artefacts(marks: Sequence[ArtefactMark], zero_ns: int) -> Iterator[Interval]:
    for mark in marks:
        if mark.end_ns > mark.start_ns:
            start_s, end_s = (s_from_ns(t - zero_ns) for t in (mark.start_ns, mark.end_ns))
            yield Interval(mark.stream_id, start_s, end_s)
