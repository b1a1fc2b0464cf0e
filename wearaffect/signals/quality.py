"""How far each signal of a window can be trusted, with reasons as data."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import Quality
from wearaffect.signals.batches import WindowBatch
from wearaffect.signals.body import MOVING_G
from wearaffect.signals.cardiac import Beats
from wearaffect.signals.faults import Fault
from wearaffect.signals.rows import Vector

__all__ = ["BatchQuality", "quality_of"]

_REASON_FROM = 0.1  # engineering choice: what costs under a tenth isn't worth a reason
_LATEST_S = 1.0
_BEATLESS_S = 2.0  # engineering choice: 30 beats a minute
_MOVED = (SignalKind.EDA, SignalKind.BVP)


@dataclass(frozen=True, slots=True, eq=False)
class BatchQuality:
    """Quality of one signal in several windows.

    Attributes
    ----------
    score : numpy.ndarray, (n_windows,)
        0 to 1.
    bad : mapping of str to numpy.ndarray, (n_windows,)
        Share of the window that each reason costs.
    latest : mapping of str to numpy.ndarray, (n_windows,), bool
        Whether it holds in the window's last second.
    moving : numpy.ndarray, (n_windows,), or None
        Share of seconds with strong movement, for signals that suffer from it.
    """

    score: Vector
    bad: Mapping[str, Vector]
    latest: Mapping[str, NDArray[np.bool_]]
    moving: Vector | None = None

    def of(self, i: int) -> Quality:
        """Give the quality of one window."""
        worst_first = sorted(self.bad, key=lambda reason: -self.bad[reason][i])
        reasons = [reason for reason in worst_first if self.bad[reason][i] >= _REASON_FROM]
        if self.moving is not None and self.moving[i] >= _REASON_FROM:
            reasons.append("motion")
        latest = tuple(reason for reason, holds in self.latest.items() if holds[i])
        return Quality(float(self.score[i]), tuple(reasons), latest)


def quality_of(
    batch: WindowBatch, beats: Beats | None, moving: Vector | None = None
) -> dict[SignalKind, BatchQuality]:
    """Judge every signal of windows.

    Parameters
    ----------
    batch : WindowBatch
        With filtered signals and the faults of their raw samples.
    beats : Beats or None
        Of the windows.
    moving : numpy.ndarray, (n_windows,), or None
        Share of seconds with strong movement: the feature ``acc_moving``.

    Returns
    -------
    dict of SignalKind to BatchQuality
        For each kind that is there. The score is the share of samples that are
        present and without a `Fault`; for the pulse, the share of time spanned by accepted
        intervals where that is less. Reasons are those that cost at least a tenth, worst first:
        ``gap``, ``flat``, ``clipped``, ``off_skin``, ``loose``, ``noise``, ``few_beats``. Then
        ``motion``, which costs nothing by itself (what it does to the pulse is in the beats), for a
        pulse or a conductance in a window a tenth of which moves. What holds at the end is judged
        by the last second; ``few_beats`` by two seconds without an accepted interval.
    """
    shaken = _shaken(batch)
    found = {}
    for kind, signal in batch.signals.items():
        bad: dict[str, Vector] = {}
        latest: dict[str, NDArray[np.bool_]] = {}
        score = np.ones(len(batch))
        if signal.faults.any():  # most batches have none
            score = (signal.faults == 0).mean(axis=1)
            tail = max(1, round(_LATEST_S * signal.sampling_rate))
            for fault in Fault:
                marked = (signal.faults & np.uint8(fault)) > 0
                name = str(fault.name).lower()
                bad[name] = marked.mean(axis=1)
                latest[name] = np.asarray(marked[:, -tail:].any(axis=1))
        if kind == SignalKind.BVP and beats is not None:
            window_s = batch.spec.window_s
            bad["few_beats"] = 1.0 - np.minimum(1.0, beats.spanned_s / window_s)
            latest["few_beats"] = window_s - beats.last_accepted_s > _BEATLESS_S
            score = np.minimum(score, 1.0 - bad["few_beats"])
        if kind in _MOVED and shaken is not None:
            latest["motion"] = shaken
        found[kind] = BatchQuality(score, bad, latest, moving if kind in _MOVED else None)
    return found


def _shaken(batch: WindowBatch) -> NDArray[np.bool_] | None:
    """Tell which windows end with a second of strong movement; None without an accelerometer."""
    acc = batch.signals.get(SignalKind.ACC)
    if acc is None:
        return None
    last = acc.data[:, :, -max(1, round(_LATEST_S * acc.sampling_rate)) :].astype(np.float64)
    spread = np.sqrt((last * last).sum(axis=1)).std(axis=1)
    return np.asarray(spread > MOVING_G)
