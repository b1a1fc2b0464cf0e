"""Polar H10, Verity Sense, OH1 and kin: PPG, acceleration, ECG and beat intervals over PMD."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import DecodeError, DeviceError
from wearaffect.core.streams import Channel, LossEvidence, SignalKind, StreamInfo
from wearaffect.core.timebase import NS_PER_S, samples_ns
from wearaffect.core.units import Unit
from wearaffect.devices.driver import GattDriver, Link, Packet, Source
from wearaffect.devices.uri import DeviceUri

__all__ = ["PolarDriver"]

T = TypeVar("T")

_SERVICE = "fb005c80-02e7-f387-1cad-8acd2d8df0c8"
_CONTROL = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
_DATA = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"

# PMD control point: operations, the marks of its answers, and the settings by number.
_GET, _START, _STOP = 0x01, 0x02, 0x03
_FEATURES, _ANSWER = 0x0F, 0xF0
_DONE, _ALREADY = 0x00, 0x06
_RATE, _CHANNELS, _FACTOR = 0x00, 0x04, 0x05
_SETTING_BYTES = {_RATE: 2, 0x01: 2, 0x02: 2, 0x03: 4, _CHANNELS: 1, _FACTOR: 4}

_HEADER_BYTES = 10
_DELTA = 0x80  # of the frame type: compressed
_WIDEST = 32  # bits of a difference
_NEVER_NS = 1 << 63
_PPI_BYTES = 6
_INVALID, _CONTACT, _CONTACT_KNOWN = 0x01, 0x02, 0x04  # flags of an interval
_PPI_SILENT_S = 60.0  # a Verity Sense takes 25 s to its first interval, then sends every 5 s


@dataclass(frozen=True, slots=True)
class _Kind:
    """A measurement: its number, and how its samples are written.

    `raw` gives bytes a value by frame type; `delta` the bytes of a reference value and the factor
    to the unit, by frame type of compressed frames.
    """

    number: int
    kind: SignalKind
    channels: tuple[Channel, ...]
    wanted_hz: int
    raw: Mapping[int, int]
    scale: float
    delta: Mapping[int, tuple[int, float]] = field(default_factory=dict)


_MILLI = 1e-3
_KINDS = {
    "ecg": _Kind(0, SignalKind.ECG, (Channel("ecg", Unit.MILLIVOLT),), 130, {0: 3}, _MILLI),
    "ppg": _Kind(
        1,
        SignalKind.PPG,
        tuple(Channel(n, Unit.ARBITRARY) for n in ("ppg0", "ppg1", "ppg2", "ambient")),
        55,
        {0: 3},
        1.0,
        {0: (3, 1.0)},
    ),
    "acc": _Kind(
        2,
        SignalKind.ACC,
        tuple(Channel(n, Unit.GRAVITY) for n in "xyz"),
        50,
        {0: 1, 1: 2, 2: 3},
        _MILLI,
        {0: (2, 1.0), 1: (2, _MILLI)},  # type 0 counts in units of its factor, in g
    ),
    "ppi": _Kind(3, SignalKind.IBI, (Channel("ibi", Unit.SECOND),), 0, {0: _PPI_BYTES}, _MILLI),
}
_NAMES = {kind.number: name for name, kind in _KINDS.items()}


class PolarDriver(GattDriver):
    """Polar Measurement Data service.

    Parameters
    ----------
    uri : DeviceUri
        Settings: ``streams=ppg,acc,ecg,ppi`` (all that the device offers but ppi, unless it is
        named), and ``ppg_hz``, ``acc_hz``, ``ecg_hz``: of the rates it offers the closest.

    Raises
    ------
    DeviceUriError
        A setting that isn't known or can't be taken.

    Notes
    -----
    Polar Measurement Data Specification for 3rd Party. A frame carries one stamp, of its last
    sample, in nanoseconds since 2000-01-01 by the device's clock, which begins anew when that is
    set; that clock is the evidence of loss. ``ibi`` (PPI) has no usable stamp: an interval's time
    is that of the beat that ends it, and the last is taken as sent when it was. Intervals that
    the device calls invalid, or measured off the skin, are NaN.
    """

    services = (_SERVICE,)
    name_prefixes = ("Polar ",)

    def __init__(self, uri: DeviceUri) -> None:
        rates = {name: f"{name}_hz" for name, kind in _KINDS.items() if kind.wanted_hz}
        uri.allow("streams", *rates.values())
        self._uri = str(uri)
        self._chosen = uri.choices("streams", _KINDS)
        self._wanted_hz = {
            name: uri.number(setting, _KINDS[name].wanted_hz, 1, 1000)
            for name, setting in rates.items()
        }
        self._infos: dict[str, StreamInfo] = {}
        self._factors: dict[str, float] = {}
        if self._chosen == ("ppi",):
            self.stall_s = self.first_s = _PPI_SILENT_S

    async def start(self, link: Link) -> tuple[Source, ...]:
        """Ask what it offers, choose, start.

        Raises
        ------
        DeviceError
            It doesn't offer a stream that was named, or refuses to start it.
        """
        features = await link.read(_CONTROL)
        if len(features) < 2 or features[0] != _FEATURES:
            raise DeviceError(self._uri, "features", expected="0f and a mask", got=features.hex())
        offered = [name for name, kind in _KINDS.items() if features[1] >> kind.number & 1]
        missing = [name for name in self._chosen if name not in offered]
        names = self._chosen or tuple(n for n in offered if n != "ppi") or tuple(offered)
        if missing or not names:
            raise DeviceError(
                self._uri,
                "doesn't measure that",
                expected=", ".join(self._chosen) or "any stream",
                got=", ".join(offered) or "none",
                remedy="choose with streams=",
            )
        await link.subscribe(_DATA)
        for name in names:
            await self._begin(link, name)
        return tuple(Source(self._infos[name]) for name in names)

    async def _begin(self, link: Link, name: str) -> None:
        kind = _KINDS[name]
        rate_hz = None
        command = bytes([_START, kind.number])
        if kind.wanted_hz:
            offered = _settings(await self._ask(link, bytes([_GET, kind.number])))
            chosen = {setting: max(values) for setting, values in offered.items() if values}
            rates_hz = [hz for hz in offered.get(_RATE, ()) if hz > 0]
            if not rates_hz:
                raise DeviceError(self._uri, f"offers no rate of {name}")
            rate_hz = min(rates_hz, key=lambda hz: abs(hz - self._wanted_hz[name]))
            chosen[_RATE] = rate_hz
            command += b"".join(_setting(n, v) for n, v in chosen.items() if n != _FACTOR)
        answer = _settings(await self._ask(link, command))
        self._factors[name] = _factor(answer)
        evidence = LossEvidence.DEVICE_CLOCK if rate_hz else LossEvidence.NONE
        info = StreamInfo(
            f"polar.{kind.kind}", kind.kind, kind.channels, rate_hz, loss_evidence=evidence
        )
        self._infos[name] = info

    async def _ask(self, link: Link, command: bytes) -> bytes:
        """Use the control point; give what follows the head of its answer."""
        answer = await link.request(_CONTROL, command)
        if len(answer) < 4 or answer[0] != _ANSWER or answer[1:3] != command[:2]:
            got = answer[:8].hex()
            raise DeviceError(self._uri, f"answer to {command[:2].hex()}", got=got)
        if answer[3] not in {_DONE, _ALREADY}:
            got = f"error {answer[3]} of the PMD control point"
            raise DeviceError(self._uri, f"refuses {command.hex()}", got=got)
        return answer[5:]

    async def stop(self, link: Link) -> None:
        """Stop every stream; else some devices measure on until their battery is flat."""
        for name in self._infos:
            await link.write(_CONTROL, bytes([_STOP, _KINDS[name].number]))

    def decode(self, characteristic: str, payload: bytes) -> Sequence[Packet]:
        """Take one data frame apart.

        Raises
        ------
        DecodeError
            A measurement or frame type that isn't known or wasn't started, or a length that
            doesn't fit.
        """
        if characteristic != _DATA or len(payload) <= _HEADER_BYTES:
            raise DecodeError("polar", "not a frame", got=payload[:_HEADER_BYTES].hex())
        name = _NAMES.get(payload[0], "")
        info = self._infos.get(name)
        if info is None:
            raise DecodeError("polar", "measurement", expected="one started", got=str(payload[0]))
        frame_type, content = payload[_HEADER_BYTES - 1], payload[_HEADER_BYTES:]
        if info.sampling_rate is None:
            return (_intervals(info, frame_type, content),)
        last_ns = int.from_bytes(payload[1:9], "little")
        if last_ns >= _NEVER_NS:
            raise DecodeError("polar", "stamp", got=str(last_ns), stream=info.id)
        kind, columns = _KINDS[name], len(info.channels)
        if frame_type & _DELTA:
            width, scale = _known(kind.delta, frame_type & ~_DELTA, info)
            values = _compressed(content, width, columns, info)
            scale *= self._factors[name]
        else:
            values = _whole(content, _known(kind.raw, frame_type, info), columns, info)
            scale = kind.scale
        first_ns = last_ns - samples_ns(len(values) - 1, info.rate_hz)
        return (Packet(info.id, (values * scale).astype(np.float32), clock_ns=first_ns),)


def _known(table: Mapping[int, T], frame_type: int, info: StreamInfo) -> T:
    if frame_type not in table:
        expected = f"one of {sorted(table)}"
        raise DecodeError(
            "polar", "frame type", expected=expected, got=str(frame_type), stream=info.id
        )
    return table[frame_type]


def _whole(content: bytes, width: int, columns: int, info: StreamInfo) -> NDArray[np.int64]:
    """Read samples of little-endian two's complement, (n, columns)."""
    if not content or len(content) % (width * columns):
        raise _length(content, f"whole samples of {width * columns} bytes", info)
    parts = np.frombuffer(content, np.uint8).reshape(-1, columns, width).astype(np.int64)
    return _signed(parts @ (1 << 8 * np.arange(width)), 8 * width)


def _compressed(content: bytes, width: int, columns: int, info: StreamInfo) -> NDArray[np.int64]:
    """Read a reference sample and the differences that follow it, (n, columns).

    The differences come in groups: bits of one difference, number of samples, then the
    differences, least significant bit first, channel by channel, filled up to a byte.
    """
    at = width * columns
    samples = [_whole(content[:at], width, columns, info)]
    while at < len(content):
        bits, count = (*content[at : at + 2], 0)[:2]
        end = at + 2 + (bits * count * columns + 7) // 8
        if not 0 < bits <= _WIDEST or not count or end > len(content):
            raise _length(content, "whole groups of differences", info)
        packed = np.frombuffer(content[at + 2 : end], np.uint8)
        each = np.unpackbits(packed, count=bits * count * columns, bitorder="little")
        values = each.reshape(count, columns, bits).astype(np.int64) @ (1 << np.arange(bits))
        samples.append(_signed(values, bits))
        at = end
    return np.concatenate(samples).cumsum(axis=0)


def _intervals(info: StreamInfo, frame_type: int, content: bytes) -> Packet:
    """Read beat intervals: rate, interval and its error in ms, and flags, six bytes each."""
    width = _known(_KINDS["ppi"].raw, frame_type, info)
    if not content or len(content) % width:
        raise _length(content, f"whole intervals of {width} bytes", info)
    rows = np.frombuffer(
        content, np.dtype([("hr", "u1"), ("ms", "<u2"), ("e", "<u2"), ("f", "u1")])
    )
    ms, flags = rows["ms"].astype(np.int64), rows["f"]
    off_skin = (flags & _CONTACT_KNOWN).astype(bool) & ~(flags & _CONTACT).astype(bool)
    invalid = (flags & _INVALID).astype(bool) | off_skin
    seconds = np.where(invalid, np.nan, ms * _MILLI).astype(np.float32)[:, None]
    after_ms = ms[::-1].cumsum()[::-1] - ms
    return Packet(info.id, seconds, ago_ns=after_ms * (NS_PER_S // 1000))


def _signed(values: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
    """Read unsigned numbers of so many bits as two's complement."""
    half = 1 << bits - 1
    return (values ^ half) - half


def _length(content: bytes, expected: str, info: StreamInfo) -> DecodeError:
    got = f"{len(content)} bytes: {content[:12].hex()}"
    return DecodeError("polar", "length", expected=expected, got=got, stream=info.id)


def _settings(body: bytes) -> dict[int, tuple[int, ...]]:
    """Read settings, each a number, a count and so many values; stop at one that isn't known."""
    settings: dict[int, tuple[int, ...]] = {}
    at = 0
    while at + 2 <= len(body) and body[at] in _SETTING_BYTES:
        width, count = _SETTING_BYTES[body[at]], body[at + 1]
        values = body[at + 2 : at + 2 + width * count]
        settings[body[at]] = tuple(
            int.from_bytes(values[i : i + width], "little")
            for i in range(0, len(values) // width * width, width)
        )
        at += 2 + width * count
    return settings


def _setting(number: int, value: int) -> bytes:
    """Write the choice of one value."""
    return bytes([number, 1]) + value.to_bytes(_SETTING_BYTES[number], "little")


def _factor(settings: Mapping[int, tuple[int, ...]]) -> float:
    """Give what differences are to be multiplied by; it comes as the bits of a float."""
    values = settings.get(_FACTOR, ())
    if not values:
        return 1.0
    factor: float = struct.unpack("<f", struct.pack("<I", values[0]))[0]
    return factor if np.isfinite(factor) and factor > 0 else 1.0
