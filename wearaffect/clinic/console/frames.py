"""Samples as the page reads them: little-endian blocks of floats behind one header."""

import struct
from collections.abc import Iterable

import numpy as np

from wearaffect.core.streams import SignalChunk
from wearaffect.core.timebase import s_from_ns

__all__ = ["MESSAGE_OUTCOMES", "MESSAGE_SAMPLES", "MESSAGE_VIEW", "samples_frame"]

MESSAGE_VIEW, MESSAGE_SAMPLES, MESSAGE_OUTCOMES = 1, 2, 3
_HEADER = struct.Struct("<BBHId")
_BLOCK = struct.Struct("<HHIdd")


def samples_frame(
    blocks: Iterable[tuple[int, SignalChunk]], origin_ns: int, now_ns: int
) -> bytes | None:
    """Pack chunks into one message.

    Parameters
    ----------
    blocks : iterable of (int, SignalChunk)
        Index of the stream, and samples; each stream in time order.
    origin_ns : int
        Host time that counts as zero seconds.
    now_ns : int
        Host time of sending.

    Returns
    -------
    bytes or None
        Header ``u8 2, u8 0, u16 n_blocks, u32 0, f64 now_s``; then each block ``u16 stream,
        u16 n_channels, u32 n_samples, f64 first_s, f64 step_s``, for an irregular stream
        (``step_s`` 0) ``n_samples`` f64 times, and f32 samples, channel after channel, padded to 8
        bytes. None where there is nothing to send.
    """
    parts = [_block(index, chunk, origin_ns) for index, chunk in blocks if len(chunk)]
    if not parts:
        return None
    header = _HEADER.pack(MESSAGE_SAMPLES, 0, len(parts), 0, s_from_ns(now_ns - origin_ns))
    return b"".join([header, *parts])


def _block(index: int, chunk: SignalChunk, origin_ns: int) -> bytes:
    rate = chunk.info.sampling_rate
    if chunk.timestamps_ns is None:
        first_s, times = s_from_ns(chunk.start_ns - origin_ns), b""
    else:
        seconds = (chunk.timestamps_ns - origin_ns) / 1e9
        first_s, times = float(seconds[0]), seconds.astype("<f8").tobytes()
    n_channels = len(chunk.info.channels)
    head = _BLOCK.pack(index, n_channels, len(chunk), first_s, 1.0 / rate if rate else 0.0)
    samples = np.ascontiguousarray(chunk.data.T, dtype="<f4").tobytes()
    return head + times + samples + bytes(-len(samples) % 8)
