"""What a session says of itself: in the first message of its journal, and in ``session.json``."""

import hashlib
import json
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from wearaffect.core.errors import CorruptRecordingError
from wearaffect.recording.scan import Entry

__all__ = ["Twin", "versions"]


def versions() -> dict[str, str]:
    """Give the versions that a recording was made with."""
    names = ("wearaffect", "numpy", "mcap")
    return {
        "python": sys.version.split()[0],
        **{name: metadata.version(name) for name in names},
    }


class Twin:
    """``session.json``: the journal's header once more and, once closed, its hash and accounts.

    Parameters
    ----------
    folder : pathlib.Path
        The session's.

    Attributes
    ----------
    content : dict
        Empty where it can't be read.
    closed : bool
        What it says.
    problems : list of str
        What is wrong with it, each a sentence.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.problems: list[str] = []
        try:
            self.content: dict[str, Any] = json.loads((folder / "session.json").read_bytes())
            self.closed = bool(self.content["closed"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            self.content, self.closed = {}, False
            self.problems.append(f"session.json: can't be read ({error})")

    def header(self, first: Entry | None) -> dict[str, Any]:
        """Give the header: the journal's first message, or where that is lost its twin here.

        Raises
        ------
        CorruptRecordingError
            Neither is left.
        """
        if first is not None and first.topic == "session":
            return first.message
        if not self.content:
            raise CorruptRecordingError(
                self._folder,
                "nothing of a journal is left",
                part="session.mcap",
                remedy="restore a copy",
            )
        return self.content

    def fits(self) -> bool:
        """Whether the journal is byte for byte the one that was closed."""
        with (self._folder / "session.mcap").open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        return self.closed and sha256 == self.content.get("sha256")

    def compare(self, n_messages: int, *, whole: bool) -> list[str]:
        """Say what isn't as it was when the journal was closed."""
        if not self.closed:
            said = "session.json: says the recording isn't closed, but it is"
            return [said] if whole and self.content else []
        problems = []
        if not self.fits():
            problems.append("session.mcap: isn't the file that was closed (SHA-256 differs)")
        noted = self.content.get("n_messages", 0)
        if isinstance(noted, int) and noted > n_messages:
            problems.append(f"session.mcap: {noted - n_messages} of {noted} messages can't be read")
        return problems
