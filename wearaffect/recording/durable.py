"""Files that are either the old one or the new one, whatever happens."""

import json
import os
from pathlib import Path
from typing import Any

__all__ = ["sync_folder", "write_json"]


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
