"""Where the pipeline's stream goes in a sitting: through the gate, to the journal and the pages."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wearaffect.clinic.console.screen import Screen
from wearaffect.core.affect import Outcome
from wearaffect.core.events import Event
from wearaffect.core.protocols import Sink
from wearaffect.core.streams import SignalChunk, StreamInfo
from wearaffect.pipeline.dropping import DroppingSink
from wearaffect.recording.journal import JournalWriter

__all__ = ["ActLog", "SittingTap"]

_LOG = logging.getLogger(__name__)


class SittingTap:
    """The only sink of a sitting's pipeline.

    Outcomes pass the gate before anybody gets them. The journal is not closed when the pipeline
    ends: review and corrections come after.

    Parameters
    ----------
    journal : JournalWriter
        Comes first; its errors end the recording.
    screen : Screen
        What pages show.
    others : sequence of Sink
        Whatever else listens, each on a thread of its own; one that fails is left out.
    on_start : callable
        Called once the journal is there, with the tap and the start's host time.
    shown : callable
        The gate.
    """

    def __init__(
        self,
        journal: JournalWriter,
        screen: Screen,
        others: Sequence[Sink],
        on_start: "Callable[[SittingTap, int], None]",
        shown: Callable[[Outcome], Outcome],
    ) -> None:
        self._journal, self._screen = journal, screen
        self._others = [DroppingSink(sink) for sink in others]
        self._on_start = on_start
        self._shown = shown

    def start(self, streams: Sequence[StreamInfo], start_ns: int) -> None:
        """Begin the journal, then the sitting."""
        self._screen.start(streams, start_ns)
        self._journal.start(streams, start_ns)
        self._to_others(lambda sink: sink.start(streams, start_ns))
        self._on_start(self, start_ns)

    def chunk(self, chunk: SignalChunk, received_ns: int) -> None:
        """Pass a chunk on."""
        self._journal.chunk(chunk, received_ns)
        self._screen.chunk(chunk, received_ns)
        self._to_others(lambda sink: sink.chunk(chunk, received_ns))

    def watermark(self, time_ns: int) -> None:
        """Pass a decision on."""
        self._journal.watermark(time_ns)
        self._to_others(lambda sink: sink.watermark(time_ns))

    def outcome(self, outcome: Outcome) -> None:
        """Pass an outcome on, as it may be shown."""
        shown = self._shown(outcome)
        self._journal.outcome(shown)
        self._screen.outcome(shown)
        self._to_others(lambda sink: sink.outcome(shown))

    def event(self, event: Event) -> None:
        """Pass on what a device told."""
        self._screen.event(event)
        self.sent(event)

    def close(self) -> None:
        """Let the others go; the journal stays open."""
        self._to_others(lambda sink: sink.close())
        self._others = []

    def sent(self, event: Event) -> None:
        """Keep an event and send it on, without pages hearing of it."""
        self._journal.event(event)
        self._to_others(lambda sink: sink.event(event))

    def _to_others(self, call: Callable[[DroppingSink], None]) -> None:
        for sink in tuple(self._others):
            try:
                call(sink)
            except Exception:  # noqa: BLE001 - whoever listens doesn't end a recording
                _LOG.exception("a sink failed and is left out")
                self._others.remove(sink)


class ActLog:
    """The log of a sitting's acts: into the journal, and markers to whoever listens.

    Parameters
    ----------
    journal : JournalWriter
        Started.
    tap : SittingTap
        Where markers go.
    """

    def __init__(self, journal: JournalWriter, tap: SittingTap) -> None:
        self._journal, self._tap = journal, tap

    def audit(
        self, who: str, what: str, *, old: object = None, new: object = None, reason: str = ""
    ) -> None:
        """Keep who did what."""
        self._journal.audit(who, what, old=old, new=new, reason=reason)

    def tell(self, topic: str, message: Mapping[str, Any], time_ns: int) -> None:
        """Keep something about the sitting."""
        self._journal.tell(topic, message, time_ns)

    def event(self, event: Event) -> None:
        """Keep a marker of the sitting, and send it on; pages know it already."""
        self._tap.sent(event)
