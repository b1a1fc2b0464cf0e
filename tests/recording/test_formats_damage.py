"""Whatever happens to a file: a session or a named error, nothing else."""

import numpy as np
import pytest
from foreign_files import avro, edf, offset, opened, xdf, xdf_header, xdf_samples
from hypothesis import given, settings
from hypothesis import strategies as st

from wearaffect.core.errors import (
    WearAffectError,
)

SEEDS = {
    "edf": lambda _: edf([0, 1, 7], notes={1: b"+1\x14x\x14\0"}),
    "xdf": lambda _: xdf(
        xdf_header(1, "double64", 1, "EDA", "uS"),
        offset(1, 0.0, 1.0),
        xdf_samples(1, "<d", [(float(i), 1.0) for i in range(10)]),
    ),
    "avro": avro,
    "emotibit": lambda _: b"".join(b"%d,%d,2,EA,1,100,1.5,2\n" % (100 * i, i) for i in range(30)),
    "muse": lambda _: (
        b"TimeStamp,Accelerometer_X,Accelerometer_Y,Accelerometer_Z,HeadBandOn,Elements\n"
        + b"".join(b"2021-04-05 15:48:04.%03d,0,0,1,1,\n" % (4 * i) for i in range(100))
    ),
    "opensignals": lambda _: (
        b'# OpenSignals Text File Format\n# {"m": {"sensor": ["ECG"], "column": '
        b'["nSeq", "A1"], "label": ["A1"], "resolution": [4, 10], "sampling rate": 100, "device": '
        b'"bitalino"}}\n# EndOfHeader\n' + b"".join(b"%d\t500\t\n" % (i % 16) for i in range(40))
    ),
    "shimmer": lambda _: (
        b"S_Timestamp_Unix_CAL\tS_GSR_Skin_Conductance_CAL\nms\tuS\n"
        + b"".join(b"%d\t2.5\n" % (1_600_000_000_000 + 8 * i) for i in range(50))
    ),
}


@pytest.mark.parametrize("name", SEEDS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_damage_gives_a_session_or_a_named_error(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damage")
    whole = bytearray(SEEDS[name](folder))
    if data.draw(st.booleans(), "cut"):
        del whole[data.draw(st.integers(1, len(whole) - 1), "at") :]
    for _ in range(data.draw(st.integers(1, 4), "flips")):
        whole[data.draw(st.integers(0, len(whole) - 1), "byte")] = data.draw(st.integers(0, 255))
    try:
        session = opened(folder, bytes(whole))
    except WearAffectError as error:
        said = str(error)
    else:
        said = session.path
        for stream in session.streams.values():
            times, samples = stream.samples()
            assert len(times) == len(samples)
            assert np.all(np.diff(times) >= 0)
    assert str(folder) in said
