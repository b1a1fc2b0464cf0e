"""The bridge's codec: arbitrary bytes, wrong capabilities, wrong commands."""

import binascii
import contextlib
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wearaffect.core.errors import DecodeError, DeviceError
from wearaffect.core.streams import LossEvidence
from wearaffect.devices.bridge.capability import Capability, decode_capability
from wearaffect.devices.bridge.codec import (
    BridgeDecoder,
    decode_answer,
    decode_frame,
    encode_command,
)
from wearaffect.devices.bridge.messages import marker_of
from wearaffect.devices.bridge.table import Command, Marker, Status
from wearaffect.devices.driver import Packet

GOLDEN = json.loads(
    (Path(__file__).parents[2] / "firmware_bridge" / "golden" / "frames.json").read_text()
)
CAPABILITY = bytes.fromhex(GOLDEN["capability"])


def sealed(body: bytes) -> bytes:
    return body + binascii.crc_hqx(body, 0xFFFF).to_bytes(2, "little")


def changed(at: int, value: int) -> bytes:
    """The golden capability with one byte changed, sealed anew."""
    return sealed(CAPABILITY[:at] + bytes([value]) + CAPABILITY[at + 1 : -2])


@given(st.binary(max_size=260))
def test_any_bytes_are_a_packet_or_an_error(payload: bytes) -> None:
    decoder = BridgeDecoder(decode_capability(CAPABILITY), "x")
    claimed = ""
    try:
        assert isinstance(decoder.decode(payload), Packet)
    except DecodeError as error:
        claimed = error.stream
    assert claimed in {"", "x.eda", "x.acc", "x.ppg", "x.temp"}
    for read in (decode_capability, lambda data: decode_answer(data, Command.PING)):
        with pytest.raises(DecodeError):
            read(payload)


@given(st.binary(max_size=120))
def test_a_right_checksum_alone_makes_no_capability(body: bytes) -> None:
    payload = sealed(b"\xc1\x01" + (len(body) + 6).to_bytes(2, "little") + body)
    with contextlib.suppress(DecodeError):
        assert decode_capability(payload).streams


@given(st.binary(max_size=20))
def test_a_right_checksum_alone_makes_no_answer(body: bytes) -> None:
    payload = sealed(bytes([0xD1, len(body) + 4]) + body)
    with contextlib.suppress(DeviceError):  # DecodeError is one, a refusal another
        assert decode_answer(payload, Command.PING) == struct.unpack("<II", body[3:])


@given(
    stream=st.integers(0, 3),
    head=st.tuples(st.integers(0, 255), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
    n_samples=st.integers(1, 19),
    seed=st.integers(0, 1000),
)
def test_frames_carry_their_numbers(
    stream: int, head: tuple[int, int, int], n_samples: int, seed: int
) -> None:
    streams = decode_capability(CAPABILITY).streams
    width, n_channels = streams[stream].width, len(streams[stream].channels)
    most = 2 ** (8 * width - 1)
    raw = np.random.default_rng(seed).integers(-most, most, (n_samples, n_channels))
    sequence, counter, time_us = head
    samples = b"".join(int(n).to_bytes(width, "little", signed=True) for n in raw.ravel())
    body = bytes([0xB0 + stream, 14 + len(samples), sequence, n_samples])
    body += counter.to_bytes(4, "little") + time_us.to_bytes(4, "little") + samples
    frame = decode_frame(sealed(body), streams)
    assert (frame.stream, frame.sequence, frame.counter, frame.time_us) == (stream, *head)
    np.testing.assert_array_equal(frame.raw, raw)


def test_two_streams_of_a_kind_have_two_ids() -> None:
    told = decode_capability(CAPABILITY)
    ppg = told.streams[2]
    decoder = BridgeDecoder(
        Capability("x", "1.0.0", "head", True, (ppg, told.streams[0], ppg)), "dev"
    )
    assert [source.info.id for source in decoder.sources] == ["dev.ppg", "dev.eda", "dev.ppg_2"]
    info = decoder.sources[2].info
    assert (info.sampling_rate, info.body_site, info.device) == (64.5, "head", "dev")
    assert info.loss_evidence is LossEvidence.COUNTER


# byte of the golden capability: its version, its stream count, and of the first stream
# kind, unit, width, channels, rate's numerator and denominator, the channel, scale's two
OTHER_WORDS = [(1, 2), (8, 99), (9, 0), (9, 3), (9, 5), (9, 9), (10, 200), (11, 0xFF), (17, 0)]
OTHER_WORDS += [(18, 99), (19, 4), (20, 0), (20, 5), (21, 0), (25, 0), (29, 77), (30, 0)]


@pytest.mark.parametrize(("at", "value"), OTHER_WORDS)
def test_a_capability_of_other_words_is_refused(at: int, value: int) -> None:
    with pytest.raises(DecodeError):
        decode_capability(changed(at, value))


def test_a_capability_of_another_version_is_named() -> None:
    with pytest.raises(DecodeError, match="version: expected 1, got 2"):
        decode_capability(changed(1, 2))


@pytest.mark.parametrize("cut", [0, 1, 10, 50, len(CAPABILITY) - 1])
def test_a_cut_capability_is_refused(cut: int) -> None:
    with pytest.raises(DecodeError):
        decode_capability(CAPABILITY[:cut])


def test_markers() -> None:
    assert marker_of(b"") is None
    assert marker_of(b"\x00") is None
    assert marker_of(b"\xbf") is Marker.DATA
    assert marker_of(CAPABILITY) is Marker.CAPABILITY
    assert marker_of(encode_command(Command.PING)) is Marker.COMMAND


def test_commands_refuse_wrong_arguments() -> None:
    for command, arguments in (
        (Command.PING, (1,)),
        (Command.SET_RATE, (0, 4)),
        (Command.SET_RATE, (0, -4, 1)),
        (Command.SET_PAYLOAD_LIMIT, (256,)),
    ):
        with pytest.raises(ValueError, match=command.name):
            encode_command(command, *arguments)
    with pytest.raises(ValueError, match="token"):
        encode_command(Command.PING, token=256)


def test_answers_to_something_else_are_no_answers() -> None:
    answer = sealed(bytes([0xD1, 7, Command.START, 3, Status.OK]))
    assert decode_answer(answer, Command.START, 3) == ()
    for command, token in ((Command.STOP, 3), (Command.START, 4), (Command.PING, 3)):
        with pytest.raises(DecodeError):
            decode_answer(answer, command, token)
    with pytest.raises(DecodeError, match="damaged"):
        decode_answer(answer[:-1] + b"\0", Command.START, 3)
