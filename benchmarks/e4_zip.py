"""An E4-style zip that we wrote, in the hands of FLIRT: the same as the E4's own files.

Each recording goes the way of a session: opened, written by `export_session` as an E4-style zip,
and then read by FLIRT 0.0.2's own readers, beside the files as the E4 wrote them. Counts, rates,
starts and values are compared, and then the features that FLIRT makes of either archive by itself,
60 s windows every 60 s. Samples that a session holds for none, such as the 0 uS with which an E4
begins, are counted, and blank on both sides where features are made.

    python benchmarks/e4_zip.py
"""

import contextlib
import gzip
import io
import os
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from harness import Check, Report, say

from wearaffect.recording.exports import export_session
from wearaffect.recording.opening import open_session

# FLIRT asks NumPy for what 2.4 doesn't have any more
np.trapz = np.trapezoid  # type: ignore[attr-defined]  # noqa: NPY201
with contextlib.redirect_stdout(io.StringIO()):
    import flirt.reader.empatica as flirt_reader
    import flirt.simple

EXAMPLE = Path(__file__).parents[1] / "examples" / "data" / "stress_predict_S01"
READERS = {
    "EDA": flirt_reader.read_eda_file_into_df,
    "BVP": flirt_reader.read_bvp_file_into_df,
    "ACC": flirt_reader.read_acc_file_into_df,
    "TEMP": flirt_reader.read_temp_file_into_df,
    "HR": flirt_reader.read_hr_file_into_df,
    "IBI": flirt_reader.read_ibi_file_into_df,
}
MOST_OFF = {  # what float32 rounds off of the E4's decimals
    "EDA": 4e-6, "BVP": 0.0, "ACC": 0.0, "TEMP": 0.0, "HR": 0.0, "IBI": 5e-4,
}  # fmt: skip
FEATURES_OFF = 1e-4  # of a feature's spread over the recording
MOST_BLANK = 20  # start-up samples of a recording


def recordings() -> Iterator[tuple[str, Path]]:
    """The recording of the examples and, where they are, a few of each set with E4 files."""
    yield "Stress-Predict S01 (examples/data)", EXAMPLE
    root = Path(os.environ.get("WEARAFFECT_DATA", "nowhere"))
    for pattern in ("wesad/S*/S*_E4_Data.zip", "stress_predict/Raw_data/S0[2-5]"):
        for path in sorted(root.glob(pattern))[:3]:
            yield str(path.relative_to(root)), path


def members(path: Path) -> dict[str, bytes]:
    """The files as the E4 wrote them."""
    if path.is_dir():
        files = {p.name: p.read_bytes() for p in path.iterdir() if ".csv" in p.name}
        return {n.removesuffix(".gz"): gzip.decompress(b) if n.endswith(".gz") else b
                for n, b in files.items()}  # fmt: skip
    with zipfile.ZipFile(path) as archive:
        return {Path(n).name: archive.read(n) for n in archive.namelist() if n.endswith(".csv")}


def zipped(files: dict[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def compared(theirs: dict[str, bytes], ours: dict[str, bytes]) -> dict[str, Any]:
    """What FLIRT's readers give for each file."""
    found: dict[str, Any] = {}
    for name, read in READERS.items():
        file = f"{name}.csv"
        if file not in theirs or not theirs[file].strip():
            continue
        there, here = read(io.BytesIO(theirs[file])), read(io.BytesIO(ours[file]))
        same = len(there) == len(here)
        lead_ns = np.abs((here.index - there.index).total_seconds()).max() if same else np.nan
        blank = int((here.isna() & ~there.isna()).to_numpy().sum()) if same else -1
        off = float((here - there.to_numpy()).abs().max(axis=None)) if same else np.nan
        found[name] = {
            "rows": [len(there), len(here)],
            "columns_equal": list(there.columns) == list(here.columns),
            "stamp_off_s": float(lead_ns),
            "value_off": off,
            "held_for_none": blank,
            "start": [str(frame.index[0]) for frame in (there, here)],
        }
    return found


def blanked(theirs: dict[str, bytes], ours: dict[str, bytes]) -> dict[str, bytes]:
    """The E4's files, with what a session holds for no sample left open."""
    made = dict(theirs)
    for name in (f"{name}.csv" for name in READERS if name != "IBI"):
        if name in theirs and b"nan" in ours[name]:
            pairs = zip(theirs[name].splitlines(), ours[name].splitlines(), strict=True)
            made[name] = b"\n".join(b if b"nan" in b else a for a, b in pairs) + b"\n"
    return made


def features(path: Path) -> pd.DataFrame:
    """What FLIRT makes of an archive, by itself."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        # in this process: FLIRT's workers wouldn't have what was put back above
        with contextlib.redirect_stderr(io.StringIO()), joblib.parallel_config("sequential"):
            return flirt.simple.get_features_for_empatica_archive(
                str(path), window_length=60, window_step_size=60
            )


def one(name: str, path: Path, report: Report) -> list[Check]:
    """One recording through both."""
    theirs = members(path)
    with tempfile.TemporaryDirectory() as place:
        (zip_path,) = export_session(open_session(path), ["e4"], Path(place))
        ours = members(zip_path)
        found = compared(theirs, ours)
        original = zipped(blanked(theirs, ours), Path(place) / "theirs.zip")
        tables = [features(original), features(zip_path)]
    equal = tables[0].shape == tables[1].shape and tables[0].index.equals(tables[1].index)
    spread = tables[0].std().replace(0, np.nan)
    off = ((tables[1] - tables[0]).abs() / spread).max() if equal else pd.Series([np.nan])
    empty = tables[0].isna() != tables[1].isna() if equal else pd.DataFrame([True])
    found["features"] = {
        "windows": [len(t) for t in tables],
        "columns": [t.shape[1] for t in tables],
        "off_spreads": float(off.max()),
        "farthest": str(off.idxmax()) if equal else "",
        "missing_on_one_side": int(empty.to_numpy().sum()),
    }
    report.found[name] = found
    say(f"{name}: {found}")
    return [
        *(Check(f"{name}, {k}: rows more or fewer", abs(v["rows"][0] - v["rows"][1]), 0)
          for k, v in found.items() if k in READERS),
        *(Check(f"{name}, {k}: stamps off, s", v["stamp_off_s"], 1e-6 if k != "IBI" else 1e-3)
          for k, v in found.items() if k in READERS),
        *(Check(f"{name}, {k}: values off", v["value_off"], MOST_OFF[k])
          for k, v in found.items() if k in READERS),
        Check(f"{name}: samples held for none",
              sum(v["held_for_none"] for k, v in found.items() if k in READERS), MOST_BLANK),
        Check(f"{name}: features off, of their spread", found["features"]["off_spreads"],
              FEATURES_OFF),
        Check(f"{name}: features on one side only", found["features"]["missing_on_one_side"], 0),
    ]  # fmt: skip


def main() -> None:
    """All recordings."""
    report = Report("e4_zip", __doc__ or "")
    checks = [check for name, path in recordings() for check in one(name, path, report)]
    report.found["checks"] = [
        {"what": c.what, "value": float(c.value), "at_most": c.most, "ok": c.ok} for c in checks
    ]
    for check in checks:
        if not check.ok:
            say(f"NOT {check.what}: {check.value:.3g} (≤ {check.most:g})")
    say(f"{sum(c.ok for c in checks)} of {len(checks)} hold")
    report.save()
    sys.exit(not all(check.ok for check in checks))


if __name__ == "__main__":
    main()
