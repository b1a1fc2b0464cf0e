"""What others implement: devices, stages, sinks."""

from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from wearaffect.core.affect import Outcome
from wearaffect.core.events import Event
from wearaffect.core.streams import SignalChunk, StreamInfo

__all__ = ["Device", "Sink", "Stage"]


@runtime_checkable
class Device(Protocol):
    """Bytes in, chunks out.

    An async context manager: entering starts acquisition, leaving stops it. Chunks of one stream
    come in time order; streams interleave as they arrive.
    """

    @property
    def streams(self) -> tuple[StreamInfo, ...]:
        """What the device gives; known once it is entered, and before where it never varies."""
        ...

    @property
    def facts(self) -> Mapping[str, str | int | float | bool]:
        """What it says of itself once entered: name, firmware, battery_percent and so on."""
        ...

    @property
    def start_ns(self) -> int:
        """Host time at which its signal began; known once it is entered."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def chunks(self) -> AsyncIterator[SignalChunk | Event]:
        """Give chunks and events as they arrive, until the device ends or is left."""
        ...


class Stage(Protocol):
    """A causal step on one stream; any chunking of its input gives the same bits."""

    @property
    def delay_s(self) -> float:
        """Group delay in the pass band, seconds."""
        ...

    def output_info(self, info: StreamInfo) -> StreamInfo:
        """Describe the stream that comes out."""
        ...

    def __call__(self, chunk: SignalChunk) -> SignalChunk:
        """Process the next chunk; an empty chunk passes."""
        ...

    def reset(self) -> None:
        """Forget all state."""
        ...


class Sink(Protocol):
    """Takes things as they come, off the event loop: a slow one never stalls acquisition."""

    def start(self, streams: Sequence[StreamInfo], start_ns: int) -> None:
        """Learn what will come and which host time counts as zero; called once, first."""
        ...

    def chunk(self, chunk: SignalChunk, received_ns: int) -> None:
        """Take a chunk of raw samples and when it was received."""
        ...

    def watermark(self, time_ns: int) -> None:
        """Take the decision that windows up to this time are closed."""
        ...

    def outcome(self, outcome: Outcome) -> None:
        """Take an estimate or an abstention."""
        ...

    def event(self, event: Event) -> None:
        """Take a marker, a gap, a piece of a clock, a device's state, or what came too late."""
        ...

    def close(self) -> None:
        """Finish; called once, also when something went wrong."""
        ...
