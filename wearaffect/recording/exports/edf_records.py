"""An EDF+C file as bytes: header, records of samples, annotations in between."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["EdfNote", "EdfTrack", "as_edf_text", "eight", "write_records"]

_DIGITAL = (-32768, 32767)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MOST_TEXT_BYTES = 400  # readers in C keep 512


@dataclass(frozen=True, slots=True)
class EdfTrack:
    """A signal: what is said of it, its physical range, and finite samples, whole records."""

    label: str
    transducer: str
    dimension: str
    low: float
    high: float
    per_record: int
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EdfNote:
    """An annotation: seconds after the start, length in seconds or 0, and text."""

    onset_s: float
    length_s: float
    text: str


def eight(value: float) -> str:
    """Write a number in at most eight characters, as closely as they allow."""
    for decimals in range(6, -1, -1):
        text = f"{value:.{decimals}f}"
        if len(text) <= 8:
            return text
    return f"{value:.1e}"[:8]


def as_edf_text(text: str, width: int) -> str:
    """Give text in the characters that a header may have, cut to its field."""
    return "".join(c if " " <= c <= "~" else "_" for c in text)[:width]


def write_records(
    path: Path,
    identity: tuple[str, str],
    start: datetime | None,
    record: tuple[str, int],
    content: tuple[Sequence[EdfTrack], Sequence[EdfNote]],
) -> None:
    """Write an EDF+C file.

    Parameters
    ----------
    path : Path
        Where.
    identity : (str, str)
        The lines of patient and recording, in the words of EDF+.
    start : datetime or None
        Of the first record; whole seconds are kept. None: nobody knows, written as EDF+ says.
    record : (str, int)
        Length of one in seconds, as it stands in the header, and how many there are.
    content : (sequence of EdfTrack, sequence of EdfNote)
        Signals, and annotations in any order.

    Notes
    -----
    EDF+ (Kemp and Olivan 2003, doi 10.1016/S1388-2457(03)00123-8): 16-bit little-endian samples;
    each record begins its annotations with its own onset.
    """
    tracks, notes = content
    length, count = record
    texts = _packed(notes, float(length), count)
    width = -(-max(map(len, texts)) // 2)
    header = _header(identity, start, record, tracks, width)
    columns = [_counts(t).reshape(count, t.per_record) for t in tracks]
    with path.open("wb") as file:
        file.write(header)
        for number, text in enumerate(texts):
            for column in columns:
                file.write(column[number].tobytes())
            file.write(text.ljust(2 * width, b"\0"))


def _counts(track: EdfTrack) -> NDArray[np.int16]:
    low, high = float(eight(track.low)), float(eight(track.high))
    least, most = _DIGITAL
    scaled = (track.values - low) / (high - low) * (most - least) + least
    return np.clip(np.rint(scaled), least, most).astype("<i2")


def _packed(notes: Sequence[EdfNote], record_s: float, count: int) -> list[bytes]:
    """Put annotations into records, from the one on in which they begin, none much fuller."""
    tals = sorted((min(int(max(n.onset_s, 0) / record_s), count - 1), _tal(n)) for n in notes)
    onsets = [f"+{number * record_s:.6f}".rstrip("0").rstrip(".") for number in range(count)]
    records = [f"{onset}\x14\x14\0".encode() for onset in onsets]
    total = sum(len(tal) for _, tal in tals)
    enough = max(max((len(t) for _, t in tals), default=0), 2 * total // count) + len(records[-1])
    at = 0
    for number, tal in tals:
        at = max(at, number)
        while at < count - 1 and len(records[at]) + len(tal) > enough:
            at += 1
        records[at] += tal
    return records


def _tal(note: EdfNote) -> bytes:
    onset = f"{note.onset_s:+.9f}".rstrip("0").rstrip(".")
    length = f"\x15{note.length_s:.9f}".rstrip("0").rstrip(".") if note.length_s > 0 else ""
    clean = " ".join("".join(c if c >= " " else " " for c in note.text).split())
    text = clean.encode()[:_MOST_TEXT_BYTES].decode("utf-8", "ignore")
    return f"{onset}{length}\x14{text}\x14\0".encode()


def _header(
    identity: tuple[str, str],
    start: datetime | None,
    record: tuple[str, int],
    tracks: Sequence[EdfTrack],
    width: int,
) -> bytes:
    patient, recording = identity
    length, count = record
    n_signals = len(tracks) + 1
    date, day, clock = "X", "01.01.85", "00.00.00"
    if start is not None:
        date = f"{start.day:02}-{_MONTHS[start.month - 1]}-{start.year}"
        day, clock = f"{start:%d.%m.%y}", f"{start:%H.%M.%S}"
    fixed = (
        ("0", 8),
        (patient, 80),
        (f"Startdate {date} {recording}", 80),
        (day, 8),
        (clock, 8),
        (str(256 * (n_signals + 1)), 8),
        ("EDF+C", 44),
        (str(count), 8),
        (length, 8),
        (str(n_signals), 4),
    )
    return "".join(
        as_edf_text(text, size).ljust(size) for text, size in (*fixed, *_columns(tracks, width))
    ).encode("ascii")


def _columns(tracks: Sequence[EdfTrack], width: int) -> Iterator[tuple[str, int]]:
    least, most = (str(bound) for bound in _DIGITAL)
    rows = [
        (t.label, t.transducer, t.dimension, eight(t.low), eight(t.high), least, most, "",
         str(t.per_record), "")
        for t in tracks
    ]  # fmt: skip
    rows.append(("EDF Annotations", "", "", "-1", "1", least, most, "", str(width), ""))
    for index, size in enumerate((16, 80, 8, 8, 8, 8, 8, 80, 8, 32)):
        for row in rows:
            yield row[index], size
