"""What pages see of the signals agrees with what went in."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wearaffect.clinic.console.lights import Lights
from wearaffect.clinic.console.screen import Screen
from wearaffect.clinic.sitting.checks import Light
from wearaffect.core.streams import (
    Channel,
    Gap,
    LossEvidence,
    SignalChunk,
    SignalKind,
    StreamInfo,
)
from wearaffect.core.timebase import samples_ns
from wearaffect.core.units import Unit
from wearaffect.physiology.participant import SENSORS, ParticipantSettings, simulate_participant

_S = 10**9
_START = 5 * _S
_EDA = StreamInfo(
    "w.eda",
    SignalKind.EDA,
    (Channel("eda", Unit.MICROSIEMENS),),
    4.0,
    device="w",
    loss_evidence=LossEvidence.COUNTER,
)


def _eda(first: int, values: list[float], lost: int = 0) -> SignalChunk:
    data = np.array(values, np.float32)[:, None]
    start_ns = _START + samples_ns(first, 4.0)
    return SignalChunk(_EDA, data, start_ns, device_counter=first, n_lost=lost)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), min_size=1, max_size=30))
def test_gaps_and_envelope_are_those_of_the_samples(
    pieces: list[tuple[int, int]],
) -> None:
    screen = Screen()
    screen.start([_EDA], _START)
    rng = np.random.default_rng(len(pieces))
    whole: dict[int, float] = {}
    at, holes = 0, 0
    for i, (missing, n) in enumerate(pieces):
        lost = missing if i else 0
        at += lost
        holes += lost > 0
        values = rng.normal(size=n).astype(np.float32).tolist()
        whole |= dict(zip(range(at, at + n), values, strict=True))
        screen.chunk(_eda(at, values, lost), 0)
        at += n
    assert screen.n_gaps == holes
    (row,) = screen.overview(10_000)["streams"]
    for second in range(-(-at // 4)):
        inside = [v for k, v in whole.items() if k // 4 == second]
        expected = (min(inside), max(inside)) if inside else (None, None)
        assert (row["low"][second], row["high"][second]) == expected


def test_a_gap_that_was_told_is_not_found_again() -> None:
    screen = Screen()
    screen.start([_EDA], _START)
    screen.chunk(_eda(0, [1.0] * 4), 0)
    screen.event(Gap("w.eda", _START + _S, _START + 3 * _S, None, "reboot"))
    screen.chunk(_eda(12, [1.0] * 4), 0)
    assert screen.n_gaps == 1
    assert screen.gaps[0].reason == "reboot"


@pytest.mark.parametrize("points", [1, 3, 7, 1000])
def test_a_coarser_overview_holds_the_same_extremes(points: int) -> None:
    screen = Screen()
    screen.start([_EDA], _START)
    values = np.random.default_rng(0).normal(size=401).astype(np.float32)
    screen.chunk(_eda(0, values.tolist()), 0)
    found = screen.overview(points)
    (row,) = found["streams"]
    assert len(row["low"]) <= points
    assert min(row["low"]) == pytest.approx(values.min())
    assert max(row["high"]) == pytest.approx(values.max())


def _worn(kind: SignalKind, seconds: float) -> list[SignalChunk]:
    recording = simulate_participant(ParticipantSettings(seed=2), seconds)
    sensor = SENSORS[kind]
    info = StreamInfo(f"w.{kind}", kind, sensor.channels, sensor.sampling_rate, device="w")
    data = np.asarray(recording.signals[kind], np.float32).reshape(-1, len(sensor.channels))
    n = int(sensor.sampling_rate)
    return [
        SignalChunk(info, data[i : i + n], _START + samples_ns(i, info.rate_hz))
        for i in range(0, len(data), n)
    ]


def test_a_light_is_green_on_the_skin_and_says_what_is_wrong_off_it() -> None:
    chunks = _worn(SignalKind.EDA, 60.0)
    lights = Lights([chunks[0].info], _START)
    assert lights.checks(_START)["w.eda"] is None, "too early to say"
    for chunk in chunks[:30]:
        lights.push(chunk)
    good = lights.checks(_START + 30 * _S)["w.eda"]
    assert good is not None
    assert good.light is Light.OK
    for chunk in chunks[30:]:
        lights.push(chunk.with_data(np.zeros_like(chunk.data)))
    bad = lights.checks(_START + 60 * _S)["w.eda"]
    assert bad is not None
    assert bad.light is Light.BAD
    assert bad.advice
    silent = lights.checks(_START + 66 * _S)["w.eda"]
    assert silent is not None
    assert silent.reasons == ("missing",)


def test_streams_that_no_window_takes_are_judged_by_whether_they_come() -> None:
    ecg = StreamInfo("w.ecg", SignalKind.ECG, (Channel("ecg", Unit.MILLIVOLT),), 130.0, device="w")
    second = StreamInfo("w.eda2", SignalKind.EDA, _EDA.channels, 4.0, device="w")
    lights = Lights([_EDA, ecg, second], _START)
    for info in (ecg, second):
        n = int(info.rate_hz)
        lights.push(SignalChunk(info, np.ones((n, 1), np.float32), _START))
    found = lights.checks(_START + 2 * _S)
    assert [c and c.light for c in found.values()] == [None, Light.OK, Light.OK]
    assert all(c and c.light is Light.BAD for c in lights.checks(_START + 30 * _S).values())


def test_a_leap_of_a_day_is_not_walked_through() -> None:
    chunks = _worn(SignalKind.EDA, 60.0)
    info = chunks[0].info
    day_ns = 86_400 * _S
    lights = Lights([info], _START)
    for chunk in chunks[:5]:
        lights.push(chunk)
    seen = []
    chain_of = lights._benches[0]
    for chunk in chunks:
        leapt = SignalChunk(info, chunk.data, chunk.start_ns + day_ns)
        lights.push(leapt)
        seen.append(chain_of._chain)
    assert len({id(chain) for chain in seen}) == 1, "it began anew once"
    light = lights.checks(_START + day_ns + 60 * _S)["w.eda"]
    assert light is not None
    assert light.light is Light.OK
