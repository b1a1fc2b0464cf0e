"""The journal: an append-only MCAP file that survives a cut at any byte."""

import contextlib
import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Sequence
from importlib import metadata
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

from mcap.writer import CompressionType, Writer

from wearaffect.core.affect import Outcome
from wearaffect.core.errors import RecordingError, RecordingExistsError
from wearaffect.core.streams import Gap, Marker, SignalChunk, StreamInfo
from wearaffect.core.timebase import ClockMap
from wearaffect.recording.account import StreamAccount
from wearaffect.recording.columns import write_columns
from wearaffect.recording.durable import sync_folder, write_json
from wearaffect.recording.journal_reader import MAX_RECORD_BYTES, read_journal, read_topic
from wearaffect.recording.messages import (
    SCHEMAS,
    chunk_message,
    clock_message,
    gap_message,
    info_message,
    marker_message,
    outcome_message,
    stream_topic,
)

__all__ = ["JournalWriter", "read_journal", "read_topic"]

_CODE = re.compile(r"[A-Za-z0-9_-]{2,32}")
# Half of the second that may be lost, so that calls half a second apart still keep the promise.
_FLUSH_S = 0.5


class JournalWriter:
    """A sink that writes a session folder: ``session.mcap`` and ``session.json``.

    Everything older than a second is on the disk (flushed and synced from within the calls).
    At `close` the hash and the account of each stream are added, and ``streams/*.parquet`` where
    pyarrow is installed.

    Parameters
    ----------
    folder : path
        The session folder itself; must not exist, and is made by `start`.
    participant : str
        Code of 2 to 32 letters, digits, ``_`` or ``-``; never a name.
    device : str
        What records.
    wall_start_s : float or None
        Unix time of the start; None: the wall clock is read once, in `start`.
    intended_use, model_hash, bundle_id : str
        What the header says of the purpose and of the bundle.

    Raises
    ------
    ValueError
        The participant isn't a code.
    RecordingExistsError
        Something is at `folder` already.
    RecordingError
        From any call: the disk refuses. What came before is kept, nothing more is taken.
    """

    def __init__(
        self,
        folder: str | PathLike[str],
        *,
        participant: str,
        device: str = "",
        wall_start_s: float | None = None,
        intended_use: str = "development",
        model_hash: str = "",
        bundle_id: str = "",
    ) -> None:
        if _CODE.fullmatch(participant) is None:
            msg = f"expected a participant code [A-Za-z0-9_-]{{2,32}}, got {participant!r}"
            raise ValueError(msg)
        self.folder = Path(folder)
        if self.folder.exists():
            raise self._taken()
        names = ("wearaffect", "numpy", "mcap")
        self._header: dict[str, Any] = {
            "format": "wearaffect journal 1",
            "participant": participant,
            "device": device,
            "wall_start_s": wall_start_s,
            "intended_use": intended_use,
            "model_hash": model_hash,
            "bundle_id": bundle_id,
            "versions": {
                "python": sys.version.split()[0],
                **{name: metadata.version(name) for name in names},
            },
        }
        self._accounts: dict[str, StreamAccount] = {}
        self._channels: dict[str, int] = {}
        self._file: BinaryIO | None = None
        self._n_messages = 0
        self._failure = ""

    def start(self, streams: Sequence[StreamInfo], start_ns: int) -> None:
        """Make the folder; learn which streams will come and which host time counts as zero."""
        self._accounts = {info.id: StreamAccount(info) for info in streams}
        if len(self._accounts) < len(streams):
            msg = f"expected unique stream ids, got {[info.id for info in streams]}"
            raise ValueError(msg)
        if self._header["wall_start_s"] is None:
            self._header["wall_start_s"] = time.time()
        self._header["start_ns"] = int(start_ns)
        self._header["infos"] = [info_message(info) for info in streams]
        try:
            self.folder.mkdir(parents=True)
            write_json(self.folder / "session.json", self._header | {"closed": False})
            self._file = (self.folder / "session.mcap").open("xb")
            self._begin(self._file, streams)
            self.flush()
            sync_folder(self.folder)
        except FileExistsError as error:
            raise self._taken() from error
        except OSError as error:
            raise self._fail(error) from error

    def _begin(self, file: BinaryIO, streams: Sequence[StreamInfo]) -> None:
        """Write the part that everything else needs; it stands alone and reaches the disk first."""
        self._writer = Writer(file, compression=CompressionType.ZSTD, enable_data_crcs=True)
        self._writer.start(profile="", library="wearaffect")
        schemas = {
            topic: self._writer.register_schema(
                f"wearaffect.{schema['title']}", "jsonschema", json.dumps(schema).encode()
            )
            for topic, schema in SCHEMAS.items()
        }
        for topic, schema_id in schemas.items():
            if topic != "streams":
                self._channels[topic] = self._writer.register_channel(topic, "json", schema_id)
        for info in streams:
            described = {key: _text(value) for key, value in info_message(info).items()}
            self._channels[stream_topic(info.id)] = self._writer.register_channel(
                stream_topic(info.id), "json", schemas["streams"], described
            )
        self._flushed_s = time.monotonic()
        self._write("session", self._header, self._header["start_ns"])

    def chunk(self, chunk: SignalChunk, received_ns: int) -> None:
        """Take a chunk of raw samples and when it was received."""
        if chunk.info.id not in self._accounts:
            msg = f"expected one of {sorted(self._accounts)}, got stream {chunk.info.id!r}"
            raise ValueError(msg)
        self._write(stream_topic(chunk.info.id), chunk_message(chunk, received_ns), received_ns)
        self._accounts[chunk.info.id].take(chunk)

    def watermark(self, time_ns: int) -> None:
        """Take the decision that windows up to this time are closed."""
        self._write("watermarks", {"time_ns": int(time_ns)}, time_ns)

    def outcome(self, outcome: Outcome) -> None:
        """Take an estimate or an abstention."""
        self._write("estimates", outcome_message(outcome), outcome.end_ns)

    def marker(self, marker: Marker) -> None:
        """Take an event."""
        self._write("markers", marker_message(marker), marker.time_ns)

    def gap(self, gap: Gap) -> None:
        """Take a gap that no chunk's `n_lost` declares, e.g. one at the end."""
        self._write("gaps", gap_message(gap), gap.end_ns)
        if gap.n_lost is not None and gap.stream_id in self._accounts:
            self._accounts[gap.stream_id].lost(gap.n_lost)

    def clock(self, clock: ClockMap, stream_id: str) -> None:
        """Take a new piece of a stream's clock map."""
        self._write("clock", clock_message(clock, stream_id), clock.host_ns)

    def flush(self) -> None:
        """Put everything taken so far on the disk."""
        try:
            self._writer.flush()  # type: ignore[no-untyped-call]
            os.fsync(self._open_file().fileno())
        except OSError as error:
            raise self._fail(error) from error
        self._flushed_s = time.monotonic()

    def close(self) -> None:
        """Finish the journal; it takes nothing more, and closing it again does nothing."""
        file, self._file = self._file, None
        if file is None:
            return
        try:
            self._refuse_if_failed()
            self._writer.finish()  # type: ignore[no-untyped-call]
            file.flush()
            os.fsync(file.fileno())
            self._seal()
            write_columns(read_journal(self.folder), self.folder / "streams")
        except OSError as error:
            raise self._fail(error) from error
        finally:
            with contextlib.suppress(OSError):  # what can't be written has been told already
                file.close()

    def _seal(self) -> None:
        with (self.folder / "session.mcap").open("rb") as written:
            sha256 = hashlib.file_digest(written, "sha256").hexdigest()
        accounts = {name: account.as_dict() for name, account in self._accounts.items()}
        ending = {
            "closed": True,
            "sha256": sha256,
            "n_messages": self._n_messages,
            "ok": not any(account["damaged"] for account in accounts.values()),
            "problems": [],
            "streams": accounts,
        }
        write_json(self.folder / "session.json", self._header | ending)

    def _write(self, topic: str, message: dict[str, Any], time_ns: int) -> None:
        self._refuse_if_failed()
        self._open_file()
        # each message says what it is, so that losing the part with the channels costs nothing else
        told = {"topic": topic, **message}
        payload = json.dumps(told, allow_nan=False, separators=(",", ":")).encode()
        if len(payload) > MAX_RECORD_BYTES // 2:
            msg = f"expected a chunk below {MAX_RECORD_BYTES // 2} bytes, got {len(payload)}"
            raise ValueError(msg)
        log_time = max(0, int(time_ns))
        try:
            self._writer.add_message(
                self._channels[topic], log_time, payload, log_time, self._n_messages
            )
        except OSError as error:
            raise self._fail(error) from error
        self._n_messages += 1
        if time.monotonic() - self._flushed_s >= _FLUSH_S:
            self.flush()

    def _fail(self, error: OSError) -> RecordingError:
        # after a torn write nothing may follow it: the reader stops at the tear
        self._failure = str(error)
        return RecordingError(
            self.folder,
            "the journal can't be written",
            part="session.mcap",
            got=self._failure,
            remedy="free space or check the disk; what came before is kept",
        )

    def _taken(self) -> RecordingExistsError:
        return RecordingExistsError(
            self.folder,
            "something is there already",
            expected="a folder that doesn't exist yet",
            remedy="choose another; recordings are never overwritten",
        )

    def _open_file(self) -> BinaryIO:
        if self._file is None:
            msg = "expected a journal between start and close"
            raise ValueError(msg)
        return self._file

    def _refuse_if_failed(self) -> None:
        if self._failure:
            raise self._fail(OSError(self._failure))


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
