"""Skin conductance split into tonic level, phasic responses and the nerve activity behind them.

The convex problem of Greco et al. 2016 (doi 10.1109/TBME.2015.2474131), written from the paper::

    minimise  1/2 |r + t - y|^2 + alpha sum(p) + gamma/2 |l|^2   over p >= 0, l, d
    r = M q,  p = A q      a difference of two exponentials by the bilinear transform
    t = B l + C d          cubic splines with a knot every 10 s, offset and slope

Cost grows linearly with the length of the signal.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wearaffect.analysis.convex_eda_model import (
    Boundary,
    ConvexEdaSettings,
    convex_problem,
    knot_distance,
)
from wearaffect.analysis.interior_point import Minimum, minimise
from wearaffect.analysis.responses import Responses, find_responses
from wearaffect.core.errors import SignalError
from wearaffect.signals.segments import known_runs

__all__ = [
    "LOWEST_RATE_HZ",
    "Boundary",
    "ConvexEdaSettings",
    "EdaDecomposition",
    "decompose_eda",
]

Array = NDArray[np.float64]

_STREAM = "eda"
LOWEST_RATE_HZ = 1.0
# Of the objective: what is left of the distance to the smallest one. Engineering choice; the
# published solver stops at about the same.
_TOLERANCE = 1e-6
# More sparsity than this leaves no driver at all, whatever the signal of unit variance.
_MOST_SPARSITY = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class EdaDecomposition:
    """The parts of a skin conductance signal; NaN where the signal is missing.

    Attributes
    ----------
    tonic, phasic : numpy.ndarray, (n,)
        Slow level and fast responses, µS.
    driver : numpy.ndarray, (n,)
        Sudomotor nerve activity, >= 0, µS/s.
    residual : numpy.ndarray, (n,)
        Signal minus both parts, µS.
    objective : float
        What was minimised, summed over gap-free runs: of the standardised signal if it was, else
        in µS².
    gap : float
        How far above the smallest value there is, by the solver's estimate.
    n_iterations : int
        Interior point steps of the run that took most.
    boundary : Boundary
        Used.
    sampling_rate : float
        Hz.
    """

    tonic: Array
    phasic: Array
    driver: Array
    residual: Array
    objective: float
    gap: float
    n_iterations: int
    boundary: Boundary
    sampling_rate: float

    def responses(self, *, threshold_us: float = 0.03) -> Responses:
        """Find the responses in the phasic part; see `find_responses`."""
        return find_responses(self.phasic, self.sampling_rate, threshold_us=threshold_us)


def decompose_eda(
    eda: ArrayLike,
    sampling_rate: float,
    *,
    boundary: Boundary = Boundary.REVISED_2025,
    settings: ConvexEdaSettings | None = None,
) -> EdaDecomposition:
    """Split skin conductance into tonic and phasic part and sudomotor driver.

    Parameters
    ----------
    eda : array_like, (n,)
        Skin conductance, µS; NaN (or infinite) where it is missing.
    sampling_rate : float
        Hz, at least 1.
    boundary : Boundary
        How the model begins and ends.
    settings : ConvexEdaSettings, optional
        Constants of the model; those of the paper unless told.

    Returns
    -------
    EdaDecomposition
        Parts of the same length, whose sum with the residual is the signal. Each gap-free run is
        decomposed by itself, with one standard deviation for all. A run shorter than `knot_s` is
        NaN: it can't tell a level from a response. A signal that doesn't change is all tonic.
        The parts scale with the signal and don't see its offset, unless `standardise` is off.

    Raises
    ------
    SignalError
        The values are too large to square, or the solver didn't get to the minimum: seen only
        where a driver costs next to nothing, as with an `alpha` of 1e-12.
    ValueError
        `eda` isn't one-dimensional, the rate is below 1 Hz or not finite, or there is no such
        boundary.

    Notes
    -----
    Source: Greco et al. 2016, doi 10.1109/TBME.2015.2474131. The tonic part is a free curve and can
    fall below zero, as with the published packages, where contact is lost or the wrist moves. What
    neurokit2 gives is `Boundary.PUBLISHED_2015` with `standardise` off. The solver is an interior
    point method with a banded front, and gets within 1e-6 of the smallest objective. Where it
    doesn't (a lone spike on the last sample, hundreds of standard deviations high), it starts again
    from a driver that is large everywhere.
    """
    signal = np.asarray(eda, dtype=np.float64)
    if signal.ndim != 1:
        msg = f"expected a signal of shape (n,), got {signal.shape}"
        raise ValueError(msg)
    if not LOWEST_RATE_HZ <= sampling_rate < np.inf:
        msg = f"expected a sampling rate of at least {LOWEST_RATE_HZ} Hz, got {sampling_rate}"
        raise ValueError(msg)
    model, boundary = settings or ConvexEdaSettings(), Boundary(boundary)
    centre, scale = _centre_and_scale(signal)
    alpha = min(model.alpha / (1.0 if model.standardise else scale), _MOST_SPARSITY)
    parts = np.full((3, signal.size), np.nan)
    minima = []
    for run in _runs(np.isfinite(signal), knot_distance(model, sampling_rate)):
        level = (signal[run] - centre) / scale
        problem, driver_unit = convex_problem(level, sampling_rate, boundary, model, alpha)
        minimum = _solved(minimise(problem, driver_unit, _TOLERANCE), run)
        parts[:, run] = minimum.tonic, minimum.phasic, minimum.driver / driver_unit
        minima.append(minimum)
    tonic, phasic, driver = parts * scale
    tonic += centre
    unit = 1.0 if model.standardise else scale * scale
    return EdaDecomposition(
        tonic=tonic,
        phasic=phasic,
        driver=driver,
        residual=signal - tonic - phasic,
        objective=unit * sum(minimum.objective for minimum in minima),
        gap=unit * sum(minimum.gap for minimum in minima),
        n_iterations=max((minimum.n_steps for minimum in minima), default=0),
        boundary=boundary,
        sampling_rate=float(sampling_rate),
    )


def _centre_and_scale(signal: Array) -> tuple[float, float]:
    """Give mean and standard deviation of what is there; the latter is 1 where it is nothing."""
    known = signal[np.isfinite(signal)]
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    half = high / 2 - low / 2
    if not 2 * half < np.inf:
        raise SignalError(
            _STREAM,
            "conductance can't be decomposed",
            expected="values in µS",
            got=f"{low:g} to {high:g}",
            remedy="check the unit",
        )
    if half == 0:
        return low, 1.0
    small = (known - low) / half
    return low + half * float(small.mean()), half * float(small.std())


def _runs(known: NDArray[np.bool_], shortest: int) -> list[slice]:
    """Give the runs of known samples that are long enough."""
    return [
        slice(start, stop)
        for start, stop, there in known_runs(known)
        if there and stop - start >= shortest
    ]


def _solved(minimum: Minimum, run: slice) -> Minimum:
    """Give the minimum back, or say that it isn't one."""
    if minimum.converged:
        return minimum
    raise SignalError(
        _STREAM,
        f"samples {run.start} to {run.stop} can't be decomposed",
        expected=f"a gap of {_TOLERANCE:g} of the objective {minimum.objective:g}",
        got=f"{minimum.gap:g} after {minimum.n_steps} steps",
        remedy="check the unit, or standardise the signal",
    )
