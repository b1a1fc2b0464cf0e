"""Any device that notifies plain numbers: its layout comes from a small TOML file.

docs/gatt.md describes the file, with an example.
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
        No such file, or a mistake in it: the message says where; or neither the file nor the
        address says which device.
    """

    def __init__(self, uri: DeviceUri) -> None:
        uri.allow("file")
        path = uri.settings.get("file")
        if not path:
            raise DeviceUriError(str(uri), "no layout", expected="file=PATH of a TOML file")
        self._layout = read_layout(str(uri), path)
        self.services = self._layout.services
        self.name_prefixes = self._layout.name_prefixes
        if not (self.services or self.name_prefixes or uri.target.partition(":")[2]):
            raise DeviceUriError(
                str(uri),
                f"{path}: services",
                expected="them or name_prefixes, as the address names no device either",
                got="nothing that a scan could find it by",
                remedy="write one into the file, or open ble:gatt:ADDRESS?file=PATH",
            )

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
