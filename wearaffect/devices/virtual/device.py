"""A virtual wearable and a radio of its own as one `Device`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Self

from wearaffect.core.errors import DeviceError
from wearaffect.core.events import Event
from wearaffect.core.protocols import Device
from wearaffect.core.streams import SignalChunk, StreamInfo
from wearaffect.devices.virtual.air import Air
from wearaffect.devices.virtual.backend import Backend, backend_on
from wearaffect.devices.virtual.radio import Radio
from wearaffect.devices.virtual.wearable import Wearable

__all__ = ["VirtualDevice"]

_LAST_S = 1.0  # what was sent before the signals ended still arrives (engineering choice)


class VirtualDevice:
    """A driver that reads a virtual wearable over a radio inside the process.

    Parameters
    ----------
    uri : str
        As the user wrote it.
    make : callable
        Gives the wearable; called in a thread, since it may simulate or read an hour of signal.
    driver : callable
        Gives the device that reads it, on a bleak backend.
    air : Air or None
        What the radio does to packets.
    seed : int
        Of the radio's chance.

    Attributes
    ----------
    wearable : Wearable
        Once entered; its `truth` says what it sampled and sent.
    radio : Radio
        Once entered.
    """

    def __init__(
        self,
        uri: str,
        make: Callable[[], Wearable],
        driver: Callable[[Backend], Device],
        air: Air | None = None,
        seed: int = 1,
    ) -> None:
        self.uri = uri
        self.wearable: Wearable
        self.radio: Radio
        self._make, self._driver = make, driver
        self._air, self._seed = air, seed
        self._reader: Device | None = None
        self._stack = AsyncExitStack()
        self._reading = AsyncExitStack()

    @property
    def streams(self) -> tuple[StreamInfo, ...]:
        """What the driver gives; empty before it was entered."""
        return self._reader.streams if self._reader else ()

    @property
    def facts(self) -> Mapping[str, str | int | float | bool]:
        """What the driver knows of the device."""
        return {**self._reader.facts, "virtual": True} if self._reader else {"virtual": True}

    @property
    def start_ns(self) -> int:
        """Host time at which it was asked for."""
        return self._reader.start_ns if self._reader else 0

    async def __aenter__(self) -> Self:
        """Switch the radio and the wearable on, and connect.

        Raises
        ------
        DeviceError
            As the driver's device says.
        """
        wearable = await asyncio.to_thread(self._make)
        async with AsyncExitStack() as stack:
            radio = await stack.enter_async_context(Radio(self._air, self._seed))
            await stack.enter_async_context(wearable.on(radio))
            reader = self._driver(backend_on(radio))
            await self._reading.enter_async_context(reader)
            self._stack = stack.pop_all()
        self.wearable, self.radio, self._reader = wearable, radio, reader
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the driver's device, then switch everything off."""
        try:
            await self._reading.aclose()
        finally:
            await self._stack.aclose()

    async def chunks(self) -> AsyncIterator[SignalChunk | Event]:
        """Give what the driver gives, until its signals end or it is left.

        Raises
        ------
        DeviceError
            It hasn't been entered.
        """
        if self._reader is None:
            remedy = "read chunks inside 'async with device:'"
            raise DeviceError(self.uri, "not started", remedy=remedy)
        ending = asyncio.create_task(self._ends())
        try:
            async for item in self._reader.chunks():
                yield item
        finally:
            ending.cancel()
            with suppress(asyncio.CancelledError):
                await ending

    async def _ends(self) -> None:
        """Leave the driver's device when the wearable has no more to send."""
        await self.wearable.finished.wait()
        await asyncio.sleep(_LAST_S)
        await self._reading.aclose()
