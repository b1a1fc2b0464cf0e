"""How to treat a radio link that will fail: settings, back-off, what a radio must do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from wearaffect.devices.bluetooth.inbox import Inbox
from wearaffect.devices.driver import Link
from wearaffect.devices.uri import DeviceUri

__all__ = [
    "BackOff",
    "Connection",
    "Fact",
    "LinkSettings",
    "Radio",
    "Seen",
    "SharedScan",
    "link_settings",
]

Fact = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What an advertisement shows.

    Attributes
    ----------
    address : str
        Of the device; on macOS an identifier that only this host knows.
    name : str
        As advertised, or empty.
    services : tuple of str
        128-bit UUIDs, lower case.
    rssi_dbm : int
        Strength of the advertisement.
    handle : object
        What the radio connects by.
    """

    address: str
    name: str
    services: tuple[str, ...]
    rssi_dbm: int
    handle: object = None


class Connection(Link, Protocol):
    """A link that can be asked what it offers, waited for, and ended."""

    @property
    def lost(self) -> asyncio.Event:
        """Set when the link is down, whoever ended it."""
        ...

    def has(self, characteristic: str) -> bool:
        """Whether the device offers a characteristic."""
        ...

    async def disconnect(self) -> None:
        """End it; safe on a link that is down, or never came up."""
        ...


class Radio(Protocol):
    """Finds and connects."""

    def listening(self, hear: Callable[[Seen], None]) -> AbstractAsyncContextManager[None]:
        """Hear every advertisement while inside."""
        ...

    async def connect(self, seen: Seen, inbox: Inbox, settings: "LinkSettings") -> Connection:
        """Connect once; its notifications go into the inbox."""
        ...


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """How patient a device is with its link; all defaults are engineering choices.

    Attributes
    ----------
    scan_s : float
        How long a scan lasts that finds nothing.
    connect_s : float
        Time for one connection; under 10 s slow peripherals never get through.
    patience_s : float
        How long without data before a device counts as gone for good.
    stall_s : float or None
        How long a link may be silent before it is taken down; None: as the driver says.
    pair : bool
        Ask the operating system to pair.
    """

    scan_s: float = 10.0
    connect_s: float = 20.0
    patience_s: float = 600.0
    stall_s: float | None = None
    pair: bool = False

    NAMES = ("scan_s", "connect_s", "patience_s", "stall_s", "pair", "name")


def link_settings(uri: DeviceUri) -> tuple[LinkSettings, DeviceUri]:
    """Take the link's settings out of an address; the rest is the driver's.

    Returns
    -------
    LinkSettings, DeviceUri
        The settings, and the address with only what the driver is to read.

    Raises
    ------
    DeviceUriError
        A value that can't be taken.
    """
    stall_s = uri.number("stall_s", 0.0, 0.0, 3600.0)
    settings = LinkSettings(
        scan_s=uri.number("scan_s", 10.0, 0.1, 3600.0),
        connect_s=uri.number("connect_s", 20.0, 10.0, 600.0),
        patience_s=uri.number("patience_s", 600.0, 0.0, 86_400.0),
        stall_s=stall_s or None,
        pair=uri.integer("pair", 0, 0, 1) == 1,
    )
    rest = {k: v for k, v in uri.settings.items() if k not in LinkSettings.NAMES}
    return settings, replace(uri, settings=rest)


class BackOff:
    """Growing waits between attempts; only data that came starts them over.

    An advertisement proves nothing: a device in trouble advertises and drops every connection.
    The first wait and the cap are engineering choices; the cap follows what reconnecting clients
    of home automation use.
    """

    FIRST_S, CAP_S = 0.25, 30.0

    def __init__(self) -> None:
        self._next_s = self.FIRST_S

    def next_s(self) -> float:
        """Give the next wait, seconds; the one after is twice as long, up to the cap."""
        wait_s = self._next_s
        self._next_s = min(2 * wait_s, self.CAP_S)
        return wait_s

    def reset(self) -> None:
        """Begin anew, because data came."""
        self._next_s = self.FIRST_S


Stop = Callable[[], Awaitable[None]]


class SharedScan:
    """One scan for everyone in the process: an adapter runs one, and makes one connection, at once.

    Parameters
    ----------
    start : callable
        Takes an address for messages and what hears advertisements; gives what stops it.

    Attributes
    ----------
    connecting : asyncio.Lock
        To be held while connecting.
    """

    def __init__(self, start: Callable[[str, Callable[[Seen], None]], Awaitable[Stop]]) -> None:
        self.connecting = asyncio.Lock()
        self._start = start
        self._hearing: list[Callable[[Seen], None]] = []
        self._seen: dict[str, Seen] = {}
        self._changing = asyncio.Lock()
        self._stop: Stop | None = None

    @asynccontextmanager
    async def listening(self, uri: str, hear: Callable[[Seen], None]) -> AsyncIterator[None]:
        """Hear every advertisement while inside.

        Raises
        ------
        DeviceError
            There is no radio.
        """
        self._hearing.append(hear)
        try:
            await self._adjust(uri)
            yield
        finally:
            self._hearing.remove(hear)
            await self._adjust(uri)

    async def _adjust(self, uri: str) -> None:
        """Run while somebody listens, and only then."""
        async with self._changing:
            if self._hearing and self._stop is None:
                self._seen.clear()
                self._stop = await self._start(uri, self._heard)
            elif not self._hearing and self._stop is not None:
                stop, self._stop = self._stop, None
                await stop()

    def _heard(self, seen: Seen) -> None:
        # name and services may come in two packets: advertisement and scan response
        before = self._seen.get(seen.address, seen)
        services = tuple(dict.fromkeys((*before.services, *seen.services)))
        seen = replace(seen, name=seen.name or before.name, services=services)
        self._seen[seen.address] = seen
        for hear in tuple(self._hearing):
            hear(seen)
