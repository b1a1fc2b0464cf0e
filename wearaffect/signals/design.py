"""Butterworth design and its state-space form, without scipy."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["StateSpace", "butterworth", "group_delay_s"]

StateSpace = tuple[
    NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]
]


def butterworth(
    order: int, low_hz: float | None, high_hz: float | None, sampling_rate: float
) -> StateSpace:
    """Design a digital Butterworth filter as a cascade of real sections in state space.

    Parameters
    ----------
    order : int
        Order of the prototype, ≥ 1; a band-pass has twice as many poles.
    low_hz, high_hz : float or None
        Pass band. Only `high_hz`: low-pass; only `low_hz`: high-pass; both: band-pass.
    sampling_rate : float
        Hz.

    Returns
    -------
    A, B, C, D : numpy.ndarray, (s, s), (s,), (s,), ()
        ``x[n+1] = A x[n] + B u[n]``, ``y[n] = C x[n] + D u[n]``.

    Raises
    ------
    ValueError
        No band given, or a corner outside (0, half the sampling rate).

    References
    ----------
    Oppenheim & Schafer, Discrete-Time Signal Processing, 3rd ed., chapter 7 (bilinear transform).
    """
    corners = [f for f in (low_hz, high_hz) if f is not None]
    nyquist_hz = sampling_rate / 2
    if order < 1 or not corners or not all(0 < f < nyquist_hz for f in corners):
        msg = f"expected corners inside (0, {nyquist_hz} Hz) and order >= 1, got {corners}, {order}"
        raise ValueError(msg)
    zeros, poles, centre = _digital_roots(order, low_hz, high_hz, sampling_rate)
    gain = abs(np.prod(centre - poles) / np.prod(centre - zeros))
    return _cascade(zeros, poles, float(gain))


def _digital_roots(
    order: int, low_hz: float | None, high_hz: float | None, rate: float
) -> tuple[NDArray[np.complex128], NDArray[np.complex128], complex]:
    """Give digital zeros, poles and the point of the unit circle where the gain is one."""
    k = np.arange(order)
    prototype = np.exp(1j * np.pi * (2 * k + order + 1) / (2 * order))

    def warp(hz: float) -> float:
        return float(2 * rate * np.tan(np.pi * hz / rate))

    if low_hz is None and high_hz is not None:
        analogue = warp(high_hz) * prototype
        zeros, centre_rad_s = np.full(order, -1.0 + 0j), 0.0
    elif high_hz is None and low_hz is not None:
        analogue = warp(low_hz) / prototype
        zeros, centre_rad_s = np.full(order, 1.0 + 0j), np.inf
    else:
        assert low_hz is not None
        assert high_hz is not None
        width = warp(high_hz) - warp(low_hz)
        centre_rad_s = float(np.sqrt(warp(low_hz) * warp(high_hz)))
        half = prototype * width / 2
        root = np.sqrt(half**2 - centre_rad_s**2)
        analogue = np.concatenate([half + root, half - root])
        zeros = np.concatenate([np.full(order, 1.0 + 0j), np.full(order, -1.0 + 0j)])
    poles = (2 * rate + analogue) / (2 * rate - analogue)
    if np.isinf(centre_rad_s):
        return zeros, poles, -1.0 + 0j
    return zeros, poles, complex((2 * rate + 1j * centre_rad_s) / (2 * rate - 1j * centre_rad_s))


def _cascade(
    zeros: NDArray[np.complex128], poles: NDArray[np.complex128], gain: float
) -> StateSpace:
    """Chain conjugate pairs (and a left-over real pole) as sections, transposed direct form II."""
    upper = poles[np.imag(poles) > 1e-12]
    # a band-pass section takes one zero at DC and one at Nyquist; otherwise they are all alike
    left = sorted(zeros.real)
    A, B, C, D = np.zeros((0, 0)), np.zeros(0), np.zeros(0), np.array(1.0)
    for pole in sorted(upper, key=abs):
        pair = (left.pop(0), left.pop(-1))
        b = np.array([1.0, -(pair[0] + pair[1]), pair[0] * pair[1]])
        a = np.array([1.0, -2 * pole.real, abs(pole) ** 2])
        A, B, C, D = _append((A, B, C, D), b, a)
    for pole in np.real(poles[np.abs(np.imag(poles)) <= 1e-12]):
        A, B, C, D = _append((A, B, C, D), np.array([1.0, -left.pop(0)]), np.array([1.0, -pole]))
    return A, B, C * gain, D * gain


def _append(system: StateSpace, b: NDArray[np.float64], a: NDArray[np.float64]) -> StateSpace:
    """Feed a system's output into one more section."""
    A1, B1, C1, D1 = system
    n = a.size - 1
    A2 = np.zeros((n, n))
    A2[:, 0] = -a[1:]
    A2[:-1, 1:] = np.eye(n - 1)
    B2, C2, D2 = b[1:] - a[1:] * b[0], np.eye(n)[0], b[0]
    A = np.block([[A1, np.zeros((A1.shape[0], n))], [np.outer(B2, C1), A2]])
    return A, np.concatenate([B1, B2 * D1]), np.concatenate([D2 * C1, C2]), D1 * D2


def group_delay_s(system: StateSpace, frequency_hz: float, sampling_rate: float) -> float:
    """Give the group delay at one frequency, seconds."""
    A, B, C, D = system
    step = 1e-5
    omega = 2 * np.pi * frequency_hz / sampling_rate

    def response(w: float) -> complex:
        return complex(C @ np.linalg.solve(np.exp(1j * w) * np.eye(A.shape[0]) - A, B) + D)

    turn = response(omega + step) / response(omega - step)
    return float(-np.angle(turn) / (2 * step) / sampling_rate)
