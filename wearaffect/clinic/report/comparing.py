"""Several sittings of one participant side by side: what is alike, and what may not be compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from wearaffect.clinic.report import wording
from wearaffect.clinic.report.byphase import PhaseSaid, by_phase, phases_said
from wearaffect.clinic.report.completeness import least_complete
from wearaffect.clinic.report.course import course_figure, phase_rows
from wearaffect.clinic.report.drawing import Timeline, plot_style
from wearaffect.clinic.report.ending import troubles
from wearaffect.clinic.report.multiples import Cell, multiples_figure
from wearaffect.clinic.report.overview import withheld_table
from wearaffect.clinic.report.page import (
    Html,
    anchored,
    bullets,
    document,
    figure,
    join,
    paragraph,
    section,
    source,
    table,
)
from wearaffect.clinic.report.proofs import trail_facts
from wearaffect.clinic.report.reported import Reported
from wearaffect.clinic.report.selfreport import affect_table, said_on_affect
from wearaffect.core.errors import RecordingError

__all__ = ["page_of_sittings"]


def page_of_sittings(sittings: Sequence[Reported]) -> str:
    """Give one page about several sittings of one participant.

    Parameters
    ----------
    sittings : sequence of Reported
        At least two, each from `recorded`; shown in the order of their start.

    Returns
    -------
    str
        HTML that loads nothing and runs nothing.

    Raises
    ------
    RecordingError
        They aren't all of the same participant.
    MissingExtraError
        matplotlib isn't installed.
    """
    code = _one_participant(sittings)
    ordered = sorted(sittings, key=lambda told: told.session.wall_start_s or 0.0)
    with plot_style():
        parts = [
            _header(code, ordered),
            section(
                "Sittings",
                [_table(ordered), source("the recording of each sitting (session.mcap)")],
            ),
            _multiples(ordered),
            section("What may not be compared", [bullets(_cautions(ordered), "")], whole=True),
            *(_compact(number, told) for number, told in enumerate(ordered, 1)),
        ]
    return document(f"{code}, {len(ordered)} sittings, wearaffect report", parts)


def _one_participant(sittings: Sequence[Reported]) -> str:
    codes = {told.session.participant: told.session.path for told in sittings}
    if len(codes) != 1:
        other = list(codes.values())[1] if len(codes) > 1 else "no session"
        raise RecordingError(
            other,
            "is of another participant",
            expected=f"{next(iter(codes), '')} in every session",
            got=", ".join(codes),
            remedy="make a report for each participant",
        )
    return next(iter(codes))


def _header(code: str, sittings: Sequence[Reported]) -> Html:
    days = [wording.moment(told.session.wall_start_s)[0] for told in sittings]
    first, last = days[0] or "not recorded", days[-1] or "not recorded"
    when = first if first == last else f"{first} to {last}"
    about = f"{len(sittings)} sittings, {when}"
    quiet = "Research use only, not a medical device."
    parts = [
        paragraph("Sittings side by side", "kicker"),
        Html(f"<h1>{join([code])}</h1>"),
        paragraph(about, "meta"),
        paragraph(quiet, "quiet"),
    ]
    return join([Html("<header>"), *parts, Html("</header>")])


def _table(sittings: Sequence[Reported]) -> Html:
    head = ("Sitting", "Start", "Protocol", "Length", "Stored", "Withheld", "Stress", "Bundle")
    rows = [_row(number, told) for number, told in enumerate(sittings, 1)]
    made = table(head, rows, numeric=(3, 4, 5, 6), about="Sittings")
    note = (
        "Stored: of the stream with the greatest provable loss. Withheld: share of windows. "
        "Stress: median probability over the windows that were estimated."
    )
    return join([made, paragraph(note, "note")])


def _row(number: int, told: Reported) -> tuple[str, ...]:
    least = least_complete(told)
    stress = [e.stress for e in told.estimates if np.isfinite(e.stress)]
    day, time = wording.moment(told.session.wall_start_s)
    protocol = "none" if told.sitting is None else str(told.sitting.protocol.title)
    return (
        Html(f'<a href="#sitting{number}">{number}</a>'),
        f"{day}, {time}" if day else "not recorded",
        protocol,
        wording.duration(told.session.duration_s),
        wording.NONE if least is None else wording.exact_percent(least[1]),
        wording.percent(1 - told.coverage) if told.outcomes else wording.NONE,
        f"{float(np.median(stress)):.2f}" if stress else wording.NONE,
        told.bundle_id or "none",
    )


# ---- small multiples


@dataclass(frozen=True, slots=True)
class _Phase:
    """A phase that was held in any of the sittings."""

    name: str
    title: str


def _multiples(sittings: Sequence[Reported]) -> Html:
    phases = _all_phases(sittings)
    if not phases:
        said = "None of the sittings followed a protocol, so there are no phases to set apart."
        return section("Phase by phase", [paragraph(said, "note")])
    by_name = [{said.name: said for said in phases_said(told)} for told in sittings]
    answers = [said_on_affect(told) for told in sittings]
    rows: dict[str, list[list[Cell | None]]] = {
        "Stress": [[_stress(found.get(p.name)) for found in by_name] for p in phases],
        "Withheld": [[_withheld(found.get(p.name)) for found in by_name] for p in phases],
    }
    for dimension in ("valence", "arousal"):
        rows[dimension.capitalize()] = [
            [_point(said.get((p.name, dimension))) for said in answers] for p in phases
        ]
    drawn = multiples_figure([phase.title for phase in phases], rows)
    caption = (
        "One column a phase, one dot a sitting in the order of the table. Stress: median "
        "probability with 5–95 % of its windows. Withheld: share of windows. Valence and arousal: "
        "what the participant answered in or after the phase, 0 to 1; no dot: nothing to show."
    )
    about = "Stress, share withheld, valence and arousal by phase and sitting"
    where = source(
        "the estimates as they were shown, who did what, and the answers (topics estimates, "
        "audit and forms of each session.mcap)"
    )
    numbers = _numbers(phases, sittings, by_name, answers)
    return section("Phase by phase", [figure(drawn, about, caption), numbers, where])


def _all_phases(sittings: Sequence[Reported]) -> list[_Phase]:
    found: dict[str, _Phase] = {}
    for told in sittings:
        for run in () if told.sitting is None else told.sitting.phases:
            if run.began_ns is not None:
                found.setdefault(run.phase.name, _Phase(run.phase.name, str(run.phase.title)))
    return list(found.values())


def _stress(said: PhaseSaid | None) -> Cell | None:
    if said is None or said.stress is None:
        return None
    low, middle, high = said.stress
    return Cell(middle, low, high)


def _withheld(said: PhaseSaid | None) -> Cell | None:
    if said is None or not said.n_windows:
        return None
    return _point(1 - said.n_estimated / said.n_windows)


def _point(value: float | None) -> Cell | None:
    return None if value is None else Cell(value, value, value)


def _numbers(
    phases: Sequence[_Phase],
    sittings: Sequence[Reported],
    by_name: Sequence[dict[str, PhaseSaid]],
    answers: Sequence[dict[tuple[str, str], float]],
) -> Html:
    """Give the same as a table: nothing may rest on a drawing alone."""
    rows = []
    for phase in phases:
        for number in range(len(sittings)):
            said, told_of = by_name[number].get(phase.name), answers[number]
            if said is None:
                continue
            rate = said.heart_rate
            rows.append(
                (
                    phase.title,
                    str(number + 1),
                    f"{said.stress[1]:.2f}" if said.stress else wording.NONE,
                    wording.percent(1 - said.n_estimated / said.n_windows)
                    if said.n_windows
                    else wording.NONE,
                    *(_answer(told_of.get((phase.name, d))) for d in ("valence", "arousal")),
                    f"{rate:.0f} /min" if np.isfinite(rate) else wording.NONE,
                    wording.quantity(said.eda_us, "uS"),
                )
            )
    head = ("Phase", "Sitting", "Stress", "Withheld", "Valence", "Arousal", "Heart rate", "EDA")
    return table(head, rows, numeric=range(1, 8), about="Phase by phase")


def _answer(value: float | None) -> str:
    return wording.NONE if value is None else f"{value:.2f}"


# ---- what may not be compared


def _cautions(sittings: Sequence[Reported]) -> list[str]:
    found = []
    protocols = {told.sitting.protocol.name if told.sitting else "none" for told in sittings}
    bundles = {told.bundle_id for told in sittings if told.bundle_id}
    devices = {
        tuple(sorted({s.info.device for s in told.session.streams.values()})) for told in sittings
    }
    if len(protocols) > 1:
        found.append("The protocols differ: phases of one name may have asked for other things.")
    if len(bundles) > 1:
        found.append("The bundles differ: their probabilities of stress aren't on one scale.")
    if len(devices) > 1:
        found.append("The devices differ: levels of skin conductance aren't on one scale.")
    if any(told.outcomes and told.afterwards for told in sittings):
        found.append("Estimates that were worked out afterwards weren't seen in the sitting.")
    found += [
        f"Sitting {number}: {trouble.what}"
        for number, told in enumerate(sittings, 1)
        for trouble in troubles(told)
    ]
    return [
        *found,
        "Each sitting is set against its own resting baseline: a probability of stress says how "
        "far from that day's rest, not how much stress there was against another day.",
        "Levels of skin conductance depend on electrodes, skin, temperature and time of day; only "
        "changes within a sitting say something of the person.",
        "People get used to a protocol: a calmer second sitting isn't by itself an effect.",
        "Where much was withheld, a median speaks of the little that is left.",
        f"{len(sittings)} sittings of one person don't support a test.",
    ]


# ---- each sitting, briefly


def _compact(number: int, told: Reported) -> Html:
    day = ", ".join(part for part in wording.moment(told.session.wall_start_s) if part)
    name = PurePath(told.session.path).name
    timeline = Timeline(told.session.start_ns, max(told.session.duration_s, 1.0))
    parts = [paragraph(f"{day or 'start not recorded'}; session {name}.", "meta")]
    if told.sitting is not None:
        head = ("Phase", "Planned", "Lasted", "From", "To", "How it went")
        about = f"Phases and markers of sitting {number}"
        drawn = course_figure(told, timeline, f"course{number}")
        rows = phase_rows(told)
        parts += [
            figure(drawn, about, "Planned above, held below."),
            table(head, rows, numeric=(1, 2, 3, 4), about=f"Phases of sitting {number}"),
        ]
    checked = () if told.custody is None else told.custody.found.problems
    problems = [*(" ".join(trouble) for trouble in troubles(told)), *checked]
    below = {
        "Estimates by phase": by_phase(told),
        "Withheld, and why": withheld_table(told),
        "Self-report": affect_table(told),
        "Problems": bullets(problems, "") if problems else Html(""),
        "Who did what, entry by entry (audit trail)": trail_facts(told),
    }
    for title, made in below.items():
        parts += [Html(f"<h3>{title}</h3>"), made] if made else []
    parts.append(source(f"the recording ({name}/session.mcap); its own report has the rest"))
    return anchored(f"sitting{number}", section(f"Sitting {number}", parts))
