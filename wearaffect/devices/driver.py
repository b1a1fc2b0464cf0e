"""What a driver is: pure decoding beside a few reads and writes, on whatever carries the bytes."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import StreamInfo

__all__ = ["ClockPing", "Found", "GattDriver", "Link", "Packet", "Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """A stream as a device sends it.

    Attributes
    ----------
    info : StreamInfo
        What comes out.
    counter_modulus : int or None
        Samples after which the device's counter begins again; None: it never does.
    clock_modulus_ns : int or None
        Nanoseconds after which the device's clock begins again; None: it never does.
    """

    info: StreamInfo
    counter_modulus: int | None = None
    clock_modulus_ns: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Packet:
    """Consecutive samples of one stream, as decoded: nothing is unwrapped or put in order yet.

    Attributes
    ----------
    stream_id : str
        Of the `Source`.
    data : numpy.ndarray, (n_samples, n_channels), float32
        In the units of the stream.
    counter : int or None
        The device's count at the first sample, in samples, as sent (wrapping).
    clock_ns : int or None
        The device's clock at the first sample, nanoseconds, as sent (wrapping).
    ago_ns : numpy.ndarray, (n_samples,), int64 or None
        For irregular streams without a clock: how long before it was sent each sample was.
    """

    stream_id: str
    data: NDArray[np.float32]
    counter: int | None = None
    clock_ns: int | None = None
    ago_ns: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True)
class ClockPing:
    """Four stamps of one question and answer: bounds the delay that one way can't show."""

    sent_ns: int
    device_received_ns: int
    device_sent_ns: int
    received_ns: int


@dataclass(frozen=True, slots=True)
class Found:
    """A device that a scan saw: the address to open it by, and what it showed of itself."""

    uri: str
    name: str
    facts: Mapping[str, str | int | float | bool] = field(default_factory=dict)


class Link(Protocol):
    """A connection to a GATT server, as a driver sees it. UUIDs are 128-bit text, lower case."""

    @property
    def secure(self) -> bool:
        """Whether it was paired, so that nobody without the key sends over it, or is a cable."""
        ...

    async def read(self, characteristic: str) -> bytes:
        """Read a value."""
        ...

    async def write(self, characteristic: str, value: bytes, *, response: bool = True) -> None:
        """Write a value."""
        ...

    async def subscribe(self, characteristic: str) -> None:
        """Have notifications and indications of a characteristic decoded."""
        ...

    async def request(
        self,
        characteristic: str,
        value: bytes,
        *,
        timeout_s: float = 5.0,
        fits: Callable[[bytes], bool] | None = None,
    ) -> bytes:
        """Write to a control point and give the notification that answers: the first that fits."""
        ...


class GattDriver(ABC):
    """A Bluetooth wearable: what it is found by, how it is started, what its bytes mean.

    One instance serves one device over all its connections; it keeps nothing that a reconnect
    would make wrong.

    Attributes
    ----------
    services : tuple of str
        UUIDs that it advertises; a scan finds it by any of them.
    name_prefixes : tuple of str
        Or by the beginning of its name.
    first_s, stall_s : float
        How long a link may be silent, seconds, before its first notification and after it; then
        it is taken down and made anew. Some devices settle for half a minute (engineering
        choices).
    """

    services: tuple[str, ...] = ()
    name_prefixes: tuple[str, ...] = ()
    first_s: float = 40.0
    stall_s: float = 5.0

    @abstractmethod
    async def start(self, link: Link) -> tuple[Source, ...]:
        """Ask what there is, subscribe, and start the signal; called on every connection."""

    @abstractmethod
    def decode(self, characteristic: str, payload: bytes) -> Sequence[Packet]:
        """Take one notification apart.

        Raises
        ------
        DecodeError
            It isn't what the format says.
        """

    async def stop(self, link: Link) -> None:  # noqa: B027 - many devices stop by disconnecting
        """Stop the signal; the link goes down next."""

    async def facts(self, link: Link) -> Mapping[str, str | int | float | bool]:  # noqa: ARG002
        """Ask for more than the standard battery and device information services tell."""
        return {}

    async def ping(self, link: Link) -> ClockPing | None:  # noqa: ARG002
        """Compare clocks; None where the device can't."""
        return None
