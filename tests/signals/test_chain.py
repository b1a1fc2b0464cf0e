"""The chain: the same bits however its input comes, and rest that doesn't look ahead."""

from dataclasses import replace
from functools import cache
from itertools import cycle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from signal_pieces import cut_up, info, time_of

from wearaffect.core.errors import (
    EnrolmentError,
    SamplingRateError,
    SignalError,
    StreamOrderError,
    UnitError,
)
from wearaffect.core.streams import SignalChunk, SignalKind
from wearaffect.core.units import Unit
from wearaffect.core.windows import WindowSpec
from wearaffect.physiology.participant import SENSORS, ParticipantSettings, simulate_participant
from wearaffect.signals.chain import Chain, ChainSettings
from wearaffect.signals.enrolment import Enrolment, RestInterval
from wearaffect.signals.features import FEATURES, LIVE_FEATURES
from wearaffect.signals.filters import BandSettings

S = 10**9
EDA, BVP, ACC, TEMP = SignalKind.EDA, SignalKind.BVP, SignalKind.ACC, SignalKind.TEMP
SPEC = WindowSpec(20, 5)
SETTINGS = ChainSettings(SPEC)
ORIGIN = 5 * S + 1
STREAMS = {kind: info(kind, SENSORS[kind].sampling_rate, width=3 if kind == ACC else 1)
           for kind in (EDA, BVP, ACC, TEMP)}  # fmt: skip

WHOLE = dict.fromkeys(STREAMS, (10**6,))


@cache
def sitting(duration_s=60, seed=3):
    """Samples by kind, in the chain's units, with a few that never came."""
    recorded = simulate_participant(ParticipantSettings(seed=seed), duration_s).signals
    signals = {kind: recorded[kind] / np.float32(64 if kind == ACC else 1) for kind in STREAMS}
    signals[BVP] = signals[BVP][: -int(64 * 1.7)]  # channels of a sitting end at different times
    signals[EDA][30:37] = np.nan
    signals[ACC][700:705, 1] = np.nan
    return signals


def pieces(kind, sizes, lost=(90, 130)):
    """Chunks of one stream; temperature has lost a stretch."""
    data = sitting()[kind]
    stream = STREAMS[kind]
    if kind != TEMP:
        return cut_up(stream, data, sizes, ORIGIN)
    rest = cut_up(stream, data[lost[1] :], sizes, time_of(lost[1], 4.0, ORIGIN))
    return [*cut_up(stream, data[: lost[0]], sizes, ORIGIN), *rest]


def windows_from(sizes, order, decide, rest=None):
    """Windows of chunks that come interleaved, closed whenever `decide` says so."""
    chain = Chain(SETTINGS, origin_ns=ORIGIN, rest=rest)
    waiting = {kind: pieces(kind, sizes[kind]) for kind in STREAMS}
    found, turns, decisions = [], cycle(order), cycle(decide)
    while any(waiting.values()):
        left = [kind for kind in STREAMS if waiting[kind]]
        chain.push(waiting[left[next(turns) % len(left)]].pop(0))
        # what is complete: up to the next chunk of each stream that isn't used up
        complete = min((waiting[kind][0].start_ns for kind in STREAMS if waiting[kind]), default=0)
        if next(decisions) and complete > ORIGIN:
            found += chain.advance(complete)
    return [*found, *chain.advance(ORIGIN + 60 * S)], chain


def bits(windows):
    """Everything a window holds, so that two can be compared to the bit."""
    return [
        (
            (w.start_ns, w.end_ns, w.origin_ns),
            {k: (s.data.tobytes(), s.data.shape, s.coverage) for k, s in w.signals.items()},
            dict(w.quality),
            np.array(list(w.features.values())).tobytes(),
            list(w.features),
            w.rest,
        )
        for w in windows
    ]


@cache
def at_once():
    return bits(windows_from(WHOLE, [0], [False])[0])


_SIZES = st.lists(st.integers(0, 200), min_size=1, max_size=6).filter(lambda s: sum(s) >= 8)


@given(
    sizes=st.fixed_dictionaries(dict.fromkeys(STREAMS, _SIZES)),
    order=st.lists(st.integers(0, 3), min_size=1, max_size=9),
    decide=st.lists(st.booleans(), min_size=1, max_size=5),
)
def test_any_chunking_and_interleaving_gives_the_same_bits(sizes, order, decide):
    windows, chain = windows_from(sizes, order, decide)
    assert bits(windows) == at_once()
    assert dict(chain.n_late) == {}


def test_windows_one_at_a_time_have_the_bits_of_windows_together():
    recorded = simulate_participant(ParticipantSettings(seed=8), 90)
    pieces = [SignalChunk(stream, recorded.signals[kind]) for kind, stream in STREAMS.items()]
    together, single = (
        Chain(ChainSettings(WindowSpec(20, 0.25))),
        Chain(ChainSettings(WindowSpec(20, 0.25))),
    )
    for chunk in pieces:
        together.push(chunk)
        single.push(chunk)
    many = together.advance(90 * 10**9)
    few = [w for i in range(1, 361) for w in single.advance(i * 10**9 // 4)]
    assert len(many) == len(few) == 281
    for a, b in zip(many, few, strict=True):
        assert a.quality == b.quality
        np.testing.assert_array_equal([*a.features.values()], [*b.features.values()])


def test_the_sitting_is_worth_comparing():
    windows, _ = windows_from(WHOLE, [0], [False])
    assert len(windows) == 9
    names = {name for w in windows for name, value in w.features.items() if np.isfinite(value)}
    assert names == {row.name for row in LIVE_FEATURES}
    assert {len(w.signals) for w in windows} == {4}
    assert any("gap" in w.quality[TEMP].reasons for w in windows)
    assert all(set(w.quality) == set(w.signals) for w in windows)


def rested(rest, *, chunk=10**6, duration_s=240):
    """Windows of four minutes with a rest, in pieces of a size, and the chain."""
    chain = Chain(SETTINGS, origin_ns=ORIGIN, rest=rest)
    data = sitting(duration_s)
    waiting = {k: cut_up(STREAMS[k], data[k], [chunk], ORIGIN) for k in STREAMS}
    found = []
    while any(waiting.values()):
        kind = min((k for k in STREAMS if waiting[k]), key=lambda k: waiting[k][0].start_ns)
        chain.push(waiting[kind].pop(0))
        found += chain.advance(min([w[0].start_ns for w in waiting.values() if w], default=0))
    return [*found, *chain.advance(ORIGIN + duration_s * S)], chain


def test_rest_is_known_from_its_end_on_and_not_before():
    windows, chain = rested(RestInterval(12.0, 150.0))
    enrolment = chain.enrolment
    before = [w for w in windows if w.end_s <= 150]
    after = [w for w in windows if w.end_s > 150]
    assert len(before) == 27
    assert len(after) == 18
    assert {w.rest for w in before} == {None}
    assert all(w.rest == enrolment.features for w in after)
    inside = [w for w in windows if w.start_s >= 12 and w.end_s <= 150]
    assert enrolment.n_windows == len(inside) == 24
    assert (enrolment.start_s, enrolment.end_s) == (12.0, 150.0)
    assert enrolment.chain_id == SETTINGS.id
    for name in FEATURES:
        values = [w.features[name] for w in inside if np.isfinite(w.features[name])]
        assert enrolment.features[name] == pytest.approx(sum(values) / len(values), rel=1e-12)


def test_rest_is_the_same_live_and_offline():
    whole, chain = rested(RestInterval(0, 120))
    in_pieces, same = rested(RestInterval(0, 120), chunk=3)
    assert bits(whole) == bits(in_pieces)
    assert chain.enrolment == same.enrolment
    plain, _ = rested(None)
    assert bits([replace(w, rest=None) for w in whole]) == bits(plain)


def test_a_rest_that_shows_nothing_is_no_rest():
    chain = Chain(SETTINGS, rest=RestInterval(0, 120))
    windows = list(chain.advance(200 * S))
    assert chain.enrolment is None
    assert {w.rest for w in windows} == {None}


def test_an_enrolment_taken_earlier_is_known_from_the_first_window(tmp_path):
    _, chain = rested(RestInterval(0, 120))
    unknown = replace(chain.enrolment, features=chain.enrolment.features | {"hr_sd": np.nan})
    for enrolment in (chain.enrolment, unknown):
        enrolment.save(tmp_path / "rest.json")
        back = Enrolment.load(tmp_path / "rest.json")
        np.testing.assert_equal(dict(back.features), dict(enrolment.features))
        assert replace(back, features={}) == replace(enrolment, features={})
        windows, _ = rested(back)
        assert all(w.rest == back.features for w in windows)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"schema": 2}', '{"schema": 1, "features": []}', "null", "\udcff",
     '{"schema": 1, "features": {"eda_level": "x"}, "n_windows": 1, "start_s": 0, "end_s": 1,'
     ' "chain_id": ""}'],
)  # fmt: skip
def test_a_file_that_is_no_enrolment_is_refused(tmp_path, text):
    path = tmp_path / "rest.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(EnrolmentError, match=r"rest\.json: not an enrolment"):
        Enrolment.load(path)
    with pytest.raises(EnrolmentError, match="not an enrolment"):
        Enrolment.load(tmp_path / "absent.json")


def test_an_enrolment_of_another_chain_is_refused():
    enrolment = Enrolment(dict.fromkeys(FEATURES, 0.0), 3, 0, 120, ChainSettings().id)
    with pytest.raises(EnrolmentError, match="another chain") as error:
        Chain(SETTINGS, rest=enrolment)
    assert (error.value.expected, error.value.got) == (SETTINGS.id, ChainSettings().id)


@pytest.mark.parametrize(
    ("start_s", "end_s"),
    [(0, 119.9), (100, 100), (200, 60), (-1, 300), (np.nan, 300), (0, np.nan), (0, np.inf)],
)
def test_a_rest_that_is_too_short_is_refused(start_s, end_s):
    with pytest.raises(EnrolmentError, match="at least 120 s"):
        RestInterval(start_s, end_s)


def test_rest_is_read_from_text():
    assert RestInterval.parse("60:360") == RestInterval(60.0, 360.0)
    for text in ("", "60", "60:", "a:b", "60:360:1", "60-360"):
        with pytest.raises(EnrolmentError, match="START:END"):
            RestInterval.parse(text)


def test_settings_survive_a_dictionary_and_their_id_tells_them_apart():
    bands = {EDA: BandSettings(high_hz=0.9), BVP: BandSettings(0.6, 7.0, 2)}
    others = [
        ChainSettings(WindowSpec(60, 10)),
        ChainSettings(WindowSpec(30, 5)),
        ChainSettings(bands=bands),
        ChainSettings(bands={EDA: BandSettings(high_hz=0.9)}),
    ]
    for settings in (ChainSettings(), *others):
        back = ChainSettings.from_dict(settings.as_dict())
        assert back == settings
        assert back.id == settings.id
    assert len({settings.id for settings in (ChainSettings(), *others)}) == 5


def test_a_second_stream_of_a_kind_is_refused_and_strange_kinds_pass():
    chain = Chain(SETTINGS)
    chain.push(SignalChunk(info(EDA, 4.0), np.ones((4, 1))))
    chain.push(SignalChunk(info(SignalKind.HR, 1.0, unit=Unit.BEATS_PER_MINUTE), np.ones((4, 1))))
    with pytest.raises(SignalError, match=r"other\.eda: a second eda stream"):
        chain.push(SignalChunk(info(EDA, 4.0, device="other"), np.ones((4, 1)), S))
    with pytest.raises(StreamOrderError):
        chain.push(SignalChunk(info(EDA, 4.0), np.ones((4, 1)), S // 2))


def test_units_that_measure_the_same_thing_are_converted():
    given_in = {EDA: (Unit.NANOSIEMENS, 1000), ACC: (Unit.GRAVITY_64TH, 64), TEMP: (None, 1)}
    plain, other = Chain(SETTINGS), Chain(SETTINGS)
    for kind, (unit, factor) in given_in.items():
        stream = info(kind, STREAMS[kind].sampling_rate, width=3 if kind == ACC else 1, unit=unit)
        data = sitting()[kind]
        plain.push(SignalChunk(STREAMS[kind], data))
        other.push(SignalChunk(stream, data * np.float32(factor)))
    for a, b in zip(plain.advance(40 * S), other.advance(40 * S), strict=True):
        np.testing.assert_allclose(list(b.features.values()), list(a.features.values()), rtol=1e-4)
        assert b.quality == a.quality
    wrong = info(TEMP, 4.0, unit=Unit.MICROSIEMENS)
    with pytest.raises(UnitError, match=r"t\.temp.*converts to degC, got uS"):
        plain.push(SignalChunk(wrong, np.ones((4, 1)), 100 * S))


def test_a_rate_that_does_not_hold_the_band_of_a_pulse_is_refused():
    with pytest.raises(SamplingRateError, match="too low"):
        Chain(SETTINGS).push(SignalChunk(info(BVP, 16.0), np.ones((4, 1))))
