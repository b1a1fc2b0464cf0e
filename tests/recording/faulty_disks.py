"""Disks that fail, and a small recording whose every sample is known."""

import errno
import random
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from wearaffect.core.streams import (
    Channel,
    LossEvidence,
    SignalChunk,
    SignalKind,
    StreamInfo,
)
from wearaffect.core.units import Unit
from wearaffect.recording.journal import JournalSettings, JournalWriter
from wearaffect.recording.storage import DiskFile

S = 1_000_000_000
START_NS = 5 * S
SECTOR = 512
EDA = StreamInfo(
    "t.eda", SignalKind.EDA, (Channel("eda", Unit.MICROSIEMENS),), 4.0, "T", "wrist",
    LossEvidence.COUNTER,
)  # fmt: skip
ACC = StreamInfo(
    "t.acc", SignalKind.ACC, tuple(Channel(a, Unit.GRAVITY) for a in "xyz"), 32.0, "T", "wrist",
    LossEvidence.COUNTER,
)  # fmt: skip
IBI = StreamInfo("t.ibi", SignalKind.IBI, (Channel("ibi", Unit.SECOND),), None, "T")
INFOS = (EDA, ACC, IBI)


def second(index: int, infos: Sequence[StreamInfo] = INFOS) -> list[SignalChunk]:
    """All chunks of a second; every value can be told from its time."""
    chunks = []
    for info in infos:
        n = int(info.sampling_rate or 1)
        data = value_of(info, index * n + np.arange(n))
        start_ns = START_NS + index * S
        if info.sampling_rate is None:
            chunks.append(SignalChunk(info, data, 0, np.array([start_ns + 7])))
        else:
            chunks.append(SignalChunk(info, data, start_ns, device_counter=index * n))
    return chunks


def value_of(info: StreamInfo, index: np.ndarray) -> np.ndarray:
    """What sample `index` of a stream holds, (samples, channels)."""
    columns = [np.sin(index * 0.7 + 3 * c) * 1e3 + index for c in range(len(info.channels))]
    return np.stack(columns, axis=1).astype(np.float32)


def index_of(info: StreamInfo, times_ns: np.ndarray) -> np.ndarray:
    """Which samples they are, by their times."""
    if info.sampling_rate is None:
        return (times_ns - START_NS - 7) // S
    return np.round((times_ns - START_NS) * info.sampling_rate / S).astype(np.int64)


def wrong_samples(info: StreamInfo, times_ns: np.ndarray, data: np.ndarray) -> int:
    """How many samples aren't what was recorded at their time."""
    index = index_of(info, times_ns)
    return int((value_of(info, index) != data).any(axis=1).sum())


def writer(folder: Path, infos: Sequence[StreamInfo] = INFOS, **settings: object) -> JournalWriter:
    """A journal that has begun; it writes when it is told to, unless `sync_s` says otherwise."""
    settings = {"sync_s": 5.0, "reserve_bytes": 0, "copy_patience_s": 60.0, **settings}
    made = JournalWriter(
        folder, participant="P-01", wall_start_s=0.0, settings=JournalSettings(**settings)
    )
    made.start(infos, START_NS)
    return made


def record(journal: JournalWriter, seconds: range, infos: Sequence[StreamInfo] = INFOS) -> None:
    for index in seconds:
        for chunk in second(index, infos):
            journal.chunk(chunk, START_NS + (index + 1) * S)


class FullDisk(DiskFile):
    """Holds so many bytes and, once a reserve is gone, some more."""

    def __init__(self, file: Path, size: int, more: int = 0) -> None:
        super().__init__(file)
        self._left = size
        self._more = more
        self._reserve = file.with_name("reserve.tmp")

    def write(self, data: memoryview) -> int:
        if self._more and not self._reserve.exists():
            self._left, self._more = self._left + self._more, 0
        if not self._left:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = super().write(data[: self._left])
        self._left -= taken
        return taken

    def sync(self) -> None:
        """Nothing needs to survive this test's computer."""


class HungDisk(DiskFile):
    """Takes nothing as long as it hangs."""

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self.works = threading.Event()
        self.works.set()

    def write(self, data: memoryview) -> int:
        self.works.wait()
        return super().write(data)


class BrokenDisk(DiskFile):
    """Fails to sync from some time on."""

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self.broken = False

    def sync(self) -> None:
        if self.broken:
            raise OSError(errno.EIO, "Input/output error")


class VolatileDisk:
    """Keeps what was synced; of the rest, a power cut keeps what it likes, sector by sector."""

    def __init__(self, file: Path) -> None:
        file.touch(exist_ok=False)
        self.content = bytearray()
        self.states: list[tuple[int, int]] = []  # bytes written and bytes synced, as time goes on
        self._synced = 0

    def _note(self) -> None:
        self.states.append((len(self.content), self._synced))

    def write(self, data: memoryview) -> int:
        taken = max(1, len(data) // 2)  # short writes are legal
        self.content += data[:taken]
        self._note()
        return taken

    def truncate(self, size: int) -> None:
        raise AssertionError("nothing fails here")

    def sync(self) -> None:
        self._synced = len(self.content)
        self._note()

    def close(self) -> None:
        """Nothing to let go of."""

    def after_power_cut(self, rng: random.Random) -> tuple[bytes, int]:
        """What is on the disk then, and how much of it was synced."""
        written, synced = rng.choice(self.states)
        survives = bytearray(self.content[:written])
        for sector in range(synced // SECTOR, (written + SECTOR - 1) // SECTOR):
            first, last = max(synced, sector * SECTOR), min(written, (sector + 1) * SECTOR)
            fate = rng.choice(("kept", "dropped", "torn", "elsewhere"))
            if fate == "dropped":
                survives[first:last] = bytes(last - first)
            elif fate == "torn":
                edge = rng.randint(first, last)
                survives[edge:last] = rng.randbytes(last - edge)
            elif fate == "elsewhere" and synced > SECTOR:  # sectors that changed places
                other = rng.randrange(0, synced - SECTOR)
                survives[first:last] = self.content[other : other + last - first]
        if rng.random() < 0.5:  # the size of the file wasn't written either
            del survives[rng.randint(synced, written) :]
        return bytes(survives), synced


def opener_of(disks: list, make: Callable[[Path], object]) -> Callable[[Path], object]:
    """An opener that also notes the disk it made."""

    def opened(file: Path) -> object:
        disks.append(make(file))
        return disks[-1]

    return opened
