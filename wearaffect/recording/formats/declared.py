"""Any table of numbers as text, with a sidecar that says what its columns are."""

import json
import re
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import RecordingFormatError, SamplingRateError, UnitError
from wearaffect.core.streams import Channel, LossEvidence, Marker, SignalChunk, SignalKind
from wearaffect.core.timebase import NS_PER_S, ns_from_s
from wearaffect.core.units import Unit
from wearaffect.recording.formats.draft import Draft, described
from wearaffect.recording.formats.text import Table, lines_of
from wearaffect.recording.formats.timing import joined, single, stamped
from wearaffect.recording.formats.words import kind_of, said
from wearaffect.recording.session import Session

__all__ = ["declares", "read_declared", "sidecar_of"]

_MAX_SIDECAR_BYTES = 2**20
_ENDINGS = (".gz", ".csv", ".tsv", ".txt")
_NS = {"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1.0}
_MISSING = re.compile(r"(?:(?<=[\t,;])|^)\s*(?:n/a|N/A|NA|NaN|nan)\s*(?=$|[\t,;])")
_LATEST_S = 1e9
_RATE_RANGE_HZ = (0.001, 100_000.0)

Facts = Mapping[str, Any]


def sidecar_of(path: str | PathLike[str]) -> Path | None:
    """Give the sidecar of a table: its name with ``.json`` for its ending, or behind it."""
    place = Path(path)
    stem = place.name
    for ending in _ENDINGS:
        stem = stem.removesuffix(ending)
    choices = [place.with_name(f"{place.name}.json"), place.with_name(f"{stem}.json")]
    return next((c for c in choices if c != place and c.is_file()), None)


def declares(sidecar: Path) -> bool:
    """Whether a JSON file next to a table is about its rate, not something else."""
    with sidecar.open("rb") as file:
        start = file.read(_MAX_SIDECAR_BYTES)
    return b'"SamplingFrequency"' in start or b'"TimeColumn"' in start


def read_declared(path: str | PathLike[str], content: bytes, sidecar: Path) -> Session:
    """Read a table of which a sidecar says rate, columns and units.

    Parameters
    ----------
    path : path
        For errors and the session.
    content : bytes
        The table: comma, semicolon or tab, with or without a row of names; empty cells and ``n/a``
        are missing.
    sidecar : Path
        JSON in the words of a BIDS physio sidecar: ``SamplingFrequency`` (Hz) or ``TimeColumn``;
        ``Columns`` (names in order; left out: the first row has them); for each column that is a
        signal ``{"Units": "uS"}`` and, where the name doesn't tell, ``"Kind": "eda"``. And, as far
        as wanted: ``StartTime`` (s), ``TimeUnits`` (``s``, ``ms``, ``us``, ``ns``),
        ``MarkerColumn``, ``Manufacturer``, ``Participant``.

    Returns
    -------
    Session
        ``table.<kind>``; columns of one kind together. Rows in which a stream has nothing are a
        gap of it. With a time column, samples are put on a grid of ``SamplingFrequency``, or of the
        rate that the times measure.

    Raises
    ------
    RecordingFormatError
        A sidecar that isn't such JSON, a column that isn't there, text for numbers.
    SamplingRateError, UnitError
        A rate that isn't one; a unit that isn't known, or not one of that signal.

    Notes
    -----
    Brain Imaging Data Structure 1.10, physiological recordings. Example::

        {"SamplingFrequency": 4, "Columns": ["gsr"], "gsr": {"Units": "uS"}}
    """
    facts = _facts(sidecar)
    table = _table(path, content, facts)
    draft = Draft(path, str(facts.get("Manufacturer", "")), {"format": "table with sidecar"})
    draft.participant = str(facts.get("Participant", ""))
    draft.header |= {k: str(facts[k]) for k in ("IntendedUse",) if k in facts}
    times = _times(path, table, facts)
    groups: dict[tuple[SignalKind, Unit], list[tuple[int, float]]] = {}
    reserved = {facts.get("TimeColumn"), facts.get("MarkerColumn")}
    for index, name in enumerate(table.names):
        about = facts.get(name)
        kind = _kind(sidecar, name, about)
        if name in reserved or not isinstance(about, Mapping) or kind is None:
            draft.left_out += [name] if name not in reserved else []
            continue
        unit, factor = _unit(sidecar, name, kind, about)
        groups.setdefault((kind, unit), []).append((index, factor))
    for (kind, unit), columns in groups.items():
        names = [table.names[i] for i, _ in columns]
        values = table.numbers([i for i, _ in columns]) * [f for _, f in columns]
        channels = [Channel(name, unit) for name in names]
        _add(draft, (kind, channels), values, times)
    _markers(draft, table, facts, times)
    draft.repairs[:0] = list(dict.fromkeys(table.repairs))
    return draft.session(to_unix_ns=None, origin_ns=None if facts.get("TimeColumn") else 0)


def _facts(sidecar: Path) -> Facts:
    try:
        if sidecar.stat().st_size > _MAX_SIDECAR_BYTES:
            msg = "longer than a sidecar needs to be"
            raise ValueError(msg)
        facts = json.loads(sidecar.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise RecordingFormatError(
            sidecar, "not a readable sidecar", expected="JSON", got=str(error)[:80]
        ) from error
    if not isinstance(facts, dict) or not {"SamplingFrequency", "TimeColumn"} & set(facts):
        raise RecordingFormatError(
            sidecar, "no rate", expected="SamplingFrequency (Hz) or TimeColumn",
            got=", ".join(facts)[:80] if isinstance(facts, dict) else type(facts).__name__,
            remedy='for example {"SamplingFrequency": 4, "Columns": ["gsr"], '
            '"gsr": {"Units": "uS"}}',
        )  # fmt: skip
    return facts


def _table(path: str | PathLike[str], content: bytes, facts: Facts) -> Table:
    lines = [line for line in lines_of(path, content) if not line.startswith("#")]
    separator = max("\t;,", key=lines[0].count)
    columns = facts.get("Columns")
    names = [c.strip(' "') for c in lines[0].split(separator)]
    headed = not all(_is_cell(cell) for cell in names)
    if columns is not None:
        if not isinstance(columns, list) or len(columns) > len(names):
            raise RecordingFormatError(
                path, "columns", expected=f"{columns} as the sidecar says",
                got=f"{len(names)} columns",
            )  # fmt: skip
        names = [str(column) for column in columns]
    elif not headed:
        raise RecordingFormatError(
            path, "columns without names", expected="a row of names, or Columns in the sidecar"
        )
    rows = [_MISSING.sub("", row) for row in lines[headed:]]
    return Table(path, names, rows, 1 + headed, separator)


def _is_cell(cell: str) -> bool:
    try:
        float(cell or "0")
    except ValueError:
        return cell in {"n/a", "NA", "N/A"}
    return True


def _kind(sidecar: Path, name: str, about: object) -> SignalKind | None:
    if not isinstance(about, Mapping):
        return None
    written = about.get("Kind")
    if written is None:
        return kind_of(name)
    if written not in set(SignalKind):
        raise RecordingFormatError(
            sidecar, "kind of signal", part=name, expected=", ".join(SignalKind), got=str(written)
        )
    return SignalKind(written)


def _unit(sidecar: Path, name: str, kind: SignalKind, about: Facts) -> tuple[Unit, float]:
    found = said(kind, str(about.get("Units", "")))
    if found is None or "Units" not in about:
        raise UnitError(
            f"{kind} ({sidecar}: {name})", "Units", expected=", ".join(Unit),
            got=repr(about.get("Units")),
        )  # fmt: skip
    return found


class _Times:
    """When rows were taken: evenly from a start, or as a column says."""

    def __init__(self, rate_hz: float | None, start_ns: int, stamps: NDArray[np.int64] | None):
        self.rate_hz = rate_hz
        self.start_ns = start_ns
        self.stamps = stamps


def _times(path: str | PathLike[str], table: Table, facts: Facts) -> _Times:
    rate = facts.get("SamplingFrequency")
    low, high = _RATE_RANGE_HZ
    if rate is not None and not (isinstance(rate, int | float) and low <= rate <= high):
        raise SamplingRateError(
            "table", f"SamplingFrequency for {path}", expected=f"{low:g} to {high:g} Hz",
            got=repr(rate),
        )  # fmt: skip
    rate_hz = None if rate is None else float(rate)
    start = facts.get("StartTime", 0)
    known = isinstance(start, int | float) and abs(start) < _LATEST_S
    start_ns = ns_from_s(float(start)) if known else 0
    column = facts.get("TimeColumn")
    if column is None:
        return _Times(rate_hz, start_ns, None)
    factor = _NS.get(str(facts.get("TimeUnits", "s")))
    if column not in table.names or factor is None:
        raise RecordingFormatError(
            path, "time column", expected=f"one of {', '.join(table.names)}; s, ms, us or ns",
            got=f"{column} in {facts.get('TimeUnits')}",
        )  # fmt: skip
    times = table.times_ns(table.names.index(column), factor)
    if not np.isfinite(times).all():
        row = int(np.flatnonzero(~np.isfinite(times))[0]) + table.first_row
        raise RecordingFormatError(path, f"row {row}", part=str(column), expected="a time")
    return _Times(rate_hz, start_ns, np.rint(times).astype(np.int64))


def _add(
    draft: Draft,
    what: tuple[SignalKind, Sequence[Channel]],
    values: NDArray[np.float64],
    times: _Times,
) -> None:
    kind, channels = what
    here = np.isfinite(values).any(axis=1)
    if times.stamps is not None:
        info = described("table", kind, channels, evidence=LossEvidence.DEVICE_CLOCK)
        usual = () if times.rate_hz is None else (times.rate_hz,)
        if kind is SignalKind.IBI:
            draft.add(stamped(described("table", kind, channels), times.stamps[here], values[here]))
        else:
            draft.add_even(info, times.stamps[here], values[here], usual)
        return
    info = described("table", kind, channels, times.rate_hz)
    edges = np.flatnonzero(np.diff(here.astype(np.int8), prepend=0, append=0))
    pieces = []
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        offset_ns = round(first * NS_PER_S / info.rate_hz)
        data = single(values[first:last])
        pieces.append(SignalChunk(info, data, times.start_ns + offset_ns))
    draft.add(joined(info, pieces))


def _markers(draft: Draft, table: Table, facts: Facts, times: _Times) -> None:
    column = facts.get("MarkerColumn")
    if column is None or column not in table.names:
        return
    texts = table.texts(table.names.index(str(column)))
    for row, text in enumerate(texts):
        before = texts[row - 1] if row else ""
        if text and text != before and text not in {"0", "0.0"}:
            if times.stamps is None:
                time_ns = times.start_ns + round(row * NS_PER_S / (times.rate_hz or 1.0))
            else:
                time_ns = int(times.stamps[row])
            draft.markers.append(Marker(time_ns, text))
