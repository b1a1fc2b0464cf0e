"""Features that see the whole recording: convex decomposition, zero-phase pulse, statistics."""

import logging

import numpy as np
from numpy.typing import NDArray

from wearaffect.analysis.columns import DESK_FEATURES, PLAUSIBLE_S
from wearaffect.analysis.convex_eda import Boundary, decompose_eda
from wearaffect.analysis.hrv import hrv_in_windows
from wearaffect.analysis.pulse import (
    amplitude_in_windows,
    clean_bvp,
    find_systolic_peaks,
    pulse_amplitude,
)
from wearaffect.analysis.records import Record, record_of
from wearaffect.analysis.respiration import pulse_train, respiration_in_windows
from wearaffect.analysis.responses import find_responses
from wearaffect.analysis.sliding import Sliding
from wearaffect.analysis.window_statistics import statistics_in_windows
from wearaffect.core.errors import SignalError
from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import WindowSpec
from wearaffect.recording.session import Session

__all__ = ["desk_columns"]

Vector = NDArray[np.float64]

_log = logging.getLogger(__name__)


def desk_columns(
    session: Session, spec: WindowSpec, starts_s: Vector, boundary: Boundary | None = None
) -> dict[str, Vector]:
    """Describe windows by what the whole recording says of them.

    Parameters
    ----------
    session : Session
        From `open_session`.
    spec : WindowSpec
        Their length and step.
    starts_s : numpy.ndarray, (n_windows,)
        Where each begins, seconds from the session's start.
    boundary : Boundary or None
        Of the convex decomposition; that of 2025 by default.

    Returns
    -------
    dict of str to numpy.ndarray, (n_windows,)
        The rows of `wearaffect.analysis.columns.DESK_FEATURES`; NaN where the signal isn't there or
        can't be decomposed.
    """
    found: dict[str, Vector] = {}
    acc, eda, bvp = (
        record_of(session, kind) for kind in (SignalKind.ACC, SignalKind.EDA, SignalKind.BVP)
    )
    if starts_s.size and acc is not None and acc.values.shape[1] == 3:
        length = np.sqrt((acc.values**2).sum(axis=1, keepdims=True))
        channels = ("acc_x", "acc_y", "acc_z", "acc_l2")
        values = np.concatenate([acc.values, length], axis=1)
        found |= _statistics(channels, values, acc.sliding(starts_s, spec))
    if starts_s.size and eda is not None:
        try:
            found |= _skin_columns(eda, spec, starts_s, boundary or Boundary.REVISED_2025)
        except SignalError as error:  # the other signals are worth having
            _log.warning("%s: no decomposition of skin conductance: %s", session.path, error.line())
    if starts_s.size and bvp is not None:
        found |= _pulse_columns(bvp, spec, starts_s)
    known = {row.kind for row in DESK_FEATURES if row.name in found}
    absent = np.full(starts_s.shape, np.nan)
    return {row.name: found[row.name] if row.kind in known else absent for row in DESK_FEATURES}


def _statistics(
    channels: tuple[str, ...], values: NDArray[np.float64], sliding: Sliding
) -> dict[str, Vector]:
    found = statistics_in_windows(values, sliding)
    return {
        f"{channel}_{name}": column[:, i]
        for i, channel in enumerate(channels)
        for name, column in found.items()
    }


def _skin_columns(
    eda: Record, spec: WindowSpec, starts_s: Vector, boundary: Boundary
) -> dict[str, Vector]:
    parts = decompose_eda(eda.values[:, 0], eda.sampling_rate, boundary=boundary)
    sliding = eda.sliding(starts_s, spec)
    both = np.stack([parts.tonic, parts.phasic], axis=1)
    found = _statistics(("eda_tonic", "eda_phasic"), both, sliding)
    known = np.isfinite(parts.driver)
    sums = sliding.sums(
        sliding.filled(np.stack([np.where(known, parts.driver, 0.0), known], axis=1))
    )
    n_known = np.where(sums[:, 1] > 0, sums[:, 1], np.nan)
    found["eda_driver_mean"] = sums[:, 0] / n_known
    scrs = find_responses(parts.phasic, eda.sampling_rate)
    minutes = n_known / eda.sampling_rate / 60
    first, last = np.searchsorted(scrs.peak_s, [starts_s, starts_s + spec.window_s])
    count, amplitude = _event_means(scrs.amplitude_us, first, last)
    return found | {
        "eda_phasic_scr_count": count / minutes,
        "eda_phasic_scr_amplitude": np.where(count > 0, amplitude, 0.0 * minutes),
        "eda_phasic_scr_sum": np.where(count > 0, amplitude * count, 0.0) / minutes,
        "eda_phasic_scr_rise": _event_means(scrs.rise_s, first, last)[1],
        "eda_phasic_scr_recovery": _event_means(scrs.recovery_s, first, last)[1],
    }


def _event_means(
    values: Vector, first: NDArray[np.int64], last: NDArray[np.int64]
) -> tuple[Vector, Vector]:
    """Count and average the known values of ranges of events."""
    known = np.isfinite(values)
    count = np.cumsum(np.pad(known.astype(np.float64), (1, 0)))
    total = np.cumsum(np.pad(np.where(known, values, 0.0), (1, 0)))
    n = count[last] - count[first]
    return n, np.where(n > 0, (total[last] - total[first]) / np.maximum(n, 1), np.nan)


def _pulse_columns(bvp: Record, spec: WindowSpec, starts_s: Vector) -> dict[str, Vector]:
    wave, rate = bvp.values[:, 0], bvp.sampling_rate
    clean = clean_bvp(wave, rate)
    peaks = find_systolic_peaks(clean, rate)
    times_s = peaks / rate
    variability = hrv_in_windows(
        times_s, starts_s, spec.window_s, usable=_plausible(times_s, np.isnan(wave), peaks)
    )
    height = amplitude_in_windows(times_s, pulse_amplitude(clean, peaks), starts_s, spec.window_s)
    train = pulse_train(wave, clean, peaks, rate)
    return (
        {name.replace("hrv_", "prv_", 1): values for name, values in variability.items()}
        | {name.replace("bvp_", "bvp_pulse_", 1): values for name, values in height.items()}
        | respiration_in_windows(train, starts_s, spec.window_s)
    )


def _plausible(
    times_s: Vector, missing: NDArray[np.bool_], peaks: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Tell intervals that a heart could have made, and that no gap runs through."""
    interval_s = np.diff(times_s)
    low, high = PLAUSIBLE_S
    gaps = np.cumsum(missing)[peaks]
    return np.asarray((interval_s >= low) & (interval_s <= high) & (np.diff(gaps) == 0))
