"""The journal alone: every byte of a small one, power cuts, and a day's work."""

import contextlib
import json
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from durability_peers import STREAMS

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "recording"))
from faulty_disks import (
    INFOS,
    START_NS,
    FullDisk,
    S,
    VolatileDisk,
    opener_of,
    record,
    writer,
    wrong_samples,
)
from mcap.reader import NonSeekingReader
from mcap.records import Chunk
from mcap.stream_reader import StreamReader, breakup_chunk

from wearaffect.core.errors import RecordingError
from wearaffect.recording.decoding import session_of
from wearaffect.recording.journal import JournalSettings, JournalWriter, read_journal
from wearaffect.recording.recover import recover
from wearaffect.recording.scan import Scan
from wearaffect.recording.verify import verify

CUTS, HOURS, SEED = 500, 8, 20261122


def recovers(folder: Path) -> bool:
    """Whether `recover` gives what `verify` and the format's own strict reader accept."""
    out = folder.with_name("recovered")
    made = recover(folder, out)
    with (out / "session.mcap").open("rb") as stream:
        count = sum(1 for _ in NonSeekingReader(stream, validate_crcs=True).iter_messages())
    told = json.loads((out / "session.json").read_text(encoding="utf-8"))
    return verify(made.folder).ok and count == told["n_messages"]


def _small(folder: Path) -> bytes:
    """A closed journal of some 20 kB, a part a second."""
    made = writer(folder)
    for index in range(12):
        record(made, range(index, index + 1))
        made.flush()
    made.close()
    return (folder / "session.mcap").read_bytes()


def _parts(file: Path) -> list[tuple[int, int, list[bytes]]]:
    """Where each part lies and what it holds, as the format's own library sees it."""
    found = []
    with file.open("rb") as stream:
        reader = StreamReader(stream, emit_chunks=True)
        at = 8
        for read in reader.records:
            if isinstance(read, Chunk):
                held = [
                    r.data for r in breakup_chunk(read, validate_crc=True) if hasattr(r, "data")
                ]
                found.append((at, stream.tell(), [d for d in held if d.startswith(b'{"topic"')]))
            at = stream.tell()
    return found


def _messages(content: bytes) -> tuple[list[str], bool]:
    """What a pass finds, each message as text; and whether it says that something is missing."""
    scan = Scan(content)
    found = [json.dumps([e.topic, e.message], sort_keys=True) for e in scan.messages()]
    return found, bool(scan.problems)


def every_byte(folder: Path) -> dict[str, Any]:
    """Cuts and flips at, and zeroes from, every byte."""
    whole = _small(folder)
    parts = [
        (begin, end, [_as_text(data) for data in held])
        for begin, end, held in _parts(folder / "session.mcap")
    ]
    known = {text for _, _, texts in parts for text in texts}
    rng = random.Random(SEED)  # noqa: S311
    found: dict[str, Any] = {"bytes": len(whole)}
    harms: dict[str, Callable[[bytearray, int], int]] = {
        "cut": _cut_at,
        "flip": partial(_flip_at, rng=rng),
        "zero": _zero_at,
    }
    for name, harm in harms.items():
        wrong = untouched_lost = silent = 0
        for at in range(len(whole)):
            content = bytearray(whole)
            end = harm(content, at)
            got, told = _messages(bytes(content))
            wrong += sum(text not in known for text in got)
            due = {t for a, b, texts in parts if b <= at or a >= end for t in texts}
            untouched_lost += len(due - set(got))
            silent += len(got) < len(known) and not told
        found[name] = {"wrong": wrong, "untouched_lost": untouched_lost, "silent": silent}
    return found


def _as_text(data: bytes) -> str:
    message = json.loads(data)
    return json.dumps([message.pop("topic"), message], sort_keys=True)


def _cut_at(content: bytearray, at: int) -> int:
    del content[at:]
    return sys.maxsize


def _flip_at(content: bytearray, at: int, rng: random.Random) -> int:
    content[at] ^= 1 << rng.randrange(8)
    return at + 1


def _zero_at(content: bytearray, at: int) -> int:
    end = min(at + 512, len(content))
    content[at:end] = bytes(end - at)
    return end


def full_disk(folder: Path) -> dict[str, int]:
    """A disk that is full at every byte of a run of three seconds."""
    found = {"runs": 0, "lost_s": 0, "wrong": 0, "without_alarm": 0, "calls_that_failed": 0}
    limit = 0
    while True:
        place = folder / "full"
        shutil.rmtree(place, ignore_errors=True)
        told: list[RecordingError] = []
        settings = JournalSettings(
            sync_s=5.0, reserve_bytes=0, copy_patience_s=60.0, alarm=told.append,
            opener=partial(FullDisk, size=limit),
        )  # fmt: skip
        made = JournalWriter(place, participant="P-01", wall_start_s=0.0, settings=settings)
        acknowledged, refused = 0, False
        try:
            made.start(INFOS, START_NS)
            for index in range(3):
                try:
                    record(made, range(index, index + 1))
                except RecordingError:
                    found["calls_that_failed"] += 1
                with contextlib.suppress(RecordingError):
                    made.flush()
                    acknowledged = index + 1
            made.close()
        except RecordingError:
            refused = True
            made.abandon()
        found["runs"] += 1
        if not refused:
            return found
        found["without_alarm"] += bool(made.state.n_kept) and not told
        _count(place, acknowledged, found)
        limit += 1


def _count(place: Path, acknowledged: int, found: dict[str, int]) -> None:
    session = session_of(place)
    there = session.streams["t.eda"].n_samples // 4
    found["lost_s"] += max(0, acknowledged - there)
    for stream in session.streams.values():
        found["wrong"] += wrong_samples(stream.info, *stream.samples())


def power(folder: Path) -> dict[str, int]:
    """Power cuts: what was synced stays, of the rest each sector is kept, lost, torn or moved."""
    disks: list[VolatileDisk] = []
    made = writer(folder / "power", opener=opener_of(disks, VolatileDisk))
    synced_by = []
    for index in range(30):
        record(made, range(index, index + 1))
        if index % 3 == 2:  # so that several seconds may be unsynced
            made.flush()
            synced_by.append((index + 1, len(disks[0].content)))
    with contextlib.suppress(RecordingError):
        made.close()
    rng = random.Random(SEED)  # noqa: S311
    found = {"cases": CUTS, "lost_s": 0, "wrong": 0}
    for _ in range(CUTS):
        content, synced = disks[0].after_power_cut(rng)
        (folder / "power" / "session.mcap").write_bytes(content)
        acknowledged = max((n for n, size in synced_by if size <= synced), default=0)
        session = session_of(folder / "power")
        for stream in session.streams.values():
            found["wrong"] += wrong_samples(stream.info, *stream.samples())
        times = session.streams["t.eda"].samples()[0]
        found["lost_s"] += len(set(range(acknowledged)) - set(((times - START_NS) // S).tolist()))
    return found


def journal() -> dict[str, Any]:
    """All of these."""
    with _folder() as place:
        found: dict[str, Any] = {"every_byte": every_byte(place / "small")}
        found["full_disk"] = full_disk(place)
        found["power"] = power(place)
    found["checks"] = [
        *(
            (f"{name} at every byte: {what}", found["every_byte"][name][what], 0)
            for name in ("cut", "flip", "zero")
            for what in ("wrong", "untouched_lost", "silent")
        ),
        *((f"full at every byte: {w}", n, 0) for w, n in found["full_disk"].items() if w != "runs"),
        *((f"{CUTS} power cuts: {w}", found["power"][w], 0) for w in ("lost_s", "wrong")),
    ]
    return found


def long() -> dict[str, Any]:
    """Eight hours: what it costs to record, to close, to open."""
    with _folder() as place:
        made = writer(place / "s", STREAMS, copy_patience_s=0.0)
        cpu_s, before = time.process_time(), _resident()
        for index in range(3600 * HOURS):
            record(made, range(index, index + 1), STREAMS)
            if index % 60 == 0:
                made.flush()
        made.flush()
        cpu_s, grown = time.process_time() - cpu_s, _resident() - before
        close_s = _timed(made.close)
        copy_s = _timed(made.copying.join)
        open_s = _timed(lambda: _use(read_journal(place / "s")))
        size = (place / "s" / "session.mcap").stat().st_size
        ok = verify(place / "s").ok
    found = {
        "hours": HOURS, "bytes_per_s": size / 3600 / HOURS, "cpu_ms_per_s": cpu_s / 3.6 / HOURS,
        "grown_mb": grown, "close_s": close_s, "copy_s": copy_s, "open_s": open_s, "ok": ok,
    }  # fmt: skip
    found["checks"] = [
        ("opening 8 h, seconds", open_s, 2.0),
        ("8 h that don't verify", int(not ok), 0),
    ]
    return found


def _use(session: Any) -> None:
    for stream in session.streams.values():
        stream.samples()


def _timed(work: Callable[[], Any]) -> float:
    begun_s = time.monotonic()
    work()
    return time.monotonic() - begun_s


def _resident() -> float:
    """Most memory so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)
