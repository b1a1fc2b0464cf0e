"""A miniature WESAD of synthetic participants, laid out as published, with known truth.

Amusement is made to differ from rest only in the skin, stress in skin, heart and movement, so
that a model can learn something; nothing about it says how well a model does on people.
"""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from wearaffect.physiology.participant import ParticipantSettings, simulate_participant
from wearaffect.physiology.timeline import REST, STRESS

_PREPARE = replace(REST, label="", duration_s=30.0)
_BASELINE = replace(REST, label="Base", duration_s=460.0)
_STRESS = replace(STRESS, label="TSST", duration_s=300.0, heart_rise_per_min=25.0)
_FUN = replace(REST, label="Fun", duration_s=240.0, bursts_per_min=8.0, moves_per_min=0.6)
_CALM = replace(REST, label="Medi 1", duration_s=150.0, bursts_per_min=1.5)
_CODES = {"Base": 1, "TSST": 2, "Fun": 3, "Medi 1": 4}
_START_S = 1_500_000_000


def write_wesad(root: Path, n_people: int = 4) -> Path:
    """Write `n_people` with alternating protocol orders."""
    rows = ["subject,condition,wesad_label,e4_start_s,e4_end_s"]
    for i in range(n_people):
        tasks = (_STRESS, _CALM, _FUN) if i % 2 == 0 else (_FUN, _CALM, _STRESS)
        rows += _write_person(root, f"S{i + 2}", (_PREPARE, _BASELINE, *tasks), seed=i + 1)
    (root / "label_windows.csv").write_text("\n".join(rows) + "\n")
    return root


def _write_person(root: Path, name: str, protocol: tuple, seed: int) -> list[str]:
    length_s = sum(condition.duration_s for condition in protocol)
    made = simulate_participant(ParticipantSettings(seed=seed, protocol=protocol), length_s)
    folder = root / name
    folder.mkdir(parents=True)
    arrays = {str(kind): np.asarray(data) for kind, data in made.signals.items()}
    with zipfile.ZipFile(folder / f"{name}_E4_Data.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for kind, rate in (("eda", 4), ("bvp", 64), ("acc", 32), ("temp", 4)):
            archive.writestr(f"{kind.upper()}.csv", _csv(kind, arrays[kind], rate))
        archive.writestr("tags.csv", "")
    spans = [c for c in made.truth.conditions if c.condition.label]
    (folder / f"{name}_quest.csv").write_text(_quest(name, spans))
    return [
        f"{name},{s.condition.label},{_CODES[s.condition.label]},{s.start_s + 10},{s.end_s - 10}"
        for s in spans
    ]


def _csv(kind: str, data: np.ndarray, rate: int) -> str:
    data = data.reshape(len(data), -1)
    data = np.round(data * 64).astype(int) if kind == "acc" else np.round(data, 4)
    header = [[f"{_START_S}.0"] * data.shape[1], [f"{rate}.0"] * data.shape[1]]
    rows = (",".join(map(str, row)) for row in (*header, *data.tolist()))
    return "\n".join(rows) + "\n"


def _quest(name: str, spans: list) -> str:
    order = ";".join(s.condition.label for s in spans)

    def clock(seconds: float) -> str:
        return f"{int(seconds) // 60}.{int(seconds) % 60:02d}"

    start = ";".join(clock(s.start_s) for s in spans)
    end = ";".join(clock(s.end_s) for s in spans)
    n = len(spans)
    return "\n".join(
        [
            f"# Subj;{name};",
            f"# ORDER;{order};",
            f"# START;{start};",
            f"# END;{end};",
            *["# PANAS;" + ";".join(["1"] * 24) + ";;"] * n,
            *["# STAI;" + ";".join(["1"] * 6) + ";"] * n,
            *["# DIM;5;5;"] * n,
            "# SSSQ;1;1;1;1;1;1;",
        ]
    )
