"""bleak on the radio inside the process: a client and a scanner for its ``backend=``."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from bleak.args import SizedBuffer
from bleak.assigned_numbers import CharacteristicPropertyName
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bleak.uuids import normalize_uuid_str
from bumble import att, core
from bumble.core import AdvertisingData as Ad
from bumble.device import Advertisement, Connection, Peer
from bumble.gatt_client import CharacteristicProxy
from bumble.hci import Address, HCI_LE_Create_Connection_Cancel_Command

from wearaffect.devices.virtual.radio import Radio

__all__ = ["Backend", "backend_on"]

_MTU = 517  # what Linux and Android ask for
_UUID_LISTS = (
    Ad.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    Ad.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    Ad.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    Ad.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
)
_PROPERTIES: tuple[tuple[int, CharacteristicPropertyName], ...] = (
    (0x01, "broadcast"),
    (0x02, "read"),
    (0x04, "write-without-response"),
    (0x08, "write"),
    (0x10, "notify"),
    (0x20, "indicate"),
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Backend:
    """What bleak takes as ``backend=``."""

    client: type[BaseBleakClient]
    scanner: type[BaseBleakScanner]


def backend_on(radio: Radio) -> Backend:
    """Give bleak a radio.

    Parameters
    ----------
    radio : Radio
        It has to be entered before either is used.

    Returns
    -------
    Backend
        Classes for ``BleakClient(..., backend=)`` and ``BleakScanner(..., backend=)``.
    """
    return Backend(
        type("VirtualClient", (_Client,), {"radio": radio}),
        type("VirtualScanner", (_Scanner,), {"radio": radio}),
    )


class _Scanner(BaseBleakScanner):
    radio: ClassVar[Radio]

    def __init__(
        self,
        detection_callback: Callable[[BLEDevice, AdvertisementData], Any] | None,
        service_uuids: list[str] | None,
        scanning_mode: str = "active",
        **_: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._active = scanning_mode == "active"

    async def start(self) -> None:
        self.seen_devices = {}
        central = self.radio.central
        central.on("advertisement", self._heard)
        await central.start_scanning(active=self._active)

    async def stop(self) -> None:
        central = self.radio.central
        central.remove_listener("advertisement", self._heard)
        if not central.listeners("advertisement"):  # another scanner may go on
            await central.stop_scanning()

    def _heard(self, advertisement: Advertisement) -> None:
        data = advertisement.data
        lists: list[Any] = [part for kind in _UUID_LISTS for part in data.get_all(kind)]
        uuids = [_uuid(uuid) for part in lists for uuid in part]
        name = data.get(Ad.COMPLETE_LOCAL_NAME) or data.get(Ad.SHORTENED_LOCAL_NAME)
        made_by = {int(c): bytes(rest) for c, rest in data.get_all(Ad.MANUFACTURER_SPECIFIC_DATA)}
        if not self.is_allowed_uuid(uuids):
            return
        address = advertisement.address.to_string(with_type_qualifier=False)
        seen = AdvertisementData(
            name,
            made_by,
            {},
            uuids,
            data.get(Ad.TX_POWER_LEVEL),
            advertisement.rssi,
            (advertisement,),
        )
        device = self.create_or_update_device(address, address, name, advertisement.address, seen)
        self.call_detection_callbacks(device, seen)


class _Client(BaseBleakClient):
    radio: ClassVar[Radio]

    def __init__(self, address_or_ble_device: BLEDevice | str, **kwargs: Any) -> None:
        super().__init__(
            address_or_ble_device,
            disconnected_callback=kwargs.get("disconnected_callback"),
            timeout=kwargs.get("timeout", 10.0),
        )
        known = address_or_ble_device if isinstance(address_or_ble_device, BLEDevice) else None
        self._name = (known.name if known else None) or self.address
        self._peer: Peer | None = None
        self._subscribed: dict[int, Callable[[bytes], None]] = {}

    @property
    def name(self) -> str:
        return self._name

    @property
    def mtu_size(self) -> int:
        return int(self._peer.gatt_client.mtu) if self._peer else att.ATT_DEFAULT_MTU

    @property
    def is_connected(self) -> bool:
        return self._peer is not None

    async def connect(self, pair: bool, **_: Any) -> None:  # noqa: FBT001 - bleak's signature
        if self._peer is not None:
            return
        connection = await self._connection()
        self._peer = Peer(connection)
        connection.once("disconnection", self._ended)
        try:
            await self._asked(self._peer.request_mtu(_MTU))
            if pair:
                await self.pair()
            self.services = await self._asked(self._discovered(self._peer))
        except BaseException:
            await self.disconnect()
            raise

    async def disconnect(self) -> None:
        if self._peer is not None:
            await self._asked(self._peer.connection.disconnect())

    async def pair(self, *_: Any, **__: Any) -> None:
        connection = self._there().connection
        keys = self.radio.central.keystore
        known = keys is not None and await keys.get(str(connection.peer_address)) is not None
        await self._asked(connection.encrypt() if known else connection.pair())

    async def unpair(self) -> None:
        keys = self.radio.central.keystore
        if keys is not None:
            await keys.delete(str(Address(self.address)))
        await self.disconnect()

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **_: Any) -> bytearray:
        self._there()
        return bytearray(await self._asked(characteristic.obj.read_value()))

    async def read_gatt_descriptor(self, descriptor: BleakGATTDescriptor, **_: Any) -> bytearray:
        self._there()
        return bytearray(await self._asked(descriptor.obj.read_value()))

    async def write_gatt_char(
        self,
        characteristic: BleakGATTCharacteristic,
        data: SizedBuffer,
        response: bool,  # noqa: FBT001
    ) -> None:
        self._there()
        await self._asked(characteristic.obj.write_value(bytes(data), with_response=response))

    async def write_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, data: SizedBuffer
    ) -> None:
        self._there()
        await self._asked(descriptor.obj.write_value(bytes(data), with_response=True))

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_: Any
    ) -> None:
        listening = self._there().gatt_client

        def arrived(value: bytes) -> None:
            callback(bytearray(value))

        self._subscribed[characteristic.handle] = arrived
        try:
            await self._asked(characteristic.obj.subscribe(arrived))
        except BaseException:
            # bumble listens before it is allowed to
            listening.notification_subscribers.pop(characteristic.handle, None)
            listening.indication_subscribers.pop(characteristic.handle, None)
            self._subscribed.pop(characteristic.handle, None)
            raise

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        self._there()
        arrived = self._subscribed.pop(characteristic.handle, None)
        await self._asked(characteristic.obj.unsubscribe(arrived))

    def _there(self) -> Peer:
        if self._peer is None:
            raise BleakError("not connected")
        return self._peer

    def _ended(self, _reason: int) -> None:
        self._peer = None
        self._subscribed.clear()
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    async def _connection(self) -> Connection:
        """Connect within the time allowed, and leave no attempt behind."""
        central = self.radio.central
        async with self.radio.connecting:
            try:
                return await central.connect(Address(self.address), timeout=self._timeout)
            except core.TimeoutError as error:
                what = f"{self.address} wasn't heard within {self._timeout:g} s"
                raise BleakDeviceNotFoundError(self.address, what) from error
            except core.ConnectionError as error:
                raise BleakError(str(error)) from error
            except asyncio.CancelledError:
                await central.send_command(HCI_LE_Create_Connection_Cancel_Command())
                raise

    async def _discovered(self, peer: Peer) -> BleakGATTServiceCollection:
        found = BleakGATTServiceCollection()
        await peer.discover_services()
        for proxy in peer.services:
            service = BleakGATTService(proxy, proxy.handle, _uuid(proxy.uuid))
            found.add_service(service)
            for characteristic in await proxy.discover_characteristics():
                await self._described(characteristic, service, found)
        return found

    async def _described(
        self,
        proxy: CharacteristicProxy[bytes],
        service: BleakGATTService,
        found: BleakGATTServiceCollection,
    ) -> None:
        properties = [name for bit, name in _PROPERTIES if int(proxy.properties) & bit]
        characteristic = BleakGATTCharacteristic(
            proxy, proxy.handle, _uuid(proxy.uuid), properties, lambda: self.mtu_size - 3, service
        )
        found.add_characteristic(characteristic)
        for part in await proxy.discover_descriptors():
            descriptor = BleakGATTDescriptor(part, part.handle, _uuid(part.type), characteristic)
            found.add_descriptor(descriptor)

    async def _asked(self, answer: Awaitable[T]) -> T:
        """Wait for an answer, and give bumble's errors as bleak's."""
        try:
            return await answer
        except att.ATT_Error as error:
            raise BleakGATTProtocolError(int(error.error_code)) from error
        except core.BaseBumbleError as error:
            raise BleakError(str(error) or type(error).__name__) from error
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # bumble cancels what waits for an answer when the link goes down
            raise BleakError("disconnected before the answer came") from None


def _uuid(uuid: core.UUID) -> str:
    return normalize_uuid_str(uuid.to_hex_str("-"))
