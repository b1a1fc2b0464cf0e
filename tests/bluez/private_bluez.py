"""An org.bluez of our own: what bluetoothd shows on D-Bus of an adapter and of wearables near it.

Written after BlueZ's documents org.bluez.Adapter, .Device, .GattService and .GattCharacteristic
(version 5): unmodified clients of BlueZ talk to it over a real message bus. There is no radio: who
is near, who drops and who refuses is ordered by the test.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from dbus_fast import BusType, DBusError, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

ADAPTER = "/org/bluez/hci0"
_OBJECTS = "org.freedesktop.DBus.ObjectManager"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_ADVERTISING_S = 0.05
_RESOLVING_S = 0.02


@dataclass(eq=False)
class Characteristic:
    """A value that can be read, written or notified, as its flags say."""

    uuid: str
    flags: tuple[str, ...]
    value: bytes = b""
    written: Callable[[bytes], None] | None = None


@dataclass(eq=False)
class Peripheral:
    """A wearable as others see it: its services by UUID, and how it behaves."""

    address: str
    name: str
    services: Mapping[str, tuple[Characteristic, ...]]
    advertised: tuple[str, ...] = ()
    in_range: bool = True
    refusals: int = 0  # connections that fail before the next that works
    dropping_early: int = 0  # connections that break before the services are known
    connections: int = 0
    notifying: set[str] = field(default_factory=set)

    @property
    def path(self) -> str:
        return f"{ADAPTER}/dev_{self.address.replace(':', '_')}"


class PrivateBluez:
    """Owns the name org.bluez on the bus that DBUS_SYSTEM_BUS_ADDRESS names."""

    def __init__(self, *peripherals: Peripheral) -> None:
        self._peripherals = {one.path: one for one in peripherals}
        self._characteristics: dict[str, tuple[Peripheral, Characteristic]] = {}
        self._objects: dict[str, dict[str, dict[str, Variant]]] = {ADAPTER: _adapter()}
        self._bus = MessageBus(bus_type=BusType.SYSTEM)
        self._tasks: set[asyncio.Task[None]] = set()
        self._air: asyncio.Task[None] | None = None
        self.searches = 0

    async def __aenter__(self) -> Self:
        await self._bus.connect()
        self._bus.add_message_handler(self._called)
        await self._bus.request_name("org.bluez")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._search(on=False)
        self._bus.disconnect()
        await self._bus.wait_for_disconnect()

    # what a test orders

    def connected(self, peripheral: Peripheral) -> bool:
        """Whether a wearable has a link."""
        device = self._objects.get(peripheral.path)
        return device is not None and bool(device["org.bluez.Device1"]["Connected"].value)

    def notify(self, peripheral: Peripheral, uuid: str, value: bytes) -> bool:
        """Notify a value to whoever subscribed; False where nobody did."""
        if uuid not in peripheral.notifying:
            return False
        (path,) = (p for p, (owner, c) in self._characteristics.items()
                   if owner is peripheral and c.uuid == uuid)  # fmt: skip
        self._change(path, "org.bluez.GattCharacteristic1", Value=Variant("ay", value))
        return True

    def drop(self, peripheral: Peripheral) -> None:
        """Break the link, as a wearable that is switched off for a moment does."""
        if not self.connected(peripheral):
            return
        peripheral.notifying.clear()
        no = Variant("b", False)
        self._change(peripheral.path, "org.bluez.Device1", ServicesResolved=no, Connected=no)
        for path in [p for p in self._objects if p.startswith(peripheral.path + "/")]:
            self._remove(path)

    def move(self, peripheral: Peripheral, *, in_range: bool) -> None:
        """Carry a wearable away, or back; away, it is forgotten like any unpaired device."""
        peripheral.in_range = in_range
        if not in_range:
            self.drop(peripheral)
            if peripheral.path in self._objects:
                self._remove(peripheral.path)

    # what bluetoothd does

    def _called(self, message: Message) -> Message | None:
        if message.message_type is not MessageType.METHOD_CALL or message.path is None:
            return None
        if not (message.path == "/" or message.path.startswith("/org/bluez")):
            return None
        try:
            signature, body = self._do(message)
        except DBusError as error:
            return Message.new_error(message, error.type, error.text)
        return Message.new_method_return(message, signature, body)

    def _do(self, call: Message) -> tuple[str, list[Any]]:
        if call.member == "GetManagedObjects":
            return "a{oa{sa{sv}}}", [self._objects]
        path = call.path or ""
        if path not in self._objects:
            raise DBusError("org.freedesktop.DBus.Error.UnknownObject", f"no {path}")
        if call.member == "Connect":
            self._connect(self._peripherals[path])
        elif call.member == "Disconnect":
            self.drop(self._peripherals[path])
        elif call.member == "ReadValue":
            return "ay", [self._allowed(path, "read")[1].value]
        elif call.member == "WriteValue":
            self._write(path, bytes(call.body[0]))
        else:
            self._switch(call.member or "", path)
        return "", []

    def _switch(self, member: str, path: str) -> None:
        match member:
            case "StartDiscovery" | "StopDiscovery":
                self._search(on=member == "StartDiscovery")
            case "StartNotify" | "StopNotify":
                self._subscribe(path, on=member == "StartNotify")
            case "SetDiscoveryFilter":
                pass  # bleak filters for itself
            case _:
                raise DBusError("org.freedesktop.DBus.Error.UnknownMethod", f"no {member}")

    def _search(self, *, on: bool) -> None:
        if self._air is not None:
            self._air.cancel()
        self._air = asyncio.create_task(self._advertise()) if on else None
        self.searches += on
        self._change(ADAPTER, "org.bluez.Adapter1", Discovering=Variant("b", on))

    async def _advertise(self) -> None:
        rssi = -50
        while True:
            await asyncio.sleep(_ADVERTISING_S)
            rssi = -50 if rssi == -51 else -51  # bluetoothd tells only what changed
            for one in self._peripherals.values():
                if not one.in_range or self.connected(one):
                    continue
                if one.path not in self._objects:
                    self._add(one.path, {"org.bluez.Device1": _device(one)})
                self._change(one.path, "org.bluez.Device1", RSSI=Variant("n", rssi))

    def _connect(self, one: Peripheral) -> None:
        if self.connected(one):
            raise DBusError("org.bluez.Error.AlreadyConnected", "Already Connected")
        if one.refusals:
            one.refusals -= 1
            raise DBusError("org.bluez.Error.Failed", "le-connection-abort-by-remote")
        one.connections += 1
        yes = Variant("b", True)
        self._change(one.path, "org.bluez.Device1", Connected=yes)
        task = asyncio.create_task(self._resolve(one))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _resolve(self, one: Peripheral) -> None:
        await asyncio.sleep(_RESOLVING_S)
        if one.dropping_early:
            one.dropping_early -= 1
            self.drop(one)
        if not self.connected(one):
            return
        handle = 0x000A
        for uuid, characteristics in one.services.items():
            service = f"{one.path}/service{handle:04x}"
            self._add(service, {"org.bluez.GattService1": _service(one, uuid)})
            for each in characteristics:
                handle += 2
                path = f"{service}/char{handle:04x}"
                self._characteristics[path] = (one, each)
                self._add(path, {"org.bluez.GattCharacteristic1": _characteristic(service, each)})
            handle += 2
        yes = Variant("b", True)
        self._change(one.path, "org.bluez.Device1", ServicesResolved=yes)

    def _subscribe(self, path: str, *, on: bool) -> None:
        one, characteristic = self._allowed(path, "notify")
        (one.notifying.add if on else one.notifying.discard)(characteristic.uuid)
        self._change(path, "org.bluez.GattCharacteristic1", Notifying=Variant("b", on))

    def _write(self, path: str, value: bytes) -> None:
        _, characteristic = self._allowed(path, "write", "write-without-response")
        characteristic.value = value
        if characteristic.written is not None:
            characteristic.written(value)

    def _allowed(self, path: str, *flags: str) -> tuple[Peripheral, Characteristic]:
        one, characteristic = self._characteristics[path]
        if not set(flags) & set(characteristic.flags):
            raise DBusError("org.bluez.Error.NotPermitted", f"{flags[0].title()} not permitted")
        return one, characteristic

    # signals

    def _add(self, path: str, interfaces: dict[str, dict[str, Variant]]) -> None:
        self._objects[path] = interfaces
        self._signal("/", _OBJECTS, "InterfacesAdded", "oa{sa{sv}}", [path, interfaces])

    def _remove(self, path: str) -> None:
        names = list(self._objects.pop(path))
        self._characteristics.pop(path, None)
        self._signal("/", _OBJECTS, "InterfacesRemoved", "oas", [path, names])

    def _change(self, path: str, interface: str, **changed: Variant) -> None:
        self._objects[path][interface].update(changed)
        body = [interface, changed, []]
        self._signal(path, _PROPERTIES, "PropertiesChanged", "sa{sv}as", body)

    def _signal(
        self, path: str, interface: str, member: str, signature: str, body: list[Any]
    ) -> None:
        if self._bus.connected:
            self._bus.send(Message.new_signal(path, interface, member, signature, body))


def _adapter() -> dict[str, dict[str, Variant]]:
    properties = {
        "Address": Variant("s", "C0:00:00:00:00:01"),
        "AddressType": Variant("s", "public"),
        "Name": Variant("s", "private"),
        "Powered": Variant("b", True),
        "Discovering": Variant("b", False),
        "Roles": Variant("as", ["central"]),
    }
    return {"org.bluez.Adapter1": properties}


def _device(one: Peripheral) -> dict[str, Variant]:
    no = ("Connected", "ServicesResolved", "Paired", "Bonded", "Trusted", "Blocked")
    return {
        "Adapter": Variant("o", ADAPTER),
        "Address": Variant("s", one.address),
        "AddressType": Variant("s", "random"),
        "Alias": Variant("s", one.name),
        "Name": Variant("s", one.name),
        "UUIDs": Variant("as", list(one.advertised or one.services)),
        **{name: Variant("b", False) for name in no},
    }


def _service(one: Peripheral, uuid: str) -> dict[str, Variant]:
    return {
        "UUID": Variant("s", uuid),
        "Device": Variant("o", one.path),
        "Primary": Variant("b", True),
    }


def _characteristic(service: str, one: Characteristic) -> dict[str, Variant]:
    return {
        "UUID": Variant("s", one.uuid),
        "Service": Variant("o", service),
        "Flags": Variant("as", list(one.flags)),
        "Notifying": Variant("b", False),
        "Value": Variant("ay", one.value),
        "MTU": Variant("q", 247),
    }
