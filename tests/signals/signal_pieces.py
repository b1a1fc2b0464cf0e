"""Streams and chunks that the signal tests are made of."""

from fractions import Fraction
from itertools import accumulate, cycle, pairwise

import numpy as np

from wearaffect.core.streams import Channel, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.units import Unit

UNITS = {
    SignalKind.EDA: Unit.MICROSIEMENS,
    SignalKind.BVP: Unit.ARBITRARY,
    SignalKind.ACC: Unit.GRAVITY,
    SignalKind.TEMP: Unit.CELSIUS,
}


def info(kind, rate, *, width=1, unit=None, device="t"):
    channels = tuple(Channel(f"c{i}", unit or UNITS[kind]) for i in range(width))
    return StreamInfo(f"{device}.{kind}", kind, channels, rate)


def time_of(index, rate, start_ns=0):
    """Nanosecond of a sample, in whole numbers."""
    return start_ns + int(index * 10**9 / Fraction(str(rate)))


def cut_up(stream, data, sizes, start_ns=0):
    """Chunks of the given sizes, over and over, until the samples are used up."""
    data = np.asarray(data, np.float32).reshape(len(data), -1)
    ends = []
    for end in accumulate(cycle(sizes)):
        ends.append(min(end, len(data)))
        if end >= len(data):
            break
    return [
        SignalChunk(stream, data[a:b], time_of(a, stream.sampling_rate, start_ns))
        for a, b in pairwise([0, *ends])
    ]


def alone(function, data, *args):
    """What a function of many windows says of one."""
    found = function(np.asarray(data, float)[None], *args)
    return {name: values.item() for name, values in found.items()}
