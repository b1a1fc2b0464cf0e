"""``bumble:`` addresses: virtual wearables as devices, over the real host stack and driver."""

import asyncio

import numpy as np
import pytest
from bleak import BleakClient
from bleak.exc import BleakGATTProtocolError
from bumble.device import Device as Host
from bumble.gatt import Service
from bumble.profiles.battery_service import BatteryService
from bumble.profiles.heart_rate_service import HeartRateService

from wearaffect.core.errors import DeviceError, DeviceUriError
from wearaffect.core.events import DeviceNote, DeviceState
from wearaffect.core.protocols import Device
from wearaffect.core.streams import SignalChunk, SignalKind
from wearaffect.devices.bluetooth.ble import BleDevice
from wearaffect.devices.bridge import table
from wearaffect.devices.bridge.messages import sealed
from wearaffect.devices.drivers.heart_rate import HeartRateDriver
from wearaffect.devices.registry import open_device
from wearaffect.devices.uri import DeviceUri
from wearaffect.devices.virtual.backend import backend_on
from wearaffect.devices.virtual.bridge_wearable import BridgeWearable
from wearaffect.devices.virtual.device import VirtualDevice
from wearaffect.devices.virtual.radio import Radio
from wearaffect.devices.virtual.simulated_time import run_simulated
from wearaffect.devices.virtual.wearer import recorded_wearer, synthetic_wearer
from wearaffect.recording.opening import open_session


def read(uri: str) -> tuple[VirtualDevice, list, dict]:
    """Open an address and read it to the end."""

    async def main() -> tuple[VirtualDevice, list, dict]:
        device = open_device(uri)
        assert isinstance(device, Device)
        async with device:
            facts = dict(device.facts)
            items = [item async for item in device.chunks()]
        return device, items, facts

    return run_simulated(main())


def stored(items: list, kind: SignalKind) -> np.ndarray:
    chunks = [i for i in items if isinstance(i, SignalChunk) and i.info.kind == kind]
    return np.concatenate([chunk.data for chunk in chunks])


def test_a_bridge_gives_four_streams_and_says_what_it_is() -> None:
    device, items, facts = read("bumble:bridge:ward 3?duration_s=20")
    assert [info.id for info in device.streams] == [
        f"ward-3.{kind}" for kind in ("eda", "bvp", "acc", "temp")
    ]
    assert facts["authenticated"] is facts["paired"] is facts["claims_pairing"] is True
    assert facts["virtual"] is True
    assert facts["battery_percent"] == 87
    for kind in (SignalKind.EDA, SignalKind.BVP, SignalKind.ACC, SignalKind.TEMP):
        sent = [s.data for s, what in device.wearable.truth.samples(kind) if what.intact]
        np.testing.assert_allclose(stored(items, kind), np.concatenate(sent), rtol=1e-6)


def test_a_recording_plays_through_the_air(example_recording) -> None:
    device, items, _ = read(f"bumble:bridge?from={example_recording}&duration_s=30")
    for kind in (SignalKind.EDA, SignalKind.ACC):
        recorded = open_session(example_recording).require(kind).samples()[1]
        ours = device.wearable.truth.samples(kind)
        first = next(samples.first for samples, sent in ours if sent.intact)
        start = _offset(recorded, recorded_wearer(str(example_recording), 30.0).tracks[kind].data)
        given = stored(items, kind)
        assert len(given) > 50
        wanted = recorded[start + first :][: len(given)]
        np.testing.assert_allclose(given, wanted, atol=5.1e-6)


def _offset(whole: np.ndarray, part: np.ndarray) -> int:
    """Find where a part begins."""
    for start in range(len(whole) - len(part) + 1):
        if np.array_equal(whole[start : start + len(part)], part):
            return start
    raise AssertionError("the wearer isn't the person of the recording")


def test_the_same_seed_gives_the_same_person_and_the_same_air() -> None:
    one, other = (read("bumble:bridge?duration_s=15&seed=7&fault=drop&fault_at_s=5") for _ in "ab")
    for kind in SignalKind.EDA, SignalKind.BVP:
        assert np.array_equal(stored(one[1], kind), stored(other[1], kind))
    another = read("bumble:bridge?duration_s=15&seed=8")
    assert not np.array_equal(stored(one[1], SignalKind.EDA), stored(another[1], SignalKind.EDA))


def test_an_unauthenticated_link_is_given_only_when_asked_for_and_says_so() -> None:
    _, items, facts = read("bumble:bridge?duration_s=10&unauthenticated=1")
    assert (facts["authenticated"], facts["paired"], facts["claims_pairing"]) == (False,) * 3
    assert len(stored(items, SignalKind.BVP)) > 100
    notes = [i for i in items if isinstance(i, DeviceNote) and i.state is DeviceState.CONNECTED]
    assert [note.facts["authenticated"] for note in notes] == [False]
    with pytest.raises(DeviceError, match="paired links only"):
        read("bumble:bridge?duration_s=10&pair=0")


def test_data_needs_a_paired_link() -> None:
    async def main() -> tuple[list[int], list[bytes], list[bytes]]:
        refused: list[int] = []
        frames: list[bytes] = []
        answers: list[bytes] = []
        start = sealed(bytes([table.Marker.COMMAND, 6, table.Command.START, 9]))
        wearable = BridgeWearable(synthetic_wearer(1, 60.0))
        async with Radio() as radio, wearable.on(radio):
            client = BleakClient(wearable.address, backend=backend_on(radio).client)
            async with client:
                await client.start_notify(table.CONTROL_UUID, lambda _, v: answers.append(bytes(v)))
                for asking in (
                    client.read_gatt_char(table.DATA_UUID),
                    client.start_notify(table.DATA_UUID, lambda _, v: frames.append(bytes(v))),
                ):
                    with pytest.raises(BleakGATTProtocolError) as error:
                        await asking
                    refused.append(int(error.value.code))
                await client.write_gatt_char(table.CONTROL_UUID, start, response=True)
                await asyncio.sleep(3)
                assert frames == []
                await client.pair()
                await client.start_notify(table.DATA_UUID, lambda _, v: frames.append(bytes(v)))
                await client.write_gatt_char(table.CONTROL_UUID, start, response=True)
                await asyncio.sleep(3)
                await client.disconnect()
        return refused, frames, answers

    refused, frames, answers = run_simulated(main())
    assert refused == [0x0F, 0x0F]  # insufficient encryption, Core 5.4 Vol 3 Part F 3.4.1.1
    assert len(frames) >= 20
    statuses = [answer[table.ANSWER_LAYOUT.size - 1] for answer in answers]
    assert statuses == [table.Status.NOT_AUTHENTICATED, table.Status.OK]


def test_our_driver_reads_a_belt_that_we_did_not_write() -> None:
    """bumble's own Heart Rate and Battery services."""
    beats = [(72, [0.83, 0.85]), (75, [0.8]), (74, [0.81, 0.8])]

    def measured(rate: int, intervals: list[float]) -> bytes:
        measurement = HeartRateService.HeartRateMeasurement
        return bytes(measurement(rate, sensor_contact_detected=True, rr_intervals=intervals))

    async def main() -> tuple[list, dict]:
        async with Radio() as radio:
            host: Host = await radio.join("foreign belt", "F0:00:00:00:00:99")
            heart = HeartRateService(
                lambda _: HeartRateService.HeartRateMeasurement(60),
                HeartRateService.BodySensorLocation.CHEST,
            )
            services: list[Service] = [heart, BatteryService(lambda _: 55)]
            host.add_services(services)
            host.advertising_data = b"\x03\x03\x0d\x18"
            await host.start_advertising(auto_restart=True)
            backend = backend_on(radio)
            uri = DeviceUri("ble", "heart_rate")
            device = BleDevice(
                uri,
                HeartRateDriver(DeviceUri("ble", "heart_rate")),
                scanner_backend=backend.scanner,
                client_backend=backend.client,
            )
            got: list = []
            async with device:
                facts = dict(device.facts)
                reading = asyncio.create_task(_collect(device, got))
                for rate, intervals in beats:
                    await host.notify_subscribers(
                        heart.heart_rate_measurement_characteristic, measured(rate, intervals)
                    )
                    await asyncio.sleep(1)
            await reading
        return got, facts

    got, facts = run_simulated(main())
    assert facts["battery_percent"] == 55
    assert stored(got, SignalKind.HR)[:, 0].tolist() == [72, 75, 74]
    wanted = [interval for _, intervals in beats for interval in intervals]
    np.testing.assert_allclose(stored(got, SignalKind.IBI)[:, 0], wanted, atol=1 / 1024)


async def _collect(device: BleDevice, got: list) -> None:
    async for item in device.chunks():
        got.append(item)  # noqa: PERF401 - what came before a failure is wanted too


@pytest.mark.parametrize(
    "uri",
    [
        "bumble:nothing",
        "bumble:bridge?fault=gremlins",
        "bumble:heart_rate?fault=counter_wrap",
        "bumble:bridge?seed=-1",
        "bumble:bridge?speed=2",
        "bumble:bridge?duration_s=0",
    ],
)
def test_an_address_that_makes_no_sense_is_refused(uri: str) -> None:
    with pytest.raises(DeviceUriError):
        read(uri)


@pytest.mark.parametrize(
    ("typo", "meant"),
    [("falt=drop", "fault"), ("fault_ats=3", "fault_at_s"), ("pare=1", "pair"), ("sed=2", "seed")],
)
def test_a_misspelt_setting_is_shown_every_setting_there_is(typo: str, meant: str) -> None:
    with pytest.raises(DeviceUriError) as caught:
        read(f"bumble:bridge?duration_s=5&{typo}")
    known = "acc_hz duration_s fault fault_at_s fault_for_s from name pair seed unauthenticated"
    assert set(known.split()) <= set(caught.value.expected.split(", "))
    assert caught.value.remedy == f"did you mean {meant}?"


def test_a_missing_recording_is_named() -> None:
    from wearaffect.core.errors import RecordingNotFoundError

    with pytest.raises(RecordingNotFoundError):
        read("bumble:bridge?from=/nowhere/at/all")
