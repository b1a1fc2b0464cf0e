"""The one door to recordings of any format."""

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path

from wearaffect.core.errors import RecordingFormatError, RecordingNotFoundError
from wearaffect.recording.archive import has_members, read_file
from wearaffect.recording.e4 import E4_FILES, read_e4
from wearaffect.recording.formats.declared import declares, read_declared, sidecar_of
from wearaffect.recording.formats.edf import read_edf
from wearaffect.recording.formats.edf_header import is_edf
from wearaffect.recording.formats.embrace_plus import (
    AVRO_FILES,
    is_avro,
    read_embrace_plus,
    read_embrace_plus_files,
)
from wearaffect.recording.formats.emotibit import is_emotibit, read_emotibit
from wearaffect.recording.formats.mind_monitor import is_mind_monitor, read_mind_monitor
from wearaffect.recording.formats.open_signals import is_open_signals, read_open_signals
from wearaffect.recording.formats.shimmer import is_shimmer, read_shimmer
from wearaffect.recording.formats.simple_text import is_simple_text, read_simple_text
from wearaffect.recording.formats.xdf import read_xdf
from wearaffect.recording.formats.xdf_chunks import MAGIC as XDF_MAGIC
from wearaffect.recording.journal_reader import read_journal
from wearaffect.recording.session import Session

__all__ = ["open_session"]

_ZIP_BEGINS = (b"PK\x03\x04", b"PK\x05\x06")
_OURS = ("session.mcap", "session.json")
_HEAD_BYTES = 65_536
_HEAD_LINES = 40
_ACCEPTED = (
    "a session folder (session.mcap); an Empatica E4 export or EmbracePlus Avro (zip, folder or "
    "file); EmotiBit, Shimmer Consensys or Mind Monitor CSV; OpenSignals text; XDF; EDF or EDF+; "
    "or a table with a .json sidecar that names its columns, units and rate"
)

_TEXTS: tuple[
    tuple[Callable[[Sequence[str]], bool], Callable[[str | PathLike[str], bytes], Session]], ...
] = (
    (is_open_signals, read_open_signals),
    (is_simple_text, read_simple_text),
    (is_mind_monitor, read_mind_monitor),
    (is_shimmer, read_shimmer),
    (is_emotibit, read_emotibit),
)


def open_session(path: str | PathLike[str]) -> Session:
    """Open a recording.

    Parameters
    ----------
    path : path
        A session folder; an Empatica E4 export (zip or folder) or EmbracePlus Avro (file, zip or
        folder); a raw EmotiBit file; a CSV of Shimmer Consensys or Mind Monitor; a text file of
        OpenSignals; XDF; EDF, EDF+C or EDF+D; or any table of numbers with a JSON sidecar, as
        `read_declared` describes it. Single files may be gzipped. What a file is, is told by its
        content; a sidecar stands above that.

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
    CorruptRecordingError, SamplingRateError, UnitError, UnsafeArchiveError, MissingExtraError
        As the reader of the format says.
    """
    place = Path(path)
    if not place.exists():
        raise RecordingNotFoundError(path, "nothing there", remedy="check the path")
    if place.is_dir():
        if any((place / name).exists() for name in _OURS):
            return read_journal(path)
        return _export(path)
    if not place.is_file():
        raise _unknown(path, "neither a file nor a folder")
    with place.open("rb") as file:
        begins = file.read(4)
    if begins in _ZIP_BEGINS or place.suffix.lower() == ".zip":
        return _export(path)
    return _file(path, read_file(path))


def _export(path: str | PathLike[str]) -> Session:
    """Read a zip or folder of files that belong together."""
    return read_embrace_plus(path) if has_members(path, AVRO_FILES) else read_e4(path)


def _file(path: str | PathLike[str], content: bytes) -> Session:
    sidecar = sidecar_of(path)
    if sidecar is not None and declares(sidecar):
        return read_declared(path, content, sidecar)
    if content.startswith(XDF_MAGIC):
        return read_xdf(path, content)
    if is_avro(content[:4]):
        return read_embrace_plus_files(path, {Path(path).name: content})
    if is_edf(content[:8]):
        return read_edf(path, content)
    lines = _head(content)
    for fits, read in _TEXTS:
        if lines and fits(lines):
            return read(path, content)
    if sidecar is not None and lines:
        return read_declared(path, content, sidecar)
    raise _unknown(path, repr(lines[0][:60]) if lines else repr(content[:16]))


def _head(content: bytes) -> list[str]:
    """Give the first lines of a text, none of anything else."""
    head = content[:_HEAD_BYTES]
    if b"\0" in head:
        return []
    lines = head.decode("utf-8-sig", "replace").replace("\r\n", "\n").split("\n")
    return [line for line in lines[:_HEAD_LINES] if line.strip()]


def _unknown(path: str | PathLike[str], got: str) -> RecordingFormatError:
    one_of_e4 = E4_FILES.fullmatch(Path(path).name.removesuffix(".gz")) is not None
    remedy = "give the folder that holds it and its fellows" if one_of_e4 else "give one of these"
    return RecordingFormatError(path, "not a recording", expected=_ACCEPTED, got=got, remedy=remedy)
