"""What a driver promises, each checked against what the virtual wearable knows it did."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.events import ClockSegment, DeviceNote, DeviceState, Event, LateChunk
from wearaffect.core.streams import Gap, LossEvidence, SignalChunk, StreamInfo
from wearaffect.core.timebase import NS_PER_S
from wearaffect.devices.virtual.placed import NotProvableError, Placed, in_flight
from wearaffect.devices.virtual.wearable import Wearable
from wearaffect.recording.account import StreamAccount

__all__ = ["PROMISES", "Run", "Verdict"]

# Engineering choices: how far a stamp may be off while a clock is hardly known, and how soon the
# signal must be back.
_OFF_S, _BACK_S = 0.1, 20.0
_MANY = 5  # damaged frames, of which not all can hide what they were
_BEGUN = {"reboot": "reboot", "clock_jump": "jump"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a promise stood under a fault.

    Attributes
    ----------
    fault, promise : str
        Which.
    kept : bool or None
        None: what the device sends can't show it.
    detail : str
        What was wrong, or why it can't be shown.
    """

    fault: str
    promise: str
    kept: bool | None
    detail: str = ""


@dataclass(slots=True)
class Run:
    """What a driver made of a wearable with one fault.

    Attributes
    ----------
    fault : str
        Out of `FAULTS`, several joined by commas, or ``none``.
    wearable : Wearable
        With its truth.
    streams : tuple of StreamInfo
        What the driver said it gives.
    items : list of SignalChunk and Event
        What it gave.
    left : list of str
        What it left behind.
    end_s : float
        When the signals ended.
    """

    fault: str
    wearable: Wearable
    streams: tuple[StreamInfo, ...] = ()
    items: list[SignalChunk | Event] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    end_s: float = 0.0

    @property
    def faults(self) -> set[str]:
        """The faults, one by one."""
        return set(self.fault.split(","))

    def placed(self, info: StreamInfo) -> Placed:
        """Give what was stored of a stream, beside what was sampled."""
        return Placed(self.wearable, info, self.items)

    def chunks(self, info: StreamInfo) -> Iterator[SignalChunk]:
        """Give the chunks of a stream that came in their place."""
        for item in self.items:
            if isinstance(item, SignalChunk) and item.info.id == info.id:
                yield item

    def losses_s(self) -> list[float]:
        """Give when the driver saw its link go."""
        gone = {DeviceState.LOST, DeviceState.STALLED}
        notes = (item for item in self.items if isinstance(item, DeviceNote))
        return [note.time_ns / NS_PER_S for note in notes if note.state in gone]


def _right(run: Run, info: StreamInfo) -> Iterator[str]:
    """Every stored sample is the one that was sampled at its place."""
    if info.loss_evidence is LossEvidence.NONE:
        yield from _among(run, info)
        return
    placed = run.placed(info)
    where, there = placed.at(placed.place)
    same = np.isclose(placed.data, placed.true_data[where], rtol=1e-6, equal_nan=True).all(axis=1)
    wrong = ~(there & same)
    if wrong.any():
        yield f"{wrong.sum()} of {wrong.size} samples, the first at {placed.place[wrong][0]}"


def _among(run: Run, info: StreamInfo) -> Iterator[str]:
    """Without a count, all that can be asked is that nothing was made up."""
    if "corrupt" in run.faults and not run.wearable.checked:
        raise NotProvableError("its frames carry no checksum")
    if "duplicate" in run.faults:
        raise NotProvableError("a repeated frame looks like a new one")
    stored = Counter(_rows(chunk.data for chunk in run.chunks(info)))
    sent = Counter(_rows(s.data for s, _ in run.wearable.truth.samples(info.kind)))
    extra = stored - sent
    if extra:
        yield f"{extra.total()} samples that were never sent"


def _rows(parts: Iterator[NDArray[np.float32]]) -> Iterator[str]:
    return (str(row.tolist()) for part in parts for row in part)


def _once(run: Run, info: StreamInfo) -> Iterator[str]:
    """No sample is stored twice."""
    _counted(info)
    places = run.placed(info).place
    twice = places.size - np.unique(places).size
    if twice:
        yield f"{twice} samples"


def _accounted(run: Run, info: StreamInfo) -> Iterator[str]:
    """What is stored, lost and damaged is what there was, from the first stored to the last."""
    told = _account(run, info)
    if info.loss_evidence is LossEvidence.NONE:
        if told["expected"] is not None:
            yield f"expected {told['expected']}, though nothing counts"
        return
    placed = run.placed(info)
    there_were = placed.there_were(run.losses_s())
    if told["expected"] != there_were:
        yield f"expected {told['expected']}, there were {there_were}"
    if told["stored"] != placed.place.size:
        yield f"{told['stored']} stored by the account, {placed.place.size} given"
    could = int(placed.damaged.sum())
    # what came damaged may not say what it was, but one in many does
    if told["damaged"] > could or (placed.n_hurt >= _MANY and not told["damaged"]):
        yield f"{told['damaged']} damaged, {could} were"


def _account(run: Run, info: StreamInfo) -> dict[str, Any]:
    """Give the account as a recording would have it."""
    account = StreamAccount(info)
    for item in run.items:
        match item:
            case SignalChunk() if item.info.id == info.id:
                account.take(item)
            case LateChunk() if item.chunk.info.id == info.id:
                account.late(item)
            case Gap() if item.stream_id == info.id:
                account.gap(item)
    return account.as_dict()


def _whole(run: Run, info: StreamInfo) -> Iterator[str]:
    """Whatever arrived whole is stored; only what was under way as a link went may be missing."""
    if info.loss_evidence is LossEvidence.NONE:
        yield from _none_missing(run, info)
        return
    placed = run.placed(info)
    missing = placed.intact & ~np.isin(placed.true_place, placed.place)
    missing &= ~placed.in_flight(run.losses_s())
    if missing.any():
        yield f"{missing.sum()} samples, the first at {placed.true_place[missing][0]}"


def _none_missing(run: Run, info: StreamInfo) -> Iterator[str]:
    """Without a count, values tell whether something is missing, unless damage looks like them."""
    if "corrupt" in run.faults and not run.wearable.checked:
        raise NotProvableError("its frames carry no checksum")
    truth = run.wearable.truth.samples(info.kind)
    losses_s = run.losses_s()
    landed = (s.data for s, sent in truth if sent.intact and not in_flight(sent.time_s, losses_s))
    missing = Counter(_rows(landed)) - Counter(_rows(c.data for c in run.chunks(info)))
    if missing:
        yield f"{missing.total()} samples"


def _goes_on(run: Run, info: StreamInfo) -> Iterator[str]:
    """After the fault the signal is back."""
    stamps = [int(c.times_ns()[-1]) for c in run.chunks(info) if len(c)]
    last_s = max(stamps, default=0) / NS_PER_S
    if run.end_s - last_s > _BACK_S:
        yield f"nothing in the last {run.end_s - last_s:.0f} s"


def _one_segment(run: Run, info: StreamInfo) -> Iterator[str]:
    """A reboot or a jump of the clock begins one piece of its map; nothing else begins any."""
    reasons = Counter(
        item.reason
        for item in run.items
        if isinstance(item, ClockSegment) and item.stream_id == info.id
    )
    if not reasons:
        raise NotProvableError("it has no clock")
    if run.faults & set(_BEGUN) and info.loss_evidence is not LossEvidence.COUNTER:
        raise NotProvableError("without a count, a clock that was set looks like a pause")
    for fault, reason in _BEGUN.items():
        due = int(fault in run.faults)
        if reasons[reason] != due:
            yield f"{reasons[reason]} pieces for a {reason}, not {due}"


def _increasing(run: Run, info: StreamInfo) -> Iterator[str]:
    """Stamps increase from sample to sample."""
    times = np.concatenate([np.empty(0, np.int64), *(c.times_ns() for c in run.chunks(info))])
    back = np.diff(times) <= 0
    if back.any():
        yield f"{back.sum()} of {times.size} stamps, by up to {-np.diff(times).min() / 1e6:.3g} ms"


def _on_time(run: Run, info: StreamInfo) -> Iterator[str]:
    """Stamps are when samples were taken, give or take what a radio delays."""
    if info.sampling_rate is None:
        raise NotProvableError("its samples have no times of their own")
    placed = run.placed(info)
    where, there = placed.at(placed.place)
    off_s = placed.stamp_ns[there] / NS_PER_S - placed.true_s[where[there]]
    worst = float(off_s[np.abs(off_s).argmax()]) if off_s.size else 0.0
    if abs(worst) > _OFF_S:
        yield f"off by up to {1000 * worst:+.0f} ms"


def _tidy(run: Run, _: StreamInfo) -> Iterator[str]:
    """Nothing stays behind: no link, no subscription, no task."""
    yield from run.left


def _counted(info: StreamInfo) -> None:
    if info.loss_evidence is LossEvidence.NONE:
        raise NotProvableError("loss is not provable: neither count nor clock")


PROMISES: dict[str, Callable[[Run, StreamInfo], Iterator[str]]] = {
    "every stored sample is right": _right,
    "no sample is stored twice": _once,
    "all that arrived whole is stored": _whole,
    "the account is exact": _accounted,
    "the signal comes back": _goes_on,
    "one clock segment for each break": _one_segment,
    "stamps increase": _increasing,
    "stamps are true": _on_time,
    "nothing stays behind": _tidy,
}
"""Each gives what is wrong with a stream, or raises `NotProvableError`."""
