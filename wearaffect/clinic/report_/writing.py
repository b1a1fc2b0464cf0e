"""The session report: one self-contained page about one recording and what a bundle made of it."""

from pathlib import Path, PurePath

from wearaffect.clinic import facts, findings, wording
from wearaffect.clinic.background import notes_of_recording, provenance
from wearaffect.clinic.drawing import Timeline, plot_style
from wearaffect.clinic.page import (
    Fact,
    Html,
    box,
    document,
    items,
    join,
    paragraph,
    section,
    table,
    tiles,
)
from wearaffect.clinic.results import answers, forecasts, movement, physics, signals
from wearaffect.core.streams import SignalKind
from wearaffect.pipeline.offline import Analysis

__all__ = ["write_report"]


def write_report(analysis: Analysis, path: Path) -> None:
    """Write the report of one recording as one HTML file.

    Parameters
    ----------
    analysis : Analysis
        From `analyze`. Of its bundle only the manifest is read.
    path : Path
        File to write; its folder must exist. The page loads nothing and runs nothing, prints on
        A4, and the same analysis gives the same bytes.

    Raises
    ------
    MissingExtraError
        matplotlib isn't installed.
    """
    session = analysis.session
    timeline = Timeline(session.start_ns, max(session.duration_s, 1.0))
    with plot_style():
        parts = [
            _header(analysis),
            _summary(analysis),
            signals(analysis, timeline),
            answers(analysis, timeline),
            forecasts(analysis, timeline),
            physics(analysis, timeline),
            movement(analysis, timeline),
            notes_of_recording(analysis),
            provenance(analysis),
        ]
    page = document(f"{_title(analysis)}, wearaffect report", parts)
    # a file name that isn't UTF-8 must not cost the report
    path.write_text(page, encoding="utf-8", errors="replace", newline="\n")


def _title(analysis: Analysis) -> str:
    name = PurePath(analysis.session.path).name
    return analysis.session.participant or name or "Recording without a name"


def _header(analysis: Analysis) -> Html:
    session, manifest = analysis.session, analysis.bundle.manifest
    title = _title(analysis)
    name = PurePath(session.path).name
    when = ", ".join(part for part in wording.moment(session.wall_start_s) if part)
    about = [
        session.device or "device not named",
        when or "start not recorded",
        f"{wording.duration(session.duration_s)} long",
        f"recording {name}" if name and name != title else "",
        f"bundle {manifest.id}",
    ]
    stops = (str(text).rstrip(". ") for text in (manifest.intended_use, manifest.not_for))
    use, not_for = stops
    quiet = "Research use only, not a medical device."
    quiet += f" Intended use: {use}." if use else ""
    quiet += f" Not for: {not_for}." if not_for else ""
    return Html(
        "<header>"
        + join(
            [
                paragraph("Session report", "kicker"),
                Html(f"<h1>{join([title])}</h1>"),
                paragraph(items(about), "meta"),
                paragraph(quiet, "quiet"),
            ]
        )
        + "</header>"
    )


def _summary(analysis: Analysis) -> Html:
    strip = tiles(
        [
            _estimated(analysis),
            _stress(analysis),
            _heart_rate(analysis),
            _conductance(analysis),
            _rest(analysis),
        ]
    )
    return join([strip, _rest_box(analysis), _withheld(analysis)])


def _estimated(analysis: Analysis) -> Fact:
    step, n = facts.hop_minutes(analysis), len(analysis.estimates)
    if not analysis.outcomes:
        spec = wording.duration(analysis.bundle.manifest.window_s)
        return Fact("Estimated", "none", f"no window: the bundle needs at least {spec}")
    note = (
        f"{wording.percent(analysis.coverage)} of {wording.minutes(len(analysis.outcomes) * step)}"
    )
    return Fact("Estimated", wording.minutes(n * step), note)


def _stress(analysis: Analysis) -> Fact:
    name = "Called stress"
    if "stress" not in analysis.bundle.manifest.labels:
        return Fact(name, wording.NONE, "not a class of this bundle")
    total = len(analysis.estimates)
    if not total:
        return Fact(name, wording.NONE, "nothing was estimated")
    n = findings.stress_windows(analysis)
    note = f"{wording.percent(n / total)} of what was estimated"
    unsure = findings.doubtful_stress_windows(analysis)
    if unsure:
        note += f", {wording.percent(unsure / n)} of it on a doubtful pulse or conductance"
    return Fact(name, wording.minutes(n * facts.hop_minutes(analysis)), note)


def _heart_rate(analysis: Analysis) -> Fact:
    rate = facts.mean_heart_rate(analysis)
    absent = analysis.session.of_kind(SignalKind.BVP) is None
    known = rate == rate  # noqa: PLR0124
    note = "mean, where the pulse is clear enough"
    if not known:
        note = "no pulse wave in this recording" if absent else "pulse nowhere clear enough"
    return Fact("Heart rate", f"{rate:.0f} /min" if known else wording.NONE, note)


def _conductance(analysis: Analysis) -> Fact:
    level = facts.mean_eda_us(analysis)
    absent = analysis.session.of_kind(SignalKind.EDA) is None
    note = "no EDA in this recording" if absent else "mean, without poor stretches"
    return Fact("Skin conductance", wording.quantity(level, "uS"), note)


def _rest(analysis: Analysis) -> Fact:
    name, taken = "Resting baseline", analysis.enrolment
    if taken is None:
        return Fact(name, "not taken", "answers can't be set against this person's rest")
    span = f"{taken.start_s / 60:.3g} to {taken.end_s / 60:.3g} min"
    where = "" if facts.rest_interval_s(analysis) else " of an earlier session"
    return Fact(name, "taken", f"{span}{where}, {taken.n_windows} windows")


def _rest_box(analysis: Analysis) -> Html:
    """Say what to do where there is no resting state."""
    if analysis.enrolment is not None or not analysis.outcomes:
        return Html("")
    code = Html("<code>--rest START:END</code>")
    example = Html("<code>--rest 60:360</code>")
    asked = facts.rest_interval_s(analysis)
    if asked is not None:
        lead = (
            f"Rest was to be taken from {asked[0]:g} s to {asked[1]:g} s, but no whole window of "
            "this recording lies there. "
        )
    elif analysis.rest_missing:
        lead = "This bundle compares a person with their own rest, so it withheld its answers. "
    else:
        lead = "The answers below rest on the signals as they are, which is less certain. "
    todo = Html(
        f"{lead}Find about five quiet minutes in the recording and analyse it again with {code}, "
        f"in seconds from the start, for example {example}."
    )
    return box("No resting baseline was taken.", todo)


def _withheld(analysis: Analysis) -> Html:
    """Tabulate how much was withheld, by first reason."""
    counts = analysis.withheld_by_reason
    if not counts:
        return Html("")
    step, taken = facts.hop_minutes(analysis), analysis.enrolment is not None
    rows = [
        (
            wording.reason(code, rest_was_taken=taken),
            f"{n:,}",
            wording.minutes(n * step),
            wording.percent(n / len(analysis.outcomes)),
        )
        for code, n in counts.items()
    ]
    head = ("Reason", "Windows", "Time", "Of all")
    spec = analysis.bundle.manifest
    note = (
        f"A window is {spec.window_s:g} s long and one ends every {spec.hop_s:g} s, so each counts "
        f"for {spec.hop_s:g} s; one with several reasons counts under the worst."
    )
    rows_table = table(head, rows, numeric=(1, 2, 3), about="What was withheld, by reason")
    return section("Withheld, and why", [rows_table, paragraph(note, "note")], whole=True)
