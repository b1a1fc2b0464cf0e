"""Rows 1 to 3: convex decomposition of skin conductance.

Ours against the authors' cvxEDA 1.1.0 (2025 boundary) and NeuroKit2's "cvxeda" (2015 boundary), all
on the same standardised signal, with each peer's default tolerance. Both peers are run, not read.
Then every recording with skin conductance is decomposed, and those of WESAD by cvxEDA too.
"""

import warnings
from typing import Any

import cvxeda
import neurokit2 as nk
import numpy as np
from harness import Check, Report, compare, data_root, ratio, say
from numpy.typing import NDArray
from skins import skins

from wearaffect.analysis.compiled import is_compiled
from wearaffect.analysis.convex_eda import Boundary, EdaDecomposition, decompose_eda
from wearaffect.core.errors import SignalError
from wearaffect.core.streams import SignalKind
from wearaffect.physiology.eda import EdaParameters, conductance, simulate, steady_state
from wearaffect.recording.opening import open_session

Array = NDArray[np.float64]

HOUR_S = 3600
_NOISE_US = 0.0015  # of an E4, from second differences


def simulated(duration_s: float, rate_hz: float) -> Array:
    """Skin conductance with some six bursts a minute, µS."""
    rng = np.random.default_rng(1)
    skin, n = EdaParameters(), round(duration_s * rate_hz)
    driver = np.full(n, 0.02)
    bursts = rng.random(n) < 0.1 / rate_hz
    driver[bursts] += rng.lognormal(-1.5, 0.6, int(bursts.sum())) * rate_hz
    states = simulate(skin, driver, 1 / rate_hz, steady_state(skin, 0.02))[:-1]
    return conductance(skin, states) + _NOISE_US * rng.standard_normal(n)


def real_hour() -> Array:
    """The second hour of a WESAD recording: questionnaires, amusement, meditation."""
    session = open_session(data_root() / "wesad" / "S2" / "S2_E4_Data.zip")
    level = session.require(SignalKind.EDA).samples()[1][:, 0].astype(np.float64)
    return level[HOUR_S * 4 - 4 * 600 :][: HOUR_S * 4]


def reference(y: Array, rate_hz: float) -> tuple[Array, float]:
    """Phasic part and objective by cvxEDA."""
    phasic, _, _, _, _, _, objective = cvxeda.cvxEDA(
        y, 1 / rate_hz, options={"show_progress": False}
    )
    return np.asarray(phasic), float(np.asarray(objective).item())


def published(y: Array, rate_hz: float) -> Array:
    """Phasic part by NeuroKit2."""
    parts = nk.eda_phasic(y, sampling_rate=rate_hz, method="cvxeda")
    return np.asarray(parts["EDA_Phasic"])


def apart(ours: Array, theirs: Array) -> float:
    """RMS of the difference in standard deviations of the reference."""
    return float(np.sqrt(np.mean((ours - theirs) ** 2)) / theirs.std())


def both(y: Array, rate_hz: float, report: Report, key: str, name: str, runs: int) -> None:
    """Measure against both peers, each at its own boundary."""
    say(f"{name}, {y.size} samples:")
    timings, out = compare(
        {
            "ours": lambda: decompose_eda(y, rate_hz, boundary=Boundary.REVISED_2025),
            "ours 2015": lambda: decompose_eda(y, rate_hz, boundary=Boundary.PUBLISHED_2015),
            "cvxEDA": lambda: reference(y, rate_hz),
            "neurokit2": lambda: published(y, rate_hz),
        },
        runs=runs,
        fewer={"cvxEDA": 3, "neurokit2": 3} if rate_hz < 50 else {"cvxEDA": 2, "neurokit2": 2},
    )
    ours: EdaDecomposition = out["ours"]
    phasic, objective = out["cvxEDA"]
    checks = [
        Check("objective above the reference, relative", ours.objective / objective - 1, 1e-4),
        Check("phasic, RMS difference in SD", apart(ours.phasic, phasic), 1e-3),
        Check("sum of the parts minus the signal", residue(ours, y), 1e-9),
    ]
    report.row(f"{key}a", ratio(timings, "cvxEDA"), timings, checks, recording=name)
    checks = [
        Check(
            "phasic, RMS difference in SD", apart(out["ours 2015"].phasic, out["neurokit2"]), 1e-4
        )
    ]
    value = ratio(timings, "neurokit2", "ours 2015")
    report.row(f"{key}b", value, timings, checks, recording=name)
    report.found[name] = {
        "steps": ours.n_iterations,
        "boundaries_differ_by_sd": apart(out["ours 2015"].phasic, ours.phasic),
    }


def residue(parts: EdaDecomposition, y: Array) -> float:
    """Largest part of the signal that isn't in the parts."""
    return float(np.abs(parts.tonic + parts.phasic + parts.residual - y).max())


def day_against_hour(report: Report) -> None:
    """Row 3."""
    day = standard(simulated(24 * HOUR_S, 4.0))
    hour = day[: 4 * HOUR_S]
    timings, _ = compare(
        {"ours": lambda: decompose_eda(day, 4.0), "1 h": lambda: decompose_eda(hour, 4.0)}, runs=5
    )
    report.row("3", timings["ours"].median_s / 24 / timings["1 h"].median_s, timings)


def standard(signal: Array) -> Array:
    """Give a signal mean 0 and standard deviation 1."""
    return (signal - signal.mean()) / signal.std()


def everything(report: Report) -> None:
    """Decompose all recordings; those of WESAD also by cvxEDA."""
    facts: dict[str, Any] = {"recordings": 0, "hours": 0.0, "failures": 0, "most_steps": 0}
    worst = {"objective_excess": 0.0, "phasic_rms_sd": 0.0}
    for name, level, rate_hz in skins():
        facts["recordings"] += 1
        facts["hours"] += level.size / rate_hz / 3600
        try:
            parts = decompose_eda(level, rate_hz)
        except SignalError as error:
            facts["failures"] += 1
            say(f"   {name}: {error}")
            continue
        known = np.isfinite(parts.phasic)
        facts["most_steps"] = max(facts["most_steps"], parts.n_iterations)
        if not name.startswith("wesad"):
            continue
        y = standard(level[known])
        phasic, objective = reference(y, rate_hz)
        ours = decompose_eda(y, rate_hz)
        worst["objective_excess"] = max(worst["objective_excess"], ours.objective / objective - 1)
        worst["phasic_rms_sd"] = max(worst["phasic_rms_sd"], apart(ours.phasic, phasic))
        say(f"   {name}: {parts.n_iterations} steps")
    report.found |= {"all_recordings": facts, "worst_of_wesad_against_cvxeda": worst}
    say(f"   {facts} {worst}")


def main() -> None:
    """Run the benchmark."""
    warnings.simplefilter("ignore")
    report = Report("eda", __doc__ or "")
    report.notes = [f"compiled by numba: {is_compiled()}"]
    both(standard(simulated(HOUR_S, 4.0)), 4.0, report, "1", "simulated", runs=9)
    both(standard(real_hour()), 4.0, report, "1", "WESAD S2", runs=9)
    both(standard(simulated(600, 100.0)), 100.0, report, "2", "simulated", runs=7)
    day_against_hour(report)
    everything(report)
    report.save()


if __name__ == "__main__":
    main()
