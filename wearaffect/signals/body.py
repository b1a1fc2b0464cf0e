"""What windows of acceleration and skin temperature say."""

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import SignalKind
from wearaffect.signals.batches import BatchSignal
from wearaffect.signals.feature import Feature
from wearaffect.signals.rows import (
    Matrix,
    Vector,
    mean,
    only_where,
    quantile,
    sd,
    slope_per_min,
    sorted_rows,
)

__all__ = [
    "MOTION_FEATURES",
    "MOVING_G",
    "TEMPERATURE_FEATURES",
    "motion_features",
    "temperature_features",
]

_STILL_G = 0.01
MOVING_G = 0.1
_EXERCISE_G = 0.3
_LEAST_S = 10

_CHOICE = "engineering choice"
_ENMO = "van Hees et al. 2013, doi 10.1371/journal.pone.0061691"
_TILT = "Pedley 2013, NXP application note AN3461; pitch with the other sign"
_WALK = "band of Straczkiewicz et al. 2023, doi 10.1038/s41746-022-00745-z; thresholds ours"


def _of_acc(name: str, unit: str, formula: str, source: str, *, model: bool = False) -> Feature:
    return Feature(f"acc_{name}", SignalKind.ACC, unit, formula, source, model=model)


MOTION_FEATURES = (
    _of_acc("motion", "ln g", "log of the mean over seconds of the SD of |a|", _CHOICE, model=True),
    _of_acc("peak", "ln g", "log of the 95th percentile of the same", _CHOICE, model=True),
    _of_acc("still", "1", "share of seconds whose SD of |a| is below 0.01 g", _CHOICE, model=True),
    _of_acc("moving", "1", "share of seconds whose SD of |a| is above 0.1 g", _CHOICE),
    _of_acc("exercise", "1", "share of seconds whose SD of |a| is above 0.3 g", _CHOICE),
    _of_acc("enmo", "g", "mean of max(|a| - 1 g, 0)", _ENMO),
    _of_acc("jerk", "g/s", "root mean square of |a[i] - a[i-1]| times the sampling rate", _CHOICE),
    _of_acc("pitch", "deg", "atan2(x, sqrt(y^2 + z^2)) of the mean acceleration", _TILT),
    _of_acc("roll", "deg", "atan2(y, z) of the mean acceleration", _TILT),
    _of_acc("steps", "1/min", "steps in the pieces of 10 s that are walked, per minute", _WALK),
    _of_acc("cadence", "1/min", "60 x the step frequency, mean over walked pieces; else 0", _WALK),
)
TEMPERATURE_FEATURES = (
    Feature("temp_slope", SignalKind.TEMP, "degC/min", "least-squares slope", _CHOICE),
    Feature("temp_mean", SignalKind.TEMP, "degC", "mean", _CHOICE, model=False),
    Feature("temp_sd", SignalKind.TEMP, "degC", "SD, ddof 0", _CHOICE, model=False),
)


def motion_features(acc: BatchSignal) -> dict[str, Vector]:
    """Describe movement and posture in windows.

    Parameters
    ----------
    acc : BatchSignal
        Acceleration along x, y and z, g; NaN in gaps.

    Returns
    -------
    dict of str to numpy.ndarray, (n_windows,)
        The rows of `MOTION_FEATURES`; NaN with under 10 whole seconds of signal.
    """
    sampling_rate = acc.sampling_rate
    magnitude = acc.each(lambda a: np.sqrt((a * a).sum(axis=0)))
    beyond_rest = acc.each(lambda a: np.maximum(np.sqrt((a * a).sum(axis=0)) - 1.0, 0.0))
    squared_steps = acc.each(lambda a: (np.diff(a, axis=1) ** 2).sum(axis=0), lost=1)
    spread = _second_spreads(magnitude, sampling_rate)
    ordered, count = sorted_rows(spread)
    x, y, z = (mean(acc.each(lambda a, i=i: a[i])) for i in range(3))  # type: ignore[misc]
    per_min, cadence = _walking(magnitude, sampling_rate)
    features = {
        "acc_motion": np.log(np.maximum(mean(spread), 1e-3)),
        "acc_peak": np.log(np.maximum(quantile(ordered, count, 0.95), 1e-3)),
        "acc_still": _share(spread, spread < _STILL_G),
        "acc_moving": _share(spread, spread > MOVING_G),
        "acc_exercise": _share(spread, spread > _EXERCISE_G),
        "acc_enmo": mean(beyond_rest),
        "acc_jerk": sampling_rate * np.sqrt(mean(squared_steps)),
        "acc_pitch": np.degrees(np.arctan2(x, np.hypot(y, z))),
        "acc_roll": np.degrees(np.arctan2(y, z)),
        "acc_steps": per_min,
        "acc_cadence": cadence,
    }
    return only_where(count >= _LEAST_S, features)


def _share(values: Matrix, chosen: NDArray[np.bool_]) -> Vector:
    """Share of what is known that is chosen."""
    return mean(np.where(np.isfinite(values), chosen.astype(np.float64), np.nan))


_PIECE_S = 10.0
_STEP_HZ = (1.4, 2.3)
_WALK_G = 0.1  # amplitude of the step rhythm
_WALK_POWER = 0.5  # its share of what moves at all


def _walking(magnitude: Matrix, sampling_rate: float) -> tuple[Vector, Vector]:
    """Give steps per minute of window and cadence while walking, by the spectrum of pieces."""
    size = round(_PIECE_S * sampling_rate)
    n_pieces = magnitude.shape[1] // size
    if not n_pieces:
        absent = np.full(magnitude.shape[0], np.nan)
        return absent, absent.copy()
    pieces = magnitude[:, : n_pieces * size].reshape(-1, n_pieces, size)
    off = pieces - (np.einsum("ijk->ij", pieces) / size)[..., None]
    power = np.ascontiguousarray(np.einsum("ijk,ijk->ij", off, off))
    missing = np.asarray(~np.isfinite(power))
    step_hz = np.zeros(power.shape)
    # by Parseval no rhythm in a piece is stronger than sqrt(16 / 3) of its spread
    lively = power > size * 3 / 16 * _WALK_G**2
    step_hz[lively] = _step_hz(off[lively], sampling_rate)
    n_known = (~missing).sum(axis=1)
    per_min = 60 * step_hz.sum(axis=1) / np.where(n_known > 0, n_known, np.nan)
    cadence = 60 * step_hz.sum(axis=1) / np.maximum((step_hz > 0).sum(axis=1), 1)
    return per_min, np.where(n_known > 0, cadence, np.nan)


def _step_hz(pieces: Matrix, sampling_rate: float) -> Vector:
    """Step frequency of pieces without their mean; 0 where nobody walks."""
    size = pieces.shape[1]
    lines = np.fft.rfft(pieces * np.hanning(size), axis=1)
    power = lines.real**2 + lines.imag**2
    hz = np.fft.rfftfreq(size, 1 / sampling_rate)
    band = np.flatnonzero((hz >= _STEP_HZ[0]) & (hz <= _STEP_HZ[1]))
    at = band[0] + power[:, band].argmax(axis=1)
    # a Hann window spreads one tone over three lines, of (A size / 4)^2 and a quarter of it twice
    row = np.arange(len(at))
    left, middle, right = (power[row, at + k] for k in (-1, 0, 1))
    near = left + middle + right
    amplitude = np.sqrt(near * 32 / 3) / size
    walked = (amplitude > _WALK_G) & (near > _WALK_POWER * power[:, 1:].sum(axis=1))
    return np.where(walked, hz[at] + (right - left) / np.maximum(near, 1e-300) * hz[1], 0.0)


def _second_spreads(magnitude: Matrix, sampling_rate: float) -> Matrix:
    """Standard deviation of the magnitude in each second; NaN where a sample is missing."""
    second = max(1, round(sampling_rate))
    usable = magnitude.shape[1] // second
    whole = magnitude[:, : usable * second].reshape(len(magnitude), usable, second)
    off = whole - (np.einsum("ijk->ij", whole) / second)[..., None]
    # in rows, or sums along them would run in an order that depends on how windows overlap
    return np.ascontiguousarray(np.sqrt(np.einsum("ijk,ijk->ij", off, off) / second))


def temperature_features(temp: Matrix, sampling_rate: float) -> dict[str, Vector]:
    """Describe the course of skin temperature in windows.

    Parameters
    ----------
    temp : numpy.ndarray, (n_windows, n_samples)
        Low-passed skin temperature, degC; NaN in gaps.
    sampling_rate : float
        Hz.

    Returns
    -------
    dict of str to numpy.ndarray, (n_windows,)
        The rows of `TEMPERATURE_FEATURES`; NaN with under 10 s of signal.
    """
    times_s = np.arange(temp.shape[1])[None] / sampling_rate
    features = {
        "temp_slope": slope_per_min(temp, times_s),
        "temp_mean": mean(temp),
        "temp_sd": sd(temp),
    }
    count = np.isfinite(temp).sum(axis=1)
    return only_where(count >= _LEAST_S * sampling_rate, features)
