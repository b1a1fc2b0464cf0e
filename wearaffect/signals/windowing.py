"""Window assembly by event time: the one place where time-first becomes channel-first.

Samples are kept by when they happened, not by when they came. A window closes when the watermark
passes its end; a sample that comes after that is late: it still reaches every window that is open.
Windows that close together are handed on together, as views of the same samples where they can be.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import StreamOrderError
from wearaffect.core.streams import SignalChunk, SignalKind, StreamInfo
from wearaffect.core.timebase import NS_PER_S, exact_rate, n_samples, sample_at, samples_ns
from wearaffect.core.windows import WindowSpec
from wearaffect.signals.batches import BatchSignal, WindowBatch
from wearaffect.signals.faults import Fault

__all__ = ["WindowAssembler"]

_BATCH = 96  # windows; engineering choice: 3 MB of a 64 Hz minute each, which the cache holds


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

    def push(self, chunk: SignalChunk, faults: NDArray[np.uint8] | None = None) -> None:
        """Keep a chunk's samples, and what is wrong with each.

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
        if faults is None:
            missing = ~np.isfinite(chunk.data).all(axis=1)
            faults = np.where(missing, Fault.GAP, 0).astype(np.uint8)
        self._tracks[chunk.info.kind].push(chunk, faults)

    def advance(self, watermark_ns: int) -> Iterator[WindowBatch]:
        """Cut every window that ends by the watermark.

        Parameters
        ----------
        watermark_ns : int
            Time up to which streams are complete.

        Yields
        ------
        WindowBatch
            In time order; empty windows are cut too.
        """
        spec = self.spec
        while (left := self._due(watermark_ns)) > 0:
            count = min(left, _BATCH)
            first_ns = self._next_start_ns
            starts_ns = tuple(first_ns + i * spec.hop_ns for i in range(count))
            self._next_start_ns = first_ns + count * spec.hop_ns
            self._closed_ns = starts_ns[-1] + spec.window_ns
            signals = {}
            for kind, track in sorted(self._tracks.items()):  # not in order of arrival
                signal = track.cut(starts_ns, spec)
                if signal is not None:
                    signals[kind] = signal
                track.forget(self._next_start_ns)
            yield WindowBatch(starts_ns, spec, self.origin_ns, signals)

    def _due(self, watermark_ns: int) -> int:
        """Count the windows that are complete and not yet cut."""
        return (watermark_ns - self._next_start_ns - self.spec.window_ns) // self.spec.hop_ns + 1


@dataclass(slots=True)
class _Piece:
    """Samples without a gap: the time of number 0, how many are forgotten, and the rest."""

    start_ns: int
    dropped: int = 0
    data: list[NDArray[np.float32]] = field(default_factory=list)
    faults: list[NDArray[np.uint8]] = field(default_factory=list)

    def __len__(self) -> int:
        return self.dropped + sum(map(len, self.faults))

    def joined(self) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Join the parts in place, so that they are joined once."""
        if len(self.faults) > 1:
            self.data = [np.concatenate(self.data)]
            self.faults = [np.concatenate(self.faults)]
        return self.data[0], self.faults[0]

    def forget(self, old: int) -> None:
        """Drop the samples before a number, once they are the larger half."""
        data, faults = self.joined()
        if old - self.dropped > len(faults) // 2:
            self.data = [data[old - self.dropped :].copy()]
            self.faults = [faults[old - self.dropped :].copy()]
            self.dropped = old


class _Track:
    """The recent samples of one stream, in gap-free pieces."""

    def __init__(self, info: StreamInfo) -> None:
        self.info = info
        self._rate = exact_rate(info.rate_hz)
        self._rate_hz = float(self._rate)
        self._half_sample_ns = int(NS_PER_S / self._rate / 2)
        self._pieces: list[_Piece] = []
        self._end_ns: int | None = None

    def push(self, chunk: SignalChunk, faults: NDArray[np.uint8]) -> None:
        if self._end_ns is not None and chunk.start_ns < self._end_ns - self._half_sample_ns:
            raise StreamOrderError(
                self.info.id,
                "chunks overlap or run backwards",
                expected=f"a start at {self._end_ns} ns or later",
                got=f"{chunk.start_ns} ns",
                remedy="deliver each stream in time order",
            )
        self._end_ns = chunk.end_ns
        if not self._goes_on(chunk):
            self._pieces.append(_Piece(chunk.start_ns))
        self._pieces[-1].data.append(chunk.data)
        self._pieces[-1].faults.append(faults)

    def _goes_on(self, chunk: SignalChunk) -> bool:
        """Tell whether the last piece's own count tells the chunk's time: clocks may drift."""
        if not self._pieces:
            return False
        due_ns = self._pieces[-1].start_ns + samples_ns(len(self._pieces[-1]), self._rate_hz)
        return abs(chunk.start_ns - due_ns) <= self._half_sample_ns

    def cut(self, starts_ns: tuple[int, ...], spec: WindowSpec) -> BatchSignal | None:
        """Give the samples of windows, NaN where there are none; None if there are none at all."""
        count = n_samples(spec.window_s, self._rate_hz)
        held = self._held(starts_ns, spec, count)
        if held is None:
            cuts = [self._copy(start_ns, count) for start_ns in starts_ns]
            data, faults = (np.stack(parts) for parts in zip(*cuts, strict=True))
            span, step = None, 0
        else:
            span, marks, step = held
            data, faults = span[None], marks[None]
            if len(starts_ns) > 1:
                views = np.lib.stride_tricks.sliding_window_view(span, count, axis=1)
                data = views[:, ::step].swapaxes(0, 1)
                faults = np.lib.stride_tricks.sliding_window_view(marks, count)[::step]
        coverage = np.ones(len(starts_ns))
        if faults.any():  # mostly there is none
            coverage -= ((faults & np.uint8(Fault.GAP)) > 0).mean(axis=1)
        if not coverage.any():
            return None
        data.flags.writeable = False
        return BatchSignal(data, faults, coverage, self._rate_hz, span, step)

    def _held(
        self, starts_ns: tuple[int, ...], spec: WindowSpec, count: int
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8], int] | None:
        """Give the stretch of one piece that holds all windows, if the step is a whole number."""
        rate = self._rate
        step, odd = divmod(rate.numerator * spec.hop_ns, rate.denominator * NS_PER_S)
        if odd:
            return None
        for piece in self._pieces:
            first = self._first(piece, starts_ns[0])
            end = first + (len(starts_ns) - 1) * step + count
            if starts_ns[0] >= piece.start_ns and end <= len(piece):
                data, faults = piece.joined()
                part = slice(first - piece.dropped, end - piece.dropped)
                return data[part].T, faults[part], step
        return None

    def _copy(self, start_ns: int, count: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Put one window together from pieces."""
        window = np.full((len(self.info.channels), count), np.nan, dtype=np.float32)
        marks = np.full(count, Fault.GAP, np.uint8)
        for piece in self._pieces:
            first = self._first(piece, start_ns)
            # where the sample before lies outside, this one has the first place
            slot = 0 if first else self._slot(piece.start_ns, start_ns)
            part = slice(first - piece.dropped, first - piece.dropped + max(0, count - slot))
            data, faults = piece.joined()
            length = len(faults[part])
            window[:, slot : slot + length] = data[part].T
            marks[slot : slot + length] = faults[part]
        return window, marks

    # Stamps are floored to the nanosecond, hence the one that is given back in these two.
    def _first(self, piece: _Piece, start_ns: int) -> int:
        """Number of the first sample at or after a time."""
        return sample_at(start_ns - 1, piece.start_ns, self._rate_hz)

    def _slot(self, time_ns: int, start_ns: int) -> int:
        """Position in the window of a time at or after its start."""
        rate = self._rate
        return (time_ns + 1 - start_ns) * rate.numerator // (rate.denominator * NS_PER_S)

    def forget(self, before_ns: int) -> None:
        """Drop what no later window can reach."""
        kept = []
        for piece in self._pieces:
            old = self._first(piece, before_ns)
            if old < len(piece):
                piece.forget(old)
                kept.append(piece)
        self._pieces = kept
