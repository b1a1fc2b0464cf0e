"""Muse 2 and Muse S headbands: PPG and acceleration, each packet counted."""

from collections.abc import Sequence

import numpy as np

from wearaffect.core.errors import DecodeError
from wearaffect.core.streams import Channel, LossEvidence, SignalKind, StreamInfo
from wearaffect.core.units import Unit
from wearaffect.devices.driver import GattDriver, Link, Packet, Source
from wearaffect.devices.uri import DeviceUri

__all__ = ["MuseDriver"]

_SERVICE = "0000fe8d-0000-1000-8000-00805f9b34fb"


def _uuid(short: int) -> str:
    return f"273e{short:04x}-4c4d-454d-96be-f03bac821358"


_CONTROL = _uuid(0x01)
_ACC = _uuid(0x0A)
_PPG = {_uuid(0x0F): "ambient", _uuid(0x10): "infrared", _uuid(0x11): "red"}

_PACKET_BYTES = 20
_PPG_SAMPLES, _ACC_SAMPLES = 6, 3
_INDEXES = 1 << 16  # of packets, big-endian
_G = 1 / (1 << 14)  # ±2 g over 16 bits

_ACC_INFO = StreamInfo(
    "muse.acc",
    SignalKind.ACC,
    tuple(Channel(axis, Unit.GRAVITY) for axis in "xyz"),
    52.0,
    body_site="forehead",
    loss_evidence=LossEvidence.COUNTER,
)
_PPG_INFOS = {
    uuid: StreamInfo(
        f"muse.ppg_{light}",
        SignalKind.PPG,
        (Channel(light, Unit.ARBITRARY),),
        64.0,
        body_site="forehead",
        loss_evidence=LossEvidence.COUNTER,
    )
    for uuid, light in _PPG.items()
}


class MuseDriver(GattDriver):
    """Muse 2 and Muse S (not Athena, which packs otherwise).

    Parameters
    ----------
    uri : DeviceUri
        It has no settings.

    Notes
    -----
    The layout that muse-js and muse-lsl publish (open source, BSD and MIT): every packet is an
    index of 16 bits and 18 bytes, big-endian: six samples of 24 bits of one light at 64 Hz, or
    three of x, y, z at 52 Hz. Lights come in packets of their own, so each is a stream; the index
    counts packets and proves loss. Commands are a length, text and a newline: ``h`` halts,
    ``p50`` chooses the sensors with PPG, ``s`` asks for state, ``d`` starts.
    """

    services = (_SERVICE,)
    name_prefixes = ("Muse-",)

    def __init__(self, uri: DeviceUri) -> None:
        uri.allow()

    async def start(self, link: Link) -> tuple[Source, ...]:
        """Choose the sensors and start them."""
        for uuid in (_ACC, *_PPG):
            await link.subscribe(uuid)
        for text in ("h", "p50", "s", "d"):
            await link.write(_CONTROL, _command(text), response=False)
        lights = (Source(info, _INDEXES * _PPG_SAMPLES) for info in _PPG_INFOS.values())
        return (Source(_ACC_INFO, _INDEXES * _ACC_SAMPLES), *lights)

    async def stop(self, link: Link) -> None:
        """Halt, so that it can sleep."""
        await link.write(_CONTROL, _command("h"), response=False)

    def decode(self, characteristic: str, payload: bytes) -> Sequence[Packet]:
        """Take one packet apart.

        Raises
        ------
        DecodeError
            It isn't of the length or characteristic of a packet.
        """
        info = _ACC_INFO if characteristic == _ACC else _PPG_INFOS.get(characteristic)
        if info is None or len(payload) != _PACKET_BYTES:
            raise DecodeError(
                "muse",
                "packet",
                expected=f"{_PACKET_BYTES} bytes",
                got=f"{len(payload)} bytes",
                stream="" if info is None else info.id,
                n_samples=_ACC_SAMPLES if info is _ACC_INFO else _PPG_SAMPLES,
            )
        index, content = int.from_bytes(payload[:2], "big"), payload[2:]
        if characteristic == _ACC:
            data = np.frombuffer(content, ">i2").reshape(_ACC_SAMPLES, 3) * _G
        else:
            parts = np.frombuffer(content, np.uint8).reshape(_PPG_SAMPLES, 3)
            data = (parts @ np.array([1 << 16, 1 << 8, 1]))[:, None]
        return (Packet(info.id, data.astype(np.float32), counter=index * len(data)),)


def _command(text: str) -> bytes:
    """Write a command: its length with the newline, the text, the newline."""
    return bytes([len(text) + 1]) + text.encode() + b"\n"
