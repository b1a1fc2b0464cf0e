"""What live does with the chunks that have arrived: one object, one thread at a time."""

import time
from collections.abc import Sequence

from wearaffect.bundle.model import ModelBundle
from wearaffect.core.affect import Outcome
from wearaffect.core.errors import SignalError
from wearaffect.core.events import Event
from wearaffect.core.protocols import Sink
from wearaffect.core.streams import SignalChunk, StreamInfo
from wearaffect.core.timebase import NS_PER_S
from wearaffect.signals.chain import Chain, ChainSettings
from wearaffect.signals.enrolment import Enrolment, RestInterval, RestToCome
from wearaffect.signals.lateness import LatenessRule

__all__ = ["LiveStep"]

_LONGEST_NS = 2 * 24 * 3600 * NS_PER_S  # nothing is away for so long and comes back
_DECISION_NS = NS_PER_S  # a decision is a line in the journal: one a second serves any hop


class LiveStep:
    """Chain, lateness rule, bundle and sinks of one live session.

    Parameters
    ----------
    streams : sequence of StreamInfo
        Of all devices.
    start_ns : int
        Start of the session.
    bundle : ModelBundle or None
        What estimates; None records only.
    sinks : sequence of Sink
        Already started.
    signal_ns : int or None
        Take nothing more once windows are complete up to so long after the first sample.
    rest, without_enrolment
        As in `live`.
    """

    def __init__(
        self,
        streams: Sequence[StreamInfo],
        start_ns: int,
        bundle: ModelBundle | None,
        sinks: Sequence[Sink],
        *,
        signal_ns: int | None,
        rest: RestInterval | RestToCome | Enrolment | None,
        without_enrolment: bool,
    ) -> None:
        settings = bundle.manifest.chain_settings if bundle else ChainSettings()
        self._rule = LatenessRule(settings.awaited(streams), start_ns)
        # without a bundle nothing is computed, so that whatever comes is recorded
        self._chain = Chain(settings, origin_ns=start_ns, rest=rest) if bundle else None
        self._estimate = bundle.begin(without_enrolment=without_enrolment) if bundle else None
        self._sinks = sinks
        self._closed_ns = start_ns
        self._start_ns = start_ns
        self._reached_ns = start_ns
        self._signal_ns = signal_ns
        self._end_ns: int | None = None

    @property
    def over(self) -> bool:
        """Whether windows up to the end that was asked for are complete."""
        return self._end_ns is not None and self._reached_ns >= self._end_ns

    def take(self, arrived: Sequence[SignalChunk | Event]) -> list[Outcome]:
        """Take what came in the order of arrival; give the outcomes of windows that closed."""
        outcomes: list[Outcome] = []
        received_ns = time.monotonic_ns()
        for item in arrived:
            if self.over:
                break
            if isinstance(item, SignalChunk):
                outcomes += self._take_chunk(item, received_ns)
            else:
                for sink in self._sinks:
                    sink.event(item)
        return outcomes

    def _take_chunk(self, chunk: SignalChunk, received_ns: int) -> list[Outcome]:
        if len(chunk) and abs(chunk.end_ns - self._reached_ns) > _LONGEST_NS:
            raise SignalError(
                chunk.info.id,
                "stamps on another clock than the session's",
                expected=f"host time near the device's start_ns, {self._start_ns}",
                got=str(chunk.start_ns),
                remedy="stamp chunks in the same nanoseconds as Device.start_ns",
            )
        if self._end_ns is None and self._signal_ns is not None and len(chunk):
            # connecting takes its time, and isn't signal
            self._end_ns = max(self._start_ns, int(chunk.times_ns()[0])) + self._signal_ns
        for sink in self._sinks:
            sink.chunk(chunk, received_ns)
        if self._chain is not None:
            self._chain.push(chunk)
        self._reached_ns = self._rule.see(chunk)
        if self._reached_ns - self._closed_ns < _DECISION_NS:
            return []
        return self._close(self._reached_ns)

    def finish(self) -> list[Outcome]:
        """Nothing more will come: close what can be closed."""
        return self._close(max(self._rule.finish(), self._closed_ns))

    def _close(self, watermark_ns: int) -> list[Outcome]:
        self._closed_ns = watermark_ns
        outcomes: list[Outcome] = []
        if self._estimate is not None and self._chain is not None:
            outcomes = self._estimate(self._chain.advance(watermark_ns))
        for sink in self._sinks:
            sink.watermark(watermark_ns)
            for outcome in outcomes:
                sink.outcome(outcome)
        return outcomes
