"""Reading the journal: every CRC is checked, and whatever is whole is kept."""

import hashlib
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import zstandard
from mcap.exceptions import McapError
from mcap.records import Chunk, McapRecord, Message
from mcap.stream_reader import MAGIC_SIZE, StreamReader, breakup_chunk

from wearaffect.core.errors import (
    CorruptRecordingError,
    RecordingFormatError,
    RecordingNotFoundError,
)
from wearaffect.core.streams import Gap, Marker, SignalChunk, StreamInfo, Watermark
from wearaffect.recording.messages import (
    SCHEMAS,
    chunk_from,
    gap_from,
    info_from,
    marker_from,
    stream_topic,
)
from wearaffect.recording.segments import gaps_between, merged, runs_of
from wearaffect.recording.session import RecordedStream, Session

__all__ = ["MAX_RECORD_BYTES", "read_journal", "read_topic"]

MAX_RECORD_BYTES = 2**28
_MAGIC = b"\x89MCAP0\r\n"
_DAMAGE = (
    McapError,
    struct.error,
    KeyError,
    TypeError,
    ValueError,
    EOFError,
    MemoryError,
    OverflowError,
)
_HEADER = ("format", "intended_use", "model_hash", "bundle_id")
_MISFIT = (KeyError, TypeError, ValueError, AttributeError)


def read_journal(folder: str | PathLike[str]) -> Session:
    """Read a session folder, also one that was cut off or damaged.

    Parameters
    ----------
    folder : path
        Holds ``session.mcap``; ``session.json`` adds the hash to check.

    Returns
    -------
    Session
        Everything that is whole; `problems` says what isn't, `arrivals` is the live order.

    Raises
    ------
    RecordingNotFoundError
        Nothing is at the path.
    RecordingFormatError
        There is no ``session.mcap``.
    CorruptRecordingError
        ``session.mcap`` never was a journal.
    """
    scan = _scan(Path(folder))
    about, problems = _about(Path(folder), scan)
    try:
        infos = [info_from(message) for message in about["infos"]]
        content = _decode(scan, {stream_topic(info.id): info for info in infos})
        return Session(
            path=str(folder),
            streams={info.id: _stream(info, content) for info in infos},
            participant=about["participant"],
            device=about["device"],
            wall_start_s=about["wall_start_s"],
            start_ns=about["start_ns"],
            markers=tuple(content.markers),
            problems=(*problems, *scan.problems),
            arrivals=tuple(content.arrivals),
            header={name: about[name] for name in _HEADER},
        )
    except (KeyError, TypeError) as error:
        raise RecordingFormatError(
            folder,
            "the header lacks what a journal says of itself",
            part="session.mcap",
            got=repr(error),
            remedy="it was written by something else, or changed by hand",
        ) from error


def read_topic(folder: str | PathLike[str], topic: str) -> list[dict[str, Any]]:
    """Give the messages of one topic as they were written, e.g. ``estimates`` or ``clock``."""
    return [message for name, _, message in _scan(Path(folder)).messages if name == topic]


@dataclass(slots=True)
class _Scan:
    """What a pass over the file found; `holes` are pairs (first missing message, next one)."""

    messages: list[tuple[str, int, dict[str, Any]]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    holes: list[tuple[int, int]] = field(default_factory=list)
    due: int = 0
    whole: bool = False

    def take(self, records: list[McapRecord]) -> None:
        """Take what a whole part holds."""
        for record in records:
            if isinstance(record, Message):
                if record.sequence > self.due:
                    self.holes.append((self.due, record.sequence))
                self.due = record.sequence + 1
                message = json.loads(record.data)
                self.messages.append((message.pop("topic"), record.sequence, message))


@dataclass(slots=True)
class _Content:
    """What the messages hold; `torn` are identities of chunks before which something is missing."""

    arrivals: list[SignalChunk | Watermark] = field(default_factory=list)
    chunks: dict[str, list[SignalChunk]] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    torn: set[int] = field(default_factory=set)
    markers: list[Marker] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def _scan(folder: Path) -> _Scan:
    file = folder / "session.mcap"
    if not folder.exists():
        raise RecordingNotFoundError(folder, "nothing there", remedy="check the path")
    if not file.is_file():
        raise RecordingFormatError(folder, "not a session folder", expected="session.mcap in it")
    scan = _Scan()
    with file.open("rb") as stream:
        if stream.read(MAGIC_SIZE) != _MAGIC:
            scan.problems.append("session.mcap: doesn't begin as a journal does")
        for at, record in _records(stream, scan):
            if isinstance(record, Chunk):
                _open_part(at, record, scan)
    scan.problems += [
        f"session.mcap: messages {first} to {following - 1} are missing"
        for first, following in scan.holes
    ]
    if not scan.whole:
        scan.problems.append(
            "session.mcap: wasn't closed; up to a second before its end may be missing"
        )
    return scan


def _records(stream: BinaryIO, scan: _Scan) -> Iterator[tuple[int, McapRecord]]:
    reader = StreamReader(
        stream, skip_magic=True, emit_chunks=True, record_size_limit=MAX_RECORD_BYTES
    )
    at = stream.tell()
    try:
        for record in reader.records:
            yield at, record
            at = stream.tell()
        scan.whole = True  # the reader ends by itself only after footer and closing magic
    except _DAMAGE as error:
        size = stream.seek(0, 2)
        if at < size:
            why = str(error) or type(error).__name__
            scan.problems.append(
                f"session.mcap: reading ends at byte {at} of {size}, the record there isn't whole "
                f"({why})"
            )


def _open_part(at: int, part: Chunk, scan: _Scan) -> None:
    try:
        size = zstandard.frame_content_size(part.data)
        if part.uncompressed_crc and 0 <= size <= 2 * MAX_RECORD_BYTES:
            scan.take(breakup_chunk(part, validate_crc=True))
            return
        why = f"CRC {part.uncompressed_crc}, {size} bytes"
    except (*_DAMAGE, zstandard.ZstdError) as error:
        why = str(error)
    scan.problems.append(f"session.mcap: the part at byte {at} is damaged, left out ({why})")


def _about(folder: Path, scan: _Scan) -> tuple[dict[str, Any], list[str]]:
    """Give the header, from the journal or else from its twin, and what the twin shows."""
    headers = [message for topic, _, message in scan.messages if topic == "session"]
    problems: list[str] = []
    try:
        twin = json.loads((folder / "session.json").read_bytes())
        closed = bool(twin["closed"])
    except (OSError, *_MISFIT) as error:
        twin, closed = {}, False
        problems.append(f"session.json: can't be read ({error})")
    if closed:
        problems += _compare(folder, twin, scan)
    if not headers and not twin:
        raise CorruptRecordingError(
            folder, "nothing of a journal is left", part="session.mcap", remedy="restore a copy"
        )
    return (headers[0] if headers else twin), problems


def _compare(folder: Path, twin: dict[str, Any], scan: _Scan) -> list[str]:
    problems = []
    with (folder / "session.mcap").open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != twin.get("sha256"):
            problems.append("session.mcap: isn't the file that was closed (SHA-256 differs)")
    lost = int(twin.get("n_messages", 0)) - len(scan.messages)
    if lost > 0:
        problems.append(f"session.mcap: {lost} of {twin['n_messages']} messages can't be read")
    return problems


def _decode(scan: _Scan, infos: dict[str, StreamInfo]) -> _Content:
    content = _Content()
    for topic, sequence, message in scan.messages:
        try:
            if topic in infos:
                chunk = chunk_from(infos[topic], message)
                _place_chunk(chunk, sequence, scan, content)
            else:
                _place(topic, message, content)
        except _MISFIT as error:
            scan.problems.append(
                f"session.mcap: message {sequence} on {topic} isn't understood ({error!r})"
            )
    return content


def _place_chunk(chunk: SignalChunk, sequence: int, scan: _Scan, content: _Content) -> None:
    name = chunk.info.id
    before = content.last.get(name, sequence)
    if any(before < first and following <= sequence for first, following in scan.holes):
        content.torn.add(id(chunk))
    content.last[name] = sequence
    content.arrivals.append(chunk)
    content.chunks.setdefault(name, []).append(chunk)


def _place(topic: str, message: dict[str, Any], content: _Content) -> None:
    if topic == "watermarks":
        content.arrivals.append(Watermark(int(message["time_ns"])))
    elif topic == "markers":
        content.markers.append(marker_from(message))
    elif topic == "gaps":
        content.gaps.append(gap_from(message))
    elif topic not in SCHEMAS:
        msg = f"no stream of that name: {topic}"
        raise KeyError(msg)


def _stream(info: StreamInfo, content: _Content) -> RecordedStream:
    runs = runs_of(content.chunks.get(info.id, []), content.torn)
    told = [gap for gap in content.gaps if gap.stream_id == info.id]
    gaps = sorted([*told, *gaps_between(runs, content.torn)], key=lambda gap: gap.start_ns)
    return RecordedStream(info, tuple(merged(run) for run in runs), tuple(gaps))
