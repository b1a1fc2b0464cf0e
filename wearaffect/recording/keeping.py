"""How a journal is kept: how often, how much room, who is told."""

import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from wearaffect.core.errors import RecordingError, RecordingExistsError
from wearaffect.core.events import DeviceNote, Event
from wearaffect.core.streams import Gap, StreamInfo
from wearaffect.recording.pseudonyms import Pseudonyms
from wearaffect.recording.sealed import SEALED, Sealer
from wearaffect.recording.storage import DiskFile, JournalFile, Storage

__all__ = [
    "JournalSettings",
    "Kept",
    "disk_full",
    "new_file",
    "planned_bytes",
    "require_room",
    "taken",
    "unwritable",
]

_LOG = logging.getLogger(__name__)


Alarm = Callable[[RecordingError], None]


def _silent(trouble: RecordingError) -> None:
    """The log has told it already."""


@dataclass(frozen=True)
class JournalSettings:
    """How a journal is kept.

    Attributes
    ----------
    sync_s : float
        How often all that came is put on the disk: half of the second that may be lost.
    planned_s : float or None
        How long it will be; `start` refuses where the disk hasn't room for twice as much.
    reserve_bytes : int
        Taken at the start and given back when the disk is full (engineering choice: at 2 kB/s half
        an hour).
    waiting_bytes : int
        How much may wait for the disk (engineering choice: hours of a wristband).
    patience_s : float
        How long a full queue, `flush` and `close` wait for a disk that doesn't answer.
    copy_patience_s : float
        How long `close` waits for the copy for analysis, which goes on by itself after that.
    opener : callable
        Opens the new journal; raises FileExistsError where there is one.
    alarm : callable
        Told of a full disk and of what ends the journal, as a `RecordingError`, from the writer's
        thread.
    seal_to : bytes or None
        Public X25519 key of who may read it, 32 bytes: then ``session.sealed`` is written, not
        ``session.mcap``, and no copy for analysis; ``session.json`` stays readable.
    about : mapping
        What else the header says: protocol, consent, retention and so on; JSON.
    keep_addresses : bool
        Keep names, serial numbers and addresses of devices as they are. Else a pseudonym stands for
        each, by the site's key beside the session folder.
    """

    sync_s: float = 0.5
    planned_s: float | None = None
    reserve_bytes: int = 4 * 2**20
    waiting_bytes: int = 64 * 2**20
    patience_s: float = 20.0
    copy_patience_s: float = 3.0
    opener: Callable[[Path], Storage] = DiskFile
    alarm: Alarm = _silent
    seal_to: bytes | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    keep_addresses: bool = False

    def __post_init__(self) -> None:
        if not 0.01 <= self.sync_s <= 5.0:
            msg = f"expected sync_s from 0.01 to 5 s, got {self.sync_s}"
            raise ValueError(msg)

    def tell(self, trouble: RecordingError) -> None:
        """Raise the alarm, in the log and with whoever listens."""
        _LOG.error("%s", trouble)
        try:
            self.alarm(trouble)
        except Exception:  # noqa: BLE001 - whoever listens doesn't end a recording
            _LOG.exception("the alarm failed")


class Kept:
    """What a journal keeps of devices.

    Parameters
    ----------
    folder : pathlib.Path
        The session's; the site's key is beside it.
    settings : JournalSettings
        Whether addresses are kept.
    """

    def __init__(self, folder: Path, settings: JournalSettings) -> None:
        self._names = None if settings.keep_addresses else Pseudonyms(folder.parent, lasting=False)

    def device(self, text: str) -> str:
        """Give a device's name as it is kept."""
        return text if self._names is None else self._names.of_device(text)

    def event(self, event: Event) -> Event:
        """Give an event as it is kept."""
        if self._names is None:
            return event
        if isinstance(event, DeviceNote):
            return replace(event, facts=self._names.of_facts(event.facts))
        if isinstance(event, Gap):
            return replace(event, reason=self._names.without_addresses(event.reason))
        return event


def planned_bytes(streams: Sequence[StreamInfo], seconds: float) -> int:
    """Give about how large a journal will be.

    Parameters
    ----------
    streams : sequence of StreamInfo
        All of them.
    seconds : float
        Its length.

    Returns
    -------
    int
        8 bytes a value and 400 a stream and second: above what recordings take (engineering
        choice; measured are 4 to 6 bytes a value).
    """
    values = sum(len(info.channels) * (info.sampling_rate or 4.0) for info in streams)
    return int(seconds * (8 * values + 400 * len(streams)))


def require_room(folder: Path, streams: Sequence[StreamInfo], settings: JournalSettings) -> None:
    """Refuse to begin what the disk can't hold.

    Raises
    ------
    RecordingError
        There isn't room for twice what is planned, and the reserve.
    """
    planned = planned_bytes(streams, settings.planned_s or 0.0)
    needed = 2 * planned + settings.reserve_bytes
    there = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    disk = shutil.disk_usage(there)
    if disk.total and disk.free < needed:  # where a file system doesn't say, writing will tell
        raise RecordingError(
            folder,
            "not enough room on the disk to start",
            expected=f"{needed / 2**20:.1f} MiB",
            got=f"{disk.free / 2**20:.1f} MiB",
            remedy="free space, or record elsewhere",
        )


def new_file(
    folder: Path, settings: JournalSettings, free_reserve: Callable[[], bool]
) -> JournalFile:
    """Open the file of a new journal, sealed if it is to be.

    Raises
    ------
    FileExistsError
        It is there already.
    """
    sealer = Sealer(settings.seal_to) if settings.seal_to is not None else None
    storage = settings.opener(folder / (SEALED if sealer else "session.mcap"))
    return JournalFile(storage, free_reserve, sealer)


def disk_full(folder: Path) -> RecordingError:
    """Give the alarm of a disk that is full while the reserve lasts."""
    return RecordingError(
        folder,
        "the disk is full",
        got="the reserve is used now",
        remedy="free space at once; the recording goes on for some minutes",
    )


def unwritable(folder: Path, error: OSError) -> RecordingError:
    """Give the error of a disk that refuses."""
    return RecordingError(
        folder,
        "the journal can't be written",
        got=str(error),
        remedy="free space or check the disk; what came before is kept",
    )


def taken(folder: Path) -> RecordingExistsError:
    """Give the error of a place where something is."""
    return RecordingExistsError(
        folder,
        "something is there already",
        expected="a folder that doesn't exist yet",
        remedy="choose another; recordings are never overwritten",
    )
