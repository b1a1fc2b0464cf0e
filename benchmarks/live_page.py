"""The console's live page: six LSL streams at thirty pushes a second, in headless Chromium.

What is measured: frames drawn a second, how long after its own stamp the newest sample stands on
the screen, and whether the recorder lost anything meanwhile (the sender's count is the oracle).
Run: python benchmarks/live_page.py [SECONDS]
"""

import json
import multiprocessing as mp
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

import numpy as np
from harness import Report, say
from playwright.sync_api import sync_playwright

from wearaffect.core.streams import Channel, LossEvidence, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.units import Unit
from wearaffect.recording.journal import read_journal

PUSH_HZ = 30
SESSION = f"page-{secrets.token_hex(4)}"
KINDS: tuple[tuple[SignalKind, float, tuple[str, ...], Unit], ...] = (
    (SignalKind.ECG, 256.0, ("ecg",), Unit.MILLIVOLT),
    (SignalKind.BVP, 64.0, ("bvp",), Unit.ARBITRARY),
    (SignalKind.ACC, 32.0, ("x", "y", "z"), Unit.GRAVITY),
    (SignalKind.EDA, 4.0, ("eda",), Unit.MICROSIEMENS),
    (SignalKind.TEMP, 4.0, ("temp",), Unit.CELSIUS),
    (SignalKind.RESP, 32.0, ("resp",), Unit.ARBITRARY),
)
INFOS = tuple(
    StreamInfo(
        f"page.{kind}",
        kind,
        tuple(Channel(name, unit) for name in names),
        rate_hz,
        device="page",
        loss_evidence=LossEvidence.COUNTER,
    )
    for kind, rate_hz, names, unit in KINDS
)
PROTOCOL = """
name: page
title: Page
phases:
  - {name: watch, title: Watch}
"""


def send(session: str, sent: "Synchronized[int]", stopping: "Synchronized[int]") -> None:
    """Send samples as they fall due, thirty times a second; count those of the ECG."""
    from wearaffect.devices.lsl.outlets import open_outlets

    sink = open_outlets(f"page?session={session}")
    origin_ns = time.monotonic_ns()
    sink.start(INFOS, origin_ns)
    counts = dict.fromkeys((info.id for info in INFOS), 0)
    while not stopping.value:
        time.sleep(1 / PUSH_HZ)
        for info in INFOS:
            first = counts[info.id]
            n = int((time.monotonic_ns() - origin_ns) * info.rate_hz / 1e9) - first
            if n <= 0:
                continue
            t = (first + np.arange(n)) / info.rate_hz
            data = np.sin(2 * np.pi * 1.1 * t)[:, None].repeat(len(info.channels), axis=1)
            start_ns = origin_ns + round(first * 1e9 / info.rate_hz)
            sink.chunk(SignalChunk(info, data, start_ns, device_counter=first), 0)
            counts[info.id] += n
        sent.value = counts[INFOS[0].id]
    time.sleep(2)  # an outlet that goes takes with it what hasn't been fetched


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Start `wearaffect serve` on a free port; give the one-time address."""
    (folder / "protocols").mkdir()
    (folder / "protocols" / "page.yaml").write_text(PROTOCOL)
    devices = [f"lsl:source_id=page/{info.id}?session={SESSION}" for info in INFOS]
    command = [sys.executable, "-m", "wearaffect.cli", "serve", "--port", "0"]
    command += ["--session-root", str(folder / "sessions")]
    command += ["--protocols", str(folder / "protocols")]
    command += [part for uri in devices for part in ("--device", uri)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
    assert server.stdout is not None
    try:
        for line in server.stdout:
            found = re.search(r"http://\S+/#token=\S+", line)
            if found:
                yield found[0]
                return
        raise SystemExit("the server said no address")
    finally:
        server.terminate()
        server.wait(30)


def prepare(page: Any, root: str) -> None:
    """Connect the six streams and start, as the page itself would ask."""
    plan = {
        "participant": "BENCH-1",
        "foreign": True,
        "protocol": "page",
        "devices": [f"lsl:source_id=page/{info.id}?session={SESSION}" for info in INFOS],
        "model": "",
        "use": {"setting": "laboratory", "purpose": "development", "grounds": ""},
        "consent": {
            "recording": True,
            "estimates": False,
            "sharing": False,
            "document": "",
            "keep_days": None,
        },
        "rest_from": "",
    }
    for path, body in (("sitting", plan), ("sitting/acts", {"act": "start"})):
        answer = page.request.post(f"{root}/api/{path}", data=body, headers={"Origin": root})
        if not answer.ok:
            raise SystemExit(f"{path}: {answer.status} {answer.text()}")


def watch(page: Any, seconds: float) -> dict[str, float]:
    """Count frames and latencies of a page that draws."""
    page.evaluate("window.wearaffectLatency.length = 0")
    frames = page.evaluate(
        """(ms) => new Promise((done) => {
            let n = 0; const end = performance.now() + ms;
            const count = (now) => { n += 1; now < end ? requestAnimationFrame(count) : done(n); };
            requestAnimationFrame(count);
        })""",
        seconds * 1000,
    )
    latency_ms = np.array(page.evaluate("window.wearaffectLatency"))
    return {
        "fps": frames / seconds,
        "n_frames_of_samples": len(latency_ms),
        "latency_p50_ms": float(np.percentile(latency_ms, 50)),
        "latency_p99_ms": float(np.percentile(latency_ms, 99)),
    }


def finish(page: Any, root: str) -> None:
    """Close the sitting."""
    for act in (
        {"act": "stop", "phase": "watch", "reason": "measured"},
        {"act": "review", "reason": "measured"},
        {"act": "close", "reason": ""},
    ):
        page.request.post(f"{root}/api/sitting/acts", data=act, headers={"Origin": root})
    page.wait_for_timeout(8000)


def account(folder: Path, n_sent: int) -> dict[str, int]:
    """Compare what the journal holds with what was sent."""
    session = read_journal(next((folder / "sessions").glob("*/session.mcap")).parent)
    ecg = session.of_kind(SignalKind.ECG)
    assert ecg is not None
    first = ecg.segments[0].device_counter
    assert first is not None
    return {"ecg_sent_since_connected": n_sent - first, "ecg_stored": ecg.n_samples}


def main() -> None:
    """Measure, and save the result."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    report = Report("live_page", __doc__ or "")
    context = mp.get_context("spawn")
    sent, stopping = context.Value("q", 0), context.Value("i", 0)
    sender = context.Process(target=send, args=(SESSION, sent, stopping), daemon=True)
    sender.start()
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        with serving(Path(place)) as address:
            root = address.partition("/#")[0]
            page.goto(address.replace("/#", "/?measure#"))
            page.get_by_role("button", name="New session").wait_for()
            prepare(page, root)
            page.wait_for_selector(".uplot canvas")
            page.wait_for_timeout(5000)  # until plots and clock map have settled
            found: dict[str, Any] = watch(page, seconds)
            stopping.value = 1
            sender.join(10)
            finish(page, root)
        found |= account(Path(place), sent.value)
        browser.close()
    complete = found["ecg_sent_since_connected"] == found["ecg_stored"]
    found["met"] = complete and found["fps"] >= 30 and found["latency_p99_ms"] < 150
    report.found = found
    say(json.dumps(found, indent=1))
    report.save()
    sys.exit(0 if found["met"] else 1)


if __name__ == "__main__":
    main()
