"""How far each signal of a window can be trusted, with reasons as data."""

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import Quality
from wearaffect.signals.body import second_spreads
from wearaffect.signals.cardiac import Beats
from wearaffect.signals.faults import Fault
from wearaffect.signals.rows import Vector
from wearaffect.signals.windowing import BatchSignal, WindowBatch

__all__ = ["quality_of"]

_REASON_FROM = 0.1  # engineering choice: what costs under a tenth isn't worth a reason
_LATEST_S = 1.0
_MOVING_G = 0.1
_MOVED = (SignalKind.EDA, SignalKind.BVP)


def quality_of(batch: WindowBatch, beats: Beats | None) -> dict[SignalKind, list[Quality]]:
    """Judge every signal of windows.

    Parameters
    ----------
    batch : WindowBatch
        With filtered signals and the faults of their raw samples.
    beats : Beats or None
        Of the windows.

    Returns
    -------
    dict of SignalKind to list of Quality
        One a window for each kind that is there. The score is the share of samples that are
        present and without a `Fault`; for the pulse, the share of time spanned by accepted
        intervals where that is less. Reasons are those that cost at least a tenth, worst first:
        ``gap``, ``flat``, ``clipped``, ``off_skin``, ``loose``, ``noise``, ``few_beats``. Then
        ``motion``, which costs nothing by itself, for a pulse or a conductance in a window whose
        acceleration spreads by more than 0.1 g within a second for a tenth of the time
        (engineering choice; what it does to the pulse is in the beats).
    """
    moving = _moving_share(batch)
    found = {}
    for kind, signal in batch.signals.items():
        bad = {"gap": 1.0 - signal.coverage}
        latest = {"gap": _latest(np.asarray(~np.isfinite(signal.data).all(axis=1)), signal)}
        faulty = np.zeros(len(batch))
        if signal.faults.any():  # most batches have none
            faulty = (signal.faults > 0).mean(axis=1)
            for fault in Fault:
                marked = (signal.faults & fault) > 0
                bad[_name(fault)] = marked.mean(axis=1)
                latest[_name(fault)] = _latest(marked, signal)
        score = np.clip(signal.coverage - faulty, 0.0, 1.0)
        if kind == SignalKind.BVP and beats is not None:
            bad["few_beats"] = 1.0 - np.minimum(1.0, beats.spanned_s / batch.spec.window_s)
            score = np.minimum(score, 1.0 - bad["few_beats"])
        also = {"motion": moving} if kind in _MOVED and moving is not None else {}
        found[kind] = [
            Quality(float(score[i]), _reasons(bad, i) + _reasons(also, i), _holding(latest, i))
            for i in range(len(batch))
        ]
    return found


def _name(fault: Fault) -> str:
    return str(fault.name).lower()


def _reasons(shares: dict[str, Vector], i: int) -> tuple[str, ...]:
    """Name what costs enough in a window, worst first."""
    worst_first = sorted(shares, key=lambda reason: -shares[reason][i])
    return tuple(reason for reason in worst_first if shares[reason][i] >= _REASON_FROM)


def _latest(marked: NDArray[np.bool_], signal: BatchSignal) -> NDArray[np.bool_]:
    """Tell which windows end with a mark."""
    return np.asarray(marked[:, -max(1, round(_LATEST_S * signal.sampling_rate)) :].any(axis=1))


def _holding(latest: dict[str, NDArray[np.bool_]], i: int) -> tuple[str, ...]:
    return tuple(reason for reason, holds in latest.items() if holds[i])


def _moving_share(batch: WindowBatch) -> Vector | None:
    """Share of seconds with strong movement; None without an accelerometer."""
    acc = batch.signals.get(SignalKind.ACC)
    if acc is None:
        return None
    with np.errstate(invalid="ignore"):
        spread = second_spreads(acc.data.astype(np.float64), acc.sampling_rate)
        return np.asarray((spread > _MOVING_G).mean(axis=1))
