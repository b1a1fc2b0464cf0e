"""Row 4: cleaning, systolic peaks and time-domain HRV of an hour of pulse wave.

Ours against the same three functions of NeuroKit2 and against its ``ppg_process`` + ``hrv_time``.
BioSPPy and HeartPy do a comparable job with other filters and detectors; they are here for
information. The hour is the first of a real wristband recording, and a simulated one.

How long NeuroKit2 takes hangs on the pulse: TINN tries every triangle that could fit the histogram
of intervals, and the wide one of a real wrist has many. Its share of the time is measured.
"""

import sys
import time
import warnings
from typing import Any
from unittest.mock import patch

import biosppy.signals.ppg
import heartpy
import neurokit2 as nk
import numpy as np
from harness import Check, Report, compare, data_root, ratio, say
from numpy.typing import NDArray

from wearaffect.analysis.hrv import hrv_time
from wearaffect.analysis.pulse import clean_bvp, find_systolic_peaks
from wearaffect.core.streams import SignalKind
from wearaffect.physiology.participant import ParticipantSettings, simulate_participant
from wearaffect.recording.opening import open_session

RATE_HZ, HOUR_S = 64, 3600


def ours(bvp: NDArray[np.float64]) -> tuple[NDArray[np.int64], dict[str, float]]:
    """Clean, find, describe."""
    peaks = find_systolic_peaks(clean_bvp(bvp, RATE_HZ), RATE_HZ)
    return peaks, hrv_time(peaks / RATE_HZ)


def functions(bvp: NDArray[np.float64]) -> tuple[NDArray[np.int64], Any]:
    """NeuroKit2's functions of the same purpose."""
    cleaned = nk.ppg_clean(bvp, sampling_rate=RATE_HZ)
    peaks = nk.ppg_findpeaks(cleaned, sampling_rate=RATE_HZ)["PPG_Peaks"]
    return peaks, nk.hrv_time(peaks, sampling_rate=RATE_HZ)


def process(bvp: NDArray[np.float64]) -> Any:
    """What NeuroKit2's manual tells one to call."""
    _, info = nk.ppg_process(bvp, sampling_rate=RATE_HZ)
    return nk.hrv_time(info["PPG_Peaks"], sampling_rate=RATE_HZ)


def by_heartpy(bvp: NDArray[np.float64]) -> Any:
    """HeartPy's way, with its own filter."""
    cleaned = heartpy.filter_signal(bvp, [0.5, 8], RATE_HZ, order=2, filtertype="bandpass")
    return heartpy.process(cleaned, RATE_HZ)


def tinn_share(bvp: NDArray[np.float64]) -> float:
    """Share of the CPU time of NeuroKit2's functions that goes into TINN."""
    module = sys.modules["neurokit2.hrv.hrv_time"]
    whole, spent = module._hrv_TINN, []  # noqa: SLF001

    def timed(*arguments: Any, **settings: Any) -> Any:
        start = time.process_time()
        found = whole(*arguments, **settings)
        spent.append(time.process_time() - start)
        return found

    start = time.process_time()
    with patch.object(module, "_hrv_TINN", timed):
        functions(bvp)
    return sum(spent) / (time.process_time() - start)


def worst_difference(mine: dict[str, float], table: Any) -> float:
    """Largest relative difference over all columns of ``hrv_time``."""
    worst = 0.0
    for column in table:
        theirs, own = float(table[column].iloc[0]), mine[column.lower()]
        if np.isnan(theirs) != np.isnan(own):
            return float("inf")
        if not np.isnan(theirs):
            worst = max(worst, abs(own - theirs) / max(abs(theirs), 1e-12))
    return worst


def recordings() -> dict[str, NDArray[np.float64]]:
    """An hour of a real wrist, and one of a simulated wrist."""
    session = open_session(data_root() / "wesad" / "S2" / "S2_E4_Data.zip")
    real = session.require(SignalKind.BVP).samples()[1][: HOUR_S * RATE_HZ, 0]
    made = simulate_participant(ParticipantSettings(seed=1), HOUR_S).signals[SignalKind.BVP][:, 0]
    return {"simulated": made.astype(np.float64), "WESAD S2": real.astype(np.float64)}


def main() -> None:
    """Run the benchmark."""
    warnings.simplefilter("ignore")
    report = Report("pulse", __doc__ or "")
    for name, bvp in recordings().items():
        say(f"{name}:")
        sides = {
            "ours": lambda bvp=bvp: ours(bvp),
            "neurokit2 functions": lambda bvp=bvp: functions(bvp),
            "neurokit2 ppg_process": lambda bvp=bvp: process(bvp),
            "biosppy": lambda bvp=bvp: biosppy.signals.ppg.ppg(bvp, RATE_HZ, show=False),
            "heartpy": lambda bvp=bvp: by_heartpy(bvp),
        }
        timings, outputs = compare(
            sides,
            runs=7,
            fewer={"neurokit2 ppg_process": 3, "biosppy": 3, "heartpy": 3},
            may_fail=("biosppy", "heartpy"),
        )
        (peaks, mine), (their_peaks, theirs) = outputs["ours"], outputs["neurokit2 functions"]
        checks = [
            Check("peaks that only one side has", np.setxor1d(peaks, their_peaks).size, 0),
            Check("worst column of hrv_time, relative", worst_difference(mine, theirs), 1e-9),
        ]
        report.row("4a", ratio(timings, "neurokit2 functions"), timings, checks, recording=name)
        report.row("4b", ratio(timings, "neurokit2 ppg_process"), timings, checks, recording=name)
        report.found[name] = {
            peer: ratio(timings, peer) if peer in timings else outputs[peer]
            for peer in ("biosppy", "heartpy")
        } | {"tinn_share": tinn_share(bvp)}
        report.notes += [
            f"4a, {name}: {100 * report.found[name]['tinn_share']:.0f} % of NeuroKit2's time is "
            "TINN."
        ]
        report.notes += [
            f"for information, {name}, {peer}: "
            + (f"{ratio(timings, peer):.3g} times our time, with another filter and detector."
               if peer in timings else f"fails with {outputs[peer]}.")
            for peer in ("biosppy", "heartpy")
        ]  # fmt: skip
    report.save()


if __name__ == "__main__":
    main()
