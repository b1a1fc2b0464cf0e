"""From a recording that was cut off or damaged to a closed one, beside it."""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from wearaffect.core.errors import RecordingError, RecordingFormatError
from wearaffect.core.streams import Gap, SignalChunk
from wearaffect.recording.decoding import Decoded, Decoder
from wearaffect.recording.header import Twin
from wearaffect.recording.journal import JournalSettings, JournalWriter
from wearaffect.recording.segments import gaps_between
from wearaffect.recording.storage import being_written

__all__ = ["Recovered", "recover", "unclosed_sessions"]


@dataclass(frozen=True, slots=True)
class Recovered:
    """What `recover` made.

    Attributes
    ----------
    folder : pathlib.Path
        The new, closed session.
    n_messages : int
        Messages that were whole, and are in it.
    lost : tuple of str
        What couldn't be read, each a sentence.
    """

    folder: Path
    n_messages: int
    lost: tuple[str, ...]


def recover(folder: str | PathLike[str], out: str | PathLike[str]) -> Recovered:
    """Write everything that is whole into a new session, and close that.

    Where a part of the journal is lost, each stream has a gap that says so. The original isn't
    touched.

    Parameters
    ----------
    folder : path
        A session folder.
    out : path
        The new session folder; must not exist.

    Returns
    -------
    Recovered
        What came of it.

    Raises
    ------
    RecordingNotFoundError, RecordingFormatError, CorruptRecordingError
        It isn't a session, or nothing of it is left.
    RecordingExistsError
        Something is at `out`.
    RecordingError
        It is being recorded right now, or the disk refuses.
    """
    place = Path(folder)
    decoder = Decoder(place)
    if being_written(place / "session.mcap"):
        raise RecordingError(
            place, "is being recorded right now", remedy="end that first; nothing is lost by then"
        )
    items = decoder.decoded()
    first = next(items, None)
    with (place / "session.mcap").open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    writer = _writer(place, Path(out), decoder.header, sha256)
    writer.start(tuple(decoder.infos.values()), decoder.header["start_ns"])
    try:
        last: dict[str, SignalChunk] = {}
        for item in _all(first, items):
            _copy(writer, item, last)
        writer.audit("recover", "recovered", old={"sha256": sha256}, new={"lost": decoder.problems})
        writer.close()
    except BaseException:
        # a half of a copy would be taken for a recording
        writer.abandon()
        shutil.rmtree(writer.folder, ignore_errors=True)
        raise
    return Recovered(writer.folder, decoder.n_messages, tuple(decoder.problems))


def _writer(place: Path, out: Path, header: dict[str, Any], sha256: str) -> JournalWriter:
    own = {"closed", "sha256", "n_messages", "audit_head", "ok", "problems", "streams"}
    about = {name: value for name, value in header.items() if name not in own}
    try:
        return JournalWriter(
            out,
            participant=str(header["participant"]),
            # as it was kept: a recovered session says what the old one says
            settings=JournalSettings(about=about | {"recovered_from": sha256}, keep_addresses=True),
        )
    except ValueError as error:
        raise RecordingFormatError(place, str(error), part="session.mcap") from error


def _all(first: Decoded | None, rest: Iterator[Decoded]) -> Iterator[Decoded]:
    if first is not None:
        yield first
    yield from rest


def _copy(writer: JournalWriter, item: Decoded, last: dict[str, SignalChunk]) -> None:
    entry, thing = item.entry, item.thing
    if entry.topic == "session" or not item.understood:
        return
    if isinstance(thing, SignalChunk) and len(thing):
        before = last.get(thing.info.id)
        if item.torn and before is not None:
            writer.event(_gap(before, thing))
        last[thing.info.id] = thing
    writer.copy(entry.topic, entry.message, entry.time_ns, thing)


def _gap(before: SignalChunk, after: SignalChunk) -> Gap:
    (gap,) = gaps_between([[before], [after]], {id(after)})
    declared = after.n_lost + after.n_damaged  # the chunk itself goes on declaring these
    n_lost = None if gap.n_lost is None else max(0, gap.n_lost - declared)
    return Gap(gap.stream_id, gap.start_ns, gap.end_ns, n_lost, gap.reason)


def unclosed_sessions(root: str | PathLike[str]) -> list[Path]:
    """Find sessions that ended without being closed, to offer their recovery.

    Parameters
    ----------
    root : path
        Searched with all folders in it; needn't exist.

    Returns
    -------
    list of pathlib.Path
        Session folders, sorted; those that are being recorded right now aren't among them.
    """
    return [
        file.parent
        for file in sorted(Path(root).rglob("session.mcap"))
        if not Twin(file.parent).closed and not being_written(file)
    ]
