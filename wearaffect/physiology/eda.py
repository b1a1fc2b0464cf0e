"""Skin conductance as a linear system: sudomotor bursts in, a fast and a slow conductance out.

With time constants t1 (rise), t2 (fast, phasic), t3 (slow, tonic) and a driver u ≥ 0::

    x1' = -x1/t1 + u            sweat on its way, µS
    x2' =  x1/t1 - x2/t2        phasic: pores open, µS
    x3' =  x1/t1 - x3/t3        tonic: sweat diffuses into the skin, µS
    y   = (1 - chi) x2 + chi x3

The system is linear, so a driver held over a step integrates exactly; nothing is differentiated.

Source: Amin & Faghih 2022, doi 10.1371/journal.pcbi.1010275.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "MODEL_DOI",
    "PRIORS",
    "EdaParameters",
    "Prior",
    "conductance",
    "discretise",
    "impulse_response",
    "roll",
    "simulate",
    "steady_state",
]

Array = NDArray[np.float64]

MODEL_DOI = "10.1371/journal.pcbi.1010275"


@dataclass(frozen=True, slots=True)
class Prior:
    """Mean and standard deviation of a parameter over people, in seconds."""

    mean: float
    sd: float


PRIORS: Mapping[str, Prior] = MappingProxyType(
    {"rise_s": Prior(0.65, 0.21), "fast_s": Prior(2.77, 0.52), "slow_s": Prior(120.0, 80.0)}
)
"""Priors of the time constants, from the code that goes with `MODEL_DOI`."""


@dataclass(frozen=True, slots=True)
class EdaParameters:
    """Time constants and mixing of the skin conductance model.

    Attributes
    ----------
    rise_s, fast_s, slow_s : float
        t1 ≤ t2 ≤ t3, seconds, > 0. The defaults are the prior means of `MODEL_DOI`.
    tonic_share : float
        chi in [0, 1]: share of the slow state in the conductance; 0.5 in `MODEL_DOI`.

    Raises
    ------
    ValueError
        A time constant isn't positive and finite, they are out of order, or the share is outside
        [0, 1].
    """

    rise_s: float = 0.65
    fast_s: float = 2.77
    slow_s: float = 120.0
    tonic_share: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.rise_s <= self.fast_s <= self.slow_s < np.inf:
            msg = (
                "expected 0 < rise_s <= fast_s <= slow_s in seconds, "
                f"got {self.rise_s}, {self.fast_s}, {self.slow_s}"
            )
            raise ValueError(msg)
        if not 0 <= self.tonic_share <= 1:
            msg = f"expected tonic_share in [0, 1], got {self.tonic_share}"
            raise ValueError(msg)

    @property
    def gain_s(self) -> float:
        """Conductance per unit of a driver held for ever, µS per µS/s."""
        return (1 - self.tonic_share) * self.fast_s + self.tonic_share * self.slow_s


def discretise(parameters: EdaParameters, step_s: float) -> tuple[Array, Array]:
    """Integrate the model over one step with the driver held, exactly.

    Parameters
    ----------
    parameters : EdaParameters
        Of the model.
    step_s : float
        Length of the step, seconds, > 0.

    Returns
    -------
    A : numpy.ndarray, (3, 3)
        Transition of the states.
    B : numpy.ndarray, (3,)
        Answer to a driver of 1 µS/s, so that ``x[k + 1] = A @ x[k] + B * u[k]``.

    Raises
    ------
    ValueError
        The step isn't positive and finite.
    """
    if not 0 < step_s < np.inf:
        msg = f"expected step_s > 0, got {step_s}"
        raise ValueError(msg)
    return _transition(parameters, np.asarray(step_s, dtype=np.float64))


def simulate(
    parameters: EdaParameters, driver: ArrayLike, step_s: float, initial: ArrayLike
) -> Array:
    """Run the model with a driver that is constant over each step.

    Parameters
    ----------
    parameters : EdaParameters
        Of the model.
    driver : array_like, (n,)
        Sudomotor driver in each step, µS/s, ≥ 0.
    step_s : float
        Length of a step, seconds, > 0.
    initial : array_like, (3,)
        States at the start, µS.

    Returns
    -------
    numpy.ndarray, (n + 1, 3)
        States at the edges of the steps, µS; row 0 is `initial`.

    Raises
    ------
    ValueError
        The driver is negative or not finite, a shape is wrong, or the step isn't positive.
    """
    u = _driver(driver)
    if u.ndim != 1:
        msg = f"expected a driver (n,), got {u.shape}"
        raise ValueError(msg)
    A, B = discretise(parameters, step_s)
    states = np.empty((u.size + 1, 3))
    states[0] = _states(initial)
    for k, pushed in enumerate(u[:, None] * B):
        states[k + 1] = A @ states[k] + pushed
    return states


def conductance(parameters: EdaParameters, states: ArrayLike) -> Array:
    """Mix the states into the conductance that a sensor sees.

    Parameters
    ----------
    parameters : EdaParameters
        Of the model.
    states : array_like, (..., 3)
        µS.

    Returns
    -------
    numpy.ndarray, (...)
        Skin conductance, µS.
    """
    x = np.asarray(states, dtype=np.float64)
    share = parameters.tonic_share
    return np.asarray((1 - share) * x[..., 1] + share * x[..., 2])


def impulse_response(parameters: EdaParameters, times_s: ArrayLike) -> Array:
    """Give the conductance after a burst of 1 µS at time zero.

    Parameters
    ----------
    parameters : EdaParameters
        Of the model.
    times_s : array_like, (...)
        Seconds after the burst; before it the answer is zero.

    Returns
    -------
    numpy.ndarray, (...)
        Skin conductance, µS per µS of burst.
    """
    times = np.asarray(times_s, dtype=np.float64)
    A, _ = _transition(parameters, np.maximum(times, 0.0))
    # a burst fills the first state at once, so its answer is the first column
    return np.where(times >= 0, conductance(parameters, A[..., 0]), 0.0)


def steady_state(parameters: EdaParameters, driver: float) -> Array:
    """Give the states that a driver held for ever leads to.

    Parameters
    ----------
    parameters : EdaParameters
        Of the model.
    driver : float
        µS/s, ≥ 0.

    Returns
    -------
    numpy.ndarray, (3,)
        µS.

    Raises
    ------
    ValueError
        The driver is negative or not finite.
    """
    per_driver = np.array([parameters.rise_s, parameters.fast_s, parameters.slow_s])
    return np.asarray(_driver(driver) * per_driver)


def roll(
    parameters: EdaParameters, initial: ArrayLike, driver: float, horizons_s: ArrayLike
) -> Array:
    """Forecast the conductance with the driver held at its last value.

    Parameters
    ----------
    parameters : EdaParameters
        Of the model.
    initial : array_like, (3,)
        States now, µS.
    driver : float
        Held driver, µS/s, ≥ 0.
    horizons_s : array_like, (n_horizons,)
        Seconds ahead, ≥ 0.

    Returns
    -------
    numpy.ndarray, (n_horizons,)
        Skin conductance, µS; each horizon in closed form, so no error adds up.

    Raises
    ------
    ValueError
        The driver or a horizon is negative or not finite, or a shape is wrong.
    """
    horizons = np.asarray(horizons_s, dtype=np.float64)
    if not (np.all(horizons >= 0) and np.all(np.isfinite(horizons))):
        msg = f"expected horizons_s >= 0, got {horizons}"
        raise ValueError(msg)
    A, B = _transition(parameters, horizons)
    return conductance(parameters, A @ _states(initial) + B * _driver(driver))


def _transition(parameters: EdaParameters, step_s: Array) -> tuple[Array, Array]:
    """Give A (..., 3, 3) and B (..., 3) for steps (...)."""
    rise, fast, slow = parameters.rise_s, parameters.fast_s, parameters.slow_s
    A = np.zeros((*step_s.shape, 3, 3))
    B = np.empty((*step_s.shape, 3))
    A[..., 0, 0] = np.exp(-step_s / rise)
    B[..., 0] = -rise * np.expm1(-step_s / rise)
    for row, decay in ((1, fast), (2, slow)):
        passed = _passed(rise, decay, step_s)
        A[..., row, row] = np.exp(-step_s / decay)
        A[..., row, 0] = passed
        B[..., row] = -decay * np.expm1(-step_s / decay) - rise * passed
    return A, B


def _passed(rise_s: float, decay_s: float, step_s: Array) -> Array:
    """Give what a unit in the first state leaves in a state that decays with `decay_s`.

    ``(exp(-t/t2) - exp(-t/t1)) / (1 - t1/t2)``, written so that it neither divides by zero nor
    cancels where the two time constants meet.
    """
    rates = 1 / rise_s, 1 / decay_s
    apart = abs(rates[0] - rates[1]) * step_s
    ratio = np.where(apart > 0, -np.expm1(-apart) / np.where(apart > 0, apart, 1.0), 1.0)
    return np.asarray(step_s / rise_s * np.exp(-min(rates) * step_s) * ratio)


def _driver(driver: ArrayLike) -> Array:
    u = np.asarray(driver, dtype=np.float64)
    if not (np.all(u >= 0) and np.all(np.isfinite(u))):
        msg = "expected a finite driver >= 0 uS/s: sweat glands secrete, they don't take back"
        raise ValueError(msg)
    return u


def _states(states: ArrayLike) -> Array:
    x = np.asarray(states, dtype=np.float64)
    if x.shape != (3,):
        msg = f"expected states (3,), got {x.shape}"
        raise ValueError(msg)
    return x
