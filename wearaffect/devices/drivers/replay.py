"""A recording as a live device: the chunks a radio would give, ragged and late, at any speed."""

import asyncio
import contextlib
import heapq
from collections.abc import AsyncIterator, Iterator, Mapping
from types import TracebackType
from typing import Self

import numpy as np

from wearaffect.core.errors import DeviceError, DeviceUriError
from wearaffect.core.streams import Marker, SignalChunk, StreamInfo
from wearaffect.core.timebase import NS_PER_S, ns_from_s
from wearaffect.devices.uri import DeviceUri
from wearaffect.recording.opening import open_session
from wearaffect.recording.session import RecordedStream, Session, cut

__all__ = ["ReplayDevice", "open_replay"]

_CHUNK_S = (0.05, 0.6)  # from one notification to a burst after a retry (engineering choice)
_DELAY_S = 0.15  # mean of the exponential delay between sample and arrival


class ReplayDevice:
    """Play a session back as though it came over the air.

    Parameters
    ----------
    session : Session
        The recording; its own time line is kept, so stamps equal those of the file.
    speed : float
        Signal seconds per second of the clock; 0: as fast as it goes.
    seed : int
        Of the raggedness and the delays.
    """

    def __init__(self, session: Session, *, speed: float = 1.0, seed: int = 1) -> None:
        self.session = session
        self.speed = speed
        self._seed = seed
        self._left: asyncio.Event | None = None

    @property
    def streams(self) -> tuple[StreamInfo, ...]:
        """Every stream of the recording."""
        return tuple(stream.info for stream in self.session.streams.values())

    @property
    def start_ns(self) -> int:
        """Start of the recording, on its own time line."""
        return self.session.start_ns

    @property
    def facts(self) -> Mapping[str, str]:
        """Which file is played."""
        return {"name": self.session.path}

    async def __aenter__(self) -> Self:
        self._left = asyncio.Event()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._left is not None:
            self._left.set()

    async def chunks(self) -> AsyncIterator[SignalChunk | Marker]:
        """Give ragged chunks, and markers, in order of arrival and paced by the speed.

        Each call starts over.

        Raises
        ------
        DeviceError
            The device hasn't been entered.
        """
        left = self._left
        if left is None or left.is_set():
            raise DeviceError(
                f"replay:{self.session.path}",
                "not started",
                remedy="read chunks inside 'async with device:'",
            )
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        for count, (arrival_ns, _, chunk) in enumerate(self._schedule()):
            due_s = (arrival_ns - self.start_ns) / NS_PER_S / self.speed if self.speed else 0.0
            wait_s = begun_s + due_s - loop.time()
            if wait_s > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(left.wait(), wait_s)
            elif count % 64 == 0:
                await asyncio.sleep(0)  # the reader's other tasks must get their turn
            if left.is_set():
                return
            yield chunk

    def _schedule(self) -> Iterator[tuple[int, int, SignalChunk | Marker]]:
        """Arrival time, tie-breaker and chunk or marker, merged by arrival."""
        tracks = [self._track(i, s) for i, s in enumerate(self.session.streams.values())]
        presses = ((m.time_ns, len(tracks), m) for m in self.session.markers)
        return heapq.merge(*tracks, presses, key=lambda entry: entry[:2])

    def _track(
        self, number: int, stream: RecordedStream
    ) -> Iterator[tuple[int, int, SignalChunk | Marker]]:
        rng = np.random.default_rng([self._seed, number])
        arrival_ns = self.start_ns
        for segment in stream.segments:
            edge_ns = segment.start_ns
            while edge_ns < segment.end_ns:
                step_ns = ns_from_s(float(rng.uniform(*_CHUNK_S)))
                part = cut(segment, edge_ns, edge_ns + step_ns)
                edge_ns += step_ns
                if not len(part):
                    continue
                late_ns = ns_from_s(float(rng.exponential(_DELAY_S)))
                # a stream stays in order: a late packet holds up the next
                arrival_ns = max(arrival_ns, part.end_ns + late_ns)
                yield arrival_ns, number, part


def open_replay(uri: DeviceUri) -> ReplayDevice:
    """Open ``replay:<path>[?speed=10&seed=1]``.

    Parameters
    ----------
    uri : DeviceUri
        Target: a session folder, E4 zip or folder.

    Raises
    ------
    DeviceUriError
        No path, or a setting that isn't known.
    RecordingError
        The path holds no recording.
    """
    if not uri.target:
        raise DeviceUriError(str(uri), "no recording", expected="replay:<path>")
    speed = uri.number("speed", 1.0, 0.0, 1e6)
    seed = uri.integer("seed", 1, 0, 2**31)
    uri.allow("speed", "seed")
    return ReplayDevice(open_session(uri.target), speed=speed, seed=seed)
