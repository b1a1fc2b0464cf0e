"""Bytes written once by an independent writer, read by Python; C reads them in its own tests."""

from fractions import Fraction

import golden_writer
import numpy as np
import pytest
from c_tools import BRIDGE

from wearaffect.core.errors import DecodeError, DeviceError
from wearaffect.core.streams import SignalKind
from wearaffect.core.units import Unit
from wearaffect.devices.bridge.capability import decode_capability
from wearaffect.devices.bridge.codec import (
    BridgeDecoder,
    decode_answer,
    decode_frame,
    encode_command,
)
from wearaffect.devices.bridge.table import Command


def test_the_writer_still_writes_them() -> None:
    assert (BRIDGE / "golden" / "frames.json").read_text() == golden_writer.as_text()


def test_capability(golden: dict) -> None:
    told = decode_capability(bytes.fromhex(golden["capability"]))
    assert (told.name, told.firmware, told.body_site) == ("golden", "1.2.3", "wrist")
    assert not told.authenticated
    eda, acc, ppg, temp = told.streams
    assert (eda.kind, eda.unit, eda.width, eda.rate) == (SignalKind.EDA, Unit.MICROSIEMENS, 3, 4)
    assert [channel.name for channel in acc.channels] == ["x", "y", "z"]
    assert acc.channels[1].offset == Fraction(-1, 4)
    assert acc.channels[2].scale == Fraction(-1, 64)
    assert ppg.rate == Fraction(129, 2)
    assert [channel.name for channel in ppg.channels] == ["green", "infrared"]
    assert temp.channels[0].name == "temp"


def test_frames(golden: dict) -> None:
    streams = decode_capability(bytes.fromhex(golden["capability"])).streams
    assert len(golden["frames"]) >= 8
    for right in golden["frames"]:
        frame = decode_frame(bytes.fromhex(right["bytes"]), streams)
        assert (frame.stream, frame.sequence) == (right["stream"], right["sequence"])
        assert (frame.counter, frame.time_us) == (right["counter"], right["time_us"])
        assert frame.raw.tolist() == right["raw"], right["name"]


def test_broken_frames_claim_what_their_header_says(golden: dict) -> None:
    decoder = BridgeDecoder(decode_capability(bytes.fromhex(golden["capability"])), "x")
    ids = [source.info.id for source in decoder.sources]
    assert ids == ["x.eda", "x.acc", "x.ppg", "x.temp"]
    for broken in golden["broken"]:
        with pytest.raises(DecodeError) as caught:
            decoder.decode(bytes.fromhex(broken["bytes"]))
        error, claim = caught.value, broken["claim"]
        if claim:
            assert (error.stream, error.counter) == (ids[claim["stream"]], claim["counter"])
            assert error.n_samples == claim["n_samples"]
        else:
            assert (error.stream, error.counter, error.n_samples) == ("", None, 0)


def test_packets_are_in_units(golden: dict) -> None:
    decoder = BridgeDecoder(decode_capability(bytes.fromhex(golden["capability"])), "x")
    by_name = {frame["name"]: bytes.fromhex(frame["bytes"]) for frame in golden["frames"]}
    packet = decoder.decode(by_name["counter_and_clock_wrap"])
    np.testing.assert_array_equal(packet.data, [[1.0, -0.25, 1.0], [1.0, -0.234375, 1.0]])
    assert (packet.counter, packet.clock_ns) == (2**32 - 1, (2**32 - 1) * 1000)
    temperature = decoder.decode(by_name["full_of_zeros"])
    np.testing.assert_array_equal(temperature.data, np.full((115, 1), np.float32(-273.15)))
    acc = decoder.sources[1]
    assert (acc.counter_modulus, acc.clock_modulus_ns) == (2**32, 2**32 * 1000)


def test_commands_and_answers(golden: dict) -> None:
    for known in golden["commands"]:
        if known["command"] not in tuple(Command):
            continue
        command, token = Command(known["command"]), known["token"]
        if known["name"] != "limit_without_argument":
            written = encode_command(command, *known["arguments"], token=token)
            assert written.hex() == known["bytes"]
        answer = bytes.fromhex(known["answer"])
        if known["status"]:
            with pytest.raises(DeviceError, match=command.name.lower()):
                decode_answer(answer, command, token)
        else:
            assert decode_answer(answer, command, token) == tuple(known["results"])
