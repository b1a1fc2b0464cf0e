"""Sweeps over time that solve the linear systems of convex EDA in O(n).

One system asks for the driver x, the spline coefficients l and the trend d that minimise::

    1/2 |M q + B l + C d - y|^2 + sum(w/2 x^2 + c x) + gamma/2 |l|^2,   x = A q

with a positive weight w and a slope c for each sample. A and M are recursions of three terms, so
what the future asks of the past is a quadratic function of two states of the skin, of the four
splines that are alive, and of the trend: the front. The backward sweep carries it from sample to
sample as dynamic programming does (a Riccati recursion, whose pivots never fall below one) and
drops a spline when its knot leaves; the forward sweep (in `front_sweeps`) reads the answer off.
The order of unknowns is that of time, and fill-in never leaves the front.

Columns of the front are [spline j - 1, j, j + 1, j + 2, trend at the start of interval j, its rise
over an interval, (unused), (unused)]; rows are the two states, then the columns again.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wearaffect.analysis.compiled import compiled

__all__ = ["COLUMNS", "WIDTH", "Factor", "Iterate", "Problem", "advance", "factorise"]

Array = NDArray[np.float64]

WIDTH = 8
COLUMNS = 6
_SPLINES = 4
_OLDER = 8  # offsets of the rows in the flat front: state q[k-1] at 0, q[k-2], then the columns
_CURVATURE = 16
_LAST_SPLINE = 40
_TREND = 48
_RISE = 56
_STATES = 64  # curvature of the two states: newer, both, older
_END = 67
# The curvature of a spline that lies outside the recording: it costs too much to be anything but 0.
_ABSENT = 1e100
# Stands in for a pivot that rounding has made zero or negative.
_SMALLEST_PIVOT = 1e-14


class Problem(NamedTuple):
    """What stays the same over iterations.

    `level` is y (n,); `pattern` holds the columns over one interval (K, 8); `gram` the products of
    six with all, row by row, over a full and over the last interval (2, 48); `moments` minus their
    products with y for each interval (J, 6). `older` and `oldest` are the second and third
    coefficient of A, whose first is one. `first` is the first sample that has a driver.
    """

    level: Array
    pattern: Array
    gram: Array
    moments: Array
    older: float
    oldest: float
    sparsity: float
    ridge: float
    first: int
    n_splines: int


class Iterate(NamedTuple):
    """Driver and dual (n,), and their relative moves (n,).

    Between sweeps the moves hold what leads to them: the backward sweep leaves the offset of the
    gains and the aim (what ``driver * dual`` should become, relative to what it is).
    """

    driver: Array
    dual: Array
    driver_move: Array
    dual_move: Array


class Factor(NamedTuple):
    """What the backward sweeps leave for the forward sweep.

    For each sample its gains (n, 8) on [the six columns, q[k-1], q[k-2]] and one over its pivot
    (n,); for each knot [gains as above, offset, one over the pivot] (J, 10); for the front before
    the first sample its factor and right-hand side (8, 9), order as the gains.
    """

    gains: Array
    inverse: Array
    knots: Array
    root: Array

    @classmethod
    def empty(cls, n: int, n_intervals: int) -> "Factor":
        """Give room for n samples."""
        return cls(
            np.empty((n, WIDTH)),
            np.empty(n),
            np.empty((n_intervals, WIDTH + 2)),
            np.empty((WIDTH, WIDTH + 1)),
        )


@compiled
def advance(iterate: Iterate, factor: Factor, step: float) -> None:
    """Take the last move a step far, and leave the weights where the pivots will be."""
    driver, dual = iterate.driver, iterate.dual
    driver_move, dual_move, weight = iterate.driver_move, iterate.dual_move, factor.inverse
    for k in range(driver.size):
        x = driver[k] * (1.0 + step * driver_move[k])
        z = dual[k] * (1.0 + step * dual_move[k])
        driver[k] = x
        dual[k] = z
        weight[k] = z / x + 1.0


@compiled
def factorise(problem: Problem, factor: Factor) -> None:
    """Sweep back with the weights that `advance` left."""
    # taken out of their tuples here: each look inside a loop costs as much as a sample
    pattern, gram = problem.pattern, problem.gram
    n_splines, ridge = problem.n_splines, problem.ridge
    gains, inverses, knots, first = factor.gains, factor.inverse, factor.knots, problem.first
    recursion = (problem.older, problem.oldest)
    n, width, last = inverses.size, pattern.shape[0], knots.shape[0] - 1
    front = np.zeros(_END)
    for c in range(_SPLINES):
        front[_CURVATURE + 9 * c] = ridge if 0 <= last - 1 + c < n_splines else _ABSENT
    for j in range(last, -1, -1):
        for c in range(gram.shape[1]):
            front[_CURVATURE + c] += gram[1 if j == last else 0, c]
        span = (j * width, max(j * width, first), min(j * width + width, n))
        _interval(pattern, gains, inverses, front, span, recursion)
        _drop_spline(knots, front, j)
        _shift(front, ridge if 0 <= j - 2 < n_splines else _ABSENT)
    _close(factor.root, front, first)


@compiled
def _interval(
    pattern: Array,
    gains: Array,
    inverses: Array,
    front: Array,
    span: tuple[int, int, int],
    recursion: tuple[float, float],
) -> None:
    """Eliminate the drivers of an interval, from the last to the first."""
    a1, a2 = recursion
    m1, m2 = 2.0 - a1, 1.0 - a2
    p11, p12, p22 = front[_STATES], front[_STATES + 1], front[_STATES + 2]
    width = gains.shape[1]
    for k in range(span[2] - 1, span[1] - 1, -1):
        i = k - span[0]
        inverse = 1.0 / (inverses[k] + p11)
        t = p12 - a1 * p11
        f1, f2 = m1 + t, m2 - a2 * p11
        # the squares don't wait for the division
        p11, p12, p22 = (
            (m1 * m1 + p22) - a1 * (p12 + t) - (f1 * f1) * inverse,
            m1 * m2 - a2 * t - (f1 * f2) * inverse,
            (m2 * m2 + a2 * a2 * p11) - (f2 * f2) * inverse,
        )
        k1, k2 = f1 * inverse, f2 * inverse
        g0, g1 = (pattern[i, 0] + front[0]) * inverse, (pattern[i, 1] + front[1]) * inverse
        g2, g3 = (pattern[i, 2] + front[2]) * inverse, (pattern[i, 3] + front[3]) * inverse
        g4, g5 = (pattern[i, 4] + front[4]) * inverse, (pattern[i, 5] + front[5]) * inverse
        # one loop for all rows, of a length the compiler doesn't know: else it won't use vectors
        for c in range(width):
            b, s = pattern[i, c], front[c]
            h = b + s
            gains[k, c] = h * inverse
            front[c] = m1 * b - a1 * s + front[8 + c] - k1 * h
            front[8 + c] = m2 * b - a2 * s - k2 * h
            front[16 + c] -= g0 * h
            front[24 + c] -= g1 * h
            front[32 + c] -= g2 * h
            front[40 + c] -= g3 * h
            front[48 + c] -= g4 * h
            front[56 + c] -= g5 * h
        gains[k, 6], gains[k, 7], inverses[k] = k1, k2, inverse
    front[_STATES], front[_STATES + 1], front[_STATES + 2] = p11, p12, p22


@compiled
def _drop_spline(knots: Array, front: Array, j: int) -> None:
    """Eliminate spline j + 2, which no sample before interval j sees."""
    inverse = 1.0 / max(front[_LAST_SPLINE + 3], _SMALLEST_PIVOT)
    newer, older = front[3], front[_OLDER + 3]
    k1, k2 = newer * inverse, older * inverse
    for c in range(COLUMNS):
        knots[j, c] = front[_LAST_SPLINE + c] * inverse
    knots[j, 3], knots[j, 6], knots[j, 7], knots[j, 9] = 0.0, k1, k2, inverse
    for r in range(WIDTH):
        held = front[WIDTH * r + 3]
        for c in range(COLUMNS):
            front[WIDTH * r + c] -= held * knots[j, c]
    front[_STATES] -= newer * k1
    front[_STATES + 1] -= newer * k2
    front[_STATES + 2] -= older * k2


@compiled
def _shift(front: Array, curvature: float) -> None:
    """Turn the columns of interval j into those of interval j - 1."""
    for r in range(WIDTH):
        for c in range(3, 0, -1):
            front[WIDTH * r + c] = front[WIDTH * r + c - 1]
        front[WIDTH * r] = 0.0
        front[WIDTH * r + 5] += front[WIDTH * r + 4]
    for c in range(WIDTH):
        for r in range(5, 2, -1):
            front[WIDTH * r + c] = front[WIDTH * r - WIDTH + c]
        front[_CURVATURE + c] = 0.0
        front[_RISE + c] += front[_TREND + c]
    front[_CURVATURE] = curvature


@compiled
def _close(root: Array, front: Array, first: int) -> None:
    """Factorise the front that is left before the first driver."""
    root[:, :] = 0.0
    for r in range(COLUMNS):
        for c in range(COLUMNS):
            root[r, c] = front[_CURVATURE + WIDTH * r + c]
    root[6, 6] = root[7, 7] = 1.0  # a skin at rest: both states are zero
    if first > 0:  # states that are free to choose
        root[6, 6], root[7, 7] = front[_STATES], front[_STATES + 2]
        root[6, 7] = root[7, 6] = front[_STATES + 1]
        for c in range(COLUMNS):
            root[6, c] = root[c, 6] = front[c]
            root[7, c] = root[c, 7] = front[_OLDER + c]
    for i in range(WIDTH):
        root[i, i] = max(root[i, i], _SMALLEST_PIVOT)
        for r in range(i + 1, WIDTH):
            share = root[r, i] / root[i, i]
            for c in range(i + 1, WIDTH):
                root[r, c] -= share * root[i, c]
            root[r, i] = share
