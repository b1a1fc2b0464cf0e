"""Names that a sender or a file chose, made safe for where they end up: files, topics, columns."""

import re
from collections.abc import Iterable, Sequence

from wearaffect.core.errors import SignalError

__all__ = ["RESERVED", "distinct", "is_safe_id", "require_names", "slug", "unfit"]

RESERVED = frozenset({"time_ns", "segment", "counter"})
"""Columns that stand beside the channels in the copy for analysis, in exports and over LSL."""

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
_OTHER = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST_ID, _LONGEST_NAME = 120, 80  # below the 255 bytes of file systems; engineering choices


def is_safe_id(text: str) -> bool:
    """Whether a text can be part of a file's name and of a topic as it is.

    Parameters
    ----------
    text : str
        Letters, digits, ``_`` and ``-`` of ASCII, in parts with a dot between; at most 120.
    """
    return len(text) <= _LONGEST_ID and _ID.fullmatch(text) is not None


def slug(text: str, otherwise: str) -> str:
    """Make a name fit for a part of an id.

    Parameters
    ----------
    text : str
        Any; at most 80 characters of it stay.
    otherwise : str
        What stands there where nothing of it is left.
    """
    return _OTHER.sub("-", text)[:_LONGEST_NAME].strip("-") or otherwise


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Make names of channels fit for columns: printable, each once, none that is `RESERVED`.

    Parameters
    ----------
    names : iterable of str
        Any.

    Returns
    -------
    tuple of str
        As many; a second ``acc`` is ``acc_2``.
    """
    found: list[str] = []
    for name in names:
        wanted = "".join(c if c.isprintable() else "_" for c in name)[:_LONGEST_NAME] or "channel"
        free, number = wanted, 2
        while free in RESERVED or free in found:
            free, number = f"{wanted}_{number}", number + 1
        found.append(free)
    return tuple(found)


def unfit(names: Sequence[str]) -> list[str]:
    """Give the names that `distinct` would change."""
    return [name for name, fit in zip(names, distinct(names), strict=True) if name != fit]


def require_names(stream_id: str, names: Sequence[str]) -> None:
    """Refuse a stream whose id can't name a file, or whose channels can't name columns.

    Parameters
    ----------
    stream_id : str
        Its id.
    names : sequence of str
        Of its channels.

    Raises
    ------
    SignalError
        One of them can't be used.
    """
    if not is_safe_id(stream_id):
        raise SignalError(
            ascii(stream_id[:40]),
            "stream id",
            expected=f"letters, digits, _ and -, in parts with dots between, at most {_LONGEST_ID}",
            got=ascii(stream_id[:_LONGEST_ID]),
        )
    wrong = unfit(names)
    if wrong:
        raise SignalError(
            stream_id,
            "channel name",
            expected=f"printable names, each once, none of {', '.join(sorted(RESERVED))}",
            got=", ".join(ascii(name[:40]) for name in wrong[:4]),
        )
