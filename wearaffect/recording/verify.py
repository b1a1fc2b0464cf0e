"""Whether a session is what was recorded: every CRC, count and hash, and the audit trail."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from wearaffect.recording.account import Accounts
from wearaffect.recording.analysis_copy import copy_problems
from wearaffect.recording.audit import check_chain, digest_of
from wearaffect.recording.decoding import Decoder
from wearaffect.recording.storage import being_written

__all__ = ["Verification", "verify"]

_Account = dict[str, Any]
_COUNTS = ("stored", "lost_in_gaps", "damaged")


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found.

    Attributes
    ----------
    ok : bool
        Closed, whole and unchanged.
    closed : bool
        Whether it was closed.
    streams : mapping
        By stream id ``loss_evidence, expected, stored, lost_in_gaps, damaged``, in samples;
        ``expected`` is their sum, or None where loss can't be proved. ``damaged`` counts also what
        was stored and can't be read any more.
    problems : tuple of str
        What is wrong, each a sentence.
    audit_head, sha256 : str
        Of the last entry of the trail that is there, and of ``session.mcap`` as it is now; what the
        report says of the session must be the same. Empty: there is no trail.
    """

    ok: bool
    closed: bool
    streams: Mapping[str, _Account]
    problems: tuple[str, ...]
    audit_head: str = ""
    sha256: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give it as the command line writes it."""
        return {**asdict(self), "problems": list(self.problems)}


def verify(folder: str | PathLike[str]) -> Verification:
    """Check a session folder, its copy for analysis, too; nothing in it is changed.

    Parameters
    ----------
    folder : path
        A session folder, closed or not.

    Returns
    -------
    Verification
        Everything that could be said.

    Raises
    ------
    RecordingNotFoundError, RecordingFormatError, CorruptRecordingError
        It isn't a session at all.
    """
    place = Path(folder)
    decoder = Decoder(place)
    trail: list[dict[str, Any]] = []
    accounts: Accounts | None = None
    for item in decoder.decoded():
        accounts = accounts or Accounts(decoder.infos.values())
        accounts.take(item.thing, torn=item.torn)
        if item.entry.topic == "audit":
            trail.append(item.entry.message)
    counted = (accounts or Accounts(decoder.infos.values())).as_dict()
    problems = [*decoder.problems, *_header_problems(decoder), *_trail_problems(decoder, trail)]
    if being_written(place / "session.mcap"):
        problems.append("session.mcap: is being recorded right now")
    streams = counted
    if decoder.twin.closed:
        streams = {}
        for name, account in counted.items():
            streams[name], found = _against(name, account, decoder, whole=not problems)
            problems += found
    if decoder.twin.closed and not problems:
        problems += copy_problems(place)
    with (place / "session.mcap").open("rb") as journal:
        sha256 = hashlib.file_digest(journal, "sha256").hexdigest()
    head = digest_of(trail[-1]) if trail else ""
    closed = decoder.twin.closed
    return Verification(not problems, closed, streams, tuple(problems), head, sha256)


def _header_problems(decoder: Decoder) -> list[str]:
    twin = decoder.twin.content
    if not twin:
        return []
    return [
        f"session.json: {name} isn't what the journal says"
        for name, value in decoder.header.items()
        if name not in twin or twin[name] != value
    ]


def _trail_problems(decoder: Decoder, trail: list[dict[str, Any]]) -> list[str]:
    twin = decoder.twin
    if not trail and "audit_head" not in twin.content:
        return []  # the first journals have no trail
    root = None if decoder.header is twin.content else digest_of(decoder.header)
    head = str(twin.content.get("audit_head", "")) if twin.closed else None
    return check_chain(trail, root, head)


def _against(
    name: str, counted: _Account, decoder: Decoder, *, whole: bool
) -> tuple[_Account, list[str]]:
    """Set what can be read against what was stored when the journal was closed."""
    streams = decoder.twin.content.get("streams")
    told: Any = streams.get(name) if isinstance(streams, dict) else None
    if not _balances(told):
        return counted, [f"session.json: the account of {name} doesn't balance"]
    if whole:
        differs = told != counted
        found = f"session.json: the account of {name} isn't the journal's"
        return counted, [found] if differs else []
    missing = told["stored"] - counted["stored"]
    if missing < 0:
        return counted, [f"session.json: {name} has {-missing} samples more than it says"]
    return told | {"stored": counted["stored"], "damaged": told["damaged"] + missing}, []


def _balances(account: Any) -> bool:
    if not isinstance(account, dict):
        return False
    counts = [count for name in _COUNTS if isinstance(count := account.get(name), int)]
    return len(counts) == len(_COUNTS) and account.get("expected", 0) in {None, sum(counts)}
