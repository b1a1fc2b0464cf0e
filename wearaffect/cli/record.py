"""`wearaffect record`: devices into a session folder, with estimates where a model is named."""

from pathlib import Path
from typing import Annotated, Any

import typer

from wearaffect.cli.console import JsonOption, Report, progress_bar, reporting
from wearaffect.cli.resting import EnrolmentOption, NoEnrolmentOption, RestOption, resting

__all__ = ["record"]


def record(
    device: Annotated[
        list[str],
        typer.Option("--device", metavar="URI", help="ble:polar, lsl:type=EDA and so on; repeat."),
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
    sink: Annotated[
        list[str] | None,
        typer.Option("--sink", metavar="SINK", help="Send on, too: lsl:[PREFIX][?scope=link]."),
    ] = None,
    rest: RestOption = None,
    enrolment: EnrolmentOption = None,
    no_enrolment: NoEnrolmentOption = False,
    intended_use: Annotated[
        str, typer.Option("--intended-use", metavar="TEXT", help="Goes into the header.")
    ] = "development",
    seal_to: Annotated[
        str | None,
        typer.Option("--seal-to", metavar="KEY", help="Public key of who alone may read it."),
    ] = None,
    keep_addresses: Annotated[
        bool, typer.Option("--keep-addresses", help="Of devices, and their serial numbers.")
    ] = False,
    json: JsonOption = None,
) -> None:
    """Record until the devices end, --seconds have passed, or Ctrl-C; the journal is closed."""
    from wearaffect.bundle.loading import load_bundle
    from wearaffect.cli.watching import Watcher, until_stopped
    from wearaffect.devices.registry import open_device
    from wearaffect.devices.sinks import open_sink
    from wearaffect.pipeline.live import live
    from wearaffect.recording.journal import JournalSettings, JournalWriter
    from wearaffect.recording.sealed import Sealer, read_public_key

    with reporting(json) as report:
        taken = resting(rest, enrolment, no_enrolment)
        if model is None and (taken is not None or no_enrolment):
            raise typer.BadParameter("rest is for estimates: name a --model, too")
        devices = [open_device(uri) for uri in device]
        bundle = None if model is None else load_bundle(model)
        labels = bundle.manifest.labels if bundle else ()
        sinks = [open_sink(address, labels) for address in sink or ()]
        recipient = None if seal_to is None else read_public_key(seal_to)
        if recipient is not None:
            Sealer(recipient)  # better refused now than when the devices are there
        try:
            journal = JournalWriter(
                out,
                participant=participant,
                device=", ".join(device),
                intended_use=intended_use,
                bundle_id=bundle.manifest.id if bundle else "",
                model_hash=bundle.manifest.files["model.onnx"] if bundle else "",
                settings=JournalSettings(
                    planned_s=seconds, seal_to=recipient, keep_addresses=keep_addresses
                ),
            )
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
        with progress_bar(report, "recording") as tell:
            watcher = Watcher(report, tell, bundle, seconds)
            until_stopped(
                live(
                    devices,
                    bundle,
                    [journal, watcher, *sinks],
                    rest=taken,
                    without_enrolment=no_enrolment,
                    seconds=seconds,
                )
            )
        counts = dict(watcher.outcomes)
        result = _closed(out, report) | {"outcomes": counts}
        if bundle is not None:
            report.line(f"{counts['estimated']} windows estimated, {counts['withheld']} withheld")
        report.data(result)


def _closed(out: Path, report: Report) -> dict[str, Any]:
    """Read back what was stored, so that what is said is what is on the disk."""
    import json as json_text

    if not out.exists():
        report.line("stopped before every device was there: nothing was recorded")
        return {"schema": 1, "session": None, "closed": None, "streams": {}}
    stored: dict[str, Any] = json_text.loads((out / "session.json").read_text(encoding="utf-8"))
    streams = stored.get("streams", {})
    if not any(account["stored"] for account in streams.values()):
        report.line("warning: not one sample came; is the device worn, switched on, near?")
    report.line(f"session    {out}")
    for stream_id, account in streams.items():
        report.line(f"  {stream_id:16} {_account(account)}")
    return {"schema": 1, "session": str(out), "closed": stored.get("closed"), "streams": streams}


def _account(account: dict[str, Any]) -> str:
    """Put the account of one stream in words."""
    stored = f"{account['stored']} samples stored"
    if account["expected"] is None:
        return f"{stored}; loss not provable"
    missing = [f"{account[name]} {word}" for name, word in _MISSING if account.get(name)]
    return f"{stored} of {account['expected']}" + (f": {', '.join(missing)}" if missing else "")


_MISSING = (
    ("lost_in_gaps", "lost"),
    ("damaged", "damaged"),
    ("unknown_gaps", "gaps of unknown loss"),
)
