"""Quality: every way to be bad has a name, and good signal has none."""

from dataclasses import replace

import numpy as np
import pytest
from signal_pieces import cut_up, info, time_of

from wearaffect.core.streams import SignalChunk, SignalKind
from wearaffect.core.windows import WindowSpec
from wearaffect.physiology.participant import SENSORS, ParticipantSettings, simulate_participant
from wearaffect.recording.opening import open_session
from wearaffect.recording.windows import windows_of
from wearaffect.signals.chain import Chain, ChainSettings
from wearaffect.signals.faults import FaultFinder
from wearaffect.signals.quality import quality_of
from wearaffect.signals.windowing import WindowAssembler

S = 10**9
EDA, BVP, ACC, TEMP = SignalKind.EDA, SignalKind.BVP, SignalKind.ACC, SignalKind.TEMP


def judged(kind, data):
    """Quality of a minute of raw samples that no filter has touched."""
    data = np.atleast_2d(np.asarray(data, np.float32))
    stream = info(kind, data.shape[1] / 60, width=len(data))
    chunk = SignalChunk(stream, data.T)
    assembler = WindowAssembler(WindowSpec(60, 60))
    assembler.push(chunk, FaultFinder(stream)(chunk))
    (batch,) = assembler.advance(60 * S)
    return quality_of(batch, None)[kind].of(0)


def wave(level, swing=0.5, count=240):
    return level + swing * np.sin(np.arange(count) / 20)


@pytest.mark.parametrize(
    ("kind", "data"),
    [(EDA, wave(2)), (BVP, wave(0, 50, 3840)), (TEMP, wave(33)),
     (ACC, np.stack([wave(0, 0.3, 1920), wave(0, 0.3, 1920), wave(1, 0.3, 1920)]))],
)  # fmt: skip
def test_good_signal_has_no_reasons(kind, data):
    quality = judged(kind, data)
    assert quality.score == 1.0
    assert quality.reasons == ()


@pytest.mark.parametrize("kind", [EDA, BVP, ACC, TEMP])
def test_flat_is_named_and_scores_nothing(kind):
    level = {EDA: 2.0, BVP: 0.0, ACC: 0.5, TEMP: 33.0}[kind]
    quality = judged(kind, np.full((3 if kind == ACC else 1, 3840), level))
    assert quality.score == pytest.approx({EDA: 1.5, BVP: 0.5, ACC: 30, TEMP: 30}[kind] / 60)
    assert quality.reasons == quality.latest == ("flat",)


@pytest.mark.parametrize(
    ("kind", "good", "bad", "reason"),
    [
        (EDA, 2.0, 0.02, "off_skin"),
        (EDA, 50.0, 61.0, "clipped"),
        (TEMP, 33.0, 19.0, "off_skin"),
        (TEMP, 33.0, 41.0, "off_skin"),
        (ACC, 0.5, 1.99, "clipped"),
        (ACC, 0.5, -1.99, "clipped"),
    ],
)
@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_bad_samples_are_named_and_cost_their_share(kind, good, bad, reason, share):
    data = np.tile(wave(good, 0.001), (3 if kind == ACC else 1, 1))
    at_the_end_of_its_range = kind == ACC
    swing = 0.0 if at_the_end_of_its_range else 0.001
    data[-1, : int(240 * share)] = wave(bad, swing)[: int(240 * share)]
    quality = judged(kind, data)
    assert reason in quality.reasons
    assert quality.score == pytest.approx(1 - share, abs=0.02)


def test_jumps_of_conductance_are_noise():
    level = wave(5.0)
    level[::4] += 3.0  # 12 µS/s up and down, half of the steps
    quality = judged(EDA, level)
    assert quality.reasons == ("noise",)
    assert quality.score == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("kind", [EDA, TEMP])
def test_a_gap_is_named_and_costs_its_share(kind):
    data = wave(33 if kind == TEMP else 2)
    data[60:120] = np.nan
    assert judged(kind, data) == replace(judged(kind, data), score=0.75, reasons=("gap",))
    data[60:70] = 25.0
    data[70:230] = np.nan
    assert judged(kind, data).reasons[0] == "gap"
    # a tenth is not worth a word
    data = wave(33 if kind == TEMP else 2)
    data[:20] = np.nan
    assert judged(kind, data).reasons == ()


def test_the_worst_reason_comes_first():
    data = wave(2)
    data[:60] = np.nan
    data[60:200] = wave(0.01, 0.005)[60:200]
    assert judged(EDA, data).reasons == ("off_skin", "gap")
    assert judged(EDA, np.full(240, 0.01)).reasons[0] in {"flat", "off_skin"}


def from_participant(spoil):
    """Quality of each window of five minutes in which something is spoilt from 120 to 180 s."""
    recorded = simulate_participant(ParticipantSettings(seed=5), 300)
    chain = Chain(ChainSettings(WindowSpec(60, 60)))
    for kind, sensor in SENSORS.items():
        stream = info(kind, sensor.sampling_rate, width=len(sensor.channels),
                      unit=sensor.channels[0].unit)  # fmt: skip
        data = recorded.signals[kind].copy()
        first, last = int(120 * sensor.sampling_rate), int(180 * sensor.sampling_rate)
        for chunk in spoil(kind, stream, data, first, last):
            chain.push(chunk)
    return [window.quality for window in chain.advance(300 * S)]


def untouched(kind, stream, data, first, last):
    return [SignalChunk(stream, data)]


def test_a_participant_at_rest_is_good():
    for quality in from_participant(untouched):
        assert set(quality) == {EDA, BVP, ACC, TEMP}
        assert all(q.score > 0.85 for q in quality.values())


def test_a_lost_minute_is_absent_and_its_neighbours_are_whole():
    def lose(kind, stream, data, first, last):
        return [
            *cut_up(stream, data[:first], [50]),
            *cut_up(stream, data[last:], [50], time_of(last, stream.sampling_rate)),
        ]

    qualities = from_participant(lose)
    assert [set(q) for q in qualities] == [{EDA, BVP, ACC, TEMP}] * 2 + [set()] + [
        {EDA, BVP, ACC, TEMP}
    ] * 2
    assert all("gap" not in q[kind].reasons for q in (qualities[1], qualities[3]) for kind in q)


def test_a_sensor_off_the_skin_is_named():
    def lift(kind, stream, data, first, last):
        if kind == EDA:
            data[first:last] *= 1e-3
        if kind == TEMP:
            data[first:last] = 19 + 0.1 * np.random.default_rng(0).random((last - first, 1))
        if kind == BVP:
            data[first:last] = np.random.default_rng(0).normal(0, 0.02, (last - first, 1))
        return [SignalChunk(stream, data)]

    quality = from_participant(lift)[2]
    assert quality[EDA].reasons[0] == "off_skin"
    assert quality[TEMP].reasons[0] == "off_skin"
    assert quality[BVP].reasons[0] == "few_beats"
    assert max(quality[kind].score for kind in (EDA, TEMP)) < 0.1
    assert quality[BVP].score < 0.6


def test_a_pulse_that_stands_still_has_few_beats():
    def hold(kind, stream, data, first, last):
        if kind == BVP:
            data[first:last] = data[first]
        return [SignalChunk(stream, data)]

    qualities = from_participant(hold)
    assert qualities[2][BVP].reasons[0] in {"flat", "few_beats"}
    assert qualities[2][BVP].score == 0.0  # a filter that rings and rounds has no heart
    assert qualities[4][BVP].score > 0.85


@pytest.mark.parametrize("kind", [EDA, TEMP])
def test_a_sensor_that_repeats_itself_is_flat(kind):
    def hold(this, stream, data, first, last):
        if this == kind:
            data[first // 2 :] = data[first // 2]
        return [SignalChunk(stream, data)]

    scores = [quality[kind] for quality in from_participant(hold)]
    assert [q.reasons for q in scores[3:]] == [("flat",)] * 2
    assert "flat" not in scores[0].reasons


def test_the_shipped_recording_is_good_where_it_is_worn(example_recording):
    session = open_session(example_recording)
    scores = [w.quality for w in windows_of(session, Chain(ChainSettings()))]
    assert np.mean([q[EDA].score > 0.9 for q in scores]) > 0.9
    assert np.mean([q[BVP].score > 0.5 for q in scores]) > 0.7


@pytest.mark.data
def test_a_wristband_that_starts_up_spoils_nothing(data_root):
    """The first temperatures read 382 degC and the first conductance 0: missing, not extreme."""
    session = open_session(data_root / "wesad" / "S2" / "S2_E4_Data.zip")
    assert any("start-up" in repair for repair in session.repairs)
    first = next(windows_of(session, Chain(ChainSettings(), origin_ns=session.start_ns)))
    assert first.quality[TEMP].score > 0.97
    # the electrodes settle: real jumps of contact, but neither flat nor off the skin
    assert first.quality[EDA].score > 0.85
    assert set(first.quality[EDA].reasons) <= {"loose", "motion"}
    assert 20 < np.nanmin(first.signals[TEMP].data) <= np.nanmax(first.signals[TEMP].data) < 40
    assert np.isnan(first.signals[TEMP].data[0, :4]).all()
    assert abs(first.features["temp_slope"]) < 2
