"""`wearaffect devices`: what can be opened, what is on air, what one device says of itself."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from wearaffect.cli.certify import certify_driver
from wearaffect.cli.console import JsonOption, Report, Tell, progress_bar, reporting
from wearaffect.cli.extras import extras, missing_from
from wearaffect.core.errors import WearAffectError
from wearaffect.core.protocols import Device
from wearaffect.core.streams import StreamInfo
from wearaffect.devices.driver import Found

__all__ = ["app"]

app = typer.Typer(help="Devices: what can be opened, what is on air.", no_args_is_help=True)
app.command("certify")(certify_driver)

_EXTRA_OF = {"brainflow": "brainflow", "bumble": "virtual", "serial": "serial"}


@app.command("list")
def list_devices(json: JsonOption = None) -> None:
    """List what an address can begin with, and the Bluetooth drivers."""
    from wearaffect.devices.registry import broken_drivers, device_names, gatt_drivers

    with reporting(json) as report:
        needs = extras()
        schemes = [
            {"scheme": name, "missing": missing_from(needs.get(_EXTRA_OF.get(name, ""), ()))}
            for name in device_names()
        ]
        drivers = [
            {"driver": name, "about": (driver.__doc__ or "").strip().partition("\n")[0]}
            for name, driver in gatt_drivers().items()
        ]
        for name, error in broken_drivers().items():
            about = f"can't be loaded: {error.got or error.line()}"
            drivers.append({"driver": name, "about": about, **error.as_dict()})
        table = _table("address", "")
        for row in schemes:
            extra = _EXTRA_OF.get(str(row["scheme"]))
            ready = f"needs: pip install 'wearaffect[{extra}]'" if row["missing"] else "ready"
            _add(table, f"{row['scheme']}:", ready)
        report.console.print(table)
        table = _table("ble: driver", "")
        for line in drivers:
            _add(table, f"ble:{line['driver']}", line["about"])
        report.console.print(table)
        report.data({"schema": 1, "devices": schemes, "drivers": drivers})


@app.command("scan")
def scan(
    timeout_s: Annotated[
        float, typer.Option("--timeout-s", min=0.1, max=600.0, help="How long to look.")
    ] = 8.0,
    scheme: Annotated[
        list[str] | None,
        typer.Option("--scheme", metavar="NAME", help="Only there, e.g. ble; repeat."),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Look for devices; what is found can be opened by the address in the first column."""
    from wearaffect.devices.registry import broken_drivers, scanners

    with reporting(json) as report:
        known = scanners()
        chosen = scheme or sorted(known)
        for name in chosen:
            if name not in known:
                raise typer.BadParameter(f"{name}: expected one of {', '.join(sorted(known))}")
        with progress_bar(report, "scanning") as tell:
            results = asyncio.run(_scan({n: known[n] for n in chosen}, timeout_s, tell))
        failures = {n: r for n, r in results.items() if isinstance(r, WearAffectError)}
        if len(failures) == len(results):
            raise next(iter(failures.values()))
        if "ble" in results:
            failures |= {f"ble:{name}": error for name, error in broken_drivers().items()}
        for name, failure in failures.items():
            report.line(f"warning: {name}: {failure.line()}")
        found = [one for result in results.values() if isinstance(result, list) for one in result]
        _show_found(report, found)
        report.data(
            {
                "schema": 1,
                "found": [{"uri": f.uri, "name": f.name, **f.facts} for f in found],
                "warnings": [{"scheme": n, **e.as_dict()} for n, e in failures.items()],
            }
        )


async def _scan(
    known: Mapping[str, Any], timeout_s: float, tell: Tell
) -> dict[str, list[Found] | WearAffectError]:
    """Look everywhere at once; where that fails, give why."""

    async def one(load: Any) -> list[Found] | WearAffectError:
        try:
            found: list[Found] = await load()(timeout_s)
        except WearAffectError as error:
            return error
        return found

    tasks = {name: asyncio.create_task(one(load)) for name, load in known.items()}
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    while not all(task.done() for task in tasks.values()):
        tell(min(0.99, (loop.time() - begun_s) / timeout_s), "")
        await asyncio.wait(tasks.values(), timeout=min(0.2, timeout_s))
    return {name: task.result() for name, task in tasks.items()}


@app.command("info")
def info(
    uri: Annotated[str, typer.Argument(metavar="URI", help="As `devices scan` gives it.")],
    json: JsonOption = None,
) -> None:
    """Connect to a device and show what it is, how it is, and what it gives."""
    from wearaffect.devices.registry import open_device
    from wearaffect.devices.uri import parse_uri

    async def ask(device: Device) -> tuple[dict[str, Any], Sequence[StreamInfo]]:
        async with device:
            return dict(device.facts), device.streams

    with reporting(json) as report:
        device = open_device(uri)
        parsed = parse_uri(uri)
        if parsed.target.partition(":")[0] == "gatt":  # to check a file takes no radio
            report.line(f"{parsed.settings['file']}: no mistake in it; looking for the device")
        facts, streams = asyncio.run(ask(device))
        for name in sorted(facts, key=lambda n: (n != "name", n)):
            report.line(f"{name:16} {facts[name]}")
        table = _table("stream", "rate", "channels", "loss shown by")
        for stream in streams:
            rate = "irregular" if stream.sampling_rate is None else f"{stream.sampling_rate:g} Hz"
            columns = ", ".join(f"{c.name} ({c.unit})" for c in stream.channels)
            _add(table, stream.id, rate, columns, _EVIDENCE[stream.loss_evidence.value])
        report.console.print(table)
        listed = [_stream_data(stream) for stream in streams]
        report.data({"schema": 1, "uri": uri, "facts": facts, "streams": listed})


_EVIDENCE = {
    "counter": "its counter",
    "device_clock": "its clock",
    "none": "nothing: loss not provable",
}


def _show_found(report: Report, found: Sequence[Found]) -> None:
    if not found:
        report.line("nothing found that a driver reads")
        return
    table = _table("address", "name", "")
    for one in found:
        said = ", ".join(f"{key} {value}" for key, value in one.facts.items())
        _add(table, one.uri, one.name, said)
    report.console.print(table)


def _stream_data(stream: StreamInfo) -> dict[str, Any]:
    return {
        "id": stream.id,
        "kind": stream.kind.value,
        "sampling_rate": stream.sampling_rate,
        "channels": [{"name": c.name, "unit": c.unit.value} for c in stream.channels],
        "body_site": stream.body_site,
        "loss_evidence": stream.loss_evidence.value,
    }


def _table(*titles: str) -> Table:
    table = Table(*titles, box=None, pad_edge=False, header_style="bold")
    table.columns[0].no_wrap = True  # an address is to be copied
    return table


def _add(table: Table, *cells: str) -> None:
    """Add a row as it is: what a stranger's device calls itself is no markup."""
    table.add_row(*map(Text, cells))
