"""One's own recorded sessions as a corpus: phases as labels, participants as groups.

A folder of session folders, as ``wearaffect serve`` and ``wearaffect record`` make them. What a
phase stands for is the protocol's to say, by its key ``condition``; without one, its windows have
no label.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from wearaffect.core.errors import DatasetError, RecordingError
from wearaffect.datasets.labelled import LabelledSession, people_among
from wearaffect.datasets.sittings import Sitting, sitting_of
from wearaffect.recording.header import Twin
from wearaffect.recording.journal_reader import read_journal
from wearaffect.recording.sealed import SEALED

__all__ = ["NOBODYS_TOO", "read_sessions", "session_exclusions", "session_participants"]

NOBODYS_TOO = "sessions of synthetic, virtual or replayed devices are among them"
"""What is said wherever such sessions were let in."""

_LAYOUT = "session folders, as 'wearaffect serve' or 'wearaffect record' makes them"
_OURS = ("session.mcap", SEALED, "session.json")
_NOBODYS = ("synthetic:", "replay:", "bumble:", "brainflow:synthetic")


def session_participants(root: Path, *, with_synthetic: bool = False) -> tuple[str, ...]:
    """List the participants who have a session that can be used.

    Parameters
    ----------
    root : Path
        The folder whose direct children are session folders; what isn't one is passed over.
    with_synthetic : bool
        Whether sessions count of which a device was synthetic, virtual or replayed; else they are
        left out, since nobody wore it, or what it gave is counted where it was first recorded.

    Returns
    -------
    tuple of str
        Codes, sorted; empty if no session can be used: `session_exclusions` says why.

    Raises
    ------
    DatasetError
        There is no session at all.
    """
    return tuple(
        sorted(
            {sitting.participant for sitting in _usable(Path(root), with_synthetic=with_synthetic)}
        )
    )


def session_exclusions(root: Path, *, with_synthetic: bool = False) -> dict[str, str]:
    """Say which sessions are left out, and why: by rule, never by name.

    Parameters
    ----------
    root : Path
        The folder.
    with_synthetic : bool
        As for `session_participants`.

    Returns
    -------
    dict of str to str
        ``session <folder>`` to reason: it is sealed, isn't closed, is damaged, may not be kept any
        longer, nobody wore the device, it has no phase with a condition, or no rest that enrols.

    Raises
    ------
    DatasetError
        There is no session at all.
    """
    return {
        f"session {folder.name}": what
        for folder in _folders(Path(root))
        if isinstance(what := _looked_at(folder, with_synthetic=with_synthetic), str)
    }


def read_sessions(
    root: Path, subjects: Sequence[str] | None = None, *, with_synthetic: bool = False
) -> Iterator[LabelledSession]:
    """Read one's own sessions, one at a time.

    Parameters
    ----------
    root : Path
        The folder whose direct children are session folders.
    subjects : sequence of str, optional
        Participant codes; everybody with a session that can be used by default.
    with_synthetic : bool
        As for `session_participants`.

    Returns
    -------
    iterator of LabelledSession
        Participant by participant, and theirs in order of time; all of one have the same id, so
        that they are never on both sides of a split. Labels are of `CONDITIONS`; phases of one
        condition that follow on one another are one interval. A session without a protocol is
        labelled by its markers, ``stress started`` to ``stress ended``. Rest is the first 300 s of
        the first phase that enrols, or of a marked baseline. Valence and arousal, 0 to 1 on our
        sliders, are put on the scale of the manikins, 1 to 9.

    Raises
    ------
    DatasetError
        No session, or nobody of that code; while iterating, a session that can't be read.
    """
    place = Path(root)
    present = session_participants(place, with_synthetic=with_synthetic)
    people = people_among(present, subjects, place)
    usable = _usable(place, with_synthetic=with_synthetic)
    for person in people:
        own = sorted((s for s in usable if s.participant == person), key=lambda s: s.started_s)
        for number, sitting in enumerate(own, start=1):
            yield _labelled(sitting, str(number) if len(own) > 1 else "")


def _labelled(sitting: Sitting, number: str) -> LabelledSession:
    try:
        session = read_journal(sitting.folder)
    except RecordingError as error:
        raise DatasetError(sitting.folder, "can't be read", got=str(error)) from error
    return LabelledSession(
        dataset="sessions",
        subject=sitting.participant,
        session=session,
        intervals=sitting.intervals,
        rest=sitting.rest,
        order="fixed",
        self_report=sitting.self_report,
        sitting=number,
        marked=sitting.marked,
    )


def _folders(root: Path) -> list[Path]:
    if not root.is_dir():
        raise DatasetError(root, "no such folder", expected=_LAYOUT)
    found = sorted(p for p in root.iterdir() if any((p / name).is_file() for name in _OURS))
    if not found:
        raise DatasetError(
            root, "no recorded sessions here", expected=_LAYOUT, remedy="name the folder above them"
        )
    return found


def _usable(root: Path, *, with_synthetic: bool) -> list[Sitting]:
    found = (_looked_at(folder, with_synthetic=with_synthetic) for folder in _folders(root))
    return [what for what in found if isinstance(what, Sitting)]


def _looked_at(folder: Path, *, with_synthetic: bool) -> Sitting | str:
    """Give a sitting, or why it can't be used."""
    found = _gone_through(folder)
    if with_synthetic or isinstance(found, str):
        return found
    # several devices stand in one line
    uris = [uri.strip() for uri in found.device.split(",")]
    kind = next((kind for kind in _NOBODYS for uri in uris if uri.startswith(kind)), "")
    return f"nobody wore its device, {kind} (--with-synthetic lets it in)" if kind else found


def _gone_through(folder: Path) -> Sitting | str:
    """Read a session once, until it changes."""
    try:
        changed_ns = (folder / "session.json").stat().st_mtime_ns
    except OSError:
        changed_ns = 0
    return _sitting(folder, changed_ns, datetime.now(UTC).date().toordinal())


@lru_cache(maxsize=1024)
def _sitting(folder: Path, _changed_ns: int, today: int) -> Sitting | str:
    if (folder / SEALED).exists() and not (folder / "session.mcap").exists():
        return "is sealed: unseal it first"
    twin = Twin(folder)
    if not twin.closed:
        return "wasn't closed: recover it first"
    if not twin.fits():
        return "isn't the file that was closed: recover it first"
    header = twin.content
    try:
        return _not_agreed(header, today) or sitting_of(folder, header)
    except (RecordingError, KeyError, TypeError, ValueError, AttributeError) as error:
        return f"can't be read: {error}"


def _not_agreed(header: Mapping[str, Any], today: int) -> str:
    """Say why the participant's consent, as it was in the end, keeps a session out."""
    consent = (header.get("agreed") or header).get("consent") or {}
    if consent.get("recording") is False:
        return "its participant took the consent to be recorded back"
    days = consent.get("keep_days")
    if days is None:
        return ""
    last = datetime.fromtimestamp(header["wall_start_s"], UTC) + timedelta(days=days)
    over = today > last.date().toordinal()
    return "may not be kept any longer, by the consent that was given" if over else ""
