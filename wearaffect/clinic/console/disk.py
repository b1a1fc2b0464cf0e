"""What can be told of the disk that recordings go to."""

import os
from pathlib import Path

__all__ = ["is_encrypted"]


def is_encrypted(
    folder: Path, system: Path = Path("/sys"), mounts: Path = Path("/proc/self/mountinfo")
) -> bool | None:
    """Whether the disk of a folder is encrypted as a whole (LUKS and what else dm-crypt does).

    Parameters
    ----------
    folder : pathlib.Path
        It must be there.
    system, mounts : pathlib.Path
        Where Linux says so: a device's ``dm/uuid`` begins with ``CRYPT-`` (cryptsetup's and the
        kernel's convention), as does that of what it lies on.

    Returns
    -------
    bool or None
        None: it can't be told, as on other systems, and for disks of other machines.
    """
    if not (system / "dev" / "block").is_dir():
        return None
    number = folder.stat().st_dev
    device = system / "dev" / "block" / f"{os.major(number)}:{os.minor(number)}"
    if not device.exists():  # such as btrfs, which has numbers of its own
        source = _source(f"{os.major(number)}:{os.minor(number)}", mounts)
        if source is None or not source.is_block_device():
            return None
        number = source.stat().st_rdev
        device = system / "dev" / "block" / f"{os.major(number)}:{os.minor(number)}"
    return _is_crypt(device) if device.exists() else None


def _source(number: str, mounts: Path) -> Path | None:
    """Give the device that a file system says it is mounted from; see proc(5)."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        before, _, after = line.partition(" - ")
        if before.split()[2:3] == [number] and after.split()[1:2]:
            return Path(after.split()[1])
    return None


def _is_crypt(device: Path) -> bool:
    uuid = device / "dm" / "uuid"
    if uuid.is_file() and uuid.read_text(encoding="ascii", errors="replace").startswith("CRYPT-"):
        return True
    slaves = device / "slaves"
    lower = list(slaves.iterdir()) if slaves.is_dir() else []
    return bool(lower) and all(_is_crypt(one) for one in lower)
