"""One truth, and the files in which publishers would write it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

E4_START_UNIX_S = 1_495_437_325
RATES_HZ = {"EDA": 4, "BVP": 64, "ACC": 32, "TEMP": 4}
# Base, TSST, Medi 1, Fun, Medi 2: seconds on the pickle's clock and the published code
SPANS = ((20, 330, 1), (350, 390, 2), (400, 430, 4), (440, 480, 3), (500, 530, 4))
LENGTH_S = 560
LATER_S = 100  # the pickle starts this long after the E4

QUEST = """\
# Subj;{person};;
# ORDER;Base;TSST;Medi 1;Fun;Medi 2;bRead;sRead;fRead;
# START;0.1;5.4;6.3;7.1;8.1;5.3;6.2;8;
# END;5.4;6.4;7.2;8.1;9;5.35;6.25;8.05;
;;;
{panas}
# STAI;1;2;3;4;1;2;;
# STAI;4;2;3;4;1;2;;
# STAI;1;2;3;4;1;2;;
# STAI;1;2;3;4;1;2;;
# STAI;1;2;3;4;1;2;;
# DIM;7;2;;
# DIM;3;8;;
# DIM;8;1;;
# DIM;7;4;;
# DIM;8;2;;
# SSSQ;5;5;4;4;3;5;;
"""


@dataclass(frozen=True)
class Truth:
    """Wrist signals from the E4's start, as whole numbers of each file's last decimal."""

    signals: Mapping[str, np.ndarray]

    def wrist(self) -> dict[str, np.ndarray]:
        """The part the pickle holds."""
        cut = {name: rows[LATER_S * RATES_HZ[name] :] for name, rows in self.signals.items()}
        return {name: rows.astype(float) for name, rows in cut.items()}


def write_quest(folder: Path, person: str, text: str = QUEST) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["# PANAS;" + ";".join("1" * (26 if i == 1 else 24)) + ";;" for i in range(5)]
    rows[0] = rows[0].replace("1", "Nan", 1)
    (folder / f"{person}_quest.csv").write_text(
        text.format(person=person, panas="\n".join(rows)), encoding="utf-8"
    )


def e4_files(signals: Mapping[str, np.ndarray], start_unix_s: float) -> dict[str, bytes]:
    files = {}
    for name, rows in signals.items():
        width = rows.shape[1]
        head = [", ".join([f"{value:.6f}"] * width) for value in (start_unix_s, RATES_HZ[name])]
        body = [",".join(f"{cell:g}" for cell in row) for row in rows.tolist()]
        files[f"{name}.csv"] = "\n".join(head + body).encode() + b"\n"
    return files
