"""The folder of sessions: what is in it, by names that can't lead out of it."""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from wearaffect.clinic.console.problems import ConsoleError
from wearaffect.clinic.console.recorder import ENROLMENT
from wearaffect.core.errors import EnrolmentError
from wearaffect.recording.sealed import SEALED
from wearaffect.recording.storage import being_written
from wearaffect.signals.enrolment import Enrolment

__all__ = ["REPORT", "SessionFacts", "Shelf"]

REPORT = "report.html"
_EXPORTS = "exports"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What the list of recordings says of one."""

    name: str
    participant: str
    protocol: str
    started: str
    length_s: float | None
    bytes: int
    closed: bool
    recording: bool
    sealed: bool
    recovered_as: str
    has_report: bool
    has_enrolment: bool
    erase_on: str


class Shelf:
    """The sessions directly in one folder.

    Parameters
    ----------
    root : pathlib.Path
        Made if it isn't there.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root.resolve()

    def folder(self, name: str) -> Path:
        """Give a session's folder.

        Raises
        ------
        ConsoleError
            There is none of that name here.
        """
        folder = self.root / name
        # the pattern first: a name that may be anything is no path yet
        if not _is_name(name) or folder.is_symlink() or not _is_session(folder):
            raise ConsoleError(404, "no such session here", remedy="look at the list again")
        return folder

    def idle_folder(self, name: str) -> Path:
        """Give the folder of a session that isn't being recorded.

        Raises
        ------
        ConsoleError
            There is none, or a recorder has it open.
        """
        folder = self.folder(name)
        if _being_recorded(folder):
            raise ConsoleError(409, "the session is being recorded", remedy="close it first")
        return folder

    def new_folder(self, participant: str, now: datetime) -> Path:
        """Give the place of a new session: its participant and when it began, in UTC."""
        return self.root / f"{participant}_{now.astimezone(UTC):%Y%m%d-%H%M%S}"

    def exports(self, name: str) -> Path:
        """Give the folder that a session's exports go to."""
        return self.root / _EXPORTS / name

    def export(self, name: str, file: str) -> Path:
        """Give an export that was made.

        Raises
        ------
        ConsoleError
            There is none of that name.
        """
        place = self.exports(name) / file
        sound = _is_name(name) and _is_name(file) and file.endswith(".zip")
        if not sound or place.is_symlink() or not place.is_file():
            raise ConsoleError(404, "no such export here", remedy="export the session again")
        return place

    def facts(self) -> list[SessionFacts]:
        """Give all sessions, newest first; of each only its header is read."""
        folders = [f for f in self.root.iterdir() if _is_name(f.name) and not f.is_symlink()]
        found = [_facts(folder) for folder in folders if _is_session(folder)]
        return sorted(found, key=lambda one: (one.started, one.name), reverse=True)

    def codes(self) -> frozenset[str]:
        """Give the participants' codes in use."""
        return frozenset(one.participant for one in self.facts() if one.participant)

    def enrolment(self, name: str, participant: str) -> Enrolment:
        """Give the resting state that a session took.

        Raises
        ------
        ConsoleError
            There is no such session, or it is another person's.
        EnrolmentError
            It has none.
        """
        folder = self.folder(name)
        if _header(folder).get("participant") != participant:
            raise ConsoleError(409, "the resting state is another participant's", got=name)
        if not (folder / ENROLMENT).is_file():
            raise EnrolmentError("the session has no resting state", got=name)
        return Enrolment.load(folder / ENROLMENT)

    def account(self, name: str) -> Mapping[str, Any]:
        """Give what a session's header says of it."""
        return _header(self.folder(name))

    def unclosed(self) -> list[str]:
        """Name the sessions that ended without being closed and haven't been recovered yet."""
        return [
            one.name
            for one in self.facts()
            if not one.closed and not one.recording and not one.recovered_as
        ]


def _is_name(name: str) -> bool:
    return len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) is not None


def _is_session(folder: Path) -> bool:
    return any((folder / file).is_file() for file in ("session.json", "session.mcap", SEALED))


def _being_recorded(folder: Path) -> bool:
    journals = [folder / "session.mcap", folder / SEALED]
    return any(journal.exists() and being_written(journal) for journal in journals)


def _header(folder: Path) -> dict[str, Any]:
    try:
        header = json.loads((folder / "session.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return header if isinstance(header, dict) else {}


def _facts(folder: Path) -> SessionFacts:
    header = _header(folder)
    closed = header.get("closed") is True
    recovered = folder.with_name(f"{folder.name}-recovered")
    began = _began(header)
    return SessionFacts(
        name=folder.name,
        participant=_text(header.get("participant")),
        protocol=_text(_mapping(header.get("protocol")).get("name")),
        started=began.isoformat(timespec="seconds") if began else "",
        length_s=_length_s(header),
        bytes=sum(_sizes(folder)),
        closed=closed,
        recording=not closed and _being_recorded(folder),
        sealed=(folder / SEALED).exists(),
        recovered_as=recovered.name if _is_session(recovered) else "",
        has_report=(folder / REPORT).is_file(),
        has_enrolment=(folder / ENROLMENT).is_file(),
        erase_on=_erase_on(header, began),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _began(header: Mapping[str, Any]) -> datetime | None:
    start_s = header.get("wall_start_s")
    if not isinstance(start_s, int | float):
        return None
    try:
        return datetime.fromtimestamp(start_s, UTC).astimezone()
    except (OverflowError, OSError, ValueError):
        return None


def _erase_on(header: Mapping[str, Any], began: datetime | None) -> str:
    days = _mapping(header.get("consent")).get("keep_days")
    if began is None or type(days) is not int:
        return ""
    try:
        return (began.date() + timedelta(days=days)).isoformat()
    except OverflowError:  # beyond the year 9999
        return ""


def _length_s(header: Mapping[str, Any]) -> float | None:
    """Length of the longest regular stream, as the closed journal counted it."""
    infos = header.get("infos")
    lengths = []
    for info in map(_mapping, infos if isinstance(infos, list) else ()):
        account = _mapping(_mapping(header.get("streams")).get(_text(info.get("id"))))
        rate = info.get("sampling_rate")
        count = account.get("expected") or account.get("stored")
        if isinstance(rate, int | float) and rate > 0 and isinstance(count, int):
            lengths.append(count / rate)
    return max(lengths, default=None)


def _sizes(folder: Path) -> Iterator[int]:
    for place in (folder, folder / "streams"):
        if place.is_dir() and not place.is_symlink():
            for file in place.iterdir():
                with contextlib.suppress(FileNotFoundError):  # a recorder takes its own away
                    yield file.lstat().st_size
