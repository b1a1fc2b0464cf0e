"""Sweeps with a factorised front: back for new slopes, forward to the answer, and to the signal."""

import numpy as np
from numpy.typing import NDArray

from wearaffect.analysis.compiled import compiled
from wearaffect.analysis.moving_front import WIDTH, Factor, Iterate, Problem

__all__ = ["backward", "forward", "reconstruct"]

Array = NDArray[np.float64]


@compiled
def _slopes(problem: Problem, iterate: Iterate, centre: float, bend: float) -> None:
    """Put the aims where the moves of the dual were, and the slopes where those of the driver."""
    first, sparsity = problem.first, problem.sparsity
    level, driver, dual = problem.level[first:], iterate.driver[first:], iterate.dual[first:]
    slopes, aims = iterate.driver_move[first:], iterate.dual_move[first:]
    for k in range(level.size):
        z, rho = dual[k], slopes[k]
        aim = centre / (driver[k] * z) + max(min(rho * (1.0 + rho), bend), -bend)
        aims[k] = aim
        slopes[k] = sparsity - z * (1.0 + aim) - level[k]


@compiled
def backward(
    problem: Problem, iterate: Iterate, factor: Factor, centre: float, bend: float
) -> None:
    """Sweep back with the slopes of a new aim.

    The aim is that every product becomes `centre`; `bend` > 0 also corrects the products for the
    last move, which was taken to be straight, by at most `bend` times their size.
    """
    _slopes(problem, iterate, centre, bend)
    level, moments, first = problem.level, problem.moments, problem.first
    gains, knots = factor.gains, factor.knots
    inverses, slopes = factor.inverse, iterate.driver_move
    n, width = level.size, problem.pattern.shape[0]
    a1, a2 = problem.older, problem.oldest
    m1, m2 = 2.0 - a1, 1.0 - a2
    newer = older = 0.0
    c0 = c1 = c2 = c3 = c4 = c5 = 0.0
    for j in range(moments.shape[0] - 1, -1, -1):
        c0, c1, c2 = c0 + moments[j, 0], c1 + moments[j, 1], c2 + moments[j, 2]
        c3, c4, c5 = c3 + moments[j, 3], c4 + moments[j, 4], c5 + moments[j, 5]
        start = j * width
        for k in range(min(start + width, n) - 1, max(start, first) - 1, -1):
            y, slope = level[k], slopes[k]
            k1, k2 = gains[k, 6], gains[k, 7]
            h = newer + slope
            slopes[k] = h * inverses[k]
            t = (older - m1 * y - k1 * slope) - (a1 + k1) * newer
            older = (-m2 * y - k2 * slope) - (a2 + k2) * newer
            newer = t
            c0, c1, c2 = c0 - gains[k, 0] * h, c1 - gains[k, 1] * h, c2 - gains[k, 2] * h
            c3, c4, c5 = c3 - gains[k, 3] * h, c4 - gains[k, 4] * h, c5 - gains[k, 5] * h
        knots[j, 8] = c3 * knots[j, 9]
        newer -= knots[j, 6] * c3
        older -= knots[j, 7] * c3
        c4 -= knots[j, 4] * c3
        c5 += c4 - knots[j, 5] * c3
        c3, c2, c1 = c2 - knots[j, 2] * c3, c1 - knots[j, 1] * c3, c0 - knots[j, 0] * c3
        c0 = 0.0
    root = factor.root
    root[0, 8], root[1, 8], root[2, 8], root[3, 8] = c0, c1, c2, c3
    root[4, 8], root[5, 8], root[6, 8], root[7, 8] = c4, c5, newer, older
    if first == 0:
        root[6, 8] = root[7, 8] = 0.0


@compiled
def _solve_root(root: Array, start: Array) -> None:
    """Solve for the trend, the first splines and the states before the first sample."""
    for i in range(WIDTH):
        total = -root[i, 8]
        for c in range(i):
            total -= root[i, c] * start[c]
        start[i] = total
    for i in range(WIDTH - 1, -1, -1):
        total = start[i]
        for c in range(i + 1, WIDTH):
            total -= root[i, c] * start[c]
        start[i] = total / root[i, i]


@compiled
def _moves(iterate: Iterate, first: int) -> None:
    """Turn the new driver and the aims into relative moves."""
    driver, driver_move = iterate.driver[first:], iterate.driver_move[first:]
    dual_move = iterate.dual_move[first:]
    for k in range(driver.size):
        rho = driver_move[k] / driver[k] - 1.0
        driver_move[k] = rho
        dual_move[k] = dual_move[k] - 1.0 - rho


@compiled
def forward(
    problem: Problem, iterate: Iterate, factor: Factor, splines: Array, start: Array
) -> None:
    """Sweep forward to the answer.

    Fills the relative moves, `splines` (J + 4,), whose first two are spline -2 and -1, and
    `start` (8,), which is [the first four splines, the trend, the states] before the signal.
    """
    _solve_root(factor.root, start)
    gains, knots, driver = factor.gains, factor.knots, iterate.driver_move
    n, width, first = driver.size, problem.pattern.shape[0], problem.first
    a1, a2 = problem.older, problem.oldest
    for c in range(4):
        splines[c] = start[c]
    level, rise, newer, older = start[4], start[5], start[6], start[7]
    for j in range(knots.shape[0]):
        s0, s1, s2 = splines[j + 1], splines[j + 2], splines[j + 3]
        level += rise
        s3 = -(
            (knots[j, 0] * s0 + knots[j, 1] * s1 + knots[j, 2] * s2)
            + (knots[j, 4] * level + knots[j, 5] * rise)
            + (knots[j, 6] * newer + knots[j, 7] * older + knots[j, 8])
        )
        splines[j + 4] = s3
        for k in range(max(j * width, first), min((j + 1) * width, n)):
            offset = driver[k] + (
                (gains[k, 0] * s0 + gains[k, 1] * s1)
                + (gains[k, 2] * s2 + gains[k, 3] * s3)
                + (gains[k, 4] * level + gains[k, 5] * rise)
            )
            k1, k2 = gains[k, 6], gains[k, 7]
            driver[k] = -((k2 * older + offset) + k1 * newer)
            # the same driver, summed so that the next sample waits for less
            t = -((a2 + k2) * older + offset) - (a1 + k1) * newer
            newer, older = t, newer
    _moves(iterate, first)


@compiled
def reconstruct(
    problem: Problem, driver: Array, splines: Array, start: Array, parts: Array
) -> tuple[float, float]:
    """Fill phasic and tonic part (2, n); give the sums of squared residuals and of the driver."""
    signal, pattern, first = problem.level, problem.pattern, problem.first
    n, width = signal.size, pattern.shape[0]
    a1, a2 = problem.older, problem.oldest
    level, rise, newer, older = start[4], start[5], start[6], start[7]
    squares, total = 0.0, 0.0
    for j in range(splines.size - 4):
        s0, s1, s2, s3 = splines[j + 1], splines[j + 2], splines[j + 3], splines[j + 4]
        level += rise
        for k in range(j * width, min((j + 1) * width, n)):
            i = k - j * width
            phasic = 0.0
            if k >= first:
                q = (driver[k] - a2 * older) - a1 * newer
                phasic = q + 2.0 * newer + older
                newer, older = q, newer
                total += driver[k]
            tonic = (
                (pattern[i, 0] * s0 + pattern[i, 1] * s1)
                + (pattern[i, 2] * s2 + pattern[i, 3] * s3)
                + (level + pattern[i, 5] * rise)
            )
            parts[0, k] = phasic
            parts[1, k] = tonic
            squares += (phasic + tonic - signal[k]) ** 2
    return squares, total
