"""The audit trail: entries that each carry the hash of the one before, so that none can be changed.

Who, when, what, old and new value, reason. An edit, a removal or a swap breaks the chain; the hash
of the last entry, the head, stands in ``session.json`` and in the report.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["check_chain", "digest_of", "entry_after"]


def digest_of(entry: Mapping[str, Any]) -> str:
    """Give the SHA-256 of an entry: of its JSON with sorted keys, no spaces, ASCII only."""
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def entry_after(previous: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Give an entry as it follows on the one whose hash is `previous`."""
    plain: dict[str, Any] = json.loads(json.dumps(entry, allow_nan=False))
    return {**plain, "previous": previous}


def check_chain(
    entries: Sequence[Mapping[str, Any]], root: str | None, head: str | None
) -> list[str]:
    """Check a trail.

    Parameters
    ----------
    entries : sequence of mapping
        As they stand in the journal.
    root, head : str or None
        Hash of the session's header, which the first entry carries, and the one that the last must
        have; None: not known.

    Returns
    -------
    list of str
        What is wrong, each a sentence; empty: nothing.
    """
    problems = []
    previous = root
    for index, entry in enumerate(entries):
        if previous is not None and entry.get("previous") != previous:
            problems.append(f"audit: entry {index} doesn't follow on the one before")
        previous = digest_of(entry)
    if head is not None and previous != head:
        problems.append("audit: the last entry isn't the one session.json names")
    return problems
