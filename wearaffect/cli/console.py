"""What every command prints with: one place for progress, results, errors and exit codes."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from wearaffect.core.errors import RecordingError, WearAffectError

__all__ = ["JsonOption", "Report", "fail", "progress_bar", "reporting", "require_place"]

JsonOption = Annotated[
    Path | None,
    typer.Option("--json", metavar="F", help="Machine-readable output to F; - is stdout."),
]


Tell = Callable[[float | None, str], None]


class Report:
    """Lines for people and, at the end, data for machines.

    Parameters
    ----------
    target : Path or None
        Where the data goes; ``-`` is stdout, and then nothing else is printed there.
    """

    def __init__(self, target: Path | None) -> None:
        self._target = target
        self.to_stdout = target is not None and str(target) == "-"
        self.console = Console(stderr=self.to_stdout, highlight=False, soft_wrap=True)

    def line(self, text: str) -> None:
        """Print a line for people."""
        self.console.print(text, markup=False)

    def data(self, result: Mapping[str, Any]) -> None:
        """Write the data."""
        if self._target is None:
            return
        text = json.dumps(result, indent=1, allow_nan=False, ensure_ascii=False)
        if self.to_stdout:
            sys.stdout.write(text + "\n")
        else:
            self._target.write_text(text + "\n", encoding="utf-8")


def require_place(out: Path) -> None:
    """Refuse a place for a file before the work rather than after it.

    Raises
    ------
    RecordingError
        It is a folder, or its folder can't be written to.
    """
    if out.is_dir():
        raise RecordingError(str(out), "is a folder", expected="the path of a file")
    out.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(out.parent, os.W_OK):
        raise RecordingError(
            str(out.parent), "can't be written to", remedy="choose another path for --out"
        )


@contextmanager
def reporting(target: Path | None) -> Iterator[Report]:
    """Give a report; a named error goes into the data too before it goes on to `main`."""
    report = Report(target)
    if target is not None and not report.to_stdout:
        # now rather than after all the work
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    try:
        yield report
    except WearAffectError as error:
        report.data(error.as_dict())
        raise


@contextmanager
def progress_bar(report: Report, what: str) -> Iterator[Tell]:
    """Show a bar on a terminal and plain lines elsewhere.

    Parameters
    ----------
    report : Report
        Where to print.
    what : str
        What is being done.

    Yields
    ------
    callable
        Takes the share that is done, 0 to 1 or None where the end isn't known, and a detail.
    """
    if not report.console.is_terminal:
        yield _plain_lines(report, what)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[detail]}"),
    )
    with Progress(*columns, console=report.console, transient=True) as bar:
        task = bar.add_task(what, total=None, detail="")

        def tell(share: float | None, detail: str = "") -> None:
            bar.update(task, completed=share, total=share and 1.0, detail=detail)

        yield tell


def _plain_lines(report: Report, what: str) -> Tell:
    """One line every tenth of the way, or every minute: a log should stay readable."""
    shown, last_s = -1, float("-inf")

    def tell(share: float | None, detail: str = "") -> None:
        nonlocal shown, last_s
        if share is None:
            if time.monotonic() - last_s >= 60:
                last_s = time.monotonic()
                report.line(f"{what}: {detail}")
            return
        tenth = int(share * 10 + 1e-9)
        if tenth > shown:
            shown = tenth
            report.line(f"{what}: {10 * tenth} %{f' ({detail})' if detail else ''}")

    return tell


def fail(error: WearAffectError) -> None:
    """Print an error as one line on stderr."""
    text = f"error: {type(error).__name__}: {error.line()}"
    if sys.stderr.isatty() and "NO_COLOR" not in os.environ:
        text = f"\x1b[31m{text}\x1b[0m"
    sys.stderr.write(text + "\n")
