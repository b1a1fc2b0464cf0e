"""Any heart-rate belt or band that follows the Bluetooth SIG: rate and beat intervals."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import DecodeError
from wearaffect.core.streams import Channel, SignalKind, StreamInfo
from wearaffect.core.timebase import NS_PER_S
from wearaffect.core.units import Unit
from wearaffect.devices.driver import GattDriver, Link, Packet, Source
from wearaffect.devices.uri import DeviceUri

__all__ = ["HeartRateDriver"]

_SERVICE = "0000180d-0000-1000-8000-00805f9b34fb"
_MEASUREMENT = "00002a37-0000-1000-8000-00805f9b34fb"

# Flags of the Heart Rate Measurement characteristic.
_WIDE_RATE, _CONTACT, _CONTACT_KNOWN, _ENERGY, _INTERVALS = 0x01, 0x02, 0x04, 0x08, 0x10
_TICKS_PER_S = 1024

_HR = StreamInfo("heart_rate.hr", SignalKind.HR, (Channel("hr", Unit.BEATS_PER_MINUTE),), None)
_IBI = StreamInfo("heart_rate.ibi", SignalKind.IBI, (Channel("ibi", Unit.SECOND),), None)


class HeartRateDriver(GattDriver):
    """Heart Rate Service: hr in beats a minute, ibi in seconds, both irregular.

    Parameters
    ----------
    uri : DeviceUri
        It has no settings.

    Notes
    -----
    Bluetooth SIG, Heart Rate Service 1.0 and GATT Specification Supplement, Heart Rate
    Measurement. It carries neither counter nor clock, so loss can't be proved. An interval's time
    is that of the beat that ends it; the last beat of a notification is taken as sent when it
    was, which is late by up to the second between notifications. Without skin contact, where the
    device knows of it, values are NaN.
    """

    services = (_SERVICE,)

    def __init__(self, uri: DeviceUri) -> None:
        uri.allow()

    async def start(self, link: Link) -> tuple[Source, ...]:
        """Subscribe; it sends by itself."""
        await link.subscribe(_MEASUREMENT)
        return (Source(_HR), Source(_IBI))

    def decode(self, characteristic: str, payload: bytes) -> Sequence[Packet]:
        """Take one measurement apart.

        Raises
        ------
        DecodeError
            Shorter than its flags say, or with bytes over.
        """
        if characteristic != _MEASUREMENT or not payload:
            raise DecodeError("heart_rate", "not a measurement", got=payload[:8].hex())
        flags = payload[0]
        first = 3 if flags & _WIDE_RATE else 2  # of what follows the rate
        first += 2 if flags & _ENERGY else 0
        ticks = payload[first:]
        if len(payload) < first or len(ticks) % 2 or bool(ticks) > bool(flags & _INTERVALS):
            expected = f"the fields of flags {flags:#04x}"
            raise DecodeError(
                "heart_rate", "length", expected=expected, got=f"{len(payload)} bytes"
            )
        rate = int.from_bytes(payload[1 : 3 if flags & _WIDE_RATE else 2], "little")
        touching = bool(flags & _CONTACT) or not flags & _CONTACT_KNOWN
        packets = [Packet(_HR.id, _column([rate if touching else np.nan]), ago_ns=_zeros(1))]
        if ticks:
            intervals = np.frombuffer(ticks, "<u2").astype(np.int64)
            seconds = intervals / _TICKS_PER_S if touching else np.full(intervals.shape, np.nan)
            packets.append(Packet(_IBI.id, _column(seconds), ago_ns=_ago(intervals)))
        return packets


def _column(values: Sequence[float] | NDArray[np.floating]) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)[:, None]


def _zeros(count: int) -> NDArray[np.int64]:
    return np.zeros(count, dtype=np.int64)


def _ago(intervals: NDArray[np.int64]) -> NDArray[np.int64]:
    """How long before the last beat each one was, (n,), nanoseconds."""
    after = np.cumsum(intervals[::-1])[::-1] - intervals
    return after * NS_PER_S // _TICKS_PER_S
