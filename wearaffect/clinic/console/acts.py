"""What pages ask to be done, as acts of the sitting."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from wearaffect.clinic.sitting.errors import SittingError
from wearaffect.clinic.sitting.purpose import Consent, IntendedUse
from wearaffect.core.timebase import ns_from_s

if TYPE_CHECKING:
    from wearaffect.clinic.console.recorder import Recorder

__all__ = ["do_act", "do_form_act"]

_Told = Mapping[str, Any]
_WAY_OUT = ("stop", "review", "close", "note_consent")


def do_act(recorder: "Recorder", act: _Told, who: str) -> None:
    """Do a ``SittingAct``.

    Parameters
    ----------
    recorder : Recorder
        Whose sitting it is.
    act : mapping
        With the key ``act``; the fields of each are those of the page's types.
    who : str
        Role.

    Raises
    ------
    SittingError
        No such act, the sitting doesn't allow it as it stands, or nothing is kept any more.
    """
    _require_kept(recorder, act)
    _among(_ACTS, act)(recorder, act, who)


def do_form_act(recorder: "Recorder", act: _Told, who: str) -> None:
    """Do a ``FormAct``; see `do_act`."""
    _require_kept(recorder, act)
    _among(_FORM_ACTS, act)(recorder, act, who)


def _require_kept(recorder: "Recorder", act: _Told) -> None:
    """Refuse what would be lost: where the journal has ended, only the way out is open."""
    trouble = recorder.journal.state.trouble
    if trouble is not None and act.get("act") not in _WAY_OUT:
        raise SittingError(
            "nothing is kept any more",
            got=str(trouble),
            remedy="stop the run, close the sitting, make room, and begin another",
        )


def _among(known: Mapping[str, "_Deed"], act: _Told) -> "_Deed":
    if act.get("act") not in known:
        expected = f"one of {', '.join(known)}"
        raise SittingError("no such act", expected=expected, got=repr(act.get("act")))
    return known[act["act"]]


def _at_ns(recorder: "Recorder", at_s: float) -> int:
    return recorder.screen.start_ns + ns_from_s(at_s)


def _start(recorder: "Recorder", act: _Told, who: str) -> None:  # noqa: ARG001
    checks = [check for check in recorder.lights().values() if check is not None]
    recorder.sitting.note_check(checks, who=who)
    recorder.sitting.start(who=who)


def _end_phase(recorder: "Recorder", act: _Told, who: str) -> None:
    recorder.sitting.end_phase(act["phase"], act["reason"], who=who)


def _extend(recorder: "Recorder", act: _Told, who: str) -> None:
    recorder.sitting.extend(act["phase"], act["by_s"], act["reason"], who=who)


def _leave_out(recorder: "Recorder", act: _Told, who: str) -> None:
    recorder.sitting.leave_out(act["phase"], act["reason"], who=who)


def _stop(recorder: "Recorder", act: _Told, who: str) -> None:
    recorder.sitting.stop(act["phase"], act["reason"], who=who)


def _mark(recorder: "Recorder", act: _Told, who: str) -> None:
    at_ns = None if act["at_s"] is None else _at_ns(recorder, act["at_s"])
    recorder.sitting.mark(act["label"], at_ns, act["reason"], who=who)


def _undo_marker(recorder: "Recorder", act: _Told, who: str) -> None:
    recorder.sitting.undo_marker(act["id"], act["reason"], who=who)


def _correct_marker(recorder: "Recorder", act: _Told, who: str) -> None:
    at_ns = _at_ns(recorder, act["at_s"])
    recorder.sitting.correct_marker(act["id"], act["label"], at_ns, act["reason"], who=who)


def _mark_artefact(recorder: "Recorder", act: _Told, who: str) -> None:
    start_ns, end_ns = (_at_ns(recorder, act[key]) for key in ("start_s", "end_s"))
    recorder.sitting.mark_artefact(act["stream_id"], start_ns, end_ns, act["reason"], who=who)


def _lift_artefact(recorder: "Recorder", act: _Told, who: str) -> None:
    recorder.sitting.lift_artefact(act["id"], act["reason"], who=who)


def _waive_stream(recorder: "Recorder", act: _Told, who: str) -> None:
    recorder.sitting.waive_stream(act["kind"], act["reason"], who=who)


def _state_use(recorder: "Recorder", act: _Told, who: str) -> None:
    try:
        use = IntendedUse.from_dict(act)
    except ValueError as error:
        raise SittingError("intended use", got=str(error)) from error
    recorder.sitting.state_use(use, who=who)


def _note_consent(recorder: "Recorder", act: _Told, who: str) -> None:
    try:
        consent = Consent.from_dict(act["consent"])
    except (TypeError, ValueError) as error:
        raise SittingError("consent", got=str(error)) from error
    recorder.sitting.note_consent(consent, who=who)
    state = recorder.state
    if not consent.recording and state.current is not None:
        name = state.phases[state.current].phase.name
        recorder.sitting.stop(name, "consent to be recorded was taken back", who=who)


def _review(recorder: "Recorder", act: _Told, who: str) -> None:
    recorder.sitting.review(act["reason"], who=who)


def _close(recorder: "Recorder", act: _Told, who: str) -> None:
    recorder.sitting.close(act["reason"], who=who)


def _open_form(recorder: "Recorder", act: _Told, who: str) -> None:
    recorder.sitting.open_form(act["form"], act["phase"], who=who)


def _answer(recorder: "Recorder", act: _Told, who: str) -> None:
    recorder.sitting.answer(act["id"], act["item"], act["answer"], act["reason"], who=who)


def _close_form(recorder: "Recorder", act: _Told, who: str) -> None:
    recorder.sitting.close_form(act["id"], act["reason"], who=who)


_Deed = Callable[["Recorder", _Told, str], None]
_ACTS: Mapping[str, _Deed] = MappingProxyType(
    {
        "start": _start,
        "end_phase": _end_phase,
        "extend": _extend,
        "leave_out": _leave_out,
        "stop": _stop,
        "mark": _mark,
        "undo_marker": _undo_marker,
        "correct_marker": _correct_marker,
        "mark_artefact": _mark_artefact,
        "lift_artefact": _lift_artefact,
        "waive_stream": _waive_stream,
        "state_use": _state_use,
        "note_consent": _note_consent,
        "review": _review,
        "close": _close,
    }
)
_FORM_ACTS: Mapping[str, _Deed] = MappingProxyType(
    {"open": _open_form, "answer": _answer, "close": _close_form}
)
