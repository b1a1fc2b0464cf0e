"""A miniature Stress-Predict of synthetic participants, laid out as published, with known truth."""

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np

from wearaffect.physiology.participant import ParticipantSettings, simulate_participant
from wearaffect.physiology.timeline import REST, STRESS

_REST = replace(REST, label="rest", duration_s=150.0)
_TASK = replace(STRESS, duration_s=170.0, heart_rise_per_min=20.0)
PROTOCOL = (
    replace(REST, label="rest", duration_s=420.0),
    replace(_TASK, label="stroop"),
    _REST,
    replace(_TASK, label="interview"),
    _REST,
    replace(_TASK, label="hyperventilation", duration_s=90.0),
    _REST,
)
TASKS = ("stroop", "interview", "hyperventilation")
_START_S = 1_600_000_000


def write_stress_predict(root: Path, n_people: int = 3) -> Path:
    """Write `n_people` from S02 on, and S01, who has no label for each second."""
    rows = ["Participant,HR,respr,Time(sec),Label"]
    for number in range(1, n_people + 2):
        labels = _write_person(root / "Raw_data" / f"S{number:02d}", number)
        if number > 1:
            rows += [f"{number},80,12,{_START_S + t},{x}" for t, x in enumerate(labels)]
    folder = root / "Processed_data"
    folder.mkdir()
    table = gzip.compress(("\n".join(rows) + "\n").encode())
    (folder / "Improved_All_Combined_hr_rsp_binary.csv.gz").write_bytes(table)
    return root


def _write_person(folder: Path, number: int) -> list[int]:
    length_s = sum(condition.duration_s for condition in PROTOCOL)
    settings = ParticipantSettings(seed=100 + number, protocol=PROTOCOL)
    made = simulate_participant(settings, length_s)
    folder.mkdir(parents=True)
    arrays = {str(kind): np.asarray(data) for kind, data in made.signals.items()}
    for kind, rate in (("eda", 4), ("bvp", 64), ("acc", 32), ("temp", 4)):
        (folder / f"{kind.upper()}.csv").write_text(_csv(kind, arrays[kind], rate))
    labels = [0] * round(length_s)
    presses = []
    for span in made.truth.conditions:
        if span.condition.label in TASKS:
            labels[round(span.start_s) : round(span.end_s)] = [1] * round(span.end_s - span.start_s)
            presses += [f"{_START_S + span.start_s}", f"{_START_S + span.end_s}"]
    (folder / f"tags_{folder.name}.csv").write_text("\n".join(presses) + "\n")
    return labels


def _csv(kind: str, data: np.ndarray, rate: int) -> str:
    data = data.reshape(len(data), -1)
    data = np.round(data * 64).astype(int) if kind == "acc" else np.round(data, 4)
    header = [[f"{_START_S}.0"] * data.shape[1], [f"{rate}.0"] * data.shape[1]]
    rows = (",".join(map(str, row)) for row in (*header, *data.tolist()))
    return "\n".join(rows) + "\n"
