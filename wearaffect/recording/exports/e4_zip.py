"""An E4-style zip, for tools that read nothing else; its README says what is lost."""

import math
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wearaffect.core.errors import RecordingFormatError
from wearaffect.core.streams import SignalKind
from wearaffect.core.timebase import s_from_ns
from wearaffect.core.units import Unit, convert
from wearaffect.recording.exports.contents import (
    Track,
    file_stem,
    on_grid,
    provenance_text,
    purpose,
)
from wearaffect.recording.exports.happenings import Happening
from wearaffect.recording.session import RecordedStream, Session

__all__ = ["write_e4"]

_FILES = {
    SignalKind.EDA: ("EDA", Unit.MICROSIEMENS),
    SignalKind.BVP: ("BVP", Unit.ARBITRARY),
    SignalKind.ACC: ("ACC", Unit.GRAVITY_64TH),
    SignalKind.TEMP: ("TEMP", Unit.CELSIUS),
    SignalKind.HR: ("HR", Unit.BEATS_PER_MINUTE),
}
_DATE = (2000, 1, 1, 0, 0, 0)  # of the members; the same session gives the same bytes
_README = """This is not an Empatica E4's export: it is a wearaffect session in its layout.

Lost on the way:
- samples of a gap are written as nan, and what is nan in the session too;
- each stretch without a gap was moved onto the grid of its file, by {moved:.6f} s at most;
- acceleration is rounded to whole 1/64 g;
- channels start when their first sample does; their starts are Unix seconds{clock};
- only the first stream of a kind is here. Left out: {left_out};
- markers are times without their labels; the labels, phases, artefacts, answers, gaps and
  estimates are listed below.

Intended use: {use}

Where it comes from:
{provenance}
What happened (seconds from the start, length, what, text):
{events}
"""


def write_e4(session: Session, events: Sequence[Happening], out: Path) -> None:
    """Write ``<participant>_e4.zip``.

    Parameters
    ----------
    session : Session
        What to write: EDA, BVP, ACC, TEMP, a regular HR, IBI and markers.
    events : sequence of Happening
        What happens in it, listed in the README.
    out : Path
        Folder to write into.

    Raises
    ------
    RecordingFormatError
        It has no EDA, BVP, ACC or TEMP.
    """
    contents: dict[str, str] = {}
    taken: set[str] = set()
    moved = 0.0
    for kind, (name, unit) in _FILES.items():
        stream = _first(session, kind, unit)
        if stream is None:
            continue
        track = on_grid(stream)
        moved = max(moved, track.moved_s)
        contents[f"{name}.csv"] = _signal(session, stream, track, unit)
        taken.add(stream.info.id)
    if not {"EDA.csv", "BVP.csv", "ACC.csv", "TEMP.csv"} & set(contents):
        raise RecordingFormatError(
            session.path, "nothing for an E4-style zip", expected="EDA, BVP, ACC or TEMP",
            got=", ".join(session.streams) or "no streams",
        )  # fmt: skip
    beats = session.of_kind(SignalKind.IBI)
    if beats is not None and beats.info.sampling_rate is None:
        contents["IBI.csv"] = _beats(session, beats)
        taken.add(beats.info.id)
    contents["tags.csv"] = "".join(f"{_unix(session, m.time_ns):.2f}\n" for m in session.markers)
    contents["info.txt"] = (
        "Not an E4's export, and not a medical device; see README.txt. ACC is in 1/64 g, EDA in "
        "uS.\n"
    )
    contents["README.txt"] = _README.format(
        moved=moved,
        clock="" if session.wall_start_s is not None else ", counted from 0: it isn't known when",
        left_out=", ".join(sorted(set(session.streams) - taken)) or "nothing",
        use=purpose(session),
        provenance=provenance_text(session),
        events="\n".join(
            f"{h.start_s:.3f}, {h.length_s:.3f}, {h.what}, {' '.join(h.sentence.split())}"
            for h in events
            if "." not in h.what
        ),
    )
    with zipfile.ZipFile(
        out / f"{file_stem(session)}_e4.zip", "w", zipfile.ZIP_DEFLATED
    ) as archive:
        for name, text in contents.items():
            member = zipfile.ZipInfo(name, _DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, text)


def _first(session: Session, kind: SignalKind, unit: Unit) -> RecordedStream | None:
    """Give the first regular stream of a kind that can be put into the unit of its file."""
    width = 3 if kind is SignalKind.ACC else 1
    for stream in session.streams.values():
        info = stream.info
        fits = info.kind is kind and info.sampling_rate and len(info.channels) == width
        if fits and stream.segments and _converts(info.channels[0].unit, unit):
            return stream
    return None


def _converts(source: Unit, target: Unit) -> bool:
    try:
        convert(0.0, source, target)
    except ValueError:
        return False
    return True


def _unix(session: Session, time_ns: int) -> float:
    return (session.wall_start_s or 0.0) + s_from_ns(time_ns - session.start_ns)


def _signal(session: Session, stream: RecordedStream, track: Track, unit: Unit) -> str:
    width = track.data.shape[1]
    values = convert(track.data, stream.info.channels[0].unit, unit).astype(np.float32)
    if unit is Unit.GRAVITY_64TH:
        values = np.rint(values)
    start, rate = f"{_unix(session, track.start_ns):.6f}", f"{track.rate_hz:.6f}"
    head = [", ".join([start] * width), ", ".join([rate] * width)]
    rows = (",".join(map(_cell, row)) for row in values)
    return "\n".join([*head, *rows]) + "\n"


def _cell(value: np.float32) -> str:
    """Write the fewest digits that give a float32 back."""
    return np.format_float_positional(value, trim="-")


def _beats(session: Session, stream: RecordedStream) -> str:
    times, data = stream.samples()
    seconds = convert(data[:, 0], stream.info.channels[0].unit, Unit.SECOND)
    rows = (
        f"{s_from_ns(int(time) - session.start_ns):.6f},{value:.6f}"
        for time, value in zip(times, seconds.tolist(), strict=True)
        if math.isfinite(value)
    )
    return "\n".join([f"{_unix(session, session.start_ns):.6f}, IBI", *rows]) + "\n"
