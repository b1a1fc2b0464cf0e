"""bleak on the radio inside the process: found, read, lost, found again, left clean."""

import asyncio
import gc
import itertools
from pathlib import Path

import numpy as np
import pytest
from ble_parts import belt, opened, read_from, settled, until

from wearaffect.core.events import DeviceNote, DeviceState
from wearaffect.core.streams import SignalChunk, SignalKind
from wearaffect.devices.bluetooth import ble
from wearaffect.devices.virtual.backend import Backend, backend_on
from wearaffect.devices.virtual.faults import FaultPlan
from wearaffect.devices.virtual.radio import Radio
from wearaffect.devices.virtual.simulated_time import run_simulated


def open_handles() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_belt_is_found_read_and_left() -> None:
    async def main() -> tuple:
        async with Radio() as radio:
            wearable = belt()
            async with wearable.on(radio):
                device = opened("ble:heart_rate", backend_on(radio))
                assert device.streams == ()
                await asyncio.sleep(0.01)  # the belt's own tasks have begun
                before = asyncio.all_tasks()
                async with device:
                    streams, facts = device.streams, dict(device.facts)
                    chunks, notes = await until(device, 60.0)
                await settled(radio)
                left = asyncio.all_tasks() - before
                return streams, facts, chunks, notes, left, wearable

    streams, facts, chunks, notes, left, wearable = run_simulated(main())
    assert left == set()
    assert [info.id for info in streams] == ["heart_rate.hr", "heart_rate.ibi"]
    assert facts["battery_percent"] == 87
    assert facts["rssi_dbm"] == -60
    assert facts["address"] == wearable.address
    assert facts["authenticated"] is False
    assert (facts["firmware"], facts["manufacturer"]) == ("1.0.0", "wearaffect")
    assert [note.state for note in notes] == [DeviceState.CONNECTED]
    assert "address" not in notes[0].facts
    sent = [s.frame.samples[0].data[:, 0].tolist() for s in wearable.truth.sent if s.intact]
    got = [c.data[:, 0].tolist() for c in chunks if c.info.kind == SignalKind.IBI]
    came, went = list(itertools.chain(*got)), list(itertools.chain(*sent))
    assert came == went[: len(came)]
    assert len(came) > 40


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ("disconnect", DeviceState.LOST),
        ("out_of_range", DeviceState.LOST),
        ("reboot", DeviceState.LOST),
        ("stall", DeviceState.STALLED),
    ],
)
def test_a_link_that_fails_is_replaced(fault: str, state: DeviceState) -> None:
    async def main() -> tuple[list[SignalChunk], list[DeviceNote]]:
        plan = FaultPlan((fault,), 20.0, 10.0)
        async with read_from(belt(plan), "ble:heart_rate") as device:
            return await until(device, 90.0)

    chunks, notes = run_simulated(main())
    assert [note.state for note in notes][:3] == [
        DeviceState.CONNECTED,
        state,
        DeviceState.CONNECTED,
    ]
    assert notes[1].time_ns < 32e9
    assert chunks[-1].end_ns > 80e9


def test_a_silent_link_is_taken_down_when_its_time_is_over() -> None:
    async def main() -> list[DeviceNote]:
        plan = FaultPlan(("stall",), 20.0, 30.0)
        async with read_from(belt(plan), "ble:heart_rate?stall_s=8") as device:
            return (await until(device, 45.0))[1]

    notes = run_simulated(main())
    assert notes[1].state == DeviceState.STALLED
    # the last notification was due within two seconds before the stall began
    assert 26e9 < notes[1].time_ns < 28.5e9
    assert notes[1].facts["reason"] == "no data for 8 s"


def test_patience_ends() -> None:
    async def main() -> tuple[list[DeviceNote], float]:
        async with Radio() as radio, belt(FaultPlan(("out_of_range",), 20.0, 9000.0)).on(radio):
            async with opened("ble:heart_rate?patience_s=100", backend_on(radio)) as device:
                notes = [i async for i in device.chunks() if isinstance(i, DeviceNote)]
                over_s = asyncio.get_running_loop().time()
            await settled(radio)
            return notes, over_s

    notes, over_s = run_simulated(main())
    assert [note.state for note in notes] == [
        DeviceState.CONNECTED,
        DeviceState.LOST,
        DeviceState.ENDED,
    ]
    # after the last data at 20 s: the patience, and the scan that it ended in
    assert 110.0 < over_s <= 20.0 + 100.0 + 10.0 + 1.0


def test_a_hundred_disconnects_leave_nothing_behind() -> None:
    async def main() -> tuple[int, int, int, int]:
        async with Radio() as radio:
            wearable = belt(seconds=900.0)
            async with wearable.on(radio):
                device = opened("ble:heart_rate", backend_on(radio))
                await asyncio.sleep(0.01)  # the belt's own tasks have begun
                tasks, handles = asyncio.all_tasks(), open_handles()
                lost = 0
                async with device:
                    async for item in device.chunks():
                        if isinstance(item, SignalChunk) and item.info.kind == SignalKind.HR:
                            if lost == 100:
                                break
                            await wearable.hang_up()
                        elif isinstance(item, DeviceNote):
                            lost += item.state == DeviceState.LOST
                    gc.collect()
                    links = sum(type(o) is ble._BleakLink for o in gc.get_objects())
                await settled(radio)
                assert not wearable.device.connections
                left = len(asyncio.all_tasks() - tasks)
                return lost, links, left, open_handles() - handles

    lost, links, left, handles = run_simulated(main())
    assert (lost, left, handles) == (100, 0, 0)
    assert links <= 2


@pytest.mark.parametrize(
    "when_s", [0.05, 0.5, *np.arange(2.1, 2.7, 0.03), 10.0, *np.arange(29.99, 31.0, 0.09)]
)
def test_cancelling_at_any_moment_leaves_nothing_behind(when_s: float) -> None:
    async def main() -> None:
        async with Radio() as radio, belt(FaultPlan(("disconnect",), 30.0)).on(radio):
            await asyncio.sleep(0.01)  # the belt's own tasks have begun
            before = asyncio.all_tasks()

            async def read() -> None:
                async with opened("ble:heart_rate", backend_on(radio)) as device:
                    await until(device, 1e9)

            task = asyncio.create_task(read())
            await asyncio.sleep(when_s)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()
            await settled(radio)
            assert asyncio.all_tasks() - before <= {asyncio.current_task()}

    run_simulated(main())


def test_two_devices_share_one_scan() -> None:
    starts = []

    async def main() -> list[int]:
        async with Radio() as radio, belt(seed=1).on(radio), belt(seed=2).on(radio):
            backend = backend_on(radio)

            class Counted(backend.scanner):  # type: ignore[misc, name-defined]
                async def start(self) -> None:
                    starts.append(len(radio.central.listeners("advertisement")))
                    await super().start()

            counted = Backend(backend.client, Counted)
            one, two = (opened(f"ble:heart_rate:belt {n}", counted) for n in (1, 2))

            async def beats(device: ble.BleDevice) -> int:
                async with device:
                    return len((await until(device, 30.0))[0])

            found = await asyncio.gather(beats(one), beats(two))
            await settled(radio)
            return found

    assert min(run_simulated(main())) > 30
    assert starts == [0]
