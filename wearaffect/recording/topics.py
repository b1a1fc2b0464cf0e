"""The topics of a journal, with what each one carries."""

import json
from collections.abc import Sequence

from wearaffect.core.streams import StreamInfo
from wearaffect.recording.messages import SCHEMAS, info_message, stream_topic
from wearaffect.recording.parts import PartBuilder

__all__ = ["builder_for"]

_BY_STREAM = ("streams", "raw")


def builder_for(streams: Sequence[StreamInfo]) -> PartBuilder:
    """Give a builder that knows every topic of a session.

    Parameters
    ----------
    streams : sequence of StreamInfo
        What will be recorded; each has a topic for its samples and one for raw bytes.

    Returns
    -------
    PartBuilder
        New.
    """
    builder = PartBuilder()
    schemas = {
        topic: builder.schema(f"wearaffect.{schema['title']}", json.dumps(schema).encode())
        for topic, schema in SCHEMAS.items()
    }
    for topic, number in schemas.items():
        if topic not in _BY_STREAM:
            builder.channel(topic, number, {})
    for info in streams:
        described = {key: _text(value) for key, value in info_message(info).items()}
        builder.channel(stream_topic(info.id), schemas["streams"], described)
        builder.channel(f"raw/{info.id}", schemas["raw"], {"id": info.id})
    return builder


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
