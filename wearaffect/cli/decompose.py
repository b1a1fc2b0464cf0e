"""`wearaffect decompose`: skin conductance into its tonic part, its phasic part and the driver."""

from pathlib import Path
from typing import Annotated, Any

import typer

from wearaffect.cli.console import JsonOption, progress_bar, reporting, require_place
from wearaffect.cli.corpus import require_choice

__all__ = ["decompose"]


def decompose(
    recording: Annotated[
        Path, typer.Argument(help="A session folder, or an Empatica E4 zip or folder.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="F.parquet", help="Where the parts go.")],
    boundary: Annotated[
        str,
        typer.Option("--boundary", metavar="2015 or 2025", help="Convention at a record's ends."),
    ] = "2025",
    json: JsonOption = None,
) -> None:
    """Split skin conductance by the convex problem of Greco et al. 2016."""
    require_choice("--boundary", boundary, "2015", "2025")
    with reporting(json) as report:
        from wearaffect.analysis.compiled import is_compiled
        from wearaffect.analysis.convex_eda import Boundary
        from wearaffect.analysis.decomposing import decompose_recording, write_parts
        from wearaffect.recording.opening import open_session

        session = open_session(recording)
        require_place(out)
        minutes = session.duration_s / 60
        with progress_bar(report, f"decomposing {minutes:.0f} min") as tell:
            speed = "compiled" if is_compiled() else "uncompiled; pip install 'wearaffect[fast]'"
            tell(None, speed)
            parts = decompose_recording(session, Boundary(boundary))
        write_parts(parts, out)
        summary = parts.summary() | {"recording": str(recording), "out": str(out)}
        report.data({"schema": 1} | summary)
        report.line(_in_words(summary))
        report.line(f"parts      {out}")


def _in_words(summary: dict[str, Any]) -> str:
    head = f"{summary['n_samples']} samples at {summary['sampling_rate']:g} Hz"
    if summary["scrs_per_min"] is None:
        return f"{head}: nothing known"
    return (
        f"{head}, boundary {summary['boundary']}: {summary['tonic_mean_us']:.3f} µS tonic on"
        f" average, {summary['n_scrs']} responses of {summary['scr_least_us']:g} µS or more"
        f" ({summary['scrs_per_min']:.1f} a minute)"
    )
