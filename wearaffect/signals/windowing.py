"""Window assembly by event time: the one place where time-first becomes channel-first.

Samples are kept by when they happened, not by when they came. A window closes when the watermark
passes its end; a sample that comes after that is late: it still reaches every window that is open.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

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

    Attributes
    ----------
    n_late : mapping of str to int
        Samples of each stream that came after a window they belong to had closed.
    """

    def __init__(self, spec: WindowSpec, origin_ns: int = 0) -> None:
        self.spec = spec
        self.origin_ns = origin_ns
        self.n_late: dict[str, int] = defaultdict(int)
        self._tracks: dict[SignalKind, _Track] = {}
        self._next_start_ns = origin_ns
        self._closed_ns = origin_ns

    def push(self, chunk: SignalChunk) -> None:
        """Keep a chunk's samples.

        Raises
        ------
        StreamOrderError
            The chunk starts before the end of the one before it.
        """
        if not len(chunk):
            return
        if chunk.start_ns < self._closed_ns:
            late = sample_at(self._closed_ns, chunk.start_ns, chunk.info.rate_hz)
            self.n_late[chunk.info.id] += min(late, len(chunk))
        if chunk.info.kind not in self._tracks:
            self._tracks[chunk.info.kind] = _Track(chunk.info)
        self._tracks[chunk.info.kind].push(chunk)

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
        while self._next_start_ns + self.spec.window_ns <= watermark_ns:
            start_ns = self._next_start_ns
            self._next_start_ns += self.spec.hop_ns
            self._closed_ns = start_ns + self.spec.window_ns
            signals = {}
            for kind, track in sorted(self._tracks.items()):  # not in order of arrival
                signal = track.cut(start_ns, self.spec.window_s)
                if signal is not None:
                    signals[kind] = signal
                track.forget(self._next_start_ns)
            yield Window(start_ns, self._closed_ns, signals, origin_ns=self.origin_ns)


@dataclass(slots=True)
class _Piece:
    """Samples without a gap: the time of number 0, how many are forgotten, and the rest."""

    start_ns: int
    parts: list[NDArray[np.float32]]
    dropped: int = 0

    def __len__(self) -> int:
        return self.dropped + sum(map(len, self.parts))

    def joined(self) -> NDArray[np.float32]:
        """Join the parts in place, so that they are joined once."""
        if len(self.parts) > 1:
            self.parts = [np.concatenate(self.parts)]
        return self.parts[0]


class _Track:
    """The recent samples of one stream, in gap-free pieces."""

    def __init__(self, info: StreamInfo) -> None:
        self.info = info
        self._rate = exact_rate(info.rate_hz)
        self._rate_hz = float(self._rate)
        self._half_sample_ns = int(NS_PER_S / self._rate / 2)
        self._pieces: list[_Piece] = []
        self._end_ns: int | None = None

    def push(self, chunk: SignalChunk) -> None:
        if self._end_ns is not None and chunk.start_ns < self._end_ns - self._half_sample_ns:
            raise StreamOrderError(
                self.info.id,
                "chunks overlap or run backwards",
                expected=f"a start at {self._end_ns} ns or later",
                got=f"{chunk.start_ns} ns",
                remedy="deliver each stream in time order",
            )
        self._end_ns = chunk.end_ns
        if self._pieces:
            # a device clock may drift: a piece goes on only while its own count tells the time
            due_ns = self._pieces[-1].start_ns + int(len(self._pieces[-1]) * NS_PER_S / self._rate)
            if abs(chunk.start_ns - due_ns) <= self._half_sample_ns:
                self._pieces[-1].parts.append(chunk.data)
                return
        self._pieces.append(_Piece(chunk.start_ns, [chunk.data]))

    def cut(self, start_ns: int, window_s: float) -> WindowSignal | None:
        """Give the samples of a window, NaN where there are none; None if there are none at all."""
        count = n_samples(window_s, self._rate_hz)
        data = np.full((len(self.info.channels), count), np.nan, dtype=np.float32)
        for piece in self._pieces:
            first = self._first(piece, start_ns)
            # where the sample before lies outside, this one has the first place
            slot = 0 if first else self._slot(piece.start_ns, start_ns)
            part = piece.joined()[first - piece.dropped :][: max(0, count - slot)]
            data[:, slot : slot + len(part)] = part.T
        present = np.isfinite(data).all(axis=0)
        if not present.any():
            return None
        return WindowSignal(data, self._rate_hz, float(present.mean()))

    # Stamps are floored to the nanosecond, hence the one that is given back in these two.
    def _first(self, piece: _Piece, start_ns: int) -> int:
        """Number of the first sample at or after a time."""
        return sample_at(start_ns - 1, piece.start_ns, self._rate_hz)

    def _slot(self, time_ns: int, start_ns: int) -> int:
        """Position in the window of a time at or after its start."""
        return int((time_ns + 1 - start_ns) * self._rate / NS_PER_S)

    def forget(self, before_ns: int) -> None:
        """Drop what no later window can reach; a piece is trimmed when half of it is old."""
        kept = []
        for piece in self._pieces:
            old = self._first(piece, before_ns)
            if old >= len(piece):
                continue
            samples = piece.joined()
            if old - piece.dropped > len(samples) // 2:
                piece.parts = [samples[old - piece.dropped :].copy()]
                piece.dropped = old
            kept.append(piece)
        self._pieces = kept
