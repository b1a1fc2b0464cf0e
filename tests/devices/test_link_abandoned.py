"""A device given up at every single turn of the event loop: no link, scan or task stays behind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from wearaffect.core.errors import LinkError
from wearaffect.devices.bluetooth.gatt_device import GattDevice
from wearaffect.devices.bluetooth.inbox import Inbox
from wearaffect.devices.bluetooth.manners import BackOff, LinkSettings, Seen
from wearaffect.devices.drivers.heart_rate import HeartRateDriver
from wearaffect.devices.uri import DeviceUri

SERVICE = "0000180d-0000-1000-8000-00805f9b34fb"
MEASUREMENT = "00002a37-0000-1000-8000-00805f9b34fb"
BELT = Seen("F0:F1:F2:F3:F4:F5", "belt", (SERVICE,), -50)
TURNS = 4  # of the loop that the radio takes for anything


async def turns(count: int = TURNS) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


class Link:
    """A link to a belt that sends one measurement and hangs up."""

    secure = False

    def __init__(self, radio: "Radio", inbox: Inbox) -> None:
        self.lost = asyncio.Event()
        self._radio, self._inbox = radio, inbox
        radio.links.add(self)

    def has(self, characteristic: str) -> bool:
        return True

    async def disconnect(self) -> None:
        await turns()
        self.lost.set()
        self._radio.links.discard(self)

    async def read(self, characteristic: str) -> bytes:
        await turns()
        return b"\x57"

    async def write(self, characteristic: str, value: bytes, *, response: bool = True) -> None:
        await turns()

    async def subscribe(self, characteristic: str) -> None:
        await turns()
        self._inbox.hear(MEASUREMENT, b"\x00\x48")
        self._hanging_up = asyncio.create_task(self._hang_up())

    async def _hang_up(self) -> None:
        await turns(3 * TURNS)
        self.lost.set()

    async def request(self, characteristic: str, value: bytes, *, timeout_s: float = 5.0) -> bytes:
        raise AssertionError("nobody asks for anything here")


class Radio:
    """A radio on which every second connection fails, and that knows what is open."""

    def __init__(self) -> None:
        self.links: set[Link] = set()
        self.listeners = 0
        self.connections = 0

    @asynccontextmanager
    async def listening(self, hear: Callable[[Seen], None]) -> AsyncIterator[None]:
        self.listeners += 1
        try:
            await turns()
            hear(BELT)
            yield
        finally:
            self.listeners -= 1
            await turns()

    async def connect(self, seen: Seen, inbox: Inbox, settings: LinkSettings) -> Link:
        await turns()
        self.connections += 1
        if self.connections % 2:
            raise LinkError("ble:heart_rate", "refused")
        return Link(self, inbox)


def test_at_every_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BackOff, "FIRST_S", 0.0)

    async def given_up_after(count: int) -> tuple[Radio, bool]:
        radio = Radio()
        uri = DeviceUri("ble", f"heart_rate:{BELT.address}")
        driver = HeartRateDriver(DeviceUri("ble", "heart_rate"))
        device = GattDevice(uri, driver, radio, LinkSettings())

        async def use() -> None:
            async with device:
                async for _ in device.chunks():
                    pass

        task = asyncio.create_task(use())
        await turns(count)
        done = task.done()
        task.cancel()
        await asyncio.wait([task], timeout=5.0)
        assert task.done()
        assert task.cancelled(), task.exception()
        return radio, done

    most = 0
    for count in range(260):
        radio, done = asyncio.run(given_up_after(count))
        assert not done
        assert not radio.links, f"a link is left after {count} turns"
        assert not radio.listeners, f"a scan is left after {count} turns"
        most = max(most, radio.connections)
    assert most >= 6  # so also while it streamed, lost the link, was refused and connected again


def test_a_mistake_while_reconnecting_is_told_and_leaves_no_link(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BackOff, "FIRST_S", 0.0)
    radio = Radio()
    starts = 0

    class Mistaken(HeartRateDriver):
        async def start(self, link):  # type: ignore[no-untyped-def]
            nonlocal starts
            starts += 1
            if starts > 1:
                raise ValueError("a mistake of the driver's")
            return await super().start(link)

    async def work() -> None:
        uri = DeviceUri("ble", f"heart_rate:{BELT.address}")
        driver = Mistaken(DeviceUri("ble", "heart_rate"))
        async with GattDevice(uri, driver, radio, LinkSettings()) as device:
            with pytest.raises(ValueError, match="a mistake of the driver's"):
                async for _ in device.chunks():
                    pass
        assert not radio.links
        assert not radio.listeners

    asyncio.run(asyncio.wait_for(work(), 5.0))
