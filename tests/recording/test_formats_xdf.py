"""XDF made by hand: clocks, missing stamps, damage."""

import struct
from pathlib import Path

import numpy as np
import pytest
from foreign_files import BOUNDARY, chunk, offset, opened, xdf, xdf_header, xdf_samples

from wearaffect.core.errors import (
    CorruptRecordingError,
)
from wearaffect.core.streams import SignalKind
from wearaffect.core.units import Unit


def test_missing_stamps_follow_the_rate_and_clocks_are_added(tmp_path: Path) -> None:
    rows: list[tuple[float | None, float]] = [
        (100.0, 0.0),
        *((None, float(i)) for i in range(1, 40)),
    ]
    later: list[tuple[float | None, float]] = [(120.0 + i / 4, 40.0 + i) for i in range(40)]
    session = opened(
        tmp_path,
        xdf(
            xdf_header(7, "double64", 4, "GSR", "nS"),
            offset(7, 100.0, 5.0),
            xdf_samples(7, "<d", rows),
            chunk(5, BOUNDARY),
            xdf_samples(7, "<d", later),
            offset(7, 130.0, 5.003),
        ),
    )
    eda = session.streams["Band-1.eda"]
    assert (eda.info.rate_hz, eda.info.channels[0].unit) == (4.0, Unit.NANOSIEMENS)
    assert eda.n_samples == 80
    (gap,) = eda.gaps
    assert gap.n_lost == 40
    assert (gap.end_ns - gap.start_ns) / 1e9 == pytest.approx(10.001, abs=0.002)
    (clock,) = session.clock
    assert clock.clock.rate_ppm == pytest.approx(100.0)


def test_xdf_agrees_with_pyxdf_on_integers_and_text(tmp_path: Path) -> None:
    pyxdf = pytest.importorskip("pyxdf")
    content = xdf(
        xdf_header(1, "int16", 0, "RR", "ms"),
        xdf_samples(1, "<h", [(3.0, 800), (3.9, 900), (4.7, 850)]),
        xdf_header(2, "string", 0, "Markers"),
        chunk(3, struct.pack("<I", 2) + b"\x01\x01\x08" + struct.pack("<d", 3.5) + b"\x01\x04rest"),
    )
    session = opened(tmp_path, content)
    streams, _ = pyxdf.load_xdf(str(tmp_path / "file.csv"), dejitter_timestamps=False)
    times, data = session.require(SignalKind.IBI).samples()
    np.testing.assert_array_equal(data[:, 0], streams[0]["time_series"][:, 0])
    np.testing.assert_allclose(times / 1e9 + 3.0, streams[0]["time_stamps"], atol=1e-9)
    assert [(m.time_ns, m.label) for m in session.markers] == [(500_000_000, "rest")]


def test_a_damaged_chunk_costs_what_lies_before_the_next_boundary(tmp_path: Path) -> None:
    first = xdf_samples(1, "<d", [(float(i), 1.0) for i in range(10)])
    second = xdf_samples(1, "<d", [(20.0 + i, 2.0) for i in range(10)])
    head = xdf_header(1, "double64", 1, "EDA", "uS")
    damaged = first[:50] + b"\x77" + first[51:]  # the width of the third stamp
    session = opened(tmp_path, xdf(head, damaged, chunk(5, BOUNDARY), second))
    _, data = session.require(SignalKind.EDA).samples()
    assert data[:, 0].tolist() == [2.0] * 10
    assert "next boundary" in session.problems[0]


@pytest.mark.parametrize(
    "content",
    [
        b"XDF:",
        xdf(),
        xdf(chunk(2, struct.pack("<I", 1) + b"<info><channel_count>0</channel_count></info>")),
        xdf(chunk(2, struct.pack("<I", 1) + b'<!DOCTYPE x [<!ENTITY a "b">]><info/>')),
        xdf(b"\x08" + struct.pack("<QH", 2**60, 3)),
    ],
)
def test_an_xdf_without_a_whole_stream_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(CorruptRecordingError, match="no stream"):
        opened(tmp_path, content)


def test_a_chunk_that_claims_more_samples_than_bytes_is_left_out(tmp_path: Path) -> None:
    head = xdf_header(1, "double64", 1, "EDA", "uS")
    claim = chunk(3, struct.pack("<I", 1) + b"\x08" + struct.pack("<Q", 2**40) + b"\0" * 64)
    whole = xdf_samples(1, "<d", [(float(i), 1.0) for i in range(5)])
    session = opened(tmp_path, xdf(head, whole, claim))
    assert session.require(SignalKind.EDA).n_samples == 5
    assert "samples of 1 channels" in session.problems[0]


def test_a_unit_that_is_not_known_is_not_called_counts(tmp_path: Path) -> None:
    head = xdf_header(1, "double64", 1, "GSR", "kilohm") + xdf_header(2, "double64", 1, "GSR")
    rows: list[tuple[float | None, float]] = [(float(i), 1.0) for i in range(5)]
    content = xdf(head, xdf_samples(1, "<d", rows), xdf_samples(2, "<d", rows))
    session = opened(tmp_path, content)
    assert [str(s.info.channels[0].unit) for s in session.streams.values()] == ["1"]
    assert "Band 1 one (GSR kilohm)" in session.repairs[0]
