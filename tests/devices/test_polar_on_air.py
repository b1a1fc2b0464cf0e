"""The Polar driver over a real host stack: control point by indications, a frame that is lost."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
from ble_parts import opened, settled
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection, Device
from bumble.gatt import Characteristic, CharacteristicValue, Service

from wearaffect.core.streams import SignalChunk
from wearaffect.devices.virtual.backend import backend_on
from wearaffect.devices.virtual.radio import Radio
from wearaffect.devices.virtual.simulated_time import run_simulated

SERVICE, CONTROL, DATA = (f"fb005c8{n}-02e7-f387-1cad-8acd2d8df0c8" for n in "012")
FRAME, RATE_HZ, LOST = 73, 130, 10
EPOCH_NS = 813_000_000_000_000_000


class H10:
    """An ECG belt as the PMD document has it; counts its samples, and leaves one frame out."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.sent = 0
        properties, permissions = Characteristic.Properties, Characteristic.Permissions
        self.control = Characteristic(
            CONTROL,
            properties.READ | properties.WRITE | properties.INDICATE,
            permissions.READABLE | permissions.WRITEABLE,
            CharacteristicValue(read=lambda _: b"\x0f\x01" + bytes(15), write=self.asked),
        )
        self.data = Characteristic(DATA, properties.NOTIFY, permissions.READABLE, b"")
        self.device: Device
        self.tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def on(self, radio: Radio) -> AsyncIterator[None]:
        self.device = await radio.join("Polar H10 0C1F", "F0:00:00:00:0C:1F")
        self.device.add_services([Service(UUID(SERVICE), [self.control, self.data])])
        name = (AdvertisingData.COMPLETE_LOCAL_NAME, b"Polar H10 0C1F")
        self.device.advertising_data = bytes(AdvertisingData([name]))
        await self.device.start_advertising(auto_restart=True)
        try:
            yield
        finally:
            for task in self.tasks:
                task.cancel()
            await radio.leave(self.device)

    def asked(self, _: Connection, command: bytes) -> None:
        self.commands.append(command.hex())
        answer = bytes([0xF0, *command[:2], 0, 0])
        if command[0] == 1:
            answer += bytes.fromhex("00 01 8200 01 01 0e00")
        self.spawn(self.device.indicate_subscribers(self.control, answer))
        if command[0] == 2:
            self.spawn(self.measure())

    def spawn(self, doing) -> None:
        self.tasks.add(asyncio.ensure_future(doing))

    async def measure(self) -> None:
        for number in range(40):
            await asyncio.sleep(FRAME / RATE_HZ)
            values = np.arange(self.sent, self.sent + FRAME)
            self.sent += FRAME
            last_ns = EPOCH_NS + (self.sent - 1) * 1_000_000_000 // RATE_HZ
            content = b"".join(int(v).to_bytes(3, "little", signed=True) for v in values)
            if number != LOST:
                frame = struct.pack("<BQB", 0, last_ns, 0) + content
                await self.device.notify_subscribers(self.data, frame)


def test_a_lost_frame_is_counted_by_the_clock_alone() -> None:
    belt = H10()

    async def main() -> list[SignalChunk]:
        async with Radio() as radio, belt.on(radio):
            async with asyncio.timeout(120), opened("ble:polar", backend_on(radio)) as device:
                chunks = []
                async for item in device.chunks():
                    if isinstance(item, SignalChunk):
                        chunks.append(item)
                    if sum(len(c) for c in chunks) >= 39 * FRAME:
                        break
                assert device.facts["name"] == "Polar H10 0C1F"
            await settled(radio)
            return chunks

    chunks = run_simulated(main())
    assert belt.commands == ["0100", "02000001820001010e00", "0300"]
    samples = np.concatenate([chunk.data for chunk in chunks])[:, 0] * 1000
    sent = np.delete(np.arange(40 * FRAME), np.s_[LOST * FRAME : (LOST + 1) * FRAME])
    np.testing.assert_allclose(samples, sent, rtol=1e-6)
    assert sum(chunk.n_lost for chunk in chunks) == FRAME
    assert chunks[0].info.id == "polar.ecg"
