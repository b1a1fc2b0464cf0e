"""Participant codes: what stands for a person, with a check character against mix-ups.

An issued code is a site, a number and a check character: ``KA-0007-F``. The check is ISO/IEC 7064
MOD 37-2 over site and number. As 37 is prime and 2 generates all of its residues, every wrong
character and every swap of two characters, however far apart, is found (the system MOD 37,36 of the
same standard misses some swaps). The code says nothing of the person; who is who is kept elsewhere.
"""

import re
from collections.abc import Collection, Iterator

from wearaffect.clinic.sitting.errors import ParticipantCodeError

__all__ = ["check_character", "is_code", "next_code", "read_code"]

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
_SITE = re.compile(r"[A-Z][A-Z0-9]{0,7}")
_ISSUED = re.compile(r"([A-Z][A-Z0-9]{0,7})-([0-9]{4})-([0-9A-Z])")
_ANY = re.compile(r"[A-Za-z0-9_-]{2,32}")
_LAST_NUMBER = 9999
_MISREAD = frozenset("01IO*")  # check characters that are read as one another, or can't be typed
_ALIKE = ("0OQD", "1ILJ7", "2Z", "5S", "6G", "8B", "UV", "MN")  # engineering choice
_MOST_SUGGESTIONS = 3


def check_character(text: str) -> str:
    """Give the check character of ISO/IEC 7064 MOD 37-2.

    Parameters
    ----------
    text : str
        Digits and capital letters; anything else is passed over.

    Returns
    -------
    str
        One of ``0-9 A-Z *``.

    Examples
    --------
    >>> check_character("G123498654321")  # the worked example of the UK blood services' ISBT 128
    'H'
    """
    rest = 0
    for character in text:
        if character in _ALPHABET[:-1]:
            rest = (rest + _ALPHABET.index(character)) * 2 % 37
    return _ALPHABET[(1 - rest) % 37]


def next_code(site: str, taken: Collection[str]) -> str:
    """Give the next free code of a site.

    Numbers are passed over whose check character is misread easily (0, 1, I, O) or is ``*``.

    Parameters
    ----------
    site : str
        A capital letter and up to seven more capital letters or digits.
    taken : collection of str
        Codes in use; those of other sites and foreign ones don't matter.

    Returns
    -------
    str
        Such as ``KA-0007-F``: the lowest number above all that are taken.

    Raises
    ------
    ValueError
        The site isn't one.
    ParticipantCodeError
        All numbers are taken.
    """
    if _SITE.fullmatch(site) is None:
        msg = f"expected a site of 1 to 8 of A-Z 0-9 that begins with a letter, got {site!r}"
        raise ValueError(msg)
    used = [m for code in taken if (m := _ISSUED.fullmatch(code.upper())) and m[1] == site]
    for number in range(max((int(m[2]) for m in used), default=0) + 1, _LAST_NUMBER + 1):
        check = check_character(f"{site}{number:04d}")
        if check not in _MISREAD:
            return f"{site}-{number:04d}-{check}"
    raise ParticipantCodeError(
        f"no code is left at site {site}",
        expected=f"numbers up to {_LAST_NUMBER}",
        got=f"{len(used)} codes in use",
    )


def read_code(typed: str, *, foreign: bool = False, known: Collection[str] = ()) -> str:
    """Read a code as it was typed.

    Parameters
    ----------
    typed : str
        Blanks around it and lower case are forgiven.
    foreign : bool
        Whether codes are taken that weren't issued here, and so carry no check character. One that
        looks issued is checked all the same, and so is one a slip away from a known code.
    known : collection of str
        Codes in use; suggestions prefer them.

    Returns
    -------
    str
        The code.

    Raises
    ------
    ParticipantCodeError
        It can't be right; with what was perhaps meant.
    """
    text = typed.strip()
    upper = text.upper()
    found = _ISSUED.fullmatch(upper)
    if found is not None:
        if check_character(found[1] + found[2]) == found[3]:
            return upper
        raise ParticipantCodeError(
            "participant code: the check character doesn't fit",
            got=repr(typed),
            suggestions=_meant(upper, known),
        )
    if foreign and _ANY.fullmatch(text) and (text in known or not _slips_to(upper, known)):
        return text
    expected = "2 to 32 of A-Z a-z 0-9 _ -" if foreign else "a code such as KA-0007-F"
    raise ParticipantCodeError(
        "participant code", expected=expected, got=repr(typed), suggestions=_meant(upper, known)
    )


def _meant(text: str, known: Collection[str]) -> tuple[str, ...]:
    """Give codes one slip away: those in use, else those that a likely slip leads to."""
    in_use = _slips_to(text, known)
    if in_use:
        return in_use[:_MOST_SUGGESTIONS]
    likely = dict.fromkeys(c for c in _mended(text) if _is_issued(c))
    return tuple(likely)[:_MOST_SUGGESTIONS]


def _slips_to(text: str, known: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(code for code in known if _is_issued(code) and _one_slip(text, code)))


def _is_issued(code: str) -> bool:
    found = _ISSUED.fullmatch(code)
    return found is not None and check_character(found[1] + found[2]) == found[3]


def _one_slip(one: str, other: str) -> bool:
    """Tell whether one character was wrong, missing or too many, or two were swapped."""
    if len(one) != len(other):
        longer, shorter = sorted((one, other), key=len, reverse=True)
        return any(longer[:i] + longer[i + 1 :] == shorter for i in range(len(longer)))
    differ = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return len(differ) == 1 or (len(differ) == 2 and differ[0] == differ[1][::-1])


def _mended(text: str) -> Iterator[str]:
    """Undo likely slips: neighbours swapped, then one character taken for another."""
    for i in range(len(text) - 1):
        yield text[:i] + text[i + 1] + text[i] + text[i + 2 :]
    for i, character in enumerate(text):
        for family in _ALIKE:
            if character in family:
                yield from (text[:i] + c + text[i + 1 :] for c in family if c != character)
    for i in range(len(text)):
        yield from (text[:i] + c + text[i + 1 :] for c in _ALPHABET[:-1])


def is_code(text: str) -> bool:
    """Tell whether a text can stand for a person in a recording: 2 to 32 of A-Z a-z 0-9 _ -."""
    return _ANY.fullmatch(text) is not None
