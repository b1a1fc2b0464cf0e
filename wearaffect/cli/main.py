"""The command line: parse, run, print; exit 0 done, 1 a named error, 2 usage."""

import logging
import sys
import traceback
from typing import Annotated

import typer

from wearaffect import __version__
from wearaffect.cli import (
    analyze,
    board,
    decompose,
    demo,
    devices,
    doctor,
    evaluate,
    features,
    models,
    record,
    report,
    serve,
    session,
    stream,
    train,
)
from wearaffect.cli.console import fail
from wearaffect.core.errors import RecordingError, WearAffectError

__all__ = ["app", "main"]

_INTERRUPTED = 130  # what a shell expects after Ctrl-C

app = typer.Typer(
    name="wearaffect",
    help="Wearable physiological affect: record, estimate, and say which figures survive.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.command("analyze")(analyze.analyze_recording)
app.command("record")(record.record)
app.command("stream")(stream.stream)
app.command("report")(report.report_sessions)
app.command("serve")(serve.serve)
app.command("features")(features.features)
app.command("decompose")(decompose.decompose)
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
app.command("board")(board.board)
app.add_typer(models.app, name="models")
app.add_typer(devices.app, name="devices")
app.add_typer(session.app, name="session")
app.command("doctor")(doctor.doctor)


@app.callback(invoke_without_command=True)
def options(
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log, and show the traceback of an error.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Set what holds for every command."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.ERROR, format="%(name)s: %(message)s"
    )
    # what the library warns of concerns people; other libraries may keep theirs
    logging.getLogger("wearaffect").setLevel(logging.INFO if verbose else logging.WARNING)
    if version:
        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line; the one place where every error ends."""
    verbose = any(word in {"-v", "--verbose"} for word in sys.argv[1:])
    try:
        app()
    except (WearAffectError, OSError) as error:
        if verbose:
            traceback.print_exc()
        fail(error if isinstance(error, WearAffectError) else _named(error))
        sys.exit(1)
    except SystemExit as stop:
        if stop.code == _INTERRUPTED:
            sys.stderr.write("stopped before the end\n")
        raise


def _named(error: OSError) -> RecordingError:
    """What the operating system refused, as one of ours."""
    what = error.strerror or type(error).__name__
    return RecordingError(
        error.filename or "?", what.lower(), remedy="choose another path, or make room"
    )
