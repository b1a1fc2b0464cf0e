"""XDF, written by ourselves: every sample stamped, clock readings, boundaries, footers."""

import json
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.events import Event
from wearaffect.core.streams import StreamInfo
from wearaffect.core.timebase import NS_PER_S
from wearaffect.recording.event_messages import event_message
from wearaffect.recording.exports.contents import file_stem, provenance
from wearaffect.recording.exports.happenings import SITTING, Happening
from wearaffect.recording.formats.xdf_chunks import BOUNDARY, MAGIC
from wearaffect.recording.session import Session

__all__ = ["write_xdf"]

_FILE, _HEADER, _SAMPLES, _CLOCK, _BOUNDARY, _FOOTER = range(1, 7)
_CHUNK_SAMPLES = 2048  # engineering choice
_READING_S = 60.0  # between two clock readings; engineering choice


def write_xdf(session: Session, events: Sequence[Happening], out: Path) -> None:
    """Write ``<participant>.xdf``.

    Parameters
    ----------
    session : Session
        Its time line is the recorder's: stamps are host time in seconds, and clock readings say
        that nothing needs adding. Each stream keeps its id as name, markers are a stream of text,
        ``wearaffect.sitting`` has phases, artefacts and answers as JSON, and ``wearaffect.notes``
        gaps, clocks, device notes and estimates.
    events : sequence of Happening
        What happens in it.
    out : Path
        Folder to write into.

    Notes
    -----
    XDF 1.0 specification. Signals are float32; gaps are where stamps leave time out.
    """
    with (out / f"{file_stem(session)}.xdf").open("wb") as file:
        file.write(MAGIC)
        _chunk(file, _FILE, _file_header(session).encode())
        number = 0
        for stream in session.streams.values():
            number += 1
            times, data = stream.samples()
            _write(file, number, _header(stream.info), times, _packed(times, data))
        labels = sorted((m.time_ns, m.label) for m in session.markers)
        for name, about, texts in (
            ("wearaffect.markers", ("Markers", "markers"), labels),
            ("wearaffect.sitting", ("Markers", "notes"), _told(session, events, SITTING)),
            ("wearaffect.notes", ("Notes", "notes"), _notes(session, events)),
        ):
            number += 1
            times = np.array([time for time, _ in texts], np.int64)
            _write(file, number, _text_header(name, *about), times, _texts(texts))


def _file_header(session: Session) -> str:
    facts = provenance(session)
    kept = (
        "participant", "device", "content_hash", "written_by", "intended_use", "estimates_by"
    )  # fmt: skip
    ours = "".join(f"<{name}>{_safe(str(facts[name]))}</{name}>" for name in kept)
    return f'<?xml version="1.0"?><info><version>1.0</version>{ours}</info>'


def _header(info: StreamInfo) -> str:
    channels = "".join(
        f"<channel><label>{_safe(c.name)}</label><unit>{_safe(c.unit)}</unit>"
        f"<type>{info.kind}</type></channel>"
        for c in info.channels
    )
    ours = {
        "id": info.id,
        "kind": str(info.kind),
        "device": info.device,
        "body_site": info.body_site,
        "loss_evidence": str(info.loss_evidence),
    }
    about = "".join(f"<{k}>{_safe(v)}</{k}>" for k, v in ours.items())
    return _stream_header(
        (info.id, str(info.kind).upper()),
        (len(info.channels), info.sampling_rate or 0.0, "float32"),
        f"<channels>{channels}</channels><wearaffect>{about}</wearaffect>",
    )


def _text_header(name: str, form: str, kind: str) -> str:
    about = f"<wearaffect><kind>{kind}</kind></wearaffect>"
    return _stream_header((name, form), (1, 0.0, "string"), about)


def _stream_header(named: tuple[str, str], form: tuple[int, float, str], desc: str) -> str:
    name, kind = named
    count, rate_hz, values = form
    return (
        f'<?xml version="1.0"?><info><name>{_safe(name)}</name><type>{_safe(kind)}</type>'
        f"<channel_count>{count}</channel_count><nominal_srate>{rate_hz!r}</nominal_srate>"
        f"<channel_format>{values}</channel_format><source_id>{_safe(name)}</source_id>"
        f"<version>1.1</version><created_at>0</created_at><desc>{desc}</desc></info>"
    )


def _safe(text: str) -> str:
    """Escape text for XML, without the controls that XML 1.0 can't say."""
    return escape("".join(c for c in text if c >= " " or c in "\t\n"))


def _packed(times: NDArray[np.int64], data: NDArray[np.float32]) -> Iterator[tuple[int, bytes]]:
    row = np.dtype([("width", "u1"), ("stamp", "<f8"), ("values", "<f4", (data.shape[1],))])
    for first in range(0, len(times), _CHUNK_SAMPLES):
        part = slice(first, first + _CHUNK_SAMPLES)
        table = np.empty(len(times[part]), row)
        table["width"], table["stamp"] = 8, times[part] / NS_PER_S
        table["values"] = data[part]
        yield len(table), table.tobytes()


def _texts(texts: Sequence[tuple[int, str]]) -> Iterator[tuple[int, bytes]]:
    for time_ns, text in texts:
        content = text.encode()
        yield 1, struct.pack("<Bd", 8, time_ns / NS_PER_S) + _counted(len(content)) + content


def _told(
    session: Session, events: Sequence[Happening], wanted: Sequence[str]
) -> list[tuple[int, str]]:
    """Give happenings of some sorts as JSON."""
    return [
        (session.start_ns + round(h.start_s * NS_PER_S),
         json.dumps({"type": h.what, "length_s": h.length_s, "text": h.text, **h.facts}))
        for h in events
        if h.what in wanted
    ]  # fmt: skip


def _notes(session: Session, events: Sequence[Happening]) -> list[tuple[int, str]]:
    """Give what else is known, as JSON: what happens, and what the clocks and devices told."""
    found = _told(session, events, ("gap", "estimate", "withheld"))
    told: tuple[Event, ...] = (*session.clock, *session.notes)
    for event in told:
        topic, time_ns, message = event_message(event)
        found.append((time_ns, json.dumps({"type": topic, **message})))
    facts = provenance(session)
    found += [
        (session.start_ns, json.dumps({"type": name, "text": facts[name]}))
        for name in ("intended_use", "estimates_by")
    ]
    return sorted(found)


def _write(
    file: BinaryIO,
    number: int,
    header: str,
    times: NDArray[np.int64],
    chunks: Iterator[tuple[int, bytes]],
) -> None:
    mark = struct.pack("<I", number)
    _chunk(file, _HEADER, mark + header.encode())
    _chunk(file, _BOUNDARY, BOUNDARY)
    for count, content in chunks:
        _chunk(file, _SAMPLES, mark + _counted(count) + content)
    readings = _readings(times)
    for time in readings:
        _chunk(file, _CLOCK, mark + struct.pack("<dd", time, 0.0))
    _chunk(file, _BOUNDARY, BOUNDARY)
    _chunk(file, _FOOTER, mark + _footer(times, readings).encode())


def _readings(times: NDArray[np.int64]) -> list[float]:
    if not len(times):
        return []
    first, last = times[0] / NS_PER_S, times[-1] / NS_PER_S
    count = max(2, int((last - first) / _READING_S) + 1)
    return [float(time) for time in np.linspace(first, max(last, first + 1.0), count)]


def _footer(times: NDArray[np.int64], readings: Sequence[float]) -> str:
    first, last = (float(times[i]) / NS_PER_S for i in (0, -1)) if len(times) else (0.0, 0.0)
    offsets = "".join(f"<offset><time>{t!r}</time><value>0</value></offset>" for t in readings)
    return (
        f'<?xml version="1.0"?><info><first_timestamp>{first!r}</first_timestamp>'
        f"<last_timestamp>{last!r}</last_timestamp><sample_count>{len(times)}</sample_count>"
        f"<clock_offsets>{offsets}</clock_offsets></info>"
    )


def _chunk(file: BinaryIO, tag: int, content: bytes) -> None:
    file.write(_counted(len(content) + 2) + struct.pack("<H", tag) + content)


def _counted(number: int) -> bytes:
    """Write a length: how many bytes it takes, and itself."""
    for width, largest in ((1, 0xFF), (4, 0xFFFFFFFF)):
        if number <= largest:
            return bytes([width]) + number.to_bytes(width, "little")
    return b"\x08" + number.to_bytes(8, "little")
