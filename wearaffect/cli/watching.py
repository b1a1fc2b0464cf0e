"""What record and stream share: watching what happens, and stopping when somebody says so."""

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence

from wearaffect.bundle.model import ModelBundle
from wearaffect.cli.console import Report
from wearaffect.cli.resting import warn_of_missing
from wearaffect.core.affect import AffectEstimate, Outcome
from wearaffect.core.events import DeviceNote, DeviceState, Event
from wearaffect.core.streams import SignalChunk, StreamInfo
from wearaffect.core.timebase import s_from_ns

__all__ = ["Watcher", "until_stopped"]


class Watcher:
    """A sink that tells people what is going on.

    Parameters
    ----------
    report : Report
        Where to print.
    tell : callable
        Takes the share that is done, or None, and a detail; see `progress_bar`.
    bundle : ModelBundle or None
        What estimates; what it needs and nobody gives is warned of.
    seconds : float or None
        How much signal was asked for.

    Attributes
    ----------
    outcomes : Counter
        Windows ``estimated`` and ``withheld``.
    samples, lost : Counter
        By stream.
    """

    def __init__(
        self,
        report: Report,
        tell: Callable[[float | None, str], None],
        bundle: ModelBundle | None,
        seconds: float | None,
    ) -> None:
        self._report = report
        self._tell = tell
        self._bundle = bundle
        self._seconds = seconds
        self._start_ns = 0
        self.outcomes: Counter[str] = Counter(estimated=0, withheld=0)
        self.samples: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()

    def start(self, streams: Sequence[StreamInfo], start_ns: int) -> None:
        """Warn of what is missing."""
        self._start_ns = start_ns
        self.samples.update({info.id: 0 for info in streams})
        if self._bundle is not None:
            warn_of_missing(self._report, streams, self._bundle)

    def chunk(self, chunk: SignalChunk, received_ns: int) -> None:  # noqa: ARG002
        """Count."""
        self.samples[chunk.info.id] += len(chunk)
        self.lost[chunk.info.id] += chunk.n_lost + chunk.n_damaged

    def watermark(self, time_ns: int) -> None:
        """Say how far it is, unless estimates do."""
        if self._bundle is None:
            told = f"{self.samples.total()} samples, {self.lost.total()} lost"
            self._progress(s_from_ns(time_ns - self._start_ns), told)

    def outcome(self, outcome: Outcome) -> None:
        """Count, and say what it is."""
        if isinstance(outcome, AffectEstimate):
            self.outcomes["estimated"] += 1
            told = f"stress {outcome.stress:.2f}"
        else:
            self.outcomes["withheld"] += 1
            told = outcome.reasons[0]
        self._progress(outcome.end_s, told)

    def event(self, event: Event) -> None:
        """Say what became of a device."""
        if isinstance(event, DeviceNote) and event.state is not DeviceState.TOLD:
            why = event.facts.get("reason")
            self._report.line(f"{event.device}: {event.state}{f' ({why})' if why else ''}")

    def close(self) -> None:
        """Nothing is held."""

    def _progress(self, passed_s: float, told: str) -> None:
        share = min(1.0, passed_s / self._seconds) if self._seconds else None
        self._tell(share, f"{passed_s:.0f} s: {told}")


def until_stopped(outcomes: AsyncGenerator[Outcome]) -> None:
    """Run a session until it ends, or somebody stops it, which is a normal end."""

    async def drain() -> None:
        async with contextlib.aclosing(outcomes) as running:
            async for _ in running:
                pass

    async def run() -> None:
        task = asyncio.ensure_future(drain())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(run())
