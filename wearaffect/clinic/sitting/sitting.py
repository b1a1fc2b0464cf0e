"""A sitting: prepare, run, self-report, review, close; every act a record."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

from wearaffect.clinic.sitting.acts import Act
from wearaffect.clinic.sitting.checks import StreamCheck
from wearaffect.clinic.sitting.errors import SittingError
from wearaffect.clinic.sitting.forms import Answer, Form
from wearaffect.clinic.sitting.gate import shown
from wearaffect.clinic.sitting.history import OPENED, after, rebuild
from wearaffect.clinic.sitting.protocol import Protocol
from wearaffect.clinic.sitting.purpose import Consent, IntendedUse
from wearaffect.clinic.sitting.records import SittingLog, hand_over
from wearaffect.clinic.sitting.state import SittingState
from wearaffect.core.affect import Outcome
from wearaffect.core.streams import StreamInfo
from wearaffect.core.timebase import ns_from_s

__all__ = ["OPERATOR", "PARTICIPANT", "Sitting"]

OPERATOR, PARTICIPANT = "operator", "participant"


class Sitting:
    """One sitting of one participant over a protocol.

    What it is follows from its acts, which go to the journal as they are done. An act that isn't
    allowed raises and leaves no trace. One thread at a time.

    Parameters
    ----------
    acts : iterable of Act
        What was done so far, its opening (see `open`) at least. One whose process died goes on from
        what `records.acts_in` reads, unless the computer was started anew.
    now_ns : callable
        The host's monotonic clock.

    Raises
    ------
    SittingError
        The acts don't make a sitting.
    """

    def __init__(self, acts: Iterable[Act], now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._acts = list(acts)
        self._state = rebuild(self._acts)
        self._now_ns = now_ns
        self._log: SittingLog | None = None

    @classmethod
    def open(
        cls,
        participant: str,
        protocol: Protocol,
        forms: Iterable[Form],
        now_ns: Callable[[], int] = time.monotonic_ns,
        *,
        who: str = OPERATOR,
    ) -> Self:
        """Open a new one.

        Parameters
        ----------
        participant : str
            Code, as `participants.read_code` gives it.
        protocol : Protocol
            What is to happen.
        forms : iterable of Form
            Those that the protocol names, and any others that should be at hand.
        now_ns : callable
            The host's monotonic clock.
        who : str
            Role or code of who opens it.

        Raises
        ------
        SittingError
            A form is missing, or the participant isn't a code.
        """
        new = {
            "participant": participant,
            "protocol": protocol.document,
            "forms": [form.document for form in forms],
        }
        return cls([Act(0, now_ns(), who, OPENED, new)], now_ns)

    @property
    def state(self) -> SittingState:
        """What it is now; never changes itself, so it may be handed on."""
        return self._state

    @property
    def acts(self) -> tuple[Act, ...]:
        """Everything that was done."""
        return tuple(self._acts)

    def attach(self, log: SittingLog) -> None:
        """Give acts to a started journal, those before now included.

        Raises
        ------
        SittingError
            There is one already.
        """
        if self._log is not None:
            raise SittingError("the sitting has a journal", expected="one", got="another")
        state: SittingState | None = None
        for act in self._acts:
            before, state = state, after(state, act)
            hand_over(log, act, before, state)
        self._log = log

    def shown(self, outcome: Outcome) -> Outcome:
        """Give an outcome as it may be shown, stored and sent on; see `gate.shown`."""
        return shown(self._state, outcome)

    # ---- prepare

    def state_use(self, use: IntendedUse, *, who: str = OPERATOR) -> None:
        """Say what estimates are for; may be said anew, and holds from then on."""
        old = self._state.use
        self._do("intended use stated", use.as_dict(), who, old=old and old.as_dict())

    def note_consent(self, consent: Consent, *, who: str = OPERATOR) -> None:
        """Note what the participant agrees to; noted anew when something is taken back."""
        old = self._state.consent
        self._do("consent noted", consent.as_dict(), who, old=old and old.as_dict())

    def see_streams(self, streams: Sequence[StreamInfo], *, who: str = OPERATOR) -> None:
        """Say which streams are there, all of them."""
        new = {"streams": {info.id: str(info.kind) for info in streams}}
        self._do("streams seen", new, who, old=dict(self._state.streams))

    def note_check(self, checks: Sequence[StreamCheck], *, who: str = OPERATOR) -> None:
        """Keep a signal check, as `checks.check_signals` gives it."""
        lights = {check.kind: str(check.light) for check in checks}
        reasons = {check.kind: list(check.reasons) for check in checks if check.reasons}
        self._do("signals checked", {"lights": lights, "reasons": reasons}, who)

    def waive_stream(self, kind: str, reason: str, *, who: str = OPERATOR) -> None:
        """Start without a kind of signal that the protocol needs."""
        self._do("stream waived", {"kind": str(kind)}, who, reason=reason)

    def reuse_rest(
        self, session: str, participant: str, chain_id: str, *, who: str = OPERATOR
    ) -> None:
        """Choose the resting state of an earlier session of the same participant."""
        new = {"session": session, "participant": participant, "chain_id": chain_id}
        self._do("earlier rest reused", new, who)

    # ---- run

    def start(self, *, who: str = OPERATOR) -> None:
        """Begin the first phase.

        Raises
        ------
        StartBlockedError
            A stream or the consent is missing.
        SittingError
            Nothing records, or it has started.
        """
        if self._log is None:
            raise SittingError("nothing records the sitting", remedy="attach a journal first")
        self._do("sitting started", {}, who)

    def end_phase(self, phase: str, reason: str = "", *, who: str = OPERATOR) -> None:
        """End the phase of this name and begin the next; too early needs a reason."""
        self._do("phase ended", {"phase": phase}, who, reason=reason)

    def extend(self, phase: str, by_s: float, reason: str, *, who: str = OPERATOR) -> None:
        """Let the phase of this name last longer than planned."""
        self._do("phase extended", {"phase": phase, "by_ns": ns_from_s(by_s)}, who, reason=reason)

    def leave_out(self, phase: str, reason: str, *, who: str = OPERATOR) -> None:
        """Leave out a phase that is still to come."""
        self._do("phase left out", {"phase": phase}, who, reason=reason)

    def stop(self, phase: str, reason: str, *, who: str = OPERATOR) -> None:
        """End the run in the phase of this name; what was still to come is left out."""
        self._do("run stopped", {"phase": phase}, who, reason=reason)

    def rest_taken(self, chain_id: str, sha256: str = "", *, who: str = "recorder") -> None:
        """Say that the chain has filled the person's resting state, and with what."""
        self._do("rest taken", {"chain_id": chain_id, "sha256": sha256}, who)

    # ---- markers and artefacts

    def mark(
        self, label: str, at_ns: int | None = None, reason: str = "", *, who: str = OPERATOR
    ) -> int:
        """Set a marker, now or at an earlier host time; give its id."""
        number, now_ns = len(self._state.markers), self._now_ns()
        new = {"id": number, "label": label, "at_ns": now_ns if at_ns is None else at_ns}
        self._do("marker set", new, who, reason=reason, now_ns=now_ns)
        return number

    def undo_marker(self, number: int, reason: str = "", *, who: str = OPERATOR) -> None:
        """Undo a marker: a new record; after ten seconds it needs a reason."""
        self._do("marker undone", {"id": number}, who, reason=reason)

    def correct_marker(
        self, number: int, label: str, at_ns: int, reason: str, *, who: str = OPERATOR
    ) -> None:
        """Give a marker another label and time."""
        new = {"id": number, "label": label, "at_ns": at_ns}
        old = [
            {"label": m.label, "at_ns": m.time_ns} for m in self._state.markers if m.id == number
        ]
        self._do("marker corrected", new, who, reason=reason, old=old[0] if old else None)

    def mark_artefact(
        self, stream_id: str, start_ns: int, end_ns: int, reason: str, *, who: str = OPERATOR
    ) -> int:
        """Say that a stretch of a stream isn't to be used; give the mark's id."""
        number = len(self._state.artefacts)
        stretch = {"stream_id": stream_id, "start_ns": start_ns, "end_ns": end_ns}
        self._do("artefact marked", {"id": number, **stretch}, who, reason=reason)
        return number

    def lift_artefact(self, number: int, reason: str, *, who: str = OPERATOR) -> None:
        """Take the mark back."""
        self._do("artefact lifted", {"id": number}, who, reason=reason)

    # ---- self-report, review, close

    def open_form(self, form: str, phase: str | None = None, *, who: str = PARTICIPANT) -> int:
        """Open a form; give the page's id.

        Parameters
        ----------
        form : str
            Its name.
        phase : str or None
            The phase that it belongs to, empty: none; by itself the first in which it is due, else
            the one that runs.
        who : str
            Who fills it.
        """
        number = len(self._state.filled)
        new = {"id": number, "form": form, "phase": self._due(form) if phase is None else phase}
        self._do("form opened", new, who)
        return number

    def answer(
        self, number: int, item: str, answer: Any, reason: str = "", *, who: str = PARTICIPANT
    ) -> Answer:
        """Give or change an answer (None takes it back); give it as it is kept.

        Raises
        ------
        AnswerError
            The question doesn't take it.
        SittingError
            No such page, or it is closed and no reason is given.
        """
        page = next((p for p in self._state.filled if p.id == number), None)
        old = page and page.answers.get(item)
        new = {"id": number, "item": item, "answer": answer}
        self._do("answer given", new, who, reason=reason, old=old)
        return self._state.filled[number].changes[-1].answer

    def close_form(self, number: int, reason: str = "", *, who: str = PARTICIPANT) -> None:
        """Close a page; with required questions open it needs a reason."""
        self._do("form closed", {"id": number}, who, reason=reason)

    def review(self, reason: str = "", *, who: str = OPERATOR) -> None:
        """Go on from self-report to review; with forms not filled it needs a reason."""
        self._do("review begun", {}, who, reason=reason)

    def close(self, reason: str = "", *, who: str = OPERATOR) -> None:
        """Close it; one that never started needs a reason."""
        self._do("sitting closed", {}, who, reason=reason)

    def _due(self, form: str) -> str:
        for phase, name in self._state.due_forms:
            if name == form:
                return phase
        index = self._state.current
        return "" if index is None else self._state.phases[index].phase.name

    def _do(
        self,
        what: str,
        new: Mapping[str, Any],
        who: str,
        *,
        old: Any = None,
        reason: str = "",
        now_ns: int | None = None,
    ) -> None:
        when_ns = self._now_ns() if now_ns is None else now_ns
        act = Act(self._state.n_acts, when_ns, who, what, new, old, reason)
        before, self._state = self._state, after(self._state, act)
        self._acts.append(act)
        if self._log is not None:
            hand_over(self._log, act, before, self._state)
