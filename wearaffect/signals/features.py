"""Windows in, their features out: a pure function, so live and offline can't differ."""

import numpy as np

from wearaffect.core.streams import SignalKind
from wearaffect.signals.batches import BatchSignal, WindowBatch
from wearaffect.signals.body import (
    MOTION_FEATURES,
    TEMPERATURE_FEATURES,
    motion_features,
    temperature_features,
)
from wearaffect.signals.cardiac import HEART_FEATURES, Beats, find_beats, heart_features
from wearaffect.signals.electrodermal import EDA_FEATURES, eda_features
from wearaffect.signals.given_rate import given_rate_features
from wearaffect.signals.rows import Matrix, Vector

__all__ = ["FEATURES", "LIVE_FEATURES", "beats_of", "features_of"]

LIVE_FEATURES = (*EDA_FEATURES, *HEART_FEATURES, *MOTION_FEATURES, *TEMPERATURE_FEATURES)
"""Every feature that the chain computes."""

FEATURES: dict[str, SignalKind] = {f.name: f.kind for f in LIVE_FEATURES if f.model}
"""Those that models take and the signal they come from, in the order in which they take them."""


def beats_of(batch: WindowBatch) -> Beats | None:
    """Find the beats of windows, or None where none of them has a pulse wave."""
    bvp = batch.signals.get(SignalKind.BVP)
    if bvp is None:
        return None
    return find_beats(_first_channel(bvp), bvp.sampling_rate)


def features_of(batch: WindowBatch, beats: Beats | None) -> dict[str, Vector]:
    """Compute the features of windows.

    Parameters
    ----------
    batch : WindowBatch
        With filtered signals; heart rate where there is no pulse wave, by `pulse_first`.
    beats : Beats or None
        From `beats_of`.

    Returns
    -------
    dict of str to numpy.ndarray, (n_windows,)
        The rows of `LIVE_FEATURES`; NaN where its signal is absent or too short. A window's values
        don't depend on the others, to the bit.
    """
    found: dict[str, Vector] = {}
    for kind, signal in batch.signals.items():
        values: dict[str, Vector] = {}
        match kind:
            case SignalKind.EDA:
                values = eda_features(_first_channel(signal), signal.sampling_rate)
            case SignalKind.BVP if beats is not None:
                values = heart_features(beats, batch.spec.window_s)
            case SignalKind.HR:
                values = given_rate_features(_first_channel(signal), signal.sampling_rate)
            case SignalKind.ACC:
                values = motion_features(signal)
            case SignalKind.TEMP:
                values = temperature_features(_first_channel(signal), signal.sampling_rate)
        absent = signal.coverage == 0
        if absent.any():
            values = {k: np.where(absent, found.get(k, np.nan), v) for k, v in values.items()}
        found |= values
    unknown = np.full(len(batch), np.nan)
    return {row.name: found.get(row.name, unknown) for row in LIVE_FEATURES}


def _first_channel(signal: BatchSignal) -> Matrix:
    return signal.each(lambda samples: samples[0])
