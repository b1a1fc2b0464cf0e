"""What a report says of the recording itself, as numbers: no drawing, no words."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wearaffect.clinic.report.reported import Reported
from wearaffect.core.streams import SignalKind
from wearaffect.core.units import Unit, convert
from wearaffect.core.windows import Window

__all__ = [
    "GOOD_FROM",
    "Stretch",
    "feature_track",
    "hop_minutes",
    "mean_eda_us",
    "mean_heart_rate",
    "poor_below",
    "quality_level",
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


def hop_minutes(told: Reported) -> float:
    """What one window counts for: the step between windows, minutes."""
    return float(told.spec.hop_s) / 60


def poor_below(told: Reported, kind: SignalKind) -> float:
    """Quality under which a signal is poor: where the bundle withholds for it, else 0.5."""
    return float(told.least_quality.get(str(kind), _POOR_BELOW))


def _level(score: float, poor: float) -> str:
    if score < poor:
        return "poor"
    return "good" if score >= max(GOOD_FROM, poor) else "doubtful"


def speaks_from_s(window: Window, hop_s: float) -> float:
    """Where what a window says begins: one step before it ends; the first speaks for all of it."""
    return max(window.end_s - hop_s, 0.0) if window.start_s > 0 else 0.0


def quality_level(told: Reported, window: Window, kind: SignalKind) -> str | None:
    """Give good, doubtful, poor or off_skin; None where the signal isn't judged."""
    quality = window.quality.get(kind)
    if quality is None or not np.isfinite(quality.score):
        return None
    level = _level(quality.score, poor_below(told, kind))
    return "off_skin" if level == "poor" and "off_skin" in quality.reasons else level


def quality_stretches(told: Reported, kind: SignalKind) -> list[Stretch]:
    """Give the stretches in which a signal is doubtful or poor.

    Parameters
    ----------
    told : Reported
        The recording.
    kind : SignalKind
        The signal.

    Returns
    -------
    list of Stretch
        In time order, `what` is ``doubtful`` or ``poor``. A window speaks for the step at its
        end; the first one for its whole length.
    """
    found: list[Stretch] = []
    for window in told.windows:
        level = quality_level(told, window, kind)
        if level in {None, "good"}:
            continue
        what = "doubtful" if level == "doubtful" else "poor"
        from_s = speaks_from_s(window, told.spec.hop_s)
        if found and found[-1].what == what and from_s <= found[-1].end_s + 1e-6:
            found[-1] = Stretch(found[-1].start_s, window.end_s, what)
        else:
            found.append(Stretch(from_s, window.end_s, what))
    return found


def _is_usable(told: Reported, window: Window, kind: SignalKind) -> bool:
    quality = window.quality.get(kind)
    return quality is not None and quality.score >= poor_below(told, kind)


def feature_track(told: Reported, name: str, kind: SignalKind) -> tuple[Array, Array]:
    """Give a feature over time.

    Parameters
    ----------
    told : Reported
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
    end_s = np.array([w.end_s for w in told.windows])
    values = [
        w.features.get(name, np.nan) if _is_usable(told, w, kind) else np.nan for w in told.windows
    ]
    return end_s, np.array(values, dtype=np.float64)


def _mean(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def mean_heart_rate(told: Reported) -> float:
    """Mean over windows of the median heart rate, 1/min, outside poor pulse."""
    return _mean(feature_track(told, "hr_median", SignalKind.BVP)[1])


def still_share(told: Reported) -> float:
    """Mean over windows of the share of time without movement."""
    return _mean(feature_track(told, "acc_still", SignalKind.ACC)[1])


def mean_eda_us(told: Reported, span_s: tuple[float, float] = (-np.inf, np.inf)) -> float:
    """Mean of the samples of skin conductance, µS, outside poor stretches, in a span of time."""
    stream = told.session.of_kind(SignalKind.EDA)
    if stream is None or not stream.n_samples:
        return float("nan")
    times_ns, data = stream.samples()
    times_s = (times_ns - told.session.start_ns) / 1e9
    keep = np.isfinite(data[:, 0]) & (times_s >= span_s[0]) & (times_s < span_s[1])
    for stretch in quality_stretches(told, SignalKind.EDA):
        if stretch.what == "poor":
            keep &= (times_s < stretch.start_s) | (times_s >= stretch.end_s)
    level = convert(data[keep, 0], stream.info.channels[0].unit, Unit.MICROSIEMENS)
    return _mean(level)


def rest_interval_s(told: Reported) -> tuple[float, float] | None:
    """When rest was asked for in this very recording, seconds; None where it wasn't."""
    rest = told.asked_rest
    return None if rest is None else (rest.start_s, rest.end_s)
