"""The copy for analysis beside a closed journal: Parquet, rebuildable, used only where it fits."""

import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, overload

from wearaffect.core.errors import WearAffectError
from wearaffect.core.events import Event
from wearaffect.core.streams import SignalChunk, StreamInfo, Watermark
from wearaffect.recording.columns import holds, read_stream, write_columns
from wearaffect.recording.decoding import session_of, with_events
from wearaffect.recording.durable import write_json
from wearaffect.recording.event_messages import event_from, event_message
from wearaffect.recording.header import Twin
from wearaffect.recording.messages import info_from, info_message
from wearaffect.recording.sealed import SEALED
from wearaffect.recording.session import RecordedStream, Session

__all__ = ["copy_problems", "read_copy", "write_copy"]

_LOG = logging.getLogger(__name__)
_FOLDER, _INDEX = "streams", "copy.json"


def write_copy(folder: Path) -> bool:
    """Make ``streams/`` from the journal: one Parquet file a stream, and what it was made from.

    Parameters
    ----------
    folder : pathlib.Path
        A closed session; an older copy is replaced.

    Returns
    -------
    bool
        False: there is none now, for the reason that the log tells. The recording is complete
        without.
    """
    fresh = folder / f"{_FOLDER}.part"
    try:
        twin = Twin(folder)
        if (folder / SEALED).exists() or not twin.fits():
            return False
        shutil.rmtree(fresh, ignore_errors=True)
        session = session_of(folder)
        if not write_columns(session, fresh):
            return False
        write_json(fresh / _INDEX, _index(session, fresh, twin.content["sha256"]))
        shutil.rmtree(folder / _FOLDER, ignore_errors=True)
        fresh.rename(folder / _FOLDER)
    except (OSError, WearAffectError) as error:
        _LOG.warning("%s: no copy for analysis was made: %s", folder, error)
        shutil.rmtree(fresh, ignore_errors=True)
        return False
    return True


def _index(session: Session, folder: Path, sha256: str) -> dict[str, Any]:
    events: list[Event] = [*session.markers, *session.clock, *session.notes, *session.late]
    return {
        "journal_sha256": sha256,
        "files": {
            file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(folder.glob("*.parquet"))
        },
        "session": {
            "participant": session.participant,
            "device": session.device,
            "wall_start_s": session.wall_start_s,
            "start_ns": session.start_ns,
            "header": dict(session.header),
        },
        "infos": [info_message(stream.info) for stream in session.streams.values()],
        "events": [[topic, message] for topic, _, message in map(event_message, events)],
        "problems": list(session.problems),
    }


def read_copy(folder: Path) -> Session | None:
    """Read a session through its copy.

    Parameters
    ----------
    folder : pathlib.Path
        The session's.

    Returns
    -------
    Session or None
        None: there is no copy, it isn't whole, or the journal isn't the one it was made from.
    """
    place = folder / _FOLDER
    try:
        index = json.loads((place / _INDEX).read_bytes())
        twin = Twin(folder)
        if index["journal_sha256"] != twin.content.get("sha256") or not twin.fits():
            return None
        if index["problems"] or any(
            hashlib.sha256((place / name).read_bytes()).hexdigest() != sha256
            for name, sha256 in index["files"].items()
        ):
            return None
        return _session(folder, index)
    except (OSError, ImportError, KeyError, TypeError, ValueError, AttributeError):
        return None


def copy_problems(folder: Path) -> list[str]:
    """Say what is wrong with a session's copy; none is no problem, nor is it without pyarrow."""
    if not (folder / _FOLDER).is_dir() or find_spec("pyarrow") is None:
        return []
    if read_copy(folder) is not None:
        return []
    return [
        f"{_FOLDER}: the copy for analysis isn't whole, or isn't of this journal; the recording is "
        f"complete without: delete {_FOLDER}"
    ]


def _session(folder: Path, index: dict[str, Any]) -> Session | None:
    infos = {info.id: info for info in map(info_from, index["infos"])}
    if not all(holds(folder / _FOLDER / f"{name}.parquet", info) for name, info in infos.items()):
        return None
    said = index["session"]
    found = (event_from(topic, message, infos) for topic, message in index["events"])
    session = Session(
        path=str(folder),
        streams=_Streams(folder / _FOLDER, infos),
        participant=said["participant"],
        device=said["device"],
        wall_start_s=said["wall_start_s"],
        start_ns=said["start_ns"],
        arrivals=_Later(lambda: session_of(folder).arrivals or ()),
        header=said["header"],
    )
    return with_events(session, [event for event in found if event is not None])


class _Streams(Mapping[str, RecordedStream]):
    """Streams that are read when they are used."""

    def __init__(self, folder: Path, infos: Mapping[str, StreamInfo]) -> None:
        import pyarrow  # noqa: F401, ICN001 - missing, the journal must be read instead

        self._folder = folder
        self._infos = infos
        self._read: dict[str, RecordedStream] = {}

    def __getitem__(self, name: str) -> RecordedStream:
        if name not in self._read:
            file = self._folder / f"{name}.parquet"
            self._read[name] = read_stream(file, self._infos[name])
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def __len__(self) -> int:
        return len(self._infos)


class _Later(Sequence[SignalChunk | Watermark]):
    """A sequence that is made when it is used."""

    def __init__(self, make: Callable[[], Sequence[SignalChunk | Watermark]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Sequence[SignalChunk | Watermark]:
        return self._make()

    @overload
    def __getitem__(self, at: int) -> SignalChunk | Watermark: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[SignalChunk | Watermark]: ...

    def __getitem__(
        self, at: int | slice
    ) -> SignalChunk | Watermark | Sequence[SignalChunk | Watermark]:
        return self._made[at]

    def __iter__(self) -> Iterator[SignalChunk | Watermark]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)
