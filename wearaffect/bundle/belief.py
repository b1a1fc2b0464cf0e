"""From one window's answer to a belief about now: windows overlap, and states last.

A two-state filter over the whole sitting, with the same chance of leaving either state: it starts
at even odds and has no notion of how long the sitting has lasted, so it can't learn a protocol.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Belief", "Calibration", "with_belief"]

_SUREST = 1e-4


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a graph's answers become beliefs, and when they are too unsure to be given.

    Attributes
    ----------
    evidence : float
        Share of a window's log odds that counts as new, in (0, 1]: 60 s every 5 s repeat
        eleven twelfths of what was known, though not of its noise.
    hold_s : float
        Time after which a belief that nothing feeds is a third as far from even odds, seconds,
        > 0.
    temperature : float
        What the belief's log odds are divided by, > 0; fitted on people left out.
    calm_temperature : float
        What the log odds among the other conditions are divided by, > 0; fitted in the same way.
    least_certainty : float
        Distance of the belief from even odds, 0 to 1, below which it is withheld.
    least_still : float or None
        ``acc_still``, the share of seconds without movement, below which answers are withheld: an
        arm that never rests is at work, and so is the heart.
    """

    evidence: float = 0.3
    hold_s: float = 60.0
    temperature: float = 1.0
    calm_temperature: float = 1.0
    least_certainty: float = 0.0
    least_still: float | None = None

    def __post_init__(self) -> None:
        fine = (
            0 < self.evidence <= 1
            and 0 < self.hold_s < math.inf
            and 0 < self.temperature < math.inf
            and 0 < self.calm_temperature < math.inf
            and 0 <= self.least_certainty < 1
        )
        if not fine:
            msg = f"calibration out of range: {self}"
            raise ValueError(msg)

    def as_dict(self) -> dict[str, Any]:
        """Give plain data for a manifest."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Calibration":
        """Read what `as_dict` gave; other keys are ignored."""
        return cls(**{key: record[key] for key in cls.__dataclass_fields__ if key in record})


class Belief:
    """What is believed of one sitting, window after window.

    Parameters
    ----------
    calibration : Calibration
        How fast it moves and how sure it may be.
    """

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration
        self._probability = 0.5
        self._at_s: float | None = None

    def take(self, probability: float, at_s: float, *, trusted: bool = True) -> float:
        """Take a window's answer; give the calibrated belief after it.

        Parameters
        ----------
        probability : float
            The graph's answer for this window alone.
        at_s : float
            End of the window, seconds; later than the one before.
        trusted : bool
            Whether the window's signals allow an answer; if not, the belief stays as it was until
            one does, and has aged by all that time then.

        Returns
        -------
        float
            In (0, 1).
        """
        c = self._calibration
        if trusted:
            if self._at_s is not None:
                left = math.exp(-max(at_s - self._at_s, 0.0) / c.hold_s)
                self._probability = 0.5 + left * (self._probability - 0.5)
            self._at_s = at_s
        if trusted and math.isfinite(probability):
            odds = _log_odds(self._probability) + c.evidence * _log_odds(probability)
            self._probability = min(max(_logistic(odds), _SUREST), 1 - _SUREST)
        return _logistic(_log_odds(self._probability) / c.temperature)


def with_belief(
    probabilities: NDArray[np.floating], at: int, belief: NDArray[np.float64], temperature: float
) -> NDArray[np.float64]:
    """Put a belief in the place of one condition, and share what it leaves among the others.

    Parameters
    ----------
    probabilities : numpy.ndarray, (n, k)
        Each window's answer for itself.
    at : int
        Which condition the belief is about.
    belief : numpy.ndarray, (n,)
        Its probability.
    temperature : float
        What the log odds among the others are divided by.

    Returns
    -------
    numpy.ndarray, (n, k)
        Rows add up to one; undefined answers stay so.
    """
    shares = np.maximum(np.asarray(probabilities, dtype=np.float64), 1e-12) ** (1 / temperature)
    shares[:, at] = 0.0
    shares *= ((1 - belief) / shares.sum(axis=1))[:, None]
    shares[:, at] = belief
    return shares


def _log_odds(p: float) -> float:
    kept = min(max(p, 1e-6), 1 - 1e-6)
    return math.log(kept / (1 - kept))


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))
