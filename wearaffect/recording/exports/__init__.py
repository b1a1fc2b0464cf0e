"""A session as files that other tools read."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from wearaffect.core.errors import RecordingExistsError
from wearaffect.recording.exports.bids import write_bids
from wearaffect.recording.exports.e4_zip import write_e4
from wearaffect.recording.exports.edf import write_edf
from wearaffect.recording.exports.happenings import Happening, happenings
from wearaffect.recording.exports.leaving import departure_of
from wearaffect.recording.exports.parquet import write_parquet
from wearaffect.recording.exports.xdf import write_xdf
from wearaffect.recording.session import Session
from wearaffect.recording.sitting_events import events_of

__all__ = ["FORMATS", "export_session"]

_Writer = Callable[[Session, Sequence[Happening], Path], None]
_WRITERS: Mapping[str, _Writer] = MappingProxyType(
    {
        "parquet": write_parquet,
        "bids": write_bids,
        "edf": write_edf,
        "xdf": write_xdf,
        "e4": write_e4,
    }
)
FORMATS = tuple(_WRITERS)
"""What can be written, by the names that `export_session` takes."""

_NO_DATE_S = (
    946_684_800  # 2000-01-01, Unix time: when an export was made tells when it was recorded
)


def export_session(
    session: Session,
    formats: Sequence[str],
    out: Path,
    *,
    shift_time: bool = False,
    keep_addresses: bool = False,
) -> list[Path]:
    """Write a session in other tools' formats.

    Parameters
    ----------
    session : Session
        What to write. Of a sitting in the console, what holds in the end is: markers as they were
        corrected and without those that were undone, phases, artefacts and answers. Estimates are
        written where it was recorded with an intended use; withheld ones as withheld, with the
        reason.
    formats : sequence of str
        Of ``parquet`` (exact: ``parquet/<stream>.parquet``, ``events.parquet``, ``session.json``),
        ``bids`` (``bids/``: physio and events), ``edf`` (EDF+C, one file for each set of rates
        that fit into one), ``xdf`` (every sample stamped), ``e4`` (an E4-style zip, lossy; its
        README says in what).
    out : Path
        Folder to write into; made where it isn't there.
    shift_time, keep_addresses : bool
        Whether dates are moved, and names, serial numbers and addresses of devices kept, as
        `as_it_leaves` says. Files with moved dates are dated 2000-01-01 on the disk.

    Returns
    -------
    list of Path
        What was written, in the order asked for.

    Raises
    ------
    ValueError
        A format that there isn't.
    RecordingExistsError
        Something of that name is there already; nothing of that format was written.
    RecordingFormatError
        The session can't be written so: stamps that no sitting has, no signal that fits; or the
        site's key can't be read.
    MissingExtraError
        ``parquet`` needs the extra ``desk``.
    """
    unknown = [name for name in formats if name not in _WRITERS]
    if unknown:
        msg = f"expected formats of {', '.join(FORMATS)}, got {', '.join(unknown)}"
        raise ValueError(msg)
    session.require_one_sitting()
    departure = departure_of(session, shift_time=shift_time, keep_addresses=keep_addresses)
    sitting = departure.sitting(events_of(session))
    leaving = replace(departure.session(session), markers=sitting.markers)
    events = happenings(leaving, sitting)
    out.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name in dict.fromkeys(formats):
        written += _write((leaving, events), name, out)
    if shift_time:
        for file in [*written, *(inner for folder in written for inner in folder.rglob("*"))]:
            os.utime(file, (_NO_DATE_S, _NO_DATE_S))
    return written


def _write(what: tuple[Session, Sequence[Happening]], name: str, out: Path) -> list[Path]:
    """Write one format beside its place and move it there when it is whole."""
    draft = out / f".{name}.part"
    if draft.exists():
        shutil.rmtree(draft)
    draft.mkdir()
    try:
        _WRITERS[name](*what, draft)
        finished = [(part, out / part.name) for part in sorted(draft.iterdir())]
        for _, place in finished:
            if place.exists():
                raise RecordingExistsError(
                    place, "there already", remedy="choose another folder, or take it away"
                )
        for part, place in finished:
            part.rename(place)
    finally:
        shutil.rmtree(draft)
    return [place for _, place in finished]
