"""What stands in the journal: each thing as JSON that a reader without this library understands."""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.affect import AffectEstimate, Outcome, Quantity
from wearaffect.core.events import DeviceState
from wearaffect.core.naming import distinct
from wearaffect.core.streams import Channel, LossEvidence, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.units import Unit
from wearaffect.core.windows import Quality

__all__ = [
    "SCHEMAS",
    "Message",
    "chunk_from",
    "chunk_message",
    "finite",
    "info_from",
    "info_message",
    "outcome_message",
    "payload_of",
    "stream_topic",
]

Message = dict[str, Any]  # what JSON can say

_LARGEST_BYTES = 2**26  # engineering choice; a reader takes parts of four times as much
_INT = {"type": "integer"}
_NUMBER = {"type": ["number", "null"]}
_TEXT = {"type": "string"}


def _schema(title: str, about: str, **properties: object) -> Message:
    return {
        "type": "object",
        "title": title,
        "description": about,
        "properties": {"topic": _TEXT, **properties},
    }


_CHUNK_SCHEMA = _schema(
    "SignalChunk",
    "Consecutive samples, time first; units and rate stand in the metadata of the channel. "
    "Regular streams: sample i is at start_ns + i / sampling_rate. null is NaN, 'inf' is infinite.",
    start_ns=_INT,
    received_ns=_INT,
    timestamps_ns={"type": "array", "items": _INT},
    counter=_INT,
    device_clock_ns=_INT,
    n_lost=_INT,
    n_damaged=_INT,
    data={"type": "array", "items": {"type": "array", "items": {"type": ["number", "null"]}}},
)
SCHEMAS: Mapping[str, Message] = {
    "streams": _CHUNK_SCHEMA,
    "session": _schema("Session", "Who, what and which streams; the first message."),
    "markers": _schema("Marker", "Something that happened.", time_ns=_INT, label=_TEXT),
    "watermarks": _schema("Watermark", "Later arrivals before it are late.", time_ns=_INT),
    "gaps": _schema(
        "Gap",
        "A stretch without samples that no chunk's n_lost declares.",
        stream_id=_TEXT,
        start_ns=_INT,
        end_ns=_INT,
        n_lost={"type": ["integer", "null"]},
        reason=_TEXT,
    ),
    "clock": _schema(
        "ClockMap",
        "host = host_ns + (device - device_ns) * (1 + rate_ppm / 1e6)",
        stream_id=_TEXT,
        device_ns=_INT,
        host_ns=_INT,
        rate_ppm=_NUMBER,
        residual_ns=_INT,
        uncertainty_ns=_INT,
        latency_ns={"type": ["integer", "null"]},
        reason=_TEXT,
    ),
    "device": _schema(
        "DeviceNote",
        f"Something that happened to a device; state is one of {', '.join(DeviceState)}.",
        time_ns=_INT,
        device=_TEXT,
        state=_TEXT,
        facts={"type": "object"},
    ),
    "late": _schema(
        "LateChunk",
        "A chunk that came after its place was passed; how many of it were counted missing.",
        stream_id=_TEXT,
        counted_lost=_INT,
        counted_damaged=_INT,
        chunk={"type": "object"},
    ),
    "estimates": _schema(
        "Outcome",
        "An estimate, or the reasons why it is withheld.",
        start_ns=_INT,
        end_ns=_INT,
        withheld={"type": "boolean"},
        bundle_id=_TEXT,
    ),
    "raw": _schema(
        "RawBytes",
        "What a device sent, as it came; opaque, for forensics.",
        received_ns=_INT,
        bytes={"type": "string", "contentEncoding": "base64"},
    ),
    "quality": _schema(
        "Quality",
        "A verdict on a stretch of a stream, by a rule or a person; a later one replaces it.",
        time_ns=_INT,
        stream_id=_TEXT,
        start_ns=_INT,
        end_ns=_INT,
        verdict=_TEXT,
        reasons={"type": "array", "items": _TEXT},
        by=_TEXT,
    ),
    "forms": _schema(
        "FormAnswer",
        "A form was opened, an answer given or changed, or the form closed; each is kept.",
        time_ns=_INT,
        form=_TEXT,
        state={"enum": ["opened", "changed", "closed"]},
        answers={"type": "object"},
    ),
    "protocol": _schema(
        "Phase",
        "A phase of the protocol began or ended.",
        time_ns=_INT,
        phase=_TEXT,
        state={"enum": ["began", "ended"]},
    ),
    "audit": _schema(
        "AuditEntry",
        "Who did what; previous is the SHA-256 of the entry before (the first: of the session's "
        "header), as JSON with sorted keys, no spaces, ASCII, without topic.",
        time_ns=_INT,
        wall_s=_NUMBER,
        who=_TEXT,
        what=_TEXT,
        reason=_TEXT,
        previous=_TEXT,
    ),
}
"""JSON schema by first part of the topic."""


def payload_of(topic: str, message: Mapping[str, Any]) -> bytes:
    """Give a message as the journal holds it.

    It says which topic it is of, so that losing the part with the topics costs nothing else.

    Raises
    ------
    ValueError
        It isn't JSON, or larger than 64 MiB.
    """
    told = {"topic": topic, **message}
    payload = json.dumps(told, allow_nan=False, separators=(",", ":")).encode()
    if len(payload) > _LARGEST_BYTES:
        msg = f"expected a message below {_LARGEST_BYTES} bytes, got {len(payload)}"
        raise ValueError(msg)
    return payload


def stream_topic(stream_id: str) -> str:
    """Give the topic that carries a stream."""
    return f"streams/{stream_id}"


def info_message(info: StreamInfo) -> Message:
    """Describe a stream."""
    return {
        "id": info.id,
        "kind": str(info.kind),
        "channels": [{"name": c.name, "unit": str(c.unit)} for c in info.channels],
        "sampling_rate": info.sampling_rate,
        "device": info.device,
        "body_site": info.body_site,
        "loss_evidence": str(info.loss_evidence),
    }


def info_from(message: Message) -> StreamInfo:
    """Read what `info_message` wrote; older journals may hold a name twice."""
    columns = message["channels"]
    names = distinct(str(column["name"]) for column in columns)
    return StreamInfo(
        id=str(message["id"]),
        kind=SignalKind(message["kind"]),
        channels=tuple(Channel(n, Unit(c["unit"])) for n, c in zip(names, columns, strict=True)),
        sampling_rate=message["sampling_rate"],
        device=str(message["device"]),
        body_site=str(message["body_site"]),
        loss_evidence=LossEvidence(message["loss_evidence"]),
    )


def chunk_message(chunk: SignalChunk, received_ns: int) -> Message:
    """Write a chunk; a float32 is a double too, and a double's shortest decimal gives it back."""
    rows: list[list[Any]] = chunk.data.tolist()
    if not np.isfinite(chunk.data).all():
        rows = [[finite(value) for value in row] for row in rows]
    message: Message = {
        "start_ns": int(chunk.start_ns),
        "received_ns": int(received_ns),
        "n_lost": int(chunk.n_lost),
        "n_damaged": int(chunk.n_damaged),
        "data": rows,
    }
    if chunk.timestamps_ns is not None:
        message["timestamps_ns"] = chunk.timestamps_ns.tolist()
    if chunk.device_counter is not None:
        message["counter"] = int(chunk.device_counter)
    if chunk.device_clock_ns is not None:
        message["device_clock_ns"] = int(chunk.device_clock_ns)
    return message


def finite(value: float) -> float | str | None:
    """Give a number as JSON can say it."""
    if math.isnan(value):
        return None
    return str(value) if math.isinf(value) else value


def chunk_from(info: StreamInfo, message: Message) -> SignalChunk:
    """Read what `chunk_message` wrote."""
    rows = message["data"]
    if any(isinstance(value, str) for row in rows for value in row):
        rows = [[None if value is None else float(value) for value in row] for row in rows]
    data: NDArray[np.float32] = np.array(rows, dtype=np.float32)
    stamps = message.get("timestamps_ns")
    return SignalChunk(
        info,
        data.reshape(len(rows), len(info.channels)),
        start_ns=int(message["start_ns"]),
        timestamps_ns=None if stamps is None else np.array(stamps, dtype=np.int64),
        device_counter=message.get("counter"),
        device_clock_ns=message.get("device_clock_ns"),
        n_lost=int(message["n_lost"]),
        n_damaged=int(message.get("n_damaged", 0)),  # the first journals don't say
    )


def outcome_message(outcome: Outcome) -> Message:
    """Write an estimate or an abstention with everything that it says."""
    message: Message = {
        "start_ns": int(outcome.start_ns),
        "end_ns": int(outcome.end_ns),
        "origin_ns": int(outcome.origin_ns),
        "withheld": not isinstance(outcome, AffectEstimate),
        "bundle_id": outcome.bundle_id,
        "quality": {str(kind): _quality(quality) for kind, quality in outcome.quality.items()},
    }
    if not isinstance(outcome, AffectEstimate):
        return message | {"reasons": list(outcome.reasons)}
    return message | {
        "probabilities": {name: _real(p) for name, p in outcome.probabilities.items()},
        "stress": _real(outcome.stress),
        "valence": _real(outcome.valence),
        "arousal": _real(outcome.arousal),
        "eda_us": _real(outcome.eda_us),
        "eda_forecast_us": {
            f"{horizon_s:g}": [_real(value) for value in band]
            for horizon_s, band in outcome.eda_forecast_us.items()
        },
        "physics": {name: _quantity(value) for name, value in outcome.physics.items()},
        "modalities": [str(kind) for kind in outcome.modalities],
    }


def _quality(quality: Quality) -> Message:
    return {"score": _real(quality.score), "reasons": list(quality.reasons)}


def _quantity(quantity: Quantity) -> Message:
    return {
        "value": _real(quantity.value),
        "unit": quantity.unit,
        "ci95": None if quantity.ci95 is None else [_real(bound) for bound in quantity.ci95],
        "identifiable": bool(quantity.identifiable),
    }


def _real(value: float | None) -> float | str | None:
    return None if value is None else finite(float(value))
