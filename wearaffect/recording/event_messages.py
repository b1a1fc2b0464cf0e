"""What stands in the journal beside samples and outcomes: each event as JSON, and back."""

from collections.abc import Mapping

from wearaffect.core.clocks import ClockMap
from wearaffect.core.events import ClockSegment, DeviceNote, DeviceState, Event, LateChunk
from wearaffect.core.streams import Gap, Marker, StreamInfo
from wearaffect.recording.messages import Message, chunk_from, chunk_message, finite

__all__ = ["event_from", "event_message"]


def event_message(event: Event) -> tuple[str, int, Message]:
    """Write an event.

    Parameters
    ----------
    event : Event
        Any of them.

    Returns
    -------
    topic : str
        Where it belongs in the journal.
    time_ns : int
        Host time.
    message : dict
        What is said there.
    """
    match event:
        case Marker():
            return "markers", event.time_ns, _marker_message(event)
        case Gap():
            return "gaps", event.end_ns, _gap_message(event)
        case ClockSegment():
            return "clock", event.clock.host_ns, _clock_message(event)
        case DeviceNote():
            return "device", event.time_ns, _note_message(event)
        case LateChunk():
            return "late", event.chunk.start_ns, _late_message(event)


def event_from(topic: str, message: Message, infos: Mapping[str, StreamInfo]) -> Event | None:
    """Read what `event_message` wrote.

    Parameters
    ----------
    topic, message
        As it stands in the journal.
    infos : mapping of str to StreamInfo
        The streams, by id.

    Returns
    -------
    Event or None
        None: the topic carries no events.
    """
    match topic:
        case "markers":
            return Marker(int(message["time_ns"]), str(message["label"]))
        case "gaps":
            return _gap_from(message)
        case "clock":
            return _clock_from(message)
        case "device":
            return _note_from(message)
        case "late":
            return _late_from(message, infos)
    return None


def _marker_message(marker: Marker) -> Message:
    return {"time_ns": int(marker.time_ns), "label": marker.label}


def _gap_message(gap: Gap) -> Message:
    return {
        "stream_id": gap.stream_id,
        "start_ns": int(gap.start_ns),
        "end_ns": int(gap.end_ns),
        "n_lost": gap.n_lost,
        "reason": gap.reason,
    }


def _gap_from(message: Message) -> Gap:
    return Gap(
        str(message["stream_id"]),
        int(message["start_ns"]),
        int(message["end_ns"]),
        message["n_lost"],
        str(message["reason"]),
    )


def _clock_message(piece: ClockSegment) -> Message:
    clock = piece.clock
    return {
        "stream_id": piece.stream_id,
        "device_ns": int(clock.device_ns),
        "host_ns": int(clock.host_ns),
        "rate_ppm": finite(float(clock.rate_ppm)),
        "residual_ns": int(clock.residual_ns),
        "uncertainty_ns": int(clock.uncertainty_ns),
        "latency_ns": None if clock.latency_ns is None else int(clock.latency_ns),
        "reason": piece.reason,
    }


def _clock_from(message: Message) -> ClockSegment:
    latency_ns = message["latency_ns"]
    clock = ClockMap(
        int(message["device_ns"]),
        int(message["host_ns"]),
        float(message["rate_ppm"]),
        int(message["residual_ns"]),
        int(message["uncertainty_ns"]),
        None if latency_ns is None else int(latency_ns),
    )
    return ClockSegment(str(message["stream_id"]), clock, str(message["reason"]))


def _note_message(note: DeviceNote) -> Message:
    return {
        "time_ns": int(note.time_ns),
        "device": note.device,
        "state": str(note.state),
        "facts": {
            name: finite(value) if isinstance(value, float) else value
            for name, value in note.facts.items()
        },
    }


def _note_from(message: Message) -> DeviceNote:
    state = DeviceState(message["state"])
    facts = dict(message["facts"])
    return DeviceNote(int(message["time_ns"]), str(message["device"]), state, facts)


def _late_message(late: LateChunk) -> Message:
    return {
        "stream_id": late.chunk.info.id,
        "counted_lost": int(late.n_lost),
        "counted_damaged": int(late.n_damaged),
        "chunk": chunk_message(late.chunk, late.chunk.start_ns),
    }


def _late_from(message: Message, infos: Mapping[str, StreamInfo]) -> LateChunk:
    chunk = chunk_from(infos[message["stream_id"]], message["chunk"])
    return LateChunk(chunk, int(message["counted_lost"]), int(message["counted_damaged"]))
