"""Erase a session and, where asked for, its exports; and nothing else."""

import shutil
from os import PathLike
from pathlib import Path

from wearaffect.core.errors import RecordingError, RecordingFormatError, RecordingNotFoundError
from wearaffect.recording.sealed import SEALED
from wearaffect.recording.storage import being_written

__all__ = ["erase", "erase_exports", "exports_of"]

_OURS = (
    "session.mcap",
    SEALED,
    "session.json",
    "session.tmp",
    "reserve.tmp",
    # what the console adds
    "enrolment.json",
    "report.html",
)
# where the console puts exports, beside the sessions
_EXPORTS = "exports"
_COPY = ("streams", "streams.part")


def erase(folder: str | PathLike[str]) -> list[Path]:
    """Remove what a recorder wrote into a session folder, and the folder if it is empty then.

    The names are removed, not the blocks of the disk: on a disk that isn't encrypted, tools for
    forensics may find them until they are used again.

    Parameters
    ----------
    folder : path
        A session folder; nothing is followed out of it.

    Returns
    -------
    list of pathlib.Path
        What others put there, and was left.

    Raises
    ------
    RecordingNotFoundError, RecordingFormatError
        It isn't a session folder.
    RecordingError
        It is being recorded right now.
    """
    place = Path(folder)
    if not place.exists():
        raise RecordingNotFoundError(place, "nothing there", remedy="check the path")
    if not any((place / name).is_file() for name in _OURS[:3]):
        raise RecordingFormatError(place, "not a session folder", expected="session.mcap in it")
    journals = [place / name for name in _OURS[:2]]
    if any(journal.exists() and being_written(journal) for journal in journals):
        raise RecordingError(place, "is being recorded right now", remedy="end that first")
    for name in _COPY:
        _remove_copy(place / name)
    for name in _OURS:
        (place / name).unlink(missing_ok=True)
    left = sorted(place.iterdir())
    if not left:
        place.rmdir()
    return left


def exports_of(folder: str | PathLike[str]) -> list[Path]:
    """Give the exports that the console made of a session, also those that it didn't finish.

    Parameters
    ----------
    folder : path
        The session's; nothing need be there any more.

    Returns
    -------
    list of pathlib.Path
        What lies in ``exports/<its name>`` beside it and was made there.
    """
    place = _exports(folder)
    if place.is_symlink() or place.parent.is_symlink() or not place.is_dir():
        return []
    return sorted(
        file
        for file in place.iterdir()
        if not file.is_symlink()
        and ((file.suffix == ".zip" and file.is_file()) or file.suffix == ".making")
    )


def erase_exports(folder: str | PathLike[str]) -> list[Path]:
    """Remove the exports that the console made of a session, and their folder if it is empty then.

    Parameters
    ----------
    folder : path
        The session's; nothing need be there any more.

    Returns
    -------
    list of pathlib.Path
        What was removed.
    """
    found = exports_of(folder)
    for file in found:
        if file.is_dir():
            shutil.rmtree(file)
        else:
            file.unlink()
    place = _exports(folder)
    if found and not any(place.iterdir()):
        place.rmdir()
    return found


def _exports(folder: str | PathLike[str]) -> Path:
    place = Path(folder).resolve()
    return place.parent / _EXPORTS / place.name


def _remove_copy(copy: Path) -> None:
    if copy.is_symlink() or not copy.is_dir():
        return
    for pattern in ("*.parquet", "copy.json", "copy.tmp"):
        for file in copy.glob(pattern):
            file.unlink()
    if not any(copy.iterdir()):
        copy.rmdir()
