"""How long live windows wait: a rule on event time alone, so that a journal can repeat it."""

from collections.abc import Iterable

from wearaffect.core.streams import SignalChunk, StreamInfo
from wearaffect.core.timebase import ns_from_s

__all__ = ["LatenessRule"]


class LatenessRule:
    """Decide up to which time all streams are complete.

    A window waits for its slowest stream, but no longer than `patience_s` behind the fastest: a
    stream that stops can't hold up the others.

    Parameters
    ----------
    streams : iterable of StreamInfo
        Those that will come; irregular ones are not waited for.
    start_ns : int
        Start of the session.
    patience_s : float
        Seconds (engineering choice: longer than any radio retry, shorter than a hop).
    """

    def __init__(
        self, streams: Iterable[StreamInfo], start_ns: int, patience_s: float = 4.0
    ) -> None:
        self._patience_ns = ns_from_s(patience_s)
        self._ends = {info.id: start_ns for info in streams if info.sampling_rate is not None}
        self._watermark_ns = start_ns

    def see(self, chunk: SignalChunk) -> int:
        """Take a chunk that arrived; give the watermark, which never falls."""
        if chunk.info.id in self._ends and len(chunk):
            self._ends[chunk.info.id] = max(self._ends[chunk.info.id], chunk.end_ns)
            slowest, fastest = min(self._ends.values()), max(self._ends.values())
            complete = max(slowest, fastest - self._patience_ns)
            self._watermark_ns = max(self._watermark_ns, complete)
        return self._watermark_ns

    def finish(self) -> int:
        """Give the watermark after the last chunk: nothing more will come.

        Ends are floored to the nanosecond; one more and a window that ends just there is whole.
        """
        return max(self._ends.values(), default=self._watermark_ns) + 1
