"""The bridge's driver on the compiled firmware, without a radio between them."""

import asyncio
import shutil
from fractions import Fraction

import numpy as np
import pytest

from wearaffect.core.errors import DecodeError, DeviceError, DeviceUriError
from wearaffect.core.streams import SignalKind
from wearaffect.core.units import Unit
from wearaffect.devices.bridge import table
from wearaffect.devices.bridge.capability import BridgeStream, Capability, Linear
from wearaffect.devices.bridge.table import Width
from wearaffect.devices.drivers.bridge import BridgeDriver
from wearaffect.devices.uri import DeviceUri, parse_uri
from wearaffect.devices.virtual.firmware import Firmware

EDA = BridgeStream(
    SignalKind.EDA,
    Unit.MICROSIEMENS,
    Width.INT24,
    Fraction(4),
    (Linear("eda", Fraction(1, 1000), Fraction(0)),),
)
ACC = BridgeStream(
    SignalKind.ACC,
    Unit.GRAVITY,
    Width.INT16,
    Fraction(32),
    tuple(Linear(name, Fraction(1, 64), Fraction(0)) for name in "xyz"),
)


class Wire:
    """The attributes of a bridge device, on firmware that is right here."""

    def __init__(self, firmware: Firmware) -> None:
        self.firmware = firmware
        self.ran_when_subscribed: list[bool] = []

    async def read(self, characteristic: str) -> bytes:
        assert characteristic == table.CAPABILITY_UUID
        return self.firmware.capability()

    async def write(self, characteristic: str, value: bytes, *, response: bool = True) -> None:
        await self.request(characteristic, value)

    async def subscribe(self, characteristic: str) -> None:
        assert characteristic == table.DATA_UUID
        self.ran_when_subscribed.append(self.firmware.running)

    async def request(self, characteristic: str, value: bytes, *, timeout_s: float = 5.0) -> bytes:
        assert characteristic == table.CONTROL_UUID
        now_us = round(asyncio.get_running_loop().time() * 1e6)
        return self.firmware.control(value, now_us)


def wire(*, authenticated: bool = False, secure: bool = False) -> Wire:
    if not (shutil.which("cc") or shutil.which("gcc")):
        pytest.skip("cc isn't installed (Debian: gcc)")
    identity = Capability("band", "2.0.1", "wrist", authenticated, (EDA, ACC))
    firmware = Firmware(identity, frame_samples=[1, 8], set_rate=lambda _, rate: rate <= 100)
    firmware.link(secure=secure, payload_limit=244)
    return Wire(firmware)


def driver(settings: str = "") -> BridgeDriver:
    return BridgeDriver(parse_uri(f"ble:bridge{settings}"))


def test_it_starts_and_decodes_what_the_firmware_sends() -> None:
    link, bridge = wire(), driver()
    sources = asyncio.run(bridge.start(link))
    assert [source.info.id for source in sources] == ["bridge.eda", "bridge.acc"]
    assert link.ran_when_subscribed == [False]
    raw = np.arange(48).reshape(16, 3) - 24
    packets = [bridge.decode(table.DATA_UUID, f)[0] for f in link.firmware.push(1, raw, 500)]
    np.testing.assert_array_equal(np.concatenate([p.data for p in packets]), raw / 64)
    assert [(p.counter, p.clock_ns) for p in packets] == [(0, 500_000), (8, 250_500_000)]
    (eda,) = link.firmware.push(0, np.array([[1234]]), 0)
    assert bridge.decode(table.DATA_UUID, eda)[0].data[0, 0] == np.float32(1.234)
    asyncio.run(bridge.stop(link))
    assert not link.firmware.running


def test_rates_asked_for_are_set_also_while_it_is_sending() -> None:
    link = wire()
    asyncio.run(driver().start(link))
    bridge = driver("?acc_hz=50&ppg_hz=10")
    eda, acc = asyncio.run(bridge.start(link))
    assert (eda.info.sampling_rate, acc.info.sampling_rate) == (4.0, 50.0)
    assert link.firmware.running
    # a reconnect finds the rate set, and doesn't interrupt
    asyncio.run(bridge.start(link))
    assert link.ran_when_subscribed == [False, False, True]
    with pytest.raises(DeviceError, match="bad_value"):
        asyncio.run(driver("?acc_hz=200").start(wire()))


def test_settings_are_checked() -> None:
    for settings in ("?acc_hz=0", "?acc_hz=fast", "?speed=2"):
        with pytest.raises(DeviceUriError):
            driver(settings)


def test_facts_say_whether_the_link_is_authenticated() -> None:
    facts = asyncio.run(driver().facts(wire()))
    assert facts == {
        "name": "band",
        "firmware": "2.0.1",
        "body_site": "wrist",
        "authenticated": False,
    }
    assert asyncio.run(driver().facts(wire(authenticated=True)))["authenticated"] is True


def test_a_link_that_is_not_paired_gets_no_data() -> None:
    with pytest.raises(DeviceError, match="not_authenticated"):
        asyncio.run(driver().start(wire(authenticated=True)))
    link = wire(authenticated=True, secure=True)
    assert len(asyncio.run(driver().start(link))) == 2
    assert link.firmware.running


def test_a_ping_has_four_stamps_in_order() -> None:
    ping = asyncio.run(driver().ping(wire()))
    wrapped = ping.sent_ns % (2**32 * 1000), ping.received_ns % (2**32 * 1000)
    assert ping.sent_ns <= ping.received_ns
    # one clock here, so the device's stamps lie between, to its microsecond
    assert wrapped[0] - 1000 <= ping.device_received_ns <= ping.device_sent_ns <= wrapped[1] + 1000


def test_what_is_not_data_is_no_packet() -> None:
    bridge = BridgeDriver(DeviceUri("ble", "bridge"))
    assert bridge.decode(table.CONTROL_UUID, b"\xd1") == ()
    with pytest.raises(DecodeError, match="before its capability"):
        bridge.decode(table.DATA_UUID, b"\xb0")
