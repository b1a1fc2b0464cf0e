"""A primal-dual interior point method whose linear systems are solved by a moving front.

Mehrotra's predictor and corrector (doi 10.1137/0802028) with one step length for driver and dual,
as the objective is quadratic. The number of steps hardly depends on the length of the signal, and
each costs O(n).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wearaffect.analysis.front_sweeps import backward, forward, reconstruct
from wearaffect.analysis.moving_front import WIDTH, Factor, Iterate, Problem, advance, factorise

__all__ = ["Minimum", "Problem", "minimise"]

Array = NDArray[np.float64]

# Engineering choices, by the number of steps on recordings at 4 to 1,000 Hz.
_MAX_STEPS = 80
_BACK_OFF = 0.99  # of the way to the nearest bound
_CENTRING = 5
_MAX_BEND = 5.0
# Standard deviations of the signal per second. From the first, a spike of hundreds of deviations on
# the last sample is approached too slowly; the second is for what the first doesn't reach.
_START_DRIVERS = (2.0, 2e5)
_START_DUAL = 2e-3  # per unit of driver; a few times the published penalty
_MAX_INFEASIBILITY = 1e-7  # of the slopes at the start
# A residual of a thousandth of the signal's deviation counts as a perfect fit.
_PERFECT_FIT = 1e-6


@dataclass(frozen=True, slots=True)
class Minimum:
    """What minimises a problem.

    Attributes
    ----------
    driver : numpy.ndarray, (n,)
        Scaled driver, > 0 from sample `first` on.
    phasic, tonic : numpy.ndarray, (n,)
        Parts of the level.
    objective : float
        Value of the objective.
    gap : float
        How far the objective lies above the smallest one; an upper bound but for slopes that are
        left, of a ten-millionth of what they were.
    n_steps : int
        Interior point steps taken from the start that led there.
    converged : bool
        The gap is small enough.
    """

    driver: Array
    phasic: Array
    tonic: Array
    objective: float
    gap: float
    n_steps: int
    converged: bool


def minimise(problem: Problem, driver_unit: float, tolerance: float) -> Minimum:
    """Solve the convex problem of a gap-free signal of unit variance.

    Parameters
    ----------
    problem : Problem
        What to solve.
    driver_unit : float
        Scaled driver that stands for one unit of driver.
    tolerance : float
        Gap, relative to the objective, at which to stop.

    Returns
    -------
    Minimum
        Of the last step from the last start, converged or not.
    """
    first_start, second_start = _START_DRIVERS
    minimum = _descend(problem, driver_unit, tolerance, first_start)
    if not minimum.converged:
        minimum = _descend(problem, driver_unit, tolerance, second_start)
    return minimum


def _descend(problem: Problem, driver_unit: float, tolerance: float, start: float) -> Minimum:
    """Take steps from an even driver until it is good enough, or there were too many."""
    n, first = problem.level.size, problem.first
    iterate = Iterate(
        np.full(n, start * driver_unit),
        np.full(n, _START_DUAL / driver_unit),
        *np.zeros((2, n)),
    )
    factor = Factor.empty(n, problem.moments.shape[0])
    answer = np.zeros(problem.moments.shape[0] + 4 + WIDTH)  # splines, then what came before
    target = answer.copy()
    parts = np.empty((2, n))
    step, infeasibility, gap, objective = 0.0, 1.0, np.inf, n / 2
    n_steps, converged = 0, False
    while True:
        advance(iterate, factor, step)
        answer += step * (target - answer)
        infeasibility *= 1.0 - step
        gap = float(np.einsum("k,k->", iterate.driver[first:], iterate.dual[first:]))
        if infeasibility <= _MAX_INFEASIBILITY and gap <= tolerance * objective:
            objective = _objective(problem, iterate.driver, answer, parts)
            converged = gap <= tolerance * max(objective, _PERFECT_FIT * n)
        if converged or n_steps == _MAX_STEPS or not gap < np.inf:
            break
        n_steps += 1
        factorise(problem, factor)
        step = _move(problem, iterate, factor, target, gap / (n - first))
    if not converged:
        objective = _objective(problem, iterate.driver, answer, parts)
    iterate.driver[:first] = 0.0
    return Minimum(iterate.driver, parts[0], parts[1], objective, gap, n_steps, converged)


def _move(
    problem: Problem, iterate: Iterate, factor: Factor, target: Array, product: float
) -> float:
    """Find the next move from the mean product of driver and dual, and say how far to go."""
    splines, start = target[:-WIDTH], target[-WIDTH:]
    backward(problem, iterate, factor, 0.0, 0.0)
    forward(problem, iterate, factor, splines, start)
    # the farther the way straight to the bounds, the smaller the products to ask for
    centre = (1.0 - _reach(iterate, 1.0)) ** _CENTRING * product
    backward(problem, iterate, factor, centre, _MAX_BEND)
    forward(problem, iterate, factor, splines, start)
    return _reach(iterate, _BACK_OFF)


def _reach(iterate: Iterate, share: float) -> float:
    """Give the step that goes a share of the way to the nearest bound, at most 1."""
    steepest = min(float(iterate.driver_move.min()), float(iterate.dual_move.min()))
    return min(1.0, -share / steepest) if steepest < 0 else 1.0


def _objective(problem: Problem, driver: Array, answer: Array, parts: Array) -> float:
    """Give the objective at a driver and its splines, and fill the parts."""
    splines, start = answer[:-WIDTH], answer[-WIDTH:]
    squares, total = reconstruct(problem, driver, splines, start, parts)
    bent = float(np.sum(splines[2 : problem.n_splines + 2] ** 2))
    return 0.5 * squares + problem.sparsity * total + 0.5 * problem.ridge * bent
