"""Windows to the arrays a graph takes: one function for training and for serving."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import SignalKind
from wearaffect.core.timebase import n_samples
from wearaffect.core.windows import Window, WindowSignal
from wearaffect.signals.arousal import arousal_index
from wearaffect.signals.features import FEATURES
from wearaffect.signals.history import mean_key
from wearaffect.signals.skin_history import forecast_inputs

__all__ = [
    "EDA_RATE_HZ",
    "N_FLAGS",
    "STATISTICS",
    "Encoded",
    "InputEncoder",
    "eda_traces",
    "rest_block",
]

EDA_RATE_HZ = 4.0
N_FLAGS = 4
"""What follows the three blocks of features: the arousal index, and whether there is skin
conductance, a heart, and a resting state."""

_PREFIXES = ("", "change_", "rest_")
STATISTICS = tuple(f"{prefix}{name}" for prefix in _PREFIXES for name in ("mean", "scale"))
"""What an encoder knows of training people, each one number a feature."""

_CLIP_SD = 5.0  # engineering choice: beyond it a feature is an artefact, not more of the same


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """What a graph takes for n windows.

    Attributes
    ----------
    features : numpy.ndarray, (n, 3 f + 4), float32
        Standardised features; the same against the person's last quarter of an hour; against the
        resting state, zero without one; the arousal index; whether there is skin conductance, a
        heart, a resting state.
    eda : numpy.ndarray, (n, window_s * 4), float32
        Skin conductance at 4 Hz, µS; a gap holds the value before it. Zeros where there is none.
    history : numpy.ndarray, (n, 3), float32
        What `wearaffect.signals.skin_history` recalls of it, µS; NaN where it isn't known.
    """

    features: NDArray[np.float32]
    eda: NDArray[np.float32]
    history: NDArray[np.float32]

    def rows(self, index: NDArray[np.intp] | slice) -> "Encoded":
        """Give some of the windows."""
        return Encoded(self.features[index], self.eda[index], self.history[index])

    def feed(self) -> dict[str, NDArray[np.float32]]:
        """Give graph inputs by name."""
        return {"features": self.features, "eda": self.eda, "history": self.history}


def rest_block(n_inputs: int) -> slice:
    """Give the columns that say how a window differs from the resting state."""
    f = (n_inputs - N_FLAGS) // 3
    return slice(2 * f, 3 * f)


@dataclass(frozen=True, slots=True, eq=False)
class InputEncoder:
    """Statistics of the training people, and how they are used.

    Attributes
    ----------
    names : tuple of str
        Features the graph takes, in order; f of them.
    statistics : mapping of str to numpy.ndarray, (f,)
        ``mean, scale`` of the features, ``change_mean, change_scale`` of the features minus the
        person's running mean, ``rest_mean, rest_scale`` of the features minus the person's rest.
    window_s : float
        Length of a window.
    """

    names: tuple[str, ...]
    statistics: Mapping[str, NDArray[np.float64]]
    window_s: float

    @property
    def n_inputs(self) -> int:
        """Length of the feature vector."""
        return 3 * len(self.names) + N_FLAGS

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
            Of training people only; those without a resting state don't enter the last pair.
        window_s : float
            Length of a window.
        """
        statistics: dict[str, NDArray[np.float64]] = {}
        for prefix, table in zip(_PREFIXES, _tables(names, windows), strict=True):
            mean, scale = _mean_and_scale(table)
            statistics |= {f"{prefix}mean": mean, f"{prefix}scale": scale}
        return cls(tuple(names), statistics, window_s)

    def encode(self, windows: Sequence[Window]) -> Encoded:
        """Give the arrays for windows; what is unknown stands at the training mean."""
        f = len(self.names)
        features = np.empty((len(windows), self.n_inputs), np.float32)
        for i, (prefix, table) in enumerate(
            zip(_PREFIXES, _tables(self.names, windows), strict=True)
        ):
            features[:, i * f : (i + 1) * f] = _standard(
                table, self.statistics[f"{prefix}mean"], self.statistics[f"{prefix}scale"]
            )
        features[:, -4] = [arousal_index(w.features, w.history) for w in windows]
        features[:, -3] = self._present(windows, SignalKind.EDA)
        features[:, -2] = self._present(windows, SignalKind.BVP)
        features[:, -1] = [w.rest is not None for w in windows]
        return Encoded(features, eda_traces(windows, self.window_s), forecast_inputs(windows))

    def _present(self, windows: Sequence[Window], kind: SignalKind) -> list[bool]:
        """Tell of each window whether any feature of a signal is known."""
        names = [name for name in self.names if FEATURES.get(name) == kind]
        return [any(np.isfinite(w.features[name]) for name in names) for w in windows]


def eda_traces(windows: Sequence[Window], window_s: float) -> NDArray[np.float32]:
    """Give the skin conductance of windows at 4 Hz, as a graph takes it.

    Parameters
    ----------
    windows : sequence of Window
        n of them.
    window_s : float
        Their length.

    Returns
    -------
    numpy.ndarray, (n, window_s * 4), float32
        µS; a gap holds the value before it. Zeros where there is none.
    """
    eda = np.zeros((len(windows), n_samples(window_s, EDA_RATE_HZ)), np.float32)
    for trace, window in zip(eda, windows, strict=True):
        signal = window.signals.get(SignalKind.EDA)
        if signal is not None:
            trace[:] = _held_trace(signal, trace.size)
    return eda


def _tables(
    names: Sequence[str], windows: Sequence[Window]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Features, features minus running mean, features minus rest: each (n, f), NaN if unknown."""
    shape = (len(windows), len(names))
    plain = np.array([[w.features[k] for k in names] for w in windows], float).reshape(shape)
    means = [mean_key(name) for name in names]
    usual, rest = np.full((2, *shape), np.nan)
    for i, window in enumerate(windows):
        usual[i] = [window.history.get(key, np.nan) for key in means]
        if window.rest is not None:
            rest[i] = [window.rest[k] for k in names]
    return plain, plain - usual, plain - rest


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
