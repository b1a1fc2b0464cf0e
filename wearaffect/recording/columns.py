"""The copy for analysis: one Parquet file a stream, rebuildable from the journal at any time."""

from pathlib import Path

from wearaffect.recording.session import Session

__all__ = ["write_columns"]


def write_columns(session: Session, folder: Path) -> bool:
    """Write ``<stream id>.parquet`` with ``time_ns`` and one column a channel.

    Parameters
    ----------
    session : Session
        What to copy; units go into the metadata as ``unit.<channel>``.
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
        units = {f"unit.{c.name}": str(c.unit) for c in stream.info.channels}
        table = pa.table({"time_ns": times_ns, **columns}).replace_schema_metadata(units)
        parquet.write_table(table, folder / f"{stream_id}.parquet")
    return True
