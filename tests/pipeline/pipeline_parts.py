"""Sessions cut to size, devices that misbehave, sinks that remember."""

import threading
import time
from collections import deque

import numpy as np

from wearaffect.core.affect import Abstention
from wearaffect.core.streams import Marker, SignalKind
from wearaffect.core.timebase import ns_from_s
from wearaffect.devices.drivers.replay import ReplayDevice


class HeldBack(ReplayDevice):
    """A replay whose conductance gets stuck in the air for a while, as a congested link does."""

    def __init__(self, session, from_s, for_s, **settings):
        super().__init__(session, **settings)
        self._from_ns = session.start_ns + ns_from_s(from_s)
        self._until_ns = self._from_ns + ns_from_s(for_s)

    async def chunks(self):
        stuck = deque()
        async for chunk in super().chunks():
            if isinstance(chunk, Marker):
                yield chunk
                continue
            if chunk.info.kind == SignalKind.EDA:
                if self._from_ns <= chunk.start_ns < self._until_ns or stuck:
                    stuck.append(chunk)
                    continue
            elif chunk.info.kind == SignalKind.BVP and chunk.start_ns >= self._until_ns:
                while stuck:
                    yield stuck.popleft()
            yield chunk
        while stuck:
            yield stuck.popleft()


class Failing(ReplayDevice):
    """A replay that breaks off with an error."""

    def __init__(self, session, after, error, **settings):
        super().__init__(session, **settings)
        self._after, self._error = after, error

    async def chunks(self):
        count = 0
        async for chunk in super().chunks():
            if count == self._after:
                raise self._error
            count += 1
            yield chunk


class Notes:
    """A sink that remembers what it was told, and may be slow or fail on purpose."""

    def __init__(self, slow_s=0.0, fail_in=()):
        self.calls, self.chunks, self.outcomes, self.watermarks = [], [], [], []
        self.events = []
        self.threads = set()
        self._slow_s, self._fail_in = slow_s, fail_in

    def _note(self, call):
        self.calls.append(call)
        if call in self._fail_in:
            msg = f"no {call} today"
            raise OSError(msg)

    def start(self, streams, start_ns):
        self.streams, self.start_ns = list(streams), start_ns
        self._note("start")

    def chunk(self, chunk, received_ns):
        self._note("chunk")
        self.chunks.append(chunk)
        self.threads.add(threading.get_ident())
        time.sleep(self._slow_s)

    def watermark(self, time_ns):
        self._note("watermark")
        self.watermarks.append(time_ns)

    def outcome(self, outcome):
        self._note("outcome")
        self.outcomes.append(outcome)

    def event(self, event):
        self._note("event")
        self.events.append(event)

    def close(self):
        self._note("close")


def numbers(outcome):
    """Every number of an outcome, by name; what an abstention withholds counts too."""
    estimate = outcome.withheld if isinstance(outcome, Abstention) else outcome
    found = {f"p {label}": value for label, value in estimate.probabilities.items()}
    found["eda"] = np.nan if estimate.eda_us is None else estimate.eda_us
    for horizon, values in estimate.eda_forecast_us.items():
        found |= {f"eda in {horizon} {i}": value for i, value in enumerate(values)}
    for name, quantity in estimate.physics.items():
        found[name] = quantity.value
        found |= {f"{name} {i}": value for i, value in enumerate(quantity.ci95)}
    return found


def words(outcome):
    """Everything of an outcome that isn't a rounded number."""
    estimate = outcome.withheld if isinstance(outcome, Abstention) else outcome
    return (
        type(outcome).__name__,
        (outcome.start_ns, outcome.end_ns, outcome.origin_ns, outcome.bundle_id),
        getattr(outcome, "reasons", ()),
        dict(outcome.quality),
        estimate.modalities,
        tuple(numbers(outcome)),
    )


def worst_difference(one, other):
    """Largest difference of any number of two runs whose words are the same."""
    assert [words(o) for o in one] == [words(o) for o in other]
    pairs = [
        (a, b)
        for first, second in zip(one, other, strict=True)
        for a, b in zip(numbers(first).values(), numbers(second).values(), strict=True)
    ]
    table = np.array(pairs, float).reshape(-1, 2)
    np.testing.assert_array_equal(np.isnan(table[:, 0]), np.isnan(table[:, 1]))
    gap = np.abs(table[:, 0] - table[:, 1])
    return float(np.nanmax(gap / np.maximum(1.0, np.abs(table[:, 1])), initial=0.0))
