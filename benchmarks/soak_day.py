"""A day in simulated time: does a recorder that estimates grow?

A synthetic wristband (pulse wave 64 Hz, acceleration 3 x 32, conductance and temperature 4) for 24
h, as fast as one core goes: a radio that is silent for 20 s of each hour, chain, bundle and journal
as `wearaffect record --model` has them. Every ten simulated minutes memory, open files, threads and
Python objects are counted: memory both as the bytes that are in use (glibc's mallinfo2; Python's
small objects as a number of blocks), which a leak must raise, and as resident pages, which also
move with the allocator's habits. The slope of each over time, after the first hour, comes with a 95
% interval that allows for what one reading owes to the one before it (AR(1), effective sample size,
Student's t). Then the journal is verified: each stream's account balances.

    python benchmarks/soak_day.py [hours]
"""

import asyncio
import ctypes
import gc
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from harness import Check, Report, say
from scipy.stats import t as student

from wearaffect.bundle.loading import load_bundle
from wearaffect.core.affect import AffectEstimate, Outcome
from wearaffect.core.events import Event
from wearaffect.core.streams import SignalChunk, StreamInfo
from wearaffect.core.timebase import s_from_ns
from wearaffect.devices.drivers.synthetic import SyntheticDevice, SyntheticSettings
from wearaffect.pipeline.live import live
from wearaffect.recording.journal import JournalWriter
from wearaffect.recording.verify import verify
from wearaffect.signals.enrolment import RestInterval

HOURS, EVERY_S, WARM_S = 24.0, 600.0, 3600.0
MOST_GROWTH_MIB = 1.0  # that a day may add to memory: below what an allocator's own habits do
READ = ("hour", "in_use_mib", "blocks", "memory_mib", "files", "threads", "objects")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class _MallInfo(ctypes.Structure):
    """glibc's ``struct mallinfo2``; see mallinfo2(3)."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def in_use_mib() -> float:
    """Give the bytes that malloc and its mmap have handed out; Python's small objects apart."""
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = _MallInfo
    info = libc.mallinfo2()
    return float(info.uordblks + info.hblkhd) / 2**20


class Gauge:
    """A sink that reads what the process holds."""

    def __init__(self, journal: JournalWriter) -> None:
        self._journal = journal
        self._start_ns = self._due_ns = 0
        # laid out beforehand: what measures must not grow
        self._table = np.full((400, len(READ)), np.nan)
        self._n = 0
        self.outcomes = {"estimated": 0, "withheld": 0}

    def start(self, streams: Sequence[StreamInfo], start_ns: int) -> None:  # noqa: ARG002
        self._start_ns = self._due_ns = start_ns

    def chunk(self, chunk: SignalChunk, received_ns: int) -> None:
        """Nothing is kept."""

    def event(self, event: Event) -> None:
        """Nothing is kept."""

    def outcome(self, outcome: Outcome) -> None:
        self.outcomes["estimated" if isinstance(outcome, AffectEstimate) else "withheld"] += 1

    def watermark(self, time_ns: int) -> None:
        if time_ns < self._due_ns:
            return
        self._due_ns += round(EVERY_S * 1e9)
        self._journal.flush()  # what waits for the disk isn't growth
        gc.collect()
        resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE
        self._table[self._n] = (
            s_from_ns(time_ns - self._start_ns) / 3600,
            in_use_mib(),
            sys.getallocatedblocks(),
            resident / 2**20,
            len(list(Path("/proc/self/fd").iterdir())),
            threading.active_count(),
            len(gc.get_objects()),
        )
        self._n += 1
        if self._n % 12 == 1:
            say(f"{self.readings[-1]}")

    @property
    def readings(self) -> list[dict[str, float]]:
        """What was read, oldest first."""
        rows = self._table[: self._n].tolist()
        return [dict(zip(READ, row, strict=True)) for row in rows]

    def close(self) -> None:
        """Nothing is held."""


def slope(hours: np.ndarray, values: np.ndarray) -> dict[str, float]:
    """Least squares a day, with a 95 % interval from an effective number of readings."""
    design = np.stack([hours - hours.mean(), np.ones_like(hours)], axis=1)
    found, *_ = np.linalg.lstsq(design, values, rcond=None)
    left = values - design @ found
    spread = float(left @ left)
    owed = float(left[1:] @ left[:-1] / spread) if spread else 0.0
    owed = min(max(owed, 0.0), 0.99)
    effective = max(len(values) * (1 - owed) / (1 + owed), 3.0)
    error = np.sqrt(spread / (effective - 2) / len(values)) / hours.std() if spread else 0.0
    half = float(student.ppf(0.975, max(effective - 2, 1.0))) * error
    a_day = float(found[0] * 24)
    return {
        "a_day": a_day,
        "low": a_day - float(half * 24),
        "high": a_day + float(half * 24),
        "effective_readings": effective,
    }


class Faulty(SyntheticDevice):
    """A wristband whose packets are lost for 20 s of each hour, from its half on."""

    async def chunks(self) -> AsyncIterator[SignalChunk]:
        lost: Counter[str] = Counter()
        async for chunk in super().chunks():
            at_s = s_from_ns(chunk.start_ns - self.start_ns) % 3600
            if 1800 <= at_s < 1820:
                lost[chunk.info.id] += len(chunk)
            else:
                yield replace(chunk, n_lost=chunk.n_lost + lost.pop(chunk.info.id, 0))


async def record(folder: Path, hours: float) -> Gauge:
    """Record and estimate."""
    device = Faulty(SyntheticSettings(seed=5, speed=0.0, duration_s=hours * 3600))
    journal = JournalWriter(folder, participant="SOAK", device="synthetic:")
    gauge = Gauge(journal)
    bundle = load_bundle("wrist-affect")
    async for _ in live([device], bundle, [journal, gauge], rest=RestInterval(0.0, 300.0)):
        pass
    if journal.copying is not None:
        journal.copying.join()
    return gauge


def main() -> None:
    """Record a day, and look at what it left."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    hours = float(sys.argv[1]) if len(sys.argv) > 1 else HOURS
    report = Report("soak_day", __doc__ or "")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "s"
        begun_s, cpu_s = time.monotonic(), time.process_time()
        gauge = asyncio.run(record(folder, hours))
        report.found["wall_s"] = time.monotonic() - begun_s
        report.found["cpu_s"] = time.process_time() - cpu_s
        report.found["journal_bytes"] = (folder / "session.mcap").stat().st_size
        verified = verify(folder)
    readings = [r for r in gauge.readings if r["hour"] * 3600 >= WARM_S]
    at = np.array([r["hour"] for r in readings])
    slopes = {
        name: slope(at, np.array([r[name] for r in readings]))
        for name in ("in_use_mib", "blocks", "memory_mib", "files", "threads", "objects")
    }
    report.found |= {
        "hours": hours,
        "outcomes": gauge.outcomes,
        "slopes": slopes,
        "verified": verified.as_dict(),
        "readings": gauge.readings,
    }
    report.found["checks"] = _checks(report.found, readings)
    report.save()
    sys.exit(not all(check["ok"] for check in report.found["checks"]))


def _checks(found: dict[str, Any], readings: list[dict[str, float]]) -> list[dict[str, Any]]:
    files = [r["files"] for r in readings]
    slopes = found["slopes"]
    checks = [
        # a leak raises what is in use: zero must lie within its interval, and be near
        Check("in use a day, MiB: lower bound", slopes["in_use_mib"]["low"], 0.0),
        Check("in use a day, MiB: upper bound", slopes["in_use_mib"]["high"], MOST_GROWTH_MIB),
        Check("Python's blocks a day: lower bound", slopes["blocks"]["low"], 0.0),
        Check("resident a day, MiB", slopes["memory_mib"]["a_day"], 4 * MOST_GROWTH_MIB),
        Check("open files: most less fewest", max(files) - min(files), 0),
        Check("threads more a day", found["slopes"]["threads"]["a_day"], 0.5),
        Check("problems of the journal", len(found["verified"]["problems"]), 0),
    ]
    for check in checks:
        say(f"{'ok ' if check.ok else 'NOT'} {check.what}: {check.value:.3g} (≤ {check.most:g})")
    return [
        {"what": c.what, "value": float(c.value), "at_most": c.most, "ok": c.ok} for c in checks
    ]


if __name__ == "__main__":
    main()
