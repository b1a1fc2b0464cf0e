"""What tests of the radio share: a belt on air, a device that reads it, and what came of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from wearaffect.core.events import DeviceNote
from wearaffect.core.streams import SignalChunk
from wearaffect.devices.bluetooth import ble
from wearaffect.devices.uri import parse_uri
from wearaffect.devices.virtual.backend import Backend, backend_on
from wearaffect.devices.virtual.faults import FaultPlan
from wearaffect.devices.virtual.heart_rate_belt import HeartRateBelt
from wearaffect.devices.virtual.radio import Radio
from wearaffect.devices.virtual.wearer import synthetic_wearer


def belt(plan: FaultPlan | None = None, seed: int = 1, *, seconds: float = 300.0) -> HeartRateBelt:
    return HeartRateBelt(synthetic_wearer(1, seconds), plan, seed, f"belt {seed}")


def opened(uri: str, backend: Backend) -> ble.BleDevice:
    return ble.open_gatt(
        parse_uri(uri), scanner_backend=backend.scanner, client_backend=backend.client
    )


@asynccontextmanager
async def read_from(wearable: HeartRateBelt, uri: str) -> AsyncIterator[ble.BleDevice]:
    async with Radio() as radio, wearable.on(radio), opened(uri, backend_on(radio)) as device:
        yield device


async def until(
    device: ble.BleDevice, seconds: float
) -> tuple[list[SignalChunk], list[DeviceNote]]:
    """What comes until so much time has passed on the loop's clock."""
    loop = asyncio.get_running_loop()
    chunks, notes = [], []
    async for item in device.chunks():
        if isinstance(item, SignalChunk):
            chunks.append(item)
        elif isinstance(item, DeviceNote):
            notes.append(item)
        if loop.time() >= seconds:
            break
    return chunks, notes


async def settled(radio: Radio) -> None:
    """Nothing of a central is left on a radio."""
    await asyncio.sleep(2.0)
    assert not radio.central.connections
    assert not radio.central.is_scanning
    assert not radio.central.listeners("advertisement")
