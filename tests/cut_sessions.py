"""Sessions cut to size."""

from dataclasses import replace

from wearaffect.core.timebase import ns_from_s
from wearaffect.recording.session import cut


def shortened(session, end_s, **others):
    """The first part of a session; `others` are ends of single streams, by kind."""
    streams = {}
    for name, stream in session.streams.items():
        last_ns = session.start_ns + ns_from_s(others.get(stream.info.kind, end_s))
        parts = [cut(s, session.start_ns, last_ns) for s in stream.segments]
        streams[name] = replace(stream, segments=tuple(part for part in parts if len(part)))
    last_ns = session.start_ns + ns_from_s(end_s)
    markers = tuple(m for m in session.markers if m.time_ns < last_ns)
    return replace(session, streams=streams, markers=markers)
