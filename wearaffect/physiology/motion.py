"""What an accelerometer on a resting forearm sees: gravity, posture, bouts of movement."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wearaffect.physiology.processes import lagged

__all__ = ["Bouts", "acceleration", "bout_strength", "draw_bouts"]

Array = NDArray[np.float64]

_SETTLING_S = 0.5  # time to settle into a new posture, engineering choice
_POSTURE_SD = 0.35  # radians, engineering choice
_NOISE_G = 0.01  # quiet E4 recordings spread by 0.6 of a 1/64 g step
_SMOOTHING = 4  # samples: keeps movement mostly below 8 Hz at 32 Hz


@dataclass(frozen=True, slots=True, eq=False)
class Bouts:
    """Movements, each of which ends in a new posture.

    Attributes
    ----------
    start_s, length_s : numpy.ndarray, (n_bouts,)
        Seconds.
    strength_g : numpy.ndarray, (n_bouts,)
        Standard deviation of the acceleration, g.
    posture : numpy.ndarray, (n_bouts + 1, 2)
        Pitch and roll before the first and after each, radians.
    """

    start_s: Array
    length_s: Array
    strength_g: Array
    posture: Array


def draw_bouts(rng: np.random.Generator, start_s: Array) -> Bouts:
    """Draw length, strength and resulting posture of movements.

    Parameters
    ----------
    rng : numpy.random.Generator
        Its own; the first bouts don't depend on how many follow.
    start_s : numpy.ndarray, (n_bouts,)
        When they begin, seconds.

    Returns
    -------
    Bouts
        2-6 s long, 0.05-0.3 g strong (engineering choices).
    """
    draws = rng.random((start_s.size + 1, 4))
    posture = 2 * np.sqrt(3) * _POSTURE_SD * (draws[:, 2:] - 0.5)
    return Bouts(start_s, 2 + 4 * draws[1:, 0], 0.05 + 0.25 * draws[1:, 1], posture)


def bout_strength(bouts: Bouts, times_s: Array) -> Array:
    """Give the strength of movement at each time, (n,), g; zero at rest."""
    strength = np.zeros(times_s.size)
    edges = np.stack([bouts.start_s, bouts.start_s + bouts.length_s])
    for (first, last), value in zip(
        np.searchsorted(times_s, edges).T, bouts.strength_g, strict=True
    ):
        strength[first:last] = value
    return strength


def acceleration(rng: np.random.Generator, bouts: Bouts, times_s: Array) -> Array:
    """Give the acceleration at the wrist.

    Parameters
    ----------
    rng : numpy.random.Generator
        For movement and sensor noise.
    bouts : Bouts
        From `draw_bouts`.
    times_s : numpy.ndarray, (n,)
        Regular, seconds.

    Returns
    -------
    numpy.ndarray, (n, 3)
        g; at rest its length is 1.
    """
    step_s = float(times_s[1] - times_s[0]) if times_s.size > 1 else 1.0
    place = np.searchsorted(bouts.start_s, times_s, side="right")
    pitch, roll = (lagged(bouts.posture[place, i], step_s, _SETTLING_S) for i in (0, 1))
    gravity = np.stack(
        [-np.sin(pitch), np.cos(pitch) * np.sin(roll), np.cos(pitch) * np.cos(roll)], axis=1
    )
    white = rng.standard_normal((times_s.size, 6))
    kernel = np.full(_SMOOTHING, 1 / np.sqrt(_SMOOTHING))
    smooth = np.stack([np.convolve(white[:, i], kernel)[: times_s.size] for i in range(3)], axis=1)
    moved = bout_strength(bouts, times_s)[:, None] * smooth
    return np.asarray(gravity + moved + _NOISE_G * white[:, 3:])
