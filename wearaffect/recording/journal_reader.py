"""Reading a session folder: every CRC is checked, and whatever is whole is kept."""

from os import PathLike
from pathlib import Path
from typing import Any

from wearaffect.recording.analysis_copy import read_copy
from wearaffect.recording.decoding import session_of
from wearaffect.recording.scan import MAX_RECORD_BYTES, Scan, bytes_of
from wearaffect.recording.session import Session

__all__ = ["MAX_RECORD_BYTES", "read_journal", "read_topic"]


def read_journal(folder: str | PathLike[str]) -> Session:
    """Read a session folder, also one that was cut off or damaged.

    Samples come from the copy for analysis where the journal is the one that it was made from, byte
    for byte, and the copy is whole; the journal's messages are then read when `arrivals` is used.

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
    place = Path(folder)
    session = read_copy(place)
    return session_of(place) if session is None else session


def read_topic(folder: str | PathLike[str], topic: str) -> list[dict[str, Any]]:
    """Give the messages of one topic as they were written, e.g. ``estimates`` or ``clock``."""
    scan = Scan(bytes_of(Path(folder)), topic)
    return [entry.message for entry in scan.messages()]
