"""Every recording of skin conductance in the data folder, whatever its format."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from harness import data_root
from numpy.typing import NDArray

from wearaffect.core.streams import SignalKind
from wearaffect.recording.opening import open_session

__all__ = ["skins"]

Array = NDArray[np.float64]

_E4 = (
    "wesad/S*/S*.zip",
    "stress_predict/Raw_data/S*",
    "wearable_exam_stress/Data/S*/*",
    "devices/flirt_test_data/empatica/*",
    "devices/devicely_test_data/Empatica_test_data",
)


def skins() -> Iterator[tuple[str, Array, float]]:
    """Give name, conductance (µS or counts; NaN where missing) and rate in Hz of each."""
    for pattern in _E4:
        for path in sorted(data_root().glob(pattern)):
            stream = open_session(path).of_kind(SignalKind.EDA) if _is_export(path) else None
            if stream is not None:
                yield _name(path), stream.samples()[1][:, 0].astype(np.float64), stream.info.rate_hz
    for path in sorted(data_root().glob("noneeg_neurological_status/*_AccTempEDA.hea")):
        yield _name(path), _wfdb_eda(path), 8.0
    for path in sorted(data_root().glob("physiokit/sample_data/**/*.csv.gz")):
        # rows come 255 to 275 times a second; the nominal step is 4 ms
        yield _name(path), pd.read_csv(path)["EDA"].to_numpy(np.float64), 250.0
    for path in sorted(data_root().glob("devices/biosppy_examples/eda.txt.gz")):
        yield _name(path), np.loadtxt(path, comments="#", usecols=-1), 1000.0


def _name(path: Path) -> str:
    return str(path.relative_to(data_root()))


def _is_export(path: Path) -> bool:
    return path.suffix == ".zip" or (path.is_dir() and any(path.glob("EDA.csv*")))


def _wfdb_eda(header: Path) -> Array:
    """Read the fifth of five interleaved 16-bit signals: (count - baseline) / gain."""
    gain, baseline = re.findall(r"16 ([\d.]+)\((-?\d+)\)", header.read_text("ascii"))[-1]
    counts = np.fromfile(header.with_suffix(".dat"), dtype="<i2").reshape(-1, 5)[:, 4]
    return (counts.astype(np.float64) - float(baseline)) / float(gain)
