"""Drivers, found by entry point: installing a package is all it takes to add one."""

from collections.abc import Awaitable, Callable
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from wearaffect.core.errors import DeviceError, WearAffectError
from wearaffect.core.protocols import Device
from wearaffect.devices.driver import Found, GattDriver
from wearaffect.devices.uri import DeviceUri, parse_uri, unknown_word

__all__ = [
    "DeviceUri",
    "Scanner",
    "broken_drivers",
    "device_names",
    "gatt_driver",
    "gatt_drivers",
    "open_device",
    "scanners",
    "wearable_class",
]

_GROUP = "wearaffect.devices"
_DRIVERS = "wearaffect.drivers"
_SCANNERS = "wearaffect.scanners"
_WEARABLES = "wearaffect.wearables"

Scanner = Callable[[float], Awaitable[list[Found]]]


def device_names() -> tuple[str, ...]:
    """Give the names of the drivers that are installed, sorted."""
    return tuple(sorted(entry_points(group=_GROUP).names))


def open_device(uri: str) -> Device:
    """Open a device by its address; nothing starts before it is entered.

    Parameters
    ----------
    uri : str
        ``driver:target?name=value&…``, see `wearaffect.devices.uri.parse_uri`.

    Returns
    -------
    Device
        To be entered with ``async with``.

    Raises
    ------
    DeviceUriError
        No such driver, or a setting it doesn't know or can't take.
    DeviceError
        The driver can't be loaded.
    MissingExtraError
        The driver needs something that isn't installed.
    """
    parsed = parse_uri(uri)
    opener: Callable[[DeviceUri], Device] = _named(_GROUP, uri, parsed.driver, "unknown driver")
    return opener(parsed)


def gatt_drivers() -> dict[str, type[GattDriver]]:
    """Give the Bluetooth drivers that are installed, by name; without those that are broken."""
    return {name: one for name, one in _drivers().items() if not isinstance(one, WearAffectError)}


def broken_drivers() -> dict[str, WearAffectError]:
    """Give the Bluetooth drivers that are installed but can't be loaded, by name, with the why."""
    return {name: one for name, one in _drivers().items() if isinstance(one, WearAffectError)}


def gatt_driver(uri: DeviceUri) -> GattDriver:
    """Make the driver that an address names.

    Parameters
    ----------
    uri : DeviceUri
        Its target begins with the driver: ``ble:polar:AA:BB…``; its settings are the driver's.

    Returns
    -------
    GattDriver
        For one device.

    Raises
    ------
    DeviceUriError
        No such driver, or a setting it doesn't know or can't take.
    DeviceError
        The driver can't be loaded.
    """
    name = uri.target.partition(":")[0]
    factory: Callable[[DeviceUri], GattDriver]
    factory = _named(_DRIVERS, str(uri), name, "unknown Bluetooth driver")
    return factory(uri)


def scanners() -> dict[str, Callable[[], Scanner]]:
    """Give what can look for devices, by scheme; each is loaded when it is called."""
    found = sorted(entry_points(group=_SCANNERS))
    return {entry.name: partial(_loaded, entry, f"{entry.name}:") for entry in found}


def wearable_class(uri: DeviceUri) -> Any:
    """Load the class of the virtual wearable for the driver that an address names.

    Parameters
    ----------
    uri : DeviceUri
        Its target begins with the driver: ``bumble:polar``.

    Returns
    -------
    class
        As `wearaffect.devices.virtual.opening.WearableMaker` has it.

    Raises
    ------
    DeviceUriError
        Nobody wrote a virtual wearable for that driver.
    DeviceError
        It can't be loaded.
    """
    name = uri.target.partition(":")[0]
    remedy = (
        f"write one: a class of wearaffect.devices.virtual.wearable.Wearable, declared as "
        f"{name or 'NAME'} in the entry point group {_WEARABLES} (see CONTRIBUTING.md)"
    )
    return _named(_WEARABLES, str(uri), name, "no virtual wearable", remedy)


def _drivers() -> dict[str, type[GattDriver] | WearAffectError]:
    drivers: dict[str, type[GattDriver] | WearAffectError] = {}
    for entry in sorted(entry_points(group=_DRIVERS)):
        try:
            drivers[entry.name] = _loaded(entry, f"ble:{entry.name}")
        except WearAffectError as error:
            drivers[entry.name] = error
    return drivers


def _named(group: str, uri: str, name: str, unknown: str, remedy: str = "") -> Any:
    """Load what goes by a name."""
    known = {entry.name: entry for entry in sorted(entry_points(group=group))}
    if name not in known:
        raise unknown_word(uri, unknown, name, known, remedy=remedy)
    return _loaded(known[name], uri)


def _loaded(entry: EntryPoint, uri: str) -> Any:
    """Load what a package brings: whatever goes wrong in a stranger's module is named."""
    try:
        loaded = entry.load()
    except WearAffectError:
        raise
    except Exception as error:
        raise _broken(entry, uri, str(error) or type(error).__name__) from error
    if entry.group == _DRIVERS and not (
        isinstance(loaded, type) and issubclass(loaded, GattDriver)
    ):
        raise _broken(entry, uri, f"{entry.value} is no GattDriver")
    return loaded


def _broken(entry: EntryPoint, uri: str, got: str) -> DeviceError:
    package = entry.dist.name if entry.dist else entry.module
    remedy = f"it comes with the package {package}: mend, update or uninstall that"
    return DeviceError(uri, "can't be loaded", got=got, remedy=remedy)
