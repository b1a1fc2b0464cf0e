"""What a session's journal proves of itself: whether it is whole, and who did what in it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wearaffect.recording.audit import digest_of
from wearaffect.recording.decoding import Decoder
from wearaffect.recording.journal_reader import read_topic
from wearaffect.recording.verify import Verification, verify

__all__ = ["Custody", "custody_of"]


@dataclass(frozen=True, slots=True)
class Custody:
    """What `verify` found, and what the journal says of itself.

    Attributes
    ----------
    header : mapping
        The journal's first message, or where that is lost its twin in ``session.json``.
    sha256 : str
        Of the journal as it was closed; empty: it wasn't.
    found : Verification
        Accounts and problems.
    trail : tuple of mapping
        The audit entries.
    """

    header: Mapping[str, Any]
    sha256: str
    found: Verification
    trail: tuple[Mapping[str, Any], ...]

    @property
    def head(self) -> str:
        """Hash of the last entry of the trail; empty: there is none."""
        return digest_of(self.trail[-1]) if self.trail else ""

    @property
    def trail_problems(self) -> tuple[str, ...]:
        """What is wrong with the trail."""
        return tuple(p for p in self.found.problems if p.startswith("audit:"))

    @property
    def hands(self) -> dict[str, int]:
        """How many entries are whose, the most first."""
        return dict(Counter(str(entry.get("who", "")) for entry in self.trail).most_common())


def custody_of(folder: Path) -> Custody:
    """Read what a session folder proves of itself; nothing in it is changed.

    Raises
    ------
    RecordingNotFoundError, RecordingFormatError, CorruptRecordingError, RecordingError
        It isn't a session, nothing of it is left, or it is sealed.
    """
    decoder = Decoder(folder)
    next(decoder.decoded(), None)  # the header is known then
    twin = decoder.twin
    sha256 = str(twin.content.get("sha256", "")) if twin.closed else ""
    return Custody(decoder.header, sha256, verify(folder), tuple(read_topic(folder, "audit")))
