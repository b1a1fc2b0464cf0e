"""The sections with figures: signals, classes, forecast, physics, movement."""

import math

from wearaffect.clinic.report import facts, findings, wording
from wearaffect.clinic.report.answers import (
    classes_figure,
    drawn_horizon_s,
    drive_figure,
    drive_name,
    forecast_figure,
    windows_a_point,
)
from wearaffect.clinic.report.byphase import by_phase
from wearaffect.clinic.report.drawing import Timeline
from wearaffect.clinic.report.page import Html, figure, paragraph, section, source, swatch, table
from wearaffect.clinic.report.panels import motion_figure, signals_drawn, signals_figure
from wearaffect.clinic.report.reported import Reported
from wearaffect.core.affect import Quantity
from wearaffect.core.streams import Marker
from wearaffect.signals.body import MOVING_G

__all__ = ["answers", "forecasts", "movement", "physics", "signals"]

_WITHHELD = swatch("withheld", "withheld")
_MARKERS_LISTED = 24
_NO = "no: the data can't tell it from what was assumed beforehand (its prior)"


def signals(told: Reported, timeline: Timeline) -> Html:
    """Give the signals with their quality, heart rate, markers and rest."""
    key = swatch("doubtful", "doubtful signal") + swatch("poor", "poor signal")
    if facts.rest_interval_s(told) is not None:
        key += swatch("rest", "rest for the baseline")
    if told.sitting is not None and any(not mark.lifted for mark in told.sitting.artefacts):
        key += swatch("artefact", "marked as artefact")
    note = (
        f"Shading and heart rate at a moment speak of the {told.spec.window_s:g} s "
        "that end there; heart rate isn't shown where the pulse is poor. Gaps are left empty. BVP "
        "reaching past its scale is cut off."
    )
    caption = Html(f"{key}<br>{note}")
    present = [kind.upper() for kind, s in signals_drawn(told) if s is not None and s.n_samples]
    about = f"{', '.join(present) or 'No signal'} over time, minutes since the start"
    parts = [figure(signals_figure(told, timeline), about, caption)]
    if told.session.markers and told.custody is None:
        parts.append(paragraph(_markers(told), "note"))
    parts.append(source(told.topics("streams/*")))
    return section("Signals", parts)


def _markers(told: Reported) -> str:
    """List markers by label, with their minutes."""
    markers = sorted(told.session.markers, key=lambda m: m.time_ns)
    by_label: dict[str, list[Marker]] = {}
    for marker in markers[:_MARKERS_LISTED]:
        by_label.setdefault(marker.label, []).append(marker)

    def minute(marker: Marker) -> str:
        return f"{(marker.time_ns - told.session.start_ns) / 60e9:.1f}"

    shown = [
        f"{label} at {', '.join(minute(m) for m in group)} min" for label, group in by_label.items()
    ]
    rest = len(markers) - _MARKERS_LISTED
    return f"Markers: {'; '.join(shown)}{f'; and {rest} more' if rest > 0 else ''}."


_ANSWERS = {True: "What the bundle says", False: "What was shown in the sitting"}
_NO_MODEL = (
    "Nothing estimated in this sitting: it was recorded without a model. To have estimates now, "
    "make the report with --model NAME; it will say that they came afterwards."
)


def _said_where(told: Reported) -> str:
    if told.afterwards and told.custody is not None:
        return f"worked out for this report by {told.bundle_id}; nobody saw it in the sitting"
    return told.topics("estimates")


def answers(told: Reported, timeline: Timeline) -> Html:
    """Give the class probabilities over time."""
    title = _ANSWERS[told.afterwards]
    where = source(_said_where(told))
    if not told.outcomes and told.custody is not None:
        return section(title, [paragraph(_NO_MODEL, "off"), where])
    if not told.estimates:
        return section(title, [paragraph("No window was estimated.", "off"), by_phase(told), where])
    every = windows_a_point(told)
    note = (
        "Probabilities of the classes add up to 1. Where stress rises above the dashed line at "
        f"{findings.STRESS_FROM:g}, the window that ends there is called stress."
    )
    note += f" Each step is the mean of {every} windows." if every > 1 else ""
    about = "Probability of each class over time"
    caption = Html(f"{_WITHHELD}<br>{note}")
    drawn = figure(classes_figure(told, timeline), about, caption)
    return section(title, [drawn, by_phase(told), where])


def forecasts(told: Reported, timeline: Timeline) -> Html:
    """Give skin conductance against its forecast, and how good that was on this recording."""
    title = "Skin conductance, measured and forecast"
    horizon_s = drawn_horizon_s(told)
    if horizon_s is None:
        return section(title, [paragraph("This bundle doesn't forecast.", "off")])
    if not any(e.eda_forecast_us for e in told.estimates):
        return section(title, [paragraph("Nothing was forecast in this recording.", "off")])
    caption = Html(
        f"{_WITHHELD}<br>The forecast is drawn at the time it was made for, "
        f"{horizon_s:g} s after its window had ended. The scale holds the middle 99 % of what was "
        "measured; what reaches past it is cut off here, and whole under Signals."
    )
    drawn = figure(
        forecast_figure(told, timeline, horizon_s),
        f"Skin conductance and its forecast {horizon_s:g} s ahead, with a 90 % band",
        caption,
    )
    rows = [_forecast_row(score) for score in findings.forecast_scores(told)]
    head = (
        "Ahead",
        "Typical error (RMSE)",
        "Error of “stays as it is”",
        "Skill over “stays as it is”",
        "Inside the 90 % band",
        "Forecasts scored",
    )
    note = (
        "Skill is 1 − MSE / MSE of “stays as it is” (MSE: mean squared error): above 0 the "
        "forecast helps, below 0 it harms. "
        "The truth is the filtered skin conductance at the end of the later window; where none "
        "was estimated there is nothing to score."
    )
    scored = table(head, rows, numeric=range(1, 6), about="Forecast error by horizon")
    note = paragraph(note, "note")
    return section(title, [drawn, scored, note, source(_said_where(told))])


def _forecast_row(score: findings.ForecastScore) -> tuple[str, ...]:
    return (
        f"{score.horizon_s:g} s",
        wording.quantity(score.rmse_us, "uS"),
        wording.quantity(score.persistence_us, "uS"),
        wording.gain(score.skill),
        wording.percent(score.coverage),
        f"{score.n:,}",
    )


def physics(told: Reported, timeline: Timeline) -> Html:
    """Give the parameters of the skin conductance model, with what the data can't tell."""
    title = "Physics of skin conductance"
    rows = findings.physics_rows(told)
    if not rows:
        return section(title, [paragraph("This bundle has no physics parameters.", "off")])
    labels = told.labels
    cells = [_physics_row(row, wording.parameter(row.name, labels)) for row in rows]
    parts = []
    name = drive_name(told)
    if name is not None and any(name in e.physics for e in told.estimates):
        about = "Drive of skin conductance over time, with its interval"
        caption = Html(f"{_WITHHELD}<br>{wording.parameter(name, labels)}, with its interval.")
        parts.append(figure(drive_figure(told, timeline, name), about, caption))
    head = (
        "Parameter",
        "Value",
        "Interval",
        "What the interval is",
        "Can the data tell it? (identifiable)",
    )
    parts.append(table(head, cells, numeric=(1, 2), about="Physics parameters"))
    parts.append(source(_said_where(told)))
    return section(title, parts)


def _physics_row(row: findings.PhysicsRow, name: str) -> tuple[str, ...]:
    found: Quantity | None = row.quantity
    if found is None:
        return (name, wording.NONE, wording.NONE, "no window was estimated", wording.NONE)
    if row.n_windows is None:
        what = "95 %, constant of the people it was trained on"
        what = what if found.ci95 is not None else "no interval"
    else:
        what = f"5–95 % over {row.n_windows:,} windows, value is the median"
    interval = wording.interval(found.ci95, found.unit)
    if not found.identifiable:
        # a value would look more certain than it is; what it could be is the honest part
        said = Html(f'<span class="off">{_NO}</span>')
        return (name, wording.NONE, interval, what, said)
    return (name, wording.quantity(found.value, found.unit), interval, what, "yes")


def movement(told: Reported, timeline: Timeline) -> Html:
    """Give how still the wrist was."""
    title = "Movement"
    still = facts.still_share(told)
    if not math.isfinite(still):
        return section(title, [paragraph("No usable acceleration in this recording.", "off")])
    said = (
        f"Still for {wording.percent(still)} of the time, moving for {wording.percent(1 - still)}."
    )
    about = "Share of each window in which the wrist moved, over time"
    note = "Moving: acceleration varies by 0.01 g or more within a second; strong movement: "
    note += f"by more than {MOVING_G:g} g."
    drawn = figure(motion_figure(told, timeline), about, note)
    where = "" if told.custody is None else f"worked out from {told.topics('streams/*')}"
    return section(title, [paragraph(said), drawn, source(where)], whole=True)
