"""Six streams of a wristband and a chest strap in our journal and in what others record in.

A writer takes a second of everything and comes back when the disk has it; a reader gives, by
stream, the samples with their numbers, and says whether it told of anything missing.
"""

import csv
import os
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "recording"))
from faulty_disks import index_of, record, second, value_of, writer

from wearaffect.core.streams import Channel, LossEvidence, SignalKind, StreamInfo
from wearaffect.core.units import Unit
from wearaffect.recording.journal import read_journal

WORKLOAD: Mapping[str, tuple[SignalKind, Unit, int, float | None]] = {
    "d.ecg": (SignalKind.ECG, Unit.MILLIVOLT, 1, 256.0),
    "d.ppg": (SignalKind.PPG, Unit.ARBITRARY, 1, 64.0),
    "d.acc": (SignalKind.ACC, Unit.GRAVITY, 3, 32.0),
    "d.eda": (SignalKind.EDA, Unit.MICROSIEMENS, 1, 4.0),
    "d.temp": (SignalKind.TEMP, Unit.CELSIUS, 1, 4.0),
    "d.ibi": (SignalKind.IBI, Unit.SECOND, 1, None),
}
STREAMS = tuple(
    StreamInfo(
        name, kind, tuple(Channel(f"c{i}", unit) for i in range(width)), rate, "d", "",
        LossEvidence.NONE if rate is None else LossEvidence.COUNTER,
    )
    for name, (kind, unit, width, rate) in WORKLOAD.items()
)  # fmt: skip
BY_NAME = {info.id: info for info in STREAMS}
Samples = dict[str, tuple[np.ndarray, np.ndarray]]


class Read(NamedTuple):
    """What a reader gave: samples with their numbers, and whether it told of loss."""

    samples: Samples
    told: bool


class Peer(Protocol):
    """A format with its writer and its usual reader."""

    def __init__(self, folder: Path) -> None: ...

    def second(self, index: int) -> None: ...

    def close(self) -> None: ...

    @staticmethod
    def file(folder: Path) -> Path: ...

    @staticmethod
    def read(folder: Path) -> Read: ...


def rows_of(index: int) -> list[tuple[str, np.ndarray, np.ndarray]]:
    return [
        (chunk.info.id, index_of(chunk.info, chunk.times_ns()), chunk.data)
        for chunk in second(index, STREAMS)
    ]


class Ours:
    """The journal."""

    def __init__(self, folder: Path) -> None:
        self._made = writer(folder / "s", STREAMS)

    def second(self, index: int) -> None:
        record(self._made, range(index, index + 1), STREAMS)
        self._made.flush()

    def close(self) -> None:
        self._made.close()

    @staticmethod
    def file(folder: Path) -> Path:
        return folder / "s" / "session.mcap"

    @staticmethod
    def read(folder: Path) -> Read:
        session = read_journal(folder / "s")
        samples = {}
        for name, stream in session.streams.items():
            times, data = stream.samples()
            samples[name] = index_of(stream.info, times), data
        return Read(samples, bool(session.problems))


class Csv:
    """Lines of text: stream, number, values."""

    def __init__(self, folder: Path) -> None:
        self._file = self.file(folder).open("x", newline="")
        self._lines = csv.writer(self._file)

    def second(self, index: int) -> None:
        for name, numbers, data in rows_of(index):
            self._lines.writerows(
                [name, number, *row]
                for number, row in zip(numbers.tolist(), data.tolist(), strict=True)
            )
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()

    @staticmethod
    def file(folder: Path) -> Path:
        return folder / "s.csv"

    @staticmethod
    def read(folder: Path) -> Read:
        found: dict[str, list[list[float]]] = {name: [] for name in BY_NAME}
        with Csv.file(folder).open(newline="", encoding="utf-8") as file:
            for name, *values in csv.reader(file):
                found[name].append([float(value) for value in values])
        return Read({name: split_rows(name, rows) for name, rows in found.items()}, told=False)


def split_rows(name: str, rows: list[list[float]]) -> tuple[np.ndarray, np.ndarray]:
    width = len(BY_NAME[name].channels)
    table = np.array(rows, np.float64).reshape(-1, 1 + width)
    return table[:, 0].astype(np.int64), table[:, 1:].astype(np.float32)


class Sqlite:
    """A table of blobs; write-ahead log, every second a transaction that is synced."""

    def __init__(self, folder: Path) -> None:
        self._base = sqlite3.connect(self.file(folder))
        self._base.execute("pragma journal_mode=wal")
        self._base.execute("pragma synchronous=full")
        self._base.execute("create table samples (stream text, number int, data blob)")

    def second(self, index: int) -> None:
        with self._base:
            self._base.executemany(
                "insert into samples values (?, ?, ?)",
                [(name, int(numbers[0]), data.tobytes()) for name, numbers, data in rows_of(index)],
            )

    def close(self) -> None:
        self._base.close()

    @staticmethod
    def file(folder: Path) -> Path:
        return folder / "s.db"

    @staticmethod
    def read(folder: Path) -> Read:
        found: dict[str, list[tuple[int, bytes]]] = {name: [] for name in BY_NAME}
        base = sqlite3.connect(Sqlite.file(folder))
        try:
            for name, number, data in base.execute("select * from samples"):
                found[name].append((number, data))
        finally:
            base.close()
        return Read({name: _blobs(name, rows) for name, rows in found.items()}, told=False)


def _blobs(name: str, rows: Sequence[tuple[int, bytes]]) -> tuple[np.ndarray, np.ndarray]:
    width = len(BY_NAME[name].channels)
    parts = [np.frombuffer(data, np.float32).reshape(-1, width) for _, data in rows]
    numbers = [n + np.arange(len(part)) for (n, _), part in zip(rows, parts, strict=True)]
    if not parts:
        return np.empty(0, np.int64), np.empty((0, width), np.float32)
    return np.concatenate(numbers), np.concatenate(parts)


class Hdf5:
    """Datasets that grow, in single-writer multiple-reader mode, flushed each second."""

    def __init__(self, folder: Path) -> None:
        import h5py

        self._file = h5py.File(self.file(folder), "w", libver="latest")
        self._sets = {}
        for info in STREAMS:
            width = len(info.channels)
            self._sets[info.id] = self._file.create_dataset(
                info.id, (0, width), "f4", maxshape=(None, width), chunks=(256, width)
            )
        self._file.swmr_mode = True

    def second(self, index: int) -> None:
        for name, numbers, data in rows_of(index):
            place = self._sets[name]
            place.resize(int(numbers[-1]) + 1, axis=0)
            place[numbers[0] :] = data
        self._file.flush()
        os.fsync(self._file.id.get_vfd_handle())

    def close(self) -> None:
        self._file.close()

    @staticmethod
    def file(folder: Path) -> Path:
        return folder / "s.h5"

    @staticmethod
    def read(folder: Path) -> Read:
        import h5py

        try:
            file = h5py.File(Hdf5.file(folder), "r")
        except OSError as error:
            if "already open for write" not in str(error):  # else it only wasn't closed
                raise
            file = h5py.File(Hdf5.file(folder), "r", swmr=True)
        with file:
            sets = {name: file[name][:] for name in BY_NAME}
        return Read({name: (np.arange(len(d)), d) for name, d in sets.items()}, told=False)


def judge(read: Read, seconds: int) -> tuple[int, int, int]:
    """Count samples that are right, that are wrong, and that should be there."""
    right = wrong = due = 0
    for name, info in BY_NAME.items():
        numbers, data = read.samples.get(name, (np.empty(0, np.int64), np.empty((0, 1))))
        due += int(info.sampling_rate or 1) * seconds
        good = np.zeros(len(numbers), bool)
        if len(numbers) and data.shape[1] == len(info.channels):
            good = (value_of(info, numbers) == data).all(axis=1) & (numbers >= 0)
            good &= np.r_[True, np.diff(numbers) > 0]
        right += int(good.sum())
        wrong += int((~good).sum())
    return right, wrong, due
