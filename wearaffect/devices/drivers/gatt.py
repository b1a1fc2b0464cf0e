"""Any device that notifies plain numbers: its layout comes from a small TOML file.

::

    name_prefixes = ["OpenBand"]           # or services = ["0000180d-…"]: what a scan finds it by

    [[start]]                              # written in this order; [[stop]] likewise
    characteristic = "6e400002-b5a3-f393-e0a9-e50e24dcca9e"
    hex = "01 40"
    response = true

    [[stream]]
    kind = "ppg"                           # of wearaffect.core.streams.SignalKind
    characteristic = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"
    starts_with = "02"                     # only notifications that begin so; all by default
    rate_hz = 64.0                         # without it the stream is irregular
    type = "u24"                           # i or u and 8, 16, 24, 32 bits, or f32
    big_endian = false
    offset = 5                             # bytes before the first sample
    samples = 6                            # to a notification; without it: as many as fit
    channels = [{ name = "red", unit = "1", scale = 1.0, zero = 0.0 }]   # value = scale·(raw−zero)
    counter = { offset = 1, type = "u16", per = "notification", modulus = 65536 }
    clock = { offset = 3, type = "u16", tick_s = 0.001, of = "last" }

Samples are interleaved, channel by channel. A counter counts notifications or samples
(``per = "sample"``), a clock is of the first or the last sample; both begin again at `modulus`,
which is all their bits unless it is given.
"""

from collections.abc import Sequence

from wearaffect.core.errors import DecodeError, DeviceUriError
from wearaffect.devices.bluetooth.gatt_file import read_layout
from wearaffect.devices.driver import GattDriver, Link, Packet, Source
from wearaffect.devices.uri import DeviceUri

__all__ = ["FileDriver"]


class FileDriver(GattDriver):
    """A device whose layout is in a file.

    Parameters
    ----------
    uri : DeviceUri
        Setting: ``file``, the path.

    Raises
    ------
    DeviceUriError
        No such file, or a mistake in it: the message says where.
    """

    def __init__(self, uri: DeviceUri) -> None:
        uri.allow("file")
        path = uri.settings.get("file")
        if not path:
            raise DeviceUriError(str(uri), "no layout", expected="file=PATH of a TOML file")
        self._layout = read_layout(str(uri), path)
        self.services = self._layout.services
        self.name_prefixes = self._layout.name_prefixes

    async def start(self, link: Link) -> tuple[Source, ...]:
        """Subscribe, then write what starts it."""
        for uuid in dict.fromkeys(stream.characteristic for stream in self._layout.streams):
            await link.subscribe(uuid)
        for step in self._layout.start:
            await link.write(step.characteristic, step.value, response=step.response)
        return tuple(stream.source for stream in self._layout.streams)

    async def stop(self, link: Link) -> None:
        """Write what stops it."""
        for step in self._layout.stop:
            await link.write(step.characteristic, step.value, response=step.response)

    def decode(self, characteristic: str, payload: bytes) -> Sequence[Packet]:
        """Take a notification apart, for each stream that it is of.

        Raises
        ------
        DecodeError
            It is of no stream, or its length doesn't fit.
        """
        packets = [
            stream.packet(payload)
            for stream in self._layout.streams
            if characteristic == stream.characteristic and payload.startswith(stream.starts_with)
        ]
        if not packets:
            raise DecodeError("gatt", "of no stream", got=payload[:12].hex())
        return packets
