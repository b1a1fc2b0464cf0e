"""Acts on forms: opened, answered, closed; every change of an answer is kept."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from wearaffect.clinic.sitting.acts import Act, Deed, during, named, reasoned, require
from wearaffect.clinic.sitting.state import Change, Filled, SittingState, Stage

__all__ = ["ANSWERING"]


def _opened(state: SittingState, act: Act) -> SittingState:
    during(state, act, Stage.RUN, Stage.SELF_REPORT)
    form, phase = named(act, "form"), named(act, "phase")
    known = ", ".join(state.forms) or "no form"
    require(form in state.forms, f"{act.what}: form", expected=known, got=form)
    begun = [run.phase.name for run in state.phases if run.began_ns is not None]
    fits = phase in begun or not phase
    require(fits, f"{act.what}: phase", expected=f"none, or {', '.join(begun)}", got=phase)
    open_ones = {filled.form for filled in state.filled if filled.closed_ns is None}
    require(form not in open_ones, f"{act.what}: it is open already", got=form)
    due = len(state.filled)
    require(act.new.get("id") == due, f"{act.what}: id", expected=str(due))
    page = Filled(due, form, phase, act.time_ns)
    return dataclasses.replace(state, filled=(*state.filled, page))


def _answered(state: SittingState, act: Act) -> SittingState:
    during(state, act, Stage.RUN, Stage.SELF_REPORT, Stage.REVIEW)
    page = _page(state, act)
    if page.closed_ns is not None:
        reasoned(act, "the form is closed")
    item, answer = named(act, "item"), act.new.get("answer")
    kept = state.forms[page.form].check(item, answer)
    change = Change(act.time_ns, item, kept)
    return _with(state, dataclasses.replace(page, changes=(*page.changes, change)))


def _closed(state: SittingState, act: Act) -> SittingState:
    during(state, act, Stage.RUN, Stage.SELF_REPORT)
    page = _page(state, act)
    require(page.closed_ns is None, f"{act.what}: it is closed already")
    open_items = state.forms[page.form].unanswered(page.answers)
    why = reasoned(act, f"{', '.join(open_items)} have no answer") if open_items else ""
    return _with(state, dataclasses.replace(page, closed_ns=act.time_ns, unfinished=why))


def _reviewed(state: SittingState, act: Act) -> SittingState:
    during(state, act, Stage.SELF_REPORT)
    still_open = [page.form for page in state.filled if page.closed_ns is None]
    require(not still_open, f"{act.what}: a form is open", got=", ".join(still_open))
    if state.due_forms:
        missing = ", ".join(form for _, form in state.due_forms)
        reasoned(act, f"forms aren't filled: {missing}")
    return dataclasses.replace(state, stage=Stage.REVIEW)


def _page(state: SittingState, act: Act) -> Filled:
    value = act.new.get("id")
    fits = type(value) is int and 0 <= value < len(state.filled)
    require(
        fits, f"{act.what}: which", expected=f"an id below {len(state.filled)}", got=repr(value)
    )
    return state.filled[int(value or 0)]


def _with(state: SittingState, page: Filled) -> SittingState:
    filled = list(state.filled)
    filled[page.id] = page
    return dataclasses.replace(state, filled=tuple(filled))


ANSWERING: Mapping[str, Deed] = MappingProxyType(
    {
        "form opened": _opened,
        "answer given": _answered,
        "form closed": _closed,
        "review begun": _reviewed,
    }
)
"""What may be done, by the act's name."""
