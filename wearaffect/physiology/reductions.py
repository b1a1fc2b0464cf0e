"""Skin conductance with two states and with one: reductions of `wearaffect.physiology.eda`.

Without sweat that diffuses two are left, without sweat on its way one.
Both are integrated exactly over a step with the driver held.
"""

import math

import numpy as np
from numpy.typing import NDArray

from wearaffect.physiology.eda import EdaParameters, discretise

__all__ = ["one_state", "two_states"]

Array = NDArray[np.float64]


def two_states(rise_s: float, decay_s: float, step_s: float) -> tuple[Array, Array]:
    """Integrate rise and recovery over a step.

    ::

        x1' = (u - x1) / rise_s
        x2' = (x1 - x2) / decay_s
        y   = x2

    Parameters
    ----------
    rise_s, decay_s : float
        Time constants, seconds, 0 < rise_s ≤ decay_s; 0.1 to 1.4 and 1.5 to 6 in the source.
    step_s : float
        Seconds, > 0.

    Returns
    -------
    A : numpy.ndarray, (2, 2)
        Transition of the states, µS.
    B : numpy.ndarray, (2,)
        Answer to a driver u of 1 µS: here it is the conductance that it would sustain.

    Raises
    ------
    ValueError
        A time isn't positive and finite, or they are out of order.

    Notes
    -----
    Source: Wickramasuriya, Amin & Faghih 2019, doi 10.3389/fnins.2019.00780. The states are those
    of three, without the third, over the time that they last.
    """
    A, B = discretise(EdaParameters(rise_s, decay_s, decay_s, tonic_share=0.0), step_s)
    lasting = np.array([rise_s, decay_s])
    return A[:2, :2] * lasting / lasting[:, None], B[:2] / lasting


def one_state(decay_s: float, step_s: float) -> tuple[float, float]:
    """Integrate a single decay, ``x' = u - x / decay_s``, over a step.

    Parameters
    ----------
    decay_s, step_s : float
        Seconds, > 0.

    Returns
    -------
    a, b : float
        ``x[k + 1] = a x[k] + b u[k]`` with x in µS and u in µS/s.

    Raises
    ------
    ValueError
        A time isn't positive and finite.

    Notes
    -----
    Skin has at least two rates, 0.17 to 0.67 /s and about 0.008 /s: one can't stand for both.
    """
    if not (0 < decay_s < math.inf and 0 < step_s < math.inf):
        msg = f"expected times > 0 in seconds, got {decay_s} and {step_s}"
        raise ValueError(msg)
    return math.exp(-step_s / decay_s), -decay_s * math.expm1(-step_s / decay_s)
