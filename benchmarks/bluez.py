"""Our drivers on unmodified bleak, real bluetoothd, the kernel's Bluetooth, and a virtual radio.

Builds a small Linux from Debian packages and this environment, starts it in an emulator, and says
how it went: `make test-bluez`. The guest has no network, and nothing is installed on this host.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bluez_image import Image, make_image
from bluez_packages import need_commands, package_version, unpacked
from harness import Report, say

from wearaffect.devices.virtual.firmware_library import firmware_library

_HERE = Path(__file__).resolve().parent
_REPOSITORY = _HERE.parent
_CACHE = _REPOSITORY / ".cache" / "bluez"
_VERDICT = "VERDICT "
_LIMIT_S = 600
# What the guest's programs import, beside the package under test.
_PACKAGES = (
    "bleak", "dbus-fast", "mcap", "numpy", "wearaffect", "zstandard",
    "bumble", "cffi", "click", "cryptography", "platformdirs", "pycparser", "pyee",
    "typing_extensions",
)  # fmt: skip


def main() -> int:
    """Build, run, report; 0 where everything came as it was sent."""
    need_commands()
    started_s = time.monotonic()
    root = unpacked(_CACHE)
    image = make_image(root, _HERE / "bluez_guest", _PACKAGES, _REPOSITORY / "wearaffect")
    _put_firmware(image)
    archive = _CACHE / "guest.cpio"
    size_mb = image.write(archive) / 1e6
    built_s = time.monotonic() - started_s
    say(f"guest of {size_mb:.0f} MB built in {built_s:.0f} s; starting it")
    verdict = _verdict(_guest(next((root / "boot").glob("vmlinuz-*")), archive))
    report = Report("bluez", __doc__ or "")
    report.found = {
        "verdict": verdict,
        "built_s": round(built_s, 1),
        "whole_s": round(time.monotonic() - started_s, 1),
        "guest_mb": round(size_mb),
        "versions": {name: version(name) for name in ("bleak", "bumble", "dbus-fast")}
        | {name: package_version(_CACHE, name) for name in ("bluez", "linux-image-*")},
    }
    report.save()
    say("everything came" if verdict.get("ok") else "FAILED")
    return 0 if verdict.get("ok") else 1


def _put_firmware(image: Image) -> None:
    """Put the bridge's C where the guest finds it compiled: there is no compiler in it."""
    os.environ["XDG_CACHE_HOME"] = str(_CACHE / "compiled")
    firmware_library()
    image.tree("cache", _CACHE / "compiled")
    image.tree("site/firmware_bridge/c", _REPOSITORY / "firmware_bridge" / "c")


def _guest(kernel: Path, archive: Path) -> Iterator[str]:
    """Run the emulator and give what the guest says, line by line."""
    command = [
        "qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "1536", "-smp", "2",
        "-nographic", "-no-reboot", "-nic", "none", "-kernel", str(kernel), "-initrd", str(archive),
        "-append", "console=ttyS0 quiet panic=-1 rdinit=/init",
    ]  # fmt: skip
    with subprocess.Popen(  # noqa: S603 - our own words
        ["timeout", str(_LIMIT_S), *command],  # noqa: S607 - wherever it is installed
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as emulator:
        assert emulator.stdout is not None
        yield from emulator.stdout


def _verdict(lines: Iterator[str]) -> dict[str, Any]:
    verdict: dict[str, Any] = {"ok": False, "problems": ["the guest gave no verdict"]}
    for line in lines:
        say(line.rstrip())
        if line.startswith(_VERDICT):
            verdict = json.loads(line.removeprefix(_VERDICT))
    return verdict


if __name__ == "__main__":
    sys.exit(main())
