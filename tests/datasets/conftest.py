"""Miniature corpora: one truth, written in each publisher's layout."""

import gzip
import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from miniature_corpora import (
    E4_START_UNIX_S,
    LATER_S,
    LENGTH_S,
    RATES_HZ,
    SPANS,
    Truth,
    e4_files,
    write_quest,
)


@pytest.fixture(scope="session")
def truth() -> Truth:
    rng = np.random.default_rng(7)
    n = {name: (LATER_S + LENGTH_S) * rate for name, rate in RATES_HZ.items()}
    return Truth(
        {
            "EDA": rng.integers(100, 900, (n["EDA"], 1)) / 100,
            "BVP": rng.integers(-9000, 9000, (n["BVP"], 1)) / 100,
            "ACC": rng.integers(-128, 128, (n["ACC"], 3)),
            "TEMP": rng.integers(3000, 3600, (n["TEMP"], 1)) / 100,
        }
    )


@pytest.fixture(scope="session")
def official(truth: Truth, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """WESAD as published: S2 and S10 as pickles, with things lying about."""
    root = tmp_path_factory.mktemp("official")
    rng = np.random.default_rng(8)
    n = LENGTH_S * 700
    label = np.zeros(n, np.int32)
    for start, end, code in SPANS:
        label[start * 700 : end * 700] = code
    label[390 * 700 : 395 * 700] = 6
    chest = {name: rng.normal(size=(n, 1)) for name in ("ECG", "EMG", "EDA", "Resp")}
    chest |= {"ACC": rng.normal(size=(n, 3)), "Temp": rng.normal(size=(n, 1)).astype(np.float32)}
    for person in ("S10", "S2"):
        write_quest(root / person, person)
        tree = {
            "subject": person,
            "label": label,
            "signal": {"chest": chest, "wrist": truth.wrist()},
        }
        (root / person / f"{person}.pkl").write_bytes(pickle.dumps(tree, protocol=2))
    (root / "wesad_readme.pdf").write_bytes(b"%PDF")
    (root / "S3").write_text("a file, not a person", encoding="utf-8")
    (root / "S2 copy").mkdir()
    return root


@pytest.fixture(scope="session")
def exported(truth: Truth, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """WESAD as E4 exports with a label table: S2, and S16 with its table rows out of order."""
    root = tmp_path_factory.mktemp("exported")
    rows = []
    for person in ("S2", "S16"):
        write_quest(root / person, person)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, text in e4_files(truth.signals, E4_START_UNIX_S).items():
                archive.writestr(name, text)
        (root / person / f"{person}_E4_Data.zip").write_bytes(packed.getvalue())
        rows += [f"{person},{c},{s + LATER_S}.0,{e + LATER_S}.0,x" for s, e, c in SPANS]
    header = "subject,wesad_label,e4_start_s,e4_end_s,basis"
    table = "\n".join([header, *reversed(rows)]) + "\n"
    (root / "DERIVED_label_windows_e4.csv").write_text(table, encoding="utf-8")
    return root


@pytest.fixture
def stress_predict(tmp_path: Path) -> Callable[..., Path]:
    """Give a maker of Stress-Predict folders; people are added to the same folder."""
    root = tmp_path / "stress_predict"
    table: list[str] = []

    def add(
        person: str,
        seconds: list[tuple[int, int]],
        presses: list[float],
        *,
        start_unix_s: int = 1_644_227_574,
        packed: bool = True,
    ) -> Path:
        folder = root / "Raw_data" / person
        folder.mkdir(parents=True)
        rows = np.full((4 * 1300, 1), 1.5)
        files = e4_files({"EDA": rows, "TEMP": rows + 30}, start_unix_s)
        for name, text in files.items():
            (folder / f"{name}.gz").write_bytes(gzip.compress(text))
        text = "".join(f"{start_unix_s + press}\n" for press in presses)
        (folder / f"tags_{person}.csv").write_text(text, encoding="utf-8")
        number = int(person[1:])
        table.extend(f"{number},80,12.1,{start_unix_s + s},{label}" for s, label in seconds)
        lines = "\n".join(["Participant,HR,respr,Time(sec),Label", *table]) + "\n"
        place = root / "Processed_data"
        place.mkdir(exist_ok=True)
        name = "Improved_All_Combined_hr_rsp_binary.csv"
        if packed:
            (place / f"{name}.gz").write_bytes(gzip.compress(lines.encode()))
        else:
            (place / name).write_text(lines, encoding="utf-8")
        return root

    return add
