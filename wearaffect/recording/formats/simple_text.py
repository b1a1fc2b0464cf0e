"""BioSPPy's and ScientISST's Simple Text Format: a short header, then a row a sample."""

import re
from collections.abc import Sequence
from os import PathLike

from wearaffect.core.streams import Channel, SignalChunk
from wearaffect.core.units import Unit
from wearaffect.recording.formats.draft import Draft, described
from wearaffect.recording.formats.open_signals import rate_of
from wearaffect.recording.formats.text import Table, lines_of
from wearaffect.recording.formats.timing import single
from wearaffect.recording.formats.words import kind_of
from wearaffect.recording.session import RecordedStream, Session

__all__ = ["is_simple_text", "read_simple_text"]

_SIMPLE = "# Simple Text Format"


def is_simple_text(lines: Sequence[str]) -> bool:
    """Whether the first line is that of a Simple Text Format."""
    return lines[0].startswith(_SIMPLE)


def read_simple_text(path: str | PathLike[str], content: bytes) -> Session:
    """Read BioSPPy's Simple Text Format: header, then a row a sample, in counts.

    Raises
    ------
    RecordingFormatError, SamplingRateError, CorruptRecordingError
        As for `read_open_signals`.
    """
    lines = lines_of(path, content)
    n_head = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    pairs = (line.lstrip("# ").partition(":=") for line in lines[1:n_head])
    about = {name.strip(): value.strip() for name, _, value in pairs}
    labels = re.split(r"[\t,;]\s*|\s{2,}", about.get("Labels", ""))
    rows = [re.sub(r"[\t,; ]+", "\t", line.strip()) for line in lines[n_head:]]
    table = Table(path, labels, rows, n_head + 1, "\t")
    draft = Draft(path, "", {"format": "Simple Text Format"}, repairs=table.repairs)
    rate_hz = rate_of(path, about.get("Sampling Rate (Hz)", ""))
    for column, label in enumerate(labels):
        kind = kind_of(label)
        if kind is None:
            draft.left_out.append(label)
            continue
        info = described("text", kind, [Channel(str(kind), Unit.ARBITRARY)], rate_hz)
        data = single(table.numbers([column]))
        draft.add(RecordedStream(info, (SignalChunk(info, data),)))
    return draft.session(to_unix_ns=None, origin_ns=0)
