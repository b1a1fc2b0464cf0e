"""What a recording survives: kills, damage, full disks, power cuts; our journal beside others.

Six streams (ECG 256 Hz, PPG 64, ACC 3 x 32, EDA 4, temperature 4, intervals), each second put on
the disk, by our journal, XDF 1.0 (a writer as simple as the format, read by pyxdf), HDF5 (h5py,
single writer multiple readers), SQLite (write-ahead log, full sync) and CSV. Every sample can be
told from its number, so that a reader's answer is right, wrong, or missing with or without a word.

kill     a child records as fast as it can and says after each second that the disk has it; it is
         killed at a random moment; acknowledged seconds that can't be read are lost
damage   in a closed file of 600 s: one flipped bit, 512 zeroed, 512 removed bytes, a cut
full     no file may grow beyond a random size; the same question as for a kill
journal  ours alone: a journal of some 20 kB cut at every byte, every byte with a flipped bit, 512
         zeroed from every byte on; a full disk at every byte; 500 power cuts that drop, tear and
         move what wasn't synced
long     8 h of all six streams

    python benchmarks/durability.py [kill damage full journal long]
"""

import contextlib
import logging
import multiprocessing
import random
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import durability_journal
from durability_peers import Peer, judge
from durability_xdf import PEERS
from harness import Check, Report, say

KILLS, DAMAGES, FULLS, SECONDS, SEED = 30, 30, 12, 600, 20261122
PATIENCE_S = 8.0
_CHILD = Path(__file__).with_name("durability_child.py")
Harm = Callable[[bytearray, random.Random], None]


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A new folder."""
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def available() -> dict[str, type[Peer]]:
    """The writers that can be run here; a missing one is named."""
    found = {}
    for name, peer in PEERS.items():
        with folder() as place:
            try:
                made = peer(place)
                made.second(0)
                made.close()
                peer.read(place)
                found[name] = peer
            except ImportError as error:
                say(f"{name} is left out: {error}")
    return found


def answer(peer: type[Peer], place: Path, seconds: int) -> tuple[str, float, int]:
    """What the usual reader says: in a word, the share that is right, and how many are wrong.

    It reads in a process of its own: a library may crash or never come back on a damaged file.
    """
    with multiprocessing.get_context("fork").Pool(1) as pool:
        asked = pool.apply_async(_answer, (peer, place, seconds))
        try:
            return asked.get(timeout=PATIENCE_S)
        except multiprocessing.TimeoutError:
            return "never came back", 0.0, 0


def _answer(peer: type[Peer], place: Path, seconds: int) -> tuple[str, float, int]:
    warnings.simplefilter("ignore")
    try:
        read = peer.read(place)
        right, wrong, due = judge(read, seconds)
    except Exception as error:  # noqa: BLE001 - whatever a reader throws is a refusal
        return f"refused ({type(error).__name__})", 0.0, 0
    if wrong:
        word = "wrong, told" if read.told else "wrong"
    elif right < due:
        word = "less, told" if read.told else "less, silently"
    else:
        word = "whole"
    return word, right / due, wrong


def killed(name: str, place: Path, rng: random.Random) -> int:
    """Kill a recorder at a random moment; give the seconds it acknowledged."""
    command = [sys.executable, str(_CHILD), name, str(place), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603
        first = child.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.6))
        child.kill()
        said = [first, *child.stdout]
    return int(said[-1])


def kill(peers: dict[str, type[Peer]]) -> dict[str, Any]:
    """Thirty kills of each."""
    table = {}
    for name, peer in peers.items():
        rng = random.Random(SEED)  # noqa: S311
        lost, words, acknowledged = [], Counter(), 0
        for _ in range(KILLS):
            with folder() as place:
                seconds = killed(name, place, rng)
                acknowledged += seconds
                word, share, _ = answer(peer, place, seconds)
                lost.append(round(seconds * (1 - min(share, 1.0))))
                words[word] += 1
                if name == "wearaffect":
                    words["recovered, strict reader and verify ok"] += durability_journal.recovers(
                        place / "s"
                    )
        table[name] = {
            "kills": KILLS,
            "acknowledged_s": acknowledged,
            "lost_s": sum(lost),
            "most_lost_s": max(lost),
            "answers": dict(words),
        }
        say(f"kill {name}: {table[name]}")
    return table


def flip(content: bytearray, rng: random.Random) -> None:
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def zero(content: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(content) - 512)
    content[at : at + 512] = bytes(512)


def remove(content: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(content) - 512)
    del content[at : at + 512]


def cut(content: bytearray, rng: random.Random) -> None:
    del content[rng.randrange(len(content)) :]


def damage(peers: dict[str, type[Peer]]) -> dict[str, Any]:
    """Damage to a file that was closed."""
    table: dict[str, Any] = {}
    for name, peer in peers.items():
        table[name] = {}
        with folder() as place:
            made = peer(place)
            for index in range(SECONDS):
                made.second(index)
            made.close()
            whole = peer.file(place).read_bytes()
            for harm in (flip, zero, remove, cut):
                table[name][harm.__name__] = harmed(peer, place, whole, harm)
                say(f"{harm.__name__} {name}: {table[name][harm.__name__]}")
    return table


def harmed(peer: type[Peer], place: Path, whole: bytes, harm: Harm) -> dict[str, Any]:
    """One kind of damage, many times."""
    rng = random.Random(SEED)  # noqa: S311
    words: Counter[str] = Counter()
    shares = []
    for _ in range(DAMAGES):
        content = bytearray(whole)
        harm(content, rng)
        peer.file(place).write_bytes(content)
        word, share, _ = answer(peer, place, SECONDS)
        words[word] += 1
        shares.append(share)
    mean = sum(shares) / len(shares)
    return {"answers": dict(words), "kept_mean": mean, "kept_least": min(shares)}


def full(peers: dict[str, type[Peer]]) -> dict[str, Any]:
    """A disk that is full sooner or later."""
    table = {}
    for name, peer in peers.items():
        rng = random.Random(SEED)  # noqa: S311
        lost, words = [], Counter()
        for _ in range(FULLS):
            with folder() as place:
                limit = rng.randrange(30_000, 400_000)
                command = [sys.executable, str(_CHILD), name, str(place), str(limit)]
                ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
                said = ran.stdout.split()
                seconds = int(said[-1]) if said else 0
                if not seconds:
                    words["nothing was acknowledged"] += 1
                    continue
                word, share, _ = answer(peer, place, seconds)
                words[word] += 1
                lost.append(round(seconds * (1 - min(share, 1.0))))
        table[name] = {"lost_s": sum(lost), "answers": dict(words)}
        say(f"full {name}: {table[name]}")
    return table


def checks(found: dict[str, Any]) -> Iterator[Check]:
    """What the journal must do."""
    if "kill" in found:
        ours = found["kill"]["wearaffect"]
        yield Check("acknowledged seconds lost by kills", ours["lost_s"], 0)
        recovered = ours["answers"]["recovered, strict reader and verify ok"]
        yield Check("kills without a recovery that verifies", KILLS - recovered, 0)
    if "damage" in found:
        ours = found["damage"]["wearaffect"]
        for harm, row in ours.items():
            silent = sum(
                n for word, n in row["answers"].items() if word in {"wrong", "wrong, told"}
            )
            yield Check(f"{harm}: wrong samples", silent, 0)
            yield Check(f"{harm}: less, silently", row["answers"].get("less, silently", 0), 0)
        yield Check("share lost to a hole of 512 bytes", 1 - ours["zero"]["kept_least"], 0.004)
    if "full" in found:
        yield Check(
            "acknowledged seconds lost to a full disk", found["full"]["wearaffect"]["lost_s"], 0
        )
    for part in ("journal", "long"):
        for what, value, most in found.get(part, {}).pop("checks", []):
            yield Check(what, value, most)


def main() -> None:
    """Run what was asked for, or all."""
    logging.getLogger("wearaffect").setLevel(logging.CRITICAL)  # every full disk would tell
    report = Report("durability", __doc__ or "")
    wanted = sys.argv[1:] or ["kill", "damage", "full", "journal", "long"]
    peers = available()
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "kill": partial(kill, peers),
        "damage": partial(damage, peers),
        "full": partial(full, peers),
        "journal": durability_journal.journal,
        "long": durability_journal.long,
    }
    for name in wanted:
        report.found[name] = parts[name]()
    found = list(checks(report.found))
    report.found["checks"] = [
        {"what": c.what, "value": c.value, "at_most": c.most, "ok": c.ok} for c in found
    ]
    for check in found:
        say(f"{'ok ' if check.ok else 'NOT'} {check.what}: {check.value:.3g} (≤ {check.most:g})")
    report.save()
    sys.exit(not all(check.ok for check in found))


if __name__ == "__main__":
    main()
