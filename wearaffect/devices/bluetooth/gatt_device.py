"""A Bluetooth wearable as a `Device`: what a keeper hears, decoded, counted and put in order."""

from collections.abc import AsyncIterator, Iterator, Mapping
from types import MappingProxyType, TracebackType
from typing import Self

from wearaffect.core.errors import DecodeError, DeviceError
from wearaffect.core.events import DeviceNote, DeviceState, Event
from wearaffect.core.streams import SignalChunk, StreamInfo
from wearaffect.devices.bluetooth.inbox import Heard, loop_ns
from wearaffect.devices.bluetooth.keeper import Keeper
from wearaffect.devices.bluetooth.manners import Fact, LinkSettings, Radio
from wearaffect.devices.bluetooth.naming import device_name, named_sources
from wearaffect.devices.driver import ClockPing, GattDriver
from wearaffect.devices.reception.reception import Reception
from wearaffect.devices.uri import DeviceUri

__all__ = ["GattDevice"]

_TURN_S = 0.1  # samples that wait for one before them are looked at so often (engineering choice)


class GattDevice:
    """Run a driver on a radio.

    Parameters
    ----------
    uri : DeviceUri
        As the user wrote it: ``ble:<driver>[:address or name]``.
    driver : GattDriver
        What to look for and how to read it.
    radio : Radio
        What finds and connects.
    settings : LinkSettings
        How patient to be.

    Notes
    -----
    A link that is silent too long, or goes down, is replaced: by a fresh client, after a wait that
    grows until data comes. Entering connects; leaving stops the driver and disconnects. A device
    that stays away longer than its patience ends, and its last note says so. Not to be entered
    twice.
    """

    def __init__(
        self, uri: DeviceUri, driver: GattDriver, radio: Radio, settings: LinkSettings
    ) -> None:
        self.uri = str(uri)
        self._name = device_name(uri)
        self._driver = driver
        target = uri.target.partition(":")[2]
        self._keeper = Keeper(self.uri, target, self._name, driver, radio, settings)
        self._receptions: dict[str, Reception] = {}
        self._start_ns: int | None = None
        self._damaged = 0
        self._told = self._counts()

    @property
    def streams(self) -> tuple[StreamInfo, ...]:
        """What the device gives; empty before it was entered."""
        return tuple(reception.info for reception in self._receptions.values())

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What is known of it: name, address, rssi_dbm, battery_percent, firmware and so on."""
        return MappingProxyType(self._keeper.facts)

    @property
    def start_ns(self) -> int:
        """Host time at which it was asked for: nothing it sends is older."""
        return self._start_ns or 0

    async def __aenter__(self) -> Self:
        """Find the device, connect, start it.

        Raises
        ------
        DeviceError
            It isn't there, it refuses, or there is no radio.
        """
        if self._start_ns is not None:
            raise DeviceError(self.uri, "was entered before", remedy="open the address again")
        self._start_ns = loop_ns()
        await self._keeper.start()
        sources = named_sources(self._keeper.sources, self._name)
        self._receptions = {key: Reception(source) for key, source in sources.items()}
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the driver, disconnect; nothing of the link stays behind."""
        await self._keeper.stop()

    async def chunks(self) -> AsyncIterator[SignalChunk | Event]:
        """Give chunks and events until the device is left or its patience is over.

        Raises
        ------
        DeviceError
            The device hasn't been entered.
        """
        if not self._receptions:
            remedy = "read chunks inside 'async with device:'"
            raise DeviceError(self.uri, "not started", remedy=remedy)
        while (heard := await self._keeper.inbox.take(_TURN_S)) is not None:
            for item in heard:
                for out in self._outcome(item):
                    yield out
            for out in self._due():
                yield out
        for out in self._ending():
            yield out
        self._keeper.check()

    def _outcome(self, item: Heard | DeviceNote | ClockPing) -> Iterator[SignalChunk | Event]:
        """Give what one thing that came makes."""
        if isinstance(item, Heard):
            yield from self._decoded(item)
            return
        for reception in self._receptions.values():
            if isinstance(item, ClockPing):
                yield from reception.ping(item)
            elif item.state in {DeviceState.LOST, DeviceState.STALLED}:
                yield from reception.disconnected(item.time_ns)
        if isinstance(item, DeviceNote):
            yield item

    def _decoded(self, heard: Heard) -> Iterator[SignalChunk | Event]:
        try:
            packets = self._driver.decode(heard.characteristic, heard.payload)
        except DecodeError as error:
            self._damaged += 1
            about = self._receptions.get(error.stream)
            if about is not None:
                about.damaged(error, heard.arrival_ns)
            return
        for packet in packets:
            yield from self._receptions[packet.stream_id].take(packet, heard.arrival_ns)

    def _due(self) -> Iterator[SignalChunk | Event]:
        """Give what has waited long enough, and tell once of what was left out."""
        now_ns = loop_ns()
        for reception in self._receptions.values():
            yield from reception.tick(now_ns)
        yield from self._tell(now_ns)

    def _ending(self) -> Iterator[SignalChunk | Event]:
        now_ns = loop_ns()
        for reception in self._receptions.values():
            yield from reception.finish(now_ns)
        yield from self._tell(now_ns)

    def _tell(self, now_ns: int) -> Iterator[DeviceNote]:
        counts = self._counts()
        if counts != self._told:
            self._told = counts
            yield DeviceNote(now_ns, self._name, DeviceState.TOLD, dict(counts))

    def _counts(self) -> dict[str, int]:
        """Give how many packets came and aren't in any stream, and why."""
        receptions = self._receptions.values()
        return {
            "dropped_packets": self._keeper.inbox.dropped,
            "damaged_packets": self._damaged,
            "repeated_packets": sum(reception.n_duplicates for reception in receptions),
            "stray_packets": sum(reception.n_strays for reception in receptions),
        }
