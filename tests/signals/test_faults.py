"""Faults of samples: each within two seconds of its onset, the same for any chunking."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from signal_pieces import cut_up, info

from wearaffect.core.streams import SignalChunk, SignalKind
from wearaffect.core.windows import WindowSpec
from wearaffect.physiology.participant import SENSORS, ParticipantSettings, simulate_participant
from wearaffect.signals.chain import Chain, ChainSettings
from wearaffect.signals.faults import Fault, FaultFinder

EDA, BVP, ACC, TEMP = SignalKind.EDA, SignalKind.BVP, SignalKind.ACC, SignalKind.TEMP
RATES = {EDA: 4.0, BVP: 64.0, ACC: 32.0, TEMP: 4.0}
ONSET_S = 40.3


def off_skin(kind, data, first):
    data[first:] = {EDA: 0.01, TEMP: 15.0}[kind] + 0.001 * np.arange(len(data) - first)[:, None]


def stuck(_kind, data, first):
    data[first:] = data[first]


def clipped(kind, data, first):
    data[first:] = {EDA: 80.0, ACC: 128}[kind]


def lost_contact(_kind, data, first):
    data[first:] *= 0.6


def crackling(_kind, data, first):
    data[first::2] += 4.0


def missing(_kind, data, first):
    data[first:] = np.nan


CASES = [
    (EDA, off_skin, "off_skin"), (TEMP, off_skin, "off_skin"),
    (EDA, stuck, "flat"), (BVP, stuck, "flat"),
    (EDA, clipped, "clipped"), (ACC, clipped, "clipped"),
    (EDA, lost_contact, "loose"), (EDA, crackling, "noise"),
    *((kind, missing, "gap") for kind in RATES),
]  # fmt: skip


@pytest.fixture(scope="module")
def signals():
    recorded = simulate_participant(ParticipantSettings(seed=4), 80).signals
    return {kind: np.asarray(recorded[kind]) for kind in RATES}


def stream_of(kind):
    sensor = SENSORS[kind]
    return info(kind, RATES[kind], width=len(sensor.channels), unit=sensor.channels[0].unit)


def lights(signals, kind, spoil):
    """What a clinician would see beside the stream, every quarter of a second."""
    chain = Chain(ChainSettings(WindowSpec(4, 0.25)))
    for k, whole in signals.items():
        data = whole.copy()
        if k == kind:
            spoil(kind, data, int(np.ceil(ONSET_S * RATES[k])))
        chain.push(SignalChunk(stream_of(k), data))
    return {w.end_s: w.quality[kind].latest for w in chain.advance(80 * 10**9) if kind in w.quality}


@pytest.mark.parametrize(("kind", "spoil", "reason"), CASES)
def test_a_fault_is_named_within_two_seconds_and_not_before(signals, kind, spoil, reason):
    before, after = [], []
    for end_s, latest in lights(signals, kind, spoil).items():
        (after if end_s > ONSET_S else before).append((end_s, reason in latest))
    assert not any(lit for _, lit in before)
    first_s = next(end_s for end_s, lit in after if lit)
    assert first_s - ONSET_S <= 2.0


def test_movement_lights_up_beside_pulse_and_conductance(signals):
    def shaken(_kind, data, first):
        data[first:, 0] += 64 * np.sin(np.arange(len(data) - first) * 2 * np.pi * 3 / 32)

    chain = Chain(ChainSettings(WindowSpec(10, 0.25)))
    for kind, whole in signals.items():
        data = whole.copy()
        if kind == ACC:
            shaken(kind, data, int(ONSET_S * 32))
        chain.push(SignalChunk(stream_of(kind), data))
    lit = {w.end_s: "motion" in w.quality[BVP].latest for w in chain.advance(80 * 10**9)}
    first_s = min(end_s for end_s, on in lit.items() if on)
    assert 0 < first_s - ONSET_S <= 2.0


def test_a_pulse_that_is_lost_lights_up(signals):
    chain = Chain(ChainSettings(WindowSpec(10, 0.25)))
    for kind, whole in signals.items():
        data = whole.copy()
        if kind == BVP:
            noise = np.random.default_rng(0).standard_normal(data[int(ONSET_S * 64) :].shape)
            data[int(ONSET_S * 64) :] = 3.0 * noise
        chain.push(SignalChunk(stream_of(kind), data))
    lit = {w.end_s: "few_beats" in w.quality[BVP].latest for w in chain.advance(80 * 10**9)}
    after = [end_s for end_s, on in lit.items() if on and end_s > ONSET_S]
    assert min(after) - ONSET_S <= 2.5  # two seconds without an accepted interval, and a hop
    assert not any(on for end_s, on in lit.items() if end_s <= ONSET_S)


@pytest.mark.parametrize("kind", list(RATES))
def test_a_good_signal_lights_nothing(signals, kind):
    shown = lights(signals, kind, lambda *_: None)
    assert not any(shown.values())


@given(
    sizes=st.lists(st.integers(0, 50), min_size=1, max_size=6).filter(lambda s: sum(s) >= 4),
    seed=st.integers(0, 5),
)
def test_any_chunking_gives_the_same_flags(sizes, seed):
    rng = np.random.default_rng(seed)
    level = np.repeat(rng.choice([0.02, 0.5, 3.0, 70.0, np.nan], 60), rng.integers(1, 12, 60))
    stream = info(EDA, 4.0)
    whole = FaultFinder(stream)(SignalChunk(stream, level[:, None]))
    finder = FaultFinder(stream)
    parts = [finder(chunk) for chunk in cut_up(stream, level, sizes)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert (whole & Fault.FLAT).any()


@pytest.mark.parametrize("kind", list(RATES))
def test_live_chunks_flag_a_stuck_sensor_as_a_file_does(kind):
    stream = stream_of(kind)
    rng = np.random.default_rng(1)
    data = rng.random((round(70 * RATES[kind]), len(stream.channels)))
    data[len(data) // 3 :] = data[0]
    whole = FaultFinder(stream)(SignalChunk(stream, data))
    finder = FaultFinder(stream)
    live = [finder(chunk) for chunk in cut_up(stream, data, [round(RATES[kind] / 4)])]
    np.testing.assert_array_equal(np.concatenate(live), whole)
    assert whole[-1] & Fault.FLAT
    assert not (whole[: len(data) // 3] & Fault.FLAT).any()


@pytest.mark.parametrize("kind", list(RATES))
def test_what_no_sensor_reads_is_flagged_in_silence(kind):
    stream = stream_of(kind)
    data = np.zeros((8, len(stream.channels)))
    data[1:, 0] = [np.inf, -np.inf, np.inf, np.nan, 3e38, -3e38, 3e38]
    flags = FaultFinder(stream)(SignalChunk(stream, data))
    assert ((flags & Fault.GAP) > 0).tolist() == [False, *[True] * 4, *[False] * 3]


def test_after_a_gap_nothing_is_remembered():
    stream = info(EDA, 4.0)
    finder = FaultFinder(stream)
    finder(SignalChunk(stream, np.full((20, 1), 2.0)))
    late = finder(SignalChunk(stream, np.full((4, 1), 1.0), 60 * 10**9))
    assert not late.any()  # neither stuck nor fallen by half
