"""What analyze and record share: the ways to say what rest is, and a word about what is missing."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from wearaffect.bundle.model import ModelBundle
from wearaffect.cli.console import Report
from wearaffect.core.streams import StreamInfo
from wearaffect.signals.enrolment import Enrolment, RestInterval

__all__ = ["EnrolmentOption", "NoEnrolmentOption", "RestOption", "resting", "warn_of_missing"]

RestOption = Annotated[
    str | None,
    typer.Option("--rest", metavar="START:END", help="When the person rests, seconds: 60:360."),
]
EnrolmentOption = Annotated[
    Path | None,
    typer.Option("--enrolment", metavar="FILE", help="A resting state taken earlier."),
]
NoEnrolmentOption = Annotated[
    bool, typer.Option("--no-enrolment", help="Answer without a resting state; less certain.")
]


def warn_of_missing(report: Report, streams: Iterable[StreamInfo], bundle: ModelBundle) -> None:
    """Say at the start what would make every answer be withheld."""
    from wearaffect.pipeline.fit import missing_signals

    for kind in missing_signals(streams, bundle):
        report.line(f"warning: no {kind} here, and without it this bundle withholds every answer")


def resting(
    rest: str | None, enrolment: Path | None, no_enrolment: bool
) -> RestInterval | Enrolment | None:
    """Turn the options into what the chain takes.

    Raises
    ------
    typer.BadParameter
        More than one is given.
    EnrolmentError
        The interval or the file isn't one.
    """
    if sum([rest is not None, enrolment is not None, no_enrolment]) > 1:
        msg = "give one of --rest, --enrolment and --no-enrolment"
        raise typer.BadParameter(msg)
    if rest is not None:
        return RestInterval.parse(rest)
    return None if enrolment is None else Enrolment.load(enrolment)
