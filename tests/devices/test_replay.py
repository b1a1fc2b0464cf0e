"""The replay device: ragged, in order, complete, paced, and gone when it is left."""

import asyncio
import time
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest

from wearaffect.core.errors import DeviceError, DeviceUriError, RecordingNotFoundError
from wearaffect.core.protocols import Device
from wearaffect.core.streams import Channel, Marker, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.units import Unit
from wearaffect.devices.drivers.replay import ReplayDevice
from wearaffect.devices.registry import open_device
from wearaffect.recording.opening import open_session
from wearaffect.recording.session import RecordedStream, Session

S = 10**9
START = 77 * S + 5
EDA = StreamInfo("t.eda", SignalKind.EDA, (Channel("eda", Unit.MICROSIEMENS),), 4.0)
ACC = StreamInfo("t.acc", SignalKind.ACC, tuple(Channel(a, Unit.GRAVITY) for a in "xyz"), 64.006)
IBI = StreamInfo("t.ibi", SignalKind.IBI, (Channel("ibi", Unit.SECOND),), None)
RESP = StreamInfo("t.resp", SignalKind.RESP, (Channel("resp", Unit.ARBITRARY),), 8.0)


def sitting(seconds=60):
    """Conductance with a hole from 20 to 31.5 s, movement, beats, and a stream without samples."""
    rng = np.random.default_rng(0)
    eda = rng.random((4 * seconds, 1), np.float32)
    acc = rng.random((int(64.006 * seconds), 3), np.float32)
    stamps = START + np.sort(rng.integers(0, seconds * S, 70))
    pieces = (
        SignalChunk(EDA, eda[:80], START, device_counter=0),
        SignalChunk(EDA, eda[126:], START + 31_500_000_000, device_counter=126),
    )
    beats = SignalChunk(IBI, rng.random((70, 1), np.float32), START, stamps)
    streams = {
        "t.eda": RecordedStream(EDA, pieces),
        "t.acc": RecordedStream(ACC, (SignalChunk(ACC, acc, START),)),
        "t.ibi": RecordedStream(IBI, (beats,)),
        "t.resp": RecordedStream(RESP, ()),
    }
    return Session("made", streams, start_ns=START)


async def _read(device):
    async with device:
        return [c async for c in device.chunks() if isinstance(c, SignalChunk)]


def read(session, **settings):
    return asyncio.run(_read(ReplayDevice(session, **({"speed": 0} | settings))))


def by_stream(chunks):
    found = defaultdict(list)
    for chunk in chunks:
        found[chunk.info.id].append(chunk)
    return found


def test_it_says_what_it_gives_before_it_is_entered():
    session = sitting()
    device = ReplayDevice(session)
    assert isinstance(device, Device)
    assert device.streams == (EDA, ACC, IBI, RESP)
    assert device.start_ns == START


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_comes_is_the_recording(seed):
    session = sitting()
    arrived = by_stream(read(session, seed=seed))
    assert set(arrived) == {"t.eda", "t.acc", "t.ibi"}
    for name, chunks in arrived.items():
        times_ns, data = session.streams[name].samples()
        np.testing.assert_array_equal(np.concatenate([c.data for c in chunks]), data)
        came_ns = np.concatenate([c.times_ns() for c in chunks])
        # stamps are floored to the nanosecond, those of a chunk once more
        assert np.abs(came_ns - times_ns).max() <= (1 if name == "t.acc" else 0)
    for before, after in pairwise(arrived["t.eda"]):
        assert after.start_ns >= before.end_ns
        expected = before.device_counter + len(before)
        assert after.device_counter == (126 if expected == 80 else expected)


def test_the_shipped_recording_comes_whole(example_recording):
    session = open_session(example_recording)
    arrived = by_stream(read(session))
    assert set(arrived) == set(session.streams)
    for name, chunks in arrived.items():
        times_ns, data = session.streams[name].samples()
        np.testing.assert_array_equal(np.concatenate([c.data for c in chunks]), data)
        np.testing.assert_array_equal(np.concatenate([c.times_ns() for c in chunks]), times_ns)


def test_chunks_are_ragged_interleaved_and_seeded():
    session = sitting()
    chunks = read(session, seed=4)
    lengths = {len(c) for c in chunks if c.info == ACC}
    assert len(lengths) > 10
    assert min(lengths) >= 1
    assert max(lengths) <= 0.6 * 64.006 + 1
    order = [c.info.id for c in chunks]
    assert sum(a != b for a, b in pairwise(order)) > len(order) / 4
    again, other = read(session, seed=4), read(session, seed=5)
    assert [(c.info.id, len(c)) for c in again] == [(c.info.id, len(c)) for c in chunks]
    assert [(c.info.id, len(c)) for c in other] != [(c.info.id, len(c)) for c in chunks]


def test_speed_paces_and_zero_does_not():
    session = sitting(seconds=10)
    begun = time.monotonic()
    chunks = read(session, speed=20)
    taken_s = time.monotonic() - begun
    # ten seconds of signal; the last packet comes a little after its samples
    assert 0.45 < taken_s < 2.0
    begun = time.monotonic()
    assert len(read(session, speed=0)) == len(chunks)
    assert time.monotonic() - begun < 0.4


def test_a_reader_is_let_go_when_the_device_is_left():
    async def leave():
        device = ReplayDevice(sitting(), speed=1.0)
        async with device:
            got = 0

            async def reader():
                nonlocal got
                async for _ in device.chunks():
                    got += 1

            reading = asyncio.create_task(reader())
            await asyncio.sleep(0.3)
        await asyncio.wait_for(reading, 0.2)
        return got

    assert 0 < asyncio.run(leave()) < 10


def test_it_can_be_entered_again_and_not_read_outside():
    device = ReplayDevice(sitting(), speed=0)
    first, second = asyncio.run(_read(device)), asyncio.run(_read(device))
    assert [len(c) for c in first] == [len(c) for c in second]

    async def outside():
        return [c async for c in device.chunks() if isinstance(c, SignalChunk)]

    for unready in (device, ReplayDevice(sitting())):
        device = unready
        with pytest.raises(DeviceError, match="not started"):
            asyncio.run(outside())


def test_other_tasks_get_their_turn():
    async def run():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        ticking = asyncio.create_task(tick())
        count = len(await _read(ReplayDevice(sitting(), speed=0)))
        ticking.cancel()
        return ticks, count

    ticks, count = asyncio.run(run())
    assert ticks >= count // 64


def test_it_opens_by_address(example_recording):
    device = open_device(f"replay:{example_recording}?speed=0&seed=9")
    assert isinstance(device, ReplayDevice)
    assert device.speed == 0
    assert {s.id for s in device.streams} >= {"e4.eda", "e4.bvp", "e4.acc", "e4.temp"}
    assert open_device(f"replay:{example_recording}").speed == 1.0


@pytest.mark.parametrize(
    ("settings", "problem"),
    [("?pace=2", "unknown setting"), ("?speed=-1", "speed"), ("?speed=fast", "speed"),
     ("?speed=nan", "speed"), ("?seed=0.5", "seed"), ("?seed=-1", "seed")],
)  # fmt: skip
def test_settings_it_does_not_know_are_refused(example_recording, settings, problem):
    with pytest.raises(DeviceUriError, match=problem):
        open_device(f"replay:{example_recording}{settings}")


def test_no_path_and_no_recording_are_refused(tmp_path):
    with pytest.raises(DeviceUriError, match="no recording"):
        open_device("replay:")
    with pytest.raises(RecordingNotFoundError):
        open_device(f"replay:{tmp_path / 'absent'}")


def test_markers_come_in_their_place(example_recording):
    session = open_session(example_recording)

    async def run():
        latest_ns, seen = session.start_ns, []
        async with ReplayDevice(session, speed=0) as device:
            async for item in device.chunks():
                if isinstance(item, Marker):
                    assert item.time_ns <= latest_ns + S
                    seen.append(item)
                else:
                    latest_ns = max(latest_ns, item.end_ns)
        return tuple(seen)

    assert len(session.markers) == 10
    assert asyncio.run(run()) == session.markers
