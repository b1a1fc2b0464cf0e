"""Devices → chain → bundle → sinks, while it happens."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing

from wearaffect.bundle.model import ModelBundle
from wearaffect.core.affect import Outcome
from wearaffect.core.errors import SignalError
from wearaffect.core.events import Event
from wearaffect.core.protocols import Device, Sink
from wearaffect.core.streams import SignalChunk, StreamInfo
from wearaffect.core.timebase import ns_from_s
from wearaffect.pipeline.fit import require_signals
from wearaffect.pipeline.step import LiveStep
from wearaffect.signals.enrolment import Enrolment, RestInterval, RestToCome

__all__ = ["live", "run_live"]

_BATCH = 256  # chunks a turn of the worker, which can't be cut short (engineering choice)
_QUEUE = 10_000  # chunks between radio and chain: minutes of a wristband (engineering choice)


async def live(
    devices: Sequence[Device],
    bundle: ModelBundle | None,
    sinks: Sequence[Sink] = (),
    *,
    rest: RestInterval | RestToCome | Enrolment | None = None,
    without_enrolment: bool = False,
    seconds: float | None = None,
    until: asyncio.Event | None = None,
) -> AsyncGenerator[Outcome]:
    """Record and estimate from devices as their signal comes.

    Enters the devices, starts the sinks, and closes both whatever happens. Chain, bundle and
    sinks run in a worker thread; the event loop stays free for the radios.

    Parameters
    ----------
    devices : sequence of Device
        Not yet entered.
    bundle : ModelBundle or None
        What estimates; None records only.
    sinks : sequence of Sink
        Take chunks, lateness decisions and outcomes as they come. They share a thread, in which
        nothing is dropped: what may be slow and need not be whole belongs in a `DroppingSink`.
    rest : RestInterval, RestToCome, Enrolment or None
        When the person will rest in this session, or what will tell so once they have, or a resting
        state taken earlier.
    without_enrolment : bool
        Answer where there is no resting state, too.
    seconds : float or None
        Stop after so much signal, counted from the first sample; None: when every device has
        ended.
    until : asyncio.Event or None
        Stop once it is set; what has arrived by then is taken.

    Yields
    ------
    AffectEstimate or Abstention
        As each window closes.

    Raises
    ------
    SignalError
        Two devices give streams of one name; no sink was started.
    BundleMismatchError
        The devices don't give what the bundle takes; no sink was started.
    DeviceError, RecordingError, SignalError
        From a device, a sink or the chain: the first failure ends it, and what came before it is
        kept.
    """
    async with AsyncExitStack() as stack:
        for device in devices:
            await stack.enter_async_context(device)
        streams = [info for device in devices for info in device.streams]
        _require_names(streams)
        if bundle is not None:
            require_signals(streams, bundle, ", ".join(sorted({s.device for s in streams})))
        start_ns = min(device.start_ns for device in devices)
        step = LiveStep(
            streams,
            start_ns,
            bundle,
            sinks,
            signal_ns=None if seconds is None else ns_from_s(seconds),
            rest=rest,
            without_enrolment=without_enrolment,
        )
        for sink in sinks:
            stack.callback(sink.close)
            sink.start(streams, start_ns)
        batches = await stack.enter_async_context(aclosing(_arrivals(devices, until)))
        async for batch in batches:
            for outcome in await _in_thread(step.take, batch):
                yield outcome
            if step.over:
                break
        for outcome in await _in_thread(step.finish):
            yield outcome


def _require_names(streams: Sequence[StreamInfo]) -> None:
    """Refuse two streams of one name: they would be taken for one."""
    named: set[str] = set()
    for info in streams:
        if info.id in named:
            raise SignalError(
                info.id,
                "given by two devices",
                expected="a name for each",
                got=f"two devices called {info.device!r}",
                remedy="name one of them in its address, as in bumble:bridge?name=left",
            )
        named.add(info.id)


async def _in_thread(work: Callable[..., list[Outcome]], *arguments: object) -> list[Outcome]:
    """Work in a thread and, when cancelled, wait for it: nobody else may touch the sinks yet."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


_Arrived = asyncio.Queue[SignalChunk | Event | Exception | None]


async def _pump(device: Device, queue: _Arrived) -> None:
    """Queue what a device gives, then None, or the error that ended it."""
    # cancelled, it says nothing: nobody takes from the queue any more, and it may be full
    try:
        async for item in device.chunks():
            await queue.put(item)
    except Exception as error:
        await queue.put(error)
        raise
    await queue.put(None)


class _Stopped(Exception):  # noqa: N818 - in the queue it stands where errors do
    """Somebody said that it is enough."""


async def _wait(until: asyncio.Event, queue: _Arrived) -> None:
    """Queue the end when it comes."""
    await until.wait()
    await queue.put(_Stopped())


async def _arrivals(
    devices: Sequence[Device], until: asyncio.Event | None
) -> AsyncGenerator[list[SignalChunk | Event]]:
    """Give what has arrived since the last time, in order; the first failure ends it."""
    queue: _Arrived = asyncio.Queue(_QUEUE)

    tasks = [asyncio.create_task(_pump(device, queue)) for device in devices]
    running = len(tasks)
    if until is not None:
        tasks.append(asyncio.create_task(_wait(until, queue)))
    try:
        while running:
            arrived = [await queue.get()]
            while not queue.empty() and len(arrived) < _BATCH:
                arrived.append(queue.get_nowait())
            running -= arrived.count(None)
            yield [item for item in arrived if isinstance(item, SignalChunk | Event)]
            for ending in arrived:
                if isinstance(ending, _Stopped):
                    return
                if isinstance(ending, Exception):
                    raise ending
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def run_live(
    devices: Sequence[Device],
    bundle: ModelBundle | None,
    sinks: Sequence[Sink] = (),
    *,
    on_outcome: Callable[[Outcome], None] | None = None,
    rest: RestInterval | RestToCome | Enrolment | None = None,
    without_enrolment: bool = False,
    seconds: float | None = None,
) -> list[Outcome]:
    """Do what `live` does, from a script without an event loop.

    Parameters
    ----------
    on_outcome : callable or None
        Called with each outcome as it comes.

    Returns
    -------
    list of AffectEstimate or Abstention
        All of them.
    """

    async def collect() -> list[Outcome]:
        found = []
        outcomes = live(
            devices,
            bundle,
            sinks,
            rest=rest,
            without_enrolment=without_enrolment,
            seconds=seconds,
        )
        async with aclosing(outcomes):
            async for outcome in outcomes:
                found.append(outcome)
                if on_outcome is not None:
                    on_outcome(outcome)
        return found

    return asyncio.run(collect())
