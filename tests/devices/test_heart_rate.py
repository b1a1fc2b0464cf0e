"""Heart Rate Measurement: every form of its fields, an independent reader, and arbitrary bytes."""

import asyncio
import struct

import numpy as np
import pytest
from bleakheart import HeartRate
from hypothesis import given
from hypothesis import strategies as st
from scripted_link import ScriptedLink

from wearaffect.core.errors import DecodeError, DeviceUriError
from wearaffect.core.streams import LossEvidence, SignalKind
from wearaffect.devices.drivers.heart_rate import HeartRateDriver
from wearaffect.devices.uri import parse_uri

MEASUREMENT = "00002a37-0000-1000-8000-00805f9b34fb"
DRIVER = HeartRateDriver(parse_uri("ble:heart_rate"))


def decoded(payload: bytes) -> dict[str, tuple[list[float], list[int]]]:
    packets = DRIVER.decode(MEASUREMENT, payload)
    return {
        p.stream_id: (p.data[:, 0].tolist(), [] if p.ago_ns is None else p.ago_ns.tolist())
        for p in packets
    }


@pytest.mark.parametrize(
    ("payload", "rate"),
    [("0048", 72.0), ("06 48", 72.0), ("014801", 328.0), ("08 48 0100", 72.0)],
)
def test_the_rate_is_read_in_each_of_its_forms(payload: str, rate: float) -> None:
    assert decoded(bytes.fromhex(payload)) == {"heart_rate.hr": ([rate], [0])}


def test_intervals_are_in_seconds_and_end_at_their_beats() -> None:
    # 1.0 s, then 0.5 s: the first of the two beats was half a second before the second
    said = decoded(bytes.fromhex("10 50 0004 0002"))
    assert said["heart_rate.ibi"] == ([1.0, 0.5], [500_000_000, 0])


def test_energy_stands_between_rate_and_intervals() -> None:
    said = decoded(bytes.fromhex("18 50 ffff 0003"))
    assert said["heart_rate.ibi"][0] == [0.75]


def test_without_contact_there_is_no_number() -> None:
    values = [p.data for p in DRIVER.decode(MEASUREMENT, bytes.fromhex("14 50 0004"))]
    assert len(values) == 2
    assert np.isnan(values[0]).all()
    assert np.isnan(values[1]).all()
    assert decoded(bytes.fromhex("16 50 0004"))["heart_rate.hr"][0] == [80.0]


@pytest.mark.parametrize("payload", ["", "00", "0148", "0848", "10 50 00", "0050 0004", "08 50 01"])
def test_lengths_that_do_not_fit_are_named(payload: str) -> None:
    with pytest.raises(DecodeError):
        DRIVER.decode(MEASUREMENT, bytes.fromhex(payload))


@given(
    rate=st.integers(0, 255),
    rr=st.lists(st.integers(1, 0xFFFF), max_size=9),
    energy=st.none() | st.integers(0, 0xFFFF),
)
def test_bleakheart_reads_the_same(rate: int, rr: list[int], energy: int | None) -> None:
    flags = 0x06 | (0x08 if energy is not None else 0) | (0x10 if rr else 0)
    payload = struct.pack("<BB", flags, rate)
    payload += b"" if energy is None else struct.pack("<H", energy)
    payload += struct.pack(f"<{len(rr)}H", *rr)
    told: list[tuple] = []
    theirs = HeartRate(None, callback=told.append)._decode(bytearray(payload))
    ours = decoded(payload)
    assert ours["heart_rate.hr"][0] == [theirs["hr"]]
    got = ours.get("heart_rate.ibi", ([], []))[0]
    np.testing.assert_allclose(np.array(got) * 1000, theirs.get("rr", []), atol=0.51)  # whole ms


@given(st.binary(max_size=40))
def test_arbitrary_bytes_give_packets_or_a_decode_error(payload: bytes) -> None:
    try:
        packets = DRIVER.decode(MEASUREMENT, payload)
    except DecodeError:
        return
    assert sum(p.data.size for p in packets) <= len(payload)
    assert {p.stream_id for p in packets} <= {"heart_rate.hr", "heart_rate.ibi"}


def test_settings_are_refused() -> None:
    with pytest.raises(DeviceUriError, match="no settings"):
        HeartRateDriver(parse_uri("ble:heart_rate?rate=3"))


def test_it_subscribes_and_claims_no_evidence_of_loss() -> None:
    link = ScriptedLink()
    sources = asyncio.run(DRIVER.start(link))
    assert link.subscribed == [MEASUREMENT]
    assert [s.info.kind for s in sources] == [SignalKind.HR, SignalKind.IBI]
    assert {s.info.loss_evidence for s in sources} == {LossEvidence.NONE}
