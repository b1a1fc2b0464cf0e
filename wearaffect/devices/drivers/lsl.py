"""Any LSL stream as a device, and what is offered on this machine."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from types import MappingProxyType, TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.clocks import ClockMap
from wearaffect.core.errors import DeviceError, DeviceUriError
from wearaffect.core.events import ClockSegment, DeviceNote, DeviceState, Event
from wearaffect.core.streams import Gap, SignalChunk, StreamInfo
from wearaffect.core.timebase import NS_PER_S, samples_ns
from wearaffect.devices.bluetooth.inbox import loop_ns
from wearaffect.devices.driver import Found
from wearaffect.devices.lsl.counting import read_counts
from wearaffect.devices.lsl.inlet import Inlet, InletLostError
from wearaffect.devices.lsl.liblsl import NETWORK_SETTINGS, network_in_use, network_of, open_liblsl
from wearaffect.devices.lsl.placing import Placer
from wearaffect.devices.lsl.streams import Part, counter_column, is_markers, markers_of, parts_of
from wearaffect.devices.uri import DeviceUri

__all__ = ["LslDevice", "open_lsl", "scan_lsl"]

Fact = str | int | float | bool

_PROPERTIES = ("name", "type", "source_id")
_POLL_S = 0.02  # liblsl gathers in its own threads; asking costs microseconds
_CLOCK_NS = 5 * NS_PER_S  # between two looks at the offset, which liblsl measures every 2 s
_DRIFT_NS = 100_000  # an offset that moved less is its own error
_AGAIN_S = 1.0  # one try to find a sender again; all engineering choices


class LslDevice:
    """Read one LSL stream.

    A stream whose sender dies is found again by liblsl where it has a source id, else by us; what
    was missed is counted when it goes on. Stamps are the sender's, moved to the host's clock; the
    raw stamp of each chunk is its `device_clock_ns`, in liblsl's time of the sender.

    Parameters
    ----------
    uri : DeviceUri
        ``lsl:name=…``, ``lsl:type=…`` or ``lsl:source_id=…``; settings as in `open_lsl`.
    """

    def __init__(self, uri: DeviceUri) -> None:
        self.uri = uri
        self._stall_ns = round(uri.number("stall_s", 2.0, 0.1, 86_400.0) * NS_PER_S)
        self._wait_s = uri.number("wait_s", 10.0, 0.1, 3600.0)
        self._network = network_of(uri)
        self._left = asyncio.Event()
        self._inlet: Inlet | None = None
        self._name = ""
        self._rate_hz: float | None = None
        self._parts: tuple[Part, ...] = ()
        self._counter: int | None = None
        self._placer = Placer(None)
        self._told_offset_ns: int | None = None
        self._looked_ns = self._heard_ns = self._start_ns = 0
        self._stalled = self._told_unreadable = False

    @property
    def streams(self) -> tuple[StreamInfo, ...]:
        """What the stream holds, one for each kind of signal; none where it carries markers."""
        return tuple(part.info for part in self._parts)

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What the sender says of itself."""
        return MappingProxyType({} if self._inlet is None else self._inlet.facts)

    @property
    def start_ns(self) -> int:
        """Host time at which it was opened."""
        return self._start_ns

    async def __aenter__(self) -> Self:
        """Find the stream, measure its clock, subscribe.

        Raises
        ------
        DeviceError
            It isn't there, several fit, or what it carries can't be told.
        """
        wanted, _, value = self.uri.target.partition("=")
        inlet = Inlet(str(self.uri), (wanted, value), self._network)
        try:
            await asyncio.to_thread(inlet.connect, self._wait_s)
            self._describe(inlet)
        except BaseException:
            await asyncio.to_thread(inlet.close)
            raise
        self._left.clear()
        self._inlet = inlet
        self._start_ns = self._heard_ns = self._looked_ns = loop_ns()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Unsubscribe."""
        self._left.set()
        if self._inlet is not None:
            await asyncio.to_thread(self._inlet.close)

    async def chunks(self) -> AsyncIterator[SignalChunk | Event]:
        """Give chunks, markers and what happens to the stream, until the device is left.

        Raises
        ------
        DeviceError
            The device hasn't been entered, or another stream has taken the place of this one.
        """
        inlet = self._inlet
        if inlet is None:
            remedy = "read chunks inside 'async with device:'"
            raise DeviceError(str(self.uri), "not started", remedy=remedy)
        # a host is often called after its owner, and notes are recorded
        told = {name: fact for name, fact in inlet.facts.items() if name != "host"}
        yield self._note(DeviceState.CONNECTED, **told)
        while not self._left.is_set():
            try:
                rows, raw_ns = inlet.pull()
            except InletLostError as error:
                yield self._note(DeviceState.LOST, reason=error.what)
                if await self._found_again(inlet):
                    yield self._note(DeviceState.CONNECTED)
                continue
            for item in self._taken(inlet, rows, raw_ns):
                yield item
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_POLL_S):
                    await self._left.wait()

    def _describe(self, inlet: Inlet) -> None:
        """Tell what the stream carries; found again, it must carry the same."""
        described = inlet.described
        assert described is not None
        markers = is_markers(described)
        parts = () if markers else parts_of(self.uri, described)
        if self._name and parts != self._parts:
            raise DeviceError(str(self.uri), "another stream has taken its place")
        if self._name:
            return
        self._name = parts[0].info.device if parts else described.name
        self._parts = parts
        if not markers:
            self._rate_hz = described.rate_hz or None
            self._counter = counter_column(described)
        self._placer = Placer(self._rate_hz)

    async def _found_again(self, inlet: Inlet) -> bool:
        """Look for the stream until it is there or the device is left."""
        while not self._left.is_set():
            try:
                await asyncio.to_thread(inlet.connect, _AGAIN_S)
            except DeviceError:
                continue
            self._describe(inlet)
            return True
        return False

    def _taken(
        self, inlet: Inlet, rows: NDArray[Any], raw_ns: NDArray[np.int64]
    ) -> Iterator[SignalChunk | Event]:
        now_ns = loop_ns()
        silent_s = round((now_ns - self._heard_ns) / NS_PER_S, 3)
        if not len(raw_ns):
            # only a regular stream owes us anything
            if self._rate_hz and not self._stalled and now_ns - self._heard_ns > self._stall_ns:
                self._stalled = True
                yield self._note(DeviceState.STALLED, silent_s=silent_s)
            return
        if self._stalled:
            yield self._note(DeviceState.CONNECTED, silent_s=silent_s)
        self._heard_ns, self._stalled = now_ns, False
        if now_ns - self._looked_ns > _CLOCK_NS:
            self._looked_ns = now_ns
            inlet.look_at_clock()
        yield from self._moved(inlet, int(raw_ns[0]))
        host_ns = raw_ns + inlet.offset_ns
        if self._parts:
            yield from self._samples(rows, raw_ns, host_ns)
        else:
            yield from markers_of(rows, host_ns)

    def _moved(self, inlet: Inlet, raw_ns: int) -> Iterator[ClockSegment]:
        """Say where the sender's clock is, the first time and when it has moved."""
        told_ns, offset_ns = self._told_offset_ns, inlet.offset_ns
        if told_ns is not None and abs(offset_ns - told_ns) < _DRIFT_NS:
            return
        self._told_offset_ns = offset_ns
        clock = ClockMap(
            raw_ns, raw_ns + offset_ns, uncertainty_ns=inlet.uncertainty_ns, latency_ns=0
        )
        for part in self._parts:
            yield ClockSegment(part.info.id, clock, "start" if told_ns is None else "drift")

    def _samples(
        self, rows: NDArray[Any], raw_ns: NDArray[np.int64], host_ns: NDArray[np.int64]
    ) -> Iterator[SignalChunk | Event]:
        counter = None if self._counter is None else read_counts(rows[:, self._counter])
        if counter is not None and not self._told_unreadable and (counter < 0).any():
            self._told_unreadable = True
            yield self._note(DeviceState.TOLD, unreadable_counter=True)
        for run in self._placer.place(host_ns, counter):
            for part in self._parts:
                taken = slice(run.first, run.last)
                placed_ns = host_ns[taken] + (run.start_ns - host_ns[run.first])
                chunk = SignalChunk(
                    part.info,
                    rows[taken][:, list(part.columns)].astype(np.float32),
                    run.start_ns,
                    timestamps_ns=None if self._rate_hz else placed_ns,
                    device_counter=run.count,
                    device_clock_ns=int(raw_ns[run.first]),
                    n_lost=run.n_lost,
                )
                if run.restarted:
                    yield from _restarted(chunk)
                yield chunk

    def _note(self, state: DeviceState, **facts: Fact) -> DeviceNote:
        return DeviceNote(loop_ns(), self._name, state, facts)


def _restarted(chunk: SignalChunk) -> Iterator[Event]:
    """Say before a chunk that the sender began anew."""
    assert chunk.device_clock_ns is not None
    info, start_ns = chunk.info, chunk.start_ns
    if chunk.device_counter is not None:
        # what the chunk says is missing was read off the clock: the counts before and after it
        # aren't of one counter, and accounts must not subtract them
        lost_ns = samples_ns(chunk.n_lost, info.rate_hz) if info.rate_hz else 0
        yield Gap(info.id, start_ns - lost_ns, start_ns, None, "the sender began anew")
    yield ClockSegment(info.id, ClockMap(chunk.device_clock_ns, start_ns), "reboot")


def open_lsl(uri: DeviceUri) -> LslDevice:
    """Open ``lsl:<name|type|source_id>=<value>[?kind=eda&unit=uS&stall_s=2&wait_s=10]``.

    Parameters
    ----------
    uri : DeviceUri
        Settings: ``kind`` and ``unit`` where the sender doesn't say; ``stall_s`` without data of a
        regular stream are a stall (default 2); ``wait_s``: how long to look for it (default 10);
        ``scope``, ``interface``, ``session``: see `wearaffect.devices.lsl.liblsl.LslNetwork`.

    Returns
    -------
    LslDevice
        Not yet started.

    Raises
    ------
    DeviceUriError
        No stream is named, or a setting isn't known or can't be taken.
    """
    name, _, value = uri.target.partition("=")
    if name not in _PROPERTIES or not value or "'" in value:
        expected = "lsl:name=<name>, lsl:type=<type> or lsl:source_id=<id>"
        raise DeviceUriError(str(uri), "which stream", expected=expected, got=uri.target)
    uri.allow("kind", "unit", "stall_s", "wait_s", *NETWORK_SETTINGS)
    return LslDevice(uri)


async def scan_lsl(timeout_s: float) -> list[Found]:
    """Look for LSL streams; on this machine, unless liblsl was opened further in this process.

    Parameters
    ----------
    timeout_s : float
        How long to wait for answers, seconds.

    Returns
    -------
    list of Found
        By name.
    """
    lsl = open_liblsl(network_in_use(), "lsl:")
    infos = await asyncio.to_thread(lsl.resolve_streams, timeout_s)
    return sorted((_found(info) for info in infos), key=lambda one: (one.name, one.uri))


def _found(info: Any) -> Found:
    by, value = ("source_id", info.source_id()) if info.source_id() else ("name", info.name())
    facts: dict[str, Fact] = {
        "type": info.type(),
        "channels": info.channel_count(),
        "rate_hz": info.nominal_srate(),
        "host": info.hostname(),
    }
    return Found(str(DeviceUri("lsl", f"{by}={value}")), info.name(), facts)
