"""The wearables at the other end of the kernel's virtual controller, and what goes wrong with them.

A heart rate strap hangs up after so many beats, goes out of range after as many again, and hangs up
for good. A wristband that runs the bridge's C goes out of range once and comes back.
"""

import asyncio
import os
import struct
import traceback

import numpy as np
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection, Device
from bumble.gatt import Characteristic, Service
from bumble.transport import open_transport
from sent import ADDRESS, BAND, BAND_HZ, BAND_STEP_US, FIRST, IN_A_ROW, NAME

from wearaffect.core.streams import Channel, SignalKind
from wearaffect.core.units import Unit
from wearaffect.devices.virtual.bridge_wearable import BridgeWearable
from wearaffect.devices.virtual.radio import Air, Radio, SoftController
from wearaffect.devices.virtual.wearer import Track, Wearer

_EVERY_S = 0.05
_AWAY_S = 5.0
_BAND_FRAMES = 40

_READ = Characteristic.Properties.READ
_NOTIFY = Characteristic.Properties.NOTIFY
_READABLE = Characteristic.Permissions.READABLE


def _short(uuid: int) -> UUID:
    return UUID.from_16_bits(uuid)


def _services(measurement: Characteristic) -> list[Service]:
    battery = Characteristic(_short(0x2A19), _READ, _READABLE, bytes([87]))
    firmware = Characteristic(_short(0x2A26), _READ, _READABLE, b"1.2.3")
    return [
        Service(_short(0x180D), [measurement]),
        Service(_short(0x180F), [battery]),
        Service(_short(0x180A), [firmware]),
    ]


async def _strap(radio: Radio) -> None:
    device = await radio.join(NAME, ADDRESS)
    measurement = Characteristic(_short(0x2A37), _NOTIFY, _READABLE, b"")
    device.add_services(_services(measurement))
    device.advertising_data = bytes(
        AdvertisingData(
            [
                (AdvertisingData.FLAGS, bytes([6])),
                (AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, b"\x0d\x18\x0f\x18"),
                (AdvertisingData.COMPLETE_LOCAL_NAME, NAME.encode()),
            ]
        )
    )
    device.on("connection", _told)
    await device.start_advertising(
        auto_restart=True, advertising_interval_min=50, advertising_interval_max=50
    )
    for turn, fault in enumerate((_hang_up, _go_away, _hang_up)):
        await _subscribed(measurement)
        print("strap subscribed", turn, flush=True)
        for number in range(turn * IN_A_ROW, (turn + 1) * IN_A_ROW):
            await asyncio.sleep(_EVERY_S)
            payload = struct.pack("<BBH", 0x16, 60 + number % 60, FIRST + number)
            await device.notify_subscribers(measurement, payload)
        await asyncio.sleep(0.5)  # what was notified is to arrive
        await fault(radio, device)


async def _subscribed(characteristic: Characteristic) -> None:
    seen = asyncio.Event()

    def changed(*now: object) -> None:
        if now[1]:  # notifications, rather than none
            seen.set()

    characteristic.on("subscription", changed)
    await seen.wait()
    characteristic.remove_listener("subscription", changed)


async def _hang_up(_: Radio, device: Device) -> None:
    for connection in tuple(device.connections.values()):
        await connection.disconnect()


async def _go_away(radio: Radio, device: Device) -> None:
    radio.set_in_range(device, near=False)
    await asyncio.sleep(_AWAY_S)
    radio.set_in_range(device, near=True)


def _told(connection: Connection) -> None:
    print("connected", connection.peer_address, flush=True)
    connection.on("disconnection", lambda reason: print("disconnected", reason, flush=True))


async def _band(radio: Radio) -> None:
    ramp = np.arange(600 * BAND_HZ, dtype=np.float32)[:, None] * np.float32(BAND_STEP_US)
    track = Track((Channel("eda", Unit.MICROSIEMENS),), BAND_HZ, ramp)
    band = BridgeWearable(Wearer({SignalKind.EDA: track}, np.empty((0, 2))), name=BAND)
    band.guarded = False  # this kernel in an emulator can't pair: it lacks the cryptography
    async with band.on(radio):
        band.device.on("connection", _told)
        while sum(sent.intact for sent in band.truth.sent) < _BAND_FRAMES:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        await _go_away(radio, band.device)
        await asyncio.Event().wait()


async def main() -> None:
    radio = Radio(Air(interval_s=0.0))
    kernel = await open_transport("vhci")
    SoftController(
        "adapter",
        host_source=kernel.source,
        host_sink=kernel.sink,
        link=radio.link,
        public_address="C0:00:00:00:00:01",
    )
    try:
        await asyncio.gather(_strap(radio), _band(radio), _ready())
    except Exception:  # noqa: BLE001 - said and over at once: the rest would wait for ever
        traceback.print_exc()
        os._exit(1)


async def _ready() -> None:
    await asyncio.sleep(1.0)
    print("READY", flush=True)


asyncio.run(main())
