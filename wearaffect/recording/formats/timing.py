"""From stamps of samples that a device took evenly to segments on an even grid, and their gaps."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import Gap, LossEvidence, SignalChunk, StreamInfo
from wearaffect.core.timebase import NS_PER_S, samples_ns
from wearaffect.recording.session import RecordedStream

__all__ = ["ClockSetBackError", "even", "joined", "single", "spread_back", "stamped"]

# All engineering choices.
_LONG_STEPS = 20.0  # times the usual step, and a second: no part of the usual rate
_USUAL_WITHIN = 0.1  # a measured rate further from a usual one isn't that one
_NEIGHBOURS = 16  # samples, or so long, on either side must agree that time was lost
_SETTLED_NS = NS_PER_S / 4
_BACK_NS = NS_PER_S  # stamps that jump back further come from a clock that was set


class ClockSetBackError(ValueError):
    """A clock was set back, so that two stretches claim the same time; `row` is where."""

    def __init__(self, row: int) -> None:
        self.row = row
        super().__init__(f"stamps jump back at sample {row}")


def single(data: NDArray[np.floating]) -> NDArray[np.float32]:
    """Give samples in the precision in which they are kept; what doesn't fit isn't a number."""
    fits = np.abs(data) <= np.finfo(np.float32).max
    return np.where(fits, data, np.nan).astype(np.float32)


def stamped(
    info: StreamInfo, stamps_ns: NDArray[np.int64], data: NDArray[np.floating]
) -> RecordedStream:
    """Give samples that come when they come; in order of time, equal stamps in order of the file.

    Parameters
    ----------
    info : StreamInfo
        Without a rate.
    stamps_ns : numpy.ndarray, (n_samples,), int64
        Time of each.
    data : numpy.ndarray, (n_samples, n_channels)
        In the units of `info`.
    """
    order = np.argsort(stamps_ns, kind="stable")
    stamps = stamps_ns[order]
    start_ns = int(stamps[0]) if len(stamps) else 0
    chunk = SignalChunk(info, single(data[order]), start_ns, stamps)
    return RecordedStream(info, (chunk,) if len(stamps) else ())


def even(
    info: StreamInfo,
    stamps_ns: NDArray[np.int64],
    data: NDArray[np.floating],
    usual_hz: Sequence[float] = (),
) -> RecordedStream:
    """Put evenly taken samples, whose stamps jitter, on a grid.

    Parameters
    ----------
    info : StreamInfo
        Without a rate; its `loss_evidence` says whether a gap shows how many samples are missing.
    stamps_ns : numpy.ndarray, (n_samples,), int64
        Stamps in the order in which the samples were taken.
    data : numpy.ndarray, (n_samples, n_channels)
        In the units of `info`.
    usual_hz : sequence of float
        Rates that the device has. One that explains the stamps as well as they scatter, or to
        half a sample, is taken; else the one that they measure.

    Returns
    -------
    RecordedStream
        One segment between gaps, each where its stamps put it in the median. A gap is a step that
        is longer than the jitter and stays: what comes late together and catches up is none.

    Raises
    ------
    ClockSetBackError
        A clock was set back by more than what a gap could hide.
    """
    if len(stamps_ns) < 2 or stamps_ns[-1] == stamps_ns[0]:
        return stamped(info, stamps_ns, data)
    stamps = stamps_ns.astype(np.float64) - float(stamps_ns[0])
    period, jitter = _pace(stamps, usual_hz)
    edges = [0, *_breaks(stamps, period, jitter), len(stamps)]
    rate_hz = _rate(stamps, edges, period, usual_hz)
    info = replace(info, sampling_rate=rate_hz)
    segments: list[SignalChunk] = []
    for first, last in itertools.pairwise(edges):
        own = stamps[first:last] - np.arange(last - first) * (NS_PER_S / rate_hz)
        start_ns = int(stamps_ns[0]) + round(float(np.median(own)))
        if segments:
            if start_ns < segments[-1].end_ns - max(NS_PER_S / rate_hz, 4 * jitter):
                raise ClockSetBackError(first)
            start_ns = max(start_ns, segments[-1].end_ns)
        segments.append(SignalChunk(info, single(data[first:last]), start_ns))
    return joined(info, segments)


def joined(info: StreamInfo, segments: Sequence[SignalChunk]) -> RecordedStream:
    """Give segments in order of time as a stream, with a gap where one begins late.

    Parameters
    ----------
    info : StreamInfo
        Regular; with evidence of loss, a gap tells how many samples it swallowed.
    segments : sequence of SignalChunk
        Each without a gap.
    """
    gaps = []
    for before, after in itertools.pairwise(segments):
        silent_ns = after.start_ns - before.end_ns
        n_lost = round(silent_ns * info.rate_hz / NS_PER_S)
        if n_lost >= 1:
            known = info.loss_evidence is not LossEvidence.NONE
            reason = "missing by the device's clock" if known else "no samples in the file"
            end_ns = after.start_ns
            gaps.append(Gap(info.id, before.end_ns, end_ns, n_lost if known else None, reason))
    return RecordedStream(info, tuple(segments), tuple(gaps))


def _pace(stamps: NDArray[np.float64], usual_hz: Sequence[float]) -> tuple[float, float]:
    """Give the usual step and how far steps stray from it, ns."""
    steps = np.diff(stamps)
    short = steps[np.abs(steps) <= max(_LONG_STEPS * float(np.median(steps)), NS_PER_S)]
    period = float(np.mean(short)) if len(short) and np.mean(short) > 0 else float(np.mean(steps))
    period = max(period, 1.0)
    near = [hz for hz in usual_hz if abs(period * hz / NS_PER_S - 1) < _USUAL_WITHIN]
    if near:
        period = NS_PER_S / min(near, key=lambda hz: abs(period * hz / NS_PER_S - 1))
    strays = np.abs(short - period) if len(short) else np.zeros(1)
    return period, float(np.quantile(strays, 0.9))


def _breaks(stamps: NDArray[np.float64], period: float, jitter: float) -> list[int]:
    """Give the samples before which time was lost, or a clock was set."""
    steps = np.diff(stamps)
    least = max(0.5 * period, min(jitter, NS_PER_S))
    late = stamps - np.arange(len(stamps)) * period
    near = max(_NEIGHBOURS, round(min(_SETTLED_NS / period, 1000)))
    found: list[int] = []
    for at in np.flatnonzero((steps - period > least) | (steps < -_BACK_NS)) + 1:
        before = late[max(found[-1] if found else 0, at - near) : at]
        after = late[at : at + near]
        lost = float(after.min() - before.max())
        if lost > 0.5 * period or float(after.max() - before.min()) < -_BACK_NS:
            found.append(int(at))
    return found


def _rate(
    stamps: NDArray[np.float64],
    edges: Sequence[int],
    period: float,
    usual_hz: Sequence[float],
) -> float:
    first, last = max(itertools.pairwise(edges), key=lambda pair: pair[1] - pair[0])
    index = np.arange(last - first, dtype=np.float64)
    if len(index) < 2:
        return round(NS_PER_S / period, 6)
    index -= index.mean()
    step, middle = (float(x) for x in np.polyfit(index, stamps[first:last], 1))
    scatter = float(np.ptp(stamps[first:last] - middle - step * index))
    allowed = max(0.5 * period, 0.5 * scatter)
    for hz in usual_hz:
        if abs(NS_PER_S / hz - step) * len(index) <= allowed:
            return float(hz)
    return round(NS_PER_S / step, 4) if step > 0 else round(NS_PER_S / period, 6)


def spread_back(
    ends_ns: NDArray[np.int64], counts: NDArray[np.int64], rate_hz: float
) -> NDArray[np.int64]:
    """Give a stamp to each sample of packets that are stamped at their last one.

    Parameters
    ----------
    ends_ns : numpy.ndarray, (n_packets,), int64
        Time of the last sample of each.
    counts : numpy.ndarray, (n_packets,), int64
        Samples in each.
    rate_hz : float
        Rate within a packet.

    Returns
    -------
    numpy.ndarray, (sum of counts,), int64
    """
    last = np.repeat(np.cumsum(counts) - 1, counts)
    before = last - np.arange(int(counts.sum()))
    step_ns = samples_ns(1_000_000, rate_hz) / 1_000_000
    stamps: NDArray[np.int64] = np.repeat(ends_ns, counts) - np.rint(before * step_ns).astype(
        np.int64
    )
    return stamps
