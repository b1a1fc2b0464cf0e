"""The bridge's driver on the compiled firmware, without a radio between them."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from fractions import Fraction

import numpy as np
import pytest

from wearaffect.core.errors import DecodeError, DeviceError, DeviceUriError
from wearaffect.core.streams import SignalKind
from wearaffect.core.units import Unit
from wearaffect.devices.bluetooth.gatt_device import GattDevice
from wearaffect.devices.bluetooth.inbox import Inbox
from wearaffect.devices.bluetooth.manners import LinkSettings, Seen
from wearaffect.devices.bridge import table
from wearaffect.devices.bridge.capability import BridgeStream, Capability, Linear
from wearaffect.devices.bridge.codec import encode_command, is_answer
from wearaffect.devices.bridge.table import Command, Width
from wearaffect.devices.drivers.bridge import BridgeDriver
from wearaffect.devices.uri import DeviceUri, parse_uri
from wearaffect.devices.virtual.firmware import Firmware
from wearaffect.devices.virtual.simulated_time import run_simulated

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

    def __init__(self, firmware: Firmware, *, secure: bool = False) -> None:
        self.firmware = firmware
        self.secure = secure
        self.ran_when_subscribed: list[bool] = []

    async def read(self, characteristic: str) -> bytes:
        assert characteristic == table.CAPABILITY_UUID
        return self.firmware.capability()

    async def write(self, characteristic: str, value: bytes, *, response: bool = True) -> None:
        await self.request(characteristic, value)

    async def subscribe(self, characteristic: str) -> None:
        assert characteristic == table.DATA_UUID
        self.ran_when_subscribed.append(self.firmware.running)

    async def request(
        self,
        characteristic: str,
        value: bytes,
        *,
        timeout_s: float = 5.0,
        fits: Callable[[bytes], bool] | None = None,
    ) -> bytes:
        assert characteristic == table.CONTROL_UUID
        now_us = round(asyncio.get_running_loop().time() * 1e6)
        answer = self.firmware.control(value, now_us)
        assert fits is not None
        assert fits(answer)
        return answer


def wire(*, authenticated: bool = False, secure: bool = False) -> Wire:
    if not (shutil.which("cc") or shutil.which("gcc")):
        pytest.skip("cc isn't installed (Debian: gcc)")
    identity = Capability("band", "2.0.1", "wrist", authenticated, (EDA, ACC))
    firmware = Firmware(identity, frame_samples=[1, 8], set_rate=lambda _, rate: rate <= 100)
    firmware.link(secure=secure, payload_limit=244)
    return Wire(firmware, secure=secure)


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


def test_facts_say_what_the_device_claims_and_never_that_it_is_so() -> None:
    facts = asyncio.run(driver().facts(wire()))
    assert facts == {
        "name": "band",
        "firmware": "2.0.1",
        "body_site": "wrist",
        "claims_pairing": False,
    }
    claimed = asyncio.run(driver().facts(wire(authenticated=True)))
    assert claimed["claims_pairing"] is True
    assert "authenticated" not in claimed


def test_a_link_that_is_not_paired_gets_no_data() -> None:
    link = wire(authenticated=True)
    with pytest.raises(DeviceError, match="paired links only"):
        asyncio.run(driver().start(link))
    assert link.ran_when_subscribed == []
    link.secure = True  # as the host sees it; the device doesn't
    with pytest.raises(DeviceError, match="not_authenticated"):
        asyncio.run(driver().start(link))
    link = wire(authenticated=True, secure=True)
    assert len(asyncio.run(driver().start(link))) == 2
    assert link.firmware.running


class Impostor(Wire):
    """Says that it needs pairing, as the real one does, and gives data to anybody."""

    async def read(self, characteristic: str) -> bytes:
        return wire(authenticated=True).firmware.capability()


def test_an_impostor_that_claims_pairing_is_refused_or_taken_knowingly() -> None:
    with pytest.raises(DeviceError, match="paired links only"):
        asyncio.run(driver().start(Impostor(wire().firmware)))
    link, bridge = Impostor(wire().firmware), driver("?unauthenticated=1")
    assert len(asyncio.run(bridge.start(link))) == 2
    facts = asyncio.run(bridge.facts(link))
    assert (facts["claims_pairing"], facts["pairing_waived"]) == (True, True)
    assert "authenticated" not in facts


def test_a_ping_has_four_stamps_in_order() -> None:
    ping = asyncio.run(driver().ping(wire()))
    wrapped = ping.sent_ns % (2**32 * 1000), ping.received_ns % (2**32 * 1000)
    assert ping.sent_ns <= ping.received_ns
    # one clock here, so the device's stamps lie between, to its microsecond
    assert wrapped[0] - 1000 <= ping.device_received_ns <= ping.device_sent_ns <= wrapped[1] + 1000


class Connected(Wire):
    """A wire that goes down when told to, and spoils the first capabilities it carries."""

    def __init__(self, firmware: Firmware, spoilt: list[bool]) -> None:
        super().__init__(firmware)
        self.lost = asyncio.Event()
        self.spoilt = spoilt

    def has(self, characteristic: str) -> bool:
        return characteristic == table.CAPABILITY_UUID

    async def disconnect(self) -> None:
        self.lost.set()

    async def read(self, characteristic: str) -> bytes:
        told = await super().read(characteristic)
        return told[:-1] + bytes([told[-1] ^ 1]) if self.spoilt and self.spoilt.pop() else told


class WiredRadio:
    """Always hears the same device, and connects to it."""

    def __init__(self, firmware: Firmware, n_spoilt: int) -> None:
        self.firmware = firmware
        self.spoilt = [True] * n_spoilt

    @asynccontextmanager
    async def listening(self, hear: Callable[[Seen], None]) -> AsyncIterator[None]:
        hear(Seen("F0:00:00:00:00:01", "band", (table.SERVICE_UUID,), -50))
        yield

    async def connect(self, seen: Seen, inbox: Inbox, settings: LinkSettings) -> Connected:
        return Connected(self.firmware, self.spoilt)


@pytest.mark.parametrize(("n_spoilt", "starts"), [(0, True), (2, True), (9, False)])
def test_a_start_that_meets_damaged_bytes_is_tried_again_but_not_for_ever(n_spoilt, starts):
    radio = WiredRadio(wire().firmware, n_spoilt)

    async def enter() -> int:
        target = parse_uri("ble:bridge:F0:00:00:00:00:01")
        async with GattDevice(target, driver(), radio, LinkSettings()) as device:
            return len(device.streams)

    if starts:
        assert run_simulated(enter()) == 2
        return
    with pytest.raises(DecodeError, match="damaged capability"):
        run_simulated(enter())
    assert len(radio.spoilt) == 6


def test_only_a_whole_answer_to_the_question_is_one() -> None:
    answer = asyncio.run(_answer(Command.STOP, 7))
    assert is_answer(answer, Command.STOP, 7)
    assert not is_answer(answer, Command.STOP, 8)
    assert not is_answer(answer, Command.START, 7)
    assert not is_answer(answer[:-1] + b"\0", Command.STOP, 7)
    assert not is_answer(b"", Command.STOP, 7)


async def _answer(command: Command, token: int) -> bytes:
    return wire().firmware.control(encode_command(command, token=token), 0)


def test_what_is_not_data_is_no_packet() -> None:
    bridge = BridgeDriver(DeviceUri("ble", "bridge"))
    assert bridge.decode(table.CONTROL_UUID, b"\xd1") == ()
    with pytest.raises(DecodeError, match="before its capability"):
        bridge.decode(table.DATA_UUID, b"\xb0")
