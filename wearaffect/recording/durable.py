"""Files that are either the old one or the new one, whatever happens."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["replacing", "sync_folder", "write_json"]


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """Give a path to write to that takes a file's place once all is written, and only then.

    Parameters
    ----------
    file : Path
        What is to be replaced; left as it is where nothing was written, or on an error.

    Yields
    ------
    Path
        Beside it.
    """
    fresh = file.with_name(file.name + ".part")
    fresh.unlink(missing_ok=True)  # what a killed run left isn't this one's
    try:
        yield fresh
        if fresh.exists():
            fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Replace a JSON file in one step that survives a power cut.

    Raises
    ------
    OSError
        The disk refuses; the old file is untouched.
    """
    fresh = file.with_suffix(".tmp")
    with fresh.open("w", encoding="utf-8") as stream:
        json.dump(content, stream, indent=2, allow_nan=False)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk."""
    if os.name == "nt":  # folders can't be opened there; NTFS journals its names
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
