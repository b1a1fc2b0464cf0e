"""The bridge over a serial line: what it says over Bluetooth, framed for a wire."""

import asyncio
import contextlib
import re
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from wearaffect.core.errors import DeviceError, DeviceUriError, LinkError, MissingExtraError
from wearaffect.devices.bluetooth.gatt_device import GattDevice
from wearaffect.devices.bluetooth.inbox import Inbox, Mail
from wearaffect.devices.bluetooth.manners import LinkSettings, Seen, link_settings
from wearaffect.devices.bridge import table
from wearaffect.devices.bridge.codec import encode_command
from wearaffect.devices.bridge.messages import is_intact, marker_of
from wearaffect.devices.bridge.serial_framing import SerialFramer
from wearaffect.devices.bridge.table import Command, Marker
from wearaffect.devices.driver import Found
from wearaffect.devices.registry import gatt_driver
from wearaffect.devices.uri import DeviceUri

__all__ = ["SerialDevice", "open_serial", "scan_serial"]

_LOOK_S = 0.25  # how often a port that isn't there is looked for
_READ_S = 0.1  # how long the reader waits for a byte before it looks whether to go on
_WRITE_S = 2.0
_DESCRIBE_S, _DESCRIBES = 1.0, 5  # boards that restart when a port is opened sleep 2 s; engineering
_CHARACTERISTICS = {
    Marker.DATA: table.DATA_UUID,
    Marker.ANSWER: table.CONTROL_UUID,
    Marker.CAPABILITY: table.CAPABILITY_UUID,
}


class SerialDevice(GattDevice):
    """A wearable that speaks the bridge's messages over a wire.

    Kept, watched, decoded and counted as over Bluetooth: the port stands in for the radio.

    Parameters
    ----------
    uri : DeviceUri
        ``serial:bridge:<port>``, with a setting ``name``.
    port : str
        Where it is.
    baud : int
        Bits a second.
    """

    def __init__(self, uri: DeviceUri, port: str, baud: int) -> None:
        settings, rest = link_settings(uri)
        settings = replace(settings, pair=False)  # a wire can't
        self._port = port
        self._pyserial = _pyserial()
        radio = _SerialRadio(self._pyserial, str(uri), port, baud)
        super().__init__(uri, gatt_driver(rest.without(*LinkSettings.NAMES)), radio, settings)

    async def __aenter__(self) -> Self:
        """Open the port, ask the device what it is, start it.

        Raises
        ------
        DeviceError
            There is no such port, or what is there doesn't answer as the bridge does.
        """
        if not await asyncio.to_thread(_is_there, self._pyserial, self._port):
            ports = ", ".join(port.device for port in _ports(self._pyserial)) or "none"
            remedy = "plug it in"
            raise DeviceError(
                self.uri, "no such port", expected=ports, got=self._port, remedy=remedy
            )
        return await super().__aenter__()


class _SerialRadio:
    """A port in place of a radio: it is heard while it is there."""

    def __init__(self, pyserial: ModuleType, uri: str, port: str, baud: int) -> None:
        self._pyserial = pyserial
        self._uri, self._port, self._baud = uri, port, baud

    @contextlib.asynccontextmanager
    async def listening(self, hear: Callable[[Seen], None]) -> AsyncIterator[None]:
        async def look() -> None:
            while True:
                if await asyncio.to_thread(_is_there, self._pyserial, self._port):
                    hear(Seen(self._port, Path(self._port).name, (table.SERVICE_UUID,), 0))
                    return
                await asyncio.sleep(_LOOK_S)

        looking = asyncio.create_task(look())
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.wait([looking])

    async def connect(
        self,
        seen: Seen,  # noqa: ARG002 - there is only the one
        inbox: Inbox,
        settings: LinkSettings,  # noqa: ARG002 - opening a port takes no time
    ) -> "_SerialLink":
        try:
            port = await asyncio.to_thread(
                self._pyserial.Serial,
                self._port,
                self._baud,
                timeout=_READ_S,
                write_timeout=_WRITE_S,
                exclusive=True,
            )
        except (OSError, ValueError) as error:  # pyserial's own error is an OSError
            raise LinkError(self._uri, "opening the port failed", got=str(error)) from error
        return _SerialLink(self._uri, port, inbox)


class _SerialLink:
    """One opening of the port; a thread of its own reads, since only that works on every system."""

    secure = True  # as the bridge's firmware sees it: whoever is at the other end holds the cable

    def __init__(self, uri: str, port: Any, inbox: Inbox) -> None:
        self._uri = uri
        self._port = port
        self._mail = Mail(uri, inbox)
        self.lost = self._mail.lost
        self._framer = SerialFramer()
        self._asking = asyncio.Lock()
        self._over = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._reader = threading.Thread(target=self._read_on, name=f"read {uri}", daemon=True)
        self._reader.start()

    def has(self, characteristic: str) -> bool:
        return characteristic in _CHARACTERISTICS.values()

    async def read(self, characteristic: str) -> bytes:
        """Ask for the capability, more than once: a board may still be starting up."""
        if characteristic != table.CAPABILITY_UUID:
            raise DeviceError(self._uri, f"can't read {characteristic} over a wire")
        for left in reversed(range(_DESCRIBES)):
            try:
                return await self._ask(
                    characteristic, encode_command(Command.DESCRIBE), _DESCRIBE_S, is_intact
                )
            except LinkError:
                if self.lost.is_set() or not left:
                    raise
        raise AssertionError

    async def write(self, characteristic: str, value: bytes, *, response: bool = True) -> None:
        """Send a message; there is only one place for it, and nothing acknowledges it."""
        del characteristic, response
        # the zero before it ends whatever noise the device has heard so far
        framed = b"\0" + SerialFramer.wrap(value)
        try:
            await asyncio.to_thread(self._port.write, framed)
        except OSError as error:
            raise LinkError(self._uri, "writing failed", got=str(error)) from error

    async def subscribe(self, characteristic: str) -> None:
        self._mail.want(characteristic)

    async def request(
        self,
        characteristic: str,
        value: bytes,
        *,
        timeout_s: float = 5.0,
        fits: Callable[[bytes], bool] | None = None,
    ) -> bytes:
        return await self._ask(characteristic, value, timeout_s, fits)

    async def disconnect(self) -> None:
        self._mail.hang_up()
        self._over.set()
        await asyncio.to_thread(self._reader.join)
        with contextlib.suppress(OSError):
            await asyncio.to_thread(self._port.close)

    async def _ask(
        self,
        characteristic: str,
        value: bytes,
        timeout_s: float,
        fits: Callable[[bytes], bool] | None = None,
    ) -> bytes:
        async with self._asking:
            return await self._mail.answered(
                characteristic, lambda: self.write(table.CONTROL_UUID, value), timeout_s, fits
            )

    def _read_on(self) -> None:
        """Read until told to stop or the port is gone; in a thread."""
        while not self._over.is_set():
            try:
                data = self._port.read(max(1, self._port.in_waiting))
            except OSError:
                self._in_loop(self._mail.hang_up)
                return
            if data:
                self._in_loop(self._feed, data)

    def _in_loop(self, call: Callable[..., None], *arguments: bytes) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(call, *arguments)

    def _feed(self, data: bytes) -> None:
        for message in self._framer.feed(data):
            # what is none of ours counts as damaged data, which it is likeliest to have been
            marker = marker_of(message) or Marker.DATA
            self._mail.deliver(_CHARACTERISTICS.get(marker, table.DATA_UUID), message)


def open_serial(uri: DeviceUri) -> SerialDevice:
    """Open ``serial:<port>[?baud=115200]``.

    Parameters
    ----------
    uri : DeviceUri
        Target: the port, ``/dev/ttyUSB0`` or ``COM3``. Settings: ``baud`` (default 115200),
        ``name`` of the device in stream ids (default: the port's), those of `LinkSettings`, and
        the bridge's own: ``<kind>_hz``.

    Returns
    -------
    SerialDevice
        Not yet entered.

    Raises
    ------
    DeviceUriError
        No port, or a setting that isn't known or can't be taken.
    MissingExtraError
        pyserial isn't installed.
    """
    if not uri.target:
        raise DeviceUriError(str(uri), "no port", expected="serial:<port>")
    baud = uri.integer("baud", 115_200, 300, 12_000_000)
    port = uri.target.removeprefix("bridge:")
    named = {"name": re.sub(r"[^A-Za-z0-9_-]+", "-", Path(port).name)[:32]}
    rest = {name: value for name, value in uri.settings.items() if name != "baud"}
    return SerialDevice(DeviceUri(uri.driver, f"bridge:{port}", named | rest), port, baud)


async def scan_serial(timeout_s: float) -> list[Found]:  # noqa: ARG001 - they are known at once
    """Give the serial ports of this machine; what is behind one shows when it is opened.

    Parameters
    ----------
    timeout_s : float
        Not needed here.

    Returns
    -------
    list of Found
        By port.

    Raises
    ------
    MissingExtraError
        pyserial isn't installed.
    """
    ports = await asyncio.to_thread(_ports, _pyserial())
    return [
        Found(str(DeviceUri("serial", port.device)), port.description or port.device, _facts(port))
        for port in sorted(ports, key=lambda port: str(port.device))
    ]


def _facts(port: Any) -> dict[str, str | int | float | bool]:
    # the serial number stays unread: it would identify a person's device
    facts = {"manufacturer": port.manufacturer, "product": port.product}
    return {key: str(value) for key, value in facts.items() if value}


def _ports(pyserial: ModuleType) -> list[Any]:
    return list(pyserial.tools.list_ports.comports())


def _is_there(pyserial: ModuleType, port: str) -> bool:
    """Whether a port can be opened at all; a pseudo terminal isn't listed, and has a path."""
    return Path(port).exists() or port in {known.device for known in _ports(pyserial)}


def _pyserial() -> ModuleType:
    try:
        import serial
        import serial.tools.list_ports
    except ModuleNotFoundError as error:
        raise MissingExtraError("serial", "serial:") from error
    module: ModuleType = serial
    return module
