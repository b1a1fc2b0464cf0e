"""A session in the making: streams and markers on the file's own clock, then moved to zero."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import RecordingFormatError
from wearaffect.core.events import ClockSegment, DeviceNote
from wearaffect.core.naming import distinct, slug
from wearaffect.core.streams import (
    Channel,
    Gap,
    LossEvidence,
    Marker,
    SignalChunk,
    SignalKind,
    StreamInfo,
)
from wearaffect.core.timebase import NS_PER_S
from wearaffect.recording.formats.timing import ClockSetBackError, even
from wearaffect.recording.session import RecordedStream, Session

__all__ = ["Draft", "described"]


def described(
    device: str,
    kind: SignalKind,
    channels: Sequence[Channel],
    rate_hz: float | None = None,
    evidence: LossEvidence = LossEvidence.NONE,
) -> StreamInfo:
    """Describe a stream of a device; `Draft.add` makes its id unique, this its columns' names."""
    stream_id = f"{slug(device, 'device')}.{kind}"
    names = distinct(channel.name for channel in channels)
    columns = tuple(Channel(n, c.unit) for n, c in zip(names, channels, strict=True))
    return StreamInfo(stream_id, kind, columns, rate_hz, device, loss_evidence=evidence)


@dataclass(slots=True)
class Draft:
    """What a reader has found so far, in nanoseconds of the file's own clock.

    Attributes
    ----------
    path : path
        The recording.
    device : str
        What recorded it, in words.
    markers, notes, clock : list
        As in `Session`.
    repairs : list of str
        What was mended.
    left_out : list of str
        Signals that the file has and this library doesn't know, as the file names them.
    header : dict of str to str
        ``format`` and whatever else the file says of itself.
    participant : str
        Code, as far as the file has one.
    """

    path: str | PathLike[str]
    device: str
    header: dict[str, str]
    streams: dict[str, RecordedStream] = field(default_factory=dict)
    markers: list[Marker] = field(default_factory=list)
    notes: list[DeviceNote] = field(default_factory=list)
    clock: list[ClockSegment] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    participant: str = ""

    def add(self, stream: RecordedStream, name: str = "") -> str:
        """Take a stream; a second one of its kind gets `name` behind its id.

        Returns
        -------
        str
            The id that it has.
        """
        first = stream.info.id
        wanted = f"{first}_{slug(name, 'more')}" if name and first in self.streams else first
        stream_id, number = wanted, 2
        while stream_id in self.streams:
            stream_id, number = f"{wanted}{number}", number + 1
        self.streams[stream_id] = _renamed(stream, stream_id)
        return stream_id

    def add_even(
        self,
        info: StreamInfo,
        stamps_ns: NDArray[np.int64],
        data: NDArray[np.floating],
        usual_hz: Sequence[float] = (),
        name: str = "",
    ) -> str:
        """Take evenly sampled data with stamps that jitter; see `timing.even`.

        Raises
        ------
        RecordingFormatError
            The clock was set back in the middle.
        """
        try:
            return self.add(even(info, stamps_ns, data, usual_hz), name)
        except ClockSetBackError as error:
            raise RecordingFormatError(
                self.path,
                f"the clock jumps back at sample {error.row}",
                part=info.id,
                expected="time stamps that rise",
                got=f"{(stamps_ns[error.row] - stamps_ns[error.row - 1]) / NS_PER_S:.3f} s",
                remedy="cut the recording where the clock was set",
            ) from error

    def session(self, *, to_unix_ns: int | None, origin_ns: int | None = None) -> Session:
        """Give the session.

        Parameters
        ----------
        to_unix_ns : int or None
            What to add to the file's clock for the time since 1970 in UTC; None: not known.
        origin_ns : int or None
            What counts as zero; None: the earliest sample.

        Raises
        ------
        RecordingFormatError
            There is neither a signal that this library knows nor a marker.
        """
        if not self.streams and not self.markers:
            raise RecordingFormatError(
                self.path,
                f"{self.header['format']} without a signal that this library knows",
                expected=", ".join(kind for kind in SignalKind if kind is not SignalKind.MARKER),
                got=", ".join(self.left_out) or "no samples",
                remedy="or say what its columns are in a sidecar, where it is a table",
            )
        if self.left_out:
            self.repairs.append(f"left out, not signals of this library: {_listed(self.left_out)}")
        zero = self._earliest() if origin_ns is None else origin_ns
        return Session(
            path=str(self.path),
            streams={name: _moved(stream, zero) for name, stream in self.streams.items()},
            participant=self.participant,
            device=self.device,
            wall_start_s=None if to_unix_ns is None else (zero + to_unix_ns) / NS_PER_S,
            markers=tuple(
                sorted((Marker(m.time_ns - zero, m.label) for m in self.markers), key=_time)
            ),
            clock=tuple(
                replace(c, clock=replace(c.clock, host_ns=c.clock.host_ns - zero))
                for c in self.clock
            ),
            notes=tuple(replace(n, time_ns=n.time_ns - zero) for n in self.notes),
            repairs=tuple(self.repairs),
            header=self.header,
        )

    def _earliest(self) -> int:
        starts = [
            int(s.segments[0].times_ns()[0]) for s in self.streams.values() if s.segments
        ] or [marker.time_ns for marker in self.markers]
        return min(starts, default=0)


def _time(marker: Marker) -> int:
    return marker.time_ns


def _listed(names: Sequence[str], most: int = 12) -> str:
    unique = list(dict.fromkeys(names))
    more = f" and {len(unique) - most} more" if len(unique) > most else ""
    return ", ".join(unique[:most]) + more


def _renamed(stream: RecordedStream, stream_id: str) -> RecordedStream:
    info = replace(stream.info, id=stream_id)
    return RecordedStream(
        info,
        tuple(replace(segment, info=info) for segment in stream.segments),
        tuple(replace(gap, stream_id=stream_id) for gap in stream.gaps),
    )


def _moved(stream: RecordedStream, zero_ns: int) -> RecordedStream:
    return RecordedStream(
        stream.info,
        tuple(_shifted(segment, zero_ns) for segment in stream.segments),
        tuple(
            Gap(g.stream_id, g.start_ns - zero_ns, g.end_ns - zero_ns, g.n_lost, g.reason)
            for g in stream.gaps
        ),
    )


def _shifted(chunk: SignalChunk, zero_ns: int) -> SignalChunk:
    stamps = None if chunk.timestamps_ns is None else chunk.timestamps_ns - zero_ns
    return replace(chunk, start_ns=chunk.start_ns - zero_ns, timestamps_ns=stamps)
