"""Our BleDevice on unmodified bleak's BlueZ backend: what a Linux host does with a wearable."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from bus_reading import names_on_bus, reading, run, until
from private_bluez import Peripheral, PrivateBluez
from straps import HEART_RATE, heart_rate_payload, heart_rate_strap

from wearaffect.core.errors import DeviceError
from wearaffect.core.events import DeviceNote, DeviceState, Event
from wearaffect.core.streams import SignalChunk, SignalKind
from wearaffect.devices.bluetooth.ble import scan_ble
from wearaffect.devices.registry import open_device

pytestmark = pytest.mark.usefixtures("system_bus")

ADDRESS = "F0:F1:F2:F3:F4:F5"
URI = f"ble:heart_rate:{ADDRESS}"


@asynccontextmanager
async def beating(bluez: PrivateBluez, strap: Peripheral) -> AsyncIterator[None]:
    """Beat 200 times a second; the n-th interval is (600 + n) / 1024 s long, whoever listens."""

    async def beat() -> None:
        number = 0
        while True:
            number += bluez.notify(strap, HEART_RATE, heart_rate_payload(72, [600 + number]))
            await asyncio.sleep(0.005)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()


class Heard:
    """What a device gave, read in a task of its own."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.notes: list[DeviceNote] = []
        self.rates: set[float] = set()

    def take(self, item: SignalChunk | Event) -> None:
        if isinstance(item, DeviceNote):
            self.notes.append(item)
        elif isinstance(item, SignalChunk) and item.info.kind is SignalKind.IBI:
            self.numbers += [round(float(v) * 1024) - 600 for v in item.data[:, 0]]
        elif isinstance(item, SignalChunk):
            self.rates |= set(item.data[:, 0].tolist())

    def states(self) -> list[DeviceState]:
        return [note.state for note in self.notes if note.state is not DeviceState.TOLD]


@asynccontextmanager
async def listening() -> AsyncIterator[Heard]:
    heard = Heard()
    async with reading(URI, heard.take):
        yield heard


def test_a_scan_names_the_address_to_open() -> None:
    async def work() -> None:
        other = Peripheral("F0:00:00:00:00:01", "nobody reads me", {})
        async with PrivateBluez(heart_rate_strap(), other):
            found = await scan_ble(0.5)
        assert [(one.uri, one.name) for one in found] == [(URI, "WA strap")]

    run(work())


def test_it_streams_and_tells_what_it_is() -> None:
    async def work() -> None:
        strap, heard = heart_rate_strap(), Heard()
        async with PrivateBluez(strap) as bluez, beating(bluez, strap):
            async with reading(URI, heard.take) as device:
                await until(lambda: len(heard.numbers) >= 100)
                assert device.facts["battery_percent"] == 87
                assert device.facts["firmware"] == "1.2.3"
            assert not bluez.connected(strap)
        assert heard.numbers == list(range(len(heard.numbers)))
        assert heard.rates == {72.0}
        assert heard.states() == [DeviceState.CONNECTED]

    run(work())


def test_a_drop_is_a_gap_in_the_beats_and_nothing_else() -> None:
    async def work() -> None:
        strap = heart_rate_strap()
        async with PrivateBluez(strap) as bluez, beating(bluez, strap), listening() as heard:
            for wanted in (50, 100, 150):
                await until(lambda n=wanted: len(heard.numbers) >= n)
                bluez.drop(strap)
            await until(lambda: len(heard.numbers) >= 200)
        assert strap.connections == 4
        assert heard.numbers == list(range(len(heard.numbers)))  # it beats only for a listener
        one_drop = [DeviceState.LOST, DeviceState.CONNECTED]
        assert heard.states() == [DeviceState.CONNECTED, *one_drop * 3]

    run(work())


def test_out_of_range_and_back() -> None:
    async def work() -> None:
        strap = heart_rate_strap()
        async with PrivateBluez(strap) as bluez, beating(bluez, strap), listening() as heard:
            await until(lambda: len(heard.numbers) >= 20)
            bluez.move(strap, in_range=False)
            searches = bluez.searches
            await until(lambda: bluez.searches > searches)
            bluez.move(strap, in_range=True)
            await until(lambda: len(heard.numbers) >= 40)
        assert heard.states() == [DeviceState.CONNECTED, DeviceState.LOST, DeviceState.CONNECTED]

    run(work())


def test_connections_that_fail_are_tried_again() -> None:
    async def work() -> None:
        strap = heart_rate_strap()
        strap.refusals, strap.dropping_early = 2, 1
        async with PrivateBluez(strap) as bluez, beating(bluez, strap), listening() as heard:
            await until(lambda: len(heard.numbers) >= 20)
        assert strap.connections == 2
        assert heard.states() == [DeviceState.CONNECTED]

    run(work())


def test_forgotten_by_bluetoothd_before_it_is_connected_it_is_looked_for_again() -> None:
    async def work() -> None:
        strap = heart_rate_strap()
        strap.refusals = 1

        async def forget(bluez: PrivateBluez) -> None:
            await until(lambda: strap.refusals == 0)
            bluez.move(strap, in_range=False)
            bluez.move(strap, in_range=True)

        async with PrivateBluez(strap) as bluez, asyncio.TaskGroup() as group:
            group.create_task(forget(bluez))
            async with asyncio.timeout(10), open_device(URI):
                assert strap.connections == 1

    run(work())


def test_what_isnt_on_air_is_an_error_that_says_so() -> None:
    async def work() -> None:
        async with PrivateBluez(Peripheral("F0:00:00:00:00:01", "other", {})):
            with pytest.raises(DeviceError, match="not found") as raised:
                async with open_device(f"{URI}?scan_s=0.3"):
                    pass
        assert "other" in str(raised.value)

    run(work())


def test_without_bluetoothd_there_is_no_radio() -> None:
    async def work() -> None:
        with pytest.raises(DeviceError, match="no Bluetooth radio"):
            async with open_device(URI):
                pass

    run(work())


def test_ten_drops_leave_nothing_behind() -> None:
    async def work() -> None:
        strap = heart_rate_strap()
        async with PrivateBluez(strap) as bluez, beating(bluez, strap), listening() as heard:
            await until(lambda: heard.numbers)
            names, tasks = await names_on_bus(), len(asyncio.all_tasks())
            for drops in range(1, 11):
                bluez.drop(strap)
                await until(lambda n=drops: len(heard.states()) == 2 * n + 1)
                beats = len(heard.numbers)
                await until(lambda n=beats: len(heard.numbers) > n)
            assert len(await names_on_bus()) == len(names)
            assert len(asyncio.all_tasks()) == tasks
            assert strap.connections == 11

    run(work())


@pytest.mark.parametrize("after_s", [0.0, 0.02, 0.06, 0.1, 0.15, 0.2, 0.25, 0.3])
def test_given_up_at_any_moment_it_leaves_no_link(after_s: float) -> None:
    async def work() -> None:
        strap = heart_rate_strap()
        async with PrivateBluez(strap) as bluez:

            async def enter() -> None:
                async with open_device(URI):
                    await asyncio.Event().wait()

            task = asyncio.create_task(enter())
            await asyncio.sleep(after_s)
            task.cancel()
            await asyncio.wait([task])
            await asyncio.sleep(0.1)
            assert not bluez.connected(strap)
            assert len(await names_on_bus()) <= 4  # the bus, ours by both names, bleak's watcher

    run(work())


def test_bluetoothd_may_crash_and_start_again() -> None:
    async def work() -> None:
        strap, heard = heart_rate_strap(), Heard()
        async with contextlib.AsyncExitStack() as stack:
            async with PrivateBluez(strap) as bluez, beating(bluez, strap):
                await stack.enter_async_context(reading(f"{URI}?stall_s=1", heard.take))
                await until(lambda: len(heard.numbers) >= 20)
            again = heart_rate_strap()
            bluez = await stack.enter_async_context(PrivateBluez(again))
            await stack.enter_async_context(beating(bluez, again))
            before = len(heard.numbers)
            await until(lambda: len(heard.numbers) >= before + 20)
        connected = DeviceState.CONNECTED
        assert heard.states() == [connected, DeviceState.STALLED, connected]

    run(work())
