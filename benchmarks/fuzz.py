"""Arbitrary bytes to every decoder, led by coverage: `make fuzz`.

Each decoder has a process of its own for a minute. What it raises beyond a `DecodeError`, more
memory than its input can ask for, or an input that takes ten seconds ends it; the input is printed
and kept in ``out/fuzz``. What covers new ground is kept in ``.cache/fuzz`` for the next time.
"""

import argparse
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fuzz_bridge import BRIDGE
from fuzz_targets import DRIVERS
from harness import Report, say

TARGETS = {**DRIVERS, **BRIDGE}
_REPOSITORY = Path(__file__).resolve().parents[1]
_CORPUS = _REPOSITORY / ".cache" / "fuzz"
_FINDS = _REPOSITORY / "out" / "fuzz"
_MEMORY_MB = 1024  # of which Python, NumPy and a minute's corpus take a tenth
_LONGEST = 1024  # bytes; twice what a notification can carry
_SLOWEST_S = 10


def main() -> int:
    """Fuzz all, or those that are named; 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(TARGETS)}; all by default")
    parser.add_argument("--seconds", type=int, default=60)
    chosen = parser.parse_args()
    report = Report("fuzz", __doc__ or "")
    report.found["atheris"] = version("atheris")
    results = {name: _fuzzed(name, chosen.seconds) for name in chosen.names or TARGETS}
    report.found |= {"seconds_each": chosen.seconds, "decoders": results}
    report.save()
    found = [name for name, result in results.items() if result["finds"]]
    say(f"found something: {', '.join(found)}" if found else "nothing found")
    return 1 if found else 0


def _fuzzed(name: str, seconds: int) -> dict[str, Any]:
    """Run one decoder's process, and say what came of it."""
    corpus = _CORPUS / name
    corpus.mkdir(parents=True, exist_ok=True)
    _FINDS.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(TARGETS[name]().seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    before = set(_FINDS.iterdir())
    done = subprocess.run(  # noqa: S603 - our own words
        [
            sys.executable,
            str(Path(__file__).with_name("fuzz_one.py")),
            name,
            f"-max_total_time={seconds}",
            f"-max_len={_LONGEST}",
            f"-rss_limit_mb={_MEMORY_MB}",
            f"-timeout={_SLOWEST_S}",
            f"-artifact_prefix={_FINDS}/{name}-",
            "-print_final_stats=1",
            str(corpus),
        ],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    finds = sorted(set(_FINDS.iterdir()) - before)
    result = {
        "runs": _number(r"number_of_executed_units: +(\d+)", done.stderr),
        "runs_per_s": _number(r"average_exec_per_sec: +(\d+)", done.stderr),
        "branches": _number(r"(?s).*cov: (\d+)", done.stderr),
        "corpus": len(list(corpus.iterdir())),
        "peak_mb": _number(r"peak_rss_mb: +(\d+)", done.stderr),
        "finds": [path.read_bytes().hex() for path in finds],
    }
    say(f"{name}: {result['runs']} inputs, {result['branches']} branches, {len(finds)} found")
    if done.returncode or finds:
        result["finds"] = result["finds"] or ["it ended by itself"]
        say(done.stdout + done.stderr[-4000:])
        for path in finds:
            say(f"{path.relative_to(_REPOSITORY)}: {path.read_bytes().hex()}")
    return result


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found[1]) if found else 0


if __name__ == "__main__":
    sys.exit(main())
