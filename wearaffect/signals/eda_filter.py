"""The filter behind `EdaTracker`: one sample in, what is known of the last steps out.

The model is that of `wearaffect.physiology.eda`. The driver of each step is unknown, at least zero
and mostly small: exponential. Given the sample that ends the step it is a truncated normal, whose
first two moments go on in its place as a Gaussian (assumed density filtering), so a step costs the
same for ever. Later samples correct what a step left, as in a Kalman smoother of fixed lag.

A wrist gives four samples a second, one at a time, and the state has three numbers: written out,
they cost a tenth of what arrays of three would.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from wearaffect.physiology.eda import EdaParameters, discretise, steady_state

__all__ = ["LaggedFilter", "Row", "SkinBelief"]

Row = list[float]
"""Tonic µS, phasic µS, driver µS/s, and the standard deviation of each."""

_Three = tuple[float, float, float]
_Symmetric = tuple[float, float, float, float, float, float]  # 11 12 13 22 23 33

_START_SD_US = (0.1, 0.5)  # of sweat on its way and of the fast state where a segment starts
_START_TOP_US = 1e3


@dataclass(frozen=True, slots=True)
class SkinBelief:
    """What is believed of the skin before it is seen.

    Attributes
    ----------
    parameters : EdaParameters
        Time constants and mixing. The `tonic_share` is 0.05, not the model's 0.5: so the phasic
        part follows that of the convex decomposition on real wrists more closely (benchmarks/
        eda_lag.py); its tonic level is a free curve, and they stay two answers.
    driver_us_per_s : float
        Mean of the exponential driver, µS/s: a burst of 0.2 µS every four seconds (engineering
        choice).
    noise_us : float
        Standard deviation of a sample about the model, µS; wrist recordings of the E4 show 0.0015
        in second differences.
    tonic_drift_us : float
        Standard deviation by which the conductance drifts off the model in a second, µS: skin dries
        and electrodes settle, which no driver ≥ 0 explains (engineering choice).

    Raises
    ------
    ValueError
        A number is out of range.
    """

    parameters: EdaParameters = field(default_factory=lambda: EdaParameters(tonic_share=0.05))
    driver_us_per_s: float = 0.05
    noise_us: float = 0.002
    tonic_drift_us: float = 0.005

    def __post_init__(self) -> None:
        if not (0 < self.driver_us_per_s < math.inf and 0 < self.noise_us < math.inf):
            msg = f"expected a positive driver and noise, got {self}"
            raise ValueError(msg)
        if not 0 <= self.tonic_drift_us < math.inf:
            msg = f"expected tonic_drift_us >= 0, got {self}"
            raise ValueError(msg)


class LaggedFilter:
    """State of the skin now, and what is known of the last steps given all samples so far.

    Of each of the last `n_rows` steps it keeps slow state, fast state and driver: mean, variance,
    and covariance with the state now, which is all that a later sample needs to correct them.

    Parameters
    ----------
    belief : SkinBelief
        Model and prior.
    step_s : float
        Between samples, seconds.
    n_rows : int
        How many steps to keep, ≥ 1.
    """

    def __init__(self, belief: SkinBelief, step_s: float, n_rows: int) -> None:
        share = belief.parameters.tonic_share
        A, B = discretise(belief.parameters, step_s)
        self._belief = belief
        self._fast, self._slow = 1 - share, share
        self._A = tuple(A[[0, 1, 1, 2, 2], [0, 0, 1, 0, 2]].tolist())
        self._B: _Three = tuple(B.tolist())
        self._seen = float(self._fast * B[1] + self._slow * B[2])
        self._drift_var = (belief.tonic_drift_us / share) ** 2 * step_s if share else 0.0
        self._n_rows = n_rows
        self._scale = np.array([share, 1 - share, 1.0])
        self.forget()

    def forget(self) -> None:
        """End the segment."""
        self._count = 0
        self._means = np.zeros((3, self._n_rows))
        self._variances = np.zeros((3, self._n_rows))
        self._crossed = np.zeros((3, 3, self._n_rows))  # with each state now

    def row(self, age: int) -> Row:
        """Give what is known of the step that ended `age` samples ago, ``age < n_rows``."""
        at = (self._count - 1 - age) % self._n_rows
        tonic, phasic, driver = (self._scale * self._means[:, at]).tolist()
        deviations = self._scale * np.sqrt(np.maximum(self._variances[:, at], 0.0))
        # correction is linear and may leave a driver a hair below zero
        return [tonic, phasic, max(driver, 0.0), *deviations.tolist()]

    def step(self, level: float) -> None:
        """Take the next sample of the segment, µS, finite."""
        prior = self._belief.driver_us_per_s
        if self._count:
            self._predict()
            surprise, spread = self._surprise(level)
            var = spread / self._seen**2
            driver, driver_var = _above_zero(surprise / self._seen - var / prior, var)
            self._correct(spread, surprise, (driver, driver_var), self._B)
        else:
            driver = self._begin(level)
            surprise, spread = self._surprise(level)
            # the driver before the first sample is in the state already
            self._correct(spread, surprise, (driver, prior * prior), (0.0, 0.0, 0.0))
        self._count += 1

    def _begin(self, level: float) -> float:
        """Start where a driver held for ever would have led; give that driver."""
        parameters = self._belief.parameters
        driver = max(level, 0.0) / parameters.gain_s
        sd1, sd2 = _START_SD_US
        sd3 = 2 * min(abs(level), _START_TOP_US) + 1  # anything
        self._x: _Three = tuple(steady_state(parameters, driver).tolist())
        self._P: _Symmetric = (sd1 * sd1, 0.0, 0.0, sd2 * sd2, 0.0, sd3 * sd3)
        return driver

    def _predict(self) -> None:
        """Let the state decay over a step, without its driver."""
        a11, a21, a22, a31, a33 = self._A
        x1, x2, x3 = self._x
        self._x = (a11 * x1, a21 * x1 + a22 * x2, a31 * x1 + a33 * x3)
        p11, p12, p13, p22, p23, p33 = self._P
        q12, q13 = a21 * p11 + a22 * p12, a31 * p11 + a33 * p13
        p22 = a21 * (q12 + a22 * p12) + a22 * a22 * p22
        p23 = a21 * q13 + a22 * (a31 * p12 + a33 * p23)
        p33 = a31 * (q13 + a33 * p13) + a33 * a33 * p33 + self._drift_var
        self._P = (a11 * a11 * p11, a11 * q12, a11 * q13, p22, p23, p33)
        past1, past2, past3 = self._crossed
        past2 *= a22
        past2 += a21 * past1
        past3 *= a33
        past3 += a31 * past1
        past1 *= a11

    def _surprise(self, level: float) -> tuple[float, float]:
        """Give how far a sample is from where no driver leads, and the variance of that."""
        _, x2, x3 = self._x
        *_, p22, p23, p33 = self._P
        fast, slow = self._fast, self._slow
        var = fast * (fast * p22 + 2 * slow * p23) + slow * slow * p33
        return level - fast * x2 - slow * x3, var + self._belief.noise_us**2

    def _correct(
        self, spread: float, surprise: float, driver: tuple[float, float], push: _Three
    ) -> None:
        """Push the state by the driver, then correct it, and the past, by what that leaves over."""
        fast, slow = self._fast, self._slow
        u, v = driver
        b1, b2, b3 = push
        seen = fast * b2 + slow * b3
        left = surprise - seen * u
        p11, p12, p13, p22, p23, p33 = self._P
        g1, g2, g3 = fast * p12 + slow * p13, fast * p22 + slow * p23, fast * p23 + slow * p33
        k1, k2, k3 = g1 / spread, g2 / spread, g3 / spread
        # how a state follows the driver, the correction that it would call for included
        d1, d2, d3 = b1 - k1 * seen, b2 - k2 * seen, b3 - k3 * seen
        x1, x2, x3 = self._x
        x1, x2, x3 = x1 + b1 * u + k1 * left, x2 + b2 * u + k2 * left, x3 + b3 * u + k3 * left
        p11, p12 = p11 - k1 * g1 + d1 * d1 * v, p12 - k1 * g2 + d1 * d2 * v
        p13, p22 = p13 - k1 * g3 + d1 * d3 * v, p22 - k2 * g2 + d2 * d2 * v
        p23, p33 = p23 - k2 * g3 + d2 * d3 * v, p33 - k3 * g3 + d3 * d3 * v
        self._x, self._P = (x1, x2, x3), (p11, p12, p13, p22, p23, p33)
        past1, past2, past3 = self._crossed
        gains = (fast * past2 + slow * past3) / spread
        self._means += gains * left
        self._variances -= gains * gains * (spread - seen * seen * v)
        past1 -= gains * (g1 + seen * v * d1)
        past2 -= gains * (g2 + seen * v * d2)
        past3 -= gains * (g3 + seen * v * d3)
        at = self._count % self._n_rows
        self._means[:, at] = x3, x2, u
        self._variances[:, at] = p33, p22, v
        self._crossed[:, :, at] = (p13, p12, d1 * v), (p23, p22, d2 * v), (p33, p23, d3 * v)


def _above_zero(mean: float, var: float) -> tuple[float, float]:
    """Mean and variance of a normal cut off below zero."""
    sd = math.sqrt(var)
    cut = -mean / sd
    if cut < 8.0:
        hazard = math.exp(-0.5 * cut * cut) / math.sqrt(math.pi / 2) / math.erfc(cut / math.sqrt(2))
        return mean + sd * hazard, var * (1 - hazard * (hazard - cut))
    # far out the tail is nearly exponential: asymptotic series of the hazard
    i = 1 / (cut * cut)
    return sd / cut * (1 - i * (2 - 10 * i)), var * i * (1 - i * (6 - 50 * i))
