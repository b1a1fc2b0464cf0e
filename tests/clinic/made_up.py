"""A real recording through the real chain, with answers made up: a report needs no model."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from wearaffect.bundle.estimator import NO_REST
from wearaffect.bundle.manifest import Manifest, PhysicsOutput
from wearaffect.bundle.model import ModelBundle
from wearaffect.core.affect import Abstention, AffectEstimate, Outcome, Quantity
from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import Quality, Window
from wearaffect.pipeline.offline import Analysis
from wearaffect.recording.session import Session
from wearaffect.recording.windows import windows_of
from wearaffect.signals.chain import Chain, ChainSettings
from wearaffect.signals.enrolment import RestInterval

HORIZONS_S = (5.0, 15.0, 30.0, 60.0)
REST = RestInterval(60, 360)
LABELS = ("baseline", "stress", "amusement")
PHYSICS = (
    PhysicsOutput("scale", "uS", 0.65, (0.31, 3.92), identifiable=False),
    PhysicsOutput("fast_decay", "s", 2.913, (2.541, 3.377)),
    PhysicsOutput("slow_decay", "s", 187.4, (102.2, 301.8)),
    PhysicsOutput("emotion_ratio_stress", "1", 1.3172, (1.1049, 1.5264)),
    PhysicsOutput("drive", "uS/s"),
)


def manifest(**changes: Any) -> Manifest:
    settings = ChainSettings()
    made = Manifest(
        name="made-up",
        version="0.0.1",
        created="2026-01-01",
        inputs=({"kind": "eda", "unit": "uS"}, {"kind": "bvp", "unit": "1"}),
        window_s=settings.spec.window_s,
        hop_s=settings.spec.hop_s,
        chain=settings.as_dict(),
        features=(),
        statistics={},
        labels=LABELS,
        horizons_s=HORIZONS_S,
        physics=PHYSICS,
        calibration={},
        abstention={"eda": 0.5, "bvp": 0.4},
        provenance={"recordings": {f"wesad/S{i}": "ab12" for i in (2, 3, 4, 5, 6, 7, 8)}},
        metrics={
            "rows": [
                {
                    "split": "across protocol orders",
                    "enrolment": "rest",
                    "model": "network",
                    "stress_f1": 0.8712,
                    "stress_auroc": 0.9312,
                    "stress_person_range": [0.51, 0.99],
                    "three_class_f1": 0.6212,
                    "meditation_called_stress": 0.02,
                }
            ]
        },
        licence="CC-BY-NC-4.0",
        intended_use="trying out the report on recordings of volunteers",
        not_for="diagnosis, or decisions about a person",
        files={"model.onnx": "0123456789abcdef0123456789abcdef"},
    )
    return replace(made, **changes)


def answer(window: Window, level_us: float | None, made: Manifest) -> Outcome:
    """Make up an answer from heart rate and skin conductance; withhold as a bundle would."""
    rate = window.features.get("hr_median", np.nan)
    push = 0.0 if not np.isfinite(rate) else (rate - 68) / 5
    stress = float(1 / (1 + np.exp(-push)))
    probabilities = {
        "baseline": 0.7 * (1 - stress),
        "stress": stress,
        "amusement": 0.3 * (1 - stress),
    }
    forecast: dict[float, tuple[float, float, float]] = {}
    physics: dict[str, Quantity] = {}
    if level_us is not None:
        for horizon_s in made.horizons_s:
            middle = level_us + 0.1 * float(window.features["eda_slope"]) * horizon_s / 60
            half = 0.004 * horizon_s**0.5 * (1 + level_us)
            forecast[horizon_s] = (max(middle - half, 0.0), middle, middle + half)
        drive = level_us / 95
        physics = {"drive": Quantity(drive, "uS/s", (0.7 * drive, 1.4 * drive))}
    estimate = AffectEstimate(
        window.start_ns,
        window.end_ns,
        {k: v for k, v in probabilities.items() if k in made.labels},
        stress,
        level_us,
        forecast,
        physics,
        quality=window.quality,
        bundle_id=made.id,
        origin_ns=window.origin_ns,
    )
    reasons = [] if window.rest is not None else [NO_REST]
    for kind, least in made.abstention.items():
        quality = window.quality.get(SignalKind(kind), Quality(0.0, ("missing",)))
        if quality.score < least:
            reasons.append(f"{kind}: {quality.reasons[0]}")
    if not reasons:
        return estimate
    return Abstention(
        window.start_ns, window.end_ns, tuple(reasons), window.quality, estimate, made.id
    )


def level_us(window: Window) -> float | None:
    """Filtered skin conductance at the end of a window."""
    eda = window.signals.get(SignalKind.EDA)
    if eda is None:
        return None
    known = eda.data[0][np.isfinite(eda.data[0])]
    return float(known[-1]) if known.size else None


def analysis_of(
    session: Session,
    rest: RestInterval | None = REST,
    made: Manifest | None = None,
) -> Analysis:
    """Run the real chain and make answers up."""
    made = manifest() if made is None else made
    chain = Chain(made.chain_settings, origin_ns=session.start_ns, rest=rest)
    windows: list[Window] = []
    outcomes: list[Outcome] = []
    for window in windows_of(session, chain):
        windows.append(replace(window, signals={}))
        outcomes.append(answer(window, level_us(window), made))
    return assemble(session, windows, outcomes, made, chain, rest)


def assemble(
    session: Session,
    windows: Sequence[Window],
    outcomes: Sequence[Outcome],
    made: Manifest,
    chain: Chain,
    rest: RestInterval | None,
) -> Analysis:
    bundle = cast("ModelBundle", SimpleNamespace(manifest=made, folder=Path("made-up")))
    return Analysis(session, bundle, tuple(windows), tuple(outcomes), chain.enrolment, rest, 1.0)
