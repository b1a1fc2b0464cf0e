"""From chunks as they came to segments without gaps, and the gaps between them."""

import itertools
from collections.abc import Container, Sequence

import numpy as np

from wearaffect.core.streams import Gap, SignalChunk
from wearaffect.core.timebase import NS_PER_S, exact_rate

__all__ = ["gaps_between", "merged", "runs_of"]

# How far a merged sample may move: a thousandth of the shortest period in use (1 kHz).
_TOLERANCE_NS = 1_000


def runs_of(chunks: Sequence[SignalChunk], torn: Container[int]) -> list[list[SignalChunk]]:
    """Group chunks that follow on each other.

    Parameters
    ----------
    chunks : sequence of SignalChunk
        Of one stream, in order of arrival.
    torn : container of int
        ``id`` of the chunks before which something can't be read any more.

    Returns
    -------
    list of list of SignalChunk
        Merging a run moves no time by more than 1 µs and no device count; empty chunks are out.
    """
    runs: list[list[SignalChunk]] = []
    count = 0
    for chunk in chunks:
        if not len(chunk):
            continue
        if runs and _follows(runs[-1], count, chunk, torn):
            runs[-1].append(chunk)
        else:
            runs.append([chunk])
            count = 0
        count += len(chunk)
    return runs


def _follows(run: list[SignalChunk], count: int, chunk: SignalChunk, torn: Container[int]) -> bool:
    first, last = run[0], run[-1]
    if chunk.n_lost or chunk.n_damaged:
        return False
    if last.timestamps_ns is not None and chunk.timestamps_ns is not None:
        return id(chunk) not in torn and bool(chunk.timestamps_ns[0] >= last.timestamps_ns[-1])
    expected = None if first.device_counter is None else first.device_counter + count
    if chunk.device_counter != expected:
        return False
    due_ns = first.start_ns + int(count * NS_PER_S / exact_rate(first.info.rate_hz))
    return abs(chunk.start_ns - due_ns) <= _TOLERANCE_NS


def merged(run: Sequence[SignalChunk]) -> SignalChunk:
    """Give a run as one chunk."""
    first = run[0]
    if len(run) == 1:
        return first
    stamps = [chunk.timestamps_ns for chunk in run if chunk.timestamps_ns is not None]
    return SignalChunk(
        first.info,
        np.concatenate([chunk.data for chunk in run]),
        start_ns=first.start_ns,
        timestamps_ns=np.concatenate(stamps) if stamps else None,
        device_counter=first.device_counter,
        device_clock_ns=first.device_clock_ns,
        n_lost=first.n_lost,
        n_damaged=first.n_damaged,
    )


def gaps_between(runs: Sequence[Sequence[SignalChunk]], torn: Container[int]) -> list[Gap]:
    """Give the gaps between the runs of a stream.

    Parameters
    ----------
    runs, torn
        As for and from `runs_of`.

    Returns
    -------
    list of Gap
        One wherever a loss is declared or counted, the clock leaves out half a sample or more, or
        the journal is damaged.
    """
    gaps: list[Gap] = []
    for earlier, later in itertools.pairwise(runs):
        before, after = earlier[-1], later[0]
        n_lost, reason = _loss(before, after)
        if id(after) in torn:
            n_lost, reason = n_lost or None, "damaged in the journal"
        if n_lost != 0:
            gaps.append(Gap(after.info.id, before.end_ns, _begin(after), n_lost, reason))
    return gaps


def _begin(chunk: SignalChunk) -> int:
    return chunk.start_ns if chunk.timestamps_ns is None else int(chunk.timestamps_ns[0])


def _loss(before: SignalChunk, after: SignalChunk) -> tuple[int | None, str]:
    if before.device_counter is not None and after.device_counter is not None:
        counted = after.device_counter - before.device_counter - len(before)
    else:
        counted = -1
    declared = after.n_lost + after.n_damaged
    if declared:
        came = f", {after.n_damaged} came damaged" if after.n_damaged else ""
        return max(declared, counted), f"lost on the way{came}"
    if counted >= 0:
        return counted, "missing by the device's counter"
    if after.timestamps_ns is not None:
        return 0, ""
    silent_ns = after.start_ns - before.end_ns
    if 2 * silent_ns * exact_rate(after.info.rate_hz) < NS_PER_S:
        return 0, ""
    return None, "no samples; how many isn't known"
