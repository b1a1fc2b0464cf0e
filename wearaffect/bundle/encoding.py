"""Windows to the arrays a graph takes: one function for training and for serving."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import SignalKind
from wearaffect.core.timebase import n_samples
from wearaffect.core.windows import Window, WindowSignal

__all__ = ["EDA_RATE_HZ", "Encoded", "InputEncoder"]

EDA_RATE_HZ = 4.0
_CLIP_SD = 5.0  # engineering choice: beyond it a feature is an artefact, not more of the same


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """What a graph takes for n windows.

    Attributes
    ----------
    features : numpy.ndarray, (n, 2 f + 1), float32
        Standardised features; the same against the resting state, zero without one; and whether
        there is one.
    eda : numpy.ndarray, (n, window_s * 4), float32
        Skin conductance at 4 Hz, µS; a gap holds the value before it. Zeros where there is none.
    """

    features: NDArray[np.float32]
    eda: NDArray[np.float32]

    def rows(self, index: NDArray[np.intp] | slice) -> "Encoded":
        """Give some of the windows."""
        return Encoded(self.features[index], self.eda[index])

    def feed(self) -> dict[str, NDArray[np.float32]]:
        """Give graph inputs by name."""
        return {"features": self.features, "eda": self.eda}


@dataclass(frozen=True, slots=True, eq=False)
class InputEncoder:
    """Statistics of the training people, and how they are used.

    Attributes
    ----------
    names : tuple of str
        Features the graph takes, in order; f of them.
    mean, scale : numpy.ndarray, (f,)
        Of the features themselves.
    rest_mean, rest_scale : numpy.ndarray, (f,)
        Of the features minus the person's own rest.
    window_s : float
        Length of a window.
    """

    names: tuple[str, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    rest_mean: NDArray[np.float64]
    rest_scale: NDArray[np.float64]
    window_s: float

    @classmethod
    def fit(
        cls, names: Sequence[str], windows: Sequence[Window], window_s: float
    ) -> "InputEncoder":
        """Take the statistics from training windows.

        Parameters
        ----------
        names : sequence of str
            Features to use.
        windows : sequence of Window
            Of training people only; those without a resting state don't enter the second pair.
        window_s : float
            Length of a window.
        """
        plain, rested = _tables(names, windows)
        mean, scale = _mean_and_scale(plain)
        rest_mean, rest_scale = _mean_and_scale(rested)
        return cls(tuple(names), mean, scale, rest_mean, rest_scale, window_s)

    def encode(self, windows: Sequence[Window]) -> Encoded:
        """Give the arrays for windows; what is unknown stands at the training mean."""
        f = len(self.names)
        plain, rested = _tables(self.names, windows)
        features = np.empty((len(windows), 2 * f + 1), np.float32)
        features[:, :f] = _standard(plain, self.mean, self.scale)
        features[:, f:-1] = _standard(rested, self.rest_mean, self.rest_scale)
        features[:, -1] = [w.rest is not None for w in windows]
        eda = np.zeros((len(windows), n_samples(self.window_s, EDA_RATE_HZ)), np.float32)
        for trace, window in zip(eda, windows, strict=True):
            signal = window.signals.get(SignalKind.EDA)
            if signal is not None:
                trace[:] = _held_trace(signal, trace.size)
        return Encoded(features, eda)


def _tables(
    names: Sequence[str], windows: Sequence[Window]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Features (n, f), and features minus rest (n, f) with NaN where rest is unknown."""
    shape = (len(windows), len(names))
    plain = np.array([[w.features[k] for k in names] for w in windows], float).reshape(shape)
    rest = np.full(shape, np.nan)
    for row, window in zip(rest, windows, strict=True):
        if window.rest is not None:
            row[:] = [window.rest[k] for k in names]
    return plain, plain - rest


def _mean_and_scale(
    table: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    known = np.isfinite(table)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, table, 0.0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, table - mean, 0.0) ** 2).sum(axis=0) / count)
    return mean, np.where(spread > 0, spread, 1.0)


def _standard(
    table: NDArray[np.float64], mean: NDArray[np.float64], scale: NDArray[np.float64]
) -> NDArray[np.float64]:
    scaled = np.minimum(np.maximum((table - mean) / scale, -_CLIP_SD), _CLIP_SD)
    return np.where(np.isnan(scaled), 0.0, scaled)


def _held_trace(signal: WindowSignal, count: int) -> NDArray[np.float32]:
    """Skin conductance of a window at 4 Hz, (count,), held over gaps; zeros if it's all gap."""
    at = _quarter_ends(signal.sampling_rate, signal.data.shape[1], count)
    trace: NDArray[np.float32] = signal.data[0, at]
    known = np.isfinite(trace)
    if not known.all():
        if not known.any():
            return np.zeros(count, np.float32)
        first = known.argmax()
        trace = trace[np.maximum.accumulate(np.where(known, np.arange(count), first))]
    return np.maximum(trace, np.float32(0.0), out=trace)


@lru_cache(maxsize=16)
def _quarter_ends(sampling_rate: float, length: int, count: int) -> NDArray[np.intp]:
    """Index of the last of so many samples in each quarter of a second, (count,)."""
    at = (np.arange(1, count + 1) * sampling_rate / EDA_RATE_HZ).astype(np.intp) - 1
    return np.clip(at, 0, length - 1)
