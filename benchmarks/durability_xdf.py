"""XDF 1.0, as simple as the format, and all the writers together."""

import io
import logging
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from durability_peers import (
    BY_NAME,
    STREAMS,
    Csv,
    Hdf5,
    Ours,
    Peer,
    Read,
    Sqlite,
    rows_of,
    split_rows,
)

from wearaffect.core.streams import StreamInfo


class Xdf:
    """XDF 1.0: stream headers, then a chunk of samples a stream and second, each with its stamp."""

    def __init__(self, folder: Path) -> None:
        self._file = self.file(folder).open("xb")
        self._file.write(
            b"XDF:" + _chunk(1, b"<?xml version='1.0'?><info><version>1.0</version></info>")
        )
        for number, info in enumerate(STREAMS, 1):
            self._file.write(_chunk(2, struct.pack("<I", number) + _about(info).encode()))

    def second(self, index: int) -> None:
        made = io.BytesIO()
        for number, (_, numbers, data) in enumerate(rows_of(index), 1):
            body = io.BytesIO()
            body.write(struct.pack("<IBI", number, 4, len(data)))
            for sample, row in zip(numbers.tolist(), data, strict=True):
                body.write(struct.pack("<Bd", 8, float(sample)) + row.tobytes())
            made.write(_chunk(3, body.getvalue()))
        self._file.write(made.getvalue())
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        for number in range(1, len(STREAMS) + 1):
            self._file.write(_chunk(6, struct.pack("<I", number) + b"<?xml version='1.0'?><info/>"))
        self._file.close()

    @staticmethod
    def file(folder: Path) -> Path:
        return folder / "s.xdf"

    @staticmethod
    def read(folder: Path) -> Read:
        import pyxdf

        heard = _Heard()
        log = logging.getLogger("pyxdf")
        log.addHandler(heard)
        log.propagate = False
        try:
            streams, _ = pyxdf.load_xdf(
                Xdf.file(folder), synchronize_clocks=False, dejitter_timestamps=False
            )
        finally:
            log.removeHandler(heard)
        samples = {name: split_rows(name, []) for name in BY_NAME}
        for stream in streams:
            name = stream["info"]["name"][0]
            numbers = np.asarray(stream["time_stamps"]).astype(np.int64)
            data = np.asarray(stream["time_series"], np.float32)
            samples[name] = numbers, data.reshape(len(numbers), -1)
        return Read(samples, heard.anything)


class _Heard(logging.Handler):
    anything = False

    def emit(self, record: logging.LogRecord) -> None:
        self.anything |= record.levelno >= logging.WARNING


def _chunk(tag: int, content: bytes) -> bytes:
    return struct.pack("<BIH", 4, len(content) + 2, tag) + content


def _about(info: StreamInfo) -> str:
    facts: dict[str, Any] = {
        "name": info.id, "type": info.kind, "channel_count": len(info.channels),
        "nominal_srate": info.sampling_rate or 0, "channel_format": "float32",
    }  # fmt: skip
    return (
        "<?xml version='1.0'?><info>"
        + "".join(f"<{k}>{v}</{k}>" for k, v in facts.items())
        + "</info>"
    )


PEERS: Mapping[str, type[Peer]] = {
    "wearaffect": Ours, "xdf": Xdf, "hdf5": Hdf5, "sqlite": Sqlite, "csv": Csv,
}  # fmt: skip
