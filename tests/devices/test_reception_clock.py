"""Stamps of a reception: near the truth whatever the link and the host's wall clock do."""

import time

import numpy as np
import pytest
from reception_parts import MS, Reception, S, Wearable, assert_stamps_increase, kept, source

from wearaffect.core.streams import LossEvidence
from wearaffect.devices.driver import ClockPing


def stalling(wearable, n, seed):
    """Packets with their arrivals: events 30 ms apart, 5 % repeats, 0.8 s of nothing each 45 s."""
    rng, free = np.random.default_rng(seed), 0
    for k in range(n):
        ready = max(wearable.ready_ns(k) + int(rng.integers(3 * MS)), free)
        if ready % (45 * S) < 800 * MS:
            ready += 800 * MS - ready % (45 * S)
        ready += -ready % (30 * MS) + 30 * MS * int(rng.geometric(0.95) - 1)
        free = ready
        yield wearable.packet(k), ready + 2 * MS


@pytest.mark.parametrize("ppm", [-200.0, 200.0])
@pytest.mark.parametrize("sends", ["counter", "clock", "both"])
def test_stamps_stay_near_the_truth(ppm, sends):
    evidence = LossEvidence.DEVICE_CLOCK if sends == "clock" else LossEvidence.COUNTER
    made = source(evidence, counter=None if sends == "clock" else 2**16)
    wearable = Wearable(
        made,
        count=None if sends == "clock" else 0,
        clock_ns=None if sends == "counter" else 3 * S,
        ppm=ppm,
    )
    reception, items = Reception(made), []
    for packet, at_ns in stalling(wearable, 16 * 330, seed=int(abs(ppm)) + len(sends)):
        items += reception.take(packet, at_ns)
    chunks, gaps, pieces, late = kept(items + reception.finish(at_ns))
    assert (gaps, late) == ([], [])
    assert_stamps_increase(chunks)
    first = np.array([c.data[0, 0] for c in chunks])
    off_ms = (np.array([c.start_ns - wearable.host_ns(c.data[0, 0]) for c in chunks])) / MS - 2
    settled = first > 60 * 256
    assert np.quantile(np.abs(off_ms[settled]), 0.95) <= 2.0 + 1.0  # the grid may creep by one
    assert np.quantile(np.abs(off_ms[first > 300 * 256]), 0.95) <= 1.0 + 1.0
    # a packet may come in parts
    ends = np.array([c.start_ns + len(c) * S / 256 for c in chunks])
    jumps = np.array([c.start_ns for c in chunks[1:]]) - ends[:-1]
    assert np.abs(jumps[1:]).max() < S / 256 / 2  # no stage of the chain begins anew
    assert np.count_nonzero(np.abs(jumps) > 1000) < 330
    assert pieces[0].reason == "start"
    assert {piece.reason for piece in pieces[1:]} == {"drift"}
    assert 5 <= len(pieces) < 30
    assert abs(pieces[-1].clock.rate_ppm - ppm) < 5
    whole = pieces[-1].clock
    true = np.array([wearable.host_ns(i) for i in range(0, 256 * 330, 256)])
    begin = 0 if sends == "counter" else 3 * S
    mapped = np.array([whole.to_host_ns(begin + s * S) for s in range(330)])
    assert np.abs(mapped[150:] - true[150:] - 2 * MS).max() <= whole.uncertainty_ns


def test_the_wall_clock_doesnt_matter(monkeypatch):
    def run(shift_s):
        wearable, reception, items = Wearable(source(), clock_ns=0), Reception(source()), []
        wall = time.time
        for k, (packet, at_ns) in enumerate(stalling(wearable, 200, seed=1)):
            if k == 100:
                monkeypatch.setattr(time, "time", lambda: wall() + shift_s)
                monkeypatch.setattr(time, "time_ns", lambda: int((wall() + shift_s) * S))
            items += reception.take(packet, at_ns)
        monkeypatch.undo()
        chunks, _, pieces, _ = kept(items)
        return [c.start_ns for c in chunks], pieces

    assert run(3600) == run(-3600) == run(0)


def test_pings_take_half_of_the_constant_out():
    wearable, reception = Wearable(source(clock=2**32), clock_ns=2**32 - 5 * S), None
    reception = Reception(wearable.made)
    items = []
    for k, (packet, at_ns) in enumerate(stalling(wearable, 16 * 90, seed=4)):
        items += reception.take(packet, at_ns + 20 * MS)
        if k % 160 == 159:
            host_ns = round(wearable.host_ns(16 * k))
            heard = (wearable.clock_ns + round(wearable.device_ns(16 * k))) % 2**32
            ping = ClockPing(host_ns - 4 * MS, heard, heard, host_ns + 30 * MS)
            items += reception.ping(ping)
    chunks, gaps, pieces, _ = kept(items + reception.finish(at_ns + S))
    assert gaps == []
    clock = pieces[-1].clock
    assert clock.latency_ns <= 17 * MS
    off_ns = chunks[-1].start_ns - wearable.host_ns(16 * (16 * 90 - 1))
    assert abs(off_ns) <= clock.latency_ns + clock.uncertainty_ns
    assert abs(off_ns) < 12 * MS
    assert_stamps_increase(chunks)


def test_a_count_that_stood_still_while_away_is_a_gap_of_unknown_size():
    first = Wearable(source())
    later = Wearable(source(), boot_ns=first.boot_ns + 50 * S)
    reception, items = Reception(first.made), []
    for k in range(160):
        items += reception.take(first.packet(k), first.ready_ns(k))
    items += reception.disconnected(first.ready_ns(160))
    for k in range(160, 300):
        items += reception.take(later.packet(k), later.ready_ns(k))
    chunks, (gap,), pieces, _ = kept(items + reception.finish(later.ready_ns(300)))
    assert (gap.n_lost, sum(c.n_lost for c in chunks)) == (None, 0)
    assert [p.reason for p in pieces if p.reason != "drift"] == ["start", "jump"]
    assert abs(chunks[-1].start_ns - later.host_ns(299 * 16)) < 2 * MS


def test_uncounted_loss_shows_in_time_only():
    """Nobody counts: after some seconds of packets that all come late, stamps follow."""
    wearable = Wearable(source(LossEvidence.NONE, counter=None), count=None)
    reception, items = Reception(wearable.made), []
    for k in range(1600):
        if not 800 <= k < 832:  # two seconds
            items += reception.take(wearable.packet(k), wearable.ready_ns(k) + (k * 7 % 30) * MS)
    chunks, _, pieces, _ = kept(items)
    assert sum(c.n_lost for c in chunks) == 0
    assert [p.reason for p in pieces if p.reason != "drift"] == ["start", "jump"]
    assert abs(chunks[-1].start_ns - wearable.host_ns(1599 * 16)) < 3 * MS
    assert_stamps_increase(chunks)
