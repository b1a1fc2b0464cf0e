"""The folder of sessions: what is in it, by names that can't lead out of it."""

import contextlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from wearaffect.clinic.console.problems import ConsoleError
from wearaffect.clinic.console.resting import ENROLMENT
from wearaffect.clinic.sitting.errors import ParticipantCodeError
from wearaffect.clinic.sitting.participants import read_code
from wearaffect.clinic.sitting.records import acts_in
from wearaffect.core.errors import EnrolmentError, RecordingError
from wearaffect.recording.sealed import SEALED
from wearaffect.recording.storage import being_written
from wearaffect.signals.enrolment import Enrolment

__all__ = ["REPORT", "SessionFacts", "Shelf"]

REPORT = "report.html"
_EXPORTS = "exports"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
_HALF = re.compile("[\ud800-\udfff]")
_LONGEST_NAME, _LONGEST_TEXT = 100, 200
_LARGEST_HEADER_BYTES = 2**24  # of a session.json; engineering choice, theirs have some thousands


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
    sharing: bool | None


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
        return frozenset(filter(None, (_code(one.participant) for one in self.facts())))

    def enrolment(self, name: str, participant: str) -> Enrolment:
        """Give the resting state that a session took.

        Raises
        ------
        ConsoleError
            There is no such session, or it is another person's.
        EnrolmentError
            It has none, or another than its history says.
        """
        folder = self.folder(name)
        if _header(folder).get("participant") != participant:
            raise ConsoleError(409, "the resting state is another participant's", got=name)
        if not (folder / ENROLMENT).is_file():
            raise EnrolmentError("the session has no resting state", got=name)
        found = Enrolment.load(folder / ENROLMENT)
        if found.sha256 not in {act.new.get("sha256") for act in acts_in(folder)}:
            raise EnrolmentError(
                "the resting state isn't the one that was taken in the session",
                expected="the one whose hash its history has",
                got=f"{name}/{ENROLMENT}, changed since",
                remedy="take rest in this sitting",
            )
        return found

    def account(self, name: str) -> Mapping[str, Any]:
        """Give what a session's header says of it."""
        return _header(self.folder(name))

    def undated(self, name: str) -> str:
        """Give what a session's export can be called without saying when it was."""
        return _code(self.account(name).get("participant")) or "session"

    def unclosed(self) -> list[str]:
        """Name the sessions that ended without being closed and haven't been recovered yet."""
        return [
            one.name
            for one in self.facts()
            if not one.closed and not one.recording and not one.recovered_as
        ]


def _is_name(name: str) -> bool:
    return len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) is not None


def _code(text: Any) -> str:
    """Give the code that a header holds, ours or another's; a hand-made one uses up no number."""
    try:
        return read_code(_text(text), foreign=True)
    except ParticipantCodeError:
        return ""


def _is_session(folder: Path) -> bool:
    return any((folder / file).is_file() for file in ("session.json", "session.mcap", SEALED))


def _being_recorded(folder: Path) -> bool:
    journals = [folder / "session.mcap", folder / SEALED]
    # files alone: to open a pipe would wait for whoever writes into it
    return any(journal.is_file() and being_written(journal) for journal in journals)


def _may_be_recorded(folder: Path) -> bool:
    try:
        return _being_recorded(folder)
    except RecordingError:  # it can't be opened; whoever asks for it is told why
        return False


def _header(folder: Path) -> dict[str, Any]:
    file = folder / "session.json"
    try:
        if not file.is_file() or file.stat().st_size > _LARGEST_HEADER_BYTES:
            return {}
        header = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return header if isinstance(header, dict) else {}


def _facts(folder: Path) -> SessionFacts:
    header = _header(folder)
    closed = header.get("closed") is True
    recovered = folder.with_name(f"{folder.name}-recovered")
    began = _began(header)
    consent = _consent(header)
    sharing = consent.get("sharing")
    return SessionFacts(
        name=folder.name,
        participant=_text(header.get("participant")),
        protocol=_text(_mapping(header.get("protocol")).get("name")),
        started=began.isoformat(timespec="seconds") if began else "",
        length_s=_length_s(header),
        bytes=sum(_sizes(folder)),
        closed=closed,
        recording=not closed and _may_be_recorded(folder),
        sealed=(folder / SEALED).exists(),
        recovered_as=recovered.name if _is_session(recovered) else "",
        has_report=(folder / REPORT).is_file(),
        has_enrolment=(folder / ENROLMENT).is_file(),
        erase_on=_erase_on(consent, began),
        sharing=sharing if isinstance(sharing, bool) else None,
    )


def _text(value: Any) -> str:
    # JSON can say half a character, which no answer of ours could carry
    sound = isinstance(value, str) and len(value) <= _LONGEST_TEXT and not _HALF.search(value)
    return value if sound else ""


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


def _consent(header: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give what was agreed to in the end, else what was before the start."""
    agreed = _mapping(_mapping(header.get("agreed")).get("consent"))
    return agreed or _mapping(header.get("consent"))


def _erase_on(consent: Mapping[str, Any], began: datetime | None) -> str:
    days = consent.get("keep_days")
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
        if isinstance(rate, int | float) and rate > 0 and isinstance(count, int) and count > 0:
            with contextlib.suppress(OverflowError):  # a number of JSON may be of any size
                lengths.append(count / rate)
    return max(filter(math.isfinite, lengths), default=None)


def _sizes(folder: Path) -> Iterator[int]:
    for place in (folder, folder / "streams"):
        # a recorder takes its own away; a folder may be closed to us
        with contextlib.suppress(OSError):
            for file in [] if place.is_symlink() else list(place.iterdir()):
                with contextlib.suppress(FileNotFoundError):
                    yield file.lstat().st_size
