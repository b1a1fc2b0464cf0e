"""What goes into every export: samples on a grid, harmless text, where it all comes from."""

import json
import re
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.timebase import NS_PER_S, exact_rate
from wearaffect.recording.session import RecordedStream, Session

__all__ = [
    "Track",
    "estimates_by",
    "file_stem",
    "harmless",
    "intended_use",
    "on_grid",
    "provenance",
    "provenance_text",
    "purpose",
]

_FORMULA = ("=", "+", "-", "@", "'")  # the last one, so that it can be told what was written
_NO_DEVICE = "not a medical device"
_BREAKING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\\]")
_SHORT = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


@dataclass(frozen=True, slots=True)
class Track:
    """A regular stream on one even grid.

    Attributes
    ----------
    start_ns : int
        Time of row 0.
    rate_hz : float
        Hz.
    data : numpy.ndarray, (n_rows, n_channels), float32
        NaN where there is no sample.
    moved_s : float
        How far a sample was moved at most to lie on the grid, seconds; at most half a step.
    """

    start_ns: int
    rate_hz: float
    data: NDArray[np.float32]
    moved_s: float


def on_grid(stream: RecordedStream, start_ns: int | None = None) -> Track:
    """Put a regular stream on an even grid, with NaN in its gaps.

    Parameters
    ----------
    stream : RecordedStream
        Regular; its segments keep their samples, and each is moved as a whole by at most half a
        step.
    start_ns : int or None
        Time of row 0; None: the first sample.
    """
    rate = exact_rate(stream.info.rate_hz)
    first = stream.segments[0].start_ns if stream.segments else 0
    zero = first if start_ns is None else start_ns
    places: list[int] = []
    due, moved = 0, 0.0
    for segment in stream.segments:
        exact = (segment.start_ns - zero) * rate / NS_PER_S
        at = max(due, round(exact))
        places.append(at)
        due = at + len(segment)
        moved = max(moved, abs(float((at - exact) / rate)))
    data = np.full((due, len(stream.info.channels)), np.nan, np.float32)
    for at, segment in zip(places, stream.segments, strict=True):
        data[at : at + len(segment)] = segment.data
    return Track(zero, stream.info.rate_hz, data, moved)


def intended_use(session: Session) -> str:
    """Give what the session was recorded for, empty where it doesn't say."""
    return session.header.get("intended_use", "").strip()


def purpose(session: Session) -> str:
    """Give the sentence that every export carries: what it is for, and what it isn't."""
    use = intended_use(session) or "not stated; estimates were left out"
    return use if _NO_DEVICE in use else f"{use}; {_NO_DEVICE}"


def estimates_by(session: Session) -> str:
    """Give the id of the model whose estimates are in an export, empty where none are."""
    return session.header.get("bundle_id", "") if intended_use(session) else ""


def provenance(session: Session) -> dict[str, Any]:
    """Give where an export comes from, for its header: nothing in it names a person or a path."""
    return {
        "intended_use": purpose(session),
        "estimates_by": estimates_by(session) or "none",
        "participant": session.participant,
        "device": session.device,
        "source": dict(session.header),
        "content_hash": session.content_hash,
        "repairs": list(session.repairs),
        "problems": list(session.problems),
        "written_by": f"wearaffect {metadata.version('wearaffect')}",
    }


def provenance_text(session: Session) -> str:
    """Give `provenance` as JSON."""
    return json.dumps(provenance(session), indent=2, ensure_ascii=False) + "\n"


def file_stem(session: Session) -> str:
    """Give a name for files: the participant's code, as far as it fits."""
    return re.sub(r"[^A-Za-z0-9_-]", "", session.participant) or "session"


def harmless(text: str) -> str:
    r"""Make free text fit for a cell: one line, and no formula when a spreadsheet opens it.

    Parameters
    ----------
    text : str
        Anything.

    Returns
    -------
    str
        Backslash, tab, line feed and carriage return as ``\\ \t \n \r``, other controls and line
        separators as ``\u2028``; and a ``'`` before what begins, behind spaces, with ``= + - @ '``
        and isn't a number. Who takes that away again has the text as it was.

    Notes
    -----
    OWASP, "CSV Injection".
    """
    flat = _BREAKING.sub(lambda found: _SHORT.get(found[0], f"\\u{ord(found[0]):04x}"), text)
    return f"'{flat}" if flat.lstrip().startswith(_FORMULA) and not _is_number(flat) else flat


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", text) is not None
