"""Debian packages as files: fetched and unpacked beside the system, never installed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from harness import say

_KERNEL = "linux-image-amd64"
_PROGRAMS = ("bluez", "busybox-static", "dbus-daemon")
_COMMANDS = {"apt-get": "apt", "dpkg-deb": "dpkg", "qemu-system-x86_64": "qemu-system-x86"}


def need_commands() -> None:
    """End with the line that installs what is missing, if anything is."""
    missing = [package for command, package in _COMMANDS.items() if not shutil.which(command)]
    if missing:
        sys.exit(f"needed: apt-get install --no-install-recommends {' '.join(missing)}")


def unpacked(cache: Path) -> Path:
    """Give the folder that holds the kernel, bluetoothd, dbus-daemon and busybox, unpacked.

    Parameters
    ----------
    cache : Path
        Where packages are kept; what is there isn't fetched again.
    """
    packages, root = cache / "packages", cache / "root"
    packages.mkdir(parents=True, exist_ok=True)
    kernel = _depends(_KERNEL)[0]
    libraries = [name for name in _depends(*_PROGRAMS) if name.startswith("lib")]
    for name in (kernel, *_PROGRAMS, *(one for one in libraries if one != "libc6")):
        done = cache / f"{name}.unpacked"
        if done.exists():
            continue
        if not list(packages.glob(f"{name}_*.deb")):
            say(f"fetching {name}")
            _run("apt-get", "download", "-qq", name, folder=packages)
        (package,) = packages.glob(f"{name}_*.deb")
        _run("dpkg-deb", "-x", str(package), str(root), folder=cache)
        done.touch()
    return root


def package_version(cache: Path, name: str) -> str:
    """Give the version of a package that was fetched."""
    (package,) = (cache / "packages").glob(f"{name}_*.deb")
    return _run("dpkg-deb", "--field", str(package), "Version", folder=cache).strip()


def _depends(*names: str) -> list[str]:
    text = _run("apt-cache", "depends", "--important", *names, folder=Path.cwd())
    return list(dict.fromkeys(re.findall(r"(?m)^\s*\|?(?:Pre)?Depends: ([^<\s]+)", text)))


def _run(*command: str, folder: Path) -> str:
    done = subprocess.run(  # noqa: S603 - our own words
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} fails: {done.stderr.strip()}")
    return done.stdout
