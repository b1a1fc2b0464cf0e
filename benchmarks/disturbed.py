"""A synthetic participant's signals at a stated signal-to-noise ratio, scored against truth."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

Array = NDArray[np.float64]

_MOTION_SHARE, _BURST_S = 0.1, (2.0, 6.0)


def disturb(
    signal: Array,
    power: float,
    snr_db: float,
    rate_hz: float,
    band_hz: tuple[float, float],
    rng: np.random.Generator,
) -> Array:
    """Add noise of a stated power below a signal's.

    Half of its energy is white; half comes in bursts of motion inside the band of the signal, 2 to
    6 s long, that fill a tenth of the time: inside a burst the ratio is 7.4 dB worse than stated.

    Parameters
    ----------
    signal : numpy.ndarray, (n_samples,)
        What the wristband gives.
    power : float
        Of the part that carries the truth, units squared.
    snr_db : float
        Ratio over the whole recording; infinity adds nothing.
    rate_hz, band_hz : float
        Of the signal; band of the bursts.
    rng : numpy.random.Generator
        Chance.
    """
    if np.isinf(snr_db):
        return signal
    n = signal.size
    white = rng.standard_normal(n)
    sections = butter(2, band_hz, btype="bandpass", fs=rate_hz, output="sos")
    moving = np.zeros(n)
    while moving.mean() < _MOTION_SHARE:
        start = rng.integers(n)
        moving[start : start + int(rng.uniform(*_BURST_S) * rate_hz)] = 1.0
    bursts = sosfiltfilt(sections, rng.standard_normal(n)) * moving
    noise = white / white.std() + bursts / bursts.std()
    return signal + noise * np.sqrt(power / 10 ** (snr_db / 10) / np.mean(noise**2))


@dataclass
class Score:
    """Counts and errors over many recordings."""

    hits: int = 0
    missed: int = 0
    false: int = 0
    gave_up: int = 0
    errors: list[Array] = field(default_factory=list)

    def add(self, hits: int, missed: int, false: int, errors: Array) -> None:
        """Add one recording."""
        self.hits, self.missed, self.false = (
            self.hits + hits, self.missed + missed, self.false + false
        )  # fmt: skip
        self.errors.append(errors)

    def summary(self, error: str) -> dict[str, float]:
        """Precision, recall, F1; median error and median absolute error of what was found."""
        precision = self.hits / max(self.hits + self.false, 1)
        recall = self.hits / max(self.hits + self.missed, 1)
        every = np.concatenate(self.errors) if self.errors else np.empty(0)
        return {
            "precision": precision if self.hits + self.false else float("nan"),
            "recall": recall,
            "f1": 2 * self.hits / max(2 * self.hits + self.missed + self.false, 1),
            f"{error}_bias": float(np.median(every)) if every.size else float("nan"),
            f"{error}_error": float(np.median(np.abs(every))) if every.size else float("nan"),
            "gave_up": self.gave_up,
        }


def match(truth_s: Array, found_s: Array, most_s: float) -> tuple[NDArray[np.int64], ...]:
    """Pair each true time with at most one found time, the closest pairs first.

    Returns
    -------
    of_truth, of_found : numpy.ndarray, (n_pairs,), int64
        Indices, in the order of truth.
    """
    off = np.abs(truth_s[:, None] - found_s[None, :])
    truth, found = np.nonzero(off <= most_s)
    taken_truth, taken_found, pairs = set[int](), set[int](), []
    for k in np.argsort(off[truth, found], kind="stable"):
        i, j = int(truth[k]), int(found[k])
        if i not in taken_truth and j not in taken_found:
            taken_truth.add(i)
            taken_found.add(j)
            pairs.append((i, j))
    order = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
    return order[:, 0], order[:, 1]


def delay_of(truth_s: Array, found_s: Array, most_s: float) -> float:
    """Give the constant delay of a detector: the median distance to the nearest true time."""
    if not found_s.size:
        return 0.0
    near = truth_s[np.abs(truth_s[None, :] - found_s[:, None]).argmin(axis=1)]
    off = found_s - near
    return float(np.median(off[np.abs(off) < most_s])) if (np.abs(off) < most_s).any() else 0.0
