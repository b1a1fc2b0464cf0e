"""From packets to a recording: whatever the link does, the content is that of the clean list."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reception_parts import MS, Reception, S, Wearable, source

from wearaffect.core.errors import DecodeError
from wearaffect.core.streams import LossEvidence, SignalChunk
from wearaffect.recording.journal import JournalWriter
from wearaffect.recording.opening import open_session

FATES = ["came"] * 12 + ["lost", "damaged", "twice", "damaged, then came", "late"]


def recorded(folder, made, steps, end_ns):
    """Give the session, and its account, of what a link did: triples of time, packet, and fate."""
    reception = Reception(made)
    writer = JournalWriter(folder, participant="P-01")
    writer.start([made.info], 1000 * S)

    def write(items, at_ns):
        for item in items:
            if isinstance(item, SignalChunk):
                writer.chunk(item, at_ns)
            else:
                writer.event(item)

    for at_ns, packet, whole in steps:
        if whole:
            write(reception.take(packet, at_ns), at_ns)
        else:
            claim = DecodeError(
                "x:", "CRC", stream=packet.stream_id, counter=packet.counter, n_samples=16
            )
            reception.damaged(claim, at_ns)
    write(reception.finish(end_ns), end_ns)
    writer.close()
    account = json.loads((folder / "session.json").read_text())["streams"][made.info.id]
    return open_session(folder), account


@given(
    fates=st.lists(
        st.tuples(st.sampled_from(FATES), st.integers(0, 240), st.integers(0, 240)), max_size=40
    ),
    # at most 40 packets of 16 go missing, which is less than half of any of these
    modulus=st.sampled_from([2**11, 256 * 16, 2**16, 2**32]),
    begin=st.integers(0, 400),
    clock=st.booleans(),
)
@settings(max_examples=60)
def test_the_content_is_that_of_the_clean_list_less_the_counted_gaps(
    tmp_path_factory, fates, modulus, begin, clock
):
    wearable = Wearable(
        source(counter=modulus), count=modulus - begin, clock_ns=0 if clock else None
    )
    steps, came, damaged, late = [], {0}, set(), set()
    for k, (fate, delay_ms, again_ms) in enumerate([("came", 0, 0), *fates]):
        packet, at_ns = wearable.packet(k), wearable.ready_ns(k) + delay_ms * MS
        if fate == "late":
            # where the next packet was on time, the hole is closed by then
            steps.append((at_ns + 300 * MS, packet, True))
            late.add(k)
        elif fate != "lost":
            steps.append((at_ns, packet, "damaged" not in fate))
        if fate in ("twice", "damaged, then came"):
            steps.append((wearable.ready_ns(k) + again_ms * MS, packet, True))
        if fate == "damaged":
            damaged.add(k)
        elif fate != "lost":
            came.add(k)
    steps.sort(key=lambda step: step[0])
    folder = tmp_path_factory.mktemp("messy") / "s"
    session, account = recorded(folder, wearable.made, steps, 2000 * S)

    stream = session.streams["d.ppg"]
    times, data = stream.samples()
    belated = [x.chunk for x in session.late]
    expected = np.concatenate([np.arange(16 * k, 16 * k + 16) for k in sorted(came)])
    got = np.concatenate([data[:, 0], *(chunk.data[:, 0] for chunk in belated)])
    np.testing.assert_array_equal(np.sort(got), expected)
    assert (np.diff(data[:, 0]) > 0).all()
    assert (np.diff(times) > 0).all()
    assert {int(v) // 16 for c in belated for v in c.data[:, 0]} <= late

    span = range(min(came), max(came) + 1)
    n_damaged = 16 * len(damaged & set(span))
    assert account == {
        "loss_evidence": "counter",
        "expected": 16 * len(span),
        "stored": len(expected),
        "lost_in_gaps": 16 * len(span) - len(expected) - n_damaged,
        "damaged": n_damaged,
    }
    in_gaps = sum(gap.n_lost for gap in stream.gaps) - sum(map(len, belated))
    assert in_gaps == account["lost_in_gaps"] + account["damaged"]
    assert [piece.reason for piece in session.clock if piece.reason != "drift"] == ["start"]
    assert session.problems == ()


@pytest.mark.parametrize("evidence", list(LossEvidence))
def test_what_can_be_proved_stands_in_the_account(tmp_path, evidence):
    counted = evidence is LossEvidence.COUNTER
    made = source(evidence, counter=2**16 if counted else None)
    clock_ns = 5 * S if evidence is LossEvidence.DEVICE_CLOCK else None
    wearable = Wearable(made, count=0 if counted else None, clock_ns=clock_ns)
    steps = [
        (wearable.ready_ns(k), wearable.packet(k), True) for k in range(100) if k not in (30, 31)
    ]
    session, account = recorded(tmp_path / "s", made, steps, 2000 * S)
    assert account["stored"] == session.streams["d.ppg"].n_samples == 98 * 16
    provable = evidence is not LossEvidence.NONE
    assert account["expected"] == (1600 if provable else None)
    assert account["lost_in_gaps"] == (32 if provable else 0)


def test_a_reboot_doesnt_upset_the_account(tmp_path):
    made = source()
    before, after = Wearable(made, count=0), Wearable(made, count=0, boot_ns=1010 * S)
    # a second device whose count is higher than the one that was due
    other = Wearable(made, count=40_000, boot_ns=1020 * S)
    steps = [
        (device.ready_ns(k), device.packet(k, value), True)
        for value, device in enumerate((before, after, other))
        for k in range(100)
    ]
    session, account = recorded(tmp_path / "s", made, steps, 1026 * S)
    assert account["expected"] == account["stored"] == 4800
    gaps = session.streams["d.ppg"].gaps
    assert [gap.n_lost for gap in gaps] == [None, None]
    assert [piece.reason for piece in session.clock if piece.reason != "drift"] == [
        "start", "reboot", "reboot",
    ]  # fmt: skip
