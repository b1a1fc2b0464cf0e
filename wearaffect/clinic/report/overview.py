"""The top of a report: whose it is, what to know first, the big numbers, what was withheld."""

from collections import Counter
from pathlib import PurePath

from wearaffect.clinic.report import facts, findings, wording
from wearaffect.clinic.report.completeness import least_complete
from wearaffect.clinic.report.ending import recovery_of, troubles
from wearaffect.clinic.report.page import (
    Fact,
    Html,
    box,
    items,
    join,
    paragraph,
    section,
    source,
    table,
    tiles,
)
from wearaffect.clinic.report.reported import Reported
from wearaffect.core.streams import SignalKind

__all__ = ["header", "overview", "title_of", "withheld", "withheld_table"]


def title_of(told: Reported) -> str:
    """Give the participant's code, or the recording's name where it has none."""
    name = PurePath(told.session.path).name
    return told.session.participant or name or "Recording without a name"


def header(told: Reported) -> Html:
    """Say whose recording it is, when it was made, and what for."""
    session = told.session
    title, name = title_of(told), PurePath(session.path).name
    when = ", ".join(part for part in wording.moment(session.wall_start_s) if part)
    about = [
        "" if told.sitting is None else str(told.sitting.protocol.title),
        session.device or "device not named",
        when or "start not recorded",
        f"{wording.duration(session.duration_s)} long",
        f"recording {name}" if name and name != title else "",
        f"estimates by the model (bundle) {told.bundle_id}" if told.bundle_id else "",
    ]
    parts = [
        paragraph("Session report", "kicker"),
        Html(f"<h1>{join([title])}</h1>"),
        paragraph(items(about), "meta"),
        _recorded_for(told),
        paragraph(_intended(told), "quiet"),
    ]
    return join([Html("<header>"), *parts, Html("</header>")])


def _recorded_for(told: Reported) -> Html:
    if told.custody is None:
        return Html("")
    stated = str(told.custody.header.get("intended_use", ""))
    if told.sitting is not None and told.sitting.use is not None:
        stated = told.sitting.use.sentence
    return paragraph(f"Recorded for: {stated or 'not stated'}.", "meta")


def _intended(told: Reported) -> str:
    manifest = told.manifest
    told_of = ("", "") if manifest is None else (manifest.intended_use, manifest.not_for)
    use, not_for = (str(text).rstrip(". ") for text in told_of)
    whose = "Intended use" if told.custody is None else "Intended use of the bundle"
    said = "Research use only, not a medical device."
    said += f" {whose}: {use}." if use else ""
    return said + (f" Not for: {not_for}." if not_for else "")


def overview(told: Reported) -> Html:
    """Give what to know first: what is wrong with the recording, and the big numbers."""
    facts_shown = [
        _estimated(told),
        _stress(told),
        _heart_rate(told),
        _conductance(told),
        _rest(told),
    ]
    if told.custody is not None:
        facts_shown.insert(0, _stored(told))
    strip = tiles(facts_shown)
    return join([_trouble(told), strip, _rest_box(told)])


def _trouble(told: Reported) -> Html:
    """Say at once where the recording isn't whole, or came to no proper end."""
    return join([_damage(told), *(box(what, more) for what, more in troubles(told))])


def _damage(told: Reported) -> Html:
    """Say where the recording isn't closed, whole and unchanged."""
    custody = told.custody
    if custody is None or custody.found.ok:
        return Html("")
    first = custody.found.problems[0] if custody.found.problems else ""
    if not custody.found.closed:
        return box(
            "This recording was cut off, or is still being made.",
            "Everything up to the cut is kept and reported; what may be missing after it isn't "
            "known. 'wearaffect session recover' makes a closed copy.",
        )
    n = len(custody.found.problems)
    more = f" {n - 1} more problems stand under Condition of the recording." if n > 1 else ""
    return box("This recording isn't whole, or isn't what was recorded.", f"{first}.{more}")


def _stored(told: Reported) -> Fact:
    assert told.custody is not None
    least, n = least_complete(told), len(told.session.streams)
    if least is None:
        return Fact("Stored", "not provable", f"{n} streams that give no evidence of loss")
    note = f"of {least[0]}, the least of {n} streams"
    if recovery_of(told) is not None or not told.custody.found.closed:
        note += ", up to where it breaks off"
    return Fact("Stored", wording.exact_percent(least[1]), note)


def _estimated(told: Reported) -> Fact:
    step, n = facts.hop_minutes(told), len(told.estimates)
    if not told.outcomes:
        if told.custody is not None and not told.bundle_id:
            return Fact("Estimated", "none", "recorded without a model")
        spec = wording.duration(told.spec.window_s)
        return Fact("Estimated", "none", f"no window: the bundle needs at least {spec}")
    note = f"{wording.percent(told.coverage)} of {wording.minutes(len(told.outcomes) * step)}"
    return Fact("Estimated", wording.minutes(n * step), note)


def _stress(told: Reported) -> Fact:
    name = "Called stress"
    total = len(told.estimates)
    if "stress" not in told.labels and (total or told.manifest is not None):
        return Fact(name, wording.NONE, "not a class of this bundle")
    if not total:
        return Fact(name, wording.NONE, "nothing was estimated")
    n = findings.stress_windows(told)
    note = f"{wording.percent(n / total)} of what was estimated"
    unsure = findings.doubtful_stress_windows(told)
    if unsure:
        note += f", {wording.percent(unsure / n)} of it on a doubtful pulse or conductance"
    return Fact(name, wording.minutes(n * facts.hop_minutes(told)), note)


def _heart_rate(told: Reported) -> Fact:
    rate = facts.mean_heart_rate(told)
    absent = told.session.of_kind(SignalKind.BVP) is None
    known = rate == rate  # noqa: PLR0124
    note = "mean, where the pulse is clear enough"
    if not known:
        note = "no pulse wave in this recording" if absent else "pulse nowhere clear enough"
    return Fact("Heart rate", f"{rate:.0f} /min" if known else wording.NONE, note)


def _conductance(told: Reported) -> Fact:
    level = facts.mean_eda_us(told)
    absent = told.session.of_kind(SignalKind.EDA) is None
    note = "no EDA in this recording" if absent else "mean, without poor stretches"
    return Fact("Skin conductance", wording.quantity(level, "uS"), note)


def _rest(told: Reported) -> Fact:
    name, taken = "Resting baseline", told.rested
    if taken is None:
        held = told.sitting is not None and told.asked_rest is not None
        note = "answers can't be set against this person's rest"
        return Fact(name, "not taken", "rest was held; no model took it" if held else note)
    span = taken.span_s
    when = " to ".join(map(wording.clock, span)) if span else ""
    where = f"of {taken.where}" if taken.where else ""
    windows = f", {taken.n_windows} windows" if taken.n_windows else ""
    return Fact(name, "taken", f"{when} {where}".strip() + windows)


def _rest_box(told: Reported) -> Html:
    """Say what to do where there is no resting state."""
    if told.rested is not None or not told.outcomes or told.sitting is not None:
        return Html("")
    code = Html("<code>--rest START:END</code>")
    example = Html("<code>--rest 60:360</code>")
    asked = facts.rest_interval_s(told)
    if asked is not None:
        lead = (
            f"Rest was to be taken from {asked[0]:g} s to {asked[1]:g} s, but no whole window of "
            "this recording lies there. "
        )
    elif told.rest_missing:
        lead = "This bundle compares a person with their own rest, so it withheld its answers. "
    else:
        lead = "The answers below rest on the signals as they are, which is less certain. "
    todo = Html(
        f"{lead}Find about five quiet minutes in the recording and analyse it again with {code}, "
        f"in seconds from the start, for example {example}."
    )
    return box("No resting baseline was taken.", todo)


def withheld(told: Reported) -> Html:
    """Say how much was withheld, by first reason; nothing where nothing was."""
    if not told.withheld_by_reason:
        return Html("")
    where = source("" if told.afterwards else told.topics("estimates"))
    return section("Withheld, and why", [withheld_table(told), where], whole=True)


def withheld_table(told: Reported) -> Html:
    """Tabulate how much was withheld, by first reason."""
    counts = told.withheld_by_reason
    if not counts:
        return Html("")
    step, taken = facts.hop_minutes(told), told.rested is not None
    merged: Counter[str] = Counter()  # several codes may come to the same words
    for code, n in counts.items():
        merged[wording.reason(code, rest_was_taken=taken)] += n
    rows = [
        (why, f"{n:,}", wording.minutes(n * step), wording.percent(n / len(told.outcomes)))
        for why, n in merged.most_common()
    ]
    head = ("Reason", "Windows", "Time", "Of all")
    spec = told.spec
    note = (
        f"A window is {spec.window_s:g} s long and one ends every {spec.hop_s:g} s, so each counts "
        f"for {spec.hop_s:g} s; one with several reasons counts under the worst."
    )
    rows_table = table(head, rows, numeric=(1, 2, 3), about="What was withheld, by reason")
    return join([rows_table, paragraph(note, "note")])
