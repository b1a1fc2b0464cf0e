"""The files of an export, from a folder or a zip, read into memory and never onto the disk."""

import gzip
import re
import stat
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from io import BytesIO
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import TypeVar

from wearaffect.core.errors import (
    CorruptRecordingError,
    RecordingError,
    RecordingFormatError,
    RecordingNotFoundError,
    UnsafeArchiveError,
)

__all__ = ["MAX_TOTAL_BYTES", "has_members", "inflate", "read_file", "read_members"]

# Engineering choices: a day of all E4 channels is 60 MiB, and real exports shrink about tenfold.
MAX_TOTAL_BYTES = 2**30
MAX_RATIO = 200
RATIO_MATTERS_BYTES = 50 * 2**20
_STEP_BYTES = 2**20
_GZIP = b"\x1f\x8b"

Source = tuple[str, Callable[[], bytes]]
Found = TypeVar("Found")


def read_members(path: str | PathLike[str], wanted: re.Pattern[str]) -> dict[str, bytes]:
    """Read the wanted files of a zip or folder, unpacked where they end in ``.gz``.

    Files lie at the top or together in one folder; hidden files and ``__MACOSX`` are passed over.

    Parameters
    ----------
    path : path
        Zip file or folder.
    wanted : re.Pattern
        Matches the name of a file without ``.gz``; its first group is the key of the result.

    Returns
    -------
    dict of str to bytes
        Content by key in upper case.

    Raises
    ------
    RecordingNotFoundError, RecordingFormatError, CorruptRecordingError, UnsafeArchiveError
        Nothing there; one file twice; damaged; an archive that leaves its folder or explodes.
    """
    return _with_sources(path, lambda sources: _collect(path, wanted, sources))


def has_members(path: str | PathLike[str], wanted: re.Pattern[str]) -> bool:
    """Whether a zip or folder has a file of such a name; raises as `read_members`."""
    return _with_sources(
        path, lambda sources: any(wanted.fullmatch(PurePosixPath(name).name) for name, _ in sources)
    )


def _with_sources(path: str | PathLike[str], use: Callable[[list[Source]], Found]) -> Found:
    place = Path(path)
    if not place.exists():
        raise RecordingNotFoundError(path, "nothing there", remedy="check the path")
    if place.is_dir():
        return use(_folder_members(place))
    try:
        with zipfile.ZipFile(place) as archive:
            return use(_zip_members(path, archive))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
        raise CorruptRecordingError(
            path,
            "not a whole zip",
            expected="a zip as exported",
            got=str(error),
            remedy="copy or download it again",
        ) from error


def read_file(path: str | PathLike[str]) -> bytes:
    """Read one file, unpacked where it is gzipped.

    Raises
    ------
    CorruptRecordingError, UnsafeArchiveError
        Damaged or cut short; far more content than a recording has.
    """
    place = Path(path)
    content = _read(path, "", partial(_read_file, place, place))
    return _gunzip(path, "", content) if content.startswith(_GZIP) else content


def inflate(path: str | PathLike[str], name: str, packed: bytes, allowed: int) -> bytes:
    """Unpack raw deflate, no further than allowed.

    Parameters
    ----------
    path, name : path, str
        Recording and part, for errors.
    packed : bytes
        As RFC 1951 has it, without header.
    allowed : int
        At most so many bytes.

    Raises
    ------
    CorruptRecordingError, UnsafeArchiveError
        Damaged; longer than allowed.
    """
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)

    def unpack() -> bytes:
        whole = unpacker.decompress(packed, allowed)
        if unpacker.unconsumed_tail:
            raise _unsafe(path, name, "a part that explodes", f"at most {allowed} bytes unpacked")
        if not unpacker.eof:
            msg = "it ends too early"
            raise EOFError(msg)
        return whole

    return _read(path, name, unpack)


def _collect(
    path: str | PathLike[str], wanted: re.Pattern[str], sources: list[Source]
) -> dict[str, bytes]:
    found: dict[str, Source] = {}
    for name, read in sources:
        match = wanted.fullmatch(PurePosixPath(name).name.removesuffix(".gz"))
        if match is None:
            continue
        key = match.group(1).upper()
        if key in found:
            raise RecordingFormatError(
                path,
                f"{key} is there more than once",
                expected="one recording",
                got=f"{found[key][0]} and {name}",
                remedy="keep one, or give the folder of one recording",
            )
        found[key] = (name, read)
    contents: dict[str, bytes] = {}
    for key, (name, read) in found.items():
        packed = _read(path, name, read)
        contents[key] = _gunzip(path, name, packed) if name.endswith(".gz") else packed
        _limit(path, name, sum(map(len, contents.values())))
    return contents


def _folder_members(folder: Path) -> list[Source]:
    inner = [entry for entry in sorted(folder.iterdir()) if not _hidden(entry.name)]
    files = [entry for entry in inner if entry.is_file()]
    if not any(entry.suffix in {".csv", ".gz", ".avro"} for entry in files):
        folders = (entry for entry in inner if entry.is_dir())
        files = [f for d in folders for f in sorted(d.iterdir()) if f.is_file()]
    return [
        (file.relative_to(folder).as_posix(), partial(_read_file, folder, file))
        for file in files
        if not _hidden(file.name)
    ]


def _read_file(folder: Path, file: Path) -> bytes:
    _limit(folder, file.name, file.stat().st_size)
    return file.read_bytes()


def _zip_members(path: str | PathLike[str], archive: zipfile.ZipFile) -> list[Source]:
    members = archive.infolist()
    _limit(path, "", sum(member.file_size for member in members))
    sources: list[Source] = []
    for member in members:
        name = member.filename.replace("\\", "/")
        parts = PurePosixPath(name).parts
        if name.startswith("/") or ".." in parts or (parts and ":" in parts[0]):
            raise _unsafe(path, name, "a member outside the archive", "names inside it")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise _unsafe(path, name, "a symbolic link", "plain files")
        if _explodes(member.file_size, member.compress_size):
            raise _unsafe(path, name, "a member that explodes", f"a ratio up to {MAX_RATIO}")
        if len(parts) > 2 or member.is_dir() or any(_hidden(part) for part in parts):
            continue
        sources.append((name, partial(archive.read, member)))
    return sources


def _read(path: str | PathLike[str], name: str, read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise CorruptRecordingError(
            path, "damaged", part=name, got=str(error), remedy="copy or download it again"
        ) from error
    except (RuntimeError, NotImplementedError) as error:
        raise RecordingFormatError(
            path,
            "a member this reader can't open",
            part=name,
            got=str(error),
            remedy="unpack the zip and give the folder",
        ) from error


def _gunzip(path: str | PathLike[str], name: str, packed: bytes) -> bytes:
    def unpack() -> bytes:
        whole = bytearray()
        with gzip.GzipFile(fileobj=BytesIO(packed)) as stream:
            while step := stream.read(_STEP_BYTES):
                whole += step
                _limit(path, name, len(whole))
                if _explodes(len(whole), len(packed)):
                    raise _unsafe(path, name, "a file that explodes", f"a ratio up to {MAX_RATIO}")
        return bytes(whole)

    return _read(path, name, unpack)


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _explodes(size: int, packed_size: int) -> bool:
    return size > RATIO_MATTERS_BYTES and size > MAX_RATIO * packed_size


def _limit(path: str | PathLike[str], name: str, size: int) -> None:
    if size > MAX_TOTAL_BYTES:
        raise _unsafe(path, name, f"{size} bytes unpacked", f"at most {MAX_TOTAL_BYTES}")


def _unsafe(path: str | PathLike[str], name: str, what: str, expected: str) -> RecordingError:
    return UnsafeArchiveError(
        path, what, part=name, expected=expected, remedy="nothing was read; ask where it came from"
    )
