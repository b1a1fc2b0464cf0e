"""Windows that closed together, as arrays: what features and quality are computed from."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import Window, WindowSignal, WindowSpec

__all__ = ["BatchSignal", "WindowBatch"]


@dataclass(frozen=True, eq=False)
class BatchSignal:
    """One kind of signal in several windows.

    Attributes
    ----------
    data : numpy.ndarray, (n_windows, n_channels, n_samples), float32, read-only
        Filtered samples, NaN in gaps.
    faults : numpy.ndarray, (n_windows, n_samples), uint8
        Bits of `Fault`.
    coverage : numpy.ndarray, (n_windows,)
        Share of samples that are present, 0 to 1.
    sampling_rate : float
        Hz.
    span : numpy.ndarray, (n_channels, n), float32, or None
        The one stretch of samples that all windows are views of, if there is one.
    step : int
        Samples from one window to the next in it.
    """

    data: NDArray[np.float32]
    faults: NDArray[np.uint8]
    coverage: NDArray[np.float64]
    sampling_rate: float
    span: NDArray[np.float32] | None = None
    step: int = 0

    def each(
        self, function: Callable[[NDArray[np.float64]], NDArray[np.float64]], lost: int = 0
    ) -> NDArray[np.float64]:
        """Work samples one by one: once each, however many windows share them.

        Parameters
        ----------
        function : callable
            From samples (n_channels, n) to values (n - lost,), each of them made of its sample and
            the `lost` next ones.
        lost : int
            How many values fewer there are than samples.

        Returns
        -------
        numpy.ndarray, (n_windows, n_samples - lost)
            The same bits with and without a common stretch.
        """
        if self.span is None or not self.step:
            return np.stack([function(window) for window in self.data.astype(np.float64)])
        values = function(self._samples)
        if len(self.data) == 1:
            return values[None]
        length = self.data.shape[2] - lost
        windows = np.lib.stride_tricks.sliding_window_view(values, length)[:: self.step]
        # where windows lie one sample apart, sums would run across them in another order
        return windows if self.step > 1 else np.ascontiguousarray(windows)

    @cached_property
    def _samples(self) -> NDArray[np.float64]:
        assert self.span is not None
        return np.ascontiguousarray(self.span, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class WindowBatch:
    """Windows that closed together.

    Attributes
    ----------
    starts_ns : tuple of int
        Where each begins.
    spec : WindowSpec
        Their length and step.
    origin_ns : int
        Start of the session.
    signals : mapping of SignalKind to BatchSignal
        Every kind that at least one of the windows has.
    """

    starts_ns: tuple[int, ...]
    spec: WindowSpec
    origin_ns: int
    signals: Mapping[SignalKind, BatchSignal]

    def __len__(self) -> int:
        return len(self.starts_ns)

    def __iter__(self) -> Iterator[Window]:
        """Give the windows one by one, without quality or features yet."""
        for i, start_ns in enumerate(self.starts_ns):
            signals = {
                kind: WindowSignal(signal.data[i], signal.sampling_rate, float(signal.coverage[i]))
                for kind, signal in self.signals.items()
                if signal.coverage[i] > 0
            }
            end_ns = start_ns + self.spec.window_ns
            yield Window(start_ns, end_ns, signals, origin_ns=self.origin_ns)
