"""Reception: every sample once and in its place, and what is missing counted by its evidence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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

from wearaffect.core.errors import DecodeError
from wearaffect.core.streams import LossEvidence, SignalChunk

CLOCK = LossEvidence.DEVICE_CLOCK
NONE = LossEvidence.NONE


def on_time(wearable, ks, delay_ns=8 * MS):
    return [(wearable.packet(k), wearable.ready_ns(k) + delay_ns) for k in ks]


def reasons(pieces):
    return [piece.reason for piece in pieces if piece.reason != "drift"]


def missing(chunks):
    return sum(c.n_lost for c in chunks), sum(c.n_damaged for c in chunks)


def test_a_clean_link_gives_every_sample_in_its_place():
    wearable = Wearable(source(), count=65_530)
    chunks, gaps, pieces, late = kept(received(wearable.made, on_time(wearable, range(200))))
    np.testing.assert_array_equal(values(chunks), np.arange(3200))
    assert chunks[0].device_counter == 65_530
    assert chunks[-1].device_counter == 65_530 + 199 * 16  # it wrapped, and goes on
    assert (gaps, late, missing(chunks)) == ([], [], (0, 0))
    assert reasons(pieces) == ["start"]
    assert_stamps_increase(chunks)
    times = np.concatenate([c.times_ns() for c in chunks])
    true = np.array([wearable.host_ns(i) for i in range(3200)]) + 8 * MS
    assert np.abs(times - true).max() <= 1.1 * MS


@pytest.mark.parametrize("modulus", [2**8, 2**16, 2**32, 256 * 16])
@pytest.mark.parametrize("burst", [1, 3, 7])
def test_loss_is_exact_over_a_wrap(modulus, burst):
    wearable = Wearable(source(counter=modulus), count=modulus - 16 * 20 - 5)
    ks = [k for k in range(400) if k < 10 or (k - 10) % 40 >= burst]
    chunks, gaps, pieces, _ = kept(received(wearable.made, on_time(wearable, ks)))
    assert len(values(chunks)) == 16 * len(ks)
    last = max(ks)
    assert missing(chunks) == (16 * (last + 1 - len(ks)), 0)
    assert reasons(pieces) == ["start"]
    assert gaps == []  # each is declared by the chunk after it
    for chunk in chunks:
        assert chunk.device_counter - chunks[0].device_counter == chunk.data[0, 0]


def test_order_is_mended_within_the_window_only():
    wearable = Wearable(source())
    arrivals = on_time(wearable, range(60))
    swapped = [*arrivals[:20], arrivals[21], (arrivals[20][0], arrivals[21][1] + 1), *arrivals[22:]]
    chunks, _, _, late = kept(received(wearable.made, swapped))
    np.testing.assert_array_equal(values(chunks), np.arange(960))
    assert late == []
    belated = [a for k, a in enumerate(arrivals) if k != 20]
    belated.insert(40, (arrivals[20][0], belated[39][1] + 1))
    chunks, _, _, late = kept(received(wearable.made, belated))
    assert missing(chunks) == (16, 0)
    ((chunk, n_lost, n_damaged),) = [(x.chunk, x.n_lost, x.n_damaged) for x in late]
    assert (n_lost, n_damaged) == (16, 0)
    np.testing.assert_array_equal(chunk.data[:, 0], np.arange(320, 336))
    assert abs(chunk.start_ns - wearable.host_ns(320) - 8 * MS) < 2 * MS
    assert len(values(chunks)) + len(chunk) == 960


def test_the_wait_ends_without_another_packet():
    wearable = Wearable(source())
    reception = Reception(wearable.made)
    (first, second) = on_time(wearable, [0, 2])
    assert reception.take(*first) == []
    assert reception.take(*second) == []
    assert reception.tick(first[1] + 249 * MS) == []
    (chunk,) = kept(reception.tick(first[1] + 250 * MS))[0]
    assert len(chunk) == 16
    (chunk,) = kept(reception.tick(second[1] + 250 * MS))[0]
    assert chunk.n_lost == 16


def test_damage_is_told_from_loss_only_where_loss_is_proved():
    wearable = Wearable(source(counter=4096), count=4000)
    reception = Reception(wearable.made)
    items = []
    for k, (packet, at_ns) in enumerate(on_time(wearable, range(100))):
        if k in (30, 31, 60):  # damaged on the way
            told = DecodeError("ble:x", "CRC", stream="d.ppg", counter=packet.counter, n_samples=16)
            reception.damaged(told, at_ns)
        if k in (10, 70):  # damaged and sent again; a claim about nothing at all
            reception.damaged(
                DecodeError("ble:x", "CRC", stream="d.ppg", counter=packet.counter, n_samples=16),
                at_ns,
            )
            reception.damaged(DecodeError("x", "CRC", counter=1, n_samples=10**9), at_ns)
        if k not in (30, 31, 32, 60, 80):
            items += reception.take(packet, at_ns)
    items += reception.finish(at_ns)
    chunks = kept(items)[0]
    assert [(c.n_lost, c.n_damaged) for c in chunks if c.n_lost or c.n_damaged] == [
        (16, 32), (0, 16), (16, 0),
    ]  # fmt: skip
    assert len(values(chunks)) == 95 * 16


def test_damage_without_a_count_explains_the_loss_beside_it():
    wearable = Wearable(source(CLOCK, counter=None), count=None, clock_ns=5 * S)
    reception = Reception(wearable.made)
    items = []
    for k, (packet, at_ns) in enumerate(on_time(wearable, range(200))):
        if k in (50, 100):  # at 100 the link sends it again; the loss long after is no damage
            reception.damaged(DecodeError("x", "cut short", stream="d.ppg", n_samples=16), at_ns)
        if k not in (50, 51, 150):
            items += reception.take(packet, at_ns)
    chunks = kept(items + reception.finish(at_ns))[0]
    assert [(c.n_lost, c.n_damaged) for c in chunks if c.n_lost or c.n_damaged] == [
        (16, 16), (16, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("ppm", [-200.0, 200.0])
@pytest.mark.parametrize("true_rate_hz", [130.0, 130.0 * (1 - 3e-4), 130.0 * 1.002])
def test_a_device_clock_counts_loss_exactly_over_a_long_run(ppm, true_rate_hz):
    """The device samples off its declared rate, and its clock runs off the host's."""
    made = source(CLOCK, 130.0, counter=None, kind="ecg")
    rng = np.random.default_rng(3)
    arrivals, n_sent, lost = [], 0, 0
    for _ in range(4000):  # packets of 73 samples: over half an hour
        at_ns = round(n_sent * S / true_rate_hz)
        packet = Packet(
            "d.ecg",
            np.arange(n_sent, n_sent + 73, dtype=np.float32)[:, None],
            clock_ns=619_000_000 * S + at_ns,
        )
        if rng.uniform() < 0.03 and arrivals:
            lost += 73
        else:
            delay_ns = int(rng.uniform(5, 35) * MS)
            arrivals.append((packet, round(at_ns * (1 + ppm * 1e-6)) + S + delay_ns))
        n_sent += 73
    while lost and arrivals[-1][0].data[-1, 0] != n_sent - 1:
        lost -= 73
        n_sent -= 73
    outage = arrivals.pop(1500), arrivals.pop(1500)
    chunks, gaps, pieces, late = kept(received(made, arrivals))
    assert (gaps, late) == ([], [])
    assert missing(chunks) == (lost + 73 * len(outage), 0)
    assert reasons(pieces) == ["start"]
    assert_stamps_increase(chunks)


def test_a_minute_away_is_counted_to_the_sample():
    for made, more in (
        (source(), {}),
        (source(counter=256 * 16), {"clock_ns": 0}),
        (source(counter=256 * 16), {}),
        (source(CLOCK, counter=None), {"count": None, "clock_ns": 7 * S, "ppm": 200.0}),
    ):
        wearable = Wearable(made, **more)
        reception = Reception(made)
        items = []
        for packet, at_ns in on_time(wearable, range(800)):
            items += reception.take(packet, at_ns)
        items += reception.disconnected(at_ns + S)
        for packet, at_ns in on_time(wearable, range(1760, 2000)):
            items += reception.take(packet, at_ns)
        chunks, gaps, pieces, _ = kept(items + reception.finish(at_ns))
        assert missing(chunks) == (960 * 16, 0)
        assert gaps == []
        assert reasons(pieces) == ["start"]


def test_without_evidence_silence_is_a_gap_of_unknown_size():
    wearable = Wearable(source(NONE, counter=None), count=None)
    reception = Reception(wearable.made)
    items = []
    for packet, at_ns in on_time(wearable, range(100)):
        items += reception.take(packet, at_ns)
    items += reception.disconnected(at_ns)
    for packet, at_ns in on_time(wearable, range(400, 500)):
        items += reception.take(packet, at_ns)
    chunks, (gap,), pieces, _ = kept(items + reception.finish(at_ns))
    assert missing(chunks) == (0, 0)
    assert gap.n_lost is None
    assert abs(gap.end_ns - gap.start_ns - 300 * 62.5 * MS) < 2 * MS
    assert reasons(pieces) == ["start", "start"]
    assert abs(chunks[100].start_ns - wearable.host_ns(6400) - 8 * MS) < 2 * MS
    reception = Reception(wearable.made)
    for packet, at_ns in on_time(wearable, range(10)):
        reception.take(packet, at_ns)
    reception.disconnected(at_ns)
    (gap,) = kept(reception.finish(at_ns + 9 * S))[1]
    assert (gap.n_lost, gap.end_ns) == (None, at_ns + 9 * S)


@pytest.mark.parametrize("uptime", [40, 1000])
@pytest.mark.parametrize("clock", [True, False])
@pytest.mark.parametrize("told", [True, False])
def test_a_reboot_is_one_new_piece_and_no_loss(uptime, clock, told):
    """Also soon after the start, when the counts that come again are still remembered."""
    clock_ns = 3 * MS if clock else None
    before = Wearable(source(), clock_ns=clock_ns)
    after = Wearable(source(), clock_ns=clock_ns, boot_ns=round(before.ready_ns(uptime)) + 2 * S)
    reception = Reception(before.made)
    items = []
    for packet, at_ns in on_time(before, range(uptime)):
        items += reception.take(packet, at_ns)
    if told:
        items += reception.disconnected(at_ns + S)
    for k in range(200):
        items += reception.take(after.packet(k, value=0.5), after.ready_ns(k) + 8 * MS)
    chunks, (gap,), pieces, late = kept(items + reception.finish(after.ready_ns(300)))
    assert reasons(pieces) == ["start", "reboot"]
    assert (missing(chunks), late, gap.n_lost) == ((0, 0), [], None)
    whole = np.concatenate([np.arange(uptime * 16), np.arange(3200) + np.float32(0.5)])
    np.testing.assert_array_equal(values(chunks), whole)
    assert_stamps_increase(chunks)
    assert abs(chunks[-1].start_ns - after.host_ns(3184) - 8 * MS) < 2 * MS


@pytest.mark.parametrize("evidence", [LossEvidence.COUNTER, CLOCK])
@pytest.mark.parametrize("jump_ns", [3600 * S, -3600 * S, 599_616_000 * S])
def test_a_clock_that_is_set_is_one_new_piece(evidence, jump_ns):
    counted = evidence is LossEvidence.COUNTER
    made = source(evidence, counter=2**16 if counted else None)
    wearable = Wearable(made, count=0 if counted else None, clock_ns=7200 * S)
    arrivals = on_time(wearable, range(150))
    wearable.clock_ns += jump_ns
    arrivals += on_time(wearable, range(150, 400))
    chunks, gaps, pieces, late = kept(received(made, arrivals))
    assert reasons(pieces) == ["start", "jump"]
    assert (missing(chunks), late) == ((0, 0), [])
    assert [gap.n_lost for gap in gaps] == ([] if counted else [None])
    if counted:  # samples go on, and so do their times
        steps = np.diff([c.start_ns for c in chunks]) - 62.5 * MS
        assert np.abs(steps[2:]).max() < S / 256 / 2
    np.testing.assert_array_equal(values(chunks), np.arange(6400))
    assert_stamps_increase(chunks)
    assert abs(chunks[-1].start_ns - wearable.host_ns(6384) - 8 * MS) < 2 * MS


def test_a_clock_that_wraps_is_no_new_piece():
    made = source(CLOCK, counter=None, clock=2**16 * MS)
    wearable = Wearable(made, count=None, clock_ns=60 * S)
    ks = [k for k in range(4000) if k % 100 != 50]
    chunks, gaps, pieces, _ = kept(received(made, on_time(wearable, ks)))
    assert reasons(pieces) == ["start"]
    assert (gaps, missing(chunks)) == ([], (40 * 16, 0))
    assert (np.diff([c.device_clock_ns for c in chunks]) > 0).all()


def test_a_stray_is_passed_over():
    wearable = Wearable(source(counter=2**32))
    arrivals = on_time(wearable, range(200))
    arrivals.insert(100, (Wearable(wearable.made, count=10**9).packet(0), arrivals[99][1]))
    arrivals.insert(160, (arrivals[3][0], arrivals[159][1]))  # a copy ten seconds old
    chunks, gaps, pieces, late = kept(received(wearable.made, arrivals))
    np.testing.assert_array_equal(values(chunks), np.arange(3200))
    assert (gaps, late, reasons(pieces)) == ([], [], ["start"])


def test_beats_without_a_clock_are_stamped_back_from_their_arrival():
    made = source(NONE, None, counter=None, kind="ibi")
    reception = Reception(made)
    items, at_ns = [], 100 * S
    for k in range(30):
        ago_ns = np.array([900 * MS, 100 * MS]) if k % 2 else np.array([300 * MS])
        data = np.full((ago_ns.size, 1), 0.8, np.float32)
        items += reception.take(Packet("d.ibi", data, ago_ns=ago_ns), at_ns + k * S)
    items += reception.disconnected(at_ns + 30 * S)
    items += reception.take(Packet("d.ibi", data, ago_ns=ago_ns), at_ns + 60 * S)
    chunks, (gap,), pieces, _ = kept(items + reception.finish(at_ns + 61 * S))
    assert pieces == []
    assert chunks[0].times_ns().tolist() == [at_ns - 300 * MS]
    assert chunks[1].times_ns().tolist() == [at_ns + 100 * MS, at_ns + 900 * MS]
    assert (gap.start_ns, gap.end_ns) == (at_ns + 28_900 * MS + 1, at_ns + 59_100 * MS)
    assert_stamps_increase(chunks)


def test_events_with_a_clock_take_its_times():
    made = source(CLOCK, None, counter=None, kind="ibi")
    rng = np.random.default_rng(0)
    clocks = 50 * S + np.cumsum(rng.integers(600, 1100, 300)) * MS
    delays = rng.integers(5, 300, 300) * MS
    arrivals = [
        (Packet("d.ibi", np.float32([[i]]), clock_ns=int(c)), int(c) + 1000 * S + int(d))
        for i, (c, d) in enumerate(zip(clocks, delays, strict=True))
    ]
    arrivals = [pair for pair in arrivals for _ in range(2)]  # each comes twice
    chunks, _, pieces, _ = kept(received(made, arrivals))
    np.testing.assert_array_equal(values(chunks), np.arange(300))
    off = np.concatenate([c.times_ns() for c in chunks])[-60:] - clocks[-60:] - 1000 * S
    assert np.abs(off - 5 * MS).max() < 12 * MS
    assert reasons(pieces) == ["start"]


@given(data=st.data())
@settings(max_examples=60)
def test_anything_at_all_is_taken(data):
    """Untrusted counts and clocks: nothing raises, and stamps increase."""
    evidence = data.draw(st.sampled_from(list(LossEvidence)))
    rate_hz = data.draw(st.sampled_from([None, 4.0, 256.0]))
    made = source(evidence, rate_hz, data.draw(st.sampled_from([None, 256, 2**32])), None)
    number = st.none() | st.integers(0, 300) | st.integers(0, 2**63 - 1)
    reception, at_ns, items = Reception(made), 10**12, []
    for _ in range(data.draw(st.integers(0, 30))):
        at_ns += data.draw(st.integers(0, 20 * S))
        n = data.draw(st.integers(0, 5))
        packet = Packet("d.ppg", np.zeros((n, 1), np.float32), data.draw(number), data.draw(number))
        action = data.draw(st.integers(0, 9))
        if action == 0:
            items += reception.disconnected(at_ns)
        elif action == 1:
            claim = DecodeError("x", "y", counter=packet.counter, n_samples=packet.clock_ns or 0)
            reception.damaged(claim, at_ns)
        else:
            items += reception.take(packet, at_ns)
    items += reception.finish(at_ns)
    chunks = [item for item in items if isinstance(item, SignalChunk) and len(item)]
    assert all(c.n_lost >= 0 and c.n_damaged >= 0 for c in chunks)
    if rate_hz is None or evidence is not NONE:
        assert_stamps_increase(chunks)


def test_a_hole_is_filled_piece_by_piece():
    """Four packets are missing, the second came damaged; they come late, in any order, twice."""
    wearable = Wearable(source())
    reception, items = Reception(wearable.made), []
    for k, (packet, at_ns) in enumerate(on_time(wearable, range(60))):
        if k == 21:
            told = DecodeError("x", "CRC", counter=packet.counter, n_samples=16)
            reception.damaged(told, at_ns)
        if not 20 <= k < 24:
            items += reception.take(packet, at_ns)
    for k in (22, 20, 20, 23, 21, 22):
        items += reception.take(wearable.packet(k), at_ns)
    chunks, _, _, late = kept(items + reception.finish(at_ns))
    assert missing(chunks) == (48, 16)
    assert [x.chunk.data[0, 0] / 16 for x in late] == [22, 20, 23, 21]
    assert [(x.n_lost, x.n_damaged) for x in late] == [(16, 0), (16, 0), (16, 0), (0, 16)]
    for x in late:
        assert abs(x.chunk.start_ns - wearable.host_ns(x.chunk.data[0, 0]) - 8 * MS) < 2 * MS
    assert reception.n_duplicates == 2


def test_what_still_waits_at_the_end_is_no_silence():
    """Back after a while away, but the session ends before the packets' turn."""
    wearable = Wearable(source())
    reception, items = Reception(wearable.made), []
    for packet, at_ns in on_time(wearable, range(20)):
        items += reception.take(packet, at_ns)
    items += reception.disconnected(at_ns)
    for packet, at_ns in on_time(wearable, range(60, 62)):
        items += reception.take(packet, at_ns)
    chunks, gaps, _, _ = kept(items + reception.finish(at_ns + 50 * MS))
    assert (gaps, missing(chunks)) == ([], (640, 0))
