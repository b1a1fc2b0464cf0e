"""Window assembly by event time: the one place where time-first becomes channel-first.

Samples are kept by when they happened, not by when they came. A window closes when the watermark
passes its end; a sample that comes after that is late: it still reaches every window that is open.
"""

import math
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import StreamOrderError
from wearaffect.core.streams import SignalChunk, SignalKind, StreamInfo
from wearaffect.core.timebase import NS_PER_S, exact_rate, n_samples, sample_at
from wearaffect.core.windows import Window, WindowSignal, WindowSpec

__all__ = ["WindowAssembler"]


class WindowAssembler:
    """Collect filtered chunks of several streams and cut windows from them.

    Parameters
    ----------
    spec : WindowSpec
        Length and step.
    origin_ns : int
        Start of the session; window i starts at ``origin_ns + i * hop``.
    """

    def __init__(self, spec: WindowSpec, origin_ns: int = 0) -> None:
        self.spec = spec
        self.origin_ns = origin_ns
        self.n_late: dict[str, int] = defaultdict(int)
        self._tracks: dict[SignalKind, _Track] = {}
        self._next_start_ns = origin_ns
        self._watermark_ns = origin_ns

    def push(self, chunk: SignalChunk) -> None:
        """Keep a chunk's samples.

        Raises
        ------
        StreamOrderError
            The chunk starts before the end of the one before it.
        """
        if not len(chunk):
            return
        if chunk.start_ns < self._watermark_ns:
            late = sample_at(self._watermark_ns, chunk.start_ns, chunk.info.rate_hz)
            self.n_late[chunk.info.id] += min(late, len(chunk))
        track = self._tracks.setdefault(chunk.info.kind, _Track(chunk.info))
        track.push(chunk)

    def advance(self, watermark_ns: int) -> Iterator[Window]:
        """Cut every window that ends by the watermark.

        Parameters
        ----------
        watermark_ns : int
            Time up to which streams are complete.

        Yields
        ------
        Window
            In time order, without quality or features yet; empty windows are cut too.
        """
        self._watermark_ns = max(self._watermark_ns, watermark_ns)
        while self._next_start_ns + self.spec.window_ns <= self._watermark_ns:
            start_ns = self._next_start_ns
            signals = {}
            for kind, track in self._tracks.items():
                signal = track.cut(start_ns, self.spec.window_s)
                if signal is not None:
                    signals[kind] = signal
            yield Window(
                start_ns, start_ns + self.spec.window_ns, signals, origin_ns=self.origin_ns
            )
            self._next_start_ns += self.spec.hop_ns
            for track in self._tracks.values():
                track.forget(self._next_start_ns)


class _Track:
    """The recent samples of one stream, in gap-free pieces."""

    def __init__(self, info: StreamInfo) -> None:
        self.info = info
        self._rate = exact_rate(info.rate_hz)
        self._pieces: list[tuple[int, list[NDArray[np.float32]]]] = []
        self._end_ns: int | None = None

    def push(self, chunk: SignalChunk) -> None:
        tolerance_ns = int(NS_PER_S / self._rate / 2)
        if self._end_ns is not None and chunk.start_ns < self._end_ns - tolerance_ns:
            raise StreamOrderError(
                self.info.id,
                "chunks overlap or run backwards",
                expected=f"a start at {self._end_ns} ns or later",
                got=f"{chunk.start_ns} ns",
                remedy="deliver each stream in time order",
            )
        follows = self._end_ns is not None and chunk.start_ns <= self._end_ns + tolerance_ns
        if follows and self._pieces:
            start_ns, parts = self._pieces[-1]
            parts.append(chunk.data)
            length = sum(map(len, parts))
            self._end_ns = start_ns + int(length * NS_PER_S / self._rate)
        else:
            self._pieces.append((chunk.start_ns, [chunk.data]))
            self._end_ns = chunk.end_ns

    def cut(self, start_ns: int, window_s: float) -> WindowSignal | None:
        """Give the samples of a window, NaN where there are none; None if there are none at all."""
        count = n_samples(window_s, float(self._rate))
        data = np.full((len(self.info.channels), count), np.nan, dtype=np.float32)
        for piece_ns, parts in self._pieces:
            samples = _joined(parts)
            first = sample_at(start_ns, piece_ns, float(self._rate))
            if first >= len(samples):
                continue
            slot = self._slot(piece_ns, first, start_ns)
            stop = min(len(samples), first + count - slot)
            if stop > first:
                data[:, slot : slot + stop - first] = samples[first:stop].T
        present = np.isfinite(data).all(axis=0)
        if not present.any():
            return None
        return WindowSignal(data, float(self._rate), float(present.mean()))

    def _slot(self, piece_ns: int, index: int, start_ns: int) -> int:
        """Position in the window of a sample at or after its start."""
        # stamps are floored to the nanosecond, hence the one that is added back
        time_ns = piece_ns + int(index * NS_PER_S / self._rate) + 1
        return max(0, int((time_ns - start_ns) * self._rate / NS_PER_S))

    def forget(self, before_ns: int) -> None:
        """Drop what no later window can reach; a piece is trimmed when half of it is old."""
        kept = []
        for piece_ns, parts in self._pieces:
            samples = _joined(parts)
            old = sample_at(before_ns, piece_ns, float(self._rate))
            if old >= len(samples):
                continue
            # trim only to a sample at a whole nanosecond, so that times stay exact
            old -= old % (self._rate.numerator // math.gcd(self._rate.numerator, NS_PER_S))
            if old > len(samples) // 2:
                start_ns = piece_ns + int(old * NS_PER_S / self._rate)
                kept.append((start_ns, [samples[old:].copy()]))
            else:
                kept.append((piece_ns, parts))
        self._pieces = kept


def _joined(parts: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Join a list of arrays in place, so that it is joined once."""
    if len(parts) > 1:
        parts[:] = [np.concatenate(parts)]
    return parts[0]
