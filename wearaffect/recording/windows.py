"""A recording through a chain: the windows that live would have cut."""

from collections.abc import Callable, Iterator

from wearaffect.core.streams import SignalChunk, Watermark
from wearaffect.core.windows import Window
from wearaffect.recording.session import Session
from wearaffect.signals.chain import Chain

__all__ = ["Progress", "pushed", "windows_of"]

Progress = Callable[[float], None]
"""Called with the share of the recording that is done, 0 to 1."""

_SLICE_HOPS = 96  # windows a call of the chain; engineering choice


def windows_of(
    session: Session, chain: Chain, progress: Progress | None = None
) -> Iterator[Window]:
    """Give the windows of a recording.

    Parameters
    ----------
    session : Session
        Live recordings repeat their arrivals and lateness decisions.
    chain : Chain
        Fresh, with the session's start as origin.
    progress : callable or None
        Called with the share that is done.

    Yields
    ------
    Window
        In time order.

    Raises
    ------
    RecordingFormatError
        The recording spans more than one sitting can.
    """
    for watermark_ns in pushed(session, chain, progress):
        yield from chain.advance(watermark_ns)


def pushed(session: Session, chain: Chain, progress: Progress | None = None) -> Iterator[int]:
    """Push a recording into a chain, and say up to which time it may advance; see `windows_of`.

    Yields
    ------
    int
        A watermark, ns.

    Raises
    ------
    RecordingFormatError
        The recording spans more than one sitting can.
    """
    session.require_one_sitting()
    end_ns = _chain_end_ns(session, chain)
    whole = max(session.end_ns - session.start_ns, 1)
    for event in session.feed(max(30.0, _SLICE_HOPS * chain.settings.spec.hop_s)):
        match event:
            case SignalChunk():
                chain.push(event)
            case Watermark(time_ns):
                yield min(time_ns, end_ns)
                if progress is not None:
                    progress(min(1.0, (time_ns - session.start_ns) / whole))


def _chain_end_ns(session: Session, chain: Chain) -> int:
    """Give the end of the last signal that the chain takes, where live ends too."""
    awaited = chain.settings.awaited(stream.info for stream in session.streams.values())
    found = [session.streams[info.id] for info in awaited]
    ends = [stream.segments[-1].end_ns for stream in found if stream.segments]
    return max(ends, default=session.start_ns)
