"""Stress-Predict: Stroop, interview and hyperventilation, with rest between, on an E4.

T. Iqbal et al. Stress monitoring using wearable sensors: a pilot study and Stress-Predict dataset.
Sensors 22(21), 8135, 2022, doi:10.3390/s22218135.
"""

import csv
import gzip
import itertools
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wearaffect.core.errors import DatasetError, RecordingError, SignalError
from wearaffect.datasets.labelled import (
    REST_S,
    Interval,
    LabelledSession,
    first_rest,
    people_among,
    people_in,
)
from wearaffect.recording.e4 import read_e4
from wearaffect.recording.session import Session

__all__ = ["exclusions", "read_stress_predict", "stress_predict_subjects"]

_TASKS = ("stroop", "interview", "hyperventilation")
_TABLE = "Improved_All_Combined_hr_rsp_binary.csv"
_LAYOUT = f"Raw_data/SXX with E4 files, and Processed_data/{_TABLE} (or .csv.gz)"
_COLUMNS = ("Participant", "Time(sec)", "Label")
_STEP_S = 1.0
PRESS_TOLERANCE_S = 2.0
"""How far a task's border may lie from a button press, seconds (engineering choice)."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Consecutive seconds under one label, half-open, Unix time."""

    is_task: bool
    start_unix_s: float
    end_unix_s: float


def stress_predict_subjects(root: Path) -> tuple[str, ...]:
    """List the people in a Stress-Predict folder, scored or not.

    Parameters
    ----------
    root : Path
        The folder that holds ``Raw_data`` and ``Processed_data``; any subset of people.

    Returns
    -------
    tuple of str
        In order of their number.

    Raises
    ------
    DatasetError
        No folder, or nobody in it.
    """
    return people_in(Path(root) / "Raw_data", _LAYOUT)


def exclusions(root: Path) -> dict[str, str]:
    """Say who is left out, and why: by rule, never by name.

    Parameters
    ----------
    root : Path
        The corpus.

    Returns
    -------
    dict of str to str
        Person to reason: no label for each second, not three tasks, a task border further than 2 s
        from every button press, or less than 300 s of rest before the first task.

    Raises
    ------
    DatasetError
        The label table or a person's button presses are missing or broken.
    """
    place = Path(root)
    runs = _label_runs(place)
    return {
        person: reason
        for person in stress_predict_subjects(place)
        if (reason := _reason(place, person, runs.get(person, ())))
    }


def read_stress_predict(
    root: Path, subjects: Sequence[str] | None = None
) -> Iterator[LabelledSession]:
    """Read Stress-Predict, one person at a time.

    Parameters
    ----------
    root : Path
        The folder that holds ``Raw_data`` and ``Processed_data``.
    subjects : sequence of str, optional
        Whom, in which order; by default everybody whom `exclusions` doesn't name. Somebody asked
        for by name is read even if excluded, with whatever labels there are.

    Returns
    -------
    iterator of LabelledSession
        Labels ``stroop``, ``interview``, ``hyperventilation`` and ``rest``; rest for enrolment is
        the first 300 s of the first unstressed run. Self-report isn't read.

    Raises
    ------
    DatasetError
        Nobody there or somebody not, or a broken label table; while iterating, a broken recording.

    Notes
    -----
    The label table's times are taken as they stand: task borders in it fall on button presses.
    Its HR column is HR.csv shifted one second early against them, and isn't used. People without
    three tasks have no intervals, as which task is which can't be told.
    """
    place = Path(root)
    people = people_among(stress_predict_subjects(place), subjects, place)
    runs = _label_runs(place)
    if subjects is None:
        people = tuple(p for p in people if not _reason(place, p, runs.get(p, ())))
    return (_read_person(place, person, runs.get(person, ())) for person in people)


def _read_person(root: Path, person: str, runs: tuple[_Run, ...]) -> LabelledSession:
    folder = root / "Raw_data" / person
    try:
        session = read_e4(folder)
    except (RecordingError, SignalError) as error:
        raise DatasetError(folder, "can't be read as an E4 export", got=str(error)) from error
    intervals = _intervals(session, runs)
    return LabelledSession(
        dataset="stress_predict",
        subject=person,
        session=session,
        intervals=intervals,
        rest=first_rest(intervals, "rest"),
        order="fixed",
    )


def _intervals(session: Session, runs: tuple[_Run, ...]) -> tuple[Interval, ...]:
    if session.wall_start_s is None or _n_tasks(runs) != len(_TASKS):
        return ()
    origin_s = session.wall_start_s
    tasks = iter(_TASKS)
    return tuple(
        Interval(
            next(tasks) if run.is_task else "rest",
            run.start_unix_s - origin_s,
            run.end_unix_s - origin_s,
        )
        for run in runs
    )


def _n_tasks(runs: tuple[_Run, ...]) -> int:
    return sum(run.is_task for run in runs)


def _reason(root: Path, person: str, runs: tuple[_Run, ...]) -> str:
    """Say why a person can't be scored; empty if they can."""
    if not runs:
        return "no label for each second"
    if _n_tasks(runs) != len(_TASKS):
        return f"{_n_tasks(runs)} task runs in the labels instead of {len(_TASKS)}"
    if runs[0].is_task or runs[0].end_unix_s - runs[0].start_unix_s < REST_S:
        return f"less than {REST_S:g} s of rest before the first task"
    presses = _presses(root / "Raw_data" / person)
    borders = [t for run in runs if run.is_task for t in (run.start_unix_s, run.end_unix_s)]
    off = sum(min((abs(t - p) for p in presses), default=1e9) > PRESS_TOLERANCE_S for t in borders)
    if off:
        return f"{off} of {len(borders)} task borders not within {PRESS_TOLERANCE_S:g} s of a press"
    return ""


def _presses(folder: Path) -> list[float]:
    """Give the button presses, Unix time; none if the person has no such file."""
    found = sorted(p for p in folder.glob("tags*.csv*") if p.suffix in (".csv", ".gz"))
    if not found:
        return []
    try:
        return [float(line) for line in _text(found[0]).split()]
    except ValueError as error:
        raise DatasetError(
            found[0], "not a list of button presses", expected="Unix seconds", got=str(error)
        ) from error


def _label_runs(root: Path) -> Mapping[str, tuple[_Run, ...]]:
    """Give each person's runs from the table of one row a second."""
    folder = root / "Processed_data"
    path = next((p for p in (folder / _TABLE, folder / f"{_TABLE}.gz") if p.is_file()), None)
    if path is None:
        raise DatasetError(folder, "no label table", expected=_LAYOUT)
    seconds: dict[str, list[tuple[float, bool]]] = {}
    try:
        for row in csv.DictReader(_text(path).splitlines()):
            person, time, label = (row[column] for column in _COLUMNS)
            is_task = {0.0: False, 1.0: True}[float(label)]
            seconds.setdefault(f"S{int(person):02d}", []).append((float(time), is_task))
        return {person: tuple(_runs(rows)) for person, rows in seconds.items()}
    except (ValueError, LookupError, TypeError, csv.Error) as error:
        raise DatasetError(
            path,
            "not the label table",
            expected=f"columns {', '.join(_COLUMNS)}; Unix seconds in order, labels 0 and 1",
            got=repr(error),
        ) from error


def _runs(rows: list[tuple[float, bool]]) -> Iterator[_Run]:
    """Cut a person's seconds where the label changes or a second is missing."""
    start_s, is_task = rows[0]
    for (time_s, label), (next_s, next_label) in itertools.pairwise(rows):
        if next_s <= time_s:
            msg = f"{next_s} after {time_s}"
            raise ValueError(msg)
        if next_label != label or next_s - time_s > _STEP_S:
            yield _Run(is_task, start_s, time_s + _STEP_S)
            start_s, is_task = next_s, next_label
    yield _Run(is_task, start_s, rows[-1][0] + _STEP_S)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DatasetError(
            path, "can't be read", got=str(error), remedy="fetch the file again"
        ) from error
