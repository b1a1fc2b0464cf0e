"""A pass over the bytes of a journal: each part stands for itself, and only by its CRC.

Nothing is trusted to say how long it is: parts are found by their signature wherever they begin, so
that damage costs the parts it touches and no other.
"""

import json
import mmap
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import zstandard
from mcap.opcode import Opcode

from wearaffect.core.errors import (
    RecordingError,
    RecordingFormatError,
    RecordingNotFoundError,
)
from wearaffect.recording.parts import MAGIC
from wearaffect.recording.sealed import SEALED

__all__ = ["MAX_RECORD_BYTES", "Entry", "Scan", "bytes_of"]

MAX_RECORD_BYTES = 2**28
_HEAD = struct.Struct(
    "<BQQQQI"
)  # opcode, length, first and last time, size of the content, its CRC
_SIGNATURE = b"\x04\x00\x00\x00zstd"  # stands right after the head; JSON holds no zero bytes
_SIZE = struct.Struct("<Q")
_RECORD = struct.Struct("<BQ")
_MESSAGE = struct.Struct("<HIQQ")
_BEFORE_DATA = _HEAD.size + len(_SIGNATURE) + _SIZE.size
_OPCODES = frozenset(int(opcode) for opcode in Opcode)
_FOOTER_SIZE = _RECORD.size + 20


class Entry(NamedTuple):
    """A message of the journal."""

    topic: str
    number: int
    time_ns: int
    message: dict[str, Any]


def bytes_of(folder: Path) -> bytes | mmap.mmap:
    """Give the bytes of a folder's journal, without reading them yet.

    Raises
    ------
    RecordingNotFoundError
        Nothing is at the path.
    RecordingFormatError
        There is no ``session.mcap``.
    RecordingError
        It is sealed.
    """
    file = folder / "session.mcap"
    if not folder.exists():
        raise RecordingNotFoundError(folder, "nothing there", remedy="check the path")
    if (folder / SEALED).exists() and not file.exists():
        raise RecordingError(
            folder,
            "is sealed",
            remedy="run 'wearaffect session unseal' with the key it is sealed to",
        )
    if not file.is_file():
        raise RecordingFormatError(folder, "not a session folder", expected="session.mcap in it")
    with file.open("rb") as stream:
        if not stream.seek(0, 2):
            return b""
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


@dataclass(slots=True)
class Scan:
    """What a pass finds; complete once `messages` has been gone through.

    Attributes
    ----------
    data : bytes or mmap
        The journal.
    topic : str
        Only messages of this one are decoded; empty: all.
    problems : list of str
        What isn't whole, each a sentence.
    holes : list of tuple of int
        Pairs: first missing message, next one that is there.
    n_messages : int
        How many are there.
    whole : bool
        Whether it was closed.
    """

    data: bytes | mmap.mmap
    topic: str = ""
    problems: list[str] = field(default_factory=list)
    holes: list[tuple[int, int]] = field(default_factory=list)
    n_messages: int = 0
    whole: bool = False
    _due: int = 0

    def messages(self) -> Iterator[Entry]:
        """Give the messages of all parts that are whole, in order."""
        for at, content in self._parts():
            try:
                found = list(_messages(content))
            except struct.error as error:
                self._say(f"the part at byte {at} isn't understood ({error})")
                continue
            for number, time_ns, payload in found:
                entry = self._entry(number, time_ns, payload)
                if entry is not None:
                    yield entry
        if self.data[: len(MAGIC)] != MAGIC:
            self._say("doesn't begin as a journal does")
        for first, following in self.holes:
            self._say(f"messages {first} to {following - 1} are missing")
        if not self.whole:
            self._say("wasn't closed; up to a second before its end may be missing")

    def _say(self, what: str) -> None:
        self.problems.append(f"session.mcap: {what}")

    def _entry(self, number: int, time_ns: int, payload: bytes) -> Entry | None:
        if number < self._due:
            self._say(f"message {number} comes again, left out")
            return None
        if number > self._due:
            self.holes.append((self._due, number))
        self._due = number + 1
        self.n_messages += 1
        if self.topic and not payload.startswith(f'{{"topic":"{self.topic}"'.encode()):
            return None
        try:
            message = json.loads(payload)
            return Entry(str(message.pop("topic")), number, time_ns, message)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            self._say(f"message {number} isn't understood ({error!r})")
            return None

    def _parts(self) -> Iterator[tuple[int, bytes]]:
        at = len(MAGIC) if self.data[: len(MAGIC)] == MAGIC else 0
        while (found := self._next(at)) is not None:
            begin, end, content = found
            self._between(at, begin)
            yield begin, content
            at = end
        self.whole = self._between(at, len(self.data))

    def _next(self, at: int) -> tuple[int, int, bytes] | None:
        """Give where the next whole part begins and ends, and what it holds."""
        place = at
        while (place := self.data.find(_SIGNATURE, place)) >= 0:
            begin = place - _HEAD.size
            if begin >= at and (read := _part(self.data, begin)) is not None:
                return begin, *read
            place += 1
        return None

    def _between(self, at: int, end: int) -> bool:
        """Look at what stands between parts; True: it is the ending, whole."""
        records: list[tuple[int, int]] = []
        while at < end:
            if end == len(self.data) and self.data[at:end] == MAGIC and records:
                return self._ending(records)
            if at + _RECORD.size > end:
                break
            opcode, length = _RECORD.unpack_from(self.data, at)
            if opcode not in _OPCODES or at + _RECORD.size + length > end:
                break
            if opcode == Opcode.CHUNK:
                self._say(f"the part at byte {at} is damaged, left out")
            records.append((at, opcode))
            at += _RECORD.size + length
        if at < end:
            self._say(f"bytes {at} to {end - 1} are damaged, left out")
        return False

    def _ending(self, records: list[tuple[int, int]]) -> bool:
        """Check the CRCs over the parts and over the summary; what has none passes."""
        places = {opcode: at for at, opcode in records}
        begin, footer = places.get(Opcode.DATA_END), places.get(Opcode.FOOTER)
        if begin is None or footer is None or footer + _FOOTER_SIZE != len(self.data) - len(MAGIC):
            return False
        content = memoryview(self.data)
        (crc,) = struct.unpack_from("<I", self.data, begin + _RECORD.size)
        if crc and zlib.crc32(content[:begin]) != crc:
            self._say("isn't what was written (CRC over all parts differs)")
        (summary_at,) = _SIZE.unpack_from(self.data, footer + _RECORD.size)
        (crc,) = struct.unpack_from("<I", self.data, footer + _FOOTER_SIZE - 4)
        if crc and zlib.crc32(content[summary_at : footer + _FOOTER_SIZE - 4]) != crc:
            self._say("its summary is damaged")
        return True


def _part(data: bytes | mmap.mmap, begin: int) -> tuple[int, bytes] | None:
    """Read a part that seems to begin here; None: it isn't one, or isn't whole."""
    opcode, length, _, _, size, crc = _HEAD.unpack_from(data, begin)
    after = begin + _BEFORE_DATA
    end = begin + _RECORD.size + length
    if opcode != Opcode.CHUNK or not after <= end <= len(data) or not crc:
        return None
    (stored,) = _SIZE.unpack_from(data, after - _SIZE.size)
    if stored != end - after or max(stored, size) > MAX_RECORD_BYTES:
        return None
    packed = data[after:end]
    try:
        if zstandard.frame_content_size(packed) != size:
            return None
        content = zstandard.decompress(packed)
    except zstandard.ZstdError:
        return None
    return (end, content) if zlib.crc32(content) == crc else None


def _messages(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at < len(content):
        opcode, length = _RECORD.unpack_from(content, at)
        at += _RECORD.size
        if opcode == Opcode.MESSAGE:
            _, number, time_ns, _ = _MESSAGE.unpack_from(content, at)
            yield number, time_ns, content[at + _MESSAGE.size : at + length]
        at += length
