"""Our drivers pass the certification; drivers that were broken on purpose don't."""

import asyncio
import struct
import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from bumble.core import UUID
from bumble.gatt import Characteristic, Service
from made_package import install

from wearaffect.core.errors import DecodeError, DeviceUriError
from wearaffect.core.streams import Channel, LossEvidence, SignalKind, StreamInfo
from wearaffect.core.units import Unit
from wearaffect.devices.bridge.messages import sealed
from wearaffect.devices.driver import GattDriver, Link, Packet, Source
from wearaffect.devices.drivers.bridge import BridgeDriver
from wearaffect.devices.drivers.heart_rate import HeartRateDriver
from wearaffect.devices.uri import DeviceUri
from wearaffect.devices.virtual.certification import NO_FAULT, certify, default_faults
from wearaffect.devices.virtual.faults import FAULTS, FaultPlan
from wearaffect.devices.virtual.promises import PROMISES
from wearaffect.devices.virtual.truth import Frame, Samples
from wearaffect.devices.virtual.wearable import Wearable
from wearaffect.devices.virtual.wearer import Wearer

ALL_AT_ONCE = "drop,duplicate,reorder,corrupt,clock_drift,counter_wrap"


@pytest.mark.parametrize("fault", [NO_FAULT, *FAULTS, ALL_AT_ONCE])
def test_the_bridge_keeps_every_promise(fault: str) -> None:
    certificate = certify("bumble:bridge", faults=[fault])
    assert len(certificate.verdicts) == len(PROMISES)
    assert certificate.failures == ()
    assert all(verdict.kept for verdict in certificate.verdicts)


@pytest.mark.parametrize("fault", default_faults("bumble:heart_rate"))
def test_the_heart_rate_driver_keeps_what_can_be_shown(fault: str) -> None:
    certificate = certify("bumble:heart_rate", faults=[fault])
    assert certificate.failures == ()
    kept = {verdict.promise for verdict in certificate.verdicts if verdict.kept}
    assert {"the account is exact", "the signal comes back", "stamps increase"} <= kept
    assert ("all that arrived whole is stored" in kept) == (fault != "corrupt")
    assert "no sample is stored twice" not in kept  # nothing in its frames could show it


def test_faults_that_a_wearable_cannot_have_are_left_out() -> None:
    assert set(FAULTS) - set(default_faults("bumble:heart_rate")) == {
        "clock_jump",
        "counter_wrap",
        "wrong_rate",
    }
    assert default_faults("bumble:bridge") == (NO_FAULT, *FAULTS)


class Careless(BridgeDriver):
    """Takes damaged frames for whole ones."""

    def decode(self, characteristic: str, payload: bytes) -> Sequence[Packet]:
        try:
            return super().decode(characteristic, payload)
        except DecodeError:
            return super().decode(characteristic, sealed(payload[:-2]))


class Miscounting(BridgeDriver):
    """Loses count by one sample now and then."""

    frames = 0

    def decode(self, characteristic: str, payload: bytes) -> Sequence[Packet]:
        packets = super().decode(characteristic, payload)
        self.frames += 1
        ahead = self.frames // 100
        return [Packet(p.stream_id, p.data, (p.counter or 0) + ahead, p.clock_ns) for p in packets]


class Forgetful(BridgeDriver):
    """Passes every tenth frame over."""

    frames = 0

    def decode(self, characteristic: str, payload: bytes) -> Sequence[Packet]:
        self.frames += 1
        return () if self.frames % 10 == 0 else super().decode(characteristic, payload)


class Leaking(BridgeDriver):
    """Leaves a task behind for every connection."""

    async def start(self, link: Link) -> tuple[Source, ...]:
        asyncio.get_running_loop().create_task(asyncio.sleep(10**6), name="forgotten")
        return await super().start(link)


class Deaf(HeartRateDriver):
    """Passes every tenth measurement over."""

    heard = 0

    def decode(self, characteristic: str, payload: bytes) -> Sequence[Packet]:
        self.heard += 1
        return () if self.heard % 10 == 0 else super().decode(characteristic, payload)


def test_a_driver_that_loses_what_nothing_counts_fails() -> None:
    certificate = certify("bumble:heart_rate", driver=Deaf, faults=[NO_FAULT])
    assert [f.promise for f in certificate.failures] == ["all that arrived whole is stored"]


@pytest.mark.parametrize(
    ("driver", "fault", "promise"),
    [
        (Careless, "corrupt", "every stored sample is right"),
        (Miscounting, NO_FAULT, "every stored sample is right"),
        (Miscounting, NO_FAULT, "the account is exact"),
        (Forgetful, NO_FAULT, "all that arrived whole is stored"),
        (Leaking, NO_FAULT, "nothing stays behind"),
    ],
)
def test_a_broken_driver_fails(driver: type[BridgeDriver], fault: str, promise: str) -> None:
    certificate = certify("bumble:bridge", driver=driver, faults=[fault])
    assert promise in {failure.promise for failure in certificate.failures}
    assert not certificate.passed
    assert certificate.as_dict()["passed"] is False


THERMOMETER = "5d2f0001-0000-4000-8000-00000000beef"
READING = "5d2f0002-0000-4000-8000-00000000beef"
INFO = StreamInfo(
    "thermometer.temp",
    SignalKind.TEMP,
    (Channel("temp", Unit.CELSIUS),),
    4.0,
    loss_evidence=LossEvidence.COUNTER,
)


class Thermometer(Wearable):
    """Somebody's own device: a count of 16 bits, a reading, a checksum."""

    checked = True
    modulus = 2**16
    lacks = frozenset({"clock_jump", "counter_wrap", "wrong_rate", "lead_off", "stuck_sensor"})

    def __init__(self, wearer: Wearer, plan: FaultPlan, seed: int, name: str) -> None:
        super().__init__(name, plan, seed)
        self.readings = np.rint(wearer.tracks[SignalKind.TEMP].data * 100).astype(np.int64)
        self.value = Characteristic(UUID(READING), Characteristic.Properties.NOTIFY, 0, b"")

    @property
    def advertised(self) -> UUID:
        return UUID(THERMOMETER)

    def services(self) -> list[Service]:
        return [Service(UUID(THERMOMETER), [self.value])]

    async def live(self) -> None:
        loop, count = asyncio.get_running_loop(), 0
        while self.since_on_s() < len(self.readings) / 4:
            await asyncio.sleep(self.clock.host_s(count / 4) - loop.time())
            reading = self.readings[count % len(self.readings), 0]
            body = struct.pack("<Hh", count % 2**16, reading)
            data = np.array([[reading / 100]], np.float32)
            samples = Samples(SignalKind.TEMP, self.boot, count, loop.time(), data)
            self.send(Frame(self.value, body + struct.pack("<I", zlib.crc32(body)), (samples,)))
            count += 1


class ThermometerDriver(GattDriver):
    """Somebody's own driver."""

    services = (THERMOMETER,)

    def __init__(self, uri: DeviceUri) -> None:
        uri.allow()

    async def start(self, link: Link) -> tuple[Source, ...]:
        await link.subscribe(READING)
        return (Source(INFO, counter_modulus=2**16),)

    def decode(self, characteristic: str, payload: bytes) -> Sequence[Packet]:
        count, reading, check = struct.unpack("<HhI", payload)
        if check != zlib.crc32(payload[:4]):
            raise DecodeError("thermometer", "checksum")
        return [Packet(INFO.id, np.array([[reading / 100]], np.float32), counter=count)]


def test_a_driver_and_a_wearable_of_ones_own_are_certified() -> None:
    faults = [NO_FAULT, "drop", "duplicate", "disconnect", "reboot"]
    certificate = certify(
        "bumble:thermometer", wearable=Thermometer, driver=ThermometerDriver, faults=faults
    )
    assert certificate.failures == ()
    assert len(certificate.verdicts) == len(faults) * len(PROMISES)


def test_both_are_found_by_entry_point(monkeypatch, tmp_path) -> None:
    with pytest.raises(DeviceUriError, match=r"no virtual wearable: expected bridge, heart_rate"):
        certify("bumble:thermometer", faults=[NO_FAULT])
    points = {
        "wearaffect.drivers": f"thermometer = {__name__}:ThermometerDriver",
        "wearaffect.wearables": f"thermometer = {__name__}:Thermometer",
    }
    install(monkeypatch, tmp_path, "strangers_thermometer", "", points)
    certificate = certify("bumble:thermometer", faults=[NO_FAULT])
    assert certificate.passed
    assert len(certificate.verdicts) == len(PROMISES)


def test_a_driver_without_a_wearable_is_told_how_to_write_one() -> None:
    with pytest.raises(DeviceUriError) as caught:
        certify("bumble:glove")
    assert "Wearable" in caught.value.remedy
    assert "glove in the entry point group wearaffect.wearables" in caught.value.remedy
    with pytest.raises(DeviceUriError, match=r"did you mean heart_rate\?"):
        certify("bumble:hart_rate")


@pytest.mark.parametrize(
    ("setting", "remedy"),
    [
        ("fault=corrupt", "use --fault"),
        ("seed=3", "use --seed"),
        ("duration_s=5", "leave it out"),
        ("fault_at_s=5", "leave it out"),
        ("fault_for_s=5", "leave it out"),
    ],
)
def test_settings_that_certification_makes_are_refused(setting: str, remedy: str) -> None:
    with pytest.raises(DeviceUriError) as caught:
        certify(f"bumble:bridge?acc_hz=64&{setting}", faults=["drop"])
    assert f"setting {setting.partition('=')[0]}: expected certification to" in caught.value.line()
    assert remedy in caught.value.remedy
