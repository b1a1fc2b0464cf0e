"""Acts in the journal: each a link of the audit trail, and told where other readers look for it.

The trail holds every act whole, so that a sitting can be rebuilt from it; the topics ``protocol``,
``forms``, ``quality`` and ``markers`` say the same in the words that reports and exports read. A
marker that was undone or corrected stays in ``markers``: what holds in the end is `rebuild`'s.
"""

from collections.abc import Iterator, Mapping
from os import PathLike
from typing import Any, Protocol

from wearaffect.clinic.sitting.acts import Act
from wearaffect.clinic.sitting.errors import SittingError
from wearaffect.clinic.sitting.protocol import Protocol as Plan
from wearaffect.clinic.sitting.purpose import Consent
from wearaffect.clinic.sitting.state import Artefact, Filled, SittingState
from wearaffect.core.events import Event
from wearaffect.core.streams import Marker
from wearaffect.recording.journal_reader import read_topic

__all__ = ["SittingLog", "about", "acts_in", "hand_over"]


class SittingLog(Protocol):
    """Where acts go; `wearaffect.recording.journal.JournalWriter` is one."""

    def audit(
        self, who: str, what: str, *, old: object = None, new: object = None, reason: str = ""
    ) -> None:
        """Take who did what."""
        ...

    def tell(self, topic: str, message: Mapping[str, Any], time_ns: int) -> None:
        """Take something about the sitting."""
        ...

    def event(self, event: Event) -> None:
        """Take a marker."""
        ...


def about(plan: Plan, consent: Consent | None) -> dict[str, Any]:
    """Give what a journal's header says of a sitting: `JournalSettings.about`."""
    return {
        "protocol": {"name": plan.name, "planned_s": plan.planned_s},
        "consent": None if consent is None else consent.as_dict(),
    }


def hand_over(log: SittingLog, act: Act, before: SittingState | None, after: SittingState) -> None:
    """Put an act into a journal.

    Parameters
    ----------
    log : SittingLog
        The journal.
    act : Act
        What was done.
    before, after : SittingState
        What it changed; the trail comes first, as it alone is needed.
    """
    new = {**act.new, "act": act.number, "time_ns": act.time_ns}
    log.audit(act.who, act.what, old=act.old, new=new, reason=act.reason)
    if before is None:
        return
    for topic, message in _told(before, after):
        log.tell(topic, message, act.time_ns)
    for marker in after.markers[len(before.markers) :]:
        log.event(Marker(marker.time_ns, marker.label))


def acts_in(folder: str | PathLike[str]) -> tuple[Act, ...]:
    """Read the acts of a recorded sitting, also of one that was cut off.

    Parameters
    ----------
    folder : path
        A session folder.

    Returns
    -------
    tuple of Act
        In order; empty where the session had no sitting.

    Raises
    ------
    RecordingNotFoundError, RecordingFormatError, CorruptRecordingError
        It isn't a session.
    SittingError
        An entry isn't an act.
    """
    return tuple(_act(entry) for entry in read_topic(folder, "audit") if _is_act(entry.get("new")))


def _is_act(new: Any) -> bool:
    return isinstance(new, dict) and "act" in new


def _act(entry: Mapping[str, Any]) -> Act:
    new = dict(entry["new"])
    try:
        number, time_ns = int(new.pop("act")), int(new.pop("time_ns"))
        return Act(number, time_ns, entry["who"], entry["what"], new, entry["old"], entry["reason"])
    except (KeyError, TypeError, ValueError) as error:
        raise SittingError("an entry of the trail isn't an act", got=repr(error)) from error


def _told(before: SittingState, after: SittingState) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give what changed, in the words of each topic."""
    yield from _phases_told(before, after)
    for index, page in enumerate(after.filled):
        earlier = before.filled[index] if index < len(before.filled) else None
        if page != earlier:
            yield "forms", _form_message(earlier, page)
    for index, mark in enumerate(after.artefacts):
        if index >= len(before.artefacts) or mark != before.artefacts[index]:
            yield "quality", _artefact_message(mark)


def _phases_told(before: SittingState, after: SittingState) -> Iterator[tuple[str, dict[str, Any]]]:
    pairs = list(zip(before.phases, after.phases, strict=True))
    for was, run in pairs:
        if was.ended_ns != run.ended_ns:
            yield "protocol", {"phase": run.phase.name, "state": "ended"}
    for was, run in pairs:
        if was.began_ns != run.began_ns:
            yield "protocol", {"phase": run.phase.name, "state": "began"}


def _form_message(earlier: Filled | None, page: Filled) -> dict[str, Any]:
    about = {"form": page.form, "id": page.id, "phase": page.phase}
    if earlier is None:
        return {**about, "state": "opened", "answers": {}}
    if len(page.changes) > len(earlier.changes):
        change = page.changes[-1]
        return {**about, "state": "changed", "answers": {change.item: change.answer}}
    return {**about, "state": "closed", "answers": page.answers}


def _artefact_message(mark: Artefact) -> dict[str, Any]:
    return {
        "stream_id": mark.stream_id,
        "start_ns": mark.start_ns,
        "end_ns": mark.end_ns,
        "verdict": "as recorded" if mark.lifted else "artefact",
        "reasons": [mark.reason],
        "by": mark.by,
        "id": mark.id,
    }
