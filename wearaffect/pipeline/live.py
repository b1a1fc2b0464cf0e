"""Devices → chain → bundle → sinks, while it happens."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack

from wearaffect.bundle.model import ModelBundle
from wearaffect.core.affect import Outcome
from wearaffect.core.protocols import Device, Sink
from wearaffect.core.streams import SignalChunk
from wearaffect.core.timebase import ns_from_s
from wearaffect.pipeline.step import LiveStep
from wearaffect.signals.enrolment import Enrolment, RestInterval

__all__ = ["live", "run_live"]

_QUEUE = 10_000  # chunks between radio and chain: minutes of a wristband (engineering choice)


async def live(
    devices: Sequence[Device],
    bundle: ModelBundle | None,
    sinks: Sequence[Sink] = (),
    *,
    rest: RestInterval | Enrolment | None = None,
    without_enrolment: bool = False,
    seconds: float | None = None,
) -> AsyncIterator[Outcome]:
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
        Take chunks, lateness decisions and outcomes as they come.
    rest : RestInterval, Enrolment or None
        When the person will rest in this session, or a resting state taken earlier.
    without_enrolment : bool
        Answer where there is no resting state, too.
    seconds : float or None
        Stop after so much signal; None: when every device has ended.

    Yields
    ------
    AffectEstimate or Abstention
        As each window closes.
    """
    async with AsyncExitStack() as stack:
        for device in devices:
            await stack.enter_async_context(device)
        start_ns = min(device.start_ns for device in devices)
        streams = [info for device in devices for info in device.streams]
        end_ns = None if seconds is None else start_ns + ns_from_s(seconds)
        step = LiveStep(
            streams, start_ns, bundle, sinks, rest=rest, without_enrolment=without_enrolment
        )
        try:
            for sink in sinks:
                sink.start(streams, start_ns)
            async for batch in _arrivals(devices):
                for outcome in await asyncio.to_thread(step.take, batch):
                    yield outcome
                if end_ns is not None and step.reached_ns >= end_ns:
                    break
            for outcome in await asyncio.to_thread(step.finish):
                yield outcome
        finally:
            for sink in sinks:
                sink.close()


async def _arrivals(devices: Sequence[Device]) -> AsyncIterator[list[SignalChunk]]:
    """Give what has arrived since the last time, in order; the first failure ends it."""
    queue: asyncio.Queue[SignalChunk | None] = asyncio.Queue(_QUEUE)

    async def pump(device: Device) -> None:
        try:
            async for chunk in device.chunks():
                await queue.put(chunk)
        finally:
            await queue.put(None)

    tasks = [asyncio.create_task(pump(device)) for device in devices]
    running = len(tasks)
    try:
        while running:
            arrived = [await queue.get()]
            while not queue.empty():
                arrived.append(queue.get_nowait())
            running -= arrived.count(None)
            yield [chunk for chunk in arrived if chunk is not None]
        for task in tasks:
            await task
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
    rest: RestInterval | Enrolment | None = None,
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
        async for outcome in live(
            devices,
            bundle,
            sinks,
            rest=rest,
            without_enrolment=without_enrolment,
            seconds=seconds,
        ):
            found.append(outcome)
            if on_outcome is not None:
                on_outcome(outcome)
        return found

    return asyncio.run(collect())
