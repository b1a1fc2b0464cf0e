"""Shimmer: CSV as Consensys exports it, from SD card or Bluetooth, one device or several."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import RecordingFormatError
from wearaffect.core.streams import Channel, LossEvidence, Marker, SignalKind
from wearaffect.core.timebase import NS_PER_S
from wearaffect.core.units import Unit
from wearaffect.recording.formats.draft import Draft, described
from wearaffect.recording.formats.text import Table, lines_of
from wearaffect.recording.formats.timing import stamped
from wearaffect.recording.formats.words import said
from wearaffect.recording.session import Session

__all__ = ["is_shimmer", "read_shimmer"]

_MARK = re.compile(r"_(?:CAL|RAW|UNCAL)\b")
_TIME = re.compile(
    r"(?:System_)?Timestamp(?P<sync>Sync)?(?P<unix>_(?:Formatted)?Unix)?(?:_PlotZeroed)?"
)
_STEM = re.compile(
    r"(?P<device>.*?)_?(?P<name>(?:System_)?Timestamp|GSR|PPG|Int_|Internal_|Ext_|ECG|EMG|EXG|"
    r"Low_Noise|Wide_Range|Accel|Gyro|Mag_|Pressure|Temperature|Skin|Battery|VSense|Event|Heart|"
    r"IBI|Resp|Packet|Quat|Axis|Bridge|Strain|Resistance|Real)(?P<rest>.*)"
)
# The sampling clock is 32768 Hz over a whole number; these are what Consensys offers.
_USUAL_HZ = (1.0, 10.24, 50.0, 51.2, 64.0, 100.0, 102.4, 128.0, 200.0, 204.8, 250.0, 256.0,
             500.0, 504.12, 512.0, 1000.0, 1024.0)  # fmt: skip
_NS = {"ms": 1e6, "s": 1e9, "secs": 1e9, "seconds": 1e9, "us": 1e3}
_KILOOHMS = {"kohms", "kohm", "kω", "kΩ"}
_HEADS = 4


@dataclass(frozen=True, slots=True)
class _Signal:
    """Columns that are one stream; a group of the pattern names the channel."""

    kind: SignalKind
    pattern: re.Pattern[str]
    name: str = ""


# Names as Consensys and the Shimmer drivers write them, without the device and without _CAL; the
# first of a kind that is there is the one without a suffix.
_SIGNALS = (
    _Signal(SignalKind.EDA, re.compile(r"GSR_(?:Skin_)?Conductance")),
    _Signal(SignalKind.EDA, re.compile(r"GSR(?:_Skin_Resistance)?"), "resistance"),
    _Signal(SignalKind.PPG, re.compile(r"(?:Int(?:ernal)?_\w+_)?PPG\d?(?:_?A\d+)?")),
    _Signal(SignalKind.ECG, re.compile(r"ECG_(?:EMG_)?([A-Z]{2}-[A-Z]{2}|Vx-RL)(?:_\d+BIT)?")),
    _Signal(SignalKind.ACC, re.compile(r"(?:Low_Noise_)?Accel(?:erometer)?_(?:LN_)?([XYZ])")),
    _Signal(
        SignalKind.ACC, re.compile(r"(?:Wide_Range_)?Accel(?:erometer)?_(?:WR_)?([XYZ])"), "wr"
    ),
    _Signal(SignalKind.TEMP, re.compile(r"Skin_Temperature\w*")),
    _Signal(SignalKind.HR, re.compile(r"(?:PPG|ECG)_?to_?HR\w*?|Heart_Rate\w*")),
    _Signal(SignalKind.IBI, re.compile(r"(?:(?:PPG|ECG)_?(?:to_?)?)?IBI\w*")),
    _Signal(SignalKind.RESP, re.compile(r"(?:ECG_)?Resp\w*")),
)


@dataclass(frozen=True, slots=True)
class _Device:
    """One Shimmer's part of the table: its columns without device and CAL, by index."""

    label: str
    columns: dict[int, str]
    units: list[str]
    times_ns: NDArray[np.int64]
    rows: NDArray[np.intp]


def is_shimmer(lines: Sequence[str]) -> bool:
    """Whether the first lines are those of a Consensys export."""
    head = "\n".join(lines[:_HEADS])
    marks = len(_MARK.findall(head)) + len(re.findall(r"\b(?:CAL|RAW)\b", head))
    return "Timestamp" in head and marks > 1


def read_shimmer(path: str | PathLike[str], content: bytes) -> Session:
    """Read a Consensys export.

    Parameters
    ----------
    path : path
        For errors and the session.
    content : bytes
        The file.

    Returns
    -------
    Session
        ``shimmer.eda`` (µS; computed where the file has a resistance only), ``shimmer.ppg`` (mV),
        ``shimmer.ecg`` (mV, a channel a lead), ``shimmer.acc`` (m/s², low noise before wide
        range), ``shimmer.temp``, ``shimmer.hr``, ``shimmer.ibi``, as far as they are there and
        calibrated; ``shimmer_<device>.<kind>`` in a file of several devices. The temperature of
        the pressure sensor is the circuit board's and is left out. Event marks are markers.

    Raises
    ------
    RecordingFormatError
        No calibrated time, text for numbers, or a clock that was set back.
    CorruptRecordingError
        There are no rows.

    Notes
    -----
    Consensys writes an optional line ``sep=``, a row of names ``<device>_<signal>_<CAL or RAW>``
    and a row of units, columns in any order; its forerunners split the names over three rows.
    """
    table, units = _table(path, lines_of(path, content))
    draft = Draft(path, "Shimmer", {"format": "Shimmer Consensys CSV"}, repairs=table.repairs)
    parts = [_STEM.fullmatch(name) for name in table.names]
    devices = dict.fromkeys(p["device"] for p in parts if p)
    if len(devices) == 2 and "" in devices:  # what Consensys adds itself carries no device
        devices = {"": None}
    unix = False
    for device in devices:
        several = len(devices) > 1
        label = f"shimmer_{device.removeprefix('Shimmer_')}" if several else "shimmer"
        own = {
            i: p["name"] + p["rest"]
            for i, p in enumerate(parts)
            if p and (not several or p["device"] == device)
        }
        unix = _read_device(draft, table, (label, own), units)
    return draft.session(to_unix_ns=0 if unix else None)


def _table(path: str | PathLike[str], lines: list[str]) -> tuple[Table, list[str]]:
    first, separator = 0, ""
    match = re.fullmatch(r'"?sep=(\\t|.)"?\s*', lines[0])
    if match:
        separator, first = match[1].replace("\\t", "\t"), 1
    separator = separator or max("\t;,", key=lines[0].count)
    head = [[c.strip(' "') for c in line.split(separator)] for line in lines[first : first + 5]]
    n_head = next((i for i, row in enumerate(head) if row[0][:1].isdigit()), len(head))
    if n_head == 0:
        raise RecordingFormatError(path, "no row of names", expected="names as Consensys writes")
    split = n_head >= _HEADS  # device, signal, CAL or RAW, unit
    names = ["_".join(cells) for cells in zip(*head[:3], strict=False)] if split else head[0]
    units = head[n_head - 1] if n_head > 1 else []
    units += [""] * (len(names) - len(units))
    first_row = first + n_head
    return Table(path, names, lines[first_row:], first_row + 1, separator), units


def _read_device(
    draft: Draft, table: Table, which: tuple[str, dict[int, str]], units: list[str]
) -> bool:
    label, names = which
    own = {i: n.removesuffix("_CAL") for i, n in names.items() if n.endswith("_CAL")}
    clock_ns, unix = _clock(table, own, units)
    rows = np.flatnonzero(np.isfinite(clock_ns))
    device = _Device(label, own, units, np.rint(clock_ns[rows]).astype(np.int64), rows)
    used = {i for i, name in names.items() if "Timestamp" in name}
    used |= {i for i, name in names.items() if _MARK.sub("", name) in own.values() and i not in own}
    for signal in _SIGNALS:
        matches = {i: m for i, name in own.items() if (m := signal.pattern.fullmatch(name))}
        # axes and leads in the order of their names, wherever their columns stand
        columns = sorted((i for i in matches if i not in used), key=lambda i: own[i])
        known = f"{label}.eda" in draft.streams and signal.name == "resistance"
        if columns and (known or _add(draft, table, device, (signal, columns))):
            used.update(columns)
    used |= _events(draft, table, device)
    draft.left_out += [own.get(i, name) for i, name in names.items() if i not in used]
    return unix


def _clock(table: Table, own: dict[int, str], units: list[str]) -> tuple[NDArray[np.float64], bool]:
    """Give the best clock in ns: one that counts from 1970, synchronised if possible."""
    found = {i: m for i, name in own.items() if (m := _TIME.fullmatch(name))}
    if not found:
        raise RecordingFormatError(
            table.path,
            "no calibrated time",
            part="header",
            expected="a column Timestamp_Unix_CAL, TimestampSync_Unix_CAL or Timestamp_CAL",
            got=", ".join(table.names)[:80],
            remedy="export calibrated data with time stamps from Consensys",
        )
    best = max(found, key=lambda i: (found[i]["unix"] == "_Unix", bool(found[i]["sync"])))
    if not re.match(r"\d+[/-]", table.texts(best)[0]):
        factor = _NS.get(units[best].lower(), _NS["ms"])
        return table.times_ns(best, factor), bool(found[best]["unix"])
    times = [_written_time(table, n, text) for n, text in enumerate(table.texts(best))]
    return np.array(times), False  # in the time zone of whoever exported it


def _written_time(table: Table, number: int, text: str) -> float:
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError as error:
        raise RecordingFormatError(
            table.path,
            f"row {table.first_row + number}",
            expected="a time such as 2020/07/28 11:30:10.034",
            got=repr(text[:40]),
        ) from error
    return moment.replace(tzinfo=UTC).timestamp() * NS_PER_S


def _add(draft: Draft, table: Table, device: _Device, which: tuple[_Signal, list[int]]) -> bool:
    """Take the columns of a stream; False where their unit can't be told."""
    signal, columns = which
    written = device.units[columns[0]]
    values = table.numbers(columns)[device.rows]
    if written.lower() in _KILOOHMS and signal.kind is SignalKind.EDA:
        with np.errstate(divide="ignore"):
            values = np.where(values > 0, 1e3 / values, np.nan)  # kΩ to µS
        draft.repairs.append("skin conductance computed from the resistance in the file")
        written = str(Unit.MICROSIEMENS)
    read = said(signal.kind, written)
    if read is None:
        return False
    unit, factor = read
    matches = [signal.pattern.fullmatch(device.columns[i]) for i in columns]
    names = [m.group(1) if m and m.groups() and m.group(1) else str(signal.kind) for m in matches]
    if signal.kind in {SignalKind.HR, SignalKind.IBI}:
        info = described(device.label, signal.kind, [Channel(str(signal.kind), unit)])
        new = _changes(values[:, 0])
        draft.add(stamped(info, device.times_ns[new], values[new, :1] * factor), signal.name)
        return True
    channels = [Channel(name.lower() if len(name) == 1 else name, unit) for name in names]
    info = described(device.label, signal.kind, channels, evidence=LossEvidence.DEVICE_CLOCK)
    draft.add_even(info, device.times_ns, values * factor, _USUAL_HZ, signal.name)
    return True


def _changes(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Say where a value that is held until the next one begins; -1 and 0 mean none."""
    new = np.r_[True, values[1:] != values[:-1]]
    return np.flatnonzero(new & (values > 0))


def _events(draft: Draft, table: Table, device: _Device) -> set[int]:
    columns = [i for i, name in device.columns.items() if name.startswith("Event_Marker")]
    for column in columns:
        marks = table.numbers([column])[device.rows, 0]
        new = _changes(np.nan_to_num(marks))
        draft.markers += [Marker(int(device.times_ns[i]), f"{marks[i]:g}") for i in new]
    return set(columns)
