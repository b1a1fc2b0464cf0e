"""An analysis as columns and as a summary: what scripts outside this repository read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wearaffect.core.affect import Abstention, AffectEstimate, Outcome, Quantity
from wearaffect.pipeline.offline import Analysis

__all__ = ["estimate_columns", "largest_difference", "summary", "write_estimates"]


def estimate_columns(analysis: Analysis) -> dict[str, list[Any]]:
    """Give one value a window for each column of ``estimates.parquet``.

    Parameters
    ----------
    analysis : Analysis
        From `analyze`.

    Returns
    -------
    dict of str to list
        ``start_s, end_s, p_<label>…, stress, valence, arousal, eda_us, eda_forecast_<h>s_us,
        withheld, reasons, modalities``; None where the answer is withheld or there is none.
    """
    manifest = analysis.bundle.manifest
    rows = [_row(o, manifest.labels, manifest.horizons_s) for o in analysis.outcomes]
    names = list(_row(None, manifest.labels, manifest.horizons_s))
    return {name: [row[name] for row in rows] for name in names}


def _row(
    outcome: Outcome | None, labels: tuple[str, ...], horizons_s: tuple[float, ...]
) -> dict[str, Any]:
    said = outcome if isinstance(outcome, AffectEstimate) else None
    reasons = list(outcome.reasons) if isinstance(outcome, Abstention) else []
    forecast = said.eda_forecast_us if said else {}
    return {
        "start_s": outcome.start_s if outcome else None,
        "end_s": outcome.end_s if outcome else None,
        **{f"p_{label}": said.probabilities[label] if said else None for label in labels},
        "stress": said.stress if said else None,
        "valence": said.valence if said else None,
        "arousal": said.arousal if said else None,
        "eda_us": said.eda_us if said else None,
        **{
            f"eda_forecast_{h:g}s_us": forecast[h][1] if h in forecast else None for h in horizons_s
        },
        "withheld": said is None,
        "reasons": reasons,
        "modalities": [str(kind) for kind in said.modalities] if said else [],
    }


def write_estimates(analysis: Analysis, path: Path) -> bool:
    """Write ``estimates.parquet``.

    Parameters
    ----------
    analysis : Analysis
        From `analyze`.
    path : Path
        Replaced if it is there.

    Returns
    -------
    bool
        False, and nothing written, where pyarrow isn't installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        return False
    types = {
        "withheld": pa.bool_(),
        "reasons": pa.list_(pa.string()),
        "modalities": pa.list_(pa.string()),
    }
    arrays = {
        name: pa.array(values, type=types.get(name, pa.float64()))
        for name, values in estimate_columns(analysis).items()
    }
    table = pa.table(arrays).replace_schema_metadata({"bundle": analysis.bundle.manifest.id})
    parquet.write_table(table, path)
    return True


def summary(analysis: Analysis) -> dict[str, Any]:
    """Give counts, coverage, physics and provenance as plain data.

    Parameters
    ----------
    analysis : Analysis
        From `analyze`.
    """
    session, enrolment = analysis.session, analysis.enrolment
    n_windows, n_estimated = len(analysis.outcomes), len(analysis.estimates)
    return {
        "schema": 1,
        "recording": session.path,
        "content_hash": session.content_hash,
        "duration_s": session.duration_s,
        "bundle": analysis.bundle.manifest.id,
        "counts": {
            "windows": n_windows,
            "estimated": n_estimated,
            "withheld": n_windows - n_estimated,
            "called_stress": sum(e.called_stress for e in analysis.estimates),
        },
        "coverage": analysis.coverage,
        "withheld": analysis.withheld_by_reason,
        "enrolment": None
        if enrolment is None
        else {
            "start_s": enrolment.start_s,
            "end_s": enrolment.end_s,
            "n_windows": enrolment.n_windows,
        },
        "physics": _physics(analysis),
        "repairs": list(session.repairs),
        "problems": list(session.problems),
        "seconds": round(analysis.seconds, 2),
    }


def largest_difference(first: Sequence[Outcome], second: Sequence[Outcome]) -> float:
    """Compare two runs over the same windows.

    Parameters
    ----------
    first, second : sequence of AffectEstimate or Abstention
        What was said live and offline, or by two versions.

    Returns
    -------
    float
        Largest absolute difference of any probability, forecast or parameter; infinite where the
        windows, the reasons, or what was withheld differ.
    """
    if len(first) != len(second):
        return float("inf")
    return max((_difference(a, b) for a, b in zip(first, second, strict=True)), default=0.0)


def _difference(a: Outcome, b: Outcome) -> float:
    if isinstance(a, AffectEstimate) and isinstance(b, AffectEstimate):
        return float(np.abs(np.array(_numbers(a)) - np.array(_numbers(b))).max())
    if isinstance(a, Abstention) and isinstance(b, Abstention) and a.reasons == b.reasons:
        return float(abs(a.start_ns - b.start_ns))
    return float("inf")


def _numbers(estimate: AffectEstimate) -> list[float]:
    forecast = [v for row in estimate.eda_forecast_us.values() for v in row]
    physics = [quantity.value for quantity in estimate.physics.values()]
    return [float(estimate.start_ns), *estimate.probabilities.values(), *forecast, *physics]


def _physics(analysis: Analysis) -> dict[str, Any]:
    """Constants as they stand; what varies as median and 5th to 95th percentile of windows."""
    constants = {item.name for item in analysis.bundle.manifest.physics if item.value is not None}
    found: dict[str, list[Quantity]] = {}
    for estimate in analysis.estimates:
        for name, quantity in estimate.physics.items():
            found.setdefault(name, []).append(quantity)
    result = {}
    for name, quantities in found.items():
        first, values = quantities[0], [q.value for q in quantities]
        ci95 = None if first.ci95 is None else list(first.ci95)
        record: dict[str, Any] = {"unit": first.unit, "identifiable": first.identifiable}
        if name in constants:
            record |= {"value": first.value, "ci95": ci95}
        else:
            low, middle, high = np.quantile(values, [0.05, 0.5, 0.95]).tolist()
            record |= {"value": middle, "over_windows_5_95": [low, high]}
        result[name] = record
    return result
