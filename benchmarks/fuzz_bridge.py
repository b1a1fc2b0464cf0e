"""The bridge under fire: frames, capability, answers, and the serial line; C must say the same."""

import binascii
import json
import struct
from pathlib import Path
from typing import Any

from fuzz_targets import Target, check, messages, starting

from wearaffect.core.errors import DecodeError, DeviceError
from wearaffect.devices.bridge import table
from wearaffect.devices.bridge.capability import Capability, decode_capability
from wearaffect.devices.bridge.codec import BridgeDecoder, decode_answer, decode_frame
from wearaffect.devices.bridge.serial_framing import SerialFramer, cobs_decoded, cobs_encoded
from wearaffect.devices.uri import DeviceUri
from wearaffect.devices.virtual.firmware_library import firmware_library

_GOLDEN = Path(__file__).resolve().parents[1] / "firmware_bridge" / "golden" / "frames.json"
_WHOLE, _DAMAGED = "WA_FRAME_WHOLE", "WA_FRAME_DAMAGED"


def _golden() -> dict[str, Any]:
    golden: dict[str, Any] = json.loads(_GOLDEN.read_text(encoding="utf-8"))
    return golden


def _maybe_sealed(data: bytes) -> bytes:
    """Give a message whose checksum is right where the first byte is even: no chance finds one."""
    message = data[1:]
    if data[:1] and data[0] % 2 == 0:
        message = message[:-2] + binascii.crc_hqx(message[:-2], 0xFFFF).to_bytes(2, "little")
    return message


def _seeds(*messages: bytes) -> list[bytes]:
    return [first + message for message in messages for first in (b"\0", b"\1")]


class _InC:
    """The decoder that gateways run."""

    def __init__(self, capability: Capability) -> None:
        self._ffi, self._lib = firmware_library()
        self._streams = self._ffi.new("wa_stream_info[]", len(capability.streams))
        for info, stream in zip(self._streams, capability.streams, strict=True):
            info.width, info.n_channels = stream.width, len(stream.channels)
        self._frame = self._ffi.new("wa_frame *")

    def __call__(self, payload: bytes) -> tuple[object, ...] | None:
        """Say what a frame holds, what a damaged one claims, or that it is none."""
        frame, held = self._frame, self._ffi.from_buffer(payload)
        n_streams = len(self._streams)
        verdict = self._lib.wa_decode(self._streams, n_streams, held, len(payload), frame)
        if verdict == getattr(self._lib, _WHOLE):
            counts = list(frame.counts[0 : frame.n_samples * frame.n_channels])
            return (frame.stream, frame.sequence, frame.counter, frame.time_us, counts)
        if verdict == getattr(self._lib, _DAMAGED):
            return (frame.stream, frame.counter, frame.n_samples)
        return None


def _in_python(payload: bytes, capability: Capability) -> tuple[object, ...] | None:
    try:
        frame = decode_frame(payload, capability.streams)
    except DecodeError as error:
        return (int(error.stream), error.counter, error.n_samples) if error.stream else None
    counts = frame.raw.ravel().tolist()
    return (frame.stream, frame.sequence, frame.counter, frame.time_us, counts)


def bridge_frame() -> Target:
    """Data frames: what one decoder says, the other says."""
    golden = _golden()
    capability = decode_capability(bytes.fromhex(golden["capability"]))
    decoder, in_c = BridgeDecoder(capability, "fuzz"), _InC(capability)
    ids = [source.info.id for source in decoder.sources]

    def feed(data: bytes) -> None:
        payload = _maybe_sealed(data)
        python, c = _in_python(payload, capability), in_c(payload)
        assert python == c, (python, c)
        try:
            check([decoder.decode(payload)], len(payload), ids)
        except DecodeError:
            return

    return Target(feed, _seeds(*(bytes.fromhex(one["bytes"]) for one in golden["frames"])))


def bridge_capability() -> Target:
    """What a device says it is, and the units that follow from it."""

    def feed(data: bytes) -> None:
        try:
            capability = decode_capability(_maybe_sealed(data))
        except DecodeError:
            return
        decoder = BridgeDecoder(capability, "fuzz")
        assert len(decoder.sources) == len(capability.streams) <= table.MAX_STREAMS
        for number, stream in enumerate(capability.streams):
            head = struct.pack("<BBBBII", table.Marker.DATA + number, 0, 0, 1, 0, 0)
            samples = b"\xff\x7f\x7f"[: stream.width] * len(stream.channels)
            message = head[:1] + bytes([len(head) + len(samples) + 2]) + head[2:] + samples
            decoder.decode(message + binascii.crc_hqx(message, 0xFFFF).to_bytes(2, "little"))

    return Target(feed, _seeds(bytes.fromhex(_golden()["capability"])))


def bridge_answer() -> Target:
    """Answers of the control point."""
    ping = struct.pack("<BBBBBII", table.Marker.ANSWER, 15, table.Command.PING, 0, 0, 5, 9)
    start = struct.pack("<BBBBB", table.Marker.ANSWER, 7, table.Command.START, 0, 0)

    def feed(data: bytes) -> None:
        for command in table.Command:
            try:
                results = decode_answer(_maybe_sealed(data), command)
            except DeviceError:
                continue
            assert len(results) in {0, 2}, results

    return Target(feed, _seeds(ping + bytes(2), start + bytes(2)))


def bridge_start() -> Target:
    """The driver's dialogue with a device that answers anything."""
    golden = _golden()
    message = struct.pack("<BBBBB", table.Marker.ANSWER, 7, table.Command.START, 0, 0)
    answer = message + binascii.crc_hqx(message, 0xFFFF).to_bytes(2, "little")
    frame = bytes.fromhex(golden["frames"][0]["bytes"])
    capability = bytes.fromhex(golden["capability"])
    return starting(DeviceUri("ble", "bridge"), (capability, answer, capability), frame)


def serial() -> Target:
    """A serial line, cut anywhere: the same messages, however it is cut."""
    frames = [bytes.fromhex(one["bytes"]) for one in _golden()["frames"]]
    line = b"".join(SerialFramer.wrap(frame) for frame in frames[:3])

    def feed(data: bytes) -> None:
        pieces = list(messages(data))
        in_pieces, at_once = SerialFramer(), SerialFramer()
        some = [message for piece in pieces for message in in_pieces.feed(piece)]
        assert some == at_once.feed(b"".join(pieces))
        assert in_pieces.n_malformed == at_once.n_malformed
        for message in some:
            assert len(message) <= table.MAX_CAPABILITY
            assert cobs_decoded(cobs_encoded(message)) == message

    cut = [line[i : i + 100] for i in range(0, len(line), 100)]
    return Target(feed, [b"".join(bytes([len(piece)]) + piece for piece in cut)])


BRIDGE = {
    "bridge_frame": bridge_frame,
    "bridge_capability": bridge_capability,
    "bridge_answer": bridge_answer,
    "bridge_start": bridge_start,
    "serial": serial,
}
