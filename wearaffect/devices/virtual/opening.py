"""``bumble:``, a wearable without hardware: virtual device, real host stack, the real driver."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from wearaffect.core.errors import DeviceError, MissingExtraError
from wearaffect.devices.bluetooth.ble import BleDevice
from wearaffect.devices.bluetooth.manners import LinkSettings, link_settings
from wearaffect.devices.driver import GattDriver
from wearaffect.devices.registry import gatt_driver, wearable_class
from wearaffect.devices.uri import DeviceUri
from wearaffect.devices.virtual.faults import FAULTS, FaultPlan

if TYPE_CHECKING:
    from wearaffect.devices.virtual.backend import Backend
    from wearaffect.devices.virtual.device import VirtualDevice
    from wearaffect.devices.virtual.wearable import Wearable
    from wearaffect.devices.virtual.wearer import Wearer

__all__ = ["WearableMaker", "open_bumble", "wearable_of"]


class WearableMaker(Protocol):
    """A class of wearables that an address can name."""

    guarded: bool
    lacks: frozenset[str]

    def __call__(self, wearer: "Wearer", plan: FaultPlan, seed: int, name: str) -> "Wearable":
        """Give one, not yet switched on."""
        ...


_OWN = ("seed", "from", "fault", "fault_at_s", "fault_for_s", "duration_s", "unauthenticated")


def open_bumble(
    uri: DeviceUri,
    *,
    wearable: WearableMaker | None = None,
    driver: Callable[[DeviceUri], GattDriver] | None = None,
) -> "VirtualDevice":
    """Open ``bumble:<driver>[:name][?settings]``.

    A virtual wearable of that kind is switched on, on a radio inside the process, and the driver
    reads it as it would read a real one: it scans, connects, discovers, subscribes.

    Parameters
    ----------
    uri : DeviceUri
        Settings of the wearable: ``seed`` of the person and of all chance; ``from``: ``synthetic``,
        or the path of a recording; ``duration_s`` of the signals, after which the device ends;
        ``fault``: names out of `wearaffect.devices.virtual.faults.FAULTS`, separated by commas;
        ``fault_at_s``, ``fault_for_s``; ``unauthenticated=1``: it gives data without pairing, and
        says so. Then those that ``ble:`` takes (``pair`` is on where the wearable asks for it),
        and the driver's own.
    wearable : class or None
        The wearable; None: the one that an entry point of the group
        ``wearaffect.wearables`` names as the driver is named.
    driver : callable or None
        Gives the driver from its address; None: the one of that name.

    Returns
    -------
    VirtualDevice
        Not yet entered. There is no ``speed``: arrival is stamped with the host's clock, and a
        device that ran faster would have a wrong clock. To run faster, run the loop faster
        (`wearaffect.devices.virtual.simulated_time`).

    Raises
    ------
    DeviceUriError
        No virtual wearable for that driver, or a setting that isn't known or can't be taken.
    MissingExtraError
        bumble isn't installed.
    """
    kind, _, name = uri.target.partition(":")
    make = wearable or wearable_of(uri)
    plan = FaultPlan(
        uri.choices("fault", (name for name in FAULTS if name not in make.lacks)),
        uri.number("fault_at_s", 30.0, 0.0, 86_400.0),
        uri.number("fault_for_s", 10.0, 0.0, 86_400.0),
    )
    seed = uri.integer("seed", 1, 0, 2**28 - 1)
    source = uri.settings.get("from", "synthetic")
    duration_s = uri.number("duration_s", 3600.0, 1.0, 86_400.0)
    guarded = make.guarded and not uri.integer("unauthenticated", 0, 0, 1)
    link = {"pair": "1"} if guarded else {}
    rest = uri.without(*_OWN)
    read = replace(rest, settings=link | dict(rest.settings))
    from wearaffect.devices.virtual.device import VirtualDevice
    from wearaffect.devices.virtual.wearer import recorded_wearer, synthetic_wearer

    def dressed() -> "Wearable":
        wearer = (
            synthetic_wearer(seed, duration_s)
            if source == "synthetic"
            else recorded_wearer(source, duration_s)
        )
        made = make(wearer, plan, seed, name or f"virtual {kind}")
        made.guarded = guarded
        return made

    def reader(on: "Backend") -> BleDevice:
        patience, own = link_settings(read)
        own = own.without(*LinkSettings.NAMES)
        return BleDevice(
            read,
            driver(own) if driver else gatt_driver(own),
            settings=patience,
            scanner_backend=on.scanner,
            client_backend=on.client,
        )

    return VirtualDevice(str(uri), dressed, reader, seed=seed)


def wearable_of(uri: DeviceUri) -> WearableMaker:
    """Give the class of the virtual wearable for the driver that an address names.

    Raises
    ------
    DeviceUriError
        There is none; the message says how to write it.
    DeviceError
        It can't be loaded.
    MissingExtraError
        bumble isn't installed.
    """
    try:
        made: WearableMaker = wearable_class(uri)
    except DeviceError as error:
        missing = getattr(error.__cause__, "name", None) or ""
        if missing.partition(".")[0] not in {"bumble", "cffi"}:
            raise
        raise MissingExtraError("virtual", "bumble:") from error
    return made
