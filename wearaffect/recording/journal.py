"""The journal: an append-only MCAP file that survives a cut at any byte."""

import base64
import json
import re
import threading
import time
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from wearaffect.core.affect import Outcome
from wearaffect.core.events import Event
from wearaffect.core.streams import SignalChunk, StreamInfo, Watermark
from wearaffect.recording.account import Accounts
from wearaffect.recording.analysis_copy import write_copy
from wearaffect.recording.audit import digest_of, entry_after
from wearaffect.recording.durable import sync_folder, write_json
from wearaffect.recording.event_messages import event_message
from wearaffect.recording.header import versions
from wearaffect.recording.journal_reader import read_journal, read_topic
from wearaffect.recording.keeping import (
    JournalSettings,
    Kept,
    disk_full,
    new_file,
    require_room,
    taken,
    unwritable,
)
from wearaffect.recording.messages import (
    chunk_message,
    info_message,
    outcome_message,
    payload_of,
    stream_topic,
)
from wearaffect.recording.scribe import JournalState, Scribe
from wearaffect.recording.storage import JournalFile, Reserve
from wearaffect.recording.topics import builder_for

__all__ = ["JournalSettings", "JournalState", "JournalWriter", "read_journal", "read_topic"]

_CODE = re.compile(r"[A-Za-z0-9_-]{2,32}")
_TOLD = ("quality", "forms", "protocol")


class JournalWriter:
    """A sink that writes a session folder: ``session.mcap`` and ``session.json``.

    A thread of its own writes; everything older than a second is on the disk. No call waits for the
    disk but `start`, `flush` and `close`; any thread may call. Where the disk refuses, the alarm is
    raised, calls go on being taken and are only counted, and `close` raises: acquisition goes on.
    At `close` the hash and the account of each stream are added, and ``streams/*.parquet`` where
    pyarrow is installed.

    Parameters
    ----------
    folder : path
        The session folder itself; must not exist, and is made by `start`.
    participant : str
        Code of 2 to 32 letters, digits, ``_`` or ``-``; never a name.
    device : str
        What records; a pseudonym stands for what identifies it.
    wall_start_s : float or None
        Unix time of the start; None: the wall clock is read once, in `start`.
    intended_use, model_hash, bundle_id : str
        What the header says of the purpose and of the bundle.
    settings : JournalSettings
        How it is kept.

    Raises
    ------
    ValueError
        The participant isn't a code.
    RecordingExistsError
        Something is at `folder` already.
    RecordingError
        From `start`, `flush` and `close`: the disk refuses. What came before is kept.
    """

    def __init__(  # noqa: PLR0913 - the header's own fields
        self,
        folder: str | PathLike[str],
        *,
        participant: str,
        device: str = "",
        wall_start_s: float | None = None,
        intended_use: str = "development",
        model_hash: str = "",
        bundle_id: str = "",
        settings: JournalSettings | None = None,
    ) -> None:
        if _CODE.fullmatch(participant) is None:
            msg = f"expected a participant code [A-Za-z0-9_-]{{2,32}}, got {participant!r}"
            raise ValueError(msg)
        self.folder = Path(folder)
        if self.folder.exists():
            raise taken(self.folder)
        self._settings = settings or JournalSettings()
        self._header: dict[str, Any] = {
            "format": "wearaffect journal 1",
            "participant": participant,
            "device": device,
            "wall_start_s": wall_start_s,
            "intended_use": intended_use,
            "model_hash": model_hash,
            "bundle_id": bundle_id,
            "versions": versions(),
            **json.loads(json.dumps(dict(self._settings.about))),
        }
        self._kept = Kept(self.folder, self._settings)
        self._accounts = Accounts(())
        self._file: JournalFile | None = None
        self._scribe: Scribe | None = None
        self._closed = False
        self._reserve = Reserve(
            self.folder / "reserve.tmp", lambda: self._settings.tell(disk_full(self.folder))
        )
        self._order = threading.Lock()  # numbers, accounts and the audit trail in one order
        self._audit_head = ""
        self._conclusion: dict[str, Any] = {}
        self.copying: threading.Thread | None = None

    @property
    def state(self) -> JournalState:
        """How it stands with the disk."""
        return self._scribe.state if self._scribe else JournalState()

    def account(self, stream_id: str) -> dict[str, Any]:
        """Give the account of a stream so far: what was taken, not what was refused."""
        with self._order:
            return self._accounts[stream_id].as_dict()

    def start(self, streams: Sequence[StreamInfo], start_ns: int) -> None:
        """Make the folder; learn which streams will come and which host time counts as zero."""
        self._accounts = Accounts(streams)
        require_room(self.folder, streams, self._settings)
        if self._header["wall_start_s"] is None:
            self._header["wall_start_s"] = time.time()
        self._header["start_ns"] = int(start_ns)
        self._header["infos"] = [info_message(info) for info in streams]
        try:
            self.folder.mkdir(parents=True)
            self._header["device"] = self._kept.device(self._header["device"])
            write_json(self.folder / "session.json", self._header | {"closed": False})
            self._reserve.take(self._settings.reserve_bytes)
            self._file = new_file(self.folder, self._settings, self._reserve.free)
            self._begin(self._file, streams)
            self.flush()
            sync_folder(self.folder)
        except FileExistsError as error:
            raise taken(self.folder) from error
        except OSError as error:
            raise unwritable(self.folder, error) from error

    def _begin(self, file: JournalFile, streams: Sequence[StreamInfo]) -> None:
        """Write the part that everything else needs; it stands alone and reaches the disk first."""
        builder = builder_for(streams)
        file.put(builder.begin())
        self._scribe = Scribe(file, builder, self.folder, self._settings)
        self._scribe.start()
        self._put("session", self._header, self._header["start_ns"])
        self._audit_head = digest_of(self._header)
        self.audit("recorder", "started", new=self._header["participant"])

    def chunk(self, chunk: SignalChunk, received_ns: int) -> None:
        """Take a chunk of raw samples and when it was received."""
        self._accounts.require(chunk.info.id)
        topic, message = stream_topic(chunk.info.id), chunk_message(chunk, received_ns)
        self._put(topic, message, received_ns, chunk)

    def raw(self, stream_id: str, data: bytes, received_ns: int) -> None:
        """Take the bytes that a device sent, as they came; opaque."""
        self._accounts.require(stream_id)
        message = {"received_ns": int(received_ns), "bytes": base64.b64encode(data).decode()}
        self._put(f"raw/{stream_id}", message, received_ns)

    def watermark(self, time_ns: int) -> None:
        """Take the decision that windows up to this time are closed."""
        self._put("watermarks", {"time_ns": int(time_ns)}, time_ns)

    def outcome(self, outcome: Outcome) -> None:
        """Take an estimate or an abstention."""
        self._put("estimates", outcome_message(outcome), outcome.end_ns)

    def event(self, event: Event) -> None:
        """Take a marker, a gap, a piece of a clock, a device's state, or what came too late."""
        topic, time_ns, message = event_message(self._kept.event(event))
        self._put(topic, message, time_ns, event)

    def tell(self, topic: str, message: Mapping[str, Any], time_ns: int) -> None:
        """Take something about the sitting.

        Parameters
        ----------
        topic : {"quality", "forms", "protocol"}
            A verdict on a stretch of a stream; what was answered, and every change of an answer; a
            phase that began or ended.
        message : mapping
            JSON; what each holds stands in `messages.SCHEMAS`.
        time_ns : int
            Host time.
        """
        if topic not in _TOLD:
            msg = f"expected one of {', '.join(_TOLD)}, got {topic!r}"
            raise ValueError(msg)
        self._put(topic, {"time_ns": int(time_ns), **message}, time_ns)

    def audit(
        self, who: str, what: str, *, old: object = None, new: object = None, reason: str = ""
    ) -> None:
        """Take who did what to what; each entry carries the hash of the one before.

        Parameters
        ----------
        who : str
            A role or a code, never a name.
        what : str
            Such as ``marker moved``.
        old, new : JSON
            What it was and is.
        reason : str
            As given.
        """
        facts = {"who": who, "what": what, "old": old, "new": new, "reason": reason}
        self._chain({"time_ns": time.monotonic_ns(), "wall_s": time.time(), **facts})

    def copy(
        self,
        topic: str,
        message: Mapping[str, Any],
        time_ns: int,
        thing: SignalChunk | Watermark | Event | None = None,
    ) -> None:
        """Take a message of another journal as it is; an audit entry keeps its hash as ``was``."""
        if topic == "audit":
            self._chain({**message, "was": digest_of(message)})
        else:
            self._put(topic, message, time_ns, thing)

    def flush(self) -> None:
        """Wait until everything taken so far is on the disk.

        Raises
        ------
        RecordingError
            The disk refuses, or doesn't answer.
        """
        self._writing().flush()

    def agree(self, consent: Mapping[str, Any], intended_use: str) -> None:
        """Say what holds in the end: ``agreed`` in ``session.json``, beside the header.

        Parameters
        ----------
        consent : mapping
            What the participant agrees to.
        intended_use : str
            What it is for.
        """
        self._conclusion = {"agreed": {"consent": dict(consent), "intended_use": intended_use}}

    def close(self) -> None:
        """Finish the journal; it takes nothing more, and closing it again does nothing."""
        scribe, file = self._scribe, self._file
        if self._closed or file is None or scribe is None:
            self.abandon()
            return
        self.audit("recorder", "closed")
        self._closed = True
        try:
            scribe.close()
            ending = {"closed": True, **file.hashes, "n_messages": scribe.n_taken}
            ending |= {"audit_head": self._audit_head, **self._accounts.ending()}
            ending |= self._conclusion
            write_json(self.folder / "session.json", self._header | ending)
        except OSError as error:
            raise unwritable(self.folder, error) from error
        finally:
            self._reserve.drop()
        # not a daemon: the interpreter waits for it
        self.copying = threading.Thread(target=write_copy, args=(self.folder,), name="copy")
        self.copying.start()
        self.copying.join(self._settings.copy_patience_s)

    def abandon(self) -> None:
        """Let go of everything without closing the journal; what is on the disk stays."""
        if self._closed or self._file is None:
            return
        self._closed = True
        # without a scribe, the start went wrong
        (self._scribe.abandon if self._scribe else self._file.close)()

    def _chain(self, entry: dict[str, Any]) -> None:
        with self._order:
            chained = entry_after(self._audit_head, entry)
            if self._hand_over("audit", chained, chained["time_ns"]):
                self._audit_head = digest_of(chained)

    def _put(
        self,
        topic: str,
        message: Mapping[str, Any],
        time_ns: int,
        thing: SignalChunk | Watermark | Event | None = None,
    ) -> None:
        with self._order:
            if self._hand_over(topic, message, time_ns):
                self._accounts.take(thing)

    def _hand_over(self, topic: str, message: Mapping[str, Any], time_ns: int) -> bool:
        return self._writing().put(topic, time_ns, payload_of(topic, message))

    def _writing(self) -> Scribe:
        if self._scribe is None or self._closed:
            raise ValueError("expected a journal between start and close")
        return self._scribe
