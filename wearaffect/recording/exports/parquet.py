"""Parquet: every sample with its time, exact; what happens beside it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wearaffect.core.errors import MissingExtraError
from wearaffect.recording.exports.contents import provenance, provenance_text
from wearaffect.recording.exports.happenings import FACTS, Happening
from wearaffect.recording.messages import info_message
from wearaffect.recording.session import RecordedStream, Session

__all__ = ["write_parquet"]


def write_parquet(session: Session, events: Sequence[Happening], out: Path) -> None:
    """Write ``parquet/<stream id>.parquet``, ``events.parquet`` and ``session.json``.

    Parameters
    ----------
    session : Session
        Times stay what they are: int64 ns on the session's clock, `start_ns` counts as zero.
    events : sequence of Happening
        What happens in it.
    out : Path
        Folder to write into.

    Notes
    -----
    A stream's table is ``time_ns`` (int64), ``segment`` (int32, counts stretches without a gap)
    and a float32 column a channel. Its metadata say what the stream is (``stream``), its gaps
    (``gaps``), units (``unit.<channel>``), what it is for (``intended_use``) and whose estimates
    go along (``estimates_by``). Nothing is rounded. ``events.parquet`` is ``start_s``,
    ``length_s``, ``what``, ``text`` and what else is known: stream, phase, condition, form, item.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError("desk", "writing Parquet") from error
    folder = out / "parquet"
    folder.mkdir()
    said = provenance(session)
    use = {name: said[name] for name in ("intended_use", "estimates_by")}
    for stream_id, stream in session.streams.items():
        parquet.write_table(_table(pa, stream, use), folder / f"{stream_id}.parquet")
    columns = {
        "start_s": pa.array([e.start_s for e in events], pa.float64()),
        "length_s": pa.array([e.length_s for e in events], pa.float64()),
        "what": pa.array([e.what for e in events], pa.string()),
        "text": pa.array([e.text for e in events], pa.string()),
        **{name: pa.array([e.facts.get(name) for e in events], pa.string()) for name in FACTS},
    }
    table = pa.table(columns).replace_schema_metadata(use)
    parquet.write_table(table, folder / "events.parquet")
    facts = {"start_ns": session.start_ns, "wall_start_s": session.wall_start_s}
    whole = facts | json.loads(provenance_text(session))
    (folder / "session.json").write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")


def _table(pa: Any, stream: RecordedStream, use: dict[str, str]) -> Any:
    times_ns, data = stream.samples()
    segment = [number for number, part in enumerate(stream.segments) for _ in range(len(part))]
    columns = {"time_ns": pa.array(times_ns, pa.int64()), "segment": pa.array(segment, pa.int32())}
    for index, channel in enumerate(stream.info.channels):
        columns[channel.name] = pa.array(data[:, index], pa.float32())
    gaps = [
        {"start_ns": g.start_ns, "end_ns": g.end_ns, "n_lost": g.n_lost, "reason": g.reason}
        for g in stream.gaps
    ]
    units = {f"unit.{c.name}": str(c.unit) for c in stream.info.channels}
    facts = {"stream": json.dumps(info_message(stream.info)), "gaps": json.dumps(gaps)}
    return pa.table(columns).replace_schema_metadata(units | facts | use)
