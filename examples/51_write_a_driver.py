"""A driver for any Bluetooth thermometer: one class, found by one line in your pyproject.toml.

    [project.entry-points."wearaffect.drivers"]
    thermometer = "your_package.thermometer:ThermometerDriver"

From then on 'ble:thermometer' is an address like any other.
Run: python examples/51_write_a_driver.py [NAME]; without one it only decodes two measurements.
"""

import asyncio
import sys
from collections.abc import Sequence

import numpy as np

from wearaffect.core.errors import DecodeError
from wearaffect.core.streams import Channel, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.units import Unit
from wearaffect.devices.bluetooth.ble import BleDevice
from wearaffect.devices.driver import GattDriver, Link, Packet, Source
from wearaffect.devices.uri import DeviceUri

MEASUREMENT = "00002a1c-0000-1000-8000-00805f9b34fb"
INFO = StreamInfo("thermometer.temp", SignalKind.TEMP, (Channel("temp", Unit.CELSIUS),), None)


class ThermometerDriver(GattDriver):
    """Health Thermometer Service 1.0 of the Bluetooth SIG: flags, then an IEEE 11073 float."""

    services = ("00001809-0000-1000-8000-00805f9b34fb",)  # what a scan finds it by
    stall_s = first_s = 120.0  # a thermometer may be silent for long

    def __init__(self, uri: DeviceUri) -> None:
        uri.allow()  # it has no settings of its own

    async def start(self, link: Link) -> tuple[Source, ...]:
        """Subscribe, and say what will come: irregular, and without evidence of loss."""
        await link.subscribe(MEASUREMENT)
        return (Source(INFO),)

    def decode(self, characteristic: str, payload: bytes) -> Sequence[Packet]:
        """Read one measurement; bytes that aren't one are a DecodeError, never a number."""
        if characteristic != MEASUREMENT or len(payload) < 5:
            raise DecodeError("thermometer", "no measurement", got=payload.hex())
        mantissa = int.from_bytes(payload[1:4], "little", signed=True)
        value = mantissa * 10.0 ** int.from_bytes(payload[4:5], signed=True)
        celsius = (value - 32) / 1.8 if payload[0] & 1 else value
        return [Packet(INFO.id, np.float32([[celsius]]), ago_ns=np.zeros(1, np.int64))]


async def listen(target: str) -> None:
    """Print what a real one measures, until Ctrl-C."""
    uri = DeviceUri("ble", f"thermometer:{target}")
    async with BleDevice(uri, ThermometerDriver(uri)) as device:
        async for item in device.chunks():
            print(item.data[:, 0] if isinstance(item, SignalChunk) else item)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(listen(sys.argv[1]))
    for measured in ("006e0100ff", "01de0300ff"):  # 36.6 degrees Celsius, 99.0 Fahrenheit
        packet = ThermometerDriver(DeviceUri("")).decode(MEASUREMENT, bytes.fromhex(measured))[0]
        print(f"{packet.stream_id}: {packet.data[0, 0]:.1f} degC")
