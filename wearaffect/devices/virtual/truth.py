"""What a virtual wearable really sampled and sent."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from bumble.gatt import Characteristic
from numpy.typing import NDArray

from wearaffect.core.streams import SignalKind

__all__ = ["Frame", "Samples", "Sent", "Truth"]


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Consecutive samples of one stream, as a receiver should read them.

    Attributes
    ----------
    kind : SignalKind
        Of the stream.
    boot : int
        How many times the device had started anew.
    first : int
        Index of the first sample since then; it doesn't wrap.
    time_s : float
        True time of the first sample, on the event loop's clock.
    data : numpy.ndarray, (n_samples, n_channels), float32
        Values after the device's own rounding.
    """

    kind: SignalKind
    boot: int
    first: int
    time_s: float
    data: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One notification, and what is in it."""

    characteristic: Characteristic[bytes]
    payload: bytes
    samples: tuple[Samples, ...]


@dataclass(slots=True, eq=False)
class Sent:
    """What became of a frame.

    Attributes
    ----------
    frame : Frame
        The frame.
    time_s : float
        When it was ready, on the event loop's clock.
    intact, damaged : int
        How many whole and how many damaged copies went to a connected, subscribed central.
    """

    frame: Frame
    time_s: float
    intact: int = 0
    damaged: int = 0


@dataclass(slots=True)
class Truth:
    """Everything the device sampled, in order of time, and what it did with it."""

    sent: list[Sent] = field(default_factory=list)

    def samples(self, kind: SignalKind) -> Iterator[tuple[Samples, Sent]]:
        """Give the samples of one kind, with what became of their frame."""
        for sent in self.sent:
            for samples in sent.frame.samples:
                if samples.kind == kind:
                    yield samples, sent

    @property
    def kinds(self) -> tuple[SignalKind, ...]:
        """What was sampled."""
        return tuple(dict.fromkeys(s.kind for sent in self.sent for s in sent.frame.samples))
