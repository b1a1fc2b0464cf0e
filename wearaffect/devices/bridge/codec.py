"""The bridge's frames and commands: bytes to packets in units, questions to bytes.

Pure functions; the format is written down in ``firmware_bridge/PROTOCOL.md``.
"""

import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import DecodeError, DeviceError
from wearaffect.core.naming import distinct
from wearaffect.core.streams import Channel, LossEvidence, SignalKind, StreamInfo
from wearaffect.devices.bridge import table
from wearaffect.devices.bridge.capability import BridgeStream, Capability
from wearaffect.devices.bridge.messages import CRC_SIZE, is_intact, marker_of, sealed
from wearaffect.devices.bridge.table import Command, Marker, Status, Width
from wearaffect.devices.driver import Packet, Source

__all__ = [
    "BridgeDecoder",
    "Frame",
    "decode_answer",
    "decode_frame",
    "encode_command",
    "is_answer",
]

_URI = "bridge"
_ARGUMENTS: Final[dict[Command, Struct]] = {
    Command.SET_RATE: table.SET_RATE_ARGUMENTS_LAYOUT,
    Command.SET_PAYLOAD_LIMIT: table.SET_PAYLOAD_LIMIT_ARGUMENTS_LAYOUT,
}
_RESULTS: Final[dict[Command, Struct]] = {Command.PING: table.PING_RESULTS_LAYOUT}
_NOTHING = Struct("")


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One data frame, in raw counts.

    Attributes
    ----------
    stream : int
        Number of the stream.
    sequence : int
        Of the frame, modulo 256.
    counter : int
        Of the first sample, modulo 2^32.
    time_us : int
        Device time of the first sample, modulo 2^32 microseconds.
    raw : numpy.ndarray, (n_samples, n_channels), int32
        Counts.
    """

    stream: int
    sequence: int
    counter: int
    time_us: int
    raw: NDArray[np.int32]


class BridgeDecoder:
    """Frames of one device to packets in units.

    Parameters
    ----------
    capability : Capability
        What the device has declared.
    device : str
        Its name in stream ids.

    Attributes
    ----------
    sources : tuple of Source
        The streams, in the order of their numbers; a second stream of a kind is ``<kind>_2``.
    """

    def __init__(self, capability: Capability, device: str) -> None:
        self._capability = capability
        self._linear = [
            (
                np.array([float(channel.scale) for channel in stream.channels]),
                np.array([float(channel.offset) for channel in stream.channels]),
            )
            for stream in capability.streams
        ]
        seen: Counter[SignalKind] = Counter()
        sources = []
        for stream in capability.streams:
            seen[stream.kind] += 1
            word = f"{stream.kind}_{seen[stream.kind]}" if seen[stream.kind] > 1 else stream.kind
            info = StreamInfo(
                f"{device}.{word}",
                stream.kind,
                tuple(Channel(n, stream.unit) for n in distinct(c.name for c in stream.channels)),
                float(stream.rate),
                device=device,
                body_site=capability.body_site,
                loss_evidence=LossEvidence.COUNTER,
            )
            sources.append(Source(info, counter_modulus=2**32, clock_modulus_ns=2**32 * 1000))
        self.sources = tuple(sources)

    def decode(self, payload: bytes) -> Packet:
        """Take one data frame apart.

        Parameters
        ----------
        payload : bytes
            One notification, or one message of a serial line.

        Returns
        -------
        Packet
            In units; counter and clock as sent (wrapping at 2^32 samples, 2^32 µs).

        Raises
        ------
        DecodeError
            As `decode_frame`; the claimed stream by its id.
        """
        try:
            frame = decode_frame(payload, self._capability.streams)
        except DecodeError as error:
            if error.stream:
                error.stream = self.sources[int(error.stream)].info.id
            raise
        scale, offset = self._linear[frame.stream]
        return Packet(
            self.sources[frame.stream].info.id,
            (frame.raw * scale + offset).astype(np.float32),
            counter=frame.counter,
            clock_ns=frame.time_us * 1000,
        )


def decode_frame(payload: bytes, streams: Sequence[BridgeStream]) -> Frame:
    """Take one data frame apart, without its units.

    Parameters
    ----------
    payload : bytes
        The frame, nothing before or after it.
    streams : sequence of BridgeStream
        What the device has declared.

    Returns
    -------
    Frame
        In raw counts.

    Raises
    ------
    DecodeError
        Not a frame, of a stream that wasn't declared, or damaged. Where the header can be read
        and names a stream, the error carries its claim; `stream` is the number, as text.
    """
    if marker_of(payload) is not Marker.DATA or len(payload) < table.DATA_LAYOUT.size + CRC_SIZE:
        raise DecodeError(_URI, "not a data frame", got=f"{len(payload)} bytes")
    marker, length, sequence, count, counter, time_us = table.DATA_LAYOUT.unpack_from(payload)
    number = marker - Marker.DATA
    if number >= len(streams):
        raise DecodeError(_URI, "stream", expected=f"below {len(streams)}", got=str(number))
    stream = streams[number]
    size = count * len(stream.channels) * stream.width
    right = table.DATA_LAYOUT.size + size + CRC_SIZE
    fault = ""
    if not count or not len(payload) == length == right <= table.MAX_PAYLOAD:
        fault = f"{len(payload)} bytes, said {length} with {count} samples"
    elif not is_intact(payload):
        fault = "a wrong CRC"
    if fault:
        raise DecodeError(
            _URI,
            "damaged frame",
            got=fault,
            stream=str(number),
            counter=counter,
            n_samples=count,
        )
    raw = _counts(payload[table.DATA_LAYOUT.size : -CRC_SIZE], stream.width)
    return Frame(number, sequence, counter, time_us, raw.reshape(count, len(stream.channels)))


def encode_command(command: Command, *arguments: int, token: int = 0) -> bytes:
    """Write a command.

    Parameters
    ----------
    command : Command
        Which.
    *arguments : int
        Those of the command: SET_RATE (stream, numerator, denominator), SET_PAYLOAD_LIMIT (bytes).
    token : int
        0 to 255; the answer repeats it.

    Returns
    -------
    bytes
        At most 20.

    Raises
    ------
    ValueError
        Other arguments than the command's, or out of range.
    """
    layout = _ARGUMENTS.get(command, _NOTHING)
    length = table.COMMAND_LAYOUT.size + layout.size + CRC_SIZE
    try:
        head = table.COMMAND_LAYOUT.pack(Marker.COMMAND, length, command, token)
        return sealed(head + layout.pack(*arguments))
    except struct.error as error:
        msg = f"{command.name} can't take {arguments} with token {token}: {error}"
        raise ValueError(msg) from error


def is_answer(payload: bytes, command: Command, token: int) -> bool:
    """Tell whether a notification is a whole answer, and to this question.

    A device that couldn't read the question says so without knowing what it was: that is one too.
    """
    layout = table.ANSWER_LAYOUT
    whole = len(payload) >= layout.size + CRC_SIZE and payload[1] == len(payload)
    if marker_of(payload) is not Marker.ANSWER or not whole or not is_intact(payload):
        return False
    _, _, asked, said, status = layout.unpack_from(payload)
    return (asked, said) == (command, token) or status == Status.DAMAGED


def decode_answer(payload: bytes, command: Command, token: int = 0) -> tuple[int, ...]:
    """Read the answer to a command.

    Parameters
    ----------
    payload : bytes
        The whole message.
    command : Command
        What was asked.
    token : int
        And with which token.

    Returns
    -------
    tuple of int
        The results: PING (received_us, sent_us), else empty.

    Raises
    ------
    DecodeError
        Damaged, or the answer to something else.
    DeviceError
        The device refused; the error names the status.
    """
    layout = table.ANSWER_LAYOUT
    whole = len(payload) >= layout.size + CRC_SIZE and payload[1] == len(payload)
    if marker_of(payload) is not Marker.ANSWER or not whole or not is_intact(payload):
        raise DecodeError(_URI, "damaged answer", got=f"{len(payload)} bytes")
    _, _, asked, said, status = layout.unpack_from(payload)
    if status in tuple(Status) and status != Status.OK:
        word = Status(status).name.lower()
        raise DeviceError(_URI, f"refused {command.name.lower()}", expected="ok", got=word)
    results = _RESULTS.get(command, _NOTHING)
    body = payload[layout.size : -CRC_SIZE]
    if (asked, said, status, len(body)) != (command, token, Status.OK, results.size):
        raise DecodeError(_URI, "answer", expected=f"to {command.name} {token}", got=f"{asked}")
    return results.unpack(body)


def _counts(data: bytes, width: Width) -> NDArray[np.int32]:
    """Read two's complement counts."""
    if width is Width.INT16:
        return np.frombuffer(data, dtype="<i2").astype(np.int32)
    low = np.frombuffer(data, dtype=np.uint8).reshape(-1, 3).astype(np.int32)
    return (low[:, 0] << 8 | low[:, 1] << 16 | low[:, 2] << 24) >> 8
