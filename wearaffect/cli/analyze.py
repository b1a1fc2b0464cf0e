"""`wearaffect analyze`: a recording in, estimates and a report out."""

from pathlib import Path
from typing import Annotated, Any

import typer

from wearaffect.cli.console import JsonOption, Report, progress_bar, reporting
from wearaffect.cli.resting import (
    EnrolmentOption,
    NoEnrolmentOption,
    RestOption,
    resting,
    warn_of_missing,
)

__all__ = ["analyze_recording", "write_results"]


def analyze_recording(
    recording: Annotated[
        Path, typer.Argument(help="A session folder, or an Empatica E4 zip or folder.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the results go.")],
    model: Annotated[
        str, typer.Option("--model", metavar="NAME or DIR", help="The bundle.")
    ] = "wrist-affect",
    rest: RestOption = None,
    enrolment: EnrolmentOption = None,
    no_enrolment: NoEnrolmentOption = False,
    json: JsonOption = None,
) -> None:
    """Estimate a recording and write estimates.parquet and report.html."""
    from wearaffect.bundle.loading import load_bundle
    from wearaffect.pipeline.offline import analyze
    from wearaffect.recording.opening import open_session

    with reporting(json) as report:
        taken = resting(rest, enrolment, no_enrolment)
        out.mkdir(parents=True, exist_ok=True)
        session = open_session(recording)
        bundle = load_bundle(model)
        report.line(f"model {bundle.manifest.id}: {bundle.manifest.licence}")
        warn_of_missing(report, [s.info for s in session.streams.values()], bundle)
        with progress_bar(report, f"analysing {session.duration_s / 60:.0f} min") as tell:
            analysis = analyze(
                session,
                bundle,
                rest=taken,
                without_enrolment=no_enrolment,
                progress=lambda share: tell(share, ""),
            )
        report.data(write_results(analysis, out, report))


def write_results(analysis: Any, out: Path, report: Report) -> dict[str, Any]:
    """Write what came of an analysis, tell people, and give the data for machines.

    Parameters
    ----------
    analysis : Analysis
        From `analyze`.
    out : Path
        A folder that is there.
    report : Report
        Where to print.
    """
    from wearaffect.clinic.report.writing import write_report
    from wearaffect.core.errors import MissingExtraError
    from wearaffect.pipeline.results import summary, write_estimates

    result = summary(analysis)
    # one of an earlier run would be taken for this one's
    (out / "enrolment.json").unlink(missing_ok=True)
    if analysis.enrolment is not None:
        analysis.enrolment.save(out / "enrolment.json")
    if write_estimates(analysis, out / "estimates.parquet"):
        report.line(f"estimates  {out / 'estimates.parquet'}")
    else:
        report.line("estimates.parquet skipped: pip install 'wearaffect[desk]'")
    try:
        write_report(analysis, out / "report.html")
        report.line(f"report     {out / 'report.html'}")
    except MissingExtraError as error:
        report.line(f"report.html skipped: {error.remedy}")
    counts = result["counts"]
    if not counts["windows"]:
        window_s = analysis.bundle.manifest.window_s
        report.line(
            f"no window: the recording's {analysis.session.duration_s:.0f} s are shorter than one "
            f"window of {window_s:g} s"
        )
        return result
    report.line(
        f"{counts['estimated']} of {counts['windows']} windows estimated"
        f" ({100 * result['coverage']:.0f} %)"
    )
    for reason, count in result["withheld"].items():
        report.line(f"  withheld {count}: {reason}")
    if analysis.rest_missing:
        report.line(_about_rest(analysis))
    for sentence in (*analysis.session.repairs, *analysis.session.problems):
        report.line(f"note: {sentence}")
    return result


def _about_rest(analysis: Any) -> str:
    """Say why there is no resting baseline, and what to do."""
    from wearaffect.signals.enrolment import MIN_REST_S

    asked, length_s = analysis.rest, analysis.session.duration_s
    if asked is None:
        return (
            "No resting baseline: the bundle answers after five minutes of rest. "
            "Say when that was with --rest START:END (seconds), e.g. --rest 60:360, "
            "or pass --no-enrolment for less certain answers."
        )
    if asked.end_s >= length_s:
        return (
            f"No resting baseline: {asked.start_s:g}:{asked.end_s:g} reaches past the end of the "
            f"recording ({length_s:.0f} s); rest must end before it."
        )
    return (
        f"No resting baseline: {asked.start_s:g}:{asked.end_s:g} has less than {MIN_REST_S:g} s "
        "with usable skin conductance and pulse; choose a better stretch with --rest START:END."
    )
