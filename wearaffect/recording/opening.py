"""The one door to recordings of any format."""

from os import PathLike
from pathlib import Path

from wearaffect.core.errors import RecordingFormatError, RecordingNotFoundError
from wearaffect.recording.e4 import read_e4
from wearaffect.recording.journal_reader import read_journal
from wearaffect.recording.session import Session

__all__ = ["open_session"]

_ZIP_BEGINS = (b"PK\x03\x04", b"PK\x05\x06")


def open_session(path: str | PathLike[str]) -> Session:
    """Open a recording.

    Parameters
    ----------
    path : path
        A session folder (``session.mcap``), or an Empatica E4 export as zip or folder.

    Returns
    -------
    Session
        Whatever the format, the same object.

    Raises
    ------
    RecordingNotFoundError
        Nothing is at the path.
    RecordingFormatError
        It is something else.
    CorruptRecordingError, SamplingRateError, UnsafeArchiveError
        As the reader of the format says.
    """
    place = Path(path)
    if not place.exists():
        raise RecordingNotFoundError(path, "nothing there", remedy="check the path")
    if place.is_dir():
        ours = any((place / name).exists() for name in ("session.mcap", "session.json"))
        return read_journal(path) if ours else read_e4(path)
    if place.is_file():
        with place.open("rb") as file:
            begins = file.read(4)
        if begins in _ZIP_BEGINS or place.suffix.lower() == ".zip":
            return read_e4(path)
    raise RecordingFormatError(
        path,
        "not a recording",
        expected="a session folder (session.mcap), or an Empatica E4 export (zip or folder)",
        remedy="give one of these",
    )
