"""Eight virtual wearables at once in real time, and a hundred lost links in simulated time.

Eight wearables, each the compiled C firmware behind a GATT server with skin conductance, pulse
wave and acceleration, on one radio; eight drivers read them for a minute, on one event loop, on
which also the wearables, the radio and both host stacks run. Beside them a task measures by how
much the loop wakes it late. Then one wearable hangs up a hundred times, and what its driver holds
is counted before and after.
"""

import asyncio
import gc
import os
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from bleak import BleakClient
from harness import Check, Report, say

from wearaffect.core.events import DeviceNote, DeviceState
from wearaffect.core.streams import SignalChunk, SignalKind
from wearaffect.devices.bluetooth.ble import BleDevice
from wearaffect.devices.bluetooth.manners import LinkSettings
from wearaffect.devices.drivers.bridge import BridgeDriver
from wearaffect.devices.uri import DeviceUri
from wearaffect.devices.virtual.backend import Backend, backend_on
from wearaffect.devices.virtual.bridge_wearable import BridgeWearable
from wearaffect.devices.virtual.radio import Radio
from wearaffect.devices.virtual.simulated_time import run_simulated
from wearaffect.devices.virtual.wearer import Wearer, synthetic_wearer

N_WEARABLES, SECONDS, DISCONNECTS = 8, 60.0, 100
KINDS = (SignalKind.EDA, SignalKind.BVP, SignalKind.ACC)
LAG_EVERY_S, MOST_LAG_MS = 0.005, 50.0


def wearer(seed: int, seconds: float) -> Wearer:
    """Three signals of a person."""
    person = synthetic_wearer(seed, seconds)
    return replace(person, tracks={kind: person.tracks[kind] for kind in KINDS})


def reader(wearable: BridgeWearable, backend: Backend, number: int) -> BleDevice:
    """A driver that reads one wearable."""
    uri = DeviceUri("ble", f"bridge:{wearable.address}", {"name": f"bridge-{number}"})
    return BleDevice(
        uri,
        BridgeDriver(DeviceUri("ble", "bridge")),
        settings=LinkSettings(pair=True),
        scanner_backend=backend.scanner,
        client_backend=backend.client,
    )


async def lag(late_s: list[float]) -> None:
    """Note how late each wake-up is."""
    loop = asyncio.get_running_loop()
    while True:
        due_s = loop.time() + LAG_EVERY_S
        await asyncio.sleep(LAG_EVERY_S)
        late_s.append(loop.time() - due_s)


async def read(device: BleDevice, counts: Counter[str]) -> None:
    """Count what a driver gives."""
    async for item in device.chunks():
        if isinstance(item, SignalChunk):
            counts["stored"] += len(item)
            counts["lost"] += item.n_lost
            counts["damaged"] += item.n_damaged
        elif isinstance(item, DeviceNote):
            counts["links lost"] += item.state in {DeviceState.LOST, DeviceState.STALLED}


async def together() -> dict[str, Any]:
    """Eight wearables for a minute."""
    counts: Counter[str] = Counter()
    late_s: list[float] = []
    wearables = [BridgeWearable(wearer(n, 600.0), seed=n + 1) for n in range(N_WEARABLES)]
    async with AsyncExitStack() as stack:
        radio = await stack.enter_async_context(Radio())
        for wearable in wearables:
            await stack.enter_async_context(wearable.on(radio))
        backend = backend_on(radio)
        devices = [reader(wearable, backend, n) for n, wearable in enumerate(wearables)]
        begun_s = time.monotonic()
        await asyncio.gather(*(stack.enter_async_context(device) for device in devices))
        say(f"{N_WEARABLES} connected in {time.monotonic() - begun_s:.1f} s")
        reading = [asyncio.create_task(read(device, counts)) for device in devices]
        measuring = asyncio.create_task(lag(late_s))
        cpu_s, wall_s = time.process_time(), time.monotonic()
        await asyncio.sleep(SECONDS)
        cpu_s, wall_s = time.process_time() - cpu_s, time.monotonic() - wall_s
        measuring.cancel()
        await asyncio.gather(*(device.__aexit__(None, None, None) for device in devices))
        await asyncio.gather(*reading)
    sent = sum(
        len(samples.data)
        for wearable in wearables
        for kind in KINDS
        for samples, frame in wearable.truth.samples(kind)
        if frame.intact
    )
    quantiles = np.quantile(np.array(late_s) * 1000, [0.5, 0.95, 0.99, 1.0])
    return {
        **{name: counts[name] for name in ("stored", "lost", "damaged", "links lost")},
        "delivered": sent,
        "seconds": wall_s,
        "cpu_share": cpu_s / wall_s,
        "lag_ms": dict(zip(("p50", "p95", "p99", "most"), quantiles.tolist(), strict=True)),
    }


def held() -> dict[str, int]:
    """What a process holds that a link might leak."""
    gc.collect()
    clients = sum(isinstance(thing, BleakClient) for thing in gc.get_objects())
    return {
        "tasks": len(asyncio.all_tasks()),
        "clients": clients,
        "descriptors": len(list(Path("/proc/self/fd").iterdir())) if os.name == "posix" else 0,
    }


async def again_and_again() -> dict[str, Any]:
    """One wearable that hangs up a hundred times."""
    counts: Counter[str] = Counter()
    wearable = BridgeWearable(wearer(1, 3600.0))
    async with Radio() as radio, wearable.on(radio):
        async with reader(wearable, backend_on(radio), 0) as device:
            reading = asyncio.create_task(read(device, counts))
            await asyncio.sleep(5)
            before = held()
            for _ in range(DISCONNECTS):
                await wearable.hang_up()
                await asyncio.sleep(8)
            after = held()
        await reading
        await asyncio.sleep(1)
        links = len(wearable.device.connections) + len(radio.central.connections)
        subscriptions = len(wearable.device.gatt_server.subscribers)
    sensors = [s for kind in KINDS for s, _ in wearable.truth.samples(kind)]
    return {
        **{name: counts[name] for name in ("stored", "lost", "damaged", "links lost")},
        "sampled": sum(len(s.data) for s in sensors),
        "before": before,
        "after": after,
        "links left": links,
        "subscriptions left": subscriptions,
        "tasks left": len(asyncio.all_tasks()) - 1,
    }


def main() -> None:
    """Run both."""
    report = Report("soak", __doc__ or "")
    found = asyncio.run(together())
    report.found["together"] = found
    say(f"{found}")
    lost = run_simulated(again_and_again())
    report.found["disconnects"] = lost
    say(f"{lost}")
    grown = {name: lost["after"][name] - lost["before"][name] for name in lost["before"]}
    checks = [
        Check("samples lost of eight wearables", found["lost"] + found["damaged"], 0),
        Check("samples delivered and not stored", found["delivered"] - found["stored"], 0),
        Check("links lost without a reason", found["links lost"], 0),
        Check("event-loop lag, p99, ms", found["lag_ms"]["p99"], MOST_LAG_MS),
        Check("disconnects not seen", DISCONNECTS - lost["links lost"], 0),
        *(Check(f"{name} more after {DISCONNECTS} disconnects", n, 0) for name, n in grown.items()),
        Check("links, subscriptions and tasks left",
              lost["links left"] + lost["subscriptions left"] + lost["tasks left"], 0),
    ]  # fmt: skip
    report.found["checks"] = [
        {"what": c.what, "value": c.value, "at_most": c.most, "ok": c.ok} for c in checks
    ]
    for check in checks:
        say(f"{'ok ' if check.ok else 'NOT'} {check.what}: {check.value:.3g} (≤ {check.most:g})")
    report.save()
    sys.exit(not all(check.ok for check in checks))


if __name__ == "__main__":
    main()
