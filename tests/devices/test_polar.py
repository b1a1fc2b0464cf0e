"""Polar's PMD: frames built here, a real one, an independent reader, the control point."""

import asyncio
import struct
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_link import ScriptedLink

from wearaffect.core.errors import DecodeError, DeviceError, DeviceUriError
from wearaffect.core.streams import LossEvidence
from wearaffect.devices.drivers.polar import PolarDriver
from wearaffect.devices.uri import parse_uri

CONTROL = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
DATA = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
ECG, PPG, ACC, PPI = range(4)

# What a Verity Sense and an H10 answer, as their owners published it.
SETTINGS = {
    PPG: "f0 01 01 00 00 00 01 3700 01 01 1600 04 01 04",
    ACC: "f0 01 02 00 00 00 04 1900 3200 6400 c800 01 01 1000 02 03 0200 0400 0800",
    ECG: "f0 01 00 00 00 00 01 8200 01 01 0e00",
}


def wearable(features: int = 0b1111, *, factor: float | None = None) -> ScriptedLink:
    def answer(characteristic: str, asked: bytes) -> bytes:
        assert characteristic == CONTROL
        if asked[0] == 1:
            return bytes.fromhex(SETTINGS[asked[1]])
        told = b"" if factor is None else b"\x05\x01" + struct.pack("<f", factor)
        return bytes([0xF0, *asked[:2], 0, 0]) + told

    return ScriptedLink({CONTROL: bytes([0x0F, features]) + bytes(15)}, answer)


def started(settings: str = "", **kwargs: object) -> PolarDriver:
    driver = PolarDriver(parse_uri(f"ble:polar{settings}"))
    asyncio.run(driver.start(wearable(**kwargs)))
    return driver


def frame(measurement: int, frame_type: int, content: bytes, stamp_ns: int = 10**18) -> bytes:
    return struct.pack("<BQB", measurement, stamp_ns, frame_type) + content


def group(bits: int, rows: Sequence[Sequence[int]]) -> bytes:
    """Pack differences least significant bit first, by writing the bits out as text."""
    flat = [value for row in rows for value in row]
    text = "".join(format(value % (1 << bits), f"0{bits}b")[::-1] for value in flat)
    text = text.ljust(-(-len(text) // 8) * 8, "0")
    packed = bytes(int(text[i : i + 8][::-1], 2) for i in range(0, len(text), 8))
    return bytes([bits, len(rows)]) + packed


def test_it_starts_what_is_offered_at_the_rate_closest_to_the_one_wanted() -> None:
    link, driver = wearable(), PolarDriver(parse_uri("ble:polar"))
    sources = asyncio.run(driver.start(link))
    assert [(s.info.id, s.info.sampling_rate) for s in sources] == [
        ("polar.ecg", 130),
        ("polar.ppg", 55),
        ("polar.acc", 50),
    ]
    assert {s.info.loss_evidence for s in sources} == {LossEvidence.DEVICE_CLOCK}
    assert link.subscribed == [DATA]
    written = [value.hex() for _, value, _ in link.written]
    assert "0202000132000101100002010800" in written  # ACC at 50 Hz, 16 bits, 8 g
    assert "02010001370001011600040104" in written  # PPG at 55 Hz, 22 bits, 4 channels
    asyncio.run(driver.stop(link))
    assert [value.hex() for _, value, _ in link.written[-3:]] == ["0300", "0301", "0302"]


def test_streams_and_rates_can_be_chosen() -> None:
    driver = PolarDriver(parse_uri("ble:polar?streams=acc,ppi&acc_hz=180"))
    acc, ppi = asyncio.run(driver.start(wearable()))
    assert (acc.info.sampling_rate, ppi.info.sampling_rate) == (200, None)
    assert ppi.info.loss_evidence == LossEvidence.NONE
    with pytest.raises(DeviceError, match="got ppg, acc"):
        asyncio.run(driver.start(wearable(0b0110)))
    with pytest.raises(DeviceUriError, match="streams"):
        PolarDriver(parse_uri("ble:polar?streams=eeg"))


def test_a_refusal_says_what_was_refused() -> None:
    link = wearable()
    link.answer = lambda _, asked: bytes([0xF0, *asked[:2], 13, 0])
    with pytest.raises(DeviceError, match="error 13"):
        asyncio.run(PolarDriver(parse_uri("ble:polar")).start(link))


@pytest.mark.parametrize(
    ("measurement", "frame_type", "content", "expected"),
    [
        (ECG, 0, "ff ff ff 00 10 00", [[-0.001], [4.096]]),
        (ACC, 0, "01 ff 7f", [[0.001, -0.001, 0.127]]),
        (ACC, 1, "e8 03 18 fc 00 80", [[1.0, -1.0, -32.768]]),
        (ACC, 2, "010000 ffffff 000080", [[0.001, -0.001, -8388.608]]),
        (PPG, 0, "010203 040506 ffff7f ffffff", [[197121, 394500, 8388607, -1]]),
    ],
)
def test_raw_frames(
    measurement: int, frame_type: int, content: str, expected: list[list[float]]
) -> None:
    (packet,) = started().decode(DATA, frame(measurement, frame_type, bytes.fromhex(content)))
    np.testing.assert_allclose(packet.data, np.float32(expected), rtol=1e-6)


def test_the_stamp_is_of_the_last_sample() -> None:
    content = bytes(3 * 73)
    (packet,) = started().decode(DATA, frame(ECG, 0, content, 599_618_164_814_402_794))
    assert len(packet.data) == 73
    # 72 intervals of 1/130 s before
    assert packet.clock_ns == 599_618_164_814_402_794 - 72 * 1_000_000_000 // 130


def test_the_example_of_the_specification() -> None:
    # reference (-48, 357, 4068) mg, then differences of 8 bits: (1, -1, 2), (-128, 127, 0)
    content = bytes.fromhex("d0ff 6501 e40f") + bytes.fromhex("08 02 01 ff 02 80 7f 00")
    (packet,) = started().decode(DATA, frame(ACC, 0x81, content))
    expected = [[-48, 357, 4068], [-47, 356, 4070], [-175, 483, 4070]]
    np.testing.assert_allclose(packet.data, np.float32(expected) / 1000, rtol=1e-6)


def test_a_factor_scales_differences() -> None:
    content = bytes.fromhex("1000 2000 f0ff")
    (packet,) = started(factor=0.25).decode(DATA, frame(ACC, 0x80, content))
    np.testing.assert_allclose(packet.data, [[4.0, 8.0, -4.0]])


# A Verity Sense on a moving arm, as its owner published it (polar-ble-sdk, issue 443).
REAL = bytes.fromhex(
    "0200416fc41245930a81ee021ffe82ff080a10da20d6a30bd9cbe7d6f6c4e6f1e1f3e0151afe281bf8372c2520"
    "1319110a2fed4fc07ef4e9bb6e800dc82fb03e14d1afb07f16c4cc2087340354128bff8d00c142fbe6d3dfb5e1"
    "91532fbef9ed43b03efddb9b903df503605f7bfad9dfae000b2464704012cccfbf04e4c533b038084180efc212"
    "ec178146fdfe5bb001f3d1d76f81ffcd7b0fc20136607f43d35f3f3f78cb06484eff000efc820551ab55e34a2d"
    "1d0c5fbde858734dbdeba06751020cc47041ca267fa0028919fe3f5f74e72244203f1566b0524d055ca41fbee9"
    "6800"
)


def test_a_real_frame_weighs_what_a_body_on_earth_does() -> None:
    (packet,) = started().decode(DATA, REAL)
    assert packet.data.shape == (58, 3)
    weight = np.linalg.norm(packet.data, axis=1)
    assert abs(weight.mean() - 1.0) < 0.1  # gravity, and some swing
    assert np.abs(np.diff(packet.data, axis=0)).max() < 0.5  # 52 Hz follows an arm


GROUPS = st.lists(
    st.integers(2, 16).flatmap(
        lambda bits: st.tuples(
            st.just(bits),
            st.lists(
                st.tuples(*[st.integers(-(1 << bits - 1), (1 << bits - 1) - 1)] * 4),
                min_size=1,
                max_size=12,
            ),
        )
    ),
    max_size=4,
)


@given(reference=st.tuples(*[st.integers(-(2**23), 2**23 - 1)] * 4), groups=GROUPS)
def test_compressed_light_is_what_was_packed(
    reference: tuple[int, ...], groups: list[tuple[int, list[tuple[int, ...]]]]
) -> None:
    content = b"".join(v.to_bytes(3, "little", signed=True) for v in reference)
    rows = [list(reference)]
    for bits, differences in groups:
        content += group(bits, differences)
        for row in differences:
            rows.append([a + b for a, b in zip(rows[-1], row, strict=True)])
    (packet,) = started().decode(DATA, frame(PPG, 0x80, content))
    np.testing.assert_array_equal(packet.data, np.float32(rows))


@given(groups=GROUPS, raw=st.lists(st.integers(-(2**23), 2**23 - 1), min_size=1, max_size=20))
def test_polar_python_reads_the_same(
    groups: list[tuple[int, list[tuple[int, ...]]]], raw: list[int]
) -> None:
    parsers = pytest.importorskip("polar_python.parsers")
    driver = started()
    light = bytes(range(12)) + b"".join(group(bits, rows) for bits, rows in groups)
    ecg = b"".join(v.to_bytes(3, "little", signed=True) for v in raw)
    for payload in (frame(PPG, 0x80, light), frame(ECG, 0, ecg)):
        theirs = parsers.parse_polar_data(bytearray(payload), lambda _: None)
        (ours,) = driver.decode(DATA, payload)
        if payload[0] == PPG:
            np.testing.assert_array_equal(ours.data, np.float32(theirs.samples))
        else:
            np.testing.assert_allclose(ours.data[:, 0] * 1000, theirs.data, rtol=1e-6)


def test_beat_intervals_carry_their_flags_and_places() -> None:
    # 1000 ms good, 800 ms moved (invalid), 600 ms off the skin, 500 ms on a device without contact
    rows = bytes.fromhex("3c e803 0a00 06 4b 2003 6400 07 64 5802 0a00 04 78 f401 0a00 00")
    (packet,) = started("?streams=ppi").decode(DATA, frame(PPI, 0, rows, 0))
    values = packet.data[:, 0]
    np.testing.assert_allclose(values[[0, 3]], [1.0, 0.5])
    assert np.isnan(values[1:3]).all()
    assert packet.clock_ns is None
    assert packet.ago_ns is not None
    assert packet.ago_ns.tolist() == [1_900_000_000, 1_100_000_000, 500_000_000, 0]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        frame(ECG, 0, b""),
        frame(ECG, 0, b"\x01\x02"),
        frame(ECG, 1, bytes(3)),
        frame(ECG, 0x80, bytes(3)),
        frame(ACC, 0x82, bytes(6)),
        frame(9, 0, bytes(6)),
        frame(PPI, 0, bytes(6)),  # not started
        frame(PPG, 0x80, bytes(12) + b"\x08"),
        frame(PPG, 0x80, bytes(12) + b"\x08\x01\x00\x00\x00"),
        frame(PPG, 0x80, bytes(12) + b"\x00\x05"),
        frame(PPG, 0x80, bytes(12) + b"\x21\x01" + bytes(17)),
        frame(ECG, 0, bytes(3), 2**63),
    ],
)
def test_what_does_not_fit_is_refused(payload: bytes) -> None:
    with pytest.raises(DecodeError):
        started().decode(DATA, payload)


DRIVER = started("?streams=ecg,ppg,acc,ppi", factor=2.0)


@given(
    st.binary(max_size=250)
    | st.builds(
        frame,
        st.integers(0, 3),
        st.sampled_from([0, 1, 2, 0x80, 0x81]),
        st.binary(max_size=230),
        st.integers(0, 2**64 - 1),
    )
)
def test_arbitrary_bytes_give_packets_or_a_decode_error(payload: bytes) -> None:
    try:
        (packet,) = DRIVER.decode(DATA, payload)
    except DecodeError:
        return
    assert packet.data.size <= 8 * len(payload)
    assert packet.data.dtype == np.float32
