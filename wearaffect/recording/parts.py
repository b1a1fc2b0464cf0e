"""The bytes of a journal: MCAP whose chunks stand each for itself, written without memory of them.

The format is MCAP version 0 (mcap.dev/spec): chunks of zstd with a CRC over what they hold, a CRC
over all of them, statistics. There is no index: it would grow with the session, and readers scan
files that have none.
"""

import zlib
from collections import Counter
from collections.abc import Mapping

import zstandard
from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import (
    Channel,
    Chunk,
    DataEnd,
    Footer,
    Header,
    Message,
    Schema,
    Statistics,
    SummaryOffset,
)

__all__ = ["MAGIC", "PartBuilder"]

MAGIC = b"\x89MCAP0\r\n"


class PartBuilder:
    """Makes the bytes of a journal, part by part; what it has given it forgets."""

    def __init__(self) -> None:
        self._pending = RecordBuilder()
        self._compressor = zstandard.ZstdCompressor()
        self._crc = 0
        self._schemas: list[Schema] = []
        self._channels: dict[str, Channel] = {}
        self._counts: Counter[int] = Counter()
        self._times: list[int] = []
        self._span: tuple[int, int] | None = None
        self._n_parts = 0
        self._given = 0

    @property
    def size(self) -> int:
        """Bytes of the messages that wait for a part."""
        return int(self._pending.count)

    def begin(self) -> bytes:
        """Give what stands before all parts."""
        head = RecordBuilder()
        Header("", "wearaffect").write(head)
        return self._counted(MAGIC + _all_of(head))

    def schema(self, name: str, content: bytes) -> int:
        """Add a JSON schema; give its number."""
        made = Schema(id=len(self._schemas) + 1, name=name, encoding="jsonschema", data=content)
        self._schemas.append(made)
        made.write(self._pending)
        return made.id

    def channel(self, topic: str, schema: int, about: Mapping[str, str]) -> None:
        """Add a topic of JSON messages."""
        number = len(self._channels) + 1
        made = Channel(
            id=number, topic=topic, message_encoding="json", schema_id=schema, metadata=dict(about)
        )
        self._channels[topic] = made
        made.write(self._pending)

    def message(self, topic: str, time_ns: int, payload: bytes, number: int) -> None:
        """Add a message to the part that comes next."""
        channel = self._channels[topic].id
        time_ns = max(0, int(time_ns))
        Message(
            channel_id=channel,
            log_time=time_ns,
            publish_time=time_ns,
            data=payload,
            sequence=number,
        ).write(self._pending)
        self._counts[channel] += 1
        self._times.append(time_ns)

    def part(self) -> bytes:
        """Give the next part: all that was added since the last; empty where nothing was."""
        if not self._times:
            return b""
        content: bytes = _all_of(self._pending)
        first, last = min(self._times), max(self._times)
        self._times.clear()
        before = self._span or (first, last)
        self._span = min(before[0], first), max(before[1], last)
        self._n_parts += 1
        record = RecordBuilder()
        Chunk(
            compression="zstd",
            data=self._compressor.compress(content),
            message_start_time=first,
            message_end_time=last,
            uncompressed_crc=zlib.crc32(content),
            uncompressed_size=len(content),
        ).write(record)
        return self._counted(_all_of(record))

    def end(self) -> bytes:
        """Give what stands after the last part: CRC, a summary, the closing magic."""
        closing = RecordBuilder()
        DataEnd(self._crc).write(closing)
        data_end: bytes = _all_of(closing)
        at = self._given + len(data_end)
        summary, groups = self._summary()
        offsets = RecordBuilder()
        for opcode, first, length in groups:
            SummaryOffset(opcode, at + first, length).write(offsets)
        offsets_at = at + len(summary)
        summary += _all_of(offsets)
        foot = RecordBuilder()
        Footer(at, offsets_at, 0).write(foot)
        unsigned: bytes = _all_of(foot)
        crc = zlib.crc32(unsigned[:-4], zlib.crc32(summary))
        ending = unsigned[:-4] + crc.to_bytes(4, "little")
        return bytes(data_end + summary + ending + MAGIC)

    def _summary(self) -> tuple[bytes, list[tuple[Opcode, int, int]]]:
        first, last = self._span or (0, 0)
        statistics = Statistics(
            attachment_count=0,
            channel_count=len(self._channels),
            channel_message_counts=dict(self._counts),
            chunk_count=self._n_parts,
            message_count=self._counts.total(),
            message_end_time=last,
            message_start_time=first,
            metadata_count=0,
            schema_count=len(self._schemas),
        )
        made = RecordBuilder()
        groups = []
        for opcode, records in (
            (Opcode.SCHEMA, self._schemas),
            (Opcode.CHANNEL, list(self._channels.values())),
            (Opcode.STATISTICS, [statistics]),
        ):
            begin = made.count
            for record in records:
                record.write(made)
            groups.append((opcode, begin, made.count - begin))
        return _all_of(made), groups

    def _counted(self, data: bytes) -> bytes:
        self._crc = zlib.crc32(data, self._crc)
        self._given += len(data)
        return data


def _all_of(records: RecordBuilder) -> bytes:
    """Give the bytes of records, and forget them."""
    return bytes(records.end())  # type: ignore[no-untyped-call]
