"""The one door to bleak: Bluetooth of this host, or of whatever backend is put under bleak."""

import asyncio
import contextlib
import functools
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from weakref import WeakKeyDictionary

from bleak import BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakCharacteristicNotFoundError,
    BleakError,
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)

from wearaffect.core.errors import DeviceError, LinkError
from wearaffect.devices.bluetooth.gatt_device import GattDevice
from wearaffect.devices.bluetooth.inbox import Inbox, Mail
from wearaffect.devices.bluetooth.manners import LinkSettings, Seen, SharedScan, link_settings
from wearaffect.devices.bluetooth.naming import found_of
from wearaffect.devices.driver import Found, GattDriver
from wearaffect.devices.registry import gatt_driver, gatt_drivers
from wearaffect.devices.uri import DeviceUri

__all__ = ["BleDevice", "open_ble", "open_gatt", "scan_ble"]

T = TypeVar("T")

# What bleak's backends raise beside its own errors: D-Bus and WinRT come as OSError and EOFError.
_FAILURES = (BleakError, OSError, EOFError)
_NO_RADIO = (
    "plug in or switch on a Bluetooth adapter (on Linux: bluetoothd must run), or use bumble:"
)

_UNPAIRED = (
    BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHENTICATION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION,
)


class BleDevice(GattDevice):
    """A Bluetooth wearable through bleak.

    Parameters
    ----------
    uri : DeviceUri
        As the user wrote it: ``ble:<driver>[:address or name]``.
    driver : GattDriver
        What to look for and how to read it.
    settings : LinkSettings or None
        How patient to be.
    scanner_backend, client_backend : type or None
        What bleak takes as ``backend=``; None: the radio of this host.
    """

    def __init__(
        self,
        uri: DeviceUri,
        driver: GattDriver,
        *,
        settings: LinkSettings | None = None,
        scanner_backend: type[BaseBleakScanner] | None = None,
        client_backend: type[BaseBleakClient] | None = None,
    ) -> None:
        radio = _BleakRadio(str(uri), scanner_backend, client_backend)
        super().__init__(uri, driver, radio, settings or LinkSettings())


def open_ble(uri: DeviceUri) -> BleDevice:
    """Open ``ble:<driver>[:address or name][?settings]`` on the radio of this host.

    Parameters
    ----------
    uri : DeviceUri
        Settings: those of `LinkSettings`, ``name`` (of the device, in stream ids), and the
        driver's own.

    Returns
    -------
    BleDevice
        Not yet entered.

    Raises
    ------
    DeviceUriError
        No such driver, or a setting that isn't known or can't be taken.
    """
    return open_gatt(uri)


def open_gatt(
    uri: DeviceUri,
    *,
    scanner_backend: type[BaseBleakScanner] | None = None,
    client_backend: type[BaseBleakClient] | None = None,
) -> BleDevice:
    """Open an address as `open_ble` does, on a backend of one's own."""
    settings, rest = link_settings(uri)
    return BleDevice(
        uri,
        gatt_driver(rest.without(*LinkSettings.NAMES)),
        settings=settings,
        scanner_backend=scanner_backend,
        client_backend=client_backend,
    )


async def scan_ble(
    timeout_s: float,
    *,
    scheme: str = "ble",
    scanner_backend: type[BaseBleakScanner] | None = None,
) -> list[Found]:
    """Look for the wearables on air that a driver can read.

    Parameters
    ----------
    timeout_s : float
        How long.
    scheme : str
        That the addresses begin with.
    scanner_backend : type or None
        As in `BleDevice`.

    Returns
    -------
    list of Found
        With addresses ready to open, strongest first.

    Raises
    ------
    DeviceError
        There is no radio.
    """
    seen: dict[str, Seen] = {}

    def hear(one: Seen) -> None:
        seen[one.address] = one

    async with _scan(scanner_backend).listening(scheme, hear):
        await asyncio.sleep(timeout_s)
    return found_of(scheme, seen.values(), gatt_drivers())


_Scans = dict[type[BaseBleakScanner] | None, SharedScan]
_scans: WeakKeyDictionary[asyncio.AbstractEventLoop, _Scans] = WeakKeyDictionary()


def _scan(backend: type[BaseBleakScanner] | None) -> SharedScan:
    """Give the scan that everyone on this event loop and backend shares."""
    scans = _scans.setdefault(asyncio.get_running_loop(), {})
    if backend not in scans:
        scans[backend] = SharedScan(functools.partial(_start_scan, backend))
    return scans[backend]


async def _start_scan(
    backend: type[BaseBleakScanner] | None, uri: str, hear: Callable[[Seen], None]
) -> Callable[[], Awaitable[None]]:
    """Start bleak's scanner; give what stops it."""

    def heard(device: BLEDevice, shown: AdvertisementData) -> None:
        name = shown.local_name or device.name or ""
        services = tuple(uuid.lower() for uuid in shown.service_uuids)
        hear(Seen(device.address, name, services, shown.rssi, device))

    try:
        scanner = BleakScanner(heard, backend=backend)
        try:
            await scanner.start()
        except asyncio.CancelledError:
            await _quietly(scanner.stop())
            raise
    except _FAILURES as error:
        raise _no_radio(uri, error) from error
    return lambda: _quietly(scanner.stop())


@dataclass(frozen=True, slots=True)
class _BleakRadio:
    uri: str
    scanner_backend: type[BaseBleakScanner] | None
    client_backend: type[BaseBleakClient] | None

    def listening(
        self, hear: Callable[[Seen], None]
    ) -> contextlib.AbstractAsyncContextManager[None]:
        return _scan(self.scanner_backend).listening(self.uri, hear)

    async def connect(self, seen: Seen, inbox: Inbox, settings: LinkSettings) -> "_BleakLink":
        link = _BleakLink(self.uri, seen, inbox, settings, self.client_backend)
        async with _scan(self.scanner_backend).connecting:
            await link.connect(settings.connect_s)
        return link


class _BleakLink:
    """One connection by one client, which is never used again."""

    def __init__(
        self,
        uri: str,
        seen: Seen,
        inbox: Inbox,
        settings: LinkSettings,
        backend: type[BaseBleakClient] | None,
    ) -> None:
        assert isinstance(seen.handle, BLEDevice)
        self._uri = uri
        # bleak raises where pairing fails; on macOS it can't ask for it, and nobody can tell
        self.secure = settings.pair and (backend is not None or sys.platform != "darwin")
        self._mail = Mail(uri, inbox)
        self.lost = self._mail.lost
        self._client = BleakClient(
            seen.handle,
            lambda _: self._mail.hang_up(),
            timeout=settings.connect_s,
            pair=settings.pair,
            backend=backend,
        )
        self._notifying: set[str] = set()
        self._asking = asyncio.Lock()

    async def connect(self, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await _told(self._uri, "connecting failed", self._client.connect())
        except BaseException as error:
            await self.disconnect()
            if isinstance(error, TimeoutError):
                expected = f"it within {timeout_s:g} s"
                raise LinkError(self._uri, "connecting failed", expected=expected) from None
            raise

    async def disconnect(self) -> None:
        self._mail.hang_up()
        await _quietly(self._client.disconnect())

    def has(self, characteristic: str) -> bool:
        try:
            return self._client.services.get_characteristic(characteristic) is not None
        except BleakError:  # no services: it is down; or several of that kind: none is the one
            return False

    async def read(self, characteristic: str) -> bytes:
        reading = self._client.read_gatt_char(characteristic)
        return bytes(await _told(self._uri, f"reading {characteristic} failed", reading))

    async def write(self, characteristic: str, value: bytes, *, response: bool = True) -> None:
        writing = self._client.write_gatt_char(characteristic, value, response=response)
        await _told(self._uri, f"writing {characteristic} failed", writing)

    async def subscribe(self, characteristic: str) -> None:
        self._mail.want(characteristic)
        await self._notify(characteristic)

    async def request(
        self,
        characteristic: str,
        value: bytes,
        *,
        timeout_s: float = 5.0,
        fits: Callable[[bytes], bool] | None = None,
    ) -> bytes:
        async with self._asking:
            await self._notify(characteristic)
            ask = functools.partial(self.write, characteristic, value)
            return await self._mail.answered(characteristic, ask, timeout_s, fits)

    async def _notify(self, characteristic: str) -> None:
        if characteristic not in self._notifying:
            asked = self._client.start_notify(characteristic, self._heard)
            await _told(self._uri, f"subscribing to {characteristic} failed", asked)
            self._notifying.add(characteristic)

    def _heard(self, characteristic: BleakGATTCharacteristic, value: bytearray) -> None:
        self._mail.deliver(characteristic.uuid.lower(), bytes(value))


def _no_radio(uri: str, error: Exception) -> DeviceError:
    got = f"no answer from the system's Bluetooth service ({error})"
    if isinstance(error, BleakBluetoothNotAvailableError):
        got = error.reason.name.lower().replace("_", " ")
    return DeviceError(uri, "no Bluetooth radio", got=got, remedy=_NO_RADIO)


async def _quietly(doing: Awaitable[object]) -> None:
    """Tidy up; what can't be tidied on a link that is gone has nothing to tell."""
    with contextlib.suppress(*_FAILURES):
        await doing


async def _told(uri: str, what: str, doing: Awaitable[T]) -> T:
    """Wait for bleak, and give its errors as ours."""
    try:
        return await doing
    except BleakCharacteristicNotFoundError as error:
        raise DeviceError(
            uri,
            "isn't the kind of device the driver reads",
            expected=f"the characteristic {error.char_specifier}",
            remedy="see 'wearaffect devices list' for the drivers",
        ) from error
    except BleakGATTProtocolError as error:
        remedy = "pair it: put pair=1 into the address" if error.code in _UNPAIRED else ""
        raise DeviceError(uri, what, got=str(error.args[1]), remedy=remedy) from error
    except _FAILURES as error:
        raise LinkError(uri, what, got=str(error) or type(error).__name__) from error
