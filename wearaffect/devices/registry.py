"""Drivers, found by entry point: installing a package is all it takes to add one."""

from collections.abc import Callable
from importlib.metadata import entry_points

from wearaffect.core.errors import DeviceUriError
from wearaffect.core.protocols import Device
from wearaffect.devices.uri import DeviceUri, parse_uri

__all__ = ["DeviceUri", "device_names", "open_device"]

_GROUP = "wearaffect.devices"


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
