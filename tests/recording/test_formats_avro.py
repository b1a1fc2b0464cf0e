"""EmbracePlus files of other schemas, written by fastavro."""

import sys
from pathlib import Path

import pytest
from foreign_files import avro, opened

from wearaffect.core.errors import (
    CorruptRecordingError,
    MissingExtraError,
    RecordingFormatError,
    UnsafeArchiveError,
)
from wearaffect.core.streams import SignalKind


def test_a_newer_schema_converts_by_its_factor_and_gives_presses(tmp_path: Path) -> None:
    session = opened(tmp_path, avro(tmp_path))
    assert session.require(SignalKind.ACC).segments[0].data[0].tolist() == [1.0, 0.0, 0.5]
    assert [(m.time_ns, m.label) for m in session.markers] == [(500_000_000, "tag")]
    assert session.wall_start_s == 1_700_000_000.0


def test_avro_without_rate_or_with_a_hostile_schema_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingFormatError, match="eda: no start or rate"):
        opened(tmp_path, avro(tmp_path, samplingFrequency=0.0))
    schema = b'{"type": "array", "items": "null"}'
    meta = b"\x02\x16avro.schema" + bytes([2 * len(schema)]) + schema + b"\0"
    with pytest.raises(UnsafeArchiveError, match="items without size"):
        opened(tmp_path, b"Obj\x01" + meta + b"s" * 16 + b"\x02\x02\x00" + b"s" * 16)


def test_a_cut_avro_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorruptRecordingError, match="cut short"):
        opened(tmp_path, avro(tmp_path)[:-20])


def test_without_fastavro_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = avro(tmp_path)
    monkeypatch.setitem(sys.modules, "fastavro", None)
    with pytest.raises(MissingExtraError, match=r"wearaffect\[formats\]"):
        opened(tmp_path, content)
