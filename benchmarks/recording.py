"""Rows 5 and 6: the feature table of a whole wristband recording.

5a. NeuroKit2's functions are called window by window, as its users do; 40 windows spread over the
recording are timed, and scaled to all. What those windows return is compared where it is defined
alike: the statistics of acceleration, and HRV in time where both sides have the same beats. Our
statistics and pulse rate variability are compared, beside that, with NumPy, SciPy and NeuroKit2 on
the samples and beats that we have. A sensible user would decompose and find beats once for the
recording: that ratio stands beside the row, and where NeuroKit2's time goes.

5b. FLIRT runs on all windows, on one core, with the wristband's own intervals, as its manual has
it. Its ACC statistics are compared with ours where both compute the same thing; the ratio of ACC
alone, ours by the same code as in the table, stands beside the row.

6. Live features and statistics are the same bits whatever the hop. Columns of beats (``prv_``,
``bvp_pulse_``) and breathing (``resp_``) are sums whose grouping follows the windows that are asked
for: they agree to rounding, and are checked to 1e-9 of their size.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import by_window
import neurokit2 as nk
import numpy as np
import pandas as pd
from by_window import Array, Described
from comparing import relative, worst_of
from harness import Check, Report, Timing, compare, data_root, ratio, say
from wristband import signals_of

from wearaffect.analysis.columns import PLAUSIBLE_S
from wearaffect.analysis.convex_eda import decompose_eda
from wearaffect.analysis.pulse import clean_bvp, find_systolic_peaks
from wearaffect.analysis.records import record_of
from wearaffect.analysis.table import feature_table
from wearaffect.analysis.window_statistics import statistics_in_windows
from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import WindowSpec
from wearaffect.recording.opening import open_session
from wearaffect.recording.session import Session

N_TIMED = 40
SPEC = WindowSpec(60, 5)
RATES_HZ = {"acc": 32, "eda": 4, "bvp": 64}
AXES = ("acc_x", "acc_y", "acc_z", "acc_l2")
# FLIRT's ACC columns and ours; its peaks have a prominence of 0.9 of the unit, ours are all tops.
FLIRT_COLUMNS = {
    f"{ours.replace('acc_l2', 'l2')}_{statistic}": f"{ours}_{statistic}"
    for ours in AXES
    for statistic in by_window.STATISTICS
    if statistic != "peaks"
}
_GROUPED = ("prv_", "bvp_pulse_", "resp_")

NOT_COMPARED_5A = [
    "EDA: NeuroKit2 decomposes each window anew, ours the recording once (that problem: row 1)",
    "HRV in frequency: NeuroKit2's is Welch on interpolated intervals, ours Lomb on the intervals",
    "HRV in time of windows whose beats differ: a minute filtered alone differs at its ends; and of"
    " windows with intervals outside 0.3-2 s, which ours leaves out",
]
NOT_COMPARED_5B = [
    "EDA: FLIRT decomposes each window anew",
    "HRV: FLIRT's is from the wristband's own intervals",
    "peaks of ACC: FLIRT's have a prominence",
]


def windows_of_neurokit(
    table: pd.DataFrame, windows: Mapping[int, Described], beats: Array
) -> tuple[list[Check], dict[str, Any]]:
    """Compare what the timed windows returned, and count beats and windows alike."""
    same = {
        row: window
        for row, window in windows.items()
        if np.array_equal(window.peaks, _beats_in(beats, table["start_s"].iloc[row]))
        and _all_plausible(window.peaks)
    }
    every = [list(windows), [window.statistics for window in windows.values()]]
    alike = [list(same), [_prv(window.hrv) for window in same.values()]]
    off = _off(table, *every, [f"{a}_{s}" for a in AXES for s in by_window.STATISTICS])
    times = list(nk.hrv_time(np.arange(0, 6400, 64), sampling_rate=64))
    prv_off = _off(table, *alike, list(_prv(dict.fromkeys(times, 0.0))))
    checks = [*worst_of(off, "ACC columns that the timed windows return")]
    checks += worst_of(prv_off, f"HRV columns in {len(same)} windows with the same beats")
    shared = sum(
        np.isin(w.peaks, _beats_in(beats, table["start_s"].iloc[row])).sum()
        for row, w in windows.items()
    )
    total = sum(w.peaks.size for w in windows.values())
    return checks, {"windows_with_the_same_beats": len(same), "share_of_beats": shared / total}


def on_ours(
    table: pd.DataFrame, signals: dict[str, Array], beats: Array, rows: list[int]
) -> Iterator[Check]:
    """Compare with NumPy, SciPy and NeuroKit2 on our own decomposition and our own beats."""
    parts = decompose_eda(signals["eda_raw"], 4.0)
    channels = {name: (signals["acc"][:, i], 32) for i, name in enumerate(AXES)}
    channels |= {"eda_tonic": (parts.tonic, 4), "eda_phasic": (parts.phasic, 4)}
    references = []
    for row in rows:
        start_s = table["start_s"].iloc[row]
        cut = {
            name: values[round(start_s * hz) : round((start_s + 60) * hz)]
            for name, (values, hz) in channels.items()
        }
        known = {name: values[np.isfinite(values)] for name, values in cut.items()}
        inside = _beats_in(beats, start_s)
        hrv = nk.hrv_time(inside, sampling_rate=64).iloc[0] if _all_plausible(inside) else {}
        references.append(by_window.all_statistics(known) | _prv(hrv))
    names = list(dict.fromkeys(name for reference in references for name in reference))
    off = _off(table, rows, references, names)
    yield from worst_of(off, "by NumPy, SciPy, NeuroKit2 on our parts and beats")


def _off(
    table: pd.DataFrame, rows: list[int], found: list[dict[str, float]], names: list[str]
) -> dict[str, float]:
    """Compare columns in some rows; a value that a row of the reference lacks isn't asked for."""
    off = {}
    for name in names:
        there = [i for i, reference in enumerate(found) if name in reference]
        ours = table[name].to_numpy()[[rows[i] for i in there]]
        off[name] = relative(ours, np.array([found[i][name] for i in there]))
    return off


def _prv(hrv: Mapping[str, float]) -> dict[str, float]:
    return {name.lower().replace("hrv_", "prv_"): value for name, value in hrv.items()}


def _beats_in(beats: Array, start_s: float) -> Array:
    """Beats of a minute, in samples from its start."""
    first = round(start_s * 64)
    return beats[(beats >= first) & (beats < first + 60 * 64)] - first


def _all_plausible(beats: Array) -> bool:
    """Whether all intervals count for us: NeuroKit2 takes any."""
    low, high = PLAUSIBLE_S
    intervals_s = np.diff(beats) / 64
    return len(beats) > 3 and bool(((intervals_s >= low) & (intervals_s <= high)).all())


def against_flirt(table: pd.DataFrame, acc: pd.DataFrame) -> Iterator[Check]:
    """Compare the statistics that FLIRT and we define alike, over every full window."""
    n = min(len(table), len(acc))
    off = {
        theirs: relative(table[ours].to_numpy()[:n], acc[theirs].to_numpy()[:n])
        for theirs, ours in FLIRT_COLUMNS.items()
    }
    yield from worst_of(off, "FLIRT statistics of ACC")


def acc_alone(session: Session, starts_s: Array) -> Any:
    """Our statistics of acceleration and nothing else, from the file's samples."""
    acc = record_of(session, SignalKind.ACC)
    length = np.sqrt((acc.values**2).sum(axis=1, keepdims=True))
    values = np.concatenate([acc.values, length], axis=1)
    return statistics_in_windows(values, acc.sliding(starts_s, SPEC))


def neurokit_sides(signals: dict[str, Array], rows: list[int]) -> dict[str, Callable[[], Any]]:
    """Give NeuroKit2's windows whole and part by part, and what is done once for a recording."""
    cuts = [
        [signals[name][5 * row * hz : (5 * row + 60) * hz] for name, hz in RATES_HZ.items()]
        for row in rows
    ]
    peaks = [by_window.beats(bvp) for _, _, bvp in cuts]
    channels = [by_window.channels_of(acc, by_window.skin(eda)) for acc, eda, _ in cuts]
    return {
        "neurokit2": lambda: {r: by_window.window(*c) for r, c in zip(rows, cuts, strict=True)},
        "decomposition": lambda: [by_window.skin(eda) for _, eda, _ in cuts],
        "beats": lambda: [by_window.beats(bvp) for _, _, bvp in cuts],
        "variability": lambda: [by_window.variability(found) for found in peaks],
        "statistics": lambda: [by_window.all_statistics(found) for found in channels],
        "once": lambda: (by_window.skin(signals["eda"]), by_window.beats(signals["bvp"])),
    }


def rows_five(report: Report, session: Session) -> None:
    """Row 5: against NeuroKit2 and FLIRT."""
    signals = signals_of(session)
    signals["eda_raw"] = session.require(SignalKind.EDA).samples()[1][:, 0].astype(np.float64)
    n_windows = int((session.duration_s - 60) // 5) + 1
    rows = np.linspace(2, n_windows - 3, N_TIMED).astype(int).tolist()
    starts_s = 5.0 * np.arange(n_windows)
    flirt = by_window.flirt_sides(
        signals["acc"][:, :3], signals["eda"], signals["ibi_end_s"], signals["ibi"]
    )
    timings, outputs = compare(
        {
            "ours": lambda: feature_table(session, SPEC),
            "ours, acc alone": lambda: acc_alone(session, starts_s),
        }
        | neurokit_sides(signals, rows)
        | flirt,
        runs=3,
        fewer=dict.fromkeys(flirt, 1),
    )
    table = outputs["ours"]
    say(f"   {len(table)} windows, {len(table.columns)} columns")
    scale = len(table) / N_TIMED
    parts = ("decomposition", "beats", "variability", "statistics")
    timings |= {side: timings[side].times(scale) for side in ("neurokit2", *parts)}
    timings["flirt"] = _summed([timings[side] for side in flirt])
    beats = find_systolic_peaks(clean_bvp(signals["bvp"], 64.0), 64.0)
    checks, alike = windows_of_neurokit(table, outputs["neurokit2"], beats)
    sensible = sum(timings[side].median_s for side in ("once", "variability", "statistics"))
    of_parts = sum(timings[side].median_s for side in parts)
    report.row(
        "5a", ratio(timings, "neurokit2"), timings,
        [*checks, *on_ours(table, signals, beats, rows)], recording="WESAD S2",
        also={"decomposition and beats once, the rest in the loop": sensible
              / timings["ours"].median_s},
        not_compared=NOT_COMPARED_5A,
    )  # fmt: skip
    n_flirt = sum(len(outputs[side].columns) for side in flirt)
    report.row(
        "5b", ratio(timings, "flirt"), timings,
        list(against_flirt(table, outputs["flirt acc"])), recording="WESAD S2",
        also={"ACC alone, 88 columns on both sides": ratio(
            timings, "flirt acc", "ours, acc alone")},
        compared=f"{len(FLIRT_COLUMNS)} of FLIRT's {n_flirt} columns",
        not_compared=NOT_COMPARED_5B,
    )  # fmt: skip
    report.found |= {
        "windows": len(table), "columns": len(table.columns), "flirt_columns": n_flirt,
        "timed_neurokit_windows": N_TIMED, "neurokit_beats": alike,
        "neurokit_cost": {side: timings[side].median_s / of_parts for side in parts},
    }  # fmt: skip
    split = ", ".join(f"{s} {100 * v:.0f} %" for s, v in report.found["neurokit_cost"].items())
    report.notes += [
        f"5a: NeuroKit2's windows find {100 * alike['share_of_beats']:.1f} % of their beats at our "
        f"samples, and all of them in {alike['windows_with_the_same_beats']} of {N_TIMED} windows.",
        f"5a: NeuroKit2's time goes into {split}.",
    ]


def _summed(timings: list[Timing]) -> Timing:
    """Time of sides that run one after the other, once each."""
    total = sum(timing.median_s for timing in timings)
    return Timing(total, total, total, 1, total)


def hops(report: Report, session: Session) -> None:
    """Row 6: twenty times the windows."""
    timings, outputs = compare(
        {
            "ours": lambda: feature_table(session, WindowSpec(60, 0.25)),
            "hop 5 s": lambda: feature_table(session, SPEC),
        },
        runs=3,
    )
    fine, coarse = outputs["ours"], outputs["hop 5 s"]
    same = fine[fine["start_s"].isin(coarse["start_s"])].reset_index(drop=True)
    numbers = coarse.select_dtypes("number").columns
    off = {c: relative(same[c].to_numpy(), coarse[c].to_numpy()) for c in numbers}
    checks = []
    for grouped, what, most in ((False, "live features and statistics", 0.0),
                                (True, "columns of beats and breathing", 1e-9)):  # fmt: skip
        part = {c: value for c, value in off.items() if c.startswith(_GROUPED) == grouped}
        name = max(part, key=lambda column: part[column])
        checks.append(Check(f"worst of {len(part)} {what}: {name}", part[name], most))
    value = timings["ours"].median_s / timings["hop 5 s"].median_s
    report.row("6", value, timings, checks, recording="WESAD S2")


def main() -> None:
    """Run the benchmark."""
    warnings.simplefilter("ignore")
    report = Report("recording", __doc__ or "")
    session = open_session(data_root() / "wesad" / "S2" / "S2_E4_Data.zip")
    rows_five(report, session)
    hops(report, session)
    report.save()


if __name__ == "__main__":
    main()
