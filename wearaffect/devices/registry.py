"""Drivers, found by entry point: installing a package is all it takes to add one."""

from collections.abc import Awaitable, Callable
from importlib.metadata import entry_points

from wearaffect.core.errors import DeviceUriError
from wearaffect.core.protocols import Device
from wearaffect.devices.driver import Found, GattDriver
from wearaffect.devices.uri import DeviceUri, parse_uri

__all__ = [
    "DeviceUri",
    "Scanner",
    "device_names",
    "gatt_driver",
    "gatt_drivers",
    "open_device",
    "scanners",
]

_GROUP = "wearaffect.devices"
_DRIVERS = "wearaffect.drivers"
_SCANNERS = "wearaffect.scanners"

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
    MissingExtraError
        The driver needs something that isn't installed.
    """
    parsed = parse_uri(uri)
    found = tuple(entry_points(group=_GROUP, name=parsed.driver))
    if not found:
        known = ", ".join(device_names())
        raise DeviceUriError(uri, "unknown driver", expected=known, got=parsed.driver)
    opener: Callable[[DeviceUri], Device] = found[0].load()
    return opener(parsed)


def gatt_drivers() -> dict[str, type[GattDriver]]:
    """Give the Bluetooth drivers that are installed, by name."""
    return {entry.name: entry.load() for entry in sorted(entry_points(group=_DRIVERS))}


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
    """
    name = uri.target.partition(":")[0]
    found = tuple(entry_points(group=_DRIVERS, name=name))
    if not found:
        known = ", ".join(sorted(entry_points(group=_DRIVERS).names))
        raise DeviceUriError(str(uri), "unknown Bluetooth driver", expected=known, got=repr(name))
    factory: Callable[[DeviceUri], GattDriver] = found[0].load()
    return factory(uri)


def scanners() -> dict[str, Callable[[], Scanner]]:
    """Give what can look for devices, by scheme; each is loaded when it is called."""
    return {entry.name: entry.load for entry in sorted(entry_points(group=_SCANNERS))}
