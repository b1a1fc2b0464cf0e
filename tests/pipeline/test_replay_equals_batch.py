"""The promise: live, its journal read again, and the recording itself give the same answers."""

from dataclasses import replace

import pytest
from cut_sessions import shortened
from pipeline_parts import HeldBack, Notes, worst_difference

from wearaffect.bundle.estimator import NO_REST
from wearaffect.bundle.model import ModelBundle
from wearaffect.core.affect import AffectEstimate
from wearaffect.core.streams import SignalChunk, SignalKind, Watermark
from wearaffect.devices.drivers.replay import ReplayDevice
from wearaffect.pipeline.live import run_live
from wearaffect.pipeline.offline import analyze
from wearaffect.recording.journal import JournalWriter, read_topic
from wearaffect.recording.opening import open_session
from wearaffect.recording.session import RecordedStream
from wearaffect.signals.enrolment import RestInterval

REST = RestInterval(60.0, 360.0)
TOLERANCE = 1e-6  # the graph in batches of another size; everything before it is the same bits


@pytest.fixture(scope="module")
def bundle(tiny_bundle):
    return ModelBundle(tiny_bundle)


@pytest.fixture(scope="module")
def example(example_recording):
    return open_session(example_recording)


def live(device, bundle, *sinks, rest=REST):
    return run_live([device], bundle, sinks, rest=rest)


def offline(session, bundle, rest=REST):
    return list(analyze(session, bundle, rest=rest).outcomes)


def journal(tmp_path):
    return JournalWriter(tmp_path / "session", participant="P-01")


@pytest.mark.parametrize("until_s", [900.0, pytest.param(9000.0, marks=pytest.mark.slow)])
def test_the_shipped_recording(example, bundle, tmp_path, until_s):
    """A quarter of an hour, and all of it, with a rest; ragged and late as a radio is."""
    session = shortened(example, until_s)
    expected = offline(session, bundle)
    kinds = {type(outcome) for outcome in expected}
    assert len(expected) >= 169
    assert len(kinds) == 2
    sink = Notes()
    got = live(ReplayDevice(session, speed=0), bundle, journal(tmp_path), sink)
    assert worst_difference(got, expected) <= TOLERANCE
    assert sink.outcomes == got
    again = open_session(tmp_path / "session")
    assert again.problems == ()
    assert worst_difference(offline(again, bundle), got) <= TOLERANCE
    written = read_topic(tmp_path / "session", "estimates")
    assert len(written) == len(got)


@pytest.mark.parametrize("seed", [2, 3])
def test_another_radio_another_raggedness_the_same_answers(example, bundle, seed):
    session = shortened(example, 500)
    got = live(ReplayDevice(session, speed=0, seed=seed), bundle)
    assert worst_difference(got, offline(session, bundle)) <= TOLERANCE


def test_a_replayed_journal_of_a_replay(example, bundle, tmp_path):
    """The journal is a recording like any other: played back, it gives the same again."""
    session = shortened(example, 500)
    expected = live(ReplayDevice(session, speed=0), bundle, journal(tmp_path))
    again = open_session(tmp_path / "session")
    assert worst_difference(live(ReplayDevice(again, speed=0), bundle), expected) <= TOLERANCE


@pytest.mark.data
def test_twenty_minutes_of_another_person(data_root, bundle, tmp_path):
    session = shortened(open_session(data_root / "wesad" / "S2" / "S2_E4_Data.zip"), 1200)
    expected = offline(session, bundle)
    assert sum(isinstance(outcome, AffectEstimate) for outcome in expected) > 100
    got = live(ReplayDevice(session, speed=0), bundle, journal(tmp_path))
    assert worst_difference(got, expected) <= TOLERANCE
    again = offline(open_session(tmp_path / "session"), bundle)
    assert worst_difference(again, got) <= TOLERANCE


@pytest.mark.parametrize(
    "ends",
    [
        {"eda": 398.3},  # a little shorter, as every export is
        {"bvp": 360.0, "acc": 371.5},  # shorter by more than live waits
        {"eda": 405.0, "temp": 405.25},  # two end just past a border of windows
        {"hr": 450.0},  # a stream that the chain doesn't take goes on
        {"hr": 450.0, "eda": 200.0},
    ],
    ids=str,
)
def test_channels_that_end_at_different_times(example, bundle, tmp_path, ends):
    session = shortened(example, 400, **ends)
    expected = offline(session, bundle)
    longest = max([400.0, *(end for kind, end in ends.items() if kind != "hr")])
    assert expected[-1].end_s == longest // 5 * 5
    got = live(ReplayDevice(session, speed=0), bundle, journal(tmp_path))
    assert worst_difference(got, expected) <= TOLERANCE
    again = offline(open_session(tmp_path / "session"), bundle)
    assert worst_difference(again, got) <= TOLERANCE


@pytest.mark.parametrize("seed", range(8))
def test_an_end_between_two_nanoseconds(example, bundle, seed):
    """At 130 Hz a minute is whole, though hardly any sample falls on a nanosecond."""
    stream = example.require(SignalKind.BVP)
    info = replace(stream.info, sampling_rate=130.0)
    data = SignalChunk(info, stream.segments[0].data[: 130 * 65])
    session = replace(example, streams={info.id: RecordedStream(info, (data,))})
    expected = offline(session, bundle)
    assert [outcome.end_s for outcome in expected] == [60, 65]
    got = live(ReplayDevice(session, speed=0, seed=seed), bundle)
    assert worst_difference(got, expected) <= TOLERANCE


@pytest.mark.parametrize("rest", [None, RestInterval(0.0, 1000.0)])
def test_without_rest_all_of_them_say_so(example, bundle, tmp_path, rest):
    session = shortened(example, 300)
    expected = offline(session, bundle, rest)
    assert {outcome.reasons[0] for outcome in expected} == {NO_REST}
    got = live(ReplayDevice(session, speed=0), bundle, journal(tmp_path), rest=rest)
    assert worst_difference(got, expected) <= TOLERANCE


def test_windows_that_closed_without_a_late_stream_stay_so(example, bundle, tmp_path):
    """Conductance comes 20 s late: live has answered by then, and its journal says so."""
    session = shortened(example, 600)
    device = HeldBack(session, from_s=420.0, for_s=20.0, speed=0)
    got = live(device, bundle, journal(tmp_path))
    in_time = offline(session, bundle)
    assert [o.end_ns for o in got] == [o.end_ns for o in in_time]
    touched = [
        late.end_s
        for late, whole in zip(got, in_time, strict=True)
        if late.quality["eda"].score < whole.quality["eda"].score
    ]
    # those that ended while it was stuck (live waits 4 s), and no others: what came is used
    assert touched == [425.0, 430.0, 435.0]
    recorded = open_session(tmp_path / "session")
    assert any(isinstance(arrival, Watermark) for arrival in recorded.arrivals)
    assert worst_difference(offline(recorded, bundle), got) <= TOLERANCE
    # the recording itself is whole: only the order in which it came tells the two apart
    assert recorded.content_hash == session.content_hash
