"""What a reader must know of how a recording and its sitting ended, where that went wrong."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import NamedTuple

from wearaffect.clinic.report.custody import Custody
from wearaffect.clinic.report.reported import Reported
from wearaffect.clinic.sitting.state import SittingState, Stage

__all__ = ["Recovery", "Trouble", "recovery_of", "troubles", "unfinished"]

_SUFFIX = "-recovered"  # what the console names a recovered session
_UNCLOSED = "wasn't closed"  # how a journal that was cut off is told
_MAY_MISS = "Up to a second before its end may be missing."
_STOOD = {
    Stage.PREPARE: "while it was being prepared",
    Stage.RUN: "between two phases",
    Stage.SELF_REPORT: "while forms were to be filled",
    Stage.REVIEW: "before its review was finished",
}


class Trouble(NamedTuple):
    """Something that went wrong: in a sentence, and what it means for what is left."""

    what: str
    more: str


class Recovery(NamedTuple):
    """Where a recovered session comes from.

    Attributes
    ----------
    source : str
        Name of the session that was recovered; empty: this one's name doesn't say.
    sha256 : str
        Of that session's journal.
    lost : tuple of str
        What couldn't be read in it.
    """

    source: str
    sha256: str
    lost: tuple[str, ...]

    @property
    def from_where(self) -> str:
        """Name what it was recovered from."""
        return self.source or f"the file with the SHA-256 {self.sha256[:16]}…"


def recovery_of(told: Reported) -> Recovery | None:
    """Say where a recovered session comes from; None: it was recorded as it is."""
    if told.custody is None:
        return None
    entries = [e for e in told.custody.trail if e.get("what") == "recovered"]
    digest = told.custody.header.get("recovered_from")
    if not entries and not digest:
        return None
    lost: dict[str, None] = {}
    for entry in entries:
        new = entry.get("new")
        found = new.get("lost") if isinstance(new, Mapping) else None
        lost |= dict.fromkeys(map(str, found if isinstance(found, list) else ()))
    name = PurePath(told.session.path).name
    source = name.removesuffix(_SUFFIX) if name.endswith(_SUFFIX) else ""
    return Recovery(source, str(digest or ""), tuple(lost))


def troubles(told: Reported) -> list[Trouble]:
    """Give what went wrong with the end of a recording and of its sitting, worst first."""
    found = []
    recovery = recovery_of(told)
    if recovery is not None:
        found.append(_recovered(recovery))
    sentence = unfinished(told)
    if sentence:
        found.append(Trouble(sentence, _left(told.sitting)))
    return found


def _recovered(recovery: Recovery) -> Trouble:
    others = [line for line in recovery.lost if _UNCLOSED not in line]
    cut = not recovery.lost or len(others) < len(recovery.lost)
    said = [f"It was recovered from {recovery.from_where}."]
    if cut:
        said.append(_MAY_MISS)
    if others:
        said.append(f"Besides, this couldn't be read and is missing here: {'; '.join(others)}.")
    else:
        said.append("Everything else that had reached the disk was whole, and is here.")
    what = "was cut off" if cut else "was damaged"
    return Trouble(f"This recording {what}, and recovered.", " ".join(said))


def unfinished(told: Reported) -> str:
    """Say in a sentence how a sitting stopped before its end; empty: it was closed."""
    custody, state = told.custody, told.sitting
    if custody is None or (state is not None and state.stage == Stage.CLOSED):
        return ""
    stops = [entry for entry in custody.trail if entry.get("what") == "server stopped"]
    if state is None and not stops:
        return ""
    reason = str(stops[-1].get("reason") or "") if stops else ""
    because = "the server was stopped" if stops else _because(told, custody)
    where = "" if state is None else f" {_stood(state)}"
    noted = f" ({reason})" if reason else ""
    return f"The sitting was not brought to its end: {because}{where}{noted}."


def _because(told: Reported, custody: Custody) -> str:
    if recovery_of(told) is not None or not custody.found.closed:
        return "the recording breaks off"
    return "nobody closed it; the recording ends"


def _stood(state: SittingState) -> str:
    if state.current is not None:
        return f"in the phase “{state.phases[state.current].phase.title}”"
    return _STOOD.get(state.stage, "")


def _left(state: SittingState | None) -> str:
    waiting = [
        str(run.phase.title)
        for run in (() if state is None else state.phases)
        if run.began_ns is None and not run.skipped
    ]
    not_held = f" Not held: {', '.join(waiting)}." if waiting else ""
    return f"What is reported here is what there was until then.{not_held}"
