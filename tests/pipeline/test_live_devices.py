"""Live with devices as they are: away, early, full of events; and sinks that can't keep up."""

import asyncio
import json
import threading

import numpy as np
import pytest
from cut_sessions import shortened
from pipeline_parts import Notes, worst_difference

from wearaffect.bundle.model import ModelBundle
from wearaffect.core.clocks import ClockMap
from wearaffect.core.events import ClockSegment, DeviceNote, DeviceState, LateChunk
from wearaffect.core.streams import Gap, Marker
from wearaffect.core.timebase import ns_from_s
from wearaffect.devices.drivers.replay import ReplayDevice
from wearaffect.pipeline.dropping import DroppingSink
from wearaffect.pipeline.live import run_live
from wearaffect.pipeline.offline import analyze
from wearaffect.recording.journal import JournalWriter
from wearaffect.recording.opening import open_session

S = 10**9


@pytest.fixture(scope="module")
def bundle(tiny_bundle):
    return ModelBundle(tiny_bundle)


@pytest.fixture(scope="module")
def example(example_recording):
    return open_session(example_recording)


def only(session, *kinds):
    chosen = {k: s for k, s in session.streams.items() if s.info.kind in kinds}
    return type(session)(path=session.path, streams=chosen, start_ns=session.start_ns)


class Away(ReplayDevice):
    """A replay that gives nothing more after a while, and doesn't end either."""

    def __init__(self, session, until_s, **settings):
        super().__init__(session, **settings)
        self._until_ns = session.start_ns + ns_from_s(until_s)

    async def chunks(self):
        async for item in super().chunks():
            if not isinstance(item, Marker) and item.end_ns > self._until_ns:
                yield DeviceNote(item.end_ns, "E4", DeviceState.LOST)
                await asyncio.Event().wait()
            yield item


class Early(ReplayDevice):
    """A replay whose first samples are older than the moment at which it was asked for them."""

    @property
    def start_ns(self):
        return super().start_ns + 37_000_000


def test_a_device_that_is_away_does_not_hold_up_the_others(example, bundle):
    session = shortened(example, 140)
    stays = ReplayDevice(only(session, "bvp", "acc", "temp", "hr"), speed=0)
    goes = Away(only(session, "eda"), 70, speed=0)
    notes = Notes()
    outcomes = run_live([stays, goes], bundle, [notes], seconds=120)
    assert [o.end_s for o in outcomes] == list(range(60, 121, 5))
    assert [note.state for note in notes.events] == [DeviceState.LOST]
    ends = [c.end_ns for c in notes.chunks if c.info.kind == "eda"]
    assert max(ends) <= session.start_ns + 70 * S


def test_samples_older_than_the_start_are_recorded_and_do_no_harm(example, bundle, tmp_path):
    session = shortened(example, 100)
    writer, notes = JournalWriter(tmp_path / "s", participant="P-01"), Notes()
    outcomes = run_live([Early(session, speed=0)], bundle, [writer, notes])
    recorded = open_session(tmp_path / "s")
    assert recorded.problems == ()
    assert min(c.start_ns for c in notes.chunks if c.info.sampling_rate) < recorded.start_ns
    stored = {name: stream.n_samples for name, stream in recorded.streams.items()}
    assert stored == {name: stream.n_samples for name, stream in session.streams.items()}
    assert len(outcomes) == 8
    assert worst_difference(outcomes, analyze(recorded, bundle).outcomes) < 1e-6


def test_events_reach_the_recording_and_come_back(example, tmp_path):
    session = shortened(example, 20)
    eda = next(s for s in session.streams.values() if s.info.kind == "eda")
    late = LateChunk(eda.segments[0].with_data(eda.segments[0].data), 3, 1)
    told = [
        DeviceNote(session.start_ns, "E4", DeviceState.CONNECTED, {"rssi_dbm": -60, "nan": 0.5}),
        ClockSegment(eda.info.id, ClockMap(1, 2, -3.5, 4, 5, 6), "start"),
        ClockSegment(eda.info.id, ClockMap(7, 8, 9.5, 10), "reboot"),
        Gap(eda.info.id, session.start_ns, session.start_ns + 5, None, "not connected"),
        Marker(session.start_ns + 1, "begin"),
        late,
    ]

    class Telling(ReplayDevice):
        async def chunks(self):
            for event in told:
                yield event
            async for item in super().chunks():
                yield item

    writer = JournalWriter(tmp_path / "s", participant="P-01")
    run_live([Telling(session, speed=0)], None, [writer])
    back = open_session(tmp_path / "s")
    assert back.problems == ()
    assert back.notes == (told[0],)
    assert back.clock == tuple(told[1:3])
    assert back.streams[eda.info.id].gaps == (told[3],)
    assert told[4] in back.markers
    ((chunk, n_lost, n_damaged),) = [(x.chunk, x.n_lost, x.n_damaged) for x in back.late]
    assert (chunk.info, chunk.start_ns, n_lost, n_damaged) == (eda.info, late.chunk.start_ns, 3, 1)
    np.testing.assert_array_equal(chunk.data, late.chunk.data)


def test_a_sink_that_only_shows_is_dropped_from_and_the_recording_is_whole(example, tmp_path):
    """The slow sink stands still from its third call until everything else is done."""
    session = shortened(example, 60)
    done = threading.Event()

    class Stuck(Notes):
        def chunk(self, chunk, received_ns):
            super().chunk(chunk, received_ns)
            if len(self.chunks) == 3:
                assert done.wait(20)

    class Last(Notes):
        def close(self):
            super().close()
            done.set()

    stuck, last = Stuck(), Last()
    slow = DroppingSink(stuck, most=50)
    writer = JournalWriter(tmp_path / "s", participant="P-01")
    run_live([ReplayDevice(session, speed=0)], None, [slow, writer, last])
    n_calls = len(last.calls) - 2  # start and close are never dropped
    assert slow.n_dropped + len(stuck.calls) - 2 == n_calls
    assert slow.n_dropped > 100
    assert stuck.calls[-1] == "close"
    account = json.loads((tmp_path / "s" / "session.json").read_text())["streams"]
    assert {name: a["stored"] for name, a in account.items()} == {
        name: stream.n_samples for name, stream in session.streams.items()
    }


def test_a_sink_that_keeps_up_gets_everything_and_its_errors_are_told(example):
    session = shortened(example, 10)
    plain, aside = Notes(), Notes()
    run_live([ReplayDevice(session, speed=0)], None, [plain, DroppingSink(aside, most=10**6)])
    assert aside.calls == plain.calls
    assert not aside.threads & plain.threads
    broken = Notes(fail_in=("chunk",))
    with pytest.raises(OSError, match="no chunk today"):
        run_live([ReplayDevice(session, speed=0)], None, [DroppingSink(broken)])
    assert broken.calls[-1] == "close"
