"""What a report says of the recording itself, as numbers: no drawing, no words."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import SignalKind
from wearaffect.core.units import Unit, convert
from wearaffect.core.windows import Window
from wearaffect.pipeline.offline import Analysis
from wearaffect.signals.enrolment import RestInterval

__all__ = [
    "GOOD_FROM",
    "Stretch",
    "feature_track",
    "hop_minutes",
    "mean_eda_us",
    "mean_heart_rate",
    "poor_below",
    "quality_stretches",
    "rest_interval_s",
    "speaks_from_s",
    "still_share",
]

_POOR_BELOW = 0.5  # where the bundle has no threshold of its own; engineering choice
GOOD_FROM = 0.8  # engineering choice

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time, seconds from the start, and what holds in it."""

    start_s: float
    end_s: float
    what: str


def hop_minutes(analysis: Analysis) -> float:
    """What one window counts for: the step between windows, minutes."""
    return float(analysis.bundle.manifest.hop_s) / 60


def poor_below(analysis: Analysis, kind: SignalKind) -> float:
    """Quality under which a signal is poor: where the bundle withholds for it, else 0.5."""
    return float(analysis.bundle.manifest.abstention.get(str(kind), _POOR_BELOW))


def _level(score: float, poor: float) -> str:
    if score < poor:
        return "poor"
    return "good" if score >= max(GOOD_FROM, poor) else "doubtful"


def speaks_from_s(window: Window, hop_s: float) -> float:
    """Where what a window says begins: one step before it ends; the first speaks for all of it."""
    return max(window.end_s - hop_s, 0.0) if window.start_s > 0 else 0.0


def quality_stretches(analysis: Analysis, kind: SignalKind) -> list[Stretch]:
    """Give the stretches in which a signal is doubtful or poor.

    Parameters
    ----------
    analysis : Analysis
        The recording.
    kind : SignalKind
        The signal.

    Returns
    -------
    list of Stretch
        In time order, `what` is ``doubtful`` or ``poor``. A window speaks for the step at its
        end; the first one for its whole length.
    """
    poor = poor_below(analysis, kind)
    hop_s = analysis.bundle.manifest.hop_s
    found: list[Stretch] = []
    for window in analysis.windows:
        quality = window.quality.get(kind)
        level = "good" if quality is None else _level(quality.score, poor)
        if level == "good":
            continue
        from_s = speaks_from_s(window, hop_s)
        if found and found[-1].what == level and from_s <= found[-1].end_s + 1e-6:
            found[-1] = Stretch(found[-1].start_s, window.end_s, level)
        else:
            found.append(Stretch(from_s, window.end_s, level))
    return found


def _is_usable(analysis: Analysis, window: Window, kind: SignalKind) -> bool:
    quality = window.quality.get(kind)
    return quality is not None and quality.score >= poor_below(analysis, kind)


def feature_track(analysis: Analysis, name: str, kind: SignalKind) -> tuple[Array, Array]:
    """Give a feature over time.

    Parameters
    ----------
    analysis : Analysis
        The recording.
    name : str
        Of the feature.
    kind : SignalKind
        The signal it comes from.

    Returns
    -------
    end_s : numpy.ndarray, (n_windows,)
        When each window ended.
    values : numpy.ndarray, (n_windows,)
        NaN where the feature is, or its signal is poor.
    """
    end_s = np.array([w.end_s for w in analysis.windows])
    values = [
        w.features.get(name, np.nan) if _is_usable(analysis, w, kind) else np.nan
        for w in analysis.windows
    ]
    return end_s, np.array(values, dtype=np.float64)


def _mean(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def mean_heart_rate(analysis: Analysis) -> float:
    """Mean over windows of the median heart rate, 1/min, outside poor pulse."""
    return _mean(feature_track(analysis, "hr_median", SignalKind.BVP)[1])


def still_share(analysis: Analysis) -> float:
    """Mean over windows of the share of time without movement."""
    return _mean(feature_track(analysis, "acc_still", SignalKind.ACC)[1])


def mean_eda_us(analysis: Analysis) -> float:
    """Mean of the samples of skin conductance, µS, outside poor stretches."""
    stream = analysis.session.of_kind(SignalKind.EDA)
    if stream is None or not stream.n_samples:
        return float("nan")
    times_ns, data = stream.samples()
    times_s = (times_ns - analysis.session.start_ns) / 1e9
    keep = np.isfinite(data[:, 0])
    for stretch in quality_stretches(analysis, SignalKind.EDA):
        if stretch.what == "poor":
            keep &= (times_s < stretch.start_s) | (times_s >= stretch.end_s)
    level = convert(data[keep, 0], stream.info.channels[0].unit, Unit.MICROSIEMENS)
    return _mean(level)


def rest_interval_s(analysis: Analysis) -> tuple[float, float] | None:
    """When rest was asked for in this very recording, seconds; None where it wasn't."""
    rest = analysis.rest
    return (rest.start_s, rest.end_s) if isinstance(rest, RestInterval) else None
