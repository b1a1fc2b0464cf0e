"""Where the bytes of a journal go: whole parts or nothing, and a reserve for a full disk."""

import contextlib
import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from wearaffect.core.errors import RecordingError
from wearaffect.recording.sealed import Sealer

__all__ = ["DiskFile", "JournalFile", "Reserve", "Storage", "being_written"]


class Storage(Protocol):
    """A file that only grows; what `sync` has returned for survives a power cut."""

    def write(self, data: memoryview) -> int:
        """Write at the end; give how many bytes were taken."""
        ...

    def truncate(self, size: int) -> None:
        """Forget what lies behind `size` bytes."""
        ...

    def sync(self) -> None:
        """Put everything on the disk."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class DiskFile:
    """A new file, locked as long as it is written.

    Raises
    ------
    FileExistsError
        It is there already.
    """

    def __init__(self, file: Path) -> None:
        self._file = file.open("xb", buffering=0)
        _lock(self._file.fileno())

    def write(self, data: memoryview) -> int:
        """Write at the end."""
        return self._file.write(data) or 0

    def truncate(self, size: int) -> None:
        """Forget what lies behind `size` bytes."""
        self._file.truncate(size)
        self._file.seek(size)

    def sync(self) -> None:
        """Put everything on the disk."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of it, and of its lock."""
        self._file.close()


class JournalFile:
    """A storage that holds whole parts only.

    Parameters
    ----------
    storage : Storage
        Empty.
    free_reserve : callable
        Makes room on a full disk, once; True where it did.
    sealer : Sealer or None
        Makes of each part what is stored.
    """

    def __init__(
        self, storage: Storage, free_reserve: Callable[[], bool], sealer: Sealer | None = None
    ) -> None:
        self._storage = storage
        self._free_reserve = free_reserve
        self._sealer = sealer
        self._sha256, self._stored_sha256 = hashlib.sha256(), hashlib.sha256()
        self.size = 0

    @property
    def hashes(self) -> dict[str, str]:
        """SHA-256 of everything that was put and, where that is something else, of the file."""
        sealed = {"sealed_sha256": self._stored_sha256.hexdigest()} if self._sealer else {}
        return {"sha256": self._sha256.hexdigest()} | sealed

    def put(self, content: bytes, *, last: bool = False) -> None:
        """Write a part.

        Raises
        ------
        OSError
            The disk refuses, and there was no reserve to free; nothing of the part stays.
        """
        part = self._sealer.seal(content, last=last) if self._sealer else content
        try:
            self._write(part)
        except OSError as error:
            self._undo()
            if error.errno != errno.ENOSPC or not self._free_reserve():
                raise
            try:
                self._write(part)
            except OSError:
                self._undo()
                raise
        self.size += len(part)
        self._sha256.update(content)
        self._stored_sha256.update(part)

    def _write(self, part: bytes) -> None:
        rest = memoryview(part)
        while rest:
            taken = self._storage.write(rest)
            if taken <= 0:
                raise OSError(errno.EIO, "the disk takes nothing")
            rest = rest[taken:]

    def _undo(self) -> None:
        with contextlib.suppress(OSError):  # the reader skips a torn part
            self._storage.truncate(self.size)

    def sync(self) -> None:
        """Put everything on the disk."""
        self._storage.sync()

    def close(self) -> None:
        """Let go of the file."""
        self._storage.close()


class Reserve:
    """Room on the disk that is given back when the disk is full.

    Parameters
    ----------
    file : pathlib.Path
        What holds it; must not exist.
    told : callable
        Called when it is given back.
    """

    def __init__(self, file: Path, told: Callable[[], None]) -> None:
        self._file = file
        self._told = told

    def take(self, size: int) -> None:
        """Take it; a size of 0 is none.

        Raises
        ------
        OSError
            There isn't as much.
        """
        if not size:
            return
        with self._file.open("xb") as reserve:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(reserve.fileno(), 0, size)
            else:
                reserve.write(bytes(size))

    def free(self) -> bool:
        """Give it back; False: it has been already."""
        try:
            self._file.unlink()
        except FileNotFoundError:
            return False
        self._told()
        return True

    def drop(self) -> None:
        """Give it back unused."""
        self._file.unlink(missing_ok=True)


def _lock(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: who writes a file has it open, and no one else can remove it
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # a file system without locks is no reason not to record
        return error.errno not in {errno.EWOULDBLOCK, errno.EACCES}
    return True


def being_written(file: Path) -> bool:
    """Whether a recorder, in any process, has the journal open.

    Raises
    ------
    RecordingError
        The file can't be opened.
    """
    try:
        with file.open("rb") as stream:
            return not _lock(stream.fileno())
    except OSError as error:
        raise RecordingError(file, "can't be opened", got=str(error)) from error
