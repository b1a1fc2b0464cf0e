"""Unmodified bleak, over a real message bus, on our org.bluez: the stand-in stands."""

import asyncio

import pytest
from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.exc import BleakDBusError, BleakError, BleakGATTProtocolError
from bus_reading import run
from private_bluez import Peripheral, PrivateBluez
from straps import (
    BATTERY_LEVEL,
    FIRMWARE_REVISION,
    HEART_RATE,
    HEART_RATE_SERVICE,
    heart_rate_payload,
    heart_rate_strap,
)

pytestmark = pytest.mark.usefixtures("system_bus")


async def found(strap: Peripheral) -> BLEDevice:
    device = await BleakScanner.find_device_by_address(strap.address, timeout=5)
    assert device is not None
    return device


def test_a_scan_by_service_finds_the_strap_and_no_other() -> None:
    async def work() -> None:
        strap, other = heart_rate_strap(), Peripheral("F0:00:00:00:00:01", "other", {})
        async with PrivateBluez(strap, other):
            seen = await BleakScanner.discover(
                timeout=0.3, service_uuids=[HEART_RATE_SERVICE], return_adv=True
            )
        assert list(seen) == [strap.address]
        device, advertisement = seen[strap.address]
        assert (device.name, advertisement.local_name) == ("WA strap", "WA strap")
        assert -60 < advertisement.rssi < -40

    run(work())


def test_values_are_read_and_notified_in_order() -> None:
    async def work() -> None:
        strap = heart_rate_strap()
        got: asyncio.Queue[bytes] = asyncio.Queue()
        sent = [heart_rate_payload(60 + i, [1000 + i]) for i in range(50)]
        async with PrivateBluez(strap) as bluez, BleakClient(await found(strap)) as client:
            assert await client.read_gatt_char(BATTERY_LEVEL) == bytes([87])
            assert await client.read_gatt_char(FIRMWARE_REVISION) == b"1.2.3"
            assert not bluez.notify(strap, HEART_RATE, sent[0])
            await client.start_notify(HEART_RATE, lambda _, value: got.put_nowait(bytes(value)))
            for payload in sent:
                assert bluez.notify(strap, HEART_RATE, payload)
                await asyncio.sleep(0.002)
            assert [await got.get() for _ in sent] == sent
            await client.stop_notify(HEART_RATE)
            assert not bluez.notify(strap, HEART_RATE, sent[0])
        assert got.empty()

    run(work())


def test_what_isnt_allowed_is_refused() -> None:
    async def work() -> None:
        strap = heart_rate_strap()
        async with PrivateBluez(strap), BleakClient(await found(strap)) as client:
            with pytest.raises(BleakGATTProtocolError, match="Write Not Permitted"):
                await client.write_gatt_char(BATTERY_LEVEL, b"\x01", response=True)

    run(work())


def test_a_drop_is_seen_and_a_fresh_client_connects_again() -> None:
    async def work() -> None:
        strap, dropped = heart_rate_strap(), asyncio.Event()
        async with PrivateBluez(strap) as bluez:
            client = BleakClient(await found(strap), disconnected_callback=lambda _: dropped.set())
            await client.connect()
            bluez.drop(strap)
            await dropped.wait()
            assert not client.is_connected
            await client.disconnect()
            async with BleakClient(await found(strap)) as again:
                assert again.is_connected
            assert strap.connections == 2
            assert not bluez.connected(strap)

    run(work())


def test_out_of_range_it_isnt_there_and_back_it_is() -> None:
    async def work() -> None:
        strap, dropped = heart_rate_strap(), asyncio.Event()
        async with PrivateBluez(strap) as bluez:
            device = await found(strap)
            client = BleakClient(device, disconnected_callback=lambda _: dropped.set())
            await client.connect()
            bluez.move(strap, in_range=False)
            await dropped.wait()
            await client.disconnect()
            assert await BleakScanner.find_device_by_address(strap.address, timeout=0.3) is None
            with pytest.raises(BleakError, match="not found"):
                await BleakClient(device).connect()
            bluez.move(strap, in_range=True)
            async with BleakClient(await found(strap)) as again:
                assert again.is_connected

    run(work())


def test_a_refused_connection_and_one_that_breaks_early_are_errors() -> None:
    async def work() -> None:
        strap = heart_rate_strap()
        strap.refusals = strap.dropping_early = 1
        async with PrivateBluez(strap) as bluez:
            device = await found(strap)
            with pytest.raises(BleakDBusError, match="le-connection-abort-by-remote"):
                await BleakClient(device).connect()
            with pytest.raises(BleakError, match="device disconnected"):
                await BleakClient(device).connect()
            assert not bluez.connected(strap)
            async with BleakClient(device) as client:
                assert client.is_connected

    run(work())
