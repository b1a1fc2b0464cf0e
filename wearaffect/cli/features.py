"""`wearaffect features`: recordings in, one row a window out."""

from pathlib import Path
from typing import Annotated, Any

import typer

from wearaffect.cli.console import JsonOption, Report, fail, progress_bar, reporting, require_place

__all__ = ["features"]

_LEAST_S = 10.0


def _describe(wanted: bool) -> None:
    """Print what every column means, and stop."""
    if wanted:
        from wearaffect.analysis.columns import as_markdown

        typer.echo(as_markdown(), nl=False)
        raise typer.Exit


def features(
    recordings: Annotated[
        list[Path], typer.Argument(help="Session folders, Empatica E4 zips or folders.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="F.parquet", help="Where the table goes.")],
    window_s: Annotated[float, typer.Option("--window-s", help="Length of a window.")] = 60.0,
    hop_s: Annotated[float, typer.Option("--hop-s", help="From one window to the next.")] = 5.0,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Processes.")] = 1,
    json: JsonOption = None,
    describe: Annotated[
        bool,
        typer.Option("--describe", is_eager=True, callback=_describe, help="Explain each column."),
    ] = False,
) -> None:
    """Describe every window of recordings: quality, then features by signal.

    A recording that can't be read is named and left out; the others are written, and the exit code
    is 1.
    """
    del describe  # its callback has answered
    with reporting(json) as report:
        from wearaffect.analysis.many import describe_all, write_tables
        from wearaffect.core.windows import WindowSpec

        try:
            spec = WindowSpec(window_s, hop_s)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
        require_place(out)
        if window_s < _LEAST_S:
            report.line(
                f"windows under {_LEAST_S:g} s: most live features need as much and stay empty"
            )
        many = "1 recording" if len(recordings) == 1 else f"{len(recordings)} recordings"
        with progress_bar(report, f"describing {many}") as tell:
            told = describe_all(recordings, spec, jobs=jobs, progress=lambda share: tell(share, ""))
            done = write_tables(told, out)
        failed = [item for item in done if item.error is not None]
        if len(done) == 1 and failed:
            raise failed[0].error  # type: ignore[misc]
        report.data(_summary(done, out))
        _tell_people(report, done, out)
    if failed:
        raise typer.Exit(1)


def _summary(done: list[Any], out: Path) -> dict[str, Any]:
    from wearaffect.analysis.columns import COLUMNS

    return {
        "schema": 1,
        "out": str(out),
        "n_windows": sum(item.n_windows for item in done),
        "n_features": len(COLUMNS),
        "recordings": [
            {"recording": item.recording, "n_windows": item.n_windows}
            | ({} if item.error is None else {"error": item.error.as_dict()})
            for item in done
        ],
    }


def _tell_people(report: Report, done: list[Any], out: Path) -> None:
    from wearaffect.analysis.columns import COLUMNS

    for item in done:
        if item.error is not None:
            fail(item.error)
        elif not item.n_windows:
            report.line(f"{item.recording}: shorter than one window")
    n_windows = sum(item.n_windows for item in done)
    if any(item.error is None for item in done):
        report.line(f"{n_windows} windows of {len(COLUMNS)} features in {out}")
