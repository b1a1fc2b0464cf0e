"""How tests on the private bus read a device, wait, and look at what is left behind."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from dbus_fast import BusType, Message
from dbus_fast.aio import MessageBus

from wearaffect.core.events import Event
from wearaffect.core.protocols import Device
from wearaffect.core.streams import SignalChunk
from wearaffect.devices.registry import open_device


def run(work: Coroutine[Any, Any, None]) -> None:
    async def timed() -> None:
        async with asyncio.timeout(20):
            await work

    asyncio.run(timed())


async def until(true: Callable[[], object]) -> None:
    while not true():  # noqa: ASYNC110 - asks a stand-in that has no event for it
        await asyncio.sleep(0.005)


@asynccontextmanager
async def reading(uri: str, take: Callable[[SignalChunk | Event], None]) -> AsyncIterator[Device]:
    """Enter a device and hand on what it gives; a reader that fails, fails the test at once."""

    async def read(device: Device) -> None:
        async for item in device.chunks():
            take(item)

    async with open_device(uri) as device, asyncio.TaskGroup() as group:
        task = group.create_task(read(device))
        yield device
        task.cancel()


async def names_on_bus() -> set[str]:
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    call = Message(
        "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "ListNames"
    )
    reply = await bus.call(call)
    bus.disconnect()
    await bus.wait_for_disconnect()
    assert reply is not None
    return set(reply.body[0]) - {bus.unique_name}
