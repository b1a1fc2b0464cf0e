"""`wearaffect report`: what a session recorded and showed, as one page."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wearaffect.cli.console import JsonOption, Report, progress_bar, reporting, require_place
from wearaffect.cli.resting import RestOption

if TYPE_CHECKING:
    from wearaffect.clinic.report.reported import Reported

__all__ = ["report_sessions"]


def report_sessions(
    sessions: Annotated[
        list[Path],
        typer.Argument(metavar="SESSION...", help="Session folders; several of one participant."),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="F", help="A .html or .pdf file.")],
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="NAME", help="Estimate now, where nothing was shown."),
    ] = None,
    rest: RestOption = None,
    json: JsonOption = None,
) -> None:
    """Report what was recorded and shown: completeness, phases, signals, estimates, proofs."""
    from wearaffect.clinic.report.comparing import page_of_sittings
    from wearaffect.clinic.report.printing import require_format, write_page
    from wearaffect.clinic.report.recorded import recorded
    from wearaffect.clinic.report.writing import page_of, summary

    if rest is not None and model is None:
        raise typer.BadParameter("rest is for estimates: name a --model, too")
    with reporting(json) as report:
        require_place(out)
        require_format(out)
        found = []
        for folder in sessions:
            with progress_bar(report, f"reading {folder.name}") as tell:
                told = recorded(folder, lambda share, tell=tell: tell(share, ""))  # type: ignore[misc]
            found.append(_estimated(report, told, model, rest))
        write_page(page_of(found[0]) if len(found) == 1 else page_of_sittings(found), out)
        for told in found:
            for problem in told.session.problems:
                report.line(f"problem: {problem}")
        report.line(f"report     {out}")
        report.data({"schema": 1, "file": str(out), "sessions": [summary(t) for t in found]})


def _estimated(report: Report, told: "Reported", model: str | None, rest: str | None) -> "Reported":
    """Estimate now, if that is asked for."""
    from wearaffect.bundle.loading import load_bundle
    from wearaffect.clinic.report.recorded import estimated_afterwards
    from wearaffect.signals.enrolment import RestInterval

    if model is None:
        return told
    bundle = load_bundle(model)
    report.line(f"model {bundle.manifest.id}: {bundle.manifest.licence}")
    interval = None if rest is None else RestInterval.parse(rest)
    with progress_bar(report, "estimating") as tell:
        return estimated_afterwards(told, bundle, interval, lambda share: tell(share, ""))
