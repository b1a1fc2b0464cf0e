"""`wearaffect doctor`: what is here, what is missing, and what to do about it."""

import platform
import shutil
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

from wearaffect.cli.console import JsonOption, reporting
from wearaffect.cli.extras import extras, missing_from

__all__ = ["doctor"]

_OWN_LINE = ("dev", "fast")  # extras that nobody works with, or that have a line of their own
_MARKS = {"ok": "ok     ", "warning": "warning", "problem": "PROBLEM"}


def doctor(json: JsonOption = None) -> None:
    """Check versions, extras, models, radio, LSL, disk and clock."""
    with reporting(json) as report:
        lines = [
            *_versions(),
            *_extras(),
            _compiled(),
            _models(),
            _radio(),
            _lsl(),
            _disk(),
            _clock(),
        ]
        for name, state, text, remedy in lines:
            report.line(f"{_MARKS[state]} {name:12} {text}{f'; {remedy}' if remedy else ''}")
        keys = ("name", "state", "text", "remedy")
        checks = [dict(zip(keys, line, strict=True)) for line in lines]
        report.data({"schema": 1, "checks": checks})


_Line = tuple[str, str, str, str]


def _versions() -> list[_Line]:
    from wearaffect import __version__

    found = [("wearaffect", "ok", __version__, ""), ("python", "ok", platform.python_version(), "")]
    base = ("numpy", "onnxruntime", "mcap")
    return [*found, *((name, "ok", metadata.version(name), "") for name in base)]


def _extras() -> list[_Line]:
    found: list[_Line] = []
    for extra, names in extras().items():
        if extra in _OWN_LINE:
            continue
        missing = missing_from(names)
        if missing:
            remedy = f"pip install 'wearaffect[{extra}]'"
            found.append((extra, "warning", f"without {', '.join(missing)}", remedy))
        else:
            text = ", ".join(f"{n} {metadata.version(n)}" for n in names)
            found.append((extra, "ok", text, ""))
    return found


def _compiled() -> _Line:
    """Tell which of the two ways the decomposition of skin conductance runs."""
    from wearaffect.analysis.compiled import NO_NUMBA_VARIABLE, is_compiled

    if is_compiled():
        return ("fast", "ok", f"numba {metadata.version('numba')} compiles decompose", "")
    remedy = f"pip install 'wearaffect[fast]', and {NO_NUMBA_VARIABLE} not set"
    return ("fast", "warning", "decompose runs uncompiled: slower, the same answer", remedy)


def _models() -> _Line:
    from wearaffect.bundle.model import ModelBundle, find_bundle
    from wearaffect.core.errors import BundleError

    try:
        bundle = ModelBundle(find_bundle("wrist-affect"))
        bundle.self_test()
    except BundleError as error:
        return ("model", "warning", error.line(), "pass --model DIR")
    return ("model", "ok", f"{bundle.manifest.id}, self-test passed", "")


def _radio() -> _Line:
    """Ask for a scan that ends at once: that needs all that a longer one needs."""
    import asyncio

    from wearaffect.core.errors import DeviceError
    from wearaffect.devices.bluetooth.ble import scan_ble

    try:
        asyncio.run(scan_ble(0.0))
    except DeviceError as error:
        return ("radio", "warning", f"{error.what}: {error.got}", error.remedy)
    return ("radio", "ok", f"Bluetooth answers, bleak {metadata.version('bleak')}", "")


def _lsl() -> _Line:
    """Load liblsl in a process of its own: it is configured once in a process, and not by this."""
    code = "import pylsl; print(pylsl.library_version())"
    asked = subprocess.run(  # noqa: S603 - this very interpreter, a fixed line
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    if asked.returncode:
        why = (asked.stderr.strip().splitlines() or ["it doesn't load"])[-1]
        return ("lsl", "warning", why, "pip install --force-reinstall pylsl")
    text = f"liblsl {asked.stdout.strip()}, pylsl {metadata.version('pylsl')}"
    return ("lsl", "ok", f"{text}; stays on this machine unless an address says otherwise", "")


def _disk() -> _Line:
    free_gib = shutil.disk_usage(Path.cwd()).free / 2**30
    if free_gib < 1:
        return ("disk", "problem", f"{free_gib:.1f} GiB free here", "make room before recording")
    return ("disk", "ok", f"{free_gib:.0f} GiB free here", "")


def _clock() -> _Line:
    step_ns = min(
        b - a for a, b in ((time.monotonic_ns(), time.monotonic_ns()) for _ in range(100)) if b > a
    )
    info = time.get_clock_info("monotonic")
    if not info.monotonic or step_ns > 1_000_000:
        return ("clock", "problem", f"steps of {step_ns} ns", "use a host with a steady clock")
    return ("clock", "ok", f"monotonic, steps of {step_ns} ns", "")
