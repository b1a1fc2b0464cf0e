"""A sitting on disk as one object: streams, gaps, markers, and the order in which things came."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import RecordingFormatError
from wearaffect.core.events import ClockSegment, DeviceNote, LateChunk
from wearaffect.core.streams import (
    Gap,
    Marker,
    SignalChunk,
    SignalKind,
    StreamInfo,
    Watermark,
)
from wearaffect.core.timebase import ns_from_s, s_from_ns, sample_at, samples_ns

__all__ = ["RecordedStream", "Session"]

_LONGEST_S = 31 * 86_400.0  # engineering choice


@dataclass(frozen=True, slots=True, eq=False)
class RecordedStream:
    """One stream of a sitting.

    Attributes
    ----------
    info : StreamInfo
        What it is.
    segments : tuple of SignalChunk
        In time order; each is gap-free.
    gaps : tuple of Gap
        Between them.
    """

    info: StreamInfo
    segments: tuple[SignalChunk, ...]
    gaps: tuple[Gap, ...] = ()

    @property
    def n_samples(self) -> int:
        """Samples stored."""
        return sum(len(segment) for segment in self.segments)

    def samples(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Give all samples.

        Returns
        -------
        times_ns : numpy.ndarray, (n_samples,), int64
            Host time of each.
        data : numpy.ndarray, (n_samples, n_channels), float32
            Device units.
        """
        if not self.segments:
            return np.empty(0, np.int64), np.empty((0, len(self.info.channels)), np.float32)
        times = np.concatenate([segment.times_ns() for segment in self.segments])
        return times, np.concatenate([segment.data for segment in self.segments])


@dataclass(frozen=True, eq=False)
class Session:
    """One sitting of one participant.

    Attributes
    ----------
    path : str
        Where it was read from.
    streams : mapping of str to RecordedStream
        By stream id.
    participant, device : str
        Who and what, as far as the recording says.
    wall_start_s : float or None
        Unix time of the start, read once.
    start_ns : int
        Time that counts as zero seconds.
    markers : tuple of Marker
        Button presses and the like.
    clock : tuple of ClockSegment
        Pieces of the maps from devices' clocks, in the order in which they were told.
    notes : tuple of DeviceNote
        What happened to devices.
    late : tuple of LateChunk
        What came too late for its place; it isn't in `streams`.
    repairs : tuple of str
        What the reader mended, each a sentence.
    problems : tuple of str
        What could not be read, each a sentence.
    arrivals : sequence of SignalChunk and Watermark, or None
        The live order with its lateness decisions; None for a file that doesn't know it. It may be
        read only when it is used.
    header : mapping of str to str
        Whatever else the recording says of itself.
    """

    path: str
    streams: Mapping[str, RecordedStream]
    participant: str = ""
    device: str = ""
    wall_start_s: float | None = None
    start_ns: int = 0
    markers: tuple[Marker, ...] = ()
    clock: tuple[ClockSegment, ...] = ()
    notes: tuple[DeviceNote, ...] = ()
    late: tuple[LateChunk, ...] = ()
    repairs: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    arrivals: Sequence[SignalChunk | Watermark] | None = None
    header: Mapping[str, str] = field(default_factory=dict)

    @property
    def end_ns(self) -> int:
        """Time just after the last sample of any regular stream."""
        ends = [
            stream.segments[-1].end_ns
            for stream in self.streams.values()
            if stream.segments and stream.info.sampling_rate is not None
        ]
        return max(ends, default=self.start_ns)

    @property
    def duration_s(self) -> float:
        """Seconds from start to end."""
        return s_from_ns(self.end_ns - self.start_ns)

    def require_one_sitting(self) -> None:
        """Refuse stamps so far apart that a grid over them would fill the memory.

        Raises
        ------
        RecordingFormatError
            It spans more than 31 days: a clock has jumped.
        """
        if self.duration_s > _LONGEST_S:
            raise RecordingFormatError(
                self.path,
                "stamps too far apart for one sitting",
                expected=f"at most {_LONGEST_S / 86_400:g} days",
                got=f"{self.duration_s / 86_400:.0f} days",
                remedy="cut the recording where its clock jumps",
            )

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over every sample and its time: the same for a zip and the folder it holds."""
        digest = hashlib.sha256()
        for stream_id in sorted(self.streams, key=lambda name: name.rpartition(".")[2]):
            stream = self.streams[stream_id]
            times, data = stream.samples()
            digest.update(f"{stream.info.kind}|{stream.info.sampling_rate}|{data.shape}".encode())
            digest.update((times - self.start_ns).tobytes())
            digest.update(np.ascontiguousarray(data).tobytes())
        return digest.hexdigest()

    def worn_at(self, site: str) -> "Session":
        """Give the session with the streams of one body site only (all, if none names it)."""
        chosen = {k: s for k, s in self.streams.items() if s.info.body_site == site}
        if not chosen or len(chosen) == len(self.streams):
            return self
        arrivals = None
        if self.arrivals is not None:
            arrivals = tuple(
                a for a in self.arrivals if isinstance(a, Watermark) or a.info.id in chosen
            )
        late = tuple(item for item in self.late if item.chunk.info.id in chosen)
        return replace(self, streams=chosen, arrivals=arrivals, late=late)

    def of_kind(self, kind: SignalKind) -> RecordedStream | None:
        """Give the first stream of a kind, or None."""
        return next((s for s in self.streams.values() if s.info.kind == kind), None)

    def require(self, kind: SignalKind) -> RecordedStream:
        """Give the stream of a kind.

        Raises
        ------
        RecordingFormatError
            The recording has none.
        """
        stream = self.of_kind(kind)
        if stream is None:
            have = ", ".join(sorted(s.info.kind for s in self.streams.values())) or "nothing"
            raise RecordingFormatError(self.path, f"no {kind} stream", expected=str(kind), got=have)
        return stream

    def feed(self, slice_s: float = 30.0) -> Iterator[SignalChunk | Watermark]:
        """Give what the chain should see, in the order in which it should see it.

        A session that was recorded live repeats its own arrivals and lateness decisions; a file
        that doesn't know them is cut into slices in time order, and nothing is late.

        Parameters
        ----------
        slice_s : float
            Length of a slice, seconds (engineering choice; the result doesn't depend on it).

        Yields
        ------
        SignalChunk or Watermark
            After the last one everything has been said.
        """
        if self.arrivals is not None:
            yield from self.arrivals
            return
        step_ns = ns_from_s(slice_s)
        edge_ns = self.start_ns
        while edge_ns < self.end_ns:
            for stream in self.streams.values():
                for segment in stream.segments:
                    part = cut(segment, edge_ns, edge_ns + step_ns)
                    if len(part):
                        yield part
            edge_ns = min(edge_ns + step_ns, self.end_ns)
            yield Watermark(edge_ns)


def cut(chunk: SignalChunk, start_ns: int, end_ns: int) -> SignalChunk:
    """Give the part of a chunk that lies in ``[start_ns, end_ns)``.

    Parameters
    ----------
    chunk : SignalChunk
        Regular or irregular.
    start_ns, end_ns : int
        Host time.

    Returns
    -------
    SignalChunk
        A view; may be empty.
    """
    if chunk.timestamps_ns is not None:
        first, last = np.searchsorted(chunk.timestamps_ns, [start_ns, end_ns])
        stamps = chunk.timestamps_ns[first:last]
        return SignalChunk(chunk.info, chunk.data[first:last], chunk.start_ns, stamps)
    rate = chunk.info.rate_hz
    first = min(sample_at(start_ns, chunk.start_ns, rate), len(chunk))
    last = max(first, min(sample_at(end_ns, chunk.start_ns, rate), len(chunk)))
    start = chunk.start_ns + samples_ns(first, rate)
    counter = None if chunk.device_counter is None else chunk.device_counter + first
    return SignalChunk(chunk.info, chunk.data[first:last], start, device_counter=counter)
