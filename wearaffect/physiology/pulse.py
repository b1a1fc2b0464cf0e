"""From heart rate to beats, and from beats to the pulse wave of a photoplethysmogram.

Beats: integral pulse frequency modulation. The rate is integrated, and every whole number is a beat
(Mateo & Laguna 2000, IEEE Trans. Biomed. Eng. 47(8), 985-996).

Wave: two Gaussians on the circle of a beat, one systolic, one diastolic (Tang et al. 2020,
doi 10.1038/s41598-020-69076-x).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["PulseShape", "beat_phase", "beat_times", "pulse_wave"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PulseShape:
    """Heights and widths of the two waves of a pulse.

    Attributes
    ----------
    diastolic_height : float
        Against a systolic height of 1.
    diastolic_delay : float
        Angle from the systolic to the diastolic centre, radians of a beat.
    systolic_width, diastolic_width : float
        Standard deviations, radians of a beat, > 0.

    Notes
    -----
    The defaults are the template "excellent" of table 1 in doi 10.1038/s41598-020-69076-x.

    Raises
    ------
    ValueError
        A width isn't positive.
    """

    diastolic_height: float = 0.1999
    diastolic_delay: float = 0.8186 + 1.5161
    systolic_width: float = 0.6303
    diastolic_width: float = 1.0225

    def __post_init__(self) -> None:
        if not (self.systolic_width > 0 and self.diastolic_width > 0):
            msg = f"expected widths > 0, got {self.systolic_width} and {self.diastolic_width}"
            raise ValueError(msg)


def beat_phase(rate_per_min: Array, sampling_rate: float) -> Array:
    """Integrate a heart rate into the phase of the heart.

    Parameters
    ----------
    rate_per_min : numpy.ndarray, (n,)
        Heart rate, beats per minute, > 0.
    sampling_rate : float
        Hz, > 0.

    Returns
    -------
    numpy.ndarray, (n,)
        Beats since the start, by trapezoids; it begins half-way between two beats.

    Raises
    ------
    ValueError
        A rate isn't positive.
    """
    if not (np.all(rate_per_min > 0) and sampling_rate > 0):
        msg = "expected rates > 0"
        raise ValueError(msg)
    turned = (rate_per_min[1:] + rate_per_min[:-1]) / (2 * 60.0 * sampling_rate)
    return np.cumsum(np.concatenate([[0.5], turned]))


def beat_times(phase: Array, sampling_rate: float) -> Array:
    """Give the times at which the phase passes a whole number.

    Parameters
    ----------
    phase : numpy.ndarray, (n,)
        From `beat_phase`.
    sampling_rate : float
        Hz.

    Returns
    -------
    numpy.ndarray, (n_beats,)
        Seconds from the first sample: the centres of the systolic waves.
    """
    beats = np.arange(np.ceil(phase[0]), np.floor(phase[-1]) + 1)
    return np.asarray(np.interp(beats, phase, np.arange(phase.size) / sampling_rate))


def pulse_wave(phase: Array, shape: PulseShape | None = None) -> Array:
    """Give the pulse wave at a phase.

    Parameters
    ----------
    phase : numpy.ndarray, (...)
        Beats; the systolic centre lies at whole numbers.
    shape : PulseShape, optional
        Of the pulse.

    Returns
    -------
    numpy.ndarray, (...)
        Periodic with period 1; about 1 at the systolic peak.
    """
    shape = PulseShape() if shape is None else shape
    angle = 2 * np.pi * (phase - np.round(phase))
    systolic = _on_circle(angle, shape.systolic_width)
    diastolic = _on_circle(angle - shape.diastolic_delay, shape.diastolic_width)
    return systolic + shape.diastolic_height * diastolic


def _on_circle(angle: Array, width: float) -> Array:
    """Give a Gaussian with its neighbours one turn before and after, so that it has no seam."""
    total = np.zeros_like(angle)
    for turn in (-2, -1, 0, 1, 2):
        total += np.exp(-0.5 * ((angle + 2 * np.pi * turn) / width) ** 2)
    return total
