"""BITalino and biosignalsplux: text as OpenSignals writes it."""

import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import RecordingFormatError, SamplingRateError
from wearaffect.core.streams import (
    Channel,
    LossEvidence,
    Marker,
    SignalChunk,
    SignalKind,
    StreamInfo,
)
from wearaffect.core.timebase import samples_ns
from wearaffect.core.units import Unit
from wearaffect.recording.formats.draft import Draft, described
from wearaffect.recording.formats.text import Table, lines_of
from wearaffect.recording.formats.timing import joined, single
from wearaffect.recording.formats.words import kind_of
from wearaffect.recording.session import RecordedStream, Session

__all__ = ["is_open_signals", "rate_of", "read_open_signals"]

Array = NDArray[np.float64]
_OPENS, _ENDS = "# OpenSignals Text File Format", "# EndOfHeader"
_RATE_RANGE_HZ = (0.01, 100_000.0)
_OLD_FIRMWARE = 5.0
_SEQUENCE_BITS = 4  # of BITalino; the plux devices count in 16 bits or more


@dataclass(frozen=True, slots=True)
class _Law:
    """Unit and transfer function of a sensor: share of full scale (0 to 1) to that unit."""

    unit: Unit
    apply: Callable[[Array], Array]


# Transfer functions of the sensors' data sheets (PLUX: BITalino (r)evolution with VCC 3.3 V, and
# biosignalsplux with 3 V). The first BITalino's skin sensor measures 1 - share in megaohms.
_BITALINO = {
    SignalKind.EDA: _Law(Unit.MICROSIEMENS, lambda x: x * 3.3 / 0.132),
    SignalKind.ECG: _Law(Unit.MILLIVOLT, lambda x: (x - 0.5) * 3.3 / 1100 * 1e3),
}
_FIRST_BITALINO = _BITALINO | {
    SignalKind.EDA: _Law(
        Unit.MICROSIEMENS, lambda x: np.where(x < 1, 1 / (1 - np.minimum(x, 0.9999)), np.nan)
    ),
}
_PLUX = {
    SignalKind.EDA: _Law(Unit.MICROSIEMENS, lambda x: x * 3.0 / 0.12),
    SignalKind.ECG: _Law(Unit.MILLIVOLT, lambda x: (x - 0.5) * 3.0 / 1000 * 1e3),
}  # fmt: skip


def is_open_signals(lines: Sequence[str]) -> bool:
    """Whether the first line is OpenSignals' own."""
    return lines[0].startswith(_OPENS)


def read_open_signals(path: str | PathLike[str], content: bytes) -> Session:
    """Read a text file of OpenSignals.

    Parameters
    ----------
    path : path
        For errors and the session.
    content : bytes
        The file.

    Returns
    -------
    Session
        EDA in µS and ECG in mV by the sensors' data sheets; what else is known by its name in
        counts (unit 1). Samples that the device's counter shows missing are gaps. A digital input
        that goes from 0 to 1 is a marker, with its name. The start is local time, so there is no
        wall clock; ``local_start`` in the header has it.

    Raises
    ------
    RecordingFormatError
        No readable header, text for numbers, a header that doesn't fit the columns.
    SamplingRateError
        A rate that isn't a positive number.
    CorruptRecordingError
        There are no rows.

    Notes
    -----
    OpenSignals writes JSON in its second line: for each device ``sampling rate``, ``resolution``
    (bits a column), ``column`` and ``sensor``; older ones leave ``column`` out and have one
    resolution. Columns of several devices stand side by side.
    """
    lines = lines_of(path, content)
    end = next((i for i, line in enumerate(lines[:64]) if line.startswith(_ENDS)), None)
    devices = _devices(path, lines[1].lstrip("# ")) if end is not None and end > 1 else {}
    if not devices or end is None:
        raise RecordingFormatError(
            path,
            "no whole header",
            expected=f"JSON in the second line, and '{_ENDS}'",
            got=repr("\n".join(lines[1:3])[:60]),
            remedy="save the recording again in OpenSignals",
        )
    table = Table(path, [], [line.rstrip("\t ") for line in lines[end + 1 :]], end + 2, "\t")
    draft = Draft(path, "", {"format": "OpenSignals text"}, repairs=table.repairs)
    first = 0
    for about in devices.values():
        names = _column_names(about, table.rows[0].count("\t") + 1 - first)
        table.names += names
        _read_device(draft, table, about, first)
        first += len(names)
    one = next(iter(devices.values()))
    draft.device = str(one.get("device", "BITalino"))
    draft.header["local_start"] = _local_start(one)
    return draft.session(to_unix_ns=None, origin_ns=0)


def _devices(path: str | PathLike[str], text: str) -> dict[str, dict[str, Any]]:
    try:
        found = json.loads(text)
        return {str(k): v for k, v in found.items() if isinstance(v, dict)}
    except (ValueError, AttributeError, RecursionError) as error:
        raise RecordingFormatError(
            path, "the header isn't JSON", part="line 2", got=str(error)[:80],
            remedy="save the recording again in OpenSignals",
        ) from error  # fmt: skip


def _column_names(about: Mapping[str, Any], available: int) -> list[str]:
    columns = about.get("column")
    labels = [str(label) for label in _listed(about, "label")]
    if isinstance(columns, list):
        return [str(name) for name in columns]
    # before they were named: the counter, the digital port, the channels
    return ["nSeq", *(f"DI{i}" for i in range(available - 1 - len(labels))), *labels]


def _listed(about: Mapping[str, Any], name: str) -> list[Any]:
    value = about.get(name, [])
    return value if isinstance(value, list) else [value]


def _read_device(draft: Draft, table: Table, about: Mapping[str, Any], first: int) -> None:
    names = table.names[first:]
    labels = [str(label) for label in _listed(about, "label")]
    sensors = [str(sensor) for sensor in _listed(about, "sensor")]
    rate_hz = rate_of(draft.path, about.get("sampling rate"))
    if table.rows[0].count("\t") + 1 < first + len(names) or len(sensors) != len(labels):
        raise RecordingFormatError(
            draft.path,
            "the header doesn't fit the rows",
            expected=f"{len(names)} columns, {len(labels)} sensors",
            got=f"{table.rows[0].count(chr(9)) + 1 - first} columns, {len(sensors)} sensors",
        )
    runs, lost = _runs(table, about, first)
    for label, sensor in zip(labels, sensors, strict=True):
        index = names.index(label) if label in names else -1
        kind = _kind(sensor, label)
        if index < 0 or kind is None:
            draft.left_out.append(f"{label} ({sensor})")
            continue
        counts = table.numbers([first + index])[:, 0]
        unit, values = _in_unit(about, kind, counts, _bits(about, names, index))
        info = described(_slug(about), kind, [Channel(str(kind), unit)], rate_hz)
        draft.add(_stream(info, values, runs, lost), label)
    _presses(draft, table, (names, first), (runs, lost, rate_hz))


def _kind(sensor: str, label: str) -> SignalKind | None:
    """Tell a sensor: ``ECG``, ``EDABITREV``, ``CUSTOM/0.5/1.0/V`` (which could be anything)."""
    kind = kind_of(re.sub(r"(BIT|REV|PLUX).*", "", sensor)) or kind_of(label)
    # an axis of a raw accelerometer can't be told from another, nor its zero
    return None if kind is SignalKind.ACC else kind


def rate_of(path: str | PathLike[str], value: object) -> float:
    """Read a sampling rate, Hz; refuse what can't be one with `SamplingRateError`."""
    try:
        rate_hz = float(str(value))
    except ValueError:
        rate_hz = float("nan")
    low, high = _RATE_RANGE_HZ
    if not low <= rate_hz <= high:
        raise SamplingRateError(
            "opensignals", f"sampling rate in {path}", expected=f"{low:g} to {high:g} Hz",
            got=repr(value),
        )  # fmt: skip
    return rate_hz


def _bits(about: Mapping[str, Any], names: Sequence[str], index: int) -> int:
    bits = _listed(about, "resolution")
    said = bits[index] if len(bits) == len(names) else bits[-1] if bits else 10
    return int(said) if isinstance(said, int | float) and 1 <= said <= 24 else 10


def _in_unit(
    about: Mapping[str, Any], kind: SignalKind, counts: Array, bits: int
) -> tuple[Unit, Array]:
    device = str(about.get("device", "")).lower()
    laws = _PLUX
    if "bitalino" in device:
        number = re.match(r"\d+(\.\d+)?", str(about.get("firmware version", "")))
        old = number is not None and float(number[0]) < _OLD_FIRMWARE
        laws = _FIRST_BITALINO if old and "rev" not in device else _BITALINO
    law = laws.get(kind)
    if law is None:
        return Unit.ARBITRARY, counts
    return law.unit, law.apply(counts / 2**bits)


def _runs(
    table: Table, about: Mapping[str, Any], first: int
) -> tuple[list[tuple[int, int]], list[int]]:
    """Cut where the device's counter leaves numbers out; how many were before each run."""
    counted = np.clip(np.nan_to_num(table.numbers([first])[:, 0]), 0, 2**40)
    counter = counted.astype(np.int64)
    highest = int(counter.max(initial=0))
    bits = _listed(about, "resolution")
    narrow = bool(bits) and bits[0] == _SEQUENCE_BITS and len(bits) > 1
    if highest == 0:  # OpenSignals of some devices doesn't count
        return [(0, len(counter))], [0]
    modulus = 2**_SEQUENCE_BITS if narrow or highest < 2**_SEQUENCE_BITS else highest + 1
    missing = (np.diff(counter) - 1) % modulus
    if not narrow and modulus > 2**_SEQUENCE_BITS:
        missing = np.where(np.diff(counter) <= 0, 0, missing)  # where it wraps isn't known
    cuts = np.flatnonzero(missing) + 1
    edges = [0, *cuts.tolist(), len(counter)]
    return list(itertools.pairwise(edges)), [0, *missing[cuts - 1].tolist()]


def _stream(
    info: StreamInfo, values: Array, runs: list[tuple[int, int]], lost: list[int]
) -> RecordedStream:
    counted = StreamInfo(info.id, info.kind, info.channels, info.sampling_rate, info.device,
                         loss_evidence=LossEvidence.COUNTER)  # fmt: skip
    segments, place = [], 0
    for (begin, end), n_lost in zip(runs, lost, strict=True):
        place += n_lost
        data = single(values[begin:end, None])
        start_ns = samples_ns(begin + place, counted.rate_hz)
        segments.append(SignalChunk(counted, data, start_ns, device_counter=begin + place))
    return joined(counted, segments)


def _presses(
    draft: Draft,
    table: Table,
    which: tuple[Sequence[str], int],
    when: tuple[list[tuple[int, int]], list[int], float],
) -> None:
    names, first = which
    runs, lost, rate_hz = when
    shift = np.repeat(np.cumsum(lost), [end - begin for begin, end in runs])
    for index, name in enumerate(names):
        if not re.fullmatch(r"(I|DI|D)\d*", name):
            continue
        level = table.numbers([first + index])[:, 0] > 0
        for row in np.flatnonzero(level[1:] & ~level[:-1]) + 1:
            time_ns = samples_ns(int(row + shift[row]), rate_hz)
            draft.markers.append(Marker(time_ns, name))


def _slug(about: Mapping[str, Any]) -> str:
    return "bitalino" if "bitalino" in str(about.get("device", "")).lower() else "plux"


def _local_start(about: Mapping[str, Any]) -> str:
    """Write date and time as ISO 8601, as far as they can be read."""
    numbers = re.findall(r"\d+", f"{about.get('date', '')} {about.get('time', '')}")
    try:
        year, month, day, hour, minute, second = (int(n) for n in numbers[:6])
        return datetime(year, month, day, hour, minute, second).isoformat()  # noqa: DTZ001
    except ValueError:
        return ""
