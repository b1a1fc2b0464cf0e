"""What happened: phases planned against actual, markers, and what people marked as artefacts."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wearaffect.clinic.report import wording
from wearaffect.clinic.report.drawing import Lane, Timeline, lanes, name_lane, spans, svg
from wearaffect.clinic.report.page import (
    Html,
    bullets,
    figure,
    paragraph,
    section,
    source,
    swatch,
    table,
)
from wearaffect.clinic.report.panels import draw_labels
from wearaffect.clinic.report.reported import Reported
from wearaffect.clinic.report.style import INK, MUTED, SIGNAL
from wearaffect.clinic.sitting.acts import Act
from wearaffect.clinic.sitting.state import Artefact, PhaseRun, SetMarker
from wearaffect.core.timebase import s_from_ns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["artefacts", "course", "course_figure", "phase_rows", "planned_spans"]

_MARKERS_LISTED = 60
_LETTER_SHARE = 0.0105  # of the width that one letter of a phase's name takes
Span = tuple[float, float]


def course(told: Reported, timeline: Timeline) -> Html:
    """Say which phases were planned and held, and what was marked."""
    title, state = "What happened", told.sitting
    if state is None:
        said = "No protocol was followed: the recording holds signals and markers alone."
        listed = _marker_table(told, ())
        return section(title, [paragraph(said, "note"), listed, source(told.topics("markers"))])
    key = swatch("planned", "planned") + swatch("held", "held") + swatch("rest", "held, at rest")
    caption = Html(f"{key}<br>Planned phases begin when the first one did, one after the other.")
    about = "Phases as planned above, as held below, and markers, minutes since the start"
    head = ("Phase", "Planned", "Lasted", "From", "To", "How it went")
    phases = table(head, phase_rows(told), numeric=(1, 2, 3, 4), about="Phases")
    parts = [
        figure(course_figure(told, timeline), about, caption),
        phases,
        Html("<h3>Markers</h3>"),
        _marker_table(told, state.markers),
        _undone(told, state.markers),
        source(told.topics("audit", "protocol", "markers")),
    ]
    return section(title, parts)


# ---- phases


def phase_rows(told: Reported) -> list[tuple[str, ...]]:
    """Give a row for each phase of the protocol: name, planned, lasted, from, to, how it went."""
    runs = () if told.sitting is None else told.sitting.phases
    return [_phase_row(told, run) for run in runs]


def _phase_row(told: Reported, run: PhaseRun) -> tuple[str, ...]:
    length_s, end_ns = run.phase.length_s, run.ended_ns
    planned = "open" if length_s is None else wording.duration(length_s)
    if run.began_ns is None:
        went = f"left out: {run.skipped}" if run.skipped else "not reached"
        return (str(run.phase.title), planned, wording.NONE, wording.NONE, wording.NONE, went)
    begin = wording.clock(told.second(run.began_ns))
    if end_ns is None:
        ends = "the recording ends in it"
        return (str(run.phase.title), planned, wording.NONE, begin, wording.NONE, ends)
    lasted = wording.duration(s_from_ns(end_ns - run.began_ns))
    end = wording.clock(told.second(end_ns))
    return (str(run.phase.title), planned, lasted, begin, end, _how(told, run))


def _how(told: Reported, run: PhaseRun) -> str:
    said = [
        f"extended by {wording.duration(s_from_ns(int(act.new['by_ns'])))}: {act.reason}"
        for act in told.acts
        if act.what == "phase extended" and act.new.get("phase") == run.phase.name
    ]
    over_s = s_from_ns(run.ended_ns - run.due_ns) if run.due_ns and run.ended_ns else 0.0
    if over_s >= 1:
        said.append(f"went on {wording.duration(over_s)} longer than due")
    if run.cut_short:
        said.append(f"{'cut short' if over_s < 0 else 'stopped'}: {run.cut_short}")
    return "; ".join(said) or "as planned"


def planned_spans(told: Reported) -> list[tuple[str, float, float]]:
    """Give name, start and end of each phase as planned, seconds; open ends last as they did."""
    runs = () if told.sitting is None else told.sitting.phases
    starts = [run.began_ns for run in runs if run.began_ns is not None]
    at_s = told.second(min(starts)) if starts else 0.0
    found = []
    for run in runs:
        length_s = run.phase.length_s
        if length_s is None:
            length_s = _held_s(told, run)[1] - _held_s(told, run)[0] if run.began_ns else 0.0
        found.append((str(run.phase.title), at_s, at_s + length_s))
        at_s += length_s
    return found


def _held_s(told: Reported, run: PhaseRun) -> Span:
    """Give when a phase was held, seconds; one that didn't end lasts to the recording's end."""
    assert run.began_ns is not None
    begin_s = told.second(run.began_ns)
    end_s = told.session.duration_s if run.ended_ns is None else told.second(run.ended_ns)
    return begin_s, max(begin_s, end_s)


def course_figure(told: Reported, timeline: Timeline, name: str = "course") -> str:
    """Draw phases as planned and as held, and markers; `name` keeps two figures apart."""
    labels, planned, held = Lane(0.36, 0.02), Lane(0.2, 0.05), Lane(0.26, 0.05)
    figure, (events, above, below) = lanes(timeline, [labels, planned, held])
    draw_labels(events, told.session.markers, timeline)
    for axes, row in ((above, "planned"), (below, "held")):
        axes.set_ylim(0, 1)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        name_lane(axes, row.capitalize())
    above.spines["bottom"].set_visible(False)
    above.tick_params(bottom=False)
    for title, start_s, end_s in planned_spans(told):
        look = {"facecolor": "none", "edgecolor": MUTED, "linewidth": 0.8, "linestyle": (0, (3, 2))}
        _block(above, timeline, (start_s, min(end_s, timeline.length_s)), title, look)
    for run in () if told.sitting is None else told.sitting.phases:
        if run.began_ns is None:
            continue
        face = SIGNAL["rest"] if run.phase.enrols else SIGNAL["held"]
        span = _held_s(told, run)
        look = {"facecolor": face, "edgecolor": "white", "linewidth": 1.0}
        text = "white" if run.phase.enrols else INK
        _block(below, timeline, span, str(run.phase.title), look, text)
    _draw_marks(below, told)
    return svg(figure, name)


def _block(
    axes: "Axes",
    timeline: Timeline,
    span: Span,
    name: str,
    look: Mapping[str, Any],
    colour: str = INK,
) -> None:
    """Draw a phase, with its name where that fits."""
    if span[1] <= span[0]:
        return
    spans(axes, [span], **look)
    room = (span[1] - span[0]) / timeline.length_s / _LETTER_SHARE
    if room >= 4:
        words = name if len(name) <= room else f"{name[: int(room) - 1]}…"
        middle = (span[0] + span[1]) / 120
        # over the lines of markers
        behind = {"facecolor": look["facecolor"], "edgecolor": "none", "pad": 1.2}
        how: dict[str, Any] = {
            "ha": "center",
            "va": "center",
            "fontsize": 7,
            "color": colour,
            "zorder": 4,
        }
        axes.text(middle, 0.46, words, bbox=behind, **how)


def _draw_marks(axes: "Axes", told: Reported) -> None:
    for marker in told.session.markers:
        axes.axvline(told.second(marker.time_ns) / 60, color=INK, linewidth=0.9, zorder=3)


# ---- markers


def _marker_table(told: Reported, by_hand: Sequence[SetMarker]) -> Html:
    held = [m for m in by_hand if not m.undone]
    names = {(m.time_ns, m.label): m for m in held}
    corrected = _corrections(told.acts)
    rows = []
    for marker in told.session.markers[:_MARKERS_LISTED]:
        mark = names.get((marker.time_ns, marker.label))
        who = "a device" if mark is None else mark.by
        remark = "" if mark is None else _remark(told, mark, corrected)
        rows.append((wording.clock(told.second(marker.time_ns)), marker.label, who, remark))
    if not rows:
        return paragraph("No marker holds.", "note")
    made = table(("Time", "Marker", "Set by", "Remark"), rows, about="Markers")
    more = len(told.session.markers) - _MARKERS_LISTED
    return Html(made + paragraph(f"… and {more} more.", "note")) if more > 0 else made


def _corrections(acts: Iterable[Act]) -> dict[int, list[Act]]:
    found: dict[int, list[Act]] = {}
    for act in acts:
        if act.what == "marker corrected":
            found.setdefault(int(act.new["id"]), []).append(act)
    return found


def _remark(told: Reported, mark: SetMarker, corrected: Mapping[int, list[Act]]) -> str:
    said = [
        f"was “{act.old['label']}” at {wording.clock(told.second(int(act.old['at_ns'])))}, "
        f"corrected by {act.who}: {act.reason}"
        for act in corrected.get(mark.id, ())
        if act.old
    ]
    late_s = s_from_ns(mark.set_ns - mark.time_ns)
    if not said and late_s >= 1:
        said.append(f"set {wording.duration(late_s)} later")
    return "; ".join(said)


def _undone(told: Reported, by_hand: Sequence[SetMarker]) -> Html:
    reasons = {
        int(act.new["id"]): (act.who, act.reason)
        for act in told.acts
        if act.what == "marker undone"
    }
    lines = []
    for mark in by_hand:
        if mark.undone:
            who, why = reasons.get(mark.id, ("", ""))
            said = f"“{mark.label}” at {wording.clock(told.second(mark.time_ns))}, by {who}"
            lines.append(f"{said}: {why}" if why else said)
    if not lines:
        return Html("")
    return Html(paragraph("Undone, and not shown as marks:", "note") + bullets(lines, ""))


# ---- artefacts


def artefacts(told: Reported) -> Html:
    """List the stretches that people marked as not to be used, with who and why."""
    marks: tuple[Artefact, ...] = () if told.sitting is None else told.sitting.artefacts
    if told.sitting is None:
        return Html("")
    parts = [Html("<h3>Artefacts that people marked</h3>")]
    if not marks:
        return Html(parts[0] + paragraph("None were marked.", "note"))
    lifted = {
        int(act.new["id"]): f"lifted by {act.who}: {act.reason}"
        for act in told.acts
        if act.what == "artefact lifted"
    }
    rows = [
        (
            mark.stream_id,
            wording.clock(told.second(mark.start_ns)),
            wording.clock(told.second(mark.end_ns)),
            mark.reason,
            mark.by,
            lifted.get(mark.id, "lifted") if mark.lifted else "holds",
        )
        for mark in marks
    ]
    head = ("Stream", "From", "To", "Why", "Marked by", "Now")
    parts.append(table(head, rows, numeric=(1, 2), about="Artefact marks"))
    note = "The samples stay as they were recorded, and estimates as they were shown."
    return Html("\n".join([*parts, paragraph(note, "note")]))
