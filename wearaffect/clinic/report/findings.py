"""What the bundle said of a recording, as numbers: runs, stress, forecasts, physics."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wearaffect.clinic.report.facts import GOOD_FROM, Stretch, speaks_from_s
from wearaffect.clinic.report.reported import Reported
from wearaffect.core.affect import AffectEstimate, Quantity
from wearaffect.core.streams import SignalKind
from wearaffect.core.timebase import ns_from_s

__all__ = [
    "STRESS_FROM",
    "ForecastScore",
    "PhysicsRow",
    "doubtful_stress_windows",
    "estimated_runs",
    "forecast_scores",
    "physics_rows",
    "stress_windows",
    "withheld_stretches",
]

STRESS_FROM = 0.5  # where `AffectEstimate.called_stress` draws the line


@dataclass(frozen=True, slots=True)
class ForecastScore:
    """How well skin conductance was forecast at one horizon.

    Attributes
    ----------
    horizon_s : float
        Seconds past the end of the window.
    n : int
        Forecasts for which a window ended at that very time, estimated too.
    rmse_us, persistence_us : float
        Root mean square error of the median and of "stays as it is", µS; NaN if n is 0.
    skill : float
        1 - MSE / MSE of persistence; NaN where persistence makes no error.
    coverage : float
        Share of measured values inside the 90 % band.
    """

    horizon_s: float
    n: int
    rmse_us: float
    persistence_us: float
    skill: float
    coverage: float


@dataclass(frozen=True, slots=True)
class PhysicsRow:
    """One parameter of the bundle.

    Attributes
    ----------
    name : str
        As the bundle has it.
    quantity : Quantity or None
        None where no window was estimated.
    n_windows : int or None
        For a parameter that varies: how many windows median and 5-95 % range are over. None for
        a constant of the population, whose interval is the bundle's 95 %.
    """

    name: str
    quantity: Quantity | None
    n_windows: int | None


def stress_windows(told: Reported) -> int:
    """How many estimated windows are called stress."""
    return sum(estimate.called_stress for estimate in told.estimates)


def doubtful_stress_windows(told: Reported) -> int:
    """How many of them rest on a pulse or conductance below `GOOD_FROM`."""
    kinds = (SignalKind.EDA, SignalKind.BVP)
    return sum(
        any(e.quality[kind].score < GOOD_FROM for kind in kinds if kind in e.quality)
        for e in told.estimates
        if e.called_stress
    )


def estimated_runs(told: Reported) -> list[list[AffectEstimate]]:
    """Give the estimates in runs that no withheld or missing window interrupts."""
    hop_ns = ns_from_s(told.spec.hop_s)
    runs: list[list[AffectEstimate]] = []
    for estimate in told.estimates:
        if runs and estimate.end_ns - runs[-1][-1].end_ns == hop_ns:
            runs[-1].append(estimate)
        else:
            runs.append([estimate])
    return runs


def withheld_stretches(told: Reported) -> list[Stretch]:
    """Give the stretches without an estimate, each with its first reason."""
    hop_s = told.spec.hop_s
    found: list[Stretch] = []
    for window, outcome in zip(told.windows, told.outcomes, strict=True):
        if isinstance(outcome, AffectEstimate):
            continue
        from_s = speaks_from_s(window, hop_s)
        if found and from_s <= found[-1].end_s + 1e-6:
            found[-1] = Stretch(found[-1].start_s, window.end_s, found[-1].what)
        else:
            found.append(Stretch(from_s, window.end_s, outcome.reasons[0]))
    return found


def forecast_scores(told: Reported) -> list[ForecastScore]:
    """Score the forecasts of skin conductance on this recording.

    Parameters
    ----------
    told : Reported
        The recording.

    Returns
    -------
    list of ForecastScore
        One per horizon of the bundle. The truth is what a later estimated window measured at its
        end; nothing is interpolated, so a horizon at which no window ends has none.
    """
    measured = {e.end_ns: e.eda_us for e in told.estimates if e.eda_us is not None}
    return [_score(horizon_s, told.estimates, measured) for horizon_s in told.horizons_s]


def _score(
    horizon_s: float, estimates: Sequence[AffectEstimate], measured: dict[int, float]
) -> ForecastScore:
    ahead_ns = ns_from_s(horizon_s)
    rows = [
        (*e.eda_forecast_us[horizon_s], measured[e.end_ns], measured[e.end_ns + ahead_ns])
        for e in estimates
        if e.end_ns in measured
        and e.end_ns + ahead_ns in measured
        and horizon_s in e.eda_forecast_us
    ]
    if not rows:
        nan = float("nan")
        return ForecastScore(horizon_s, 0, nan, nan, nan, nan)
    low, median, high, now, truth = np.array(rows, dtype=np.float64).T
    mse, mse_now = float(np.mean((median - truth) ** 2)), float(np.mean((now - truth) ** 2))
    return ForecastScore(
        horizon_s,
        len(rows),
        mse**0.5,
        mse_now**0.5,
        1 - mse / mse_now if mse_now > 0 else float("nan"),
        float(np.mean((low <= truth) & (truth <= high))),
    )


def physics_rows(told: Reported) -> list[PhysicsRow]:
    """Give the parameters of the bundle: constants as they are, the rest over the windows."""
    rows = []
    for item in told.physics:
        if item.value is not None:
            constant = Quantity(item.value, item.unit, item.ci95, item.identifiable)
            rows.append(PhysicsRow(item.name, constant, None))
            continue
        values = [e.physics[item.name].value for e in told.estimates if item.name in e.physics]
        known = np.array([v for v in values if np.isfinite(v)], dtype=np.float64)
        summary = None
        if known.size:
            low, middle, high = np.quantile(known, [0.05, 0.5, 0.95]).tolist()
            summary = Quantity(middle, item.unit, (low, high), item.identifiable)
        rows.append(PhysicsRow(item.name, summary, int(known.size)))
    return rows
