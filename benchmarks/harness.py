"""Both sides of a comparison in one process: interleaved, CPU time, one thread, outputs compared.

Importing this starts the script again with one thread, if it wasn't started that way.
"""

import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

_ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA", "NUMEXPR")
}
if any(os.environ.get(name) != value for name, value in _ONE_THREAD.items()):
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **_ONE_THREAD})  # noqa: S606

RESULTS = Path(__file__).parent / "results"
PICTURES = Path(__file__).parents[1] / "docs"
_PACKAGES = (
    "wearaffect numpy scipy pandas numba onnxruntime neurokit2 cvxEDA cvxopt biosppy heartpy flirt"
)


@dataclass(frozen=True)
class Goal:
    """A row of the table of goals: how many times faster, or at most how many times slower."""

    work: str
    against: str
    must: float
    moonshot: float | None
    at_most: bool = False
    unit: str = "x"

    def met(self, value: float, bound: float | None) -> bool:
        """Whether a measured value keeps to a bound; never where there is none."""
        if bound is None:
            return False
        return value <= bound if self.at_most else value >= bound

    def say(self, bound: float | None) -> str:
        """Write a bound."""
        return "–" if bound is None else f"{'≤' if self.at_most else '≥'} {bound:g}{self.unit}"


GOALS: Mapping[str, Goal] = {
    "1a": Goal("convex EDA, 1 h at 4 Hz", "cvxEDA 1.1.0", 8, 40),
    "1b": Goal("convex EDA, 1 h at 4 Hz", "neurokit2 cvxeda", 8, 40),
    "2a": Goal("convex EDA, 10 min at 100 Hz", "cvxEDA 1.1.0", 15, 60),
    "2b": Goal("convex EDA, 10 min at 100 Hz", "neurokit2 cvxeda", 15, 60),
    "3": Goal("convex EDA, CPU a sample", "24 h against 1 h", 2, 1.2, at_most=True),
    "4a": Goal("clean + peaks + time HRV, 1 h BVP", "the same neurokit2 functions", 6, 15),
    "4b": Goal("clean + peaks + time HRV, 1 h BVP", "ppg_process + hrv_time", 100, 400),
    "5a": Goal("a whole E4 recording, 60 s / 5 s", "neurokit2 functions like for like", 100, 500),
    "5b": Goal("a whole E4 recording, 60 s / 5 s", "FLIRT on one core", 50, 200),
    "6": Goal("hop 0.25 s, 20 times the windows", "hop 5 s", 10, 4, at_most=True),
    "7a": Goal("one live hop, features + network", "neurokit2 a window + ORT", 25, 100),
    "7b": Goal("four live hops a second", "one core", 2, None, at_most=True, unit=" %"),
}


@dataclass(frozen=True)
class Timing:
    """CPU seconds of one side."""

    median_s: float
    least_s: float
    most_s: float
    runs: int
    first_s: float

    def times(self, factor: float) -> "Timing":
        """Scale what was measured on a part."""
        return Timing(
            self.median_s * factor,
            self.least_s * factor,
            self.most_s * factor,
            self.runs,
            self.first_s * factor,
        )


@dataclass(frozen=True)
class Check:
    """One comparison of outputs: the value and the most that it may be."""

    what: str
    value: float
    most: float

    @property
    def ok(self) -> bool:
        return bool(self.value <= self.most)


@dataclass
class Report:
    """What one benchmark found; `save` writes it as JSON with host, commit and versions."""

    name: str
    about: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    found: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def row(
        self,
        key: str,
        value: float,
        timings: Mapping[str, Timing],
        checks: Sequence[Check] = (),
        **more: Any,
    ) -> None:
        """Set a measured ratio against its goal."""
        goal = GOALS[key]
        right = all(check.ok for check in checks)
        self.rows.append(
            {
                "goal": key,
                **asdict(goal),
                "value": value,
                "cpu_s": {side: asdict(timing) for side, timing in timings.items()},
                "outputs": [asdict(check) | {"ok": check.ok} for check in checks],
                "must_met": goal.met(value, goal.must) and right,
                "moonshot_met": goal.met(value, goal.moonshot) and right,
                **more,
            }
        )
        say(f"{key} {goal.work} | {goal.against}: {value:.3g}{goal.unit} (must "
            f"{goal.say(goal.must)}), outputs {'agree' if right else 'DIFFER'}")  # fmt: skip
        for check in checks:
            say(f"   {'ok ' if check.ok else 'NOT'} {check.what}: {check.value:.3g}"
                f" (at most {check.most:g})")  # fmt: skip

    def save(self) -> Path:
        """Write the result, dated."""
        date = datetime.now(UTC).strftime("%Y-%m-%d")
        record = {
            "benchmark": self.name,
            "about": self.about,
            "date": date,
            "host": _host(),
            "commit": _commit(),
            "versions": _versions(),
            "rows": self.rows,
            "found": self.found,
            "notes": self.notes,
        }
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{date}-{self.name}.json"
        text = json.dumps(_plain(record), indent=1, ensure_ascii=False, allow_nan=False)
        path.write_text(text + "\n", encoding="utf-8")
        say(f"written: {path.relative_to(RESULTS.parents[1])}")
        return path


def compare(
    sides: Mapping[str, Callable[[], Any]],
    runs: int = 5,
    fewer: Mapping[str, int] | None = None,
    may_fail: Sequence[str] = (),
) -> tuple[dict[str, Timing], dict[str, Any]]:
    """Run every side in turn, again and again.

    Parameters
    ----------
    sides : mapping of str to callable
        The work of each side, without arguments.
    runs : int
        Rounds that count; one more comes first, for caches and compilers.
    fewer : mapping of str to int, optional
        Sides so slow that they take part in the first rounds only; with 1, their only call counts.
    may_fail : sequence of str
        Peers that are there for information: one that raises drops out, and its output says why.

    Returns
    -------
    timings, outputs : dict
        By side; the outputs are those of the last call.
    """
    rounds = {side: (fewer or {}).get(side, runs) for side in sides}
    spent: dict[str, list[float]] = {side: [] for side in sides}
    outputs: dict[str, Any] = {}
    for turn in range(runs + 1):
        said = []
        for side, work in sides.items():
            if len(spent[side]) > rounds[side] or (turn and rounds[side] == 1):
                continue
            gc.collect()
            start = time.process_time()
            try:
                outputs[side] = work()
            except Exception as error:
                if side not in may_fail:
                    raise
                outputs[side] = f"{type(error).__name__}: {error}"
                rounds[side], spent[side] = -1, []
                say(f"   {side} fails: {outputs[side]}")
                continue
            spent[side].append(time.process_time() - start)
            said.append(f"{side} {spent[side][-1]:.4g} s")
        say(f"   round {turn}: {', '.join(said)}")
    return {side: _timing(seconds) for side, seconds in spent.items() if seconds}, outputs


def _timing(seconds: list[float]) -> Timing:
    counted = seconds[1:] or seconds
    return Timing(statistics.median(counted), min(counted), max(counted), len(counted), seconds[0])


def ratio(timings: Mapping[str, Timing], peer: str, ours: str = "ours") -> float:
    """How many times faster than a peer, of medians."""
    return timings[peer].median_s / timings[ours].median_s


def say(line: str) -> None:
    """Tell how it goes, at once."""
    print(line, flush=True)


def data_root() -> Path:
    """The folder of recordings."""
    root = os.environ.get("WEARAFFECT_DATA", "")
    if not Path(root).is_dir() or not root:
        sys.exit("set WEARAFFECT_DATA to the folder of recordings")
    return Path(root)


def _host() -> dict[str, Any]:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    model = next((li.partition(":")[2].strip() for li in lines if li.startswith("model name")), "")
    return {
        "cpu": model or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
        "threads": 1,
    }


def _commit() -> dict[str, Any]:
    def git(*arguments: str) -> str:
        command = ["git", "-C", str(RESULTS.parents[1]), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603

    code = ("wearaffect", "models", "benchmarks/*.py", "benchmarks/peers.txt")
    return {
        "id": git("rev-parse", "--short", "HEAD"),
        "changed": bool(git("status", "--short", "--", *code)),
    }


def _versions() -> dict[str, str]:
    have = {}
    for name in _PACKAGES.split():
        try:
            have[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return have


def _plain(value: Any) -> Any:
    """Give what JSON can hold: five digits, null for what isn't a number."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float):
        return float(f"{value:.5g}") if abs(value) < float("inf") else None
    return value
