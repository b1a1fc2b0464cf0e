"""Streams of senders that never heard of us: what they carry, markers, loss, and refusals."""

import asyncio
import re
import time
from pathlib import Path

import numpy as np
import pytest
from lsl_parts import NETWORK, SESSION, gathered, n_samples_in, unique

from wearaffect.core.errors import DeviceError, DeviceUriError
from wearaffect.core.events import ClockSegment, DeviceNote, DeviceState
from wearaffect.core.streams import Gap, LossEvidence, Marker, SignalChunk, SignalKind
from wearaffect.core.units import Unit
from wearaffect.devices.drivers.lsl import scan_lsl
from wearaffect.devices.lsl.liblsl import open_liblsl
from wearaffect.devices.lsl.streams import Column, Described, parts_of
from wearaffect.devices.registry import open_device
from wearaffect.devices.uri import parse_uri
from wearaffect.recording.account import StreamAccount

BAND = (
    Column("skin", "microsiemens", "GSR"),
    Column("x", "g", "ACC"),
    Column("y", "g", "ACC"),
    Column("z", "g", "ACC"),
)


def outlet(source_id, columns=(), *, name="", kind="Wearable", rate=64.0, form="float32"):
    lsl = open_liblsl(NETWORK, "test")
    count = len(columns) or 1
    info = lsl.StreamInfo(name or source_id or unique(), kind, count, rate, form, source_id)
    channels = info.desc().append_child("channels")
    for column in columns:
        channel = channels.append_child("channel")
        for key in ("label", "unit", "type"):
            channel.append_child_value(key, getattr(column, key))
    return lsl.StreamOutlet(info)


def device_at(target: str, settings: str = ""):
    return open_device(f"lsl:{target}?session={SESSION}{settings}")


def described(*columns: Column, kind: str = "", rate_hz: float = 4.0) -> Described:
    return Described("A band (left)", kind, rate_hz, text=False, columns=columns)


def test_one_stream_becomes_one_of_ours_for_each_kind():
    source = unique()
    out = outlet(source, BAND)
    device = device_at(f"source_id={source}")
    rows = np.arange(40, dtype=np.float32).reshape(10, 4)
    begun = time.monotonic()

    def enough(items):
        if len(items) == 1:  # it is open: the note says so
            out.push_chunk(rows, [begun + i / 64 for i in range(10)])
        return n_samples_in(items) >= 20

    items = gathered(device, enough)
    eda, acc = device.streams
    assert (eda.kind, acc.kind) == (SignalKind.EDA, SignalKind.ACC)
    assert [(c.name, c.unit) for c in acc.channels] == [(axis, Unit.GRAVITY) for axis in "xyz"]
    assert eda.channels[0].unit is Unit.MICROSIEMENS
    assert eda.sampling_rate == 64
    assert eda.loss_evidence is LossEvidence.DEVICE_CLOCK
    assert {eda.device, acc.device} == {source}
    for info, columns in ((eda, [0]), (acc, [1, 2, 3])):
        chunks = [c for c in items if isinstance(c, SignalChunk) and c.info == info]
        assert np.array_equal(np.concatenate([c.data for c in chunks]), rows[:, columns])
        assert abs(chunks[0].start_ns - begun * 1e9) <= 2
    assert {i.stream_id for i in items if isinstance(i, ClockSegment)} == {eda.id, acc.id}
    assert device.facts["source_id"] == source
    assert set(device.facts) - set(items[0].facts) == {"host"}  # it is nobody's business later


def test_markers_come_as_markers_with_their_own_times():
    source = unique()
    out = outlet(source, [Column("event", "", "")], kind="Markers", rate=0.0, form="string")
    stamps = [round(time.monotonic() - 1 + i / 10, 3) for i in range(3)]

    def enough(items):
        if len(items) == 1:
            for stamp, label in zip(stamps, ["start", "naïve, fünf", "end"], strict=True):
                out.push_sample([label], stamp)
        return len(items) == 4

    device = device_at(f"source_id={source}", "&stall_s=0.1")
    items = gathered(device, enough)
    assert device.streams == ()
    markers = items[1:]
    assert all(isinstance(marker, Marker) for marker in markers)
    assert [marker.label for marker in markers] == ["start", "naïve, fünf", "end"]
    assert [marker.time_ns for marker in markers] == pytest.approx([s * 1e9 for s in stamps], abs=2)


def test_numbered_markers_too():
    source = unique()
    out = outlet(source, kind="Markers", rate=0.0, form="int32")

    def enough(items):
        if len(items) == 1:
            out.push_sample([17], 5.0)
        return len(items) == 2

    assert gathered(device_at(f"source_id={source}"), enough)[1] == Marker(5_000_000_000, "17")


def test_heart_rate_that_comes_when_it_comes_keeps_every_stamp():
    source = unique()
    out = outlet(source, [Column("hr", "bpm", "HR")], rate=0.0)
    stamps = [100.0, 100.9, 104.25]

    def enough(items):
        if len(items) == 1:
            out.push_chunk(np.array([[60.0], [66.0], [58.0]]), stamps)
        return n_samples_in(items) == 3

    device = device_at(f"source_id={source}")
    chunks = [c for c in gathered(device, enough) if isinstance(c, SignalChunk)]
    assert device.streams[0].loss_evidence is LossEvidence.NONE
    assert np.concatenate([c.times_ns() for c in chunks]).tolist() == [int(s * 1e9) for s in stamps]


def test_a_sender_without_source_id_is_found_again_and_its_gap_counted():
    name = unique()
    column = [Column("skin", "uS", "EDA")]
    senders = [outlet("", column, name=name)]
    begun = time.monotonic()

    def push(first, last):
        stamps = [begun + i / 64 for i in range(first, last)]
        senders[0].push_chunk(np.arange(first, last, dtype=np.float32)[:, None], stamps)

    def states(items):
        return [item.state for item in items if isinstance(item, DeviceNote)]

    def enough(items):
        newest = items[-1]
        if len(items) == 1:
            push(0, 64)
        elif n_samples_in(items) == 64 and isinstance(newest, SignalChunk):
            senders.clear()
        elif states([newest]) == [DeviceState.LOST]:
            senders.append(outlet("", column, name=name))
        elif states([newest]) == [DeviceState.CONNECTED]:
            push(200, 208)
        return n_samples_in(items) == 72

    items = gathered(device_at(f"name={name}", "&stall_s=60"), enough)
    chunks = [item for item in items if isinstance(item, SignalChunk)]
    assert [chunk.n_lost for chunk in chunks if chunk.n_lost] == [200 - 64]
    assert states(items) == [DeviceState.CONNECTED, DeviceState.LOST, DeviceState.CONNECTED]


def test_leaving_ends_the_chunks():
    source = unique()
    held = outlet(source, [Column("skin", "uS", "EDA")])

    async def run():
        device = device_at(f"source_id={source}")
        async with asyncio.timeout(20):
            async with device:
                chunks = device.chunks()
                first = await anext(chunks)
            return first, [item async for item in chunks]

    first, rest = asyncio.run(run())
    assert first.state is DeviceState.CONNECTED
    assert rest == []
    del held


def test_nothing_is_left_running_behind():
    def threads():
        return {task.name for task in Path("/proc/self/task").iterdir()}

    source = unique()
    held = outlet(source, [Column("skin", "uS", "EDA")])
    gathered(device_at(f"source_id={source}"), bool)  # what liblsl keeps for good is there now
    before = threads()
    for _ in range(3):
        gathered(device_at(f"source_id={source}"), bool)
    # the outlet's thread for a reader ends once it notices that nobody is there
    deadline = time.monotonic() + 30
    while threads() - before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert threads() <= before
    del held


def test_two_that_fit_are_named_and_none_is_taken():
    name = unique()
    held = [outlet(f"{name}-{i}", [Column("skin", "uS", "EDA")], name=name) for i in range(2)]
    with pytest.raises(DeviceError, match="more than one") as caught:
        gathered(device_at(f"name={name}"), bool)
    assert f"{name}-0" in caught.value.got
    assert f"{name}-1" in caught.value.got
    assert "source_id" in caught.value.remedy
    del held


def test_a_stream_that_is_not_there():
    with pytest.raises(DeviceError, match="not found") as caught:
        gathered(device_at(f"name={unique()}", "&wait_s=0.2"), bool)
    assert "scope=link" in caught.value.remedy


def test_a_scan_gives_addresses_that_open():
    source = unique("a source ?&")
    held = outlet(source, [Column("skin", "uS", "EDA")], name="Some band")
    found = asyncio.run(scan_lsl(1.0))
    (ours,) = [one for one in found if source in parse_uri(one.uri).target]
    assert ours.name == "Some band"
    assert ours.facts["rate_hz"] == 64.0
    items = gathered(open_device(f"{ours.uri}?session={SESSION}"), bool)
    assert items[0].facts["source_id"] == source
    del held


def test_settings_say_what_the_sender_does_not():
    uri = parse_uri("lsl:type=x?kind=eda&unit=uS")
    (part,) = parts_of(uri, described(Column()))
    assert part.info.id == "A-band--left.eda"
    assert part.info.channels[0].name == "eda"
    assert part.info.channels[0].unit is Unit.MICROSIEMENS


@pytest.mark.parametrize("said", ["../../../PWNED", "/etc/PWNED", "a/b", "x" * 300, "\x01", "."])
def test_whatever_a_sender_calls_itself_the_id_names_a_file(said: str):
    uri = parse_uri("lsl:type=x?kind=eda&unit=uS")
    for sent in (
        Described("band", "", 4.0, text=False, columns=(Column(),), device=said),
        Described(said, "", 4.0, text=False, columns=(Column(),)),
    ):
        (part,) = parts_of(uri, sent)
        assert re.fullmatch(r"[\w-]+\.eda", part.info.id, re.ASCII)
        assert part.info.id == f"{part.info.device}.eda"
        assert len(part.info.id) < 100


def test_labels_that_a_sender_gives_twice_are_told_apart():
    uri = parse_uri("lsl:type=x?kind=acc&unit=g")
    (part,) = parts_of(uri, described(*(Column(n) for n in ("x", "x", "counter", "time_ns", ""))))
    names = [channel.name for channel in part.info.channels]
    assert names == ["x", "x_2", "counter_2", "time_ns_2", "acc4"]


@pytest.mark.parametrize(
    ("word", "unit"),
    [
        ("uS", Unit.MICROSIEMENS),
        ("µS", Unit.MICROSIEMENS),
        ("S", Unit.SIEMENS),
        ("s", Unit.SECOND),
        ("ms", Unit.MILLISECOND),
        ("Celsius", Unit.CELSIUS),
        ("m/s^2", Unit.METRE_PER_SECOND_SQUARED),
    ],
)
def test_units_by_their_usual_names(word, unit):
    (part,) = parts_of(parse_uri("lsl:type=x"), described(Column("c", word, "eda")))
    assert part.info.channels[0].unit is unit


@pytest.mark.parametrize("word", ["", "mS", "us", "volts"])
def test_a_unit_that_cannot_be_told_is_asked_for(word):
    with pytest.raises(DeviceError, match="unit of channel 'c'") as caught:
        parts_of(parse_uri("lsl:type=x"), described(Column("c", word, "eda")))
    assert "unit=uS" in caught.value.remedy


def test_a_kind_that_cannot_be_told_is_asked_for():
    with pytest.raises(DeviceError, match="'Fz'") as caught:
        parts_of(parse_uri("lsl:type=x"), described(Column("Fz", "mV"), kind="EEG"))
    assert "kind=eda" in caught.value.remedy


@pytest.mark.parametrize("setting", ["kind=mood&unit=uS", "kind=eda&unit=furlong"])
def test_settings_that_mean_nothing(setting):
    with pytest.raises(DeviceUriError, match="setting"):
        parts_of(parse_uri(f"lsl:type=x?{setting}"), described(Column()))


@pytest.mark.parametrize(
    "uri", ["lsl:", "lsl:band", "lsl:host=x", "lsl:name=", "lsl:name=it's", "lsl:name=x?rate=4"]
)
def test_addresses_that_name_no_stream(uri):
    with pytest.raises(DeviceUriError):
        open_device(uri)


@pytest.mark.parametrize(("anew", "n_lost"), [(1_000_000, 256), (0, 256)])
def test_a_counter_that_begins_anew_is_accounted_by_the_clock(anew, n_lost):
    source = unique()
    columns = [Column("skin", "uS", "EDA"), Column("n", "1", "counter")]
    out = outlet(source, columns, rate=256.0, form="double64")
    device = device_at(f"source_id={source}")
    begun = time.monotonic()

    def push(first: int, after: int) -> None:
        rows = np.column_stack([np.zeros(500), np.arange(first, first + 500)])
        out.push_chunk(rows, [begun + (after + i) / 256 for i in range(500)])

    def enough(items):
        if len(items) == 1:
            push(1000, 0)
            push(anew, 500 + n_lost)
        return n_samples_in(items) >= 1000

    items = gathered(device, enough)
    (info,) = device.streams
    account = StreamAccount(info)
    for item in items:
        if isinstance(item, Gap):
            account.gap(item)
        elif isinstance(item, SignalChunk):
            account.take(item)
    assert (account.stored, account.lost_in_gaps) == (1000, n_lost)
    (segment,) = [i for i in items if isinstance(i, ClockSegment) and i.reason == "reboot"]
    assert segment.stream_id == info.id
