"""One window in, its features out: a pure function, so live and offline can't differ."""

from wearaffect.core.streams import SignalKind
from wearaffect.core.timebase import s_from_ns
from wearaffect.core.windows import Window
from wearaffect.signals.body import (
    MOTION_FEATURES,
    TEMPERATURE_FEATURES,
    motion_features,
    temperature_features,
)
from wearaffect.signals.cardiac import HEART_FEATURES, Beats, find_beats, heart_features
from wearaffect.signals.electrodermal import EDA_FEATURES, eda_features

__all__ = ["FEATURES", "beats_of", "features_of"]

FEATURES: dict[str, SignalKind] = {
    **dict.fromkeys(EDA_FEATURES, SignalKind.EDA),
    **dict.fromkeys(HEART_FEATURES, SignalKind.BVP),
    **dict.fromkeys(MOTION_FEATURES, SignalKind.ACC),
    **dict.fromkeys(TEMPERATURE_FEATURES, SignalKind.TEMP),
}
"""Every feature and the signal it comes from, in the order in which models take them."""


def beats_of(window: Window) -> Beats | None:
    """Find the beats of a window, or None where it has no pulse wave."""
    bvp = window.signals.get(SignalKind.BVP)
    if bvp is None:
        return None
    return find_beats(bvp.data[0].astype(float), bvp.sampling_rate)


def features_of(window: Window, beats: Beats | None) -> dict[str, float]:
    """Compute the features of a window.

    Parameters
    ----------
    window : Window
        With filtered signals.
    beats : Beats or None
        From `beats_of`.

    Returns
    -------
    dict of str to float
        Every name in `FEATURES`; NaN where its signal is absent or too short.
    """
    found: dict[str, float] = {}
    eda = window.signals.get(SignalKind.EDA)
    acc = window.signals.get(SignalKind.ACC)
    temp = window.signals.get(SignalKind.TEMP)
    if eda is not None:
        found |= eda_features(eda.data[0].astype(float), eda.sampling_rate)
    if beats is not None:
        found |= heart_features(beats, s_from_ns(window.end_ns - window.start_ns))
    if acc is not None:
        found |= motion_features(acc.data.astype(float), acc.sampling_rate)
    if temp is not None:
        found |= temperature_features(temp.data[0].astype(float), temp.sampling_rate)
    return {name: found.get(name, float("nan")) for name in FEATURES}
