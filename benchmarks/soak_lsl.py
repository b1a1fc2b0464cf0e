"""LSL between processes, a minute at 256 Hz; then a sender that is killed and comes back.

`make soak` runs it beside the virtual wearables; alone: python benchmarks/soak_lsl.py [SECONDS].
"""

import asyncio
import multiprocessing as mp
import secrets
import sys
import time
from collections.abc import Callable
from multiprocessing.context import SpawnProcess
from typing import Any

import numpy as np
from harness import Report, say

from wearaffect.core.events import Event
from wearaffect.core.streams import Channel, LossEvidence, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.units import Unit
from wearaffect.devices.registry import open_device

RATE_HZ = 256
INFO = StreamInfo(
    "soak.eda",
    SignalKind.EDA,
    (Channel("eda", Unit.MICROSIEMENS),),
    float(RATE_HZ),
    device="soak",
    loss_evidence=LossEvidence.COUNTER,
)
SESSION = f"soak-{secrets.token_hex(4)}"
Item = SignalChunk | Event
Enough = Callable[[list[Item]], bool]


def send(session: str, origin_ns: int) -> None:
    """Send numbered samples as they fall due, until killed."""
    from wearaffect.devices.lsl.outlets import open_outlets

    def due() -> int:
        return (time.monotonic_ns() - origin_ns) * RATE_HZ // 10**9

    sink = open_outlets(f"soak?session={session}")
    sink.start([INFO], time.monotonic_ns())
    sent = due()
    while True:
        time.sleep(1 / RATE_HZ)
        for number in range(sent, due()):
            data = np.full((1, 1), number % 2**20, np.float32)
            start_ns = origin_ns + number * 10**9 // RATE_HZ
            sink.chunk(SignalChunk(INFO, data, start_ns, device_counter=number), 0)
            sent = number + 1


def sender(origin_ns: int) -> SpawnProcess:
    """Start a sender."""
    process = mp.get_context("spawn").Process(target=send, args=(SESSION, origin_ns), daemon=True)
    process.start()
    return process


async def read(enough: Enough) -> tuple[list[Item], list[float]]:
    """Read until there is enough; also how late the newest sample of each chunk was, ms."""
    items: list[Item] = []
    late_ms = []
    async with open_device(f"lsl:source_id=soak/{INFO.id}?session={SESSION}&wait_s=30") as device:
        async for item in device.chunks():
            items.append(item)
            if isinstance(item, SignalChunk):
                late_ms.append((time.monotonic_ns() - item.end_ns + 10**9 / RATE_HZ) / 1e6)
            if enough(items):
                break
    return items, late_ms


def account(items: list[Item]) -> dict[str, int]:
    """Count, and count again by the numbers that the samples are."""
    chunks = [item for item in items if isinstance(item, SignalChunk)]
    numbers = np.concatenate([chunk.data[:, 0] for chunk in chunks]).astype(np.int64)
    steps = np.diff(numbers) % 2**20
    return {
        "samples": len(numbers),
        "lost_as_told": sum(chunk.n_lost for chunk in chunks),
        "lost_in_truth": int((steps - 1).sum()),
        "gaps": int(np.count_nonzero(steps != 1)),
    }


def undisturbed(seconds: float) -> dict[str, Any]:
    """Two processes and nothing else."""
    running = sender(time.monotonic_ns())
    until = [0.0]

    def enough(items: list[Item]) -> bool:
        if isinstance(items[-1], SignalChunk) and not until[0]:
            until[0] = time.monotonic() + seconds
        return bool(until[0]) and time.monotonic() >= until[0]

    items, late_ms = asyncio.run(read(enough))
    running.kill()
    running.join()
    p50, p95, p99 = np.quantile(late_ms, [0.5, 0.95, 0.99]).tolist()
    return account(items) | {
        "seconds": seconds,
        "late_ms": {"p50": round(p50, 2), "p95": round(p95, 2), "p99": round(p99, 2)},
    }


def restarted() -> dict[str, Any]:
    """Kill the sender after a second, start it again, read a second more."""
    origin_ns = time.monotonic_ns()
    running = [sender(origin_ns)]
    before: list[int] = []

    def enough(items: list[Item]) -> bool:
        came = sum(len(item) for item in items if isinstance(item, SignalChunk))
        if came >= RATE_HZ and not before:
            running[0].kill()
            running[0].join()
            running.append(sender(origin_ns))
            before.append(came)
        return bool(before) and came >= before[0] + RATE_HZ

    items, _ = asyncio.run(read(enough))
    running[-1].kill()
    running[-1].join()
    return account(items)


def lsl_soak(seconds: float = 60.0) -> dict[str, Any]:
    """Give both as data; whoever runs it judges."""
    return {"undisturbed": undisturbed(seconds), "killed_and_restarted": restarted()}


def is_sound(found: dict[str, Any]) -> bool:
    """Nothing lost undisturbed; one gap of the right length otherwise."""
    calm, torn = found["undisturbed"], found["killed_and_restarted"]
    exact = torn["lost_as_told"] == torn["lost_in_truth"] > 0
    return calm["lost_as_told"] == calm["lost_in_truth"] == 0 and exact and torn["gaps"] == 1


def main() -> int:
    """Run, report; 0 where everything is accounted for."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    report = Report("soak_lsl", __doc__ or "")
    report.found = lsl_soak(seconds)
    sound = is_sound(report.found)
    report.save()
    say(f"{report.found}")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
