"""A device and a radio, simulated sample by sample: nothing of the code under test is in here."""

import numpy as np

from wearaffect.core.events import ClockSegment, LateChunk
from wearaffect.core.streams import (
    Channel,
    Gap,
    LossEvidence,
    SignalChunk,
    SignalKind,
    StreamInfo,
)
from wearaffect.core.units import Unit
from wearaffect.devices.driver import Packet, Source
from wearaffect.devices.reception.reception import Reception

S = 10**9
MS = 10**6


def source(evidence=LossEvidence.COUNTER, rate_hz=256.0, counter=2**16, clock=None, kind="ppg"):
    info = StreamInfo(
        f"d.{kind}", SignalKind(kind), (Channel(kind, Unit.ARBITRARY),), rate_hz, "d", "", evidence
    )
    return Source(info, counter, clock)


class Wearable:
    """Samples numbered from 0 on at a rate of its own; sample i holds the value i.

    Parameters
    ----------
    made : Source
        What it claims to be.
    n : int
        Samples a packet.
    count, clock_ns : int
        What its counter and clock show at sample 0; None: it doesn't send it.
    ppm : float
        How much faster the host's clock runs than its own.
    """

    def __init__(self, made, n=16, count=0, clock_ns=None, ppm=0.0, boot_ns=1000 * S):
        self.made, self.n, self.count, self.clock_ns = made, n, count, clock_ns
        self.ppm, self.boot_ns = ppm, boot_ns

    def device_ns(self, sample):
        return sample * S / self.made.info.sampling_rate

    def host_ns(self, sample):
        return self.boot_ns + self.device_ns(sample) * (1 + self.ppm * 1e-6)

    def packet(self, k, value=0):
        first = k * self.n
        counter = clock_ns = None
        if self.count is not None:
            counter = self.count + first
            if self.made.counter_modulus:
                counter %= self.made.counter_modulus
        if self.clock_ns is not None:
            clock_ns = round(self.clock_ns + self.device_ns(first))
            if self.made.clock_modulus_ns:
                clock_ns %= self.made.clock_modulus_ns
        data = np.arange(first, first + self.n, dtype=np.float32)[:, None] + np.float32(value)
        return Packet(self.made.info.id, data, counter, clock_ns)

    def ready_ns(self, k):
        """Host time at which packet k is whole: its last sample has been taken."""
        return round(self.host_ns((k + 1) * self.n - 1))


def kept(items):
    """Split what a reception gave: chunks, gaps, pieces of the clock, late chunks."""
    kinds = (SignalChunk, Gap, ClockSegment, LateChunk)
    return tuple([item for item in items if isinstance(item, kind)] for kind in kinds)


def received(made, arrivals, end_ns=None):
    """Give what comes of packets, as pairs of packet and arrival."""
    reception = Reception(made)
    items = [item for packet, at_ns in arrivals for item in reception.take(packet, at_ns)]
    last_ns = arrivals[-1][1] if arrivals else 0
    return items + reception.finish(last_ns if end_ns is None else end_ns)


def values(chunks):
    """Give all samples of chunks."""
    return np.concatenate([c.data[:, 0] for c in chunks]) if chunks else np.empty(0, np.float32)


def assert_stamps_increase(chunks):
    if chunks:
        assert (np.diff(np.concatenate([c.times_ns() for c in chunks])) > 0).all()
