"""Text that is not what its format says is refused by name."""

from pathlib import Path

import pytest
from foreign_files import BITALINO, MUSE, UNIX_MS, muse_rows, open_signals, opened

from wearaffect.core.errors import (
    CorruptRecordingError,
    RecordingFormatError,
    SamplingRateError,
    UnitError,
    WearAffectError,
)

BAD: dict[str, tuple[str, str, type[WearAffectError], str]] = {
    "muse text cell": (
        "a.csv",
        "\n".join([MUSE, *muse_rows(5, 256), f"{UNIX_MS},1,x,0,0,0,0,0,0,1,", *muse_rows(2, 256)]),
        RecordingFormatError,
        "row 7.*Accelerometer_X",
    ),
    "muse bad time": (
        "a.csv",
        f"{MUSE}\nyesterday,1,0,0,0,0,0,0,0,1,\n",
        RecordingFormatError,
        "TimeStamp",
    ),
    "muse no rows": ("a.csv", f"{MUSE}\n", CorruptRecordingError, "no samples"),
    "shimmer raw only": (
        "a.csv",
        "S_Timestamp_RAW\tS_GSR_RAW\nticks\tu12\n1\t2\n",
        RecordingFormatError,
        "Timestamp_Unix_CAL",
    ),
    "opensignals no json": (
        "a.txt",
        "# OpenSignals Text File Format\n# {bad\n# EndOfHeader\n1\t2\n",
        RecordingFormatError,
        "line 2",
    ),
    "opensignals no end": (
        "a.txt",
        "# OpenSignals Text File Format\n# {}\n1\t2\n",
        RecordingFormatError,
        "EndOfHeader",
    ),
    "opensignals rate": (
        "a.txt",
        open_signals(BITALINO | {"sampling rate": 0}, [[0] * 8] * 3),
        SamplingRateError,
        "100000 Hz",
    ),
    "opensignals misfit": (
        "a.txt",
        open_signals(BITALINO, [[0] * 5] * 3),
        RecordingFormatError,
        "8 columns",
    ),
    "simple text rate": (
        "a.txt",
        "# Simple Text Format\n# Sampling Rate (Hz):= x\n# Labels:= EDA\n1\n2\n",
        SamplingRateError,
        "'x'",
    ),
    "emotibit no signal": (
        "a.csv",
        "1,2,1,EM,1,100,MN\n" * 5,
        CorruptRecordingError,
        "EA, PI or AX",
    ),
    "emotibit bad value": ("a.csv", "1,2,1,EA,1,100,x\n" * 5, RecordingFormatError, "EA"),
    "just a table": ("a.csv", "a,b\n1,2\n", RecordingFormatError, "sidecar"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_text_is_refused_by_name(tmp_path: Path, name: str) -> None:
    file, text, error, words = BAD[name]
    with pytest.raises(error, match=words) as caught:
        opened(tmp_path, text, file)
    assert str(tmp_path / file) in str(caught.value)


@pytest.mark.parametrize(
    ("sidecar", "error"),
    [
        ("{", RecordingFormatError),
        ("[1]", RecordingFormatError),
        ('{"gsr": {"Units": "uS"}}', RecordingFormatError),
        ('{"SamplingFrequency": 0, "gsr": {"Units": "uS"}}', SamplingRateError),
        ('{"SamplingFrequency": "4", "gsr": {"Units": "uS"}}', SamplingRateError),
        ('{"SamplingFrequency": 4, "gsr": {"Units": "parsec"}}', UnitError),
        ('{"SamplingFrequency": 4, "gsr": {"Units": "degC"}}', UnitError),
        ('{"SamplingFrequency": 4, "gsr": {}}', UnitError),
        ('{"SamplingFrequency": 4, "gsr": {"Kind": "mood", "Units": "uS"}}', RecordingFormatError),
        ('{"SamplingFrequency": 4, "Columns": ["a", "b", "c"]}', RecordingFormatError),
        ('{"TimeColumn": "when", "gsr": {"Units": "uS"}}', RecordingFormatError),
    ],
)
def test_a_bad_sidecar_is_refused_by_name(
    tmp_path: Path, sidecar: str, error: type[WearAffectError]
) -> None:
    (tmp_path / "file.json").write_text(sidecar)
    with pytest.raises(error, match=r"file\.(json|csv)"):
        opened(tmp_path, "gsr\n1\n2\n3\n")


def test_a_gzip_that_explodes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WearAffectError, match="explodes"):
        opened(tmp_path, "0" * (60 * 2**20), "bomb.csv.gz")
