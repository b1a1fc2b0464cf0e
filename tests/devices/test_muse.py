"""Muse 2 and S: packets built here as the open clients read them, commands, arbitrary bytes."""

import asyncio
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_link import ScriptedLink

from wearaffect.core.errors import DecodeError, DeviceUriError
from wearaffect.core.streams import LossEvidence
from wearaffect.devices.drivers.muse import MuseDriver
from wearaffect.devices.uri import parse_uri

UUID = "273e00{}-4c4d-454d-96be-f03bac821358"
CONTROL, ACC = UUID.format("01"), UUID.format("0a")
LIGHTS = {
    UUID.format(n): light for n, light in [("0f", "ambient"), ("10", "infrared"), ("11", "red")]
}
DRIVER = MuseDriver(parse_uri("ble:muse"))


def test_it_starts_with_the_commands_of_the_published_protocol() -> None:
    link = ScriptedLink()
    sources = asyncio.run(DRIVER.start(link))
    assert set(link.subscribed) == {ACC, *LIGHTS}
    assert link.written == [
        (CONTROL, command, False) for command in (b"\x02h\n", b"\x04p50\n", b"\x02s\n", b"\x02d\n")
    ]
    assert {s.info.id: (s.info.sampling_rate, s.counter_modulus) for s in sources} == {
        "muse.acc": (52.0, 3 * 2**16),
        "muse.ppg_ambient": (64.0, 6 * 2**16),
        "muse.ppg_infrared": (64.0, 6 * 2**16),
        "muse.ppg_red": (64.0, 6 * 2**16),
    }
    assert {s.info.loss_evidence for s in sources} == {LossEvidence.COUNTER}
    asyncio.run(DRIVER.stop(link))
    assert link.written[-1] == (CONTROL, b"\x02h\n", False)


@given(
    index=st.integers(0, 0xFFFF), values=st.lists(st.integers(0, 2**24 - 1), min_size=6, max_size=6)
)
def test_light_is_read_whole(index: int, values: list[int]) -> None:
    payload = index.to_bytes(2, "big") + b"".join(v.to_bytes(3, "big") for v in values)
    for uuid, light in LIGHTS.items():
        (packet,) = DRIVER.decode(uuid, payload)
        assert packet.stream_id == f"muse.ppg_{light}"
        assert packet.counter == 6 * index
        assert packet.data[:, 0].tolist() == values


@given(
    index=st.integers(0, 0xFFFF),
    values=st.lists(st.integers(-(2**15), 2**15 - 1), min_size=9, max_size=9),
)
def test_acceleration_is_in_g(index: int, values: list[int]) -> None:
    (packet,) = DRIVER.decode(ACC, struct.pack(">H9h", index, *values))
    assert packet.counter == 3 * index
    # the factor that the open clients carry, rounded as they have it
    expected = np.reshape(values, (3, 3)) * 0.0000610352
    np.testing.assert_allclose(packet.data, expected, rtol=1e-6)


@given(uuid=st.sampled_from([ACC, CONTROL, *LIGHTS]), payload=st.binary(max_size=30))
def test_arbitrary_bytes_give_packets_or_a_decode_error(uuid: str, payload: bytes) -> None:
    try:
        (packet,) = DRIVER.decode(uuid, payload)
    except DecodeError:
        assert uuid == CONTROL or len(payload) != 20
        return
    assert len(payload) == 20
    assert packet.data.shape in {(3, 3), (6, 1)}


def test_settings_are_refused() -> None:
    with pytest.raises(DeviceUriError):
        MuseDriver(parse_uri("ble:muse?preset=p21"))
