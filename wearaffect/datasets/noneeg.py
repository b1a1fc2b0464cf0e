"""PhysioNet's Non-EEG dataset: exercise, mental arithmetic and a film, with rest between.

J. Birjandtalab, D. Cogan, M. B. Pouyan, M. Nourani. A non-EEG biosignals dataset for assessment and
visualization of neurological status. IEEE SiPS 2016, doi:10.1109/SiPS.2016.27. PhysioNet: A.
Goldberger et al., Circulation 101(23), e215-e220, 2000, doi:10.1161/01.CIR.101.23.e215.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import DatasetError, SignalError
from wearaffect.core.streams import Channel, Gap, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.timebase import ns_from_s
from wearaffect.core.units import Unit
from wearaffect.datasets.labelled import Interval, LabelledSession, first_rest, people_among
from wearaffect.datasets.wfdb import WfdbRecord, read_annotations, read_record
from wearaffect.recording.session import RecordedStream, Session

__all__ = ["noneeg_subjects", "read_noneeg"]

_SECTIONS = ("Relax", "PhysicalStress", "EmotionalStress", "CognitiveStress")
_FILE = re.compile(r"(Subject[0-9]+)_(?:AccTempEDA|SpO2HR)\.(?:hea|dat|atr)")
_LAYOUT = "SubjectN_AccTempEDA.hea, .dat and .atr, and SubjectN_SpO2HR.hea and .dat"
_BAND = ("ax", "ay", "az", "temp", "EDA")
_OXIMETER = ("SpO2", "hr")
# The headers have acceleration and conductance in "NU": |a| at rest and the range of EDA say g, µS.
_SIGNALS = (
    ("wristband", SignalKind.ACC, Unit.GRAVITY, {"x": 0, "y": 1, "z": 2}),
    ("wristband", SignalKind.TEMP, Unit.CELSIUS, {"temp": 3}),
    ("wristband", SignalKind.EDA, Unit.MICROSIEMENS, {"eda": 4}),
    ("oximeter", SignalKind.HR, Unit.BEATS_PER_MINUTE, {"hr": 1}),
)

_Piece = tuple[float, int, int]  # when it begins, s, and its first sample and the one after it


def noneeg_subjects(root: Path) -> tuple[str, ...]:
    """List the people in a Non-EEG folder.

    Parameters
    ----------
    root : Path
        The folder that holds the records; any subset of people.

    Returns
    -------
    tuple of str
        ``Subject1`` and so on, in order of their number.

    Raises
    ------
    DatasetError
        No folder, or nobody in it.
    """
    folder = Path(root)
    remedy = "name the folder into which the publisher's archive was unpacked"
    if not folder.is_dir():
        raise DatasetError(folder, "no such folder", expected=_LAYOUT, remedy=remedy)
    names = {match[1] for path in folder.iterdir() if (match := _FILE.fullmatch(path.name))}
    if not names:
        raise DatasetError(folder, "no people here", expected=_LAYOUT, remedy=remedy)
    return tuple(sorted(names, key=lambda name: (int(name.removeprefix("Subject")), name)))


def read_noneeg(root: Path, subjects: Sequence[str] | None = None) -> Iterator[LabelledSession]:
    """Read the Non-EEG dataset, one person at a time.

    Parameters
    ----------
    root : Path
        The folder that holds the records.
    subjects : sequence of str, optional
        Whom, in which order; everybody by default.

    Returns
    -------
    iterator of LabelledSession
        Labels as published: ``Relax``, ``PhysicalStress`` (standing, walking, jogging),
        ``EmotionalStress`` (40 s in which the cognitive task is announced, and the film later on)
        and ``CognitiveStress``. Streams ``wristband.acc`` (g), ``wristband.temp`` (°C) and
        ``wristband.eda`` (µS) at 8 Hz, ``oximeter.hr`` (1/min) at 1 Hz; there is no pulse wave.
        Rest for enrolment is the first 300 s of the first ``Relax``.

    Raises
    ------
    DatasetError
        Nobody there or somebody not; while iterating, for a person whose files are missing or
        broken.

    Notes
    -----
    The published records are sections put one after the other: what lay between them was cut out,
    and signals jump there. Each section but the last has one sample more than its whole seconds,
    at 8 Hz as at 1 Hz, so that heart rate, taken as it stands, would come a second later from
    section to section. Here each section is a segment of whole seconds that begins at its mark in
    all streams; the odd sample is left out, and no filter reaches across. Scales aren't calibrated:
    the median of ``|a|`` lies between 0.96 and 1.18 g. Oxygen saturation isn't read.
    """
    place = Path(root)
    people = people_among(noneeg_subjects(place), subjects, place)
    return (_read_person(place, person) for person in people)


def _read_person(root: Path, person: str) -> LabelledSession:
    band = _record(root / f"{person}_AccTempEDA.hea", _BAND)
    oximeter = _record(root / f"{person}_SpO2HR.hea", _OXIMETER)
    sections = _sections(root / f"{person}_AccTempEDA.atr", band)
    pieces = {"wristband": _band_pieces(band, sections)}
    pieces["oximeter"], problems = _oximeter_pieces(oximeter, sections)
    records = {"wristband": band, "oximeter": oximeter}
    try:
        streams = [
            _stream(device, kind, unit, columns, records[device], pieces[device])
            for device, kind, unit, columns in _SIGNALS
        ]
    except SignalError as error:
        raise DatasetError(root / person, "not the published signals", got=str(error)) from error
    return LabelledSession(
        dataset="noneeg",
        subject=person,
        session=Session(
            str(root / person),
            {stream.info.id: stream for stream in streams},
            participant=person,
            problems=problems,
        ),
        intervals=sections,
        rest=first_rest(sections, "Relax"),
        order="fixed",
    )


def _record(header: Path, names: tuple[str, ...]) -> WfdbRecord:
    record = read_record(header)
    if record.names != names:
        raise DatasetError(
            header, "other signals", expected=", ".join(names), got=", ".join(record.names)
        )
    return record


def _sections(path: Path, band: WfdbRecord) -> tuple[Interval, ...]:
    """Give the whole seconds of each section."""
    marks = read_annotations(path)
    edges = [mark.sample for mark in marks] + [len(band.data)]
    try:
        if unknown := {mark.text for mark in marks} - set(_SECTIONS):
            msg = f"sections {sorted(unknown)}"
            raise ValueError(msg)
        starts_s = [mark.sample / band.rate_hz for mark in marks]
        lengths_s = [(end - start) // band.rate_hz for start, end in itertools.pairwise(edges)]
        return tuple(
            Interval(mark.text, start_s, start_s + length_s)
            for mark, start_s, length_s in zip(marks, starts_s, lengths_s, strict=True)
        )
    except (ValueError, ZeroDivisionError) as error:
        raise DatasetError(
            path,
            "not the sections of this record",
            expected=f"{', '.join(_SECTIONS)} in time order",
            got=str(error),
            remedy="fetch the file again",
        ) from error


def _band_pieces(band: WfdbRecord, sections: tuple[Interval, ...]) -> list[_Piece]:
    """Tell when each section begins and which samples it has."""
    pieces = []
    for section in sections:
        first = round(section.start_s * band.rate_hz)
        pieces.append((section.start_s, first, first + round(section.duration_s * band.rate_hz)))
    return pieces


def _oximeter_pieces(
    oximeter: WfdbRecord, sections: tuple[Interval, ...]
) -> tuple[list[_Piece], tuple[str, ...]]:
    """Tell the same of the other record, whose sections have no marks; and what is wrong."""
    counts = [round(section.duration_s * oximeter.rate_hz) for section in sections]
    n_samples = len(oximeter.data)
    if n_samples != sum(counts) + len(counts) - 1:
        return [(0.0, 0, n_samples)], ("heart rate doesn't fit the sections; taken as it stands",)
    firsts = itertools.accumulate((count + 1 for count in counts), initial=0)
    pieces = [
        (section.start_s, first, first + count)
        for section, first, count in zip(sections, firsts, counts, strict=False)
    ]
    return pieces, ()


def _stream(
    device: str,
    kind: SignalKind,
    unit: Unit,
    columns: dict[str, int],
    record: WfdbRecord,
    pieces: list[_Piece],
) -> RecordedStream:
    info = StreamInfo(
        id=f"{device}.{kind}",
        kind=kind,
        channels=tuple(Channel(name, unit) for name in columns),
        sampling_rate=record.rate_hz,
        device=device,
        body_site="wrist",  # the oximeter too, says the publisher
    )
    data: NDArray[np.float32] = record.data[:, list(columns.values())].astype(np.float32)
    segments = tuple(
        SignalChunk(info, data[first:end], ns_from_s(start_s)) for start_s, first, end in pieces
    )
    gaps = tuple(
        Gap(info.id, before.end_ns, after.start_ns, None, "time was cut out between sections")
        for before, after in itertools.pairwise(segments)
    )
    return RecordedStream(info, segments, gaps)
