"""How far each signal of a window can be trusted, with reasons as data."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import SignalKind
from wearaffect.core.timebase import s_from_ns
from wearaffect.core.windows import Quality, Window, WindowSignal
from wearaffect.signals.cardiac import Beats

__all__ = ["quality_of"]

_REASON_BELOW = 0.9  # engineering choice: a rule that costs under a tenth isn't worth a reason


def quality_of(window: Window, beats: Beats | None) -> dict[SignalKind, Quality]:
    """Judge every signal of a window.

    Parameters
    ----------
    window : Window
        With filtered signals.
    beats : Beats or None
        Of the window.

    Returns
    -------
    dict of SignalKind to Quality
        One for each signal that is there. The score is the product of the shares that each rule
        leaves: ``gap`` (missing samples), ``flat`` (no change at all), and by signal:

        - EDA: ``off_skin`` below 0.05 µS, ``clipped`` above 60 µS, ``noise`` faster than
          10 µS/s (Kleckner et al. 2018, doi 10.1109/TBME.2017.2758643);
        - BVP: ``few_beats``, the share of time not spanned by accepted intervals;
        - ACC: ``clipped`` at 2 g, the range of the sensor;
        - TEMP: ``off_skin`` outside 20-40 degC (engineering choice; Kleckner et al. have 30-40,
          which real wrists in cool rooms don't meet).
    """
    minutes = s_from_ns(window.end_ns - window.start_ns) / 60
    found = {}
    for kind, signal in window.signals.items():
        shares = {"gap": signal.coverage, "flat": _moving(signal.data)}
        rule = _RULES.get(kind)
        if rule is not None:
            shares |= rule(signal)
        if kind == SignalKind.BVP and beats is not None:
            shares["few_beats"] = min(1.0, float(beats.ibi_s.sum()) / 60 / minutes)
        found[kind] = _quality(shares)
    return found


def _quality(shares: Mapping[str, float]) -> Quality:
    worst_first = sorted(shares.items(), key=lambda item: item[1])
    reasons = tuple(reason for reason, share in worst_first if share < _REASON_BELOW)
    return Quality(float(np.prod(list(shares.values()))), reasons)


def _share(good: NDArray[np.bool_], known: NDArray[np.bool_]) -> float:
    """Share of known samples that are good; 0 where nothing is known."""
    return float(good[known].mean()) if known.any() else 0.0


def _moving(data: NDArray[np.float32]) -> float:
    """Tell whether anything changes at all (a dead sensor repeats itself exactly)."""
    known = np.isfinite(data).all(axis=0)
    return float(bool(np.ptp(data[:, known], axis=1).max() > 0)) if known.any() else 0.0


def _eda_rules(signal: WindowSignal) -> dict[str, float]:
    level = signal.data[0]
    known = np.isfinite(level)
    change = np.abs(np.diff(level, prepend=level[:1])) * signal.sampling_rate
    return {
        "off_skin": _share(level >= 0.05, known),
        "clipped": _share(level <= 60.0, known),
        "noise": _share(change <= 10.0, known & np.isfinite(change)),
    }


def _acc_rules(signal: WindowSignal) -> dict[str, float]:
    known = np.asarray(np.isfinite(signal.data).all(axis=0))
    return {"clipped": _share(np.abs(signal.data).max(axis=0) < 1.98, known)}


def _temp_rules(signal: WindowSignal) -> dict[str, float]:
    level = signal.data[0]
    return {"off_skin": _share((level >= 20.0) & (level <= 40.0), np.isfinite(level))}


_RULES: dict[SignalKind, Callable[[WindowSignal], dict[str, float]]] = {
    SignalKind.EDA: _eda_rules,
    SignalKind.ACC: _acc_rules,
    SignalKind.TEMP: _temp_rules,
}
