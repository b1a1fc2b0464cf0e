"""Rows 5 and 6: the feature table of a whole wristband recording.

NeuroKit2's functions are called window by window, as its users do; 40 windows spread over the
recording are timed, and scaled to all. FLIRT runs on all of them, on one core, with the wristband's
own intervals, as its manual has it. Its ACC statistics are compared with ours where both compute
the same thing; its EDA is decomposed window by window and has no counterpart.

Our statistics and pulse rate variability are compared with NumPy, SciPy and NeuroKit2 on the same
samples and beats, in the 40 windows.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import by_window
import neurokit2 as nk
import numpy as np
import pandas as pd
from by_window import Array
from harness import Check, Report, compare, data_root, ratio, say
from wearaffect.analysis.convex_eda import Boundary, decompose_eda
from wristband import signals_of

from wearaffect.analysis.pulse import clean_bvp, find_systolic_peaks
from wearaffect.analysis.table import feature_table
from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import WindowSpec
from wearaffect.recording.opening import open_session
from wearaffect.recording.session import Session

N_TIMED = 40
# FLIRT's ACC columns and ours; its peaks have a prominence of 0.9 of the unit, ours are all tops.
FLIRT_COLUMNS = {
    f"{theirs}_{statistic}": f"{ours}_{statistic}"
    for theirs, ours in {
        "acc_x": "acc_x",
        "acc_y": "acc_y",
        "acc_z": "acc_z",
        "l2": "acc_l2",
    }.items()
    for statistic in by_window.STATISTICS
    if statistic != "peaks"
}
_LOOSE = ("skewness", "kurtosis")


def relative(ours: Array, theirs: Array) -> float:
    """Largest difference, relative to the reference where that is above 1; infinite if unequal."""
    if (np.isfinite(ours) != np.isfinite(theirs)).any():
        return float("inf")
    known = np.isfinite(theirs)
    scale = np.maximum(np.abs(theirs[known]), 1.0)
    return float((np.abs(ours[known] - theirs[known]) / scale).max(initial=0.0))


def against_flirt(table: pd.DataFrame, acc: pd.DataFrame) -> Iterator[Check]:
    """Compare the statistics that FLIRT and we define alike, over every full window."""
    n = min(len(table), len(acc))
    worst = {
        theirs: relative(table[ours].to_numpy()[:n], acc[theirs].to_numpy()[:n])
        for theirs, ours in FLIRT_COLUMNS.items()
    }
    yield from _split(worst, f"of {len(worst)} FLIRT statistics")


def _split(worst: dict[str, float], what: str) -> Iterator[Check]:
    """Give the worst column, apart for skewness and kurtosis."""
    for loose, most in ((False, 1e-9), (True, 1e-6)):
        part = {name: value for name, value in worst.items() if name.endswith(_LOOSE) == loose}
        name = max(part, key=lambda key: part[key])
        yield Check(f"worst {what}: {name}", part[name], most)


def against_loops(
    table: pd.DataFrame, signals: dict[str, Array], rows: Array, boundary: Boundary
) -> Iterator[Check]:
    """Compare with NumPy, SciPy and NeuroKit2 on our own decomposition and our own beats."""
    parts = decompose_eda(signals["eda_raw"], 4.0, boundary=boundary)
    channels = {f"acc_{n}": (signals["acc"][:, i], 32) for i, n in enumerate(("x", "y", "z", "l2"))}
    channels |= {"eda_tonic": (parts.tonic, 4), "eda_phasic": (parts.phasic, 4)}
    beats = find_systolic_peaks(clean_bvp(signals["bvp"], 64.0), 64.0)
    worst: dict[str, float] = {}
    for row in rows:
        start_s = table["start_s"].iloc[row]
        reference: dict[str, float] = {}
        for name, (values, rate_hz) in channels.items():
            part = values[round(start_s * rate_hz) : round((start_s + 60) * rate_hz)]
            part = part[np.isfinite(part)]
            reference |= {f"{name}_{k}": v for k, v in by_window.statistics(part).items()}
        inside = beats[(beats >= start_s * 64) & (beats < (start_s + 60) * 64)]
        if len(inside) > 3:
            hrv = nk.hrv_time(inside, sampling_rate=64).iloc[0]
            reference |= {k.lower().replace("hrv_", "prv_"): v for k, v in hrv.items()}
        for name, value in reference.items():
            off = relative(np.array([table[name].iloc[row]]), np.array([value]))
            worst[name] = max(worst.get(name, 0.0), off)
    yield from _split(worst, f"of {len(worst)} by NumPy, SciPy, NeuroKit2")


def _cut(signals: dict[str, Array], start_s: int) -> list[Array]:
    """Give a minute of ACC, EDA and BVP."""
    rates_hz = {"acc": 32, "eda": 4, "bvp": 64}
    return [signals[k][start_s * hz : (start_s + 60) * hz] for k, hz in rates_hz.items()]


def main() -> None:
    """Run the benchmark."""
    warnings.simplefilter("ignore")
    report = Report("recording", __doc__ or "")
    session = open_session(data_root() / "wesad" / "S2" / "S2_E4_Data.zip")
    signals = signals_of(session)
    signals["eda_raw"] = session.require(SignalKind.EDA).samples()[1][:, 0].astype(np.float64)
    n_windows = int((session.duration_s - 60) // 5) + 1
    rows = np.linspace(2, n_windows - 3, N_TIMED).astype(int)

    def neurokit_windows() -> list[Any]:
        return [by_window.window(*_cut(signals, 5 * int(row))) for row in rows]

    timings, outputs = compare(
        {
            "ours": lambda: feature_table(session, WindowSpec(60, 5)),
            "neurokit2": neurokit_windows,
            "flirt": lambda: by_window.by_flirt(
                signals["acc"][:, :3], signals["eda"], signals["ibi_end_s"], signals["ibi"]
            ),
        },
        runs=3,
        fewer={"flirt": 1},
    )
    table = outputs["ours"]
    say(f"   {len(table)} windows, {len(table.columns)} columns")
    timings["neurokit2"] = timings["neurokit2"].times(len(table) / N_TIMED)
    checks = list(against_loops(table, signals, rows, Boundary.REVISED_2025))
    report.row("5a", ratio(timings, "neurokit2"), timings, checks, recording="WESAD S2")
    checks = list(against_flirt(table, outputs["flirt"]["acc"]))
    report.row("5b", ratio(timings, "flirt"), timings, checks, recording="WESAD S2")
    report.found = {
        "windows": len(table), "columns": len(table.columns),
        "flirt_columns": sum(len(part.columns) for part in outputs["flirt"].values()),
        "timed_neurokit_windows": N_TIMED,
    }  # fmt: skip
    del outputs
    hops(report, session)
    report.save()


def hops(report: Report, session: Session) -> None:
    """Row 6: twenty times the windows."""
    timings, outputs = compare(
        {
            "ours": lambda: feature_table(session, WindowSpec(60, 0.25)),
            "hop 5 s": lambda: feature_table(session, WindowSpec(60, 5)),
        },
        runs=3,
    )
    fine, coarse = outputs["ours"], outputs["hop 5 s"]
    same = fine[fine["start_s"].isin(coarse["start_s"])].reset_index(drop=True)
    numbers = coarse.select_dtypes("number").columns
    worst = {c: relative(same[c].to_numpy(), coarse[c].to_numpy()) for c in numbers}
    name = max(worst, key=lambda column: worst[column])
    value = timings["ours"].median_s / timings["hop 5 s"].median_s
    report.row(
        "6", value, timings, [Check(f"worst column where windows coincide: {name}", worst[name], 0)]
    )


if __name__ == "__main__":
    main()
