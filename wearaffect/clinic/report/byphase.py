"""What was estimated and measured in each phase: over the windows that lie wholly inside it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from wearaffect.clinic.report import wording
from wearaffect.clinic.report.facts import feature_track, mean_eda_us
from wearaffect.clinic.report.findings import STRESS_FROM
from wearaffect.clinic.report.page import Html, paragraph, table
from wearaffect.clinic.report.reported import Reported
from wearaffect.core.affect import AffectEstimate
from wearaffect.core.streams import SignalKind

__all__ = ["PhaseSaid", "by_phase", "phases_said"]

Range = tuple[float, float, float]  # 5 %, median, 95 %


@dataclass(frozen=True, slots=True)
class PhaseSaid:
    """One phase that was held.

    Attributes
    ----------
    name, title : str
        As records and people name it.
    start_s, end_s : float
        When, seconds from the start.
    n_windows, n_estimated, n_stress : int
        Windows wholly inside it, those estimated, those called stress.
    stress : (float, float, float) or None
        5 %, median and 95 % of the probability of stress over the estimated windows.
    heart_rate, eda_us : float
        Median over windows with a usable pulse, 1/min, and mean of the samples outside poor
        stretches, µS; NaN: nowhere usable.
    """

    name: str
    title: str
    start_s: float
    end_s: float
    n_windows: int
    n_estimated: int
    n_stress: int
    stress: Range | None
    heart_rate: float
    eda_us: float


def phases_said(told: Reported) -> list[PhaseSaid]:
    """Give the phases that were held, in order."""
    if told.sitting is None:
        return []
    rate = feature_track(told, "hr_median", SignalKind.BVP)[1]
    begins = np.array([window.start_s for window in told.windows])
    ends = np.array([window.end_s for window in told.windows])
    found = []
    for run in told.sitting.phases:
        if run.began_ns is None:
            continue
        first_s = told.second(run.began_ns)
        last_s = told.session.duration_s if run.ended_ns is None else told.second(run.ended_ns)
        inside = (begins >= first_s) & (ends <= last_s)
        outcomes = [told.outcomes[k] for k in np.flatnonzero(inside)] if told.outcomes else []
        said = [o for o in outcomes if isinstance(o, AffectEstimate)]
        found.append(
            PhaseSaid(
                run.phase.name,
                str(run.phase.title),
                first_s,
                last_s,
                len(outcomes),
                len(said),
                sum(estimate.called_stress for estimate in said),
                _spread(estimate.stress for estimate in said),
                _median(rate[inside]),
                mean_eda_us(told, (first_s, last_s)),
            )
        )
    return found


def _spread(values: Iterable[float]) -> Range | None:
    known = np.array([value for value in values if np.isfinite(value)])
    if not known.size:
        return None
    low, middle, high = np.quantile(known, [0.05, 0.5, 0.95]).tolist()
    return low, middle, high


def _median(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")


def by_phase(told: Reported) -> Html:
    """Give the table of phases; nothing where no protocol was followed."""
    phases = phases_said(told)
    if not phases:
        return Html("")
    head = (
        "Phase",
        "Windows",
        "Withheld",
        "Probability of stress, median (5–95 %)",
        "Called stress",
        "Heart rate",
        "Skin conductance",
    )
    rows = [_row(phase) for phase in phases]
    made = table(head, rows, numeric=range(1, 7), about="Estimates by phase")
    note = (
        f"Over the windows of {told.spec.window_s:g} s that lie wholly inside a phase; called "
        f"stress above {STRESS_FROM:g}. Heart rate (median) and skin conductance (mean) are worked "
        "out from the stored samples, where they aren't poor."
    )
    return Html(made + paragraph(note, "note"))


def _row(phase: PhaseSaid) -> tuple[str, ...]:
    n, said = phase.n_windows, phase.n_estimated
    stress = wording.NONE
    if phase.stress is not None:
        low, middle, high = phase.stress
        stress = f"{middle:.2f} ({low:.2f}–{high:.2f})"
    rate = phase.heart_rate
    return (
        phase.title,
        f"{n:,}",
        wording.percent(1 - said / n) if n else wording.NONE,
        stress,
        wording.percent(phase.n_stress / said) if said else wording.NONE,
        f"{rate:.0f} /min" if np.isfinite(rate) else wording.NONE,
        wording.quantity(phase.eda_us, "uS"),
    )
