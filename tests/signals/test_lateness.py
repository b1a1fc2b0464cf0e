"""The lateness rule: waits for the slowest, but not for ever."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from signal_pieces import info

from wearaffect.core.streams import Channel, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.units import Unit
from wearaffect.signals.lateness import LatenessRule

S = 10**9
EDA, BVP = info(SignalKind.EDA, 4.0), info(SignalKind.BVP, 64.0)
IBI = StreamInfo("t.ibi", SignalKind.IBI, (Channel("ibi", Unit.SECOND),), None)
STRANGER = info(SignalKind.TEMP, 4.0)


def seconds(stream, start_s, length_s=1):
    count = int(length_s * stream.sampling_rate)
    return SignalChunk(stream, np.zeros((count, 1)), int(start_s * S))


def test_it_waits_for_the_slowest_within_its_patience():
    rule = LatenessRule([EDA, BVP], 0, patience_s=4.0)
    assert rule.see(seconds(BVP, 0, 3)) == 0
    assert rule.see(seconds(EDA, 0, 2)) == 2 * S
    assert rule.see(seconds(BVP, 3, 2)) == 2 * S
    assert rule.see(seconds(BVP, 5, 5)) == 6 * S  # 10 s less the patience
    assert rule.see(seconds(EDA, 2, 1)) == 6 * S  # late: what is decided stays decided
    assert rule.see(seconds(EDA, 3, 6)) == 9 * S
    assert rule.finish() == 10 * S + 1  # ends are floored to the nanosecond


def test_a_stream_that_never_comes_holds_up_nothing_but_its_patience():
    rule = LatenessRule([EDA, BVP], 100 * S, patience_s=4.0)
    marks = [rule.see(seconds(BVP, 100 + i)) for i in range(20)]
    assert marks == [max(100, 100 + i + 1 - 4) * S for i in range(20)]


def test_irregular_strange_and_empty_chunks_decide_nothing():
    rule = LatenessRule([EDA, IBI], 0)
    beat = SignalChunk(IBI, np.ones((1, 1)), timestamps_ns=np.array([50 * S]))
    assert rule.see(beat) == 0
    assert rule.see(seconds(STRANGER, 0, 60)) == 0
    assert rule.see(seconds(EDA, 30, 0)) == 0
    assert rule.see(seconds(EDA, 0, 1)) == S
    assert LatenessRule([], 7).finish() == 8


@given(st.lists(st.tuples(st.sampled_from([EDA, BVP]), st.integers(0, 40)), max_size=30))
def test_it_never_falls_nor_passes_the_fastest(arrivals):
    rule = LatenessRule([EDA, BVP], 0)
    before, fastest = 0, 0
    for stream, start_s in arrivals:
        mark = rule.see(seconds(stream, start_s))
        fastest = max(fastest, (start_s + 1) * S)
        assert before <= mark <= fastest
        assert mark >= fastest - 4 * S
        before = mark
    assert rule.finish() == fastest + 1
