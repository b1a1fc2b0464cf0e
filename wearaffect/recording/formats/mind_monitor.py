"""Muse headbands: CSV as the app Mind Monitor writes it."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import RecordingFormatError
from wearaffect.core.events import DeviceNote, DeviceState
from wearaffect.core.streams import Channel, Marker, SignalKind
from wearaffect.core.timebase import NS_PER_S
from wearaffect.core.units import Unit
from wearaffect.recording.formats.draft import Draft, described
from wearaffect.recording.formats.text import Table, lines_of
from wearaffect.recording.formats.timing import stamped
from wearaffect.recording.session import Session

__all__ = ["is_mind_monitor", "read_mind_monitor"]

# A row is written for each EEG sample (Muse 2016 on: 256 Hz, Muse 2014: 220 Hz), or at an interval.
_USUAL_HZ = (256.0, 220.0, 2.0, 1.0)
_LIGHT = re.compile(r"PPG_(\w+)|(Optics\d+)")
_EVENT = "/muse/event/"


def is_mind_monitor(lines: Sequence[str]) -> bool:
    """Whether the first line is Mind Monitor's."""
    head = lines[0].split(",")
    return head[0].strip() == "TimeStamp" and bool({"Elements", "HeadBandOn"} & set(head))


def read_mind_monitor(path: str | PathLike[str], content: bytes) -> Session:
    """Read a recording of Mind Monitor.

    Parameters
    ----------
    path : path
        For errors and the session.
    content : bytes
        The file.

    Returns
    -------
    Session
        ``muse.acc`` (g), ``muse.ppg`` (1, a channel a light), ``muse.hr`` (1/min, where it
        changes), at the rate of the rows: values that the headband sends less often are held by
        the app. Elements (blinks, jaw clenches, markers) are markers. EEG is left out.

    Raises
    ------
    RecordingFormatError
        No times, text for numbers, or a clock that was set back.
    CorruptRecordingError
        There are no rows.

    Notes
    -----
    Mind Monitor's description of its CSV: ``TimeStamp`` is the phone's local time or Unix
    milliseconds, acceleration is in g, an element has a row of its own with no other cell.
    """
    lines = lines_of(path, content)
    names = [name.strip() for name in lines[0].split(",")]
    body = [line for line in lines[1:] if line]
    draft = Draft(path, "Muse", {"format": "Mind Monitor CSV"})
    samples = [line for line in body if not _is_element(line)]
    elements = [line for line in body if _is_element(line)]
    table = Table(path, names, samples, 2, repairs=draft.repairs)
    stamps_ns, unix = _times(path, table.texts(0))
    if not unix:
        draft.header["local_start"] = _written(int(stamps_ns[0]))
    for line in elements:
        _element(draft, line)
    _signals(draft, table, stamps_ns)
    return draft.session(to_unix_ns=0 if unix else None)


def _is_element(line: str) -> bool:
    _, _, rest = line.partition(",")
    return not rest.partition(",")[0].strip() and "/" in rest


def _times(path: str | PathLike[str], texts: list[str]) -> tuple[NDArray[np.int64], bool]:
    unix = bool(texts) and texts[0].replace(".", "", 1).isdigit()
    try:
        if unix:  # milliseconds, or seconds with a fraction
            factor = 10**6 if len(texts[0].partition(".")[0]) > 11 else NS_PER_S
            return np.array([round(float(text) * factor) for text in texts], np.int64), True
        return np.array([_moment_ns(text) for text in texts], np.int64), False
    except (ValueError, OverflowError) as error:
        raise RecordingFormatError(
            path,
            "a time that isn't one",
            part="TimeStamp",
            expected="such as 2021-04-05 15:48:04.834, or Unix milliseconds",
            got=str(error)[-60:],
            remedy="export again, or mend the row",
        ) from error


def _moment_ns(text: str) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * NS_PER_S + moment.microsecond * 1000


def _written(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns / NS_PER_S, UTC).replace(tzinfo=None).isoformat()


def _element(draft: Draft, line: str) -> None:
    cells = line.split(",")
    label = next((cell.strip() for cell in reversed(cells) if cell.strip()), "")
    (time_ns,), _ = _times(draft.path, [cells[0].strip()])
    if label.startswith(_EVENT):  # names the headband, which identifies its owner
        what = label.removeprefix(_EVENT).partition(" ")[0]
        lost = what.startswith("disconnect")
        state = DeviceState.LOST if lost else DeviceState.TOLD
        draft.notes.append(DeviceNote(int(time_ns), "muse", state, {"reason": what}))
    else:
        draft.markers.append(Marker(int(time_ns), label))


def _signals(draft: Draft, table: Table, stamps_ns: NDArray[np.int64]) -> None:
    at = {name: index for index, name in enumerate(table.names)}
    axes = [at[name] for name in (f"Accelerometer_{a}" for a in "XYZ") if name in at]
    lights = {i: (m[1] or m[2]).lower() for n, i in at.items() if (m := _LIGHT.fullmatch(n))}
    used = {0, *axes, *lights, at.get("Heart_Rate", 0), at.get("Elements", 0)}
    if len(axes) == 3:
        info = described("muse", SignalKind.ACC, [Channel(axis, Unit.GRAVITY) for axis in "xyz"])
        draft.add_even(info, stamps_ns, table.numbers(axes), _USUAL_HZ)
        draft.repairs.append("values are held by the app between the headband's own samples")
    if lights:
        channels = [Channel(name, Unit.ARBITRARY) for name in lights.values()]
        values = table.numbers(list(lights))
        # a headband without these lights has columns of zeros
        if np.nan_to_num(values).any():
            info = described("muse", SignalKind.PPG, channels)
            draft.add_even(info, stamps_ns, values, _USUAL_HZ)
    if "Heart_Rate" in at:
        beats = table.numbers([at["Heart_Rate"]])
        new = np.r_[True, beats[1:, 0] != beats[:-1, 0]] & (beats[:, 0] > 0)
        info = described("muse", SignalKind.HR, [Channel("hr", Unit.BEATS_PER_MINUTE)])
        if new.any():
            draft.add(stamped(info, stamps_ns[new], beats[new]))
    draft.left_out += [name for name, index in at.items() if index not in used and name]
