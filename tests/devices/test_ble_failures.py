"""What goes wrong with a radio, a device or a reader: named, told, and nothing left behind."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from ble_parts import belt, opened, settled, until
from bleak.backends.scanner import BaseBleakScanner
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason
from bumble.core import UUID, AdvertisingData
from bumble.device import Device
from bumble.gatt import Characteristic, Service

from wearaffect.core.errors import DecodeError, DeviceError, LinkError
from wearaffect.core.events import DeviceNote, DeviceState
from wearaffect.core.streams import Channel, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.units import Unit
from wearaffect.devices.bluetooth import ble
from wearaffect.devices.bluetooth.manners import LinkSettings
from wearaffect.devices.driver import GattDriver, Link, Packet, Source
from wearaffect.devices.drivers.heart_rate import HeartRateDriver
from wearaffect.devices.uri import parse_uri
from wearaffect.devices.virtual.backend import backend_on
from wearaffect.devices.virtual.radio import Radio
from wearaffect.devices.virtual.simulated_time import run_simulated

CONTROL = "9d1f0002-0000-4000-8000-000000000001"


def test_with_two_belts_on_air_the_address_has_to_say_which() -> None:
    async def main() -> None:
        async with Radio() as radio, belt(seed=1).on(radio), belt(seed=2).on(radio):
            backend = backend_on(radio)
            with pytest.raises(DeviceError, match="more than one device answers"):
                async with opened("ble:heart_rate", backend):
                    pass
            found = await ble.scan_ble(2.0, scheme="bumble", scanner_backend=backend.scanner)
            assert {one.name for one in found} == {"belt 1", "belt 2"}
            for one in found:
                async with opened(one.uri, backend) as device:
                    assert device.facts["name"] == one.name
            await settled(radio)

    run_simulated(main())


def test_a_device_that_is_not_there_is_told_with_what_is() -> None:
    async def main() -> None:
        async with Radio() as radio, belt(seed=3).on(radio):
            with pytest.raises(DeviceError) as caught:
                async with opened("ble:polar", backend_on(radio)):
                    pass
            await settled(radio)
            assert "belt 3" in caught.value.got
            assert "bring it near" in caught.value.remedy

    run_simulated(main())


INFO = StreamInfo("odd.temp", SignalKind.TEMP, (Channel("temp", Unit.CELSIUS),), None)


class OddDriver(GattDriver):
    """Fails to start so many times; sends what it is asked for."""

    name_prefixes = ("odd",)

    def __init__(self, error: DeviceError | None = None, times: int = 0) -> None:
        self.error, self.times, self.starts = error, times, 0

    async def start(self, link: Link) -> tuple[Source, ...]:
        self.starts += 1
        await link.subscribe(CONTROL)
        if self.error is not None and self.starts <= self.times:
            raise self.error
        return (Source(INFO),)

    def decode(self, characteristic: str, payload: bytes) -> Sequence[Packet]:
        raise DecodeError("odd", "always", stream="odd.temp")


@asynccontextmanager
async def odd_device(radio: Radio) -> AsyncIterator[tuple[Device, Characteristic]]:
    """A device on air with one characteristic."""
    device = await radio.join("odd one", "F0:00:00:00:0D:D0")
    properties, permissions = Characteristic.Properties, Characteristic.Permissions
    control = Characteristic(
        CONTROL, properties.NOTIFY | properties.WRITE, permissions.WRITEABLE, b""
    )
    device.add_services([Service(UUID("9d1f0001-0000-4000-8000-000000000001"), [control])])
    name = (AdvertisingData.COMPLETE_LOCAL_NAME, b"odd one")
    device.advertising_data = bytes(AdvertisingData([name]))
    await device.start_advertising(auto_restart=True)
    try:
        yield device, control
    finally:
        await radio.leave(device)


def run_odd(driver: OddDriver, seconds: float = 0.0) -> list[DeviceNote]:
    async def main() -> list[DeviceNote]:
        async with Radio() as radio, odd_device(radio) as (odd, control):
            backend = backend_on(radio)
            device = ble.BleDevice(
                parse_uri("ble:odd"),
                driver,
                settings=LinkSettings(patience_s=200.0),
                scanner_backend=backend.scanner,
                client_backend=backend.client,
            )
            try:
                async with device:
                    await odd.notify_subscribers(control, b"nonsense")
                    return (await until(device, seconds))[1] if seconds else []
            finally:
                await settled(radio)

    return run_simulated(main())


def test_a_start_that_fails_for_the_link_is_tried_again_after_disconnecting() -> None:
    driver = OddDriver(LinkError("ble:odd", "timed out"), times=3)
    run_odd(driver)
    assert driver.starts == 4


def test_a_start_that_the_driver_refuses_ends_at_once_and_disconnects() -> None:
    driver = OddDriver(DeviceError("ble:odd", "is of another kind"), times=99)
    with pytest.raises(DeviceError, match="another kind"):
        run_odd(driver)
    assert driver.starts == 1


def test_damaged_packets_and_a_device_that_never_gives_data_are_told() -> None:
    driver = OddDriver()
    notes = run_odd(driver, seconds=150.0)
    told = [dict(note.facts) for note in notes if note.state == DeviceState.TOLD]
    counts = [n for note in told for n in note.items() if n[1]]
    assert counts == [("damaged_packets", 1)]
    assert [n.state for n in notes].count(DeviceState.STALLED) >= 2


def test_a_device_without_the_characteristic_is_the_wrong_kind() -> None:
    async def main() -> None:
        async with Radio() as radio, odd_device(radio):
            with pytest.raises(DeviceError, match="isn't the kind of device") as caught:
                async with opened("ble:heart_rate:odd one", backend_on(radio)):
                    pass
            assert "2a37" in caught.value.expected
            await settled(radio)

    run_simulated(main())


class _NoRadio(BaseBleakScanner):
    error: Exception = BleakBluetoothNotAvailableError(
        "off", BleakBluetoothNotAvailableReason.POWERED_OFF
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(None, None)

    async def start(self) -> None:
        raise self.error

    async def stop(self) -> None:
        raise AssertionError


class _NoService(_NoRadio):
    error = FileNotFoundError(2, "No such file or directory")


@pytest.mark.parametrize(("backend", "got"), [(_NoRadio, "powered off"), (_NoService, "service")])
def test_no_radio_is_told_with_the_remedy(backend: type[BaseBleakScanner], got: str) -> None:
    async def main() -> None:
        for _ in range(2):  # a scan that failed doesn't stand in the way of the next
            with pytest.raises(DeviceError, match="no Bluetooth radio") as caught:
                await ble.scan_ble(1.0, scanner_backend=backend)
            assert got in caught.value.got
            assert "adapter" in caught.value.remedy
        device = ble.open_gatt(parse_uri("ble:heart_rate"), scanner_backend=backend)
        with pytest.raises(DeviceError, match="no Bluetooth radio"):
            async with device:
                pass

    run_simulated(main())


def test_reading_needs_entering_and_only_once() -> None:
    async def main() -> None:
        async with Radio() as radio, belt().on(radio):
            device = opened("ble:heart_rate", backend_on(radio))
            with pytest.raises(DeviceError, match="not started"):
                async for _ in device.chunks():
                    pass
            async with device:
                pass
            with pytest.raises(DeviceError, match="entered before"):
                async with device:
                    pass

    run_simulated(main())


def test_a_slow_reader_costs_packets_and_they_are_told() -> None:
    async def main() -> tuple[list[SignalChunk], list[DeviceNote], int]:
        async with Radio() as radio:
            wearable = belt()
            async with wearable.on(radio):
                device = opened("ble:heart_rate", backend_on(radio))
                device._keeper.inbox._limit = 10
                async with device:
                    await asyncio.sleep(30.0)
                    chunks, notes = await until(device, 60.0)
                return chunks, notes, sum(s.intact for s in wearable.truth.sent)

    chunks, notes, sent = run_simulated(main())
    told = [note.facts["dropped_packets"] for note in notes if "dropped_packets" in note.facts]
    rates = [chunk for chunk in chunks if chunk.info.kind == SignalKind.HR]
    assert told
    assert told[-1] > 5
    assert abs(len(rates) + told[-1] - sent) <= 1  # one may still be in the air at the end


def test_the_driver_classes_are_what_the_entry_points_name() -> None:
    device = ble.open_ble(parse_uri("ble:heart_rate"))
    assert isinstance(device._driver, HeartRateDriver)
