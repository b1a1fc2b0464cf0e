"""One Parquet file a stream: for analysis, and exact enough to give the stream back."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from wearaffect.core.streams import Gap, SignalChunk, StreamInfo
from wearaffect.recording.session import RecordedStream, Session

__all__ = ["holds", "read_stream", "write_columns"]

_PLACES = ("start_ns", "device_counter", "device_clock_ns", "n_lost", "n_damaged")


def write_columns(session: Session, folder: Path) -> bool:
    """Write ``<stream id>.parquet`` with ``time_ns`` and one column a channel.

    Parameters
    ----------
    session : Session
        What to copy; units go into the metadata as ``unit.<channel>``, where segments begin and the
        gaps between them as ``segments`` and ``gaps``, in JSON.
    folder : pathlib.Path
        Must not exist.

    Returns
    -------
    bool
        False, and nothing written, where pyarrow isn't installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        return False
    folder.mkdir()
    for stream_id, stream in session.streams.items():
        times_ns, data = stream.samples()
        columns = {c.name: data[:, i] for i, c in enumerate(stream.info.channels)}
        about = {f"unit.{c.name}": str(c.unit) for c in stream.info.channels} | _places(stream)
        table = pa.table({"time_ns": times_ns, **columns}).replace_schema_metadata(about)
        # a dictionary holds floats that compare equal but once: -0.0 would come back as 0.0
        parquet.write_table(
            table, folder / f"{stream_id}.parquet", use_dictionary=False, compression="zstd"
        )
    return True


def _places(stream: RecordedStream) -> dict[str, str]:
    segments = [
        {"n": len(segment), **{name: getattr(segment, name) for name in _PLACES}}
        for segment in stream.segments
    ]
    gaps = [[g.start_ns, g.end_ns, g.n_lost, g.reason] for g in stream.gaps]
    return {"segments": json.dumps(segments, default=int), "gaps": json.dumps(gaps, default=int)}


def holds(file: Path, info: StreamInfo) -> bool:
    """Whether a file has what `read_stream` needs; of it only the end is read.

    Parameters
    ----------
    file : pathlib.Path
        May be missing, or damaged.
    info : StreamInfo
        The stream.
    """
    from pyarrow import ArrowInvalid, parquet

    try:
        schema = parquet.read_schema(file)
    except (OSError, ArrowInvalid):
        return False
    wanted = ["time_ns", *(channel.name for channel in info.channels)]
    return schema.names == wanted and {b"segments", b"gaps"} <= set(schema.metadata or ())


def read_stream(file: Path, info: StreamInfo) -> RecordedStream:
    """Read what `write_columns` wrote.

    Parameters
    ----------
    file : pathlib.Path
        ``<stream id>.parquet``.
    info : StreamInfo
        The stream.

    Returns
    -------
    RecordedStream
        The same samples, times, counts and gaps, to the bit.
    """
    from pyarrow import parquet

    names = [channel.name for channel in info.channels]
    stamped = info.sampling_rate is None
    table = parquet.read_table(file, columns=["time_ns", *names] if stamped else names)
    about: dict[bytes, bytes] = table.schema.metadata
    data = np.empty((table.num_rows, len(names)), np.float32)
    for index, name in enumerate(names):
        data[:, index] = table[name].to_numpy()
    stamps = table["time_ns"].to_numpy() if stamped else None
    segments, at = [], 0
    for place in json.loads(about[b"segments"]):
        part = slice(at, at := at + place.pop("n"))
        segments.append(_segment(info, data[part], None if stamps is None else stamps[part], place))
    gaps = (Gap(info.id, *gap) for gap in json.loads(about[b"gaps"]))
    return RecordedStream(info, tuple(segments), tuple(gaps))


def _segment(info: StreamInfo, data: Any, stamps: Any, place: dict[str, Any]) -> SignalChunk:
    return SignalChunk(info, data, timestamps_ns=stamps, **place)
