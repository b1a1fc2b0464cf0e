"""The container of an Avro file, checked before anything in it is believed."""

import json
from dataclasses import dataclass
from os import PathLike
from typing import Any

from wearaffect.core.errors import CorruptRecordingError, RecordingFormatError, UnsafeArchiveError
from wearaffect.recording.archive import inflate

__all__ = ["MAGIC", "check_container"]

MAGIC = b"Obj\x01"
_SYNC_BYTES = 16
_PACKED = {"deflate"}
_PLAIN = {"", "null"}
_MOST_BYTES = 64 * 2**20  # unpacked; half an hour of an EmbracePlus is 2 MiB
_DEEPEST = 32  # engineering choice
_SOLID = {"boolean", "int", "long", "float", "double", "string", "bytes", "enum"}


@dataclass(slots=True)
class _Cursor:
    """A place in the bytes of a file, for errors."""

    path: str | PathLike[str]
    name: str
    content: bytes
    at: int = 0

    def take(self, count: int) -> bytes:
        if not 0 <= count <= len(self.content) - self.at:
            raise self.cut(f"{count} bytes at {self.at}", f"{len(self.content) - self.at}")
        self.at += count
        return self.content[self.at - count : self.at]

    def number(self) -> int:
        """Read a zigzag variable-length integer (Avro specification, binary encoding)."""
        value = 0
        for shift in range(0, 70, 7):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return (value >> 1) ^ -(value & 1)
        raise self.cut("a number of at most ten bytes", "a longer one")

    def cut(self, expected: str, got: str) -> CorruptRecordingError:
        return CorruptRecordingError(
            self.path, "damaged or cut short", part=self.name, expected=expected, got=got,
            remedy="download it again",
        )  # fmt: skip


def check_container(path: str | PathLike[str], name: str, content: bytes) -> None:
    """Walk an Avro object container and refuse what is cut, damaged or would explode.

    Parameters
    ----------
    path, name : path, str
        Recording and part, for errors.
    content : bytes
        The file.

    Raises
    ------
    CorruptRecordingError
        Cut short, or a block doesn't end in the file's own marker.
    RecordingFormatError
        No Avro, a codec or schema that isn't read here.
    UnsafeArchiveError
        More content than a recording has.

    Notes
    -----
    Avro 1.11 specification, "Object Container Files".
    """
    cursor = _Cursor(path, name, content)
    if cursor.take(len(MAGIC)) != MAGIC:
        raise RecordingFormatError(path, "not an Avro file", part=name, expected=repr(MAGIC))
    facts = _metadata(cursor)
    codec = facts.get("avro.codec", b"").decode("ascii", "replace")
    if codec not in _PLAIN | _PACKED:
        raise RecordingFormatError(
            path, "packed by a codec that isn't read here", part=name,
            expected="null or deflate", got=repr(codec),
        )  # fmt: skip
    _check_schema(path, name, facts.get("avro.schema", b""))
    sync = cursor.take(_SYNC_BYTES)
    total = 0
    while cursor.at < len(content):
        count, size = cursor.number(), cursor.number()
        block = cursor.take(size)
        if codec in _PACKED:
            block = inflate(path, name, block, _MOST_BYTES - total)
        total += len(block)
        if not 0 <= count <= len(block):
            raise cursor.cut("records of at least a byte", f"{count} in {len(block)} bytes")
        if cursor.take(_SYNC_BYTES) != sync:
            raise cursor.cut("the file's marker behind each block", "something else")


def _metadata(cursor: _Cursor) -> dict[str, bytes]:
    facts: dict[str, bytes] = {}
    while count := cursor.number():
        if count < 0:
            cursor.number()  # the size of the block, for those who skip it
        for _ in range(abs(count)):
            key = cursor.take(cursor.number()).decode("utf-8", "replace")
            facts[key] = cursor.take(cursor.number())
    return facts


def _check_schema(path: str | PathLike[str], name: str, text: bytes) -> None:
    try:
        _check_type(json.loads(text), 0)
    except (ValueError, RecursionError) as error:
        raise RecordingFormatError(
            path, "a schema that isn't read here", part=name, got=str(error)[:80]
        ) from error
    except MemoryError as error:
        raise UnsafeArchiveError(path, "a schema of items without size", part=name) from error


def _check_type(schema: Any, depth: int) -> None:
    """Refuse lists of nothing (a few bytes could claim billions), and endless nesting."""
    if depth > _DEEPEST:
        msg = f"nested deeper than {_DEEPEST}"
        raise ValueError(msg)
    if isinstance(schema, list):
        for part in schema:
            _check_type(part, depth + 1)
    elif isinstance(schema, dict):
        for field in schema.get("fields", ()):
            _check_type(field.get("type") if isinstance(field, dict) else field, depth + 1)
        if isinstance(schema.get("type"), dict | list):
            _check_type(schema["type"], depth + 1)
        _check_inner(schema)


def _check_inner(schema: dict[str, Any]) -> None:
    if not all(_has_size(schema[inner]) for inner in ("items", "values") if inner in schema):
        raise MemoryError


def _has_size(schema: Any) -> bool:
    """Whether each value of a type takes at least a byte."""
    if isinstance(schema, str):
        return schema in _SOLID
    if isinstance(schema, list):
        return True  # a union begins with the number of its branch
    if not isinstance(schema, dict):
        return False
    if schema.get("type") == "record":
        kinds = [f.get("type") for f in schema.get("fields", ()) if isinstance(f, dict)]
        return any(_has_size(kind) for kind in kinds)
    return schema.get("type") in _SOLID | {"array", "map"}
