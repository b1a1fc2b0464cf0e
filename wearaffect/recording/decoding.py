"""From the messages of a journal to a session."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wearaffect.core.errors import RecordingFormatError
from wearaffect.core.events import ClockSegment, DeviceNote, Event, LateChunk
from wearaffect.core.streams import Gap, Marker, SignalChunk, StreamInfo, Watermark
from wearaffect.recording.event_messages import event_from
from wearaffect.recording.header import Twin
from wearaffect.recording.messages import SCHEMAS, chunk_from, info_from, stream_topic
from wearaffect.recording.scan import Entry, Scan, bytes_of
from wearaffect.recording.segments import gaps_between, merged, runs_of
from wearaffect.recording.session import RecordedStream, Session

__all__ = ["Decoded", "Decoder", "session_of", "with_events"]

_HEADER = ("format", "intended_use", "model_hash", "bundle_id")
_MISFIT = (KeyError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A message, what it is where that is a chunk, a decision or an event, and what is before it.

    `torn`: something is missing between it and the message of its topic before; `understood`: it is
    what its topic says.
    """

    entry: Entry
    thing: SignalChunk | Watermark | Event | None
    torn: bool = False
    understood: bool = True


class Decoder:
    """Goes through a journal once.

    Parameters
    ----------
    folder : pathlib.Path
        The session's.

    Attributes
    ----------
    twin : Twin
        Its ``session.json``.
    header : dict
        What it says of itself; known once the first message is.
    infos : dict of str to StreamInfo
        Likewise.
    problems : list of str
        Complete once the last message is.
    n_messages : int
        Likewise.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._scan = Scan(bytes_of(folder))
        self._last: dict[str, int] = {}
        self.twin = Twin(folder)
        self.header: dict[str, Any] = {}
        self.infos: dict[str, StreamInfo] = {}
        self.problems: list[str] = []

    @property
    def n_messages(self) -> int:
        """Messages that are whole."""
        return self._scan.n_messages

    def decoded(self) -> Iterator[Decoded]:
        """Give every message that is whole, in order.

        Raises
        ------
        CorruptRecordingError
            Nothing of a journal is left.
        RecordingFormatError
            Its header isn't a journal's.
        """
        entries = self._scan.messages()
        first = next(entries, None)
        self.header = self.twin.header(first)
        self.infos = self._streams()
        topics = {stream_topic(info.id): info for info in self.infos.values()}
        if first is not None:
            yield self._decode(first, topics)
        for entry in entries:
            yield self._decode(entry, topics)
        # goes through the rest of what the scan has to say, too
        found = self.twin.compare(self._scan.n_messages, whole=self._scan.whole)
        self.problems = [*self.twin.problems, *found, *self._scan.problems]

    def _streams(self) -> dict[str, StreamInfo]:
        try:
            infos = [info_from(message) for message in self.header["infos"]]
            for name in ("participant", "device", "wall_start_s", "start_ns", *_HEADER):
                self.header[name]
        except _MISFIT as error:
            raise RecordingFormatError(
                self._folder,
                "the header lacks what a journal says of itself",
                part="session.mcap",
                got=repr(error),
                remedy="it was written by something else, or changed by hand",
            ) from error
        return {info.id: info for info in infos}

    def _decode(self, entry: Entry, topics: dict[str, StreamInfo]) -> Decoded:
        try:
            thing = self._thing(entry, topics)
        except _MISFIT as error:
            self._scan.problems.append(
                f"session.mcap: message {entry.number} on {entry.topic} isn't understood "
                f"({error!r})"
            )
            return Decoded(entry, None, understood=False)
        before = self._last.get(entry.topic, entry.number)
        if not isinstance(thing, SignalChunk) or len(thing):  # an empty chunk closes no gap
            self._last[entry.topic] = entry.number
        torn = bool(self._scan.holes) and before < self._scan.holes[-1][0]
        return Decoded(entry, thing, torn)

    def _thing(
        self, entry: Entry, topics: dict[str, StreamInfo]
    ) -> SignalChunk | Watermark | Event | None:
        info = topics.get(entry.topic)
        if info is not None:
            return chunk_from(info, entry.message)
        if entry.topic == "watermarks":
            return Watermark(int(entry.message["time_ns"]))
        event = event_from(entry.topic, entry.message, self.infos)
        kind, _, name = entry.topic.partition("/")
        if event is None and (kind not in SCHEMAS or (name and name not in self.infos)):
            msg = f"no stream of that name: {entry.topic}"
            raise KeyError(msg)
        return event


@dataclass(slots=True)
class _Content:
    """What the messages hold; `torn` are identities of chunks before which something is missing."""

    arrivals: list[SignalChunk | Watermark] = field(default_factory=list)
    chunks: dict[str, list[SignalChunk]] = field(default_factory=dict)
    torn: set[int] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)

    def take(self, item: Decoded) -> None:
        """Put a message where it belongs."""
        thing = item.thing
        if isinstance(thing, SignalChunk):
            self.arrivals.append(thing)
            self.chunks.setdefault(thing.info.id, []).append(thing)
            if item.torn:
                self.torn.add(id(thing))
        elif isinstance(thing, Watermark):
            self.arrivals.append(thing)
        elif thing is not None:
            self.events.append(thing)

    def stream(self, info: StreamInfo) -> RecordedStream:
        """Give a stream as it is to be used."""
        runs = runs_of(self.chunks.get(info.id, []), self.torn)
        told = [e for e in self.events if isinstance(e, Gap) and e.stream_id == info.id]
        # what the device's driver said of a gap stands; what is read off the chunks adds the others
        places = {(gap.start_ns, gap.end_ns) for gap in told}
        seen = [g for g in gaps_between(runs, self.torn) if (g.start_ns, g.end_ns) not in places]
        gaps = sorted([*told, *seen], key=lambda gap: gap.start_ns)
        return RecordedStream(info, tuple(merged(run) for run in runs), tuple(gaps))


def session_of(folder: Path) -> Session:
    """Read a session from its journal alone, message by message.

    Raises
    ------
    RecordingNotFoundError, RecordingFormatError, CorruptRecordingError
        As `read_journal` says.
    """
    decoder = Decoder(folder)
    content = _Content()
    for item in decoder.decoded():
        content.take(item)
    about = decoder.header
    session = Session(
        path=str(folder),
        streams={info.id: content.stream(info) for info in decoder.infos.values()},
        participant=about["participant"],
        device=about["device"],
        wall_start_s=about["wall_start_s"],
        start_ns=about["start_ns"],
        problems=tuple(decoder.problems),
        arrivals=tuple(content.arrivals),
        header=_said(decoder),
    )
    return with_events(session, content.events)


def _said(decoder: Decoder) -> dict[str, str]:
    """Give the header, with the purpose that held in the end where it was stated anew."""
    said = {name: decoder.header[name] for name in _HEADER}
    agreed = decoder.twin.content.get("agreed")
    use = agreed.get("intended_use") if isinstance(agreed, dict) else None
    return said | ({"intended_use": use} if isinstance(use, str) else {})


def with_events(session: Session, events: list[Event]) -> Session:
    """Give a session its markers, clock, notes and what came late."""
    return dataclasses.replace(
        session,
        markers=tuple(e for e in events if isinstance(e, Marker)),
        clock=tuple(e for e in events if isinstance(e, ClockSegment)),
        notes=tuple(e for e in events if isinstance(e, DeviceNote)),
        late=tuple(e for e in events if isinstance(e, LateChunk)),
    )
