"""WFDB: what is written by the format description is read, and nothing else is."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wfdb_writing import annotation, write_record

from wearaffect.core.errors import DatasetError
from wearaffect.datasets.wfdb import Annotation, read_annotations, read_record

COUNTS = np.array([[100, -5], [-32768, 7], [32767, 40], [-32767, -900]])


def test_counts_become_units_and_invalid_ones_are_missing(tmp_path):
    write_record(tmp_path / "r.hea", COUNTS, ["ax", "skin conductance"], gain="50(-25)/uS")
    record = read_record(tmp_path / "r.hea")
    assert (record.rate_hz, record.names) == (8.0, ("ax", "skin conductance"))
    assert record.units == ("uS", "uS")
    expected = [[2.5, 0.4], [np.nan, 0.64], [655.84, 1.3], [-654.84, -17.5]]
    np.testing.assert_allclose(record.data, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("gain", "first"), [("50", 2.0), ("50/mV", 2.0), ("0", 0.5), ("2.5e1(50)", 2.0)]
)
def test_what_a_gain_leaves_out_has_the_published_defaults(tmp_path, gain, first):
    write_record(tmp_path / "r.hea", COUNTS, ["a", "b"], gain=gain, rate="360.5/1(0)")
    record = read_record(tmp_path / "r.hea")
    assert record.units == ("mV", "mV")
    assert record.rate_hz == 360.5
    assert record.data[0, 0] == first


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("r 2 8 4", "r 3 8 4", "3 lines of signals"),
        ("r 2 8 4", "r/2 2 8 4", "first line"),
        ("r 2 8 4", "r 2 8", "first line"),
        ("r 2 8 4", "r 2 8 5", r"r\.dat: length.*5 samples"),
        ("r 2 8 4", "r 2 8 0", r"r\.dat: length"),
        ("r.dat 16 100(-20)/NU 16 0 100", "r.dat 212 100(-20)/NU 16 0 100", "format 16"),
        ("r.dat 16 100(-20)/NU 16 0 100", "other.dat 16 100(-20)/NU 16 0 100", "one file"),
        ("r.dat", "../r.dat", "lines of signals"),
        ("r.dat", "s.dat", r"s\.dat: can't be read"),
        ("100(-20)/NU", "gain", "lines of signals"),
        ("\n", "\xe9\n", "not text"),
    ],
)
def test_a_header_that_says_something_else_is_refused(tmp_path, old, new, said):
    header = tmp_path / "r.hea"
    write_record(header, COUNTS, ["a", "b"])
    text = header.read_text()
    assert old in text
    header.write_bytes(text.replace(old, new).encode("latin-1"))
    with pytest.raises(DatasetError, match=said) as error:
        read_record(header)
    assert "\n" not in str(error.value)


def test_damaged_missing_and_empty_files_are_named(tmp_path):
    header = tmp_path / "r.hea"
    with pytest.raises(DatasetError, match=r"r\.hea: can't be read"):
        read_record(header)
    header.write_text("# nothing but remarks\n")
    with pytest.raises(DatasetError, match="got nothing"):
        read_record(header)
    write_record(header, COUNTS, ["a", "b"], checksum_off=1)
    with pytest.raises(DatasetError, match=r"r\.dat: wrong checksum of a"):
        read_record(header)
    write_record(header, COUNTS, ["a", "b"])
    data = header.with_suffix(".dat")
    data.write_bytes(data.read_bytes()[:-2])
    with pytest.raises(DatasetError, match="length doesn't fit"):
        read_record(header)
    with pytest.raises(DatasetError, match="can't be read"):
        read_annotations(tmp_path)


_MARKS = st.lists(
    st.tuples(
        st.integers(0, 3_000_000),
        st.integers(1, 49),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
    ),
    max_size=8,
)


@given(marks=_MARKS)
def test_annotations_come_back_as_they_were_written(tmp_path_factory, marks):
    path = tmp_path_factory.getbasetemp() / "marks.atr"
    path.write_bytes(b"".join(annotation(*mark) for mark in marks) + b"\0\0")
    times = np.cumsum([step for step, _, _ in marks], dtype=int).tolist()
    expected = [Annotation(t, code, text) for t, (_, code, text) in zip(times, marks, strict=True)]
    assert list(read_annotations(path)) == expected


def test_fields_that_are_not_used_are_passed_over_and_time_may_step_back(tmp_path: Path):
    words = [22 << 10 | 9, 60 << 10 | 3, 61 << 10 | 1, 62 << 10 | 2, 59 << 10]
    back = struct.pack("<hH", -1, 65536 - 4)  # high half first
    path = tmp_path / "x.atr"
    path.write_bytes(struct.pack("<5H", *words) + back + annotation(0, 1) + b"\0\0and more")
    assert read_annotations(path) == (Annotation(9, 22), Annotation(5, 1))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "end too early"),
        (annotation(3, 22, "Relax"), "end too early"),
        (annotation(3, 22, "Relax")[:-3], "end too early"),
        (struct.pack("<H", 59 << 10) + b"\0\0", "end too early"),
        (struct.pack("<H", 63 << 10 | 2) + b"ab\0\0", "code 63 at byte 0"),
        (struct.pack("<H", 55 << 10) + b"\0\0", "code 55"),
        (struct.pack("<H", 5) + b"\0\0", "code 0"),
        (struct.pack("<HhH", 59 << 10, -1, 0) + annotation(1, 1) + b"\0\0", "code 1"),
    ],
    ids=range(8),
)
def test_what_is_no_annotation_file_is_refused(tmp_path, content, said):
    path = tmp_path / "x.atr"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=said):
        read_annotations(path)
