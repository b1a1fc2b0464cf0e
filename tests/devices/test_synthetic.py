"""The synthetic device: order, clocks, loss, faults, and that it stops."""

import asyncio
import time
from collections import defaultdict

import numpy as np
import pytest

from wearaffect.core.errors import DeviceError
from wearaffect.core.streams import LossEvidence, SignalKind
from wearaffect.devices.registry import open_device
from wearaffect.physiology.participant import ParticipantSettings, simulate_participant

EDA, BVP, ACC, TEMP = SignalKind.EDA, SignalKind.BVP, SignalKind.ACC, SignalKind.TEMP
RATES = {EDA: 4, BVP: 64, ACC: 32, TEMP: 4}


async def _read(uri):
    async with open_device(uri) as device:
        return [chunk async for chunk in device.chunks()]


def read(settings, *, speed=0):
    """All chunks by kind, and in order of arrival."""
    arrived = asyncio.run(_read(f"synthetic:?speed={speed}&{settings}"))
    by_kind = defaultdict(list)
    for chunk in arrived:
        by_kind[chunk.info.kind].append(chunk)
    return by_kind, arrived


def samples(chunks):
    return np.concatenate([chunk.data for chunk in chunks])


def test_streams_are_known_before_it_starts():
    streams = {info.kind: info for info in open_device("synthetic:").streams}
    assert {kind: info.sampling_rate for kind, info in streams.items()} == RATES
    assert {info.id for info in streams.values()} == {f"synthetic.{kind}" for kind in RATES}
    assert {info.loss_evidence for info in streams.values()} == {LossEvidence.COUNTER}
    assert [channel.unit for channel in streams[ACC].channels] == ["g/64"] * 3


def test_every_sample_of_the_participant_arrives_once_and_in_order():
    by_kind, arrived = read("seed=4&duration_s=20.3")
    truth = simulate_participant(ParticipantSettings(seed=4), 20.3)
    for kind, chunks in by_kind.items():
        np.testing.assert_array_equal(samples(chunks), truth.signals[kind])
        counters = [chunk.device_counter for chunk in chunks]
        assert counters == list(np.cumsum([0] + [len(c) for c in chunks[:-1]]))
        assert all(chunk.n_lost == 0 for chunk in chunks)
    assert set(by_kind) == set(RATES)
    # streams interleave as a radio does: no stream is far behind another
    horizon = dict.fromkeys(RATES, 0)
    for chunk in arrived:
        horizon[chunk.info.kind] = chunk.end_ns
        if min(horizon.values()):
            assert max(horizon.values()) - min(horizon.values()) < 2e9


def test_host_time_is_the_entry_plus_signal_time():
    before = time.monotonic_ns()
    by_kind, _ = read("duration_s=10", speed=1000)
    after = time.monotonic_ns()
    starts = {chunks[0].start_ns for chunks in by_kind.values()}
    assert len(starts) == 1
    (entered,) = starts
    assert before <= entered <= after
    for kind, chunks in by_kind.items():
        for chunk in chunks:
            expected = chunk.device_counter * 1_000_000_000 // RATES[kind]
            assert chunk.start_ns - entered == chunk.device_clock_ns == expected


def test_signals_are_seeded_and_jitter_is_too():
    one, order = read("seed=2&duration_s=15")
    again, order_again = read("seed=2&duration_s=15")
    other, _ = read("seed=3&duration_s=15")
    for kind in RATES:
        np.testing.assert_array_equal(samples(one[kind]), samples(again[kind]))
        assert not np.array_equal(samples(one[kind]), samples(other[kind]))
    key = [(chunk.info.kind, chunk.device_counter) for chunk in order]
    assert key == [(chunk.info.kind, chunk.device_counter) for chunk in order_again]


def test_at_speed_one_nothing_comes_early_and_little_comes_late():
    async def go():
        async with open_device("synthetic:?duration_s=1.5") as device:
            return [(time.monotonic_ns() - chunk.end_ns) / 1e9 async for chunk in device.chunks()]

    delays = asyncio.run(go())
    assert len(delays) == 6 + 6 + 3 + 2
    assert min(delays) > 0.0
    assert np.median(delays) < 0.3
    assert np.std(delays) > 1e-3  # a radio jitters


def test_speed_shortens_the_wait():
    started = time.monotonic()
    read("duration_s=20", speed=40)
    assert 0.45 < time.monotonic() - started < 3.0


def test_leaving_lets_a_waiting_reader_go():
    async def go():
        device = open_device("synthetic:?duration_s=60")
        seen = []

        async def reader():
            seen.extend([chunk async for chunk in device.chunks()])

        async with device:
            task = asyncio.create_task(reader())
            await asyncio.sleep(0.4)
        left = time.monotonic()
        await asyncio.wait_for(task, 1.0)
        count = len(seen)
        await asyncio.sleep(0.4)
        return time.monotonic() - left, count, len(seen)

    waited, at_exit, later = asyncio.run(go())
    assert waited < 1.0
    assert 1 <= at_exit == later


def test_the_reader_can_walk_away_and_come_back():
    async def go():
        device = open_device("synthetic:?duration_s=5&speed=0")
        async with device:
            first = await anext(device.chunks())
        async with device:
            again = [chunk async for chunk in device.chunks()]
        return first, again

    first, again = asyncio.run(go())
    np.testing.assert_array_equal(first.data, again[0].data)
    assert again[0].start_ns > first.start_ns
    assert sum(len(c) for c in again if c.info.kind == BVP) == 320


def test_reading_before_entering_is_an_error():
    async def go():
        return [chunk async for chunk in open_device("synthetic:").chunks()]

    with pytest.raises(DeviceError, match="async with"):
        asyncio.run(go())


@pytest.mark.parametrize(("at_s", "for_s"), [(30, 10), (12.25, 3.5)])
def test_dropout_is_counted_to_the_sample(at_s, for_s):
    by_kind, _ = read(f"duration_s=60&fault=dropout&fault_at_s={at_s}&fault_for_s={for_s}")
    whole, _ = read("duration_s=60")
    for kind, chunks in by_kind.items():
        full = samples(whole[kind])
        lossy = [chunk for chunk in chunks if chunk.n_lost]
        assert len(lossy) == 1
        (after,) = lossy
        index = chunks.index(after)
        gap_s = (after.start_ns - chunks[index - 1].end_ns) / 1e9
        assert after.n_lost == round(gap_s * RATES[kind])
        assert len(samples(chunks)) + after.n_lost == len(full)
        rest = full[after.device_counter - after.n_lost : after.device_counter]
        assert len(rest) == after.n_lost
        np.testing.assert_array_equal(after.data, full[after.device_counter :][: len(after)])
        if (at_s, for_s) == (30, 10):
            assert after.n_lost == 10 * RATES[kind]
            assert after.device_clock_ns == 40_000_000_000


def test_off_skin_shows_in_three_signals_and_then_passes():
    by_kind, _ = read("duration_s=90&fault=off_skin&fault_at_s=30&fault_for_s=20")
    whole, _ = read("duration_s=90")
    now = {kind: samples(chunks) for kind, chunks in by_kind.items()}
    sound = {kind: samples(chunks) for kind, chunks in whole.items()}
    assert now[EDA][120:200].max() < 0.05
    assert now[EDA][:120].min() > 0.5
    assert now[BVP][30 * 64 : 50 * 64].std() < 0.5
    assert now[BVP][: 30 * 64].std() > 10
    assert now[TEMP][199, 0] < now[TEMP][119, 0] - 1.5
    assert np.all(np.diff(now[TEMP][121:199, 0]) < 0.02)
    for kind, rate in RATES.items():
        np.testing.assert_array_equal(now[kind][50 * rate :], sound[kind][50 * rate :])
        np.testing.assert_array_equal(now[kind][: 30 * rate], sound[kind][: 30 * rate])
    np.testing.assert_array_equal(now[ACC], sound[ACC])


def test_flat_holds_the_pulse_and_nothing_else():
    by_kind, _ = read("duration_s=60&fault=flat&fault_at_s=20&fault_for_s=15")
    whole, _ = read("duration_s=60")
    wave = samples(by_kind[BVP])[:, 0]
    assert np.ptp(wave[20 * 64 : 35 * 64]) == 0.0
    assert np.ptp(wave[35 * 64 :]) > 20.0
    np.testing.assert_array_equal(samples(by_kind[EDA]), samples(whole[EDA]))


def test_disconnect_ends_the_stream_early_and_for_good():
    by_kind, _ = read("duration_s=60&fault=disconnect&fault_at_s=20&fault_for_s=1")
    for kind, chunks in by_kind.items():
        assert 18.9 <= len(samples(chunks)) / RATES[kind] <= 20.0


def test_faults_combine():
    by_kind, _ = read("duration_s=60&fault=dropout,flat,disconnect&fault_at_s=30")
    assert np.ptp(samples(by_kind[BVP])) > 20
    assert 28.9 <= len(samples(by_kind[BVP])) / 64 <= 30.0
