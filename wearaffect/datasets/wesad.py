"""WESAD: one sitting a person; baseline, stress (TSST), amusement and two meditations.

P. Schmidt, A. Reiss, R. Duerichen, C. Marberger, K. Van Laerhoven. Introducing WESAD, a multimodal
dataset for wearable stress and affect detection. ICMI 2018, doi:10.1145/3242969.3242985.
"""

import csv
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import DatasetError, RecordingError, SignalError
from wearaffect.core.streams import Channel, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.units import Unit
from wearaffect.datasets.labelled import (
    Interval,
    LabelledSession,
    first_rest,
    people_among,
    people_in,
)
from wearaffect.datasets.restricted_pickle import load_arrays
from wearaffect.datasets.wesad_quest import read_quest
from wearaffect.recording.e4 import read_e4
from wearaffect.recording.session import RecordedStream, Session

__all__ = ["read_wesad", "wesad_subjects"]

_LABELS = {1: "baseline", 2: "stress", 3: "amusement", 4: "meditation"}
_LAYOUT = (
    "SX/SX.pkl with SX/SX_quest.csv, or SX/SX_E4_Data.zip with SX/SX_quest.csv and the person's "
    "rows in *label_windows*.csv beside the people's folders"
)
_TABLE_COLUMNS = ("subject", "wesad_label", "e4_start_s", "e4_end_s")
_LABEL_HZ = 700.0
_CHEST_HZ = 700.0

# Names, rates and units: wesad_readme.pdf of the dataset. EMG has no kind here and is left out.
_AXES = ("x", "y", "z")
_SIGNALS = (
    ("wrist", "EDA", SignalKind.EDA, 4.0, Unit.MICROSIEMENS, ("eda",), 1.0),
    ("wrist", "BVP", SignalKind.BVP, 64.0, Unit.ARBITRARY, ("bvp",), 1.0),
    ("wrist", "ACC", SignalKind.ACC, 32.0, Unit.GRAVITY, _AXES, 1 / 64),
    ("wrist", "TEMP", SignalKind.TEMP, 4.0, Unit.CELSIUS, ("temp",), 1.0),
    ("chest", "ACC", SignalKind.ACC, _CHEST_HZ, Unit.GRAVITY, _AXES, 1.0),
    ("chest", "ECG", SignalKind.ECG, _CHEST_HZ, Unit.MILLIVOLT, ("ecg",), 1.0),
    ("chest", "EDA", SignalKind.EDA, _CHEST_HZ, Unit.MICROSIEMENS, ("eda",), 1.0),
    ("chest", "Temp", SignalKind.TEMP, _CHEST_HZ, Unit.CELSIUS, ("temp",), 1.0),
    ("chest", "Resp", SignalKind.RESP, _CHEST_HZ, Unit.ARBITRARY, ("resp",), 1.0),
)
_DEVICES = {"wrist": ("e4", "Empatica E4"), "chest": ("respiban", "RespiBAN Professional")}


def wesad_subjects(root: Path) -> tuple[str, ...]:
    """List the people in a WESAD folder.

    Parameters
    ----------
    root : Path
        The folder that holds ``S2``, ``S3``, …; any subset of them, whatever else is there.

    Returns
    -------
    tuple of str
        In order of their number.

    Raises
    ------
    DatasetError
        No folder, or nobody in it.
    """
    return people_in(Path(root), _LAYOUT)


def read_wesad(root: Path, subjects: Sequence[str] | None = None) -> Iterator[LabelledSession]:
    """Read WESAD, one person at a time.

    Parameters
    ----------
    root : Path
        The folder that holds ``S2``, ``S3``, …. Of each person it takes ``SX.pkl`` where there is
        one, else the E4 export with the label table of the root.
    subjects : sequence of str, optional
        Whom, in which order; everybody by default.

    Returns
    -------
    iterator of LabelledSession
        Labels ``baseline``, ``stress``, ``amusement``, ``meditation``. Zero is the start of the
        pickle or of the E4 export; wrist streams are ``e4.*`` and come first, chest streams
        ``respiban.*`` (ACC g, ECG mV, EDA µS, TEMP °C, RESP 1). Rest is the first 300 s of
        baseline.

    Raises
    ------
    DatasetError
        Nobody there or somebody not; while iterating, for a person whose files are missing or
        broken.
    UnsafePickleError
        While iterating: a pickle that holds more than arrays.

    Notes
    -----
    Schmidt et al., ICMI 2018, doi:10.1145/3242969.3242985.
    """
    place = Path(root)
    people = people_among(wesad_subjects(place), subjects, place)
    return (_read_person(place, person) for person in people)


def _read_person(root: Path, person: str) -> LabelledSession:
    folder = root / person
    read = _read_pickle if (folder / f"{person}.pkl").exists() else _read_export
    session, intervals = read(root, person)
    quest = read_quest(folder / f"{person}_quest.csv")
    return LabelledSession(
        dataset="wesad",
        subject=person,
        session=session,
        intervals=intervals,
        rest=first_rest(intervals, "baseline"),
        order=quest.order,
        self_report=quest.self_report,
    )


def _read_export(root: Path, person: str) -> tuple[Session, tuple[Interval, ...]]:
    folder = root / person
    names = (f"{person}_E4_Data.zip", f"{person}_E4_Data")
    path = next((folder / name for name in names if (folder / name).exists()), None)
    intervals = _table_intervals(root, person)
    if path is None or not intervals:
        got = "no label rows" if path is not None else f"neither {person}.pkl nor {names[0]}"
        raise DatasetError(
            folder,
            f"no labelled recording of {person}",
            expected=_LAYOUT,
            got=got,
            remedy="unpack the whole archive, or leave this person out",
        )
    try:
        return read_e4(path), intervals
    except (RecordingError, SignalError) as error:
        raise DatasetError(
            path, "can't be read as an E4 export", got=str(error), remedy="fetch the file again"
        ) from error


def _table_intervals(root: Path, person: str) -> tuple[Interval, ...]:
    """Give a person's rows of the label table, in time order."""
    tables = sorted(p for p in root.glob("*label_windows*.csv") if not p.name.startswith("."))
    if len(tables) > 1:
        raise DatasetError(
            root,
            "label tables contradict each other",
            expected="one *label_windows*.csv",
            got=", ".join(p.name for p in tables),
            remedy="keep one",
        )
    return _intervals_in(tables[0], person) if tables else ()


def _intervals_in(table: Path, person: str) -> tuple[Interval, ...]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            found = [
                Interval(_LABELS[int(label)], float(start), float(end))
                for name, label, start, end in (
                    [row[column] for column in _TABLE_COLUMNS] for row in csv.DictReader(file)
                )
                if name == person
            ]
    except (OSError, ValueError, LookupError, TypeError, csv.Error) as error:
        raise DatasetError(
            table,
            "not a label table",
            expected=f"columns {', '.join(_TABLE_COLUMNS)}; seconds, labels 1 to 4",
            got=repr(error),
        ) from error
    return tuple(sorted(found, key=lambda interval: interval.start_s))


def _read_pickle(root: Path, person: str) -> tuple[Session, tuple[Interval, ...]]:
    path = root / person / f"{person}.pkl"
    tree = load_arrays(path)
    try:
        if not isinstance(tree, dict) or tree["subject"] != person:
            msg = f"no dictionary of {person}"
            raise ValueError(msg)
        session = Session(str(path), _streams(tree["signal"]), person, "Empatica E4")
        return session, _label_runs(tree["label"])
    except (ValueError, TypeError, LookupError) as error:
        raise DatasetError(
            path,
            "not a WESAD pickle",
            expected="subject, label (700 Hz) and signal with chest and wrist arrays",
            got=repr(error),
            remedy="fetch the file again",
        ) from error


def _streams(signal: dict[str, dict[str, NDArray[np.generic]]]) -> dict[str, RecordedStream]:
    streams = {}
    for place, name, kind, rate_hz, unit, columns, scale in _SIGNALS:
        if place == "chest" and name not in signal.get(place, {}):
            continue  # the wrist is what everything here needs; the chest is welcome
        prefix, device = _DEVICES[place]
        info = StreamInfo(
            id=f"{prefix}.{kind}",
            kind=kind,
            channels=tuple(Channel(column, unit) for column in columns),
            sampling_rate=rate_hz,
            device=device,
            body_site=place,
        )
        values = np.asarray(signal[place][name], dtype=np.float32)
        data = values.reshape(-1, 1) if values.ndim == 1 else values
        streams[info.id] = RecordedStream(info, (SignalChunk(info, data * np.float32(scale)),))
    return streams


def _label_runs(label: NDArray[np.generic]) -> tuple[Interval, ...]:
    """Give the stretches of one label; 0 is between conditions, 5 to 7 are to be ignored."""
    codes = np.asarray(label)
    if codes.ndim != 1 or codes.dtype.kind not in "iu":
        msg = f"label of shape {codes.shape} and type {codes.dtype}"
        raise ValueError(msg)
    borders = np.flatnonzero(np.diff(codes)) + 1
    edges = [0, *borders.tolist(), len(codes)]
    return tuple(
        Interval(_LABELS[int(codes[first])], first / _LABEL_HZ, last / _LABEL_HZ)
        for first, last in itertools.pairwise(edges)
        if first < last and int(codes[first]) in _LABELS
    )
