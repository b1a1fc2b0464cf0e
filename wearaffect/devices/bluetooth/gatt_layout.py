"""How plain numbers lie in notifications: what the ``gatt`` driver is told, and decodes by."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import DecodeError
from wearaffect.core.timebase import samples_ns
from wearaffect.devices.driver import Packet, Source

__all__ = ["Field", "Layout", "Number", "Step", "StreamLayout"]

_ENDLESS = 1 << 16  # beyond any notification


@dataclass(frozen=True, slots=True)
class Number:
    """How a number is written: ``i`` or ``u`` and bits, or ``f32``."""

    kind: str
    size: int
    big_endian: bool = False

    def read(self, content: bytes) -> NDArray[np.float64] | NDArray[np.int64]:
        """Read as many as there are, (n,)."""
        if self.kind == "f":
            return np.frombuffer(content, ">f4" if self.big_endian else "<f4").astype(np.float64)
        parts = np.frombuffer(content, np.uint8).reshape(-1, self.size).astype(np.int64)
        if self.big_endian:
            parts = parts[:, ::-1]
        values = parts @ (1 << 8 * np.arange(self.size))
        half = 1 << 8 * self.size - 1
        return (values ^ half) - half if self.kind == "i" else values


@dataclass(frozen=True, slots=True)
class Step:
    """Something to write to a device."""

    characteristic: str
    value: bytes
    response: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A count or a time inside a notification.

    Attributes
    ----------
    offset : int
        Bytes before it.
    number : Number
        How it is written.
    modulus : int
        Where it begins again.
    """

    offset: int
    number: Number
    modulus: int

    @property
    def end(self) -> int:
        """Bytes up to its end."""
        return self.offset + self.number.size

    def read(self, payload: bytes) -> int:
        """Give its value, as sent."""
        value = payload[self.offset : self.end]
        return int.from_bytes(value, "big" if self.number.big_endian else "little") % self.modulus


@dataclass(frozen=True, slots=True)
class StreamLayout:
    """Where the samples of one stream are.

    Attributes
    ----------
    source : Source
        What comes out.
    characteristic, starts_with : str, bytes
        Which notifications it is in.
    number : Number
        How a value is written.
    offset : int
        Bytes before the first.
    samples : int or None
        To a notification; None: as many as fit.
    scale, zero : numpy.ndarray, (n_channels,)
        ``value = scale * (raw - zero)``.
    counter, clock : Field or None
        Where they are.
    counts_notifications, clock_of_last : bool
        What they are of, else samples, and the first sample.
    tick_ns : float
        Nanoseconds to a tick of the clock.
    """

    source: Source
    characteristic: str
    starts_with: bytes
    number: Number
    offset: int
    samples: int | None
    scale: NDArray[np.float64]
    zero: NDArray[np.float64]
    counter: Field | None = None
    counts_notifications: bool = True
    clock: Field | None = None
    clock_of_last: bool = False
    tick_ns: float = 0.0

    def clash(self) -> tuple[str, str, str] | None:
        """Tell which field can't be where it is: its name, its bytes, and whose they are."""
        length = None if self.samples is None else self.samples * self._sample_bytes
        taken = {
            "starts_with": range(len(self.starts_with)),
            "samples": range(self.offset, _ENDLESS if length is None else self.offset + length),
        }
        fields = {"counter": self.counter, "clock": self.clock}
        placed = {name: range(f.offset, f.end) for name, f in fields.items() if f}
        for name, span in ({"offset": taken["samples"]} | placed).items():
            for other, bytes_ in taken.items():
                if bytes_ is not span and _overlap(span, bytes_):
                    return name, _words(span), f"{other} ({_words(bytes_)})"
        return None

    def packet(self, payload: bytes) -> Packet:
        """Read a notification.

        Raises
        ------
        DecodeError
            Its length doesn't fit.
        """
        info, sample_bytes = self.source.info, self._sample_bytes
        end = None if self.samples is None else self.offset + self.samples * sample_bytes
        content = payload[self.offset : end]
        least = max([self.offset, *(f.end for f in (self.counter, self.clock) if f)])
        whole = len(content) % sample_bytes == 0 and len(content) > 0
        if len(payload) < least or not whole or len(content) // sample_bytes < (self.samples or 1):
            got = f"{len(payload)} bytes"
            raise DecodeError("gatt", "length", expected="whole samples", got=got, stream=info.id)
        with np.errstate(over="ignore", invalid="ignore"):  # a float may hold anything
            raw = self.number.read(content).reshape(-1, len(info.channels))
            data = (self.scale * (raw - self.zero)).astype(np.float32)
        count = len(data)
        late = np.zeros(count, np.int64) if info.sampling_rate is None and not self.clock else None
        return Packet(info.id, data, self._count(payload, count), self._time(payload, count), late)

    @property
    def _sample_bytes(self) -> int:
        return self.number.size * len(self.source.info.channels)

    def _count(self, payload: bytes, samples: int) -> int | None:
        if self.counter is None:
            return None
        return self.counter.read(payload) * (samples if self.counts_notifications else 1)

    def _time(self, payload: bytes, samples: int) -> int | None:
        """Give the clock at the first sample, wrapped as sent."""
        if self.clock is None:
            return None
        time_ns = round(self.clock.read(payload) * self.tick_ns)
        if self.clock_of_last and self.source.info.sampling_rate is not None:
            time_ns -= samples_ns(samples - 1, self.source.info.sampling_rate)
        return time_ns % (self.source.clock_modulus_ns or 1)


@dataclass(frozen=True, slots=True)
class Layout:
    """A whole file: what a device is found by, how it starts and stops, what it sends."""

    services: tuple[str, ...]
    name_prefixes: tuple[str, ...]
    start: tuple[Step, ...]
    stop: tuple[Step, ...]
    streams: tuple[StreamLayout, ...]


def _overlap(one: range, other: range) -> bool:
    return max(one.start, other.start) < min(one.stop, other.stop)


def _words(span: range) -> str:
    if span.stop == _ENDLESS:
        return f"all bytes from {span.start} on"
    return f"bytes {span.start} to {span.stop - 1}"
