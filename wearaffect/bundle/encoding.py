"""Windows to the arrays a graph takes: one function for training and for serving."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import SignalKind
from wearaffect.core.timebase import n_samples
from wearaffect.core.windows import Window

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
        plain, rested = _tables(self.names, windows)
        enrolled = np.array([[w.rest is not None] for w in windows], dtype=np.float64)
        features = np.concatenate(
            [
                _standard(plain, self.mean, self.scale),
                _standard(rested, self.rest_mean, self.rest_scale),
                enrolled.reshape(-1, 1),
            ],
            axis=1,
        )
        eda = (
            np.stack([_eda_trace(w, self.window_s) for w in windows])
            if windows
            else np.empty((0, n_samples(self.window_s, EDA_RATE_HZ)), np.float32)
        )
        return Encoded(features.astype(np.float32), eda)


def _tables(
    names: Sequence[str], windows: Sequence[Window]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Features (n, f), and features minus rest (n, f) with NaN where rest is unknown."""
    shape = (len(windows), len(names))
    plain = np.array([[w.features[k] for k in names] for w in windows], float).reshape(shape)
    rest = np.array(
        [[np.nan if w.rest is None else w.rest[k] for k in names] for w in windows], float
    ).reshape(shape)
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
    scaled = np.clip((table - mean) / scale, -_CLIP_SD, _CLIP_SD)
    return np.where(np.isfinite(scaled), scaled, 0.0)


def _eda_trace(window: Window, window_s: float) -> NDArray[np.float32]:
    """Skin conductance of a window at 4 Hz, held over gaps."""
    count = n_samples(window_s, EDA_RATE_HZ)
    signal = window.signals.get(SignalKind.EDA)
    if signal is None:
        return np.zeros(count, np.float32)
    at = (np.arange(1, count + 1) * signal.sampling_rate / EDA_RATE_HZ).astype(int) - 1
    trace = signal.data[0, np.clip(at, 0, signal.data.shape[1] - 1)]
    known = np.flatnonzero(np.isfinite(trace))
    if known.size == 0:
        return np.zeros(count, np.float32)
    hold = np.maximum.accumulate(np.where(np.isfinite(trace), np.arange(count), known[0]))
    return np.asarray(np.maximum(trace[hold], 0.0), dtype=np.float32)
