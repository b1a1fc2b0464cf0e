"""A light for each stream, right now: the signal check, before and while a sitting runs."""

from collections.abc import Mapping, Sequence

from wearaffect.clinic.sitting.checks import Light, StreamCheck, check_signals
from wearaffect.core.errors import SignalError
from wearaffect.core.streams import SignalChunk, SignalKind, StreamInfo
from wearaffect.core.timebase import ns_from_s
from wearaffect.core.windows import Quality, WindowSpec
from wearaffect.signals.chain import Chain, ChainSettings
from wearaffect.signals.lateness import LatenessRule

__all__ = ["Lights"]

# In ten seconds the intervals that the borders cut cost clean pulses a tenth every third time, in
# twenty never; people wait no longer for a light (engineering choice).
_SETTINGS = ChainSettings(WindowSpec(window_s=20.0, hop_s=1.0))
_SILENT_NS = ns_from_s(5.0)  # a second more than windows wait for a stream
_LEAP_NS = ns_from_s(60.0)  # over a longer gap nothing is judged: it begins anew behind it
_SILENT_IRREGULAR_NS = ns_from_s(15.0)  # beats and presses come when they come


class Lights:
    """Judges streams by their last twenty seconds.

    Each device has a chain of its own, as one chain takes one stream of a kind. Streams that no
    window holds are judged by whether they come.

    Parameters
    ----------
    streams : sequence of StreamInfo
        Of all devices.
    start_ns : int
        Start of the session.
    """

    def __init__(self, streams: Sequence[StreamInfo], start_ns: int) -> None:
        self._streams = tuple(streams)
        self._seen_ns: dict[str, int] = {}
        self._start_ns = start_ns
        self._benches = [_Bench(own, start_ns) for own in _by_device(streams)]

    def push(self, chunk: SignalChunk) -> None:
        """Take the next chunk of any stream."""
        if not len(chunk):
            return
        before_ns = self._seen_ns.get(chunk.info.id, self._start_ns)
        self._seen_ns[chunk.info.id] = chunk.end_ns
        leaps = chunk.end_ns - before_ns > _LEAP_NS
        for bench in self._benches:
            bench.push(chunk, leaps=leaps)

    def checks(self, now_ns: int) -> dict[str, StreamCheck | None]:
        """Give the light of each stream by its id; None: it is too early to say.

        Parameters
        ----------
        now_ns : int
            Host time, to tell a stream that fell silent.
        """
        quality = {k: q for bench in self._benches for k, q in tuple(bench.quality.items())}
        return {info.id: self._check(info, quality.get(info.id), now_ns) for info in self._streams}

    def _check(self, info: StreamInfo, quality: Quality | None, now_ns: int) -> StreamCheck | None:
        patience_ns = _SILENT_NS if info.sampling_rate is not None else _SILENT_IRREGULAR_NS
        silent_ns = now_ns - self._seen_ns.get(info.id, self._start_ns)
        if silent_ns > patience_ns:
            return check_signals((info.kind,), {})[0]
        if quality is not None:
            return check_signals((), {info.kind: quality})[0]
        if info.id in self._seen_ns and not any(info.id in b.watched for b in self._benches):
            return StreamCheck(str(info.kind), Light.OK)
        return None


class _Bench:
    """The chain of one device."""

    def __init__(self, streams: Sequence[StreamInfo], start_ns: int) -> None:
        first = {info.kind: info for info in reversed(streams) if _SETTINGS.takes(info)}
        self.watched: Mapping[str, SignalKind] = {info.id: kind for kind, info in first.items()}
        self.quality: dict[str, Quality] = {}
        self._streams = tuple(first.values())
        self._begin(start_ns)

    def _begin(self, start_ns: int) -> None:
        self._chain = Chain(_SETTINGS, origin_ns=start_ns)
        self._rule = LatenessRule(_SETTINGS.awaited(self._streams), start_ns)

    def push(self, chunk: SignalChunk, *, leaps: bool) -> None:
        if chunk.info.id not in self.watched:
            return
        if leaps:
            self._begin(int(chunk.times_ns()[0]))
        try:
            self._chain.push(chunk)
            windows = self._chain.advance(self._rule.see(chunk))
        except SignalError:
            # what windows can't hold is recorded all the same, and judged by whether it comes
            self.watched = {k: v for k, v in self.watched.items() if k != chunk.info.id}
            return
        if windows:
            found = windows[-1].quality
            self.quality = {i: found[kind] for i, kind in self.watched.items() if kind in found}


def _by_device(streams: Sequence[StreamInfo]) -> list[list[StreamInfo]]:
    devices: dict[str, list[StreamInfo]] = {}
    for info in streams:
        devices.setdefault(info.device, []).append(info)
    return list(devices.values())
