"""What the participant said, beside what was estimated just before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from wearaffect.clinic.report import wording
from wearaffect.clinic.report.page import Html, dot_scale, join, paragraph, section, source, table
from wearaffect.clinic.report.reported import Reported
from wearaffect.clinic.sitting.forms import Answer, Form
from wearaffect.clinic.sitting.items import Affect, Choice, Item, Score, Slider
from wearaffect.clinic.sitting.state import Filled
from wearaffect.core.affect import AffectEstimate
from wearaffect.core.timebase import s_from_ns

__all__ = [
    "BEFORE_S",
    "Beside",
    "affect_table",
    "beside",
    "said_on_affect",
    "self_report",
]

BEFORE_S = 180.0  # how far back an answer is taken to speak (engineering choice)
_DIMENSIONS = ("valence", "arousal", "dominance")
_LONGEST_SHOWN = 2000

_DIFFERENT = (
    "Self-report and estimate measure different things: one is what a person says they feel, the "
    "other what a model makes of skin and pulse against the classes it was trained on. Neither "
    "corrects the other, and they needn't agree."
)


@dataclass(frozen=True, slots=True)
class Beside:
    """Estimates in the minutes before a form was opened.

    Attributes
    ----------
    n_windows, n_estimated : int
        Windows that lie wholly in those minutes, and those of them that were estimated.
    stress, valence, arousal : float
        Means over the estimated ones; NaN: none, or the bundle doesn't estimate it.
    """

    n_windows: int
    n_estimated: int
    stress: float
    valence: float
    arousal: float


def beside(told: Reported, page: Filled) -> Beside:
    """Give the estimates before a form was opened."""
    until_s = told.second(page.opened_ns)
    near = [
        outcome
        for outcome in told.outcomes
        if outcome.end_s <= until_s and outcome.start_s >= until_s - BEFORE_S
    ]
    said = [outcome for outcome in near if isinstance(outcome, AffectEstimate)]
    means = (_mean([getattr(e, name) for e in said]) for name in ("stress", "valence", "arousal"))
    return Beside(len(near), len(said), *means)


def _mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None and np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")


def _title_of_phase(told: Reported, name: str) -> str:
    """Give a phase as people name it."""
    runs = () if told.sitting is None else told.sitting.phases
    return next((str(run.phase.title) for run in runs if run.phase.name == name), name)


def self_report(told: Reported) -> Html:
    """Give every form that was filled, and the estimate beside it."""
    if told.sitting is None:
        return Html("")
    pages = [page for page in told.sitting.filled if page.answers]
    title = "Self-report beside estimate" if told.outcomes else "Self-report"
    if not pages:
        said = [paragraph("No form was filled.", "note"), _open_forms(told)]
        return section(title, [*said, source(told.topics("audit", "forms"))], whole=True)
    parts: list[str] = [
        affect_table(told),
        paragraph(_DIFFERENT) if told.outcomes else "",
        _others(told, pages),
        _open_forms(told),
        source(told.topics("audit", "forms", *(["estimates"] if told.outcomes else []))),
    ]
    return section(title, parts)


def said_on_affect(told: Reported) -> dict[tuple[str, str], float]:
    """Give the last answer for each phase and dimension of affect, 0 to 1."""
    found = {}
    for page in () if told.sitting is None else told.sitting.filled:
        for dimension, item in _affect_items(told, page).items():
            value = page.answers[item.name]
            if isinstance(value, float | int):
                found[page.phase, dimension] = float(value)
    return found


def _open_forms(told: Reported) -> Html:
    assert told.sitting is not None
    due = [
        f"{_form_title(told, form)} ({_title_of_phase(told, phase) or 'after the last phase'})"
        for phase, form in told.sitting.due_forms
    ]
    return paragraph(f"Not filled: {', '.join(due)}.", "note") if due else Html("")


def _form_title(told: Reported, name: str) -> str:
    assert told.sitting is not None
    form = told.sitting.forms.get(name)
    return str(form.title) if form is not None else name


def _form(told: Reported, page: Filled) -> Form:
    assert told.sitting is not None
    return told.sitting.forms[page.form]


def _affect_items(told: Reported, page: Filled) -> dict[str, Affect]:
    items = _form(told, page).items
    return {i.dimension: i for i in items if isinstance(i, Affect) and i.name in page.answers}


def affect_table(told: Reported) -> Html:
    """Give the answers on our scales, and the estimates before them; nothing without answers."""
    state = told.sitting
    pages = [page for page in state.filled if _affect_items(told, page)] if state else []
    if not pages:
        return Html("")
    near = {page.id: beside(told, page) for page in pages}
    scored = [name for name in ("valence", "arousal") if _any_known(near.values(), name)]
    head = ["Asked", "After", *(d.capitalize() for d in _DIMENSIONS)]
    if told.outcomes:
        head += ["Stress estimated before", *(f"{name.capitalize()} estimated" for name in scored)]
    rows = []
    for page in pages:
        items = _affect_items(told, page)
        row = [
            wording.clock(told.second(page.opened_ns)),
            _title_of_phase(told, page.phase) or "the sitting",
            *(_place(items.get(d), page.answers) for d in _DIMENSIONS),
        ]
        if told.outcomes:
            row += [_estimated(near[page.id]), *(_number(near[page.id], n) for n in scored)]
        rows.append(tuple(row))
    ends = {d: i for page in pages for d, i in _affect_items(told, page).items()}
    words = [f"{d} from “{i.low}” (0) to “{i.high}” (1)" for d, i in ends.items() if str(i.low)]
    note = f"Sliders without numbers: {'; '.join(words)}." if words else ""
    if told.outcomes:
        note += (
            f" Estimated before: mean probability of stress over the windows in the "
            f"{BEFORE_S / 60:g} min before the form was opened."
        )
    if scored:
        note += (
            " Estimated valence and arousal are on the scale of the self-reports that the bundle "
            "was trained with (in WESAD 1 to 9), not on these sliders."
        )
    made = table(head, rows, about="Self-report beside estimate")
    return join([made, paragraph(note.strip(), "note") if note else ""])


def _any_known(near: Iterable[Beside], name: str) -> bool:
    return any(np.isfinite(getattr(one, name)) for one in near)


def _place(item: Affect | None, answers: dict[str, Answer]) -> str:
    value = None if item is None else answers.get(item.name)
    if not isinstance(value, float | int):
        return Html('<span class="off">not answered</span>')
    return dot_scale(float(value), f"{value:.2f}")


def _estimated(near: Beside) -> str:
    if not near.n_windows:
        return "no window"
    if not near.n_estimated:
        return f"withheld ({near.n_windows} windows)"
    return f"{near.stress:.2f} ({near.n_estimated} of {near.n_windows} windows)"


def _number(near: Beside, name: str) -> str:
    value = getattr(near, name)
    return f"{value:.2f}" if np.isfinite(value) else wording.NONE


def _others(told: Reported, pages: Sequence[Filled]) -> Html:
    """Give the answers that aren't places on our scales, the longest way round: as they are."""
    rows = []
    for page in pages:
        form = _form(told, page)
        at = wording.clock(told.second(page.opened_ns))
        for item in form.items:
            if isinstance(item, Affect) or item.name not in page.answers:
                continue
            asked = item.name.replace("_", " ") if isinstance(item, Score) else str(item.text)
            rows.append((at, str(form.title), asked, _answer(item, page.answers[item.name])))
    made = []
    if rows:
        head = ("Asked", "Form", "Question", "Answer")
        made = [Html("<h3>Other answers</h3>"), table(head, rows, about="Other answers")]
    changed = [line for page in pages if (line := _history(told, page))]
    made += [paragraph(line, "note") for line in changed]
    return join(made)


def _answer(item: Item, answer: Answer) -> str:
    if isinstance(item, Choice):
        chosen = answer if isinstance(answer, list) else [str(answer)]
        return ", ".join(str(item.options.get(one, one)) for one in chosen)
    if isinstance(item, Slider | Score) and isinstance(answer, float | int):
        ends = f" (from {item.least:g} to {item.most:g})"
        return f"{answer:g}{ends}"
    said = str(answer)
    return said if len(said) <= _LONGEST_SHOWN else f"{said[:_LONGEST_SHOWN]}…"


def _history(told: Reported, page: Filled) -> str:
    """Say what of a page was changed, or left open."""
    times = [change.item for change in page.changes]
    again = sorted({item for item in times if times.count(item) > 1})
    took_s = 0.0 if page.closed_ns is None else s_from_ns(page.closed_ns - page.opened_ns)
    where = f"{_form_title(told, page.form)} at {wording.clock(told.second(page.opened_ns))}"
    said = [f"changed while it was filled: {', '.join(again)}"] if again else []
    if page.closed_ns is None:
        said.append("never closed")
    elif page.unfinished:
        said.append(f"closed with questions open: {page.unfinished}")
    if said and took_s >= 1:
        said.append(f"took {wording.duration(took_s)}")
    return f"{where}: {'; '.join(said)}." if said else ""
