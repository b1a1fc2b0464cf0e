"""What the sink offers, as a reader that isn't ours sees it."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np
import pytest
from lsl_parts import EDA, NETWORK, RATE_HZ, SESSION, numbered, unique

from wearaffect.core.affect import Abstention, AffectEstimate
from wearaffect.core.errors import DeviceUriError
from wearaffect.core.events import DeviceNote, DeviceState, LateChunk
from wearaffect.core.streams import Channel, Gap, Marker, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.units import Unit
from wearaffect.devices.lsl.liblsl import host_minus_lsl_ns, open_liblsl
from wearaffect.devices.lsl.outlets import LslOutlets, open_outlets
from wearaffect.devices.sinks import open_sink

S = 1_000_000_000
HR = StreamInfo("band.hr", SignalKind.HR, (Channel("hr", Unit.BEATS_PER_MINUTE),), None)
ESTIMATE = AffectEstimate(
    0, 60 * S, {"baseline": 0.25, "stress": 0.75}, 0.75, eda_us=1.5, bundle_id="tiny", origin_ns=0
)
ABSTENTION = Abstention(0, 65 * S, ("eda: off_skin",), withheld=ESTIMATE)


class Reader:
    """pylsl as anybody uses it."""

    def __init__(self, source_id: str) -> None:
        self.lsl = open_liblsl(NETWORK, "test")
        (found,) = self.lsl.resolve_byprop("source_id", source_id, 1, 10.0)
        self.inlet = self.lsl.StreamInlet(found)
        self.info = self.inlet.info(10.0)
        self.inlet.open_stream(10.0)

    def rows(self, count: int) -> tuple[list, list[float]]:
        return self.inlet.pull_chunk(10.0, count)


@contextmanager
def offered(*streams: StreamInfo, labels: tuple[str, ...] = (), start_ns: int | None = None):
    prefix = unique()
    sink = open_sink(f"lsl:{prefix}?session={SESSION}", labels)
    assert isinstance(sink, LslOutlets)
    sink.start(streams, time.monotonic_ns() if start_ns is None else start_ns)
    try:
        yield sink, lambda name: Reader(f"{prefix}/{name}")
    finally:
        sink.close()


def test_samples_with_their_metadata_counter_and_host_time():
    with offered(EDA) as (sink, reader):
        eda = reader("band.eda")
        start_ns = time.monotonic_ns()
        sink.chunk(numbered(40, 3, start_ns), 0)
        rows, stamps = eda.rows(3)
    assert rows == [[40.0, 40.0], [41.0, 41.0], [42.0, 42.0]]
    exact = [start_ns / S + i / RATE_HZ for i in range(3)]
    assert stamps == pytest.approx(exact, abs=2e-9)
    assert (eda.info.name(), eda.info.type()) == ("band.eda", "EDA")
    assert eda.info.nominal_srate() == RATE_HZ
    assert eda.info.get_channel_labels() == ["eda", "counter"]
    assert eda.info.get_channel_units() == ["uS", "1"]
    assert eda.info.get_channel_types() == ["eda", "counter"]
    about = eda.info.desc().child("wearaffect")
    said = {key: about.child_value(key) for key in ("kind", "device", "body_site")}
    assert said == {"kind": "eda", "device": "band", "body_site": "wrist"}


def test_the_counter_is_ours_where_the_device_has_none_and_leaves_out_what_was_lost():
    with offered(EDA) as (sink, reader):
        eda = reader("band.eda")
        data = np.zeros((2, 1), np.float32)
        now_ns = time.monotonic_ns()
        sink.chunk(SignalChunk(EDA, data, now_ns), 0)
        sink.chunk(SignalChunk(EDA, data, now_ns + S, n_lost=5, n_damaged=1), 0)
        rows, _ = eda.rows(4)
    assert [row[1] for row in rows] == [0, 1, 8, 9]


def test_irregular_samples_keep_their_stamps():
    now_ns = time.monotonic_ns()
    times = np.array([now_ns, now_ns + 7, now_ns + 3 * S], np.int64)
    with offered(HR) as (sink, reader):
        hr = reader("band.hr")
        sink.chunk(SignalChunk(HR, np.full((3, 1), 60.0), timestamps_ns=times), 0)
        _, stamps = hr.rows(3)
    assert hr.info.nominal_srate() == 0
    assert [round(stamp * S) for stamp in stamps] == pytest.approx(times.tolist(), abs=2)


def test_waiting_for_readers():
    with offered(EDA) as (sink, reader):
        assert not sink.wait_for_readers(0.0)
        held = reader("markers")
        assert sink.wait_for_readers(10.0, "markers")
        assert not sink.wait_for_readers(0.0)  # nobody reads the others
        del held


def test_a_played_recording_begins_now():
    # its time line is that of the day it was made
    with offered(EDA, start_ns=10**18) as (sink, reader):
        eda = reader("band.eda")
        before = eda.lsl.local_clock()
        sink.chunk(numbered(0, 1, 10**18 + 2 * S), 0)
        _, (stamp,) = eda.rows(1)
    assert before - 20 < stamp - 2 <= before


def test_estimates_as_numbers_and_abstentions_without_any():
    with offered(labels=("baseline", "stress")) as (sink, reader):
        estimates = reader("estimates")
        sink.outcome(ESTIMATE)
        sink.outcome(ABSTENTION)
        rows, _ = estimates.rows(2)
        names = estimates.info.get_channel_labels()
    said, withheld = (dict(zip(names, row, strict=True)) for row in rows)
    assert said["stress"] == said["p_stress"] == 0.75
    assert said["p_baseline"] == 0.25
    assert (said["start_s"], said["end_s"], said["withheld"]) == (0, 60, 0)
    assert said["eda_us"] == 1.5
    assert math.isnan(said["valence"])
    assert (withheld["end_s"], withheld["withheld"]) == (65, 1)
    # what it would have said stays withheld
    assert all(math.isnan(withheld[name]) for name in names[3:])


def test_without_labels_the_first_estimate_brings_them():
    with offered() as (sink, reader):
        sink.outcome(ABSTENTION)
        sink.outcome(ESTIMATE)
        names = reader("estimates").info.get_channel_labels()
    assert names[-2:] == ["p_baseline", "p_stress"]


def test_notes_tell_reasons_gaps_and_states_and_markers_are_plain():
    with offered(EDA) as (sink, reader):
        notes, markers = reader("notes"), reader("markers")
        sink.outcome(ABSTENTION)
        sink.event(Gap("band.eda", 5, 9, 3, "lost"))
        sink.event(DeviceNote(7, "band", DeviceState.STALLED, {"silent_s": 2.5}))
        sink.event(Marker(time.monotonic_ns(), "fünf"))
        said = [json.loads(row[0]) for row in notes.rows(3)[0]]
        plain, _ = markers.rows(1)
    assert [note["type"] for note in said] == ["estimates", "gaps", "device"]
    assert said[0]["reasons"] == ["eda: off_skin"]
    assert "stress" not in said[0]
    assert said[1]["n_lost"] == 3
    assert said[2]["facts"] == {"silent_s": 2.5}
    assert plain == [["fünf"]]
    assert markers.info.type() == "Markers"


def test_features_are_named_by_the_first_and_missing_ones_are_nan():
    with offered() as (sink, reader):
        sink.features(time.monotonic_ns(), {"hr_median": 71.0, "scl": 2.0})
        features = reader("features")
        sink.features(time.monotonic_ns(), {"scl": 3.0})
        ((median, level),), _ = features.rows(1)
    assert features.info.get_channel_labels() == ["hr_median", "scl"]
    assert math.isnan(median)
    assert level == 3.0


def test_what_comes_too_late_is_counted_and_not_sent():
    with offered(EDA) as (sink, _):
        sink.chunk(numbered(10, 4, time.monotonic_ns()), 0)
        sink.event(LateChunk(numbered(0, 3, time.monotonic_ns())))
    assert [key.rpartition("/")[2] for key in sink.dropped] == ["band.eda"]
    assert sum(sink.dropped.values()) == 3
    assert sum(sink.sent.values()) == 4


READER = """
import sys
from wearaffect.devices.lsl.liblsl import LslNetwork, open_liblsl
lsl = open_liblsl(LslNetwork(session=sys.argv[1]), "test")
inlet = lsl.StreamInlet(lsl.resolve_byprop("source_id", sys.argv[2], 1, 10.0)[0], max_buflen=2)
inlet.open_stream(10.0)
print("open", flush=True)
sys.stdin.readline()
counts = []
while True:
    rows, _ = inlet.pull_chunk(2.0, 4096, min_samples=1)
    if not rows:
        break
    counts += [int(row[1]) for row in rows]
print(counts[-1], len(counts), sum(b - a - 1 for a, b in zip(counts, counts[1:])), counts[0])
"""


def test_a_reader_that_hangs_holds_nobody_up_and_sees_what_it_missed():
    with offered(EDA) as (sink, _):
        source = next(iter(sink._outlets.values())).get_info().source_id()
        reader = subprocess.Popen(
            [sys.executable, "-c", READER, SESSION, source],
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        reader.send_signal(signal.SIGSTOP)
        total, now_ns = 1000 * 256, time.monotonic_ns()
        for number in range(1000):  # far more than liblsl, the kernel and the reader hold
            sink.chunk(numbered(number * 256, 256, now_ns + number * S), 0)
        reader.send_signal(signal.SIGCONT)
        said, _ = reader.communicate("go\n", timeout=30)
    last, read, missed, first = map(int, said.split())
    assert sum(sink.sent.values()) == total
    assert last == total - 1  # the newest are there
    assert first + read + missed == total  # and the counter accounts for every other
    assert first + missed > 0


def test_the_clocks_of_liblsl_and_of_the_host_are_one_here():
    lsl = open_liblsl(NETWORK, "test")
    before = time.monotonic()
    stamp = lsl.local_clock()
    after = time.monotonic()
    offset_s = host_minus_lsl_ns(lsl) / S
    assert before - 1e-6 <= stamp + offset_s <= after + 1e-6
    if sys.platform == "linux":
        assert offset_s == 0


@pytest.mark.parametrize("target", ["a/b", "x?scope=world", "x?interface=eth0", "x?wait=3"])
def test_targets_that_cannot_be_taken(target):
    with pytest.raises(DeviceUriError):
        open_outlets(target)


def test_another_network_in_the_same_process_is_refused():
    open_liblsl(NETWORK, "test")
    with pytest.raises(DeviceUriError, match="once in a process"):
        open_sink("lsl:x?scope=site")


def test_an_unknown_sink_is_named_with_those_that_are_there():
    with pytest.raises(DeviceUriError, match="lsl") as caught:
        open_sink("osc:9000")
    assert caught.value.got == "osc"
