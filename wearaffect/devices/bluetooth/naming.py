"""Which device is meant, what it is called, and by which address it is opened again."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from wearaffect.core.errors import DeviceError, DeviceUriError
from wearaffect.devices.bluetooth.manners import Seen
from wearaffect.devices.driver import Found, GattDriver, Source
from wearaffect.devices.uri import DeviceUri

__all__ = ["device_name", "found_of", "is_wanted", "named_sources", "only_one"]

_ADDRESS = re.compile(r"[0-9a-f]{2}([:-][0-9a-f]{2}){5}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SERIAL = re.compile(r"\b(?=(?:[a-z]*[0-9]){2})[a-z0-9]{5,}\b")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")


def device_name(uri: DeviceUri) -> str:
    """Name a device, so that its stream ids are its own: the setting, its name, or its driver.

    ``ble:polar`` is ``polar``; ``ble:polar:Polar H10 7F3A91C2`` is ``polar-h10-91c2``; of a serial
    number or an address the last four digits tell two apart and identify nobody: ``polar-0c1f``.

    Raises
    ------
    DeviceUriError
        The setting ``name`` has other characters than letters, digits, ``-`` and ``_``.
    """
    given = uri.settings.get("name")
    if given is not None:
        if not _NAME.fullmatch(given):
            expected = "1 to 32 of A-Z a-z 0-9 _ -"
            raise DeviceUriError(str(uri), "setting name", expected=expected, got=repr(given))
        return given
    driver, _, target = uri.target.partition(":")
    target = target.lower()
    if _ADDRESS.fullmatch(target):
        return f"{driver}-{re.sub('[:-]', '', target)[-4:]}"
    short = _SERIAL.sub(lambda found: found[0][-4:], target)
    slug = re.sub(r"[^a-z0-9]+", "-", short).strip("-")[:32]
    return slug or driver


def named_sources(sources: Sequence[Source], name: str) -> dict[str, Source]:
    """Give the sources by the ids that the driver uses, with ids that carry the device's name."""
    named = {}
    for source in sources:
        what = source.info.id.rpartition(".")[2]
        info = replace(source.info, id=f"{name}.{what}", device=name)
        named[source.info.id] = replace(source, info=info)
    return named


def is_wanted(seen: Seen, target: str, driver: GattDriver | type[GattDriver]) -> bool:
    """Whether an advertisement is of the device that an address means.

    Parameters
    ----------
    seen : Seen
        The advertisement.
    target : str
        Address or name; empty: whatever the driver can read.
    driver : GattDriver, or its class
        Knows its services and name prefixes.
    """
    if target:
        return target.casefold() in {seen.address.casefold(), seen.name.casefold()}
    if any(service in driver.services for service in seen.services):
        return True
    return bool(seen.name) and seen.name.startswith(tuple(driver.name_prefixes))


def only_one(uri: str, wanted: Sequence[Seen], on_air: Iterable[Seen]) -> Seen:
    """Give the one device that is meant; guessing between two people's devices is not on.

    Raises
    ------
    DeviceError
        None, or several; it lists what was seen.
    """
    if len(wanted) == 1:
        return wanted[0]
    several = bool(wanted)
    listed = ", ".join(
        f"{s.name or 'no name'} ({s.address}, {s.rssi_dbm} dBm)"
        for s in sorted(wanted or on_air, key=lambda s: -s.rssi_dbm)[:8]
    )
    if several:
        raise DeviceError(
            uri,
            "more than one device answers",
            expected="one",
            got=listed,
            remedy="put the address or the name behind the driver",
        )
    raise DeviceError(
        uri,
        "not found",
        expected="its advertisement",
        got=listed or "nothing on air",
        remedy="wake it, bring it near, and close any app that holds its connection",
    )


def found_of(
    scheme: str, on_air: Iterable[Seen], drivers: Mapping[str, type[GattDriver]]
) -> list[Found]:
    """Give the addresses of what was seen that a driver can read, strongest first.

    Parameters
    ----------
    scheme : str
        That the addresses begin with.
    on_air : iterable of Seen
        What was seen.
    drivers : mapping of str to type of GattDriver
        By name; a device that two can read comes twice.

    Returns
    -------
    list of Found
        Ready to open.
    """
    return [
        Found(
            str(DeviceUri(scheme, f"{name}:{seen.address}")),
            seen.name,
            {"driver": name, "rssi_dbm": seen.rssi_dbm},
        )
        for seen in sorted(on_air, key=lambda s: -s.rssi_dbm)
        for name, driver in drivers.items()
        if is_wanted(seen, "", driver)
    ]
