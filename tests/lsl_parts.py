"""LSL for tests: a session that no other process shares, and a sender in a process of its own."""

import asyncio
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from wearaffect.core.events import Event
from wearaffect.core.protocols import Device
from wearaffect.core.streams import Channel, LossEvidence, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.units import Unit
from wearaffect.devices.lsl.liblsl import LslNetwork

SESSION = f"test-{os.getpid()}-{secrets.token_hex(4)}"
NETWORK = LslNetwork(session=SESSION)
RATE_HZ = 256.0
EDA = StreamInfo(
    "band.eda",
    SignalKind.EDA,
    (Channel("eda", Unit.MICROSIEMENS),),
    RATE_HZ,
    device="band",
    body_site="wrist",
    loss_evidence=LossEvidence.COUNTER,
)


def unique(what: str = "test") -> str:
    """A prefix or source id that nobody has used."""
    return f"{what}-{secrets.token_hex(4)}"


def numbered(first: int, count: int, start_ns: int, info: StreamInfo = EDA) -> SignalChunk:
    """Samples that are their own number."""
    data = np.arange(first, first + count, dtype=np.float32)[:, None]
    return SignalChunk(info, data, start_ns, device_counter=first)


def gathered(
    device: Device, enough: Callable[[list[SignalChunk | Event]], bool], limit_s: float = 20.0
) -> list[SignalChunk | Event]:
    """Everything a device gives until there is enough."""

    async def gather() -> list[SignalChunk | Event]:
        items: list[SignalChunk | Event] = []
        async with asyncio.timeout(limit_s), device:
            async for item in device.chunks():
                items.append(item)
                if enough(items):
                    break
        return items

    return asyncio.run(gather())


def n_samples_in(items: list[SignalChunk | Event]) -> int:
    return sum(len(item) for item in items if isinstance(item, SignalChunk))


@contextmanager
def sender(prefix: str, origin_ns: int) -> Iterator[subprocess.Popen[str]]:
    """Another process that sends numbered samples; the number goes with the time since origin."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__)), prefix, SESSION, str(origin_ns)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def _send(prefix: str, session: str, origin_ns: int) -> None:
    from wearaffect.devices.lsl.outlets import LslOutlets

    outlets = LslOutlets(prefix, LslNetwork(session=session))
    outlets.start([EDA], time.monotonic_ns())
    sys.stdout.write("open\n")
    sys.stdout.flush()
    sent = _due(origin_ns)
    while True:
        time.sleep(0.02)
        due = _due(origin_ns)
        start_ns = origin_ns + sent * 1_000_000_000 // int(RATE_HZ)
        outlets.chunk(numbered(sent, due - sent, start_ns), 0)
        sent = due


def _due(origin_ns: int) -> int:
    return (time.monotonic_ns() - origin_ns) * int(RATE_HZ) // 1_000_000_000


if __name__ == "__main__":
    _send(sys.argv[1], sys.argv[2], int(sys.argv[3]))
