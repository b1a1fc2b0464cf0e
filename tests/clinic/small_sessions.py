"""Sessions made of a few numbers, with gaps where they are asked for."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import Channel, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.units import Unit
from wearaffect.recording.session import RecordedStream, Session

RATES_HZ = {"eda": 4, "bvp": 64, "acc": 32, "temp": 4}
UNITS = {"eda": "uS", "bvp": "1", "acc": "g", "temp": "degC"}


def stream(kind: str, parts: Sequence[tuple[float, NDArray[Any]]]) -> RecordedStream:
    """Make a stream of parts, each with the second at which it starts."""
    n_channels = 3 if kind == "acc" else 1
    info = StreamInfo(
        f"small.{kind}",
        SignalKind(kind),
        tuple(Channel(f"c{k}", Unit(UNITS[kind])) for k in range(n_channels)),
        float(RATES_HZ[kind]),
    )
    segments = tuple(
        SignalChunk(info, data.reshape(-1, n_channels).astype(np.float32), round(start_s * 1e9))
        for start_s, data in parts
    )
    return RecordedStream(info, segments)


def plausible(kind: str, seconds: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Numbers that a calm wrist could give."""
    n = seconds * RATES_HZ[kind]
    t = np.arange(n) / RATES_HZ[kind]
    if kind == "acc":
        return np.stack([np.full(n, 0.6), np.full(n, 0.8), rng.normal(0, 0.02, n)], axis=1)
    wave = {"eda": 2 + 0.1 * np.sin(t / 40), "bvp": 50 * np.sin(2 * np.pi * 1.1 * t)}
    return wave.get(kind, 33 + 0.2 * np.sin(t / 60)) + rng.normal(0, 0.01, n)


def session(
    kinds: Sequence[str], seconds: int, rng: np.random.Generator, **changes: Any
) -> Session:
    """Make a session of some kinds without gaps."""
    streams: Mapping[str, RecordedStream] = {
        f"small.{kind}": stream(kind, [(0.0, plausible(kind, seconds, rng))]) for kind in kinds
    }
    return Session(**({"path": "/somewhere/secret/small", "streams": streams} | changes))
