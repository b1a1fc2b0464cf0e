"""Live: whatever happens, what was started is stopped, and nothing holds up the devices."""

import asyncio
import time
from contextlib import aclosing
from dataclasses import replace

import numpy as np
import pytest
from cut_sessions import shortened
from pipeline_parts import Failing, Notes

from wearaffect.bundle.model import ModelBundle
from wearaffect.core.errors import (
    BundleMismatchError,
    DeviceError,
    EnrolmentError,
    SignalError,
)
from wearaffect.core.streams import Channel, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.units import Unit
from wearaffect.devices.drivers.replay import ReplayDevice
from wearaffect.devices.registry import open_device
from wearaffect.pipeline.live import live, run_live
from wearaffect.recording.journal import JournalWriter
from wearaffect.recording.opening import open_session
from wearaffect.signals.enrolment import Enrolment
from wearaffect.signals.features import FEATURES

S = 10**9


@pytest.fixture(scope="module")
def bundle(tiny_bundle):
    return ModelBundle(tiny_bundle)


@pytest.fixture(scope="module")
def example(example_recording):
    return open_session(example_recording)


def renamed(session, prefix, **unit_of):
    """The same sitting of another wristband, with other units if asked."""
    streams = {}
    for name, stream in session.streams.items():
        channels = stream.info.channels
        if stream.info.kind in unit_of:
            channels = tuple(Channel(c.name, unit_of[stream.info.kind]) for c in channels)
        info = replace(stream.info, id=name.replace("e4", prefix), channels=channels)
        segments = tuple(replace(segment, info=info) for segment in stream.segments)
        streams[info.id] = replace(stream, info=info, segments=segments)
    return replace(session, streams=streams)


def is_left(device):
    """Whether a device has been left: it can't be read any more."""

    async def read():
        return [c async for c in device.chunks() if isinstance(c, SignalChunk)]

    with pytest.raises(DeviceError, match="not started"):
        asyncio.run(read())
    return True


def test_sinks_learn_everything_in_order(example, bundle):
    session = shortened(example, 90)
    first, second = Notes(), Notes()
    device = ReplayDevice(session, speed=0)
    told = []
    outcomes = run_live([device], bundle, [first, second], on_outcome=told.append)
    assert len(outcomes) == 7
    assert told == outcomes == first.outcomes
    assert first.calls == second.calls
    assert (first.calls[0], first.calls[-1]) == ("start", "close")
    assert first.calls.count("start") == first.calls.count("close") == 1
    assert first.start_ns == session.start_ns
    assert first.streams == [stream.info for stream in session.streams.values()]
    assert sum(map(len, first.chunks)) == sum(s.n_samples for s in session.streams.values())
    assert first.watermarks == sorted(first.watermarks)
    assert first.watermarks[-1] - 1 == max(
        s.segments[-1].end_ns for s in session.streams.values() if s.info.kind != "hr"
        and s.info.sampling_rate
    )  # fmt: skip
    assert is_left(device)


def test_decisions_are_a_second_apart(example):
    notes = Notes()
    run_live([ReplayDevice(shortened(example, 60), speed=0)], None, [notes])
    assert np.diff(notes.watermarks[:-1]).min() >= S
    assert 30 <= len(notes.watermarks) <= 61


def test_seconds_stop_it_however_fast_it_goes(example, bundle):
    """At full speed thousands of chunks wait by then; none of them is taken, nor blocks."""
    notes = Notes(slow_s=1e-4)
    device = ReplayDevice(example, speed=0)
    begun = time.monotonic()
    outcomes = run_live([device], bundle, [notes], seconds=70)
    assert time.monotonic() - begun < 20
    assert [o.end_s for o in outcomes] == [60, 65, 70]
    ends = [c.end_ns - example.start_ns for c in notes.chunks if c.info.kind != "ibi"]
    assert 70 * S <= max(ends) < 76 * S
    assert notes.calls[-1] == "close"
    assert is_left(device)


def test_a_cancelled_session_is_closed_and_whole(example, bundle, tmp_path):
    writer = JournalWriter(tmp_path / "session", participant="P-01")
    device, notes = ReplayDevice(example, speed=100), Notes()

    async def run():
        async def take():
            async with aclosing(live([device], bundle, [writer, notes])) as outcomes:
                async for _ in outcomes:
                    pass

        task = asyncio.create_task(take())
        await asyncio.sleep(1.0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(run()) == set()
    assert notes.calls[-1] == "close"
    assert notes.calls.count("close") == 1
    assert is_left(device)
    recorded = open_session(tmp_path / "session")
    assert recorded.problems == ()
    stored = sum(stream.n_samples for stream in recorded.streams.values())
    assert stored == sum(map(len, notes.chunks)) > 0


def test_a_cancelled_session_waits_for_the_sink_that_is_at_work(example):
    """No sink is closed while another thread still gives it chunks."""
    notes = Notes(slow_s=0.02)

    async def run():
        async def take():
            async with aclosing(live([ReplayDevice(example, speed=20)], None, [notes])) as outcomes:
                async for _ in outcomes:
                    pass

        task = asyncio.create_task(take())
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.3)

    asyncio.run(run())
    assert notes.chunks
    assert notes.calls[-1] == "close"


def test_a_reader_that_stops_early_stops_everything(example, bundle):
    device, notes = ReplayDevice(example, speed=0), Notes()

    async def run():
        async with aclosing(live([device], bundle, [notes])) as outcomes:
            return await anext(outcomes)

    assert asyncio.run(run()).end_s == 60
    assert notes.calls[-1] == "close"
    assert is_left(device)


def test_a_reader_that_fails_stops_everything(example, bundle):
    device, notes = ReplayDevice(example, speed=0), Notes()

    def fail(outcome):
        msg = "the reader has had enough"
        raise RuntimeError(msg)

    with pytest.raises(RuntimeError, match="had enough"):
        run_live([device], bundle, [notes], on_outcome=fail)
    assert notes.calls[-1] == "close"
    assert is_left(device)


def test_a_device_that_fails_ends_it_with_its_error(example, bundle, tmp_path):
    """What came before is recorded, and another device that would go on doesn't hold it up."""
    error = DeviceError("replay:", "gone away")
    broken = Failing(shortened(example, 120), 300, error, speed=0)
    endless = ReplayDevice(renamed(example, "other"), speed=1)
    writer, notes = JournalWriter(tmp_path / "session", participant="P-01"), Notes()
    begun = time.monotonic()
    with pytest.raises(DeviceError, match="gone away") as raised:
        run_live([broken, endless], None, [writer, notes])
    assert raised.value is error
    assert time.monotonic() - begun < 5
    assert notes.calls[-1] == "close"
    assert sum(c.info.id.startswith("e4") for c in notes.chunks) == 300
    assert open_session(tmp_path / "session").problems == ()
    assert is_left(endless)


@pytest.mark.parametrize("call", ["start", "chunk", "watermark", "outcome", "close"])
def test_a_sink_that_fails_ends_it_and_the_others_are_closed(example, bundle, call):
    before, broken, after = Notes(), Notes(fail_in=(call,)), Notes()
    device = ReplayDevice(shortened(example, 70), speed=0)
    with pytest.raises(OSError, match=f"no {call} today"):
        run_live([device], bundle, [before, broken, after])
    assert before.calls[-1] == broken.calls[-1] == "close"
    assert after.calls == [] if call == "start" else after.calls[-1] == "close"
    assert is_left(device)


def test_a_slow_sink_does_not_stall_the_device(example):
    """The event loop keeps its beat while the sink sleeps in its thread."""
    notes = Notes(slow_s=0.05)

    async def run():
        beats = []

        async def beat():
            while True:
                beats.append(time.monotonic())
                await asyncio.sleep(0.01)

        beating = asyncio.create_task(beat())
        device = ReplayDevice(shortened(example, 4), speed=20)
        async with aclosing(live([device], None, [notes])) as outcomes:
            async for _ in outcomes:
                pass
        beating.cancel()
        return beats

    beats = asyncio.run(run())
    taken_s = beats[-1] - beats[0]
    assert taken_s > 1.0
    assert len(beats) > 30 * taken_s  # of 100 a second; a stalled loop has 20
    assert np.median(np.diff(beats)) < 0.03


def test_two_devices_are_one_session(example, bundle):
    """Conductance from one, the rest from another; the session starts with the first."""
    kinds = {s.info.kind for s in example.streams.values()}
    session = shortened(example, 120)
    eda = {k: s for k, s in session.streams.items() if s.info.kind == "eda"}
    rest = {k: s for k, s in session.streams.items() if s.info.kind != "eda"}
    one = ReplayDevice(replace(session, streams=rest), speed=0)
    two = ReplayDevice(replace(session, streams=eda), speed=0, seed=2)
    notes = Notes()
    outcomes = run_live([one, two], bundle, [notes])
    assert {info.kind for info in notes.streams} == kinds
    assert {info.kind for info in (c.info for c in notes.chunks)} == kinds
    alone = run_live([ReplayDevice(session, speed=0)], bundle)
    assert [o.end_ns for o in outcomes] == [o.end_ns for o in alone]


def test_recording_alone_takes_two_of_a_kind_and_a_bundle_does_not(example, bundle):
    session = shortened(example, 30)
    pair = [ReplayDevice(session, speed=0), ReplayDevice(renamed(session, "other"), speed=0)]
    notes = Notes()
    assert run_live(pair, None, [notes]) == []
    assert len(notes.streams) == 2 * len(session.streams)
    assert sum(map(len, notes.chunks)) == 2 * sum(s.n_samples for s in session.streams.values())
    with pytest.raises(SignalError, match="a second"):
        run_live(pair, bundle)


def test_a_unit_that_does_not_convert_is_refused_before_anything_starts(example, bundle):
    device = ReplayDevice(renamed(example, "odd", eda=Unit.CELSIUS), speed=0)
    notes = Notes()
    with pytest.raises(BundleMismatchError, match="eda in uS is in degC"):
        run_live([device], bundle, [notes])
    assert notes.calls == []
    assert is_left(device)


def test_devices_that_give_nothing_the_bundle_takes_are_refused(example, bundle):
    only = {k: s for k, s in example.streams.items() if s.info.kind == "hr"}
    with pytest.raises(BundleMismatchError, match="none of eda, bvp, acc, temp"):
        run_live([ReplayDevice(replace(example, streams=only), speed=0)], bundle)


def test_an_enrolment_of_another_chain_is_refused_and_devices_are_left(example, bundle):
    device, notes = ReplayDevice(example, speed=0), Notes()
    other = Enrolment(dict.fromkeys(FEATURES, 0.0), 10, 0, 300, "anotherchain")
    with pytest.raises(EnrolmentError, match="another chain"):
        run_live([device], bundle, [notes], rest=other)
    assert "chunk" not in notes.calls
    assert is_left(device)


def test_a_device_on_another_clock_is_told_so(example):
    class Adrift(ReplayDevice):
        @property
        def start_ns(self):
            return super().start_ns + time.time_ns()

    with pytest.raises(SignalError, match="another clock"):
        run_live([Adrift(shortened(example, 30), speed=0)], None)


def test_two_devices_of_one_name_are_told_before_anything_is_mixed() -> None:
    devices = [open_device("synthetic:?speed=0&duration_s=2") for _ in range(2)]
    with pytest.raises(SignalError, match=r"synthetic\..* given by two devices.*name="):
        run_live(devices, None, [])


def test_seconds_count_from_the_first_sample() -> None:
    """A device that needs ten seconds until it gives anything still gives all that was asked."""
    taken = {}
    for late_s in (0, 10):
        notes = Notes()
        run_live([Late(late_s)], None, [notes], seconds=5.0)
        taken[late_s] = sum(len(chunk) for chunk in notes.chunks)
    assert taken[0] == taken[10] == 5 * 64


class Late:
    """An hour of BVP that begins some time after the device was entered."""

    streams = (StreamInfo("late.bvp", SignalKind.BVP, (Channel("bvp", Unit.ARBITRARY),), 64.0),)
    facts: dict[str, str] = {}  # noqa: RUF012 - a protocol's property
    start_ns = 10**12

    def __init__(self, late_s: int) -> None:
        self._first_ns = self.start_ns + late_s * 10**9

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return None

    async def chunks(self):
        for second in range(3600):
            data = np.zeros((64, 1), np.float32)
            yield SignalChunk(self.streams[0], data, self._first_ns + second * 10**9)


def test_it_stops_when_it_is_told_and_what_has_arrived_is_taken(example):
    device, notes = ReplayDevice(shortened(example, 300.0), speed=400.0), Notes()

    async def run():
        enough = asyncio.Event()
        outcomes = live([device], None, [notes], until=enough)
        async with aclosing(outcomes):
            reading = asyncio.ensure_future(anext(outcomes, None))
            for _ in range(500):
                await asyncio.sleep(0.01)
                if notes.chunks:
                    break
            enough.set()
            assert await reading is None

    asyncio.run(run())
    assert notes.calls[-1] == "close"
    assert is_left(device)
    assert 0 < len(notes.chunks) < 300 * 10
