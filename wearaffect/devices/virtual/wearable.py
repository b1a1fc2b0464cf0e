"""What every virtual wearable is: a GATT server on a radio, faults on order, and the truth."""

import asyncio
import random
import struct
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from bumble import att
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection, Device
from bumble.gatt import (
    GATT_BATTERY_LEVEL_CHARACTERISTIC,
    GATT_BATTERY_SERVICE,
    GATT_DEVICE_INFORMATION_SERVICE,
    GATT_FIRMWARE_REVISION_STRING_CHARACTERISTIC,
    GATT_MANUFACTURER_NAME_STRING_CHARACTERISTIC,
    GATT_MODEL_NUMBER_STRING_CHARACTERISTIC,
    Characteristic,
    Service,
)

from wearaffect.core.streams import SignalKind
from wearaffect.devices.virtual.device_clock import DeviceClock
from wearaffect.devices.virtual.faults import FaultPlan
from wearaffect.devices.virtual.radio import Radio
from wearaffect.devices.virtual.truth import Frame, Sent, Truth

__all__ = ["Wearable", "readable"]

_SHARE = 0.25  # of the frames that a fault on frames hits
_OFF_S = 2.0  # how long a reboot takes
_ADVERTISE_MS = 100.0
_BATTERY_PERCENT = 87


class Wearable(ABC):
    """A virtual wearable; a subclass says what is on it and what it sends.

    Parameters
    ----------
    name : str
        That it advertises.
    plan : FaultPlan
        What goes wrong.
    seed : int
        Of its address and of the faults' chance.

    Attributes
    ----------
    truth : Truth
        What it sampled and sent.
    clock : DeviceClock
        Its own, once on air.
    guarded : bool
        Whether data needs a paired link.
    checked : bool
        Whether its frames carry a checksum, so that damage can be told.
    lacks : frozenset of str
        Faults that it can't have, for want of what they act on.
    modulus : int
        Samples after which its counters begin again, where it has any.
    boot : int
        How many times it has started anew.
    """

    guarded = False
    checked = False
    lacks: frozenset[str] = frozenset()
    modulus = 2**32

    def __init__(self, name: str, plan: FaultPlan | None = None, seed: int = 1) -> None:
        self.name = name
        self.plan = plan or FaultPlan()
        self.seed = seed
        self.truth = Truth()
        self.boot = 0
        self.clock = DeviceClock(self.plan, 0.0)
        self.finished = asyncio.Event()
        self.device: Device
        self.radio: Radio
        self._rng = random.Random(seed)  # noqa: S311 - a simulation
        self._held: dict[SignalKind, Sent] = {}
        self._on_s = 0.0
        self._powered = asyncio.Event()
        self._powered.set()
        self._living: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """Its static random address."""
        tail = [0xA0 | (self.seed >> 24 & 0xF), *(self.seed >> n & 0xFF for n in (16, 8, 0))]
        kind = sum(type(self).__name__.encode()) & 0xFF
        return ":".join(f"{byte:02X}" for byte in (0xF0, kind, *tail))

    @property
    @abstractmethod
    def advertised(self) -> UUID:
        """The service that it is found by."""

    @abstractmethod
    def services(self) -> Sequence[Service]:
        """What it serves, beside battery and device information; called once."""

    @abstractmethod
    async def live(self) -> None:
        """Sample and send until its signals end; cancelled by a reboot, and called anew."""

    def restarted(self) -> None:  # noqa: B027 - not every device keeps something
        """Forget what a reboot forgets."""

    @asynccontextmanager
    async def on(self, radio: Radio) -> AsyncIterator[None]:
        """Be on a radio: advertise, serve, sample.

        Parameters
        ----------
        radio : Radio
            Entered.
        """
        self.radio = radio
        self.device = await radio.join(self.name, self.address)
        self.device.add_services([*self.services(), *_standard()])
        uuid = self.advertised
        many = "COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS"
        if len(uuid.uuid_bytes) == 16:
            many = "COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS"
        kind = AdvertisingData.Type[many]
        flags = (AdvertisingData.FLAGS, b"\x06")
        self.device.advertising_data = bytes(AdvertisingData([flags, (kind, bytes(uuid))]))
        named = (AdvertisingData.COMPLETE_LOCAL_NAME, self.name.encode())
        self.device.scan_response_data = bytes(AdvertisingData([named]))
        await self.device.start_advertising(
            auto_restart=True,
            advertising_interval_min=_ADVERTISE_MS,
            advertising_interval_max=_ADVERTISE_MS,
        )
        self._on_s = asyncio.get_running_loop().time()
        self.clock = DeviceClock(self.plan, self._on_s)
        task = asyncio.create_task(self._lives())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await radio.leave(self.device)

    def start_of(self, kind: SignalKind, boot: int) -> int:  # noqa: ARG002
        """Give the count that a stream had when the device started for that time."""
        return 0

    def since_on_s(self) -> float:
        """Seconds since it was switched on, true time."""
        return asyncio.get_running_loop().time() - self._on_s

    def faulty(self, name: str) -> bool:
        """Tell whether a fault acts now."""
        return self.plan.now(name, self.since_on_s())

    def send(self, frame: Frame) -> None:
        """Send a frame, as faults allow; it enters the truth."""
        sent = Sent(frame, asyncio.get_running_loop().time())
        self.truth.sent.append(sent)
        kind = frame.samples[0].kind
        before = self._held.pop(kind, None)
        if self.faulty("stall") or self._hits("drop"):
            pass
        elif before is None and self._hits("reorder"):
            self._held[kind] = sent
        elif self._hits("corrupt"):
            self._notify(sent, damaged=True)
        else:
            for _ in range(2 if self._hits("duplicate") else 1):
                self._notify(sent)
        if before is not None:
            self._notify(before)

    def answer(self, characteristic: Characteristic[bytes], payload: bytes) -> None:
        """Notify of something that isn't signal: the answer of a control point."""
        for connection in self._subscribers(characteristic):
            _push(connection, characteristic, payload)

    async def hang_up(self) -> None:
        """End every connection; it goes on advertising."""
        for connection in tuple(self.device.connections.values()):
            await connection.disconnect()

    def _hits(self, fault: str) -> bool:
        return self.faulty(fault) and self._rng.random() < _SHARE

    def _notify(self, sent: Sent, *, damaged: bool = False) -> None:
        payload = sent.frame.payload
        if damaged:
            bit = self._rng.randrange(8 * len(payload))
            spoilt = bytearray(payload)
            spoilt[bit // 8] ^= 1 << bit % 8
            payload = bytes(spoilt)
        for connection in self._subscribers(sent.frame.characteristic):
            _push(connection, sent.frame.characteristic, payload)
            sent.damaged += damaged
            sent.intact += not damaged

    def _subscribers(self, characteristic: Characteristic[bytes]) -> list[Connection]:
        subscribers = self.device.gatt_server.subscribers
        wanting = (
            c for c, wants in subscribers.items() if wants.get(characteristic.handle, b"\0")[0] & 1
        )
        return [connection for connection in wanting if isinstance(connection, Connection)]

    async def _lives(self) -> None:
        """Sample, and have the accidents that are ordered."""
        accidents = asyncio.create_task(self._accidents())
        try:
            while not self.finished.is_set():
                await self._powered.wait()
                self._living = asyncio.create_task(self.live())
                await asyncio.wait([self._living])
                if not self._living.cancelled():
                    self.finished.set()
                    self._living.result()
        finally:
            tasks = [task for task in (accidents, self._living) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _accidents(self) -> None:
        await asyncio.sleep(max(0.0, self.plan.at_s - self.since_on_s()))
        if self.plan.has("disconnect"):
            await self.hang_up()
        if self.plan.has("reboot"):
            await self._reboot()
        if self.plan.has("out_of_range"):
            self.radio.set_in_range(self.device, near=False)
            await asyncio.sleep(self.plan.for_s)
            self.radio.set_in_range(self.device, near=True)

    async def _reboot(self) -> None:
        """Lose power: nothing is said, sampled or remembered until it is back."""
        self._powered.clear()
        if self._living is not None:
            self._living.cancel()
        self._held.clear()
        self.radio.set_in_range(self.device, near=False)
        await asyncio.sleep(_OFF_S)
        self.boot += 1
        self.clock.restart(asyncio.get_running_loop().time())
        self.restarted()
        self.radio.set_in_range(self.device, near=True)
        self._powered.set()


def readable(uuid: UUID, value: bytes | Callable[[], bytes]) -> Characteristic[bytes]:
    """Give a characteristic that anyone may read."""
    properties, permissions = Characteristic.Properties, Characteristic.Permissions
    held = value if isinstance(value, bytes) else value()
    return Characteristic(uuid, properties.READ, permissions.READABLE, held)


def _standard() -> tuple[Service, ...]:
    """Battery and device information, as the Bluetooth SIG has them."""
    return (
        Service(
            GATT_BATTERY_SERVICE,
            [readable(GATT_BATTERY_LEVEL_CHARACTERISTIC, bytes([_BATTERY_PERCENT]))],
        ),
        Service(
            GATT_DEVICE_INFORMATION_SERVICE,
            [
                readable(GATT_MANUFACTURER_NAME_STRING_CHARACTERISTIC, b"wearaffect"),
                readable(GATT_MODEL_NUMBER_STRING_CHARACTERISTIC, b"virtual"),
                readable(GATT_FIRMWARE_REVISION_STRING_CHARACTERISTIC, b"1.0.0"),
            ],
        ),
    )


def _push(connection: Connection, characteristic: Characteristic[bytes], payload: bytes) -> None:
    """Put a notification on the link; unlike bumble's own way, without a task for each."""
    if len(payload) > connection.att_mtu - 3:
        msg = f"expected a frame of at most {connection.att_mtu - 3} bytes, got {len(payload)}"
        raise ValueError(msg)
    head = struct.pack("<BH", att.Opcode.ATT_HANDLE_VALUE_NOTIFICATION, characteristic.handle)
    connection.send_l2cap_pdu(att.ATT_CID, head + payload)
