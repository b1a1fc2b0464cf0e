"""Random processes and lags the forward models share; a longer run starts with a shorter one."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["drift", "event_times", "lagged"]

Array = NDArray[np.float64]


def drift(
    rng: np.random.Generator, n: int, step_s: float, *, relaxation_s: float, sd: float
) -> Array:
    """Draw a slow variation that keeps returning to zero (Ornstein-Uhlenbeck, stationary).

    Parameters
    ----------
    rng : numpy.random.Generator
        Advanced by n numbers.
    n : int
        Number of samples.
    step_s, relaxation_s : float
        Time between samples and time over which it is forgotten, seconds.
    sd : float
        Standard deviation.

    Returns
    -------
    numpy.ndarray, (n,)
        In the unit of `sd`; sampled exactly, so its statistics don't depend on the step.
    """
    keep = np.exp(-step_s / relaxation_s)
    kicks = sd * rng.standard_normal(n)
    kicks[1:] *= np.sqrt(1 - keep**2)
    return _recursion(kicks, keep)


def lagged(target: Array, step_s: float, time_constant_s: float) -> Array:
    """Follow a target with a first-order lag, starting on it.

    Parameters
    ----------
    target : numpy.ndarray, (n,)
        Where it is going.
    step_s, time_constant_s : float
        Seconds.

    Returns
    -------
    numpy.ndarray, (n,)
        Causal; exact for a target held over each step.
    """
    keep = np.exp(-step_s / time_constant_s)
    pushed = np.concatenate([target[:1], (1 - keep) * target[:-1]])
    return _recursion(pushed, keep)


def event_times(
    rng: np.random.Generator,
    duration_s: float,
    per_minute_at: Callable[[float], float],
    highest_per_minute: float,
    apart_s: float,
) -> Array:
    """Draw events whose rate changes in time, by thinning a Poisson process.

    Parameters
    ----------
    rng : numpy.random.Generator
        Its own, so that the draws before an instant don't depend on the duration.
    duration_s : float
        Seconds.
    per_minute_at : callable
        Rate per minute at a time in seconds, before the dead time.
    highest_per_minute : float
        Upper bound of that rate.
    apart_s : float
        Dead time after an event, seconds.

    Returns
    -------
    numpy.ndarray, (n_events,)
        Seconds, increasing, in ``[0, duration_s)``.

    Notes
    -----
    Thinning: Lewis & Shedler 1979, doi 10.1002/nav.3800260304.
    """
    times: list[float] = []
    now_s = 0.0
    while highest_per_minute > 0:
        now_s += rng.exponential(60.0 / highest_per_minute)
        kept = rng.random() * highest_per_minute
        if now_s >= duration_s:
            break
        if kept < per_minute_at(now_s) and (not times or now_s - times[-1] >= apart_s):
            times.append(now_s)
    return np.asarray(times)


def _recursion(pushed: Array, keep: float) -> Array:
    """Give ``x[k] = keep * x[k - 1] + pushed[k]``."""
    value, values = 0.0, []
    for push in pushed.tolist():
        value = keep * value + push
        values.append(value)
    return np.asarray(values)
