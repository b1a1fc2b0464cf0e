"""`wearaffect record`: devices into a session folder, with estimates where a model is named."""

import asyncio
import contextlib
import signal
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

__all__ = ["record"]


def record(
    device: Annotated[
        list[str],
        typer.Option("--device", metavar="URI", help="replay:PATH or synthetic:; repeat."),
    ],
    participant: Annotated[
        str, typer.Option("--participant", metavar="CODE", help="Who: 2 to 32 of A-Z a-z 0-9 _ -")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The new session folder.")],
    seconds: Annotated[
        float | None, typer.Option("--seconds", min=0.001, help="Stop after so much signal.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Estimate while recording.")
    ] = None,
    rest: RestOption = None,
    enrolment: EnrolmentOption = None,
    no_enrolment: NoEnrolmentOption = False,
    intended_use: Annotated[
        str, typer.Option("--intended-use", metavar="TEXT", help="Goes into the header.")
    ] = "development",
    json: JsonOption = None,
) -> None:
    """Record until the devices end, --seconds have passed, or Ctrl-C; the journal is closed."""
    from wearaffect.bundle.loading import load_bundle
    from wearaffect.devices.registry import open_device
    from wearaffect.pipeline.live import live
    from wearaffect.recording.journal import JournalWriter

    with reporting(json) as report:
        taken = resting(rest, enrolment, no_enrolment)
        devices = [open_device(uri) for uri in device]
        bundle = None if model is None else load_bundle(model)
        if bundle is not None:
            warn_of_missing(report, [info for d in devices for info in d.streams], bundle)
        try:
            journal = JournalWriter(
                out,
                participant=participant,
                device=", ".join(device),
                intended_use=intended_use,
                bundle_id=bundle.manifest.id if bundle else "",
                model_hash=bundle.manifest.files["model.onnx"] if bundle else "",
            )
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
        outcomes = live(
            devices,
            bundle,
            [journal],
            rest=taken,
            without_enrolment=no_enrolment,
            seconds=seconds,
        )
        counts = asyncio.run(_run(outcomes, report, seconds))
        result = _closed(out, report) | {"outcomes": counts}
        if bundle is not None:
            report.line(f"{counts['estimated']} windows estimated, {counts['withheld']} withheld")
        report.data(result)


async def _run(outcomes: Any, report: Report, seconds: float | None) -> dict[str, int]:
    """Take outcomes until they end or somebody stops it; a stop is a normal end."""
    counts = {"estimated": 0, "withheld": 0}
    task = asyncio.ensure_future(_take(outcomes, counts, report, seconds))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return counts


async def _take(
    outcomes: Any, counts: dict[str, int], report: Report, seconds: float | None
) -> None:
    from wearaffect.core.affect import AffectEstimate

    with progress_bar(report, "recording") as tell:
        async with contextlib.aclosing(outcomes) as stream:
            async for outcome in stream:
                answered = isinstance(outcome, AffectEstimate)
                counts["estimated" if answered else "withheld"] += 1
                said = f"stress {outcome.stress:.2f}" if answered else outcome.reasons[0]
                share = min(1.0, outcome.end_s / seconds) if seconds else None
                tell(share, f"{outcome.end_s:.0f} s: {said}")


def _closed(out: Path, report: Report) -> dict[str, Any]:
    """Read back what was stored, so that what is said is what is on the disk."""
    import json as json_text

    stored: dict[str, Any] = json_text.loads((out / "session.json").read_text(encoding="utf-8"))
    streams = stored.get("streams", {})
    report.line(f"session    {out}")
    for stream_id, account in streams.items():
        report.line(f"  {stream_id:16} {account['stored']} samples stored")
    return {"schema": 1, "session": str(out), "closed": stored.get("closed"), "streams": streams}
