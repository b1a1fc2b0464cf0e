"""Self-report as pages read it."""

from typing import Any

from wearaffect.clinic.sitting.forms import Form
from wearaffect.clinic.sitting.state import Filled, SittingState, Stage
from wearaffect.core.timebase import s_from_ns

__all__ = ["form_document", "form_view", "page_view"]


def form_view(state: SittingState, origin_ns: int, *, operator: bool) -> dict[str, Any]:
    """Give what there is to fill in: ``FormView``.

    Parameters
    ----------
    state : SittingState
        The sitting.
    origin_ns : int
        Start of the recording.
    operator : bool
        Operators may open any form; participants those that are due.
    """
    there = state.stage in {Stage.RUN, Stage.SELF_REPORT}
    pages = [p for p in state.filled if p.closed_ns is None] if there else []
    page = pages[-1] if pages else None
    # scores of a questionnaire that was filled elsewhere are typed in by whoever has them
    due = [
        (phase, form)
        for phase, form in state.due_forms
        if there and (operator or not state.forms[form].instrument)
    ]
    return {
        "open": there and bool(state.forms),
        "page": None if page is None else page_view(page, origin_ns),
        "document": None if page is None else form_document(state.forms[page.form]),
        "due": [
            {"phase": phase, "form": form, "title": dict(state.forms[form].title.by_language)}
            for phase, form in due
        ],
        "choices": [
            {"form": name, "title": dict(form.title.by_language)}
            for name, form in state.forms.items()
            if operator and there
        ],
    }


def form_document(form: Form) -> dict[str, Any]:
    """Give a form with every field that a page needs: ``FormDocument``."""
    return {
        "name": form.name,
        "title": dict(form.title.by_language),
        "instructions": dict(form.instructions.by_language),
        "instrument": form.instrument,
        "items": [_item(item) for item in form.items],
    }


def _item(item: Any) -> dict[str, Any]:
    kinds = {"FreeText": "text"}
    name = type(item).__name__
    fields = {"kind": kinds.get(name, name.lower())}
    for key in type(item).__slots__:
        value = getattr(item, key)
        if hasattr(value, "by_language"):
            value = dict(value.by_language)
        elif key == "options":
            value = {option: dict(text.by_language) for option, text in value.items()}
        fields[key] = value
    return {"text": {}} | fields


def page_view(page: Filled, origin_ns: int) -> dict[str, Any]:
    """Give a form as it was filled: ``PageView``."""
    closed_ns = page.closed_ns
    return {
        "id": page.id,
        "form": page.form,
        "phase": page.phase,
        "opened_s": round(s_from_ns(page.opened_ns - origin_ns), 3),
        "closed_s": None if closed_ns is None else round(s_from_ns(closed_ns - origin_ns), 3),
        "unfinished": page.unfinished,
        "answers": page.answers,
    }
