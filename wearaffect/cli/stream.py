"""`wearaffect stream`: devices to sinks, with estimates where a model is named; nothing is kept."""

from typing import Annotated

import typer

from wearaffect.cli.console import JsonOption, progress_bar, reporting
from wearaffect.cli.resting import EnrolmentOption, NoEnrolmentOption, RestOption, resting

__all__ = ["stream"]


def stream(
    device: Annotated[
        list[str], typer.Option("--device", metavar="URI", help="Where from; repeat.")
    ],
    sink: Annotated[
        list[str],
        typer.Option("--sink", metavar="SINK", help="Where to: lsl:[PREFIX][?scope=link]; repeat."),
    ],
    seconds: Annotated[
        float | None, typer.Option("--seconds", min=0.001, help="Stop after so much signal.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Estimate while streaming.")
    ] = None,
    rest: RestOption = None,
    enrolment: EnrolmentOption = None,
    no_enrolment: NoEnrolmentOption = False,
    json: JsonOption = None,
) -> None:
    """Send until the devices end, --seconds have passed, or Ctrl-C. Nothing is recorded."""
    from wearaffect.bundle.loading import load_bundle
    from wearaffect.cli.watching import Watcher, until_stopped
    from wearaffect.devices.registry import open_device
    from wearaffect.devices.sinks import open_sink
    from wearaffect.pipeline.live import live

    with reporting(json) as report:
        taken = resting(rest, enrolment, no_enrolment)
        devices = [open_device(uri) for uri in device]
        bundle = None if model is None else load_bundle(model)
        sinks = [open_sink(address, bundle.manifest.labels if bundle else ()) for address in sink]
        with progress_bar(report, "streaming") as tell:
            watcher = Watcher(report, tell, bundle, seconds)
            until_stopped(
                live(
                    devices,
                    bundle,
                    [watcher, *sinks],
                    rest=taken,
                    without_enrolment=no_enrolment,
                    seconds=seconds,
                )
            )
        for stream_id, count in watcher.samples.items():
            report.line(f"  {stream_id:16} {count} samples sent, {watcher.lost[stream_id]} lost")
        report.data(
            {
                "schema": 1,
                "sinks": sink,
                "streams": {
                    stream_id: {"sent": count, "lost": watcher.lost[stream_id]}
                    for stream_id, count in watcher.samples.items()
                },
                "outcomes": dict(watcher.outcomes),
            }
        )
