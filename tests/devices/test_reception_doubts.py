"""Packets that fit nowhere, come again or come anew, and clocks that stand still or are off."""

import numpy as np
import pytest
from reception_parts import (
    MS,
    Packet,
    Reception,
    S,
    Wearable,
    assert_stamps_increase,
    kept,
    received,
    source,
    values,
)

from wearaffect.core.events import DeviceNote
from wearaffect.core.streams import LossEvidence
from wearaffect.devices.driver import ClockPing

COUNTER = LossEvidence.COUNTER
CLOCK = LossEvidence.DEVICE_CLOCK
DT = 250 * MS  # a packet of 16 samples at 64 Hz


def wearable(modulus=2**16, clock_ns=5 * S, **more):
    return Wearable(source(COUNTER, 64.0, modulus), clock_ns=clock_ns, **more)


def on_time(device, ks):
    return [(device.packet(k), device.ready_ns(k)) for k in ks]


def reasons(pieces):
    return [piece.reason for piece in pieces if piece.reason != "drift"]


def notes(items):
    return [item.facts["reason"] for item in items if isinstance(item, DeviceNote)]


def lost(chunks):
    return sum(chunk.n_lost for chunk in chunks)


@pytest.mark.parametrize("clock_ns", [None, 5 * S])
@pytest.mark.parametrize("modulus", [2**8, 2**16, 2**32])
@pytest.mark.parametrize("ago", [8, 9, 10, 11, 20])
def test_one_packet_that_comes_again_late_is_no_reboot(modulus, clock_ns, ago):
    """Also where a counter of a byte has gone half around since, or further."""
    device = wearable(modulus, clock_ns)
    arrivals = on_time(device, range(160))
    arrivals.insert(101, (arrivals[100 - ago][0], arrivals[100][1] + MS))
    reception, items = Reception(device.made), []
    for packet, at_ns in arrivals:
        items += reception.take(packet, at_ns)
    chunks, gaps, pieces, late = kept(items + reception.finish(at_ns))
    np.testing.assert_array_equal(values(chunks), np.arange(2560))
    assert (gaps, late, lost(chunks), reasons(pieces)) == ([], [], 0, ["start"])
    assert reception.n_duplicates + reception.n_strays == 1


@pytest.mark.parametrize("clock_ns", [None, 5 * S])
@pytest.mark.parametrize("off", [96, 128, -128, -64])
def test_one_wrong_count_is_one_lost_packet(clock_ns, off):
    device = wearable(2**16, clock_ns)
    arrivals = on_time(device, range(160))
    right = arrivals[100][0]
    wrong = Packet(right.stream_id, right.data, right.counter + off, right.clock_ns)
    arrivals[100] = wrong, arrivals[100][1]
    chunks, gaps, pieces, late = kept(received(device.made, arrivals))
    assert len(values(chunks)) == 2544
    assert (gaps, late, lost(chunks), reasons(pieces)) == ([], [], 16, ["start"])


@pytest.mark.parametrize("clock_ns", [None, 5 * S])
@pytest.mark.parametrize("away_s", [0, 1, 3, 30])
def test_old_packets_that_are_sent_again_are_stored_once(clock_ns, away_s):
    device = wearable(2**16, clock_ns)
    reception, items = Reception(device.made), []
    for packet, at_ns in on_time(device, range(100)):
        items += reception.take(packet, at_ns)
    if away_s:
        items += reception.disconnected(at_ns + MS)
    again_ns = at_ns + away_s * S
    for j, k in enumerate(range(60, 100)):
        items += reception.take(device.packet(k), again_ns + (j + 2) * MS)
    for packet, at_ns in on_time(device, range(101 + 4 * away_s, 300)):
        items += reception.take(packet, at_ns)
    chunks, gaps, pieces, _ = kept(items + reception.finish(at_ns))
    assert (np.diff(values(chunks)) > 0).all()
    assert (gaps, reasons(pieces), reception.n_duplicates) == ([], ["start"], 40)
    assert len(values(chunks)) + lost(chunks) == 4800


@pytest.mark.parametrize("end", ["disconnected", "finish"])
def test_a_single_packet_is_no_reboot_when_the_link_goes(end):
    device = wearable()
    reception, items = Reception(device.made), []
    for packet, at_ns in on_time(device, range(100)):
        items += reception.take(packet, at_ns)
    items += reception.take(device.packet(70, value=0.5), at_ns + MS)
    items += getattr(reception, end)(at_ns + 2 * MS)
    chunks, gaps, pieces, _ = kept(items)
    assert (gaps, reasons(pieces), reception.n_strays) == ([], ["start"], 1)
    np.testing.assert_array_equal(values(chunks), np.arange(1600))


@pytest.mark.parametrize("clock_ns", [None, 5 * S])
def test_a_reboot_doesnt_fill_old_holes(clock_ns):
    device = wearable(2**16, clock_ns)
    reception, items = Reception(device.made), []
    for packet, at_ns in on_time(device, [*range(4), *range(40, 240)]):
        items += reception.take(packet, at_ns)
    items += reception.disconnected(at_ns)
    again = wearable(2**16, clock_ns, boot_ns=device.ready_ns(250))
    for k in range(4, 100):
        items += reception.take(again.packet(k, value=10_000), again.ready_ns(k))
    chunks, (gap,), pieces, late = kept(items + reception.finish(again.ready_ns(100)))
    assert (late, gap.n_lost, reasons(pieces)) == ([], None, ["start", "reboot"])
    assert lost(chunks) == 36 * 16
    assert len(values(chunks)) == (204 + 96) * 16
    assert abs(chunks[-1].start_ns - again.host_ns(99 * 16)) < 2 * MS


def test_a_reboot_soon_after_a_loss_doesnt_fill_its_hole():
    """The clock has begun with the silence: what comes is no late packet, young as the hole is."""
    device = wearable()
    reception, items = Reception(device.made), []
    for packet, at_ns in on_time(device, [*range(4), *range(20, 40)]):
        items += reception.take(packet, at_ns)
    items += reception.disconnected(at_ns)
    again = wearable(clock_ns=0, boot_ns=device.ready_ns(44))
    for k in range(4, 20):
        items += reception.take(again.packet(k, value=10_000), again.ready_ns(k))
    _, _, pieces, late = kept(items + reception.finish(again.ready_ns(20)))
    assert (late, reasons(pieces)) == ([], ["start", "reboot"])


@pytest.mark.parametrize("evidence", [COUNTER, CLOCK])
def test_what_counts_may_break_and_no_sample_goes_with_it(evidence):
    """The counter stands still, or the only clock, for good; then the link is made anew."""
    counted = evidence is COUNTER
    made = source(evidence, 64.0, 2**16 if counted else None)
    device = Wearable(made, count=0 if counted else None, clock_ns=5 * S)
    reception, items = Reception(made), []
    for packet, at_ns in on_time(device, range(300)):
        stuck = device.packet(min(round(packet.data[0, 0]) // 16, 40))
        clock_ns = packet.clock_ns if counted else stuck.clock_ns
        items += reception.take(Packet("d.ppg", packet.data, stuck.counter, clock_ns), at_ns)
    items += reception.disconnected(at_ns)
    for packet, at_ns in on_time(device, range(400, 500)):
        items += reception.take(packet, at_ns)
    chunks, gaps, _, late = kept(items + reception.finish(at_ns))
    np.testing.assert_array_equal(values(chunks), [*range(4800), *range(6400, 8000)])
    assert (late, lost(chunks), reception.n_strays) == ([], 0, 0)
    assert [gap.n_lost for gap in gaps] == [None, None]
    assert notes(items) == ["what counts the samples is broken"]
    assert [chunk.device_counter is None for chunk in chunks[-2:]] == [not counted] * 2
    assert_stamps_increase(chunks)
    off_ns = [c.start_ns - device.host_ns(int(c.data[0, 0])) for c in chunks[100:]]
    assert np.abs(off_ns).max() < 5 * MS


@pytest.mark.parametrize("n", [1, 4, 16, 100])
def test_a_clock_that_stands_still_is_told_and_stamps_go_on(n):
    device = wearable(2**16, n=n)
    items, reception = [], Reception(device.made)
    for packet, at_ns in on_time(device, range(6400 // n)):
        first = int(packet.data[0, 0])
        clock_ns = device.packet(min(first, 640) // n).clock_ns
        if first >= 4800:  # it goes on
            clock_ns = packet.clock_ns
        items += reception.take(Packet("d.ppg", packet.data, packet.counter, clock_ns), at_ns)
    chunks, gaps, pieces, _ = kept(items + reception.finish(at_ns))
    assert (gaps, reasons(pieces)) == ([], ["start", "jump", "jump"])
    assert notes(items) == ["the device's clock stands still", "the device's clock goes on"]
    np.testing.assert_array_equal(values(chunks), np.arange(6400 // n * n))
    off_ns = [c.start_ns - device.host_ns(int(c.data[0, 0])) for c in chunks]
    assert np.abs(off_ns).max() < 350 * MS
    assert np.abs(off_ns[-20:]).max() < 5 * MS
    assert_stamps_increase(chunks)


@pytest.mark.parametrize("n", [16, 73, 100])
@pytest.mark.parametrize(
    ("sends", "share"),
    # a count alone is followed up to two per cent
    [("clock", -0.01), ("clock", 0.02), ("clock", 0.0385), ("both", 0.0385)]
    + [(sends, share) for sends in ("both", "counter") for share in (-0.02, -0.005, 0.02)],
)
def test_a_rate_that_is_off_neither_invents_nor_drops_samples_nor_drifts(share, n, sends):
    """Two minutes of a device that samples at 50 Hz and a share, with five packets lost."""
    made = source(CLOCK if sends == "clock" else COUNTER, 50.0, None)
    true_hz, arrivals = 50.0 * (1 + share), []
    for k in range(6000 // n):
        data = np.arange(k * n, k * n + n, dtype=np.float32)[:, None]
        clock_ns = None if sends == "counter" else 5 * S + round(k * n / true_hz * S)
        counter = None if sends == "clock" else k * n
        at_ns = round(((k + 1) * n - 1) / true_hz * S) + 1000 * S
        arrivals.append((Packet("d.ppg", data, counter, clock_ns), at_ns))
    whole = [pair for k, pair in enumerate(arrivals) if k % 10 != 7 or k > 50]
    chunks, gaps, pieces, late = kept(received(made, whole))
    assert (gaps, late, reasons(pieces)) == ([], [], ["start"])
    n_lost = (len(arrivals) - len(whole)) * n
    assert lost(chunks) == n_lost
    assert len(values(chunks)) == len(arrivals) * n - n_lost
    assert_stamps_increase(chunks)
    times = np.concatenate([chunk.times_ns() for chunk in chunks])
    off_ns = times - 1000 * S - values(chunks) / true_hz * S
    # a packet is stamped at the rate declared until the true one is learned
    assert np.abs(off_ns).max() < (n * abs(share) + 1) * 20 * MS
    assert np.abs(off_ns[-1000:]).max() < 20 * MS


@pytest.mark.parametrize("away_s", [0.9, 1.9, 20, 120])
@pytest.mark.parametrize("n_lost", [0, 1, 3])
def test_a_count_that_stood_still_may_have_lost_packets_too(away_s, n_lost):
    first = wearable(clock_ns=None)
    later = wearable(clock_ns=None, boot_ns=first.boot_ns + round(away_s * S))
    reception, items = Reception(first.made), []
    for packet, at_ns in on_time(first, range(100)):
        items += reception.take(packet, at_ns)
    items += reception.disconnected(at_ns)
    for packet, at_ns in on_time(later, range(100 + n_lost, 300)):
        items += reception.take(packet, at_ns)
    chunks, gaps, pieces, _ = kept(items + reception.finish(at_ns))
    assert reasons(pieces) == ["start", "jump"]
    assert (lost(chunks), len(gaps)) == (16 * n_lost, int(n_lost == 0))
    off_ns = [c.start_ns - later.host_ns(int(c.data[0, 0])) for c in chunks[100:]]
    assert np.abs(off_ns).max() < 5 * MS


def test_a_reboot_whose_count_lies_ahead_is_no_loss():
    """No clock: away for 20 s, and counting anew for 15 of them, so that more were due."""
    before = wearable(clock_ns=None)
    after = wearable(clock_ns=None, boot_ns=before.ready_ns(40) + 5 * S)
    reception, items = Reception(before.made), []
    for packet, at_ns in on_time(before, range(40)):
        items += reception.take(packet, at_ns)
    items += reception.disconnected(at_ns)
    for packet, at_ns in on_time(after, range(60, 160)):
        items += reception.take(packet, at_ns)
    chunks, (gap,), pieces, _ = kept(items + reception.finish(at_ns))
    assert (lost(chunks), gap.n_lost, reasons(pieces)) == (0, None, ["start", "reboot"])
    off_ns = [c.start_ns - after.host_ns(int(c.data[0, 0])) for c in chunks[40:]]
    assert np.abs(off_ns).max() < 5 * MS


def test_a_ping_after_a_reboot_leaves_the_clock_as_it_was():
    device = wearable(clock_ns=100 * S)
    reception = Reception(device.made)
    for packet, at_ns in on_time(device, range(100)):
        reception.take(packet, at_ns)
    known_ns = device.clock_ns + round(device.device_ns(1000))
    sent_ns = round(device.host_ns(1000))
    items = reception.ping(ClockPing(sent_ns - 20 * MS, known_ns, known_ns, sent_ns))
    for anew in (at_ns + S, at_ns + 2 * S):
        items += reception.ping(ClockPing(anew, S, S, anew + 10 * MS))
    for packet, at_ns in on_time(device, range(100, 200)):
        items += reception.take(packet, at_ns)
    last = kept(items)[0][-1]
    off_ns = last.start_ns - device.host_ns(int(last.data[0, 0]))
    assert abs(off_ns + 10 * MS) < 2 * MS  # half of what the first one bounds
