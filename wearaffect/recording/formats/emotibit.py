"""EmotiBit: the raw CSV of its SD card, a packet a row."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from os import PathLike

import numpy as np

from wearaffect.core.errors import CorruptRecordingError, RecordingFormatError
from wearaffect.core.events import DeviceNote, DeviceState
from wearaffect.core.streams import Channel, LossEvidence, Marker, SignalKind, StreamInfo
from wearaffect.core.timebase import NS_PER_S
from wearaffect.core.units import Unit
from wearaffect.recording.formats.draft import Draft, described
from wearaffect.recording.formats.text import lines_of
from wearaffect.recording.formats.timing import spread_back, stamped
from wearaffect.recording.session import Session

__all__ = ["is_emotibit", "read_emotibit"]

_ROW = re.compile(r"\d{1,10},\d{1,10},\d{1,5},[A-Z][A-Z0-9%+-],\d+,\d+(,|$)")
_FIELDS = 6
_NS_PER_MS = 1_000_000
_BAD_SHARE = 0.01  # of rows; more, and it isn't such a file (engineering choice)
_TIME = "%Y-%m-%d_%H-%M-%S-%f"


@dataclass(frozen=True, slots=True)
class _Signal:
    """Tags that are the channels of one stream, and the rates at which firmware samples them."""

    kind: SignalKind
    tags: tuple[str, ...]
    channels: tuple[str, ...]
    unit: Unit
    usual_hz: tuple[float, ...]
    name: str = ""


# Tags, units and rates as EmotiBit's documentation has them; the thermopile looks at the skin.
_SIGNALS = (
    _Signal(SignalKind.EDA, ("EA",), ("eda",), Unit.MICROSIEMENS, (15.0, 30.0)),
    _Signal(
        SignalKind.PPG, ("PI", "PR", "PG"), ("infrared", "red", "green"), Unit.ARBITRARY,
        (25.0, 50.0, 100.0),
    ),
    _Signal(SignalKind.ACC, ("AX", "AY", "AZ"), tuple("xyz"), Unit.GRAVITY, (25.0, 50.0, 100.0)),
    _Signal(SignalKind.TEMP, ("TH",), ("thermopile",), Unit.CELSIUS, (7.5, 15.0), "thermopile"),
    _Signal(SignalKind.TEMP, ("T1",), ("thermistor",), Unit.CELSIUS, (7.5, 15.0), "t1"),
    _Signal(SignalKind.TEMP, ("T0",), ("thermistor",), Unit.CELSIUS, (7.5, 15.0), "t0"),
)  # fmt: skip
_SPARSE = (
    ("HR", SignalKind.HR, Unit.BEATS_PER_MINUTE, 1.0),
    ("BI", SignalKind.IBI, Unit.SECOND, 1e-3),
)
_PRESSES = {"BS": "button press", "BL": "long button press"}
_KNOWN = {t for s in _SIGNALS for t in s.tags} | {t for t, *_ in _SPARSE} | set(_PRESSES) | {
    # what isn't a signal: messages, marks, time exchange, state
    "UN", "LM", "RB", "RE", "RD", "TL", "TU", "TX", "TE", "AK", "NK", "EM", "EI", "RS", "DN", "DB",
    "ED", "EC", "HE", "HH", "PN", "PO", "BV", "B%", "DO", "DC", "D%", "SD", "MN", "ML", "MM", "MO",
    "MH", "MB", "LS", "S+", "S-", "WA", "WD",
}  # fmt: skip
_NAMES = {"EL": "EDA level", "ER": "EDA response", "SA": "SCR amplitude", "SF": "SCR frequency",
          "SR": "SCR rise time", "H0": "humidity", "O2": "SpO2"}  # fmt: skip


@dataclass(slots=True)
class _Packets:
    """Rows of one tag: device time in ms, packet number and values."""

    times_ms: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    values: list[list[str]] = field(default_factory=list)

    def keys(self) -> list[tuple[int, int]]:
        """What the axes of one sensor share."""
        return [(t, len(v)) for t, v in zip(self.times_ms, self.values, strict=True)]


def is_emotibit(lines: Sequence[str]) -> bool:
    """Whether the first lines are packets."""
    head = [line for line in lines[:20] if line]
    return bool(head) and sum(_ROW.match(line) is not None for line in head) > len(head) / 2


def read_emotibit(path: str | PathLike[str], content: bytes) -> Session:
    """Read a raw file of an EmotiBit.

    Parameters
    ----------
    path : path
        For errors and the session.
    content : bytes
        The file.

    Returns
    -------
    Session
        ``emotibit.eda`` (µS), ``emotibit.ppg`` (1, a channel a light), ``emotibit.acc`` (g),
        ``emotibit.temp`` (°C, the thermopile before thermistors), ``emotibit.hr`` and
        ``emotibit.ibi`` where beats were found. Notes, LSL markers and button presses are markers;
        samples that the device says it dropped stand in `notes`. The device's clock counts ms from
        its start; each answered request for the time gives a piece of `clock` to the computer's
        time, which is UTC only where the computer sent that.

    Raises
    ------
    RecordingFormatError
        A packet that isn't as described, or not such a file.
    CorruptRecordingError
        No samples.

    Notes
    -----
    EmotiBit's documentation: ``time in ms, packet number, number of values, tag, version,
    reliability, values``. A packet is stamped when its last value was there.
    """
    lines = lines_of(path, content)
    draft = Draft(path, "EmotiBit", {"format": "EmotiBit raw CSV"})
    packets = _packets(draft, lines)
    for signal in _SIGNALS:
        _add(draft, signal, packets)
    for tag, kind, unit, factor in _SPARSE:
        _add_sparse(
            draft, packets.get(tag), described("emotibit", kind, [Channel(str(kind), unit)]), factor
        )
    _events(draft, packets)
    draft.left_out += [_NAMES.get(tag, tag) for tag in packets if tag not in _KNOWN]
    if not draft.streams:
        raise CorruptRecordingError(path, "no samples", expected="packets such as EA, PI or AX")
    return draft.session(to_unix_ns=_clock(draft, packets))


def _packets(draft: Draft, lines: Sequence[str]) -> dict[str, _Packets]:
    found: dict[str, _Packets] = {}
    bad: list[int] = []
    for number, line in enumerate(lines, start=1):
        if _ROW.match(line) is None:
            bad.append(number)
            continue
        cells = line.split(",")
        length = int(cells[2])
        values = cells[_FIELDS : _FIELDS + length]
        if len(values) < length:
            bad.append(number)
            continue
        packets = found.setdefault(cells[3], _Packets())
        packets.times_ms.append(int(cells[0]))
        packets.numbers.append(int(cells[1]))
        # a message may hold commas of its own
        packets.values.append(cells[_FIELDS:] if cells[3] == "UN" else values)
    if len(bad) > max(2, _BAD_SHARE * len(lines)):
        raise RecordingFormatError(
            draft.path, f"row {bad[0]}", expected="time, number, length, tag, version, reliability",
            got=repr(lines[bad[0] - 1][:60]), remedy="copy the file from the card again",
        )  # fmt: skip
    if bad:
        rows = ", ".join(map(str, bad[:5]))
        draft.repairs.append(f"{len(bad)} rows that aren't whole packets left out (row {rows})")
    return found


def _add(draft: Draft, signal: _Signal, packets: dict[str, _Packets]) -> None:
    present = [
        (tag, name)
        for tag, name in zip(signal.tags, signal.channels, strict=True)
        if tag in packets
    ]
    if not present or (signal.kind is SignalKind.ACC and len(present) < len(signal.tags)):
        draft.left_out += [tag for tag, _ in present]
        return
    keys, kept = _together(draft, [(tag, packets[tag]) for tag, _ in present])
    columns = [
        _numbers(draft.path, tag, (cell for cells in values for cell in cells))
        for (tag, _), values in zip(present, kept, strict=True)
    ]
    ends_ns = np.array([time for time, _ in keys], np.int64) * _NS_PER_MS
    counts = np.array([length for _, length in keys], np.int64)
    stamps_ns = spread_back(ends_ns, counts, signal.usual_hz[0])
    info = described(
        "emotibit", signal.kind, [Channel(name, signal.unit) for _, name in present],
        evidence=LossEvidence.DEVICE_CLOCK,
    )  # fmt: skip
    draft.add_even(info, stamps_ns, np.column_stack(columns), signal.usual_hz, signal.name)


def _together(
    draft: Draft, tagged: Sequence[tuple[str, _Packets]]
) -> tuple[list[tuple[int, int]], list[list[list[str]]]]:
    """Give the packets that the channels of a sensor share: stamp and length, and each's values."""
    every = [own.keys() for _, own in tagged]
    if len({sum(n for _, n in keys) for keys in every}) == 1 == len({len(k) for k in every}):
        # nothing is missing: a sample may have gone with one packet or the next
        return every[0], [own.values for _, own in tagged]
    shared = set.intersection(*map(set, every))
    kept = []
    for (tag, own), keys in zip(tagged, every, strict=True):
        kept.append([v for k, v in zip(keys, own.values, strict=True) if k in shared])
        if len(kept[-1]) < len(keys):
            lost = len(keys) - len(kept[-1])
            draft.repairs.append(f"{lost} packets of {tag} without their twins left out")
    keys = [key for key in every[0] if key in shared]
    if len({len(values) for values in kept}) != 1:
        raise RecordingFormatError(
            draft.path, "packets of one sensor are there twice",
            part="/".join(tag for tag, _ in tagged), expected="each once",
        )  # fmt: skip
    return keys, kept


def _numbers(path: str | PathLike[str], tag: str, cells: Iterable[str]) -> list[float]:
    numbers = []
    for cell in cells:
        try:
            numbers.append(float(cell))
        except ValueError as error:
            raise RecordingFormatError(
                path, "a value that isn't a number", part=tag, got=repr(cell[:40])
            ) from error
    return numbers


def _add_sparse(draft: Draft, own: _Packets | None, info: StreamInfo, factor: float) -> None:
    if own is None:
        return
    counts = [len(values) for values in own.values]
    times = np.repeat(np.array(own.times_ms, np.int64) * _NS_PER_MS, counts)
    values = _numbers(draft.path, str(info.kind), (v for row in own.values for v in row))
    draft.add(stamped(info, times, np.array(values)[:, None] * factor))


def _events(draft: Draft, packets: dict[str, _Packets]) -> None:
    for tag, label in _PRESSES.items():
        if tag in packets:
            draft.markers += [Marker(t * _NS_PER_MS, label) for t in packets[tag].times_ms]
    for tag in ("UN", "LM"):
        own = packets.get(tag, _Packets())
        for time_ms, cells in zip(own.times_ms, own.values, strict=True):
            draft.markers.append(Marker(time_ms * _NS_PER_MS, _label(tag, cells)))
    for tag, fact in (("DO", "dropped"), ("DC", "clipped")):
        own = packets.get(tag, _Packets())
        for time_ms, cells in zip(own.times_ms, own.values, strict=True):
            facts = {"reason": f"{fact}: {' '.join(cells)}"}
            draft.notes.append(
                DeviceNote(time_ms * _NS_PER_MS, "emotibit", DeviceState.TOLD, facts)
            )


def _label(tag: str, cells: Sequence[str]) -> str:
    """Give a user's note, or what an LSL marker says (behind LD)."""
    if tag == "LM" and "LD" in cells[:-1]:
        cells = cells[list(cells).index("LD") + 1 :]
    return ",".join(cells).strip(", ") or tag


def _clock(draft: Draft, packets: dict[str, _Packets]) -> int | None:
    """Keep each exchange of time as a note; give UTC minus device clock where UTC was sent, ns."""
    asked = np.array(packets.get("RD", _Packets()).times_ms, np.int64)
    answered: set[tuple[str, int]] = set()
    best: tuple[int, int] | None = None
    for tag in ("TL", "TU"):
        own = packets.get(tag, _Packets())
        for time_ms, cells in zip(own.times_ms, own.values, strict=True):
            number = int(np.searchsorted(asked, time_ms, side="right")) - 1
            host_ns = _written_ns(cells[0]) if cells else None
            if host_ns is None or number < 0 or (tag, number) in answered:
                continue
            answered.add((tag, number))
            trip_ms = time_ms - int(asked[number])
            whose = "computer_utc" if tag == "TU" else "computer_local"
            facts: dict[str, str | int] = {whose: cells[0], "round_trip_ms": trip_ms}
            at_ns = time_ms * _NS_PER_MS - trip_ms * _NS_PER_MS // 2
            draft.notes.append(DeviceNote(at_ns, "emotibit", DeviceState.TOLD, facts))
            if tag == "TU":
                best = min(best or (trip_ms, host_ns - at_ns), (trip_ms, host_ns - at_ns))
    begun = packets.get("RB", _Packets()).values
    if begun and begun[0]:
        draft.header["local_start"] = begun[0][0]
    return None if best is None else best[1]


def _written_ns(text: str) -> int | None:
    try:
        moment = datetime.strptime(text.strip(), _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * NS_PER_S + moment.microsecond * 1000
