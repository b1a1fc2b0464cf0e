"""The session report: one self-contained page about one recording and what was made of it."""

from pathlib import Path
from typing import Any

from wearaffect.clinic.report.background import notes_of_recording, provenance
from wearaffect.clinic.report.completeness import completeness
from wearaffect.clinic.report.course import course
from wearaffect.clinic.report.drawing import Timeline, plot_style
from wearaffect.clinic.report.ending import recovery_of, unfinished
from wearaffect.clinic.report.links import clocks_and_links
from wearaffect.clinic.report.overview import header, overview, title_of, withheld
from wearaffect.clinic.report.page import document
from wearaffect.clinic.report.printing import write_page
from wearaffect.clinic.report.proofs import agreed, caveats, origins
from wearaffect.clinic.report.reported import Reported
from wearaffect.clinic.report.results import answers, forecasts, movement, physics, signals
from wearaffect.clinic.report.selfreport import self_report
from wearaffect.pipeline.offline import Analysis

__all__ = ["page_of", "summary", "write_report"]


def write_report(analysis: Analysis, path: Path) -> None:
    """Write the report of one analysis as one HTML file.

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
    write_page(page_of(Reported.of(analysis)), path)


def page_of(told: Reported) -> str:
    """Give the report of one recording as a page.

    Parameters
    ----------
    told : Reported
        An analysis, or what `recorded` reads of a session.

    Returns
    -------
    str
        HTML that loads nothing and runs nothing; the same input gives the same text.

    Raises
    ------
    MissingExtraError
        matplotlib isn't installed.
    """
    timeline = Timeline(told.session.start_ns, max(told.session.duration_s, 1.0))
    with plot_style():
        parts = [header(told), overview(told)]
        if told.custody is None:
            parts += [withheld(told), signals(told, timeline), answers(told, timeline)]
        else:
            parts += [course(told, timeline), completeness(told, timeline)]
            # tables before the tallest figure: on paper they fill what it would leave empty
            parts += [answers(told, timeline), withheld(told), self_report(told)]
            parts.append(signals(told, timeline))
        if told.outcomes or told.custody is None:
            parts += [forecasts(told, timeline), physics(told, timeline)]
        parts += [movement(told, timeline), clocks_and_links(told), notes_of_recording(told)]
        parts += [agreed(told), caveats(told)]
        parts.append(provenance(told) if told.custody is None else origins(told))
    return document(f"{title_of(told)}, wearaffect report", parts)


def summary(told: Reported) -> dict[str, Any]:
    """Give what a report says as plain data."""
    session, custody, recovery = told.session, told.custody, recovery_of(told)
    return {
        "session": session.path,
        "participant": session.participant,
        "duration_s": session.duration_s,
        "bundle": told.bundle_id,
        "estimated_afterwards": bool(told.outcomes) and told.afterwards,
        "counts": {
            "windows": len(told.outcomes),
            "estimated": len(told.estimates),
            "withheld": len(told.outcomes) - len(told.estimates),
        },
        "withheld": told.withheld_by_reason,
        **({} if custody is None else custody.found.as_dict()),
        "recovered_from": "" if recovery is None else recovery.sha256,
        "unfinished": unfinished(told),
        "audit_head": "" if custody is None else custody.head,
        "audit_entries": 0 if custody is None else len(custody.trail),
    }
