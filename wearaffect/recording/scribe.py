"""The thread that writes the journal: whoever records hands over bytes and never waits for a disk.

Once every ``sync_s`` all that came is compressed into parts, written and synced. The queue between
is bounded; when the disk refuses, the alarm is raised, and what comes after is only counted.
"""

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from wearaffect.core.errors import RecordingError
from wearaffect.recording.keeping import JournalSettings, unwritable
from wearaffect.recording.parts import PartBuilder
from wearaffect.recording.storage import JournalFile

__all__ = ["JournalState", "Scribe"]

_PART_BYTES = 65_536  # before compression: what a damaged spot may cost (engineering choice)
_Waiting = list[tuple[str, int, bytes, int]]


@dataclass(frozen=True, slots=True)
class JournalState:
    """How a journal stands with its disk.

    Attributes
    ----------
    n_kept : int
        Messages that are on the disk for certain.
    n_unkept : int
        Messages that aren't, or not yet.
    behind_s : float
        How far the disk is behind what came, seconds; it warns long before something is lost.
    trouble : RecordingError or None
        What ended the journal before its time.
    """

    n_kept: int = 0
    n_unkept: int = 0
    behind_s: float = 0.0
    trouble: RecordingError | None = None


class Scribe:
    """Writes messages to a journal file from a thread of its own.

    Parameters
    ----------
    file : JournalFile
        Open and empty.
    builder : PartBuilder
        Knows schemas and topics; nobody else uses it from now on.
    folder : pathlib.Path
        What errors name.
    settings : JournalSettings
        How often, how much may wait, how long, who is told.
    """

    def __init__(
        self,
        file: JournalFile,
        builder: PartBuilder,
        folder: Path,
        settings: JournalSettings,
    ) -> None:
        self._file = file
        self._builder = builder
        self._folder = folder
        self._settings = settings
        self._changed = threading.Condition()
        self._waiting: _Waiting = []
        self._waiting_bytes = 0
        self._hurry = False
        self._ending = False
        self._abandoned = False
        self._kept_s = time.monotonic()
        self.n_taken = 0
        self.n_kept = 0
        self._n_refused = 0
        self.trouble: RecordingError | None = None
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    @property
    def state(self) -> JournalState:
        """How it stands with the disk."""
        with self._changed:
            waiting = self.n_taken - self.n_kept
            behind_s = time.monotonic() - self._kept_s if waiting else 0.0
            return JournalState(self.n_kept, waiting + self._n_refused, behind_s, self.trouble)

    def put(self, topic: str, time_ns: int, payload: bytes) -> bool:
        """Hand over a message; False: the journal has ended in trouble, and it is only counted."""
        with self._changed:
            if self._waiting_bytes + len(payload) > self._settings.waiting_bytes:
                self._wait_for_room(len(payload))
            if self.trouble is not None:
                self._n_refused += 1
                return False
            self._waiting.append((topic, time_ns, payload, self.n_taken))
            self.n_taken += 1
            self._waiting_bytes += len(payload)
            if self._waiting_bytes >= 4 * _PART_BYTES:
                self._changed.notify_all()
            return True

    def flush(self) -> None:
        """Wait until everything taken so far is on the disk.

        Raises
        ------
        RecordingError
            The disk refuses, or doesn't answer.
        """
        with self._changed:
            goal = self.n_taken
            self._hurry = True
            self._changed.notify_all()
            done = self._changed.wait_for(
                lambda: self.n_kept >= goal or self.trouble is not None, self._settings.patience_s
            )
            if self.trouble is not None:
                raise self.trouble
            if not done:
                raise self._hung()

    def close(self) -> None:
        """Write what waits and the ending, and let go of the file.

        Raises
        ------
        RecordingError
            The disk refuses or refused, or doesn't answer.
        """
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        self._thread.join(self._settings.patience_s)
        if self.trouble is not None:
            raise self.trouble
        if self._thread.is_alive():
            raise self._hung()

    def abandon(self) -> None:
        """End without an ending."""
        with self._changed:
            self._abandoned = self._ending = True
            self._changed.notify_all()
        self._thread.join(self._settings.patience_s)

    def _wait_for_room(self, size: int) -> None:
        def there() -> bool:
            return (
                self._waiting_bytes + size <= self._settings.waiting_bytes
                or self.trouble is not None
            )

        self._changed.notify_all()
        if not self._changed.wait_for(there, self._settings.patience_s):
            self._stop(self._hung())

    def _work(self) -> None:
        try:
            while not self._turn():
                pass
            if self.trouble is None and not self._abandoned:
                self._file.put(self._builder.end(), last=True)
                self._file.sync()
        except OSError as error:
            self._stop(unwritable(self._folder, error))
        finally:
            self._file.close()

    def _turn(self) -> bool:
        """Put on the disk what has come; True: it was the last time."""
        with self._changed:
            self._changed.wait_for(self._called, self._settings.sync_s)
            self._hurry = False
            ending = self._ending
            taken, self._waiting = self._waiting, []
            n_bytes = self._waiting_bytes
        if self.trouble is not None:
            return True
        begun_s = time.monotonic()
        for message in taken:
            self._builder.message(*message)
            if self._builder.size >= _PART_BYTES:
                self._file.put(self._builder.part())
        if taken:
            self._file.put(self._builder.part())
            self._file.sync()
        with self._changed:
            self.n_kept += len(taken)
            self._waiting_bytes -= n_bytes  # not before: what is being written waits, too
            self._kept_s = begun_s
            self._changed.notify_all()
        return ending

    def _called(self) -> bool:
        full = self._waiting_bytes >= 4 * _PART_BYTES
        return self._hurry or self._ending or full or self.trouble is not None

    def _stop(self, trouble: RecordingError) -> None:
        with self._changed:
            if self.trouble is not None:
                return
            self.trouble = trouble
            self._waiting.clear()
            self._changed.notify_all()
        self._settings.tell(trouble)

    def _hung(self) -> RecordingError:
        return RecordingError(
            self._folder,
            "the disk doesn't answer",
            part="session.mcap",
            expected=f"an answer within {self._settings.patience_s:g} s",
            remedy="check the disk; what was put on it before is kept",
        )
