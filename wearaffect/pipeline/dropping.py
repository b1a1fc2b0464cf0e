"""A sink that may be slow: on a thread of its own, and rather incomplete than in the way."""

import threading
from collections import deque
from collections.abc import Callable, Sequence

from wearaffect.core.affect import Outcome
from wearaffect.core.events import Event
from wearaffect.core.protocols import Sink
from wearaffect.core.streams import SignalChunk, StreamInfo

__all__ = ["DroppingSink"]


class DroppingSink:
    """Gives a sink everything as long as it keeps up, and drops the oldest where it doesn't.

    The sinks of `live` share a thread, so that the slowest sets the pace of all. For one that only
    shows (a screen, a network) what is new matters more than what is whole; never wrap a recorder.

    Parameters
    ----------
    sink : Sink
        Called from one thread only.
    most : int
        Calls that may wait (engineering choice).
    patience_s : float
        How long `close` lets it catch up, seconds; what waits then is dropped too.

    Attributes
    ----------
    n_dropped : int
        Calls it never got, so far.
    """

    def __init__(self, sink: Sink, *, most: int = 1000, patience_s: float = 2.0) -> None:
        self.n_dropped = 0
        self._sink = sink
        self._most = most
        self._patience_s = patience_s
        self._waiting: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()
        self._ending = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="sink", daemon=True)

    def start(self, streams: Sequence[StreamInfo], start_ns: int) -> None:
        """Start the sink, then its thread."""
        self._sink.start(streams, start_ns)
        self._thread.start()

    def chunk(self, chunk: SignalChunk, received_ns: int) -> None:
        """Pass a chunk on; this and the other calls raise what the sink raised earlier."""
        self._pass(lambda: self._sink.chunk(chunk, received_ns))

    def watermark(self, time_ns: int) -> None:
        """Pass a decision on."""
        self._pass(lambda: self._sink.watermark(time_ns))

    def outcome(self, outcome: Outcome) -> None:
        """Pass an estimate or an abstention on."""
        self._pass(lambda: self._sink.outcome(outcome))

    def event(self, event: Event) -> None:
        """Pass an event on."""
        self._pass(lambda: self._sink.event(event))

    def close(self) -> None:
        """Let the sink catch up for a while, then close it."""
        if self._thread.is_alive():
            with self._changed:
                self._ending = True
                self._changed.notify()
            self._thread.join(self._patience_s)
            with self._changed:
                self.n_dropped += len(self._waiting)
                self._waiting.clear()
            self._thread.join()
        self._sink.close()
        self._raise()

    def _pass(self, call: Callable[[], None]) -> None:
        self._raise()
        with self._changed:
            if len(self._waiting) >= self._most:
                self._waiting.popleft()
                self.n_dropped += 1
            self._waiting.append(call)
            self._changed.notify()

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._ending:
                    self._changed.wait()
                if not self._waiting:
                    return
                call = self._waiting.popleft()
            try:
                call()
            except Exception as error:  # noqa: BLE001 - it goes to the caller of the next call
                self._error = error
