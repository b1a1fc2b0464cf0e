"""The C of the bridge as a library: compiled on first use, kept in the user's cache."""

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from wearaffect.core.errors import DeviceError, MissingExtraError

__all__ = ["firmware_library"]

_HERE = Path(__file__).parent
# in a checkout the sources are where they are edited; a wheel carries a copy
_SOURCES = (_HERE.parents[2] / "firmware_bridge" / "c", _HERE / "firmware_c")


@lru_cache(maxsize=1)
def firmware_library() -> tuple[Any, Any]:
    """Give cffi's view of the firmware's headers, and the compiled library.

    Returns
    -------
    cffi.FFI, library
        Every function and type of ``wa_bridge.h``.

    Raises
    ------
    DeviceError
        No C compiler, or it fails.
    MissingExtraError
        cffi isn't installed.
    """
    try:
        from cffi import FFI
    except ImportError as error:
        raise MissingExtraError("virtual", "the virtual bridge") from error
    folder = _built()
    ffi = FFI()
    ffi.cdef((folder / "wa_bridge.i").read_text())
    return ffi, ffi.dlopen(str(folder / "wa_bridge.so"))


def _built() -> Path:
    """Give the folder with library and declarations; compile where these sources never were."""
    sources = next((folder for folder in _SOURCES if folder.is_dir()), _SOURCES[-1])
    files = sorted(sources.glob("wa_*.[ch]"))
    key = hashlib.sha256(platform.machine().encode())
    for file in files:
        key.update(file.name.encode() + b"\0" + file.read_bytes())
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wearaffect"
    final = root / f"bridge-{key.hexdigest()[:16]}"
    if not final.is_dir():
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, ignore_cleanup_errors=True) as made:
            folder = Path(made) / "built"
            folder.mkdir()
            _compile(sources, [str(file) for file in files if file.suffix == ".c"], folder)
            try:
                folder.rename(final)
            except OSError:
                if not final.is_dir():  # else another process was faster; theirs is the same
                    raise
    return final


def _compile(sources: Path, files: list[str], folder: Path) -> None:
    """Compile the library, and write out its declarations as cffi reads them."""
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise DeviceError(
            "bumble:bridge", "no C compiler", expected="cc", remedy="install gcc, or set CC"
        )
    empty = folder.parent / "empty"  # stands for the system's headers; cffi knows their types
    empty.mkdir()
    for name in ("stdbool.h", "stddef.h", "stdint.h"):
        (empty / name).touch()
    library = ["-std=c99", "-O2", "-fPIC", "-shared", *files, "-o", str(folder / "wa_bridge.so")]
    only = ["-E", "-P", "-nostdinc", f"-I{empty}", str(sources / "wa_bridge.h")]
    for arguments in (library, [*only, "-o", str(folder / "wa_bridge.i")]):
        done = subprocess.run(  # noqa: S603 - the user's own compiler on our own sources
            [compiler, *arguments], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise DeviceError("bumble:bridge", "the C compiler fails", got=done.stderr[-300:])
