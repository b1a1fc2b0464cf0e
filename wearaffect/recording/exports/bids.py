"""BIDS: physiological recordings at a constant rate, and events, as a data set of one sitting."""

import gzip
import json
import math
import re
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import RecordingFormatError
from wearaffect.core.timebase import s_from_ns
from wearaffect.core.units import Unit
from wearaffect.recording.exports.contents import (
    harmless,
    on_grid,
    provenance,
    purpose,
)
from wearaffect.recording.exports.happenings import FACTS, WHAT, Happening
from wearaffect.recording.session import RecordedStream, Session

__all__ = ["write_bids"]

_VERSION = "1.10.0"
_TASK = "sitting"
# BIDS writes units as CMIXF-12 has them; what has no unit is left without one.
_UNITS = {
    Unit.MICROSIEMENS: "uS", Unit.NANOSIEMENS: "nS", Unit.SIEMENS: "S", Unit.CELSIUS: "oC",
    Unit.GRAVITY: "g", Unit.METRE_PER_SECOND_SQUARED: "m/s^2", Unit.MILLIVOLT: "mV",
    Unit.SECOND: "s", Unit.MILLISECOND: "ms", Unit.BEATS_PER_MINUTE: "1/min",
    Unit.MICROSIEMENS_PER_SECOND: "uS/s", Unit.GRAVITY_64TH: "g/64", Unit.ARBITRARY: "arbitrary",
}  # fmt: skip
_README = """# A sitting recorded with wearaffect

Each regular stream is a `_physio.tsv.gz` at its constant rate on the clock that the session was
put on; `n/a` stands where there is no sample. Each stretch without a gap was moved as a whole onto
the grid of its stream, by `MovedBySeconds` at most. Markers, phases, artefacts, answers, gaps,
beats and estimates with those that were withheld stand in `_events.tsv`. Text there has `\\\\`,
`\\t`, `\\n`, `\\r` and `\\u2028` for a backslash and what can't stand in a cell, and a `'` before
what a spreadsheet would take for a formula (and before a `'`): take one away to have it as it was.

Intended use: {use}
Estimates by: {model}
"""


def write_bids(session: Session, events: Sequence[Happening], out: Path) -> None:
    """Write ``bids/``: a data set with one participant and one task.

    Parameters
    ----------
    session : Session
        What to write.
    events : sequence of Happening
        What happens in it.
    out : Path
        Folder to write into.

    Raises
    ------
    RecordingFormatError
        There is no regular stream.

    Notes
    -----
    Brain Imaging Data Structure 1.10.0, "Physiological recordings" and "Events"; a recording
    without imaging lies under ``beh``.
    """
    streams = {k: s for k, s in session.streams.items() if s.info.sampling_rate and s.segments}
    if not streams:
        raise RecordingFormatError(
            session.path, "nothing for BIDS", expected="a stream with a sampling rate"
        )
    label = re.sub(r"[^A-Za-z0-9]", "", session.participant) or "01"
    root = out / "bids"
    folder = root / f"sub-{label}" / "beh"
    folder.mkdir(parents=True)
    facts = provenance(session)
    about = _README.format(use=facts["intended_use"], model=facts["estimates_by"])
    (root / "README.md").write_text(about, encoding="utf-8")
    _json(root / "dataset_description.json", _description(session))
    people = [
        ["participant_id", "participant_code"],
        [f"sub-{label}", harmless(session.participant) or "n/a"],
    ]
    (root / "participants.tsv").write_text(_tsv(people), encoding="utf-8")
    _json(root / "participants.json", {"participant_code": {"Description": "Code as recorded"}})
    stem = f"sub-{label}_task-{_TASK}"
    taken: set[str] = set()
    for stream_id, stream in streams.items():
        name = _recording(stream_id, taken)
        _write_physio(session, stream, folder / f"{stem}_recording-{name}_physio")
    _write_events(session, events, folder / f"{stem}_events")


def _description(session: Session) -> dict[str, Any]:
    facts = provenance(session)
    return {
        "Name": "A sitting recorded with wearaffect",
        "BIDSVersion": _VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": "wearaffect", "Version": facts["written_by"].split()[-1]}],
        "SourceDatasets": [{"Version": facts["content_hash"]}],
        "IntendedUse": facts["intended_use"],
        "EstimatesBy": facts["estimates_by"],
    }


def _recording(stream_id: str, taken: set[str]) -> str:
    """Give a label of letters and digits that no other stream has."""
    device, _, kind = stream_id.rpartition(".")
    short, long = (re.sub(r"[^A-Za-z0-9]", "", name) for name in (kind, f"{kind}{device}"))
    name = short if short not in taken else long
    while name in taken:
        name += "x"
    taken.add(name)
    return name


def _write_physio(session: Session, stream: RecordedStream, stem: Path) -> None:
    track = on_grid(stream)
    info = stream.info
    names = [_column(c.name) for c in info.channels]
    about: dict[str, Any] = {
        "SamplingFrequency": track.rate_hz,
        "StartTime": s_from_ns(track.start_ns - session.start_ns),
        "Columns": names,
        "Manufacturer": session.device or "n/a",
        "TaskName": _TASK,
        "MovedBySeconds": track.moved_s,
        "LossEvidence": str(info.loss_evidence),
        "IntendedUse": purpose(session),
    }
    for name, channel in zip(names, info.channels, strict=True):
        about[name] = {
            "Description": f"{info.kind} of {info.device or 'the device'}, {channel.name}",
            "Units": _UNITS[channel.unit],
            "Kind": str(info.kind),
        }
    _json(stem.with_name(f"{stem.name}.json"), about)
    packed = BytesIO()
    # neither name nor time in the header: the same session gives the same bytes
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as stream_file:
        stream_file.write(_rows(track.data).encode())
    stem.with_name(f"{stem.name}.tsv.gz").write_bytes(packed.getvalue())


def _column(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower()).strip("_") or "value"


def _rows(data: NDArray[np.float32]) -> str:
    """Write rows; nine digits give a float32 back exactly."""
    lines = (
        "\t".join("n/a" if math.isnan(v) else f"{v:.9g}" for v in row) for row in data.tolist()
    )
    return "".join(f"{line}\n" for line in lines)


def _write_events(session: Session, events: Sequence[Happening], stem: Path) -> None:
    rows = [["onset", "duration", "trial_type", "value", *FACTS]]
    for e in events:
        cells = (e.what, e.text, *(e.facts.get(name, "") for name in FACTS))
        rows.append(
            [f"{e.start_s:.9f}", f"{e.length_s:.9f}", *(harmless(c) or "n/a" for c in cells)]
        )
    stem.with_name(f"{stem.name}.tsv").write_text(_tsv(rows), encoding="utf-8")
    irregular = [k for k, s in session.streams.items() if s.info.sampling_rate is None]
    values = (
        "Label of the marker, name of the phase, reason of the artefact, answer, cause of the gap"
    )
    _json(
        stem.with_name(f"{stem.name}.json"),
        {
            "trial_type": {
                "Description": "What it is",
                "Levels": {**WHAT, **{harmless(k): "a value of this stream" for k in irregular}},
            },
            "value": {"Description": f"{values}, figures, or reasons"},
            **{name: {"Description": about} for name, about in FACTS.items()},
        },
    )


def _tsv(rows: Iterable[list[str]]) -> str:
    return "".join("\t".join(row) + "\n" for row in rows)


def _json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
