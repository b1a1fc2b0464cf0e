"""The C firmware as a GATT service on our org.bluez, read by the bridge driver through bleak."""

import asyncio
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from bus_reading import reading, run, until
from private_bluez import Characteristic, Peripheral, PrivateBluez

from wearaffect.core.events import Event
from wearaffect.core.streams import SignalChunk, SignalKind
from wearaffect.core.units import Unit
from wearaffect.devices.bridge import table
from wearaffect.devices.bridge.capability import BridgeStream, Capability, Linear
from wearaffect.devices.virtual.firmware import Firmware

pytestmark = pytest.mark.usefixtures("system_bus")

RATE_HZ, BLOCK = 512, 32
ADDRESS = "F0:F1:F2:F3:F4:F6"


class Band:
    """A wristband whose n-th sample is n thousandths of a microsiemens."""

    def __init__(self) -> None:
        channels = (Linear("eda", Fraction(1, 1000), Fraction(0)),)
        stream = BridgeStream(
            SignalKind.EDA, Unit.MICROSIEMENS, table.Width.INT24, Fraction(RATE_HZ), channels
        )
        identity = Capability("WA band", "2.0.1", "wrist", False, (stream,))
        self.firmware = Firmware(identity, frame_samples=(BLOCK,))
        self.firmware.link(secure=False, payload_limit=180)
        self.taken = 0
        self.answers: list[bytes] = []
        service = (
            Characteristic(table.CAPABILITY_UUID, ("read",), self.firmware.capability()),
            Characteristic(table.DATA_UUID, ("notify",)),
            Characteristic(table.CONTROL_UUID, ("write", "notify"), written=self._asked),
        )
        self.peripheral = Peripheral(ADDRESS, "WA band", {table.SERVICE_UUID: service})

    def sample(self) -> Iterator[bytes]:
        """Take the next block, whether or not anybody listens."""
        counts = np.arange(self.taken, self.taken + BLOCK, dtype=np.int32)[:, None]
        frames = self.firmware.push(0, counts, self.now_us)
        self.taken += BLOCK
        return iter(frames)

    @property
    def now_us(self) -> int:
        return self.taken * 1_000_000 // RATE_HZ

    def _asked(self, command: bytes) -> None:
        self.answers.append(self.firmware.control(command, self.now_us))


async def live(band: Band, bluez: PrivateBluez) -> None:
    """Sample, send, answer, until cancelled."""
    while True:
        for answer in band.answers:
            bluez.notify(band.peripheral, table.CONTROL_UUID, answer)
        band.answers.clear()
        for frame in band.sample():
            bluez.notify(band.peripheral, table.DATA_UUID, frame)
        await asyncio.sleep(BLOCK / RATE_HZ)


def test_every_sample_of_the_firmware_is_stored_or_counted_as_lost() -> None:
    async def work() -> None:
        band = Band()
        chunks: list[SignalChunk] = []

        def take(item: SignalChunk | Event) -> None:
            if isinstance(item, SignalChunk) and len(item):
                chunks.append(item)

        async with PrivateBluez(band.peripheral) as bluez, asyncio.TaskGroup() as group:
            living = group.create_task(live(band, bluez))
            async with reading(f"ble:bridge:{ADDRESS}", take) as device:
                assert device.facts["firmware"] == "2.0.1"
                assert device.facts["authenticated"] is False
                await until(lambda: sum(map(len, chunks)) >= 400)
                bluez.drop(band.peripheral)
                before = sum(map(len, chunks))
                await until(lambda: sum(map(len, chunks)) >= before + 400)
            living.cancel()

        assert band.peripheral.connections == 2
        values = np.concatenate([chunk.data[:, 0] for chunk in chunks])
        counts = np.rint(values.astype(np.float64) * 1000).astype(int)
        firsts = counts[np.cumsum([0, *map(len, chunks)])[:-1]]
        assert [chunk.device_counter for chunk in chunks] == firsts.tolist()
        lost = [chunk.n_lost for chunk in chunks]
        ends = np.array([0, *(firsts + [len(chunk) for chunk in chunks])[:-1]])
        assert lost[1:] == (firsts - ends).tolist()[1:]
        assert sum(n > 0 for n in lost[1:]) == 1
        assert {chunk.n_damaged for chunk in chunks} == {0}

    run(work())
