"""The Bluetooth drivers and LSL's metadata under fire: what they are fed, what may come back.

Packets no larger than the bytes can stand for, or a `DecodeError`; from a driver's dialogue with
its device, any `DeviceError`.
"""

import contextlib
import tempfile
import warnings
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from wearaffect.core.errors import DecodeError, DeviceError, DeviceUriError
from wearaffect.devices.bluetooth.gatt_file import read_layout
from wearaffect.devices.driver import Packet
from wearaffect.devices.lsl.streams import Column, Described, counter_column, is_markers, parts_of
from wearaffect.devices.registry import gatt_drivers
from wearaffect.devices.uri import DeviceUri

T = TypeVar("T")

# A compressed frame can give a sample a bit; nothing gives more.
_SAMPLES_A_BYTE = 8

warnings.simplefilter("error")  # a value that overflows is a find


@dataclass(frozen=True)
class Target:
    """What is called with bytes, and bytes to begin with; what it raises is a find."""

    feed: Callable[[bytes], None]
    seeds: Sequence[bytes]


class Answers:
    """A link whose device answers with what it was given, and then with nothing."""

    def __init__(self, answers: Sequence[bytes]) -> None:
        self._answers = iter(answers)
        self.subscribed: list[str] = []

    async def read(self, _: str) -> bytes:
        return next(self._answers, b"")

    async def write(self, *_: object, **__: object) -> None:
        pass

    async def subscribe(self, characteristic: str) -> None:
        self.subscribed.append(characteristic)

    async def request(self, *_: object, **__: object) -> bytes:
        return next(self._answers, b"")


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """Run what never waits."""
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError("it waits")


def messages(data: bytes) -> Iterator[bytes]:
    """Cut bytes into messages, each led by its length."""
    while data:
        length, data = data[0], data[1:]
        yield data[:length]
        data = data[length:]


def joined(*parts: bytes) -> bytes:
    """Undo `messages`."""
    return b"".join(bytes([len(part)]) + part for part in parts)


def check(packets: Sequence[Packet], n_bytes: int, streams: Sequence[str]) -> None:
    """Whether what came can have come from so many bytes of these streams."""
    for packet in packets:
        assert packet.stream_id in streams, packet.stream_id
        assert packet.data.dtype == np.float32, packet.data.dtype
        assert packet.data.ndim == 2, packet.data.shape
        assert 0 < packet.data.size <= _SAMPLES_A_BYTE * n_bytes, packet.data.shape
        if packet.ago_ns is not None:
            assert packet.ago_ns.shape == packet.data.shape[:1], packet.ago_ns.shape


def decoding(uri: DeviceUri, answers: Sequence[bytes], frames: Sequence[bytes]) -> Target:
    """Fire at `decode`, of a driver that is started: the first byte chooses the characteristic."""
    driver, link = gatt_drivers()[uri.target](uri), Answers(answers)
    streams = [source.info.id for source in at_once(driver.start(link))]

    def feed(data: bytes) -> None:
        if not data:
            return
        characteristic = link.subscribed[data[0] % len(link.subscribed)]
        try:
            packets = driver.decode(characteristic, data[1:])
        except DecodeError:
            return
        check(packets, len(data) - 1, streams)

    return Target(feed, [bytes([i]) + f for f in frames for i in range(len(link.subscribed))])


def starting(uri: DeviceUri, answers: Sequence[bytes], frame: bytes) -> Target:
    """Fire at `start`: the device answers anything; what it says next is decoded, too."""
    make = gatt_drivers()[uri.target]

    def feed(data: bytes) -> None:
        driver = make(uri)
        said = list(messages(data))
        link = Answers(said[:-1])
        try:
            streams = [source.info.id for source in at_once(driver.start(link))]
            at_once(driver.facts(link))
            packets = driver.decode(link.subscribed[0], said[-1]) if said else ()
        except DeviceError:
            return
        check(packets, len(data), streams)

    return Target(feed, [joined(*answers, frame)])


def heart_rate() -> Target:
    """Heart Rate Measurement, Bluetooth SIG."""
    frames = ("164800041004", "0048", "0f48011027", "10500004")
    uri = DeviceUri("ble", "heart_rate")
    return decoding(uri, (), [bytes.fromhex(frame) for frame in frames])


_RATES = b"\x00\x01\x34\x00"  # setting 0: one rate, 52 Hz
_POLAR_ANSWERS = (
    b"\x0f\x0f",  # it offers ECG, PPG, ACC and PPI
    *(
        bytes([0xF0, operation, number, 0, 0]) + _RATES
        for number in (0, 1, 2)
        for operation in (1, 2)
    ),
    b"\xf0\x02\x03\x00\x00",
)
_POLAR_URI = DeviceUri("ble", "polar", {"streams": "ecg,ppg,acc,ppi"})
_STAMP = (600_000_000_000_000_000).to_bytes(8, "little")


def _polar_frames() -> list[bytes]:
    return [
        b"\x00" + _STAMP + b"\x00" + bytes(range(9)),
        b"\x01" + _STAMP + b"\x00" + bytes(range(24)),
        b"\x01" + _STAMP + b"\x80" + bytes(range(12)) + b"\x06\x02" + bytes(6),
        b"\x02" + _STAMP + b"\x01" + bytes(range(12)),
        b"\x02" + _STAMP + b"\x81" + bytes(range(6)) + b"\x08\x02" + bytes(6),
        b"\x03" + _STAMP + b"\x00" + b"\x48\x20\x03\x0a\x00\x06",
    ]


def polar() -> Target:
    """Frames of the Polar Measurement Data service."""
    return decoding(_POLAR_URI, _POLAR_ANSWERS, _polar_frames())


def polar_start() -> Target:
    """Its control point."""
    return starting(_POLAR_URI, _POLAR_ANSWERS, _polar_frames()[2])


def muse() -> Target:
    """Packets of the headband."""
    return decoding(DeviceUri("ble", "muse"), (), (bytes(range(20)), b"\xff" * 20))


_LAYOUT = """
name_prefixes = ["OpenBand"]
[[stream]]
kind = "ppg"
characteristic = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"
starts_with = "02"
rate_hz = 64.0
type = "i24"
offset = 5
samples = 6
channels = [{ name = "red", unit = "1", scale = 1e12, zero = -1e12 }]
counter = { offset = 1, type = "u16", per = "notification", modulus = 1000 }
clock = { offset = 3, type = "u16", tick_s = 0.001, of = "last" }
[[stream]]
kind = "acc"
characteristic = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"
rate_hz = 0.001
type = "f32"
big_endian = true
offset = 9
channels = [{ name = "x", unit = "g", scale = -1e12 }, { name = "y", unit = "g" }]
clock = { offset = 1, type = "u64", tick_s = 3600.0 }
[[stream]]
kind = "eda"
characteristic = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"
starts_with = "03"
samples = 1
type = "u32"
offset = 1
channels = [{ name = "eda", unit = "uS" }]
"""


def gatt() -> Target:
    """Notifications that a layout file describes."""
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(_LAYOUT)
        file.flush()
        uri = DeviceUri("ble", "gatt", {"file": file.name})
        return decoding(uri, (), (b"\x02" + bytes(range(32)), b"\x03" + bytes(4), bytes(25)))


def gatt_file() -> Target:
    """The layout file itself: a layout, or an error that says where it is wrong."""
    path = Path(tempfile.mkdtemp(prefix="fuzz-")) / "layout.toml"

    def feed(data: bytes) -> None:
        path.write_bytes(data)
        try:
            layout = read_layout("ble:gatt", str(path))
        except DeviceUriError:
            return
        for stream in layout.streams:
            with contextlib.suppress(DecodeError):
                check([stream.packet(bytes(40))], 40, [stream.source.info.id])

    tables = _LAYOUT.split("[[stream]]")
    parts = [tables[0] + "[[stream]]" + table for table in tables[1:]]
    return Target(feed, [text.encode() for text in (_LAYOUT, *parts)])


def lsl() -> Target:
    """What a sender says of an LSL stream, as far as it is text."""
    uri = DeviceUri("lsl", "name=fuzz")

    def feed(data: bytes) -> None:
        words = [part.decode(errors="replace") for part in messages(data)] + [""] * 4
        name, kind, device, *rest = words
        columns = tuple(Column(*rest[i : i + 3]) for i in range(0, len(rest), 3))
        described = Described(
            name, kind, float(len(data) % 3), text=False, columns=columns, device=device
        )
        is_markers(described)
        try:
            parts = parts_of(uri, described)
        except DeviceError:
            return
        taken = sorted(index for part in parts for index in part.columns)
        assert taken == [i for i in range(len(columns)) if i != counter_column(described)]

    words = ("band", "EDA", "", "eda", "uS", "EDA", "n", "", "counter", "x", "g", "ACC")
    return Target(feed, [joined(*(word.encode() for word in words))])


DRIVERS: dict[str, Callable[[], Target]] = {
    "heart_rate": heart_rate,
    "polar": polar,
    "polar_start": polar_start,
    "muse": muse,
    "gatt": gatt,
    "gatt_file": gatt_file,
    "lsl": lsl,
}
