"""What a bridge device says it is: its streams, and what its raw counts mean."""

import struct
from dataclasses import dataclass
from fractions import Fraction

from wearaffect.core.errors import DecodeError
from wearaffect.core.streams import SignalKind
from wearaffect.core.units import Unit
from wearaffect.devices.bridge import table
from wearaffect.devices.bridge.messages import CRC_SIZE, is_intact, marker_of
from wearaffect.devices.bridge.table import Flag, Marker, Width

__all__ = ["BridgeStream", "Capability", "Linear", "decode_capability"]

_URI = "bridge"


@dataclass(frozen=True, slots=True)
class Linear:
    """One channel: its name, and raw counts to its unit by ``raw * scale + offset``, exactly."""

    name: str
    scale: Fraction
    offset: Fraction


@dataclass(frozen=True, slots=True)
class BridgeStream:
    """A stream as the device declares it.

    Attributes
    ----------
    kind : SignalKind
        What it measures.
    unit : Unit
        Of the calibrated values.
    width : Width
        Bytes of one raw count.
    rate : Fraction
        Samples a second, exactly.
    channels : tuple of Linear
        In the order of the samples.
    """

    kind: SignalKind
    unit: Unit
    width: Width
    rate: Fraction
    channels: tuple[Linear, ...]


@dataclass(frozen=True, slots=True)
class Capability:
    """What a device says it is.

    Attributes
    ----------
    name, firmware, body_site : str
        Its own words; the version as ``major.minor.patch``.
    authenticated : bool
        Whether it gives data over paired links only.
    streams : tuple of BridgeStream
        By number.
    """

    name: str
    firmware: str
    body_site: str
    authenticated: bool
    streams: tuple[BridgeStream, ...]


def decode_capability(payload: bytes) -> Capability:
    """Take the capability apart.

    Parameters
    ----------
    payload : bytes
        The whole message.

    Returns
    -------
    Capability
        What it says.

    Raises
    ------
    DecodeError
        Of another version, cut short, damaged, or with a word that version 1 doesn't have.
    """
    layout = table.CAPABILITY_LAYOUT
    if marker_of(payload) is not Marker.CAPABILITY or len(payload) < layout.size + CRC_SIZE:
        raise DecodeError(_URI, "not a capability", got=f"{len(payload)} bytes")
    _, version, length, flags, *firmware, site, n_streams, n_name = layout.unpack_from(payload)
    if version != table.VERSION:
        raise DecodeError(_URI, "format version", expected=str(table.VERSION), got=str(version))
    if length != len(payload) or not is_intact(payload):
        raise DecodeError(_URI, "damaged capability", got=f"{len(payload)} bytes, said {length}")
    body = payload[layout.size : -CRC_SIZE]
    try:
        name, at = body[:n_name].decode(), n_name
        streams = []
        for _ in range(n_streams):
            stream, at = _stream(body, at)
            streams.append(stream)
        body_site = table.Site(site).name.lower()
    except (ValueError, KeyError, ZeroDivisionError, struct.error) as error:
        raise DecodeError(_URI, "capability", got=str(error)) from error
    if at != len(body) or not 0 < n_streams <= table.MAX_STREAMS:
        raise DecodeError(_URI, "capability", expected="streams to its end", got=f"{n_streams}")
    authenticated = not flags & Flag.UNAUTHENTICATED_LINK
    return Capability(name, ".".join(map(str, firmware)), body_site, authenticated, tuple(streams))


def _stream(body: bytes, at: int) -> tuple[BridgeStream, int]:
    """Read the record of a stream and those of its channels; give where the next begins."""
    kind, unit, width, n_channels, num, den = table.STREAM_RECORD_LAYOUT.unpack_from(body, at)
    at += table.STREAM_RECORD_LAYOUT.size
    rate = Fraction(num, den)
    if not (rate and 0 < n_channels <= table.MAX_CHANNELS):
        msg = f"{n_channels} channels at {rate} Hz"
        raise ValueError(msg)
    signal = SignalKind[table.Kind(kind).name]
    channels = []
    for _ in range(n_channels):
        word, *linear = table.CHANNEL_RECORD_LAYOUT.unpack_from(body, at)
        at += table.CHANNEL_RECORD_LAYOUT.size
        name = signal.value if word == table.Channel.VALUE else table.Channel(word).name.lower()
        scale, offset = Fraction(*linear[:2]), Fraction(*linear[2:])
        if not scale:
            msg = f"channel {name} of scale 0"
            raise ValueError(msg)
        channels.append(Linear(name, scale, offset))
    unit_ = Unit[table.Unit(unit).name]
    return BridgeStream(signal, unit_, Width(width), rate, tuple(channels)), at
