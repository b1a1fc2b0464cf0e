"""The radio inside the process: bleak on it, ranges, delays, and peers that we didn't write."""

import asyncio
import functools
import struct

import numpy as np
import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bleakheart import BatteryLevel, HeartRate
from bumble import att
from bumble.core import UUID
from bumble.gatt import Characteristic, Service
from hypothesis import given, settings
from hypothesis import strategies as st

from wearaffect.devices.virtual.air import Air
from wearaffect.devices.virtual.backend import backend_on
from wearaffect.devices.virtual.heart_rate_belt import HeartRateBelt
from wearaffect.devices.virtual.radio import Radio
from wearaffect.devices.virtual.simulated_time import SimulatedLoop, run_simulated
from wearaffect.devices.virtual.wearer import synthetic_wearer

MEASUREMENT = "00002a37-0000-1000-8000-00805f9b34fb"
HEART_RATE = "0000180d-0000-1000-8000-00805f9b34fb"
BATTERY = "00002a19-0000-1000-8000-00805f9b34fb"
ECHO = "9d1f0001-0000-4000-8000-000000000001"


def belt(seed: int = 1, name: str = "virtual belt") -> HeartRateBelt:
    return HeartRateBelt(synthetic_wearer(seed, 120.0), seed=seed, name=name)


def test_scan_shows_names_services_and_strength() -> None:
    one, other = belt(1, "a name longer than fits an advertisement"), belt(2)

    async def main() -> tuple[dict, list]:
        async with Radio(Air(rssi_dbm=-71)) as radio, one.on(radio), other.on(radio):
            scan = functools.partial(
                BleakScanner.discover, timeout=1.0, backend=backend_on(radio).scanner
            )
            found = await scan(return_adv=True, service_uuids=[HEART_RATE])
            return found, await scan(service_uuids=[ECHO])

    found, none = run_simulated(main())
    assert set(found) == {one.address, other.address}
    assert {device.name for device, _ in found.values()} == {one.name, other.name}
    assert {shown.rssi for _, shown in found.values()} == {-71}
    assert none == []


def test_reads_and_notifications_come_through() -> None:
    async def main() -> tuple[int, bytes, list[bytes], list[bytes]]:
        got: list[bytes] = []
        async with Radio() as radio:
            wearable = belt()
            async with wearable.on(radio):
                backend = backend_on(radio)
                async with BleakClient(wearable.address, backend=backend.client) as client:
                    await client.start_notify(MEASUREMENT, lambda _, v: got.append(bytes(v)))
                    mtu, battery = client.mtu_size, await client.read_gatt_char(BATTERY)
                    await asyncio.sleep(30)
                    await client.stop_notify(MEASUREMENT)
                    await asyncio.sleep(5)
        sent = [s.frame.payload for s in wearable.truth.sent if s.intact]
        return mtu, bytes(battery), got, sent

    mtu, battery, got, sent = run_simulated(main())
    assert mtu == 517
    assert battery == bytes([87])
    assert got == sent
    assert len(got) >= 25


def test_an_independent_client_reads_the_belt() -> None:
    async def main() -> tuple[list[tuple], int, HeartRateBelt]:
        queue: asyncio.Queue = asyncio.Queue()
        async with Radio() as radio:
            wearable = belt()
            async with wearable.on(radio):
                backend = backend_on(radio)
                async with BleakClient(wearable.address, backend=backend.client) as client:
                    reader = HeartRate(client, queue=queue, instant_rate=False, unpack=False)
                    await reader.start_notify()
                    level = await BatteryLevel(client).read()
                    await asyncio.sleep(20)
        return [queue.get_nowait() for _ in range(queue.qsize())], level, wearable

    read, level, wearable = run_simulated(main())
    sent = [s.frame for s in wearable.truth.sent if s.intact]
    assert level == 87
    assert len(read) == len(sent) >= 15
    for (tag, _, (rate, intervals), _), frame in zip(read, sent, strict=True):
        assert tag == "HR"
        assert rate == frame.payload[1]
        ticks = struct.unpack(f"<{(len(frame.payload) - 2) // 2}H", frame.payload[2:])
        np.testing.assert_allclose(intervals, [1000 * t / 1024 for t in ticks], atol=1.0)


def test_a_connection_is_lost_by_time_out_and_made_again() -> None:
    async def main() -> list[str]:
        log: list[str] = []
        async with Radio() as radio:
            wearable = belt()
            async with wearable.on(radio):
                backend = backend_on(radio)
                client = BleakClient(
                    wearable.address,
                    lambda _: log.append("lost"),
                    backend=backend.client,
                    timeout=3,
                )
                await client.connect()
                radio.set_in_range(wearable.device, near=False)
                reading = asyncio.create_task(client.read_gatt_char(BATTERY))
                await asyncio.sleep(2)
                with pytest.raises(BleakError):
                    await reading
                with pytest.raises(BleakError):
                    await client.read_gatt_char(BATTERY)
                with pytest.raises(BleakDeviceNotFoundError):
                    await BleakClient(wearable.address, backend=backend.client, timeout=3).connect()
                giving_up = asyncio.create_task(client.connect())
                await asyncio.sleep(1)
                giving_up.cancel()
                await asyncio.wait([giving_up])
                log.append("away" if giving_up.cancelled() else "?")
                radio.set_in_range(wearable.device, near=True)
                await client.connect()
                log.append(str(bytes(await client.read_gatt_char(BATTERY))[0]))
                await client.disconnect()
        return log

    assert run_simulated(main()) == ["lost", "away", "87", "lost"]


def test_a_short_fade_delays_and_loses_nothing() -> None:
    async def main() -> tuple[list[bytes], list[bytes]]:
        got: list[bytes] = []
        async with Radio() as radio:
            wearable = belt()
            async with wearable.on(radio):
                backend = backend_on(radio)
                async with BleakClient(wearable.address, backend=backend.client) as client:
                    await client.start_notify(MEASUREMENT, lambda _, v: got.append(bytes(v)))
                    for _ in range(12):
                        await asyncio.sleep(1.5)
                        radio.set_in_range(wearable.device, near=False)
                        await asyncio.sleep(0.5)
                        radio.set_in_range(wearable.device, near=True)
                    await asyncio.sleep(0.5)
        return got, [s.frame.payload for s in wearable.truth.sent if s.intact]

    got, sent = run_simulated(main())
    assert len(got) > 20
    assert got == sent[: len(got)]
    assert len(sent) - len(got) <= 1  # one that was on its way when the client left


class Guarded:
    """A peripheral of its own making: refuses to be read before pairing."""

    def __init__(self) -> None:
        permissions, properties = Characteristic.Permissions, Characteristic.Properties
        self.value = Characteristic(
            UUID(ECHO),
            properties.READ,
            permissions.READABLE
            | permissions.READ_REQUIRES_ENCRYPTION
            | permissions.READ_REQUIRES_AUTHENTICATION,
            b"secret",
        )


def test_pairing_opens_what_is_guarded_and_is_remembered() -> None:
    async def main() -> tuple[int, list[bytes], list[bool]]:
        async with Radio() as radio:
            device = await radio.join("guarded", "F0:00:00:00:00:77")
            device.add_service(Service(UUID(HEART_RATE), [Guarded().value]))
            await device.start_advertising(auto_restart=True)
            backend, secure, read = backend_on(radio), [], []
            client = BleakClient("F0:00:00:00:00:77", backend=backend.client)
            async with client:
                with pytest.raises(BleakGATTProtocolError) as refused:
                    await client.read_gatt_char(ECHO)
                await client.pair()
                read.append(bytes(await client.read_gatt_char(ECHO)))
                secure += [c.sc for c in device.connections.values()]
            async with BleakClient(
                "F0:00:00:00:00:77", backend=backend.client, pair=True
            ) as client:
                read.append(bytes(await client.read_gatt_char(ECHO)))
        return int(refused.value.code), read, secure

    code, read, secure = run_simulated(main())
    assert code == att.ATT_INSUFFICIENT_ENCRYPTION_ERROR
    assert read == [b"secret", b"secret"]
    assert secure == [True]


def test_nothing_is_left_behind() -> None:
    async def main() -> tuple[int, int, int]:
        async with Radio() as radio:
            wearable = belt()
            async with wearable.on(radio):
                backend = backend_on(radio)
                for _ in range(20):
                    async with BleakClient(wearable.address, backend=backend.client) as client:
                        await client.start_notify(MEASUREMENT, lambda *_: None)
                await asyncio.sleep(1)
                open_links = len(wearable.device.connections) + len(radio.central.connections)
                subscribed = len(wearable.device.gatt_server.subscribers)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        return open_links, subscribed, len(others)

    assert run_simulated(main()) == (0, 0, 0)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**16), st.floats(0.001, 0.03), st.floats(0.0, 0.6))
def test_the_air_delays_but_keeps_order(seed: int, interval_s: float, retry: float) -> None:
    async def main() -> list[tuple[int, float]]:
        loop = asyncio.get_running_loop()
        got: list[tuple[int, float]] = []
        async with Radio(Air(interval_s=interval_s, retry=retry), seed) as radio:
            device = await radio.join("bell", "F0:00:00:00:00:78")
            properties = Characteristic.Properties
            bell = Characteristic(UUID(ECHO), properties.NOTIFY, 0, b"")
            device.add_service(Service(UUID(HEART_RATE), [bell]))
            await device.start_advertising()
            client = BleakClient("F0:00:00:00:00:78", backend=backend_on(radio).client)
            async with client:
                await client.start_notify(ECHO, lambda _, v: got.append((v[0], loop.time())))
                begun_s = loop.time()
                for number in range(60):
                    await device.notify_subscribers(bell, bytes([number]))
                    await asyncio.sleep(0.004)
                await asyncio.sleep(5)
        return [(number, at_s - begun_s - 0.004 * number) for number, at_s in got]

    got = run_simulated(main())
    assert [number for number, _ in got] == list(range(60))
    late_s = [seconds for _, seconds in got]
    assert min(late_s) > 0
    assert retry > 0 or max(late_s) <= interval_s + 1e-4


def test_simulated_time_waits_for_threads_and_jumps_over_sleep() -> None:
    async def main() -> tuple[float, int]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        before = loop.time()
        async with asyncio.timeout(5):
            answer = await asyncio.to_thread(sum, range(10**6))
        during = loop.time() - before
        await asyncio.sleep(3600)
        assert loop.time() - before >= 3600
        return during, answer

    assert run_simulated(main()) == (0.0, 499999500000)
