"""Device addresses: ``driver:target?name=value&name=value``, percent-encoded inside."""

import difflib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote

from wearaffect.core.errors import DeviceUriError

__all__ = ["DeviceUri", "parse_uri", "unknown_word"]

_STRAY = re.compile(r"&[A-Za-z_]+=")


@dataclass(frozen=True, slots=True)
class DeviceUri:
    """An address, taken apart.

    Attributes
    ----------
    driver : str
        Which driver opens it.
    target : str
        What the driver should open: a path, an address, or nothing.
    settings : mapping of str to str
        As written after the question mark, decoded.
    read_before : tuple of str
        Settings that somebody else has read and taken out: the driver doesn't get them, but who
        misspells one is shown them too.
    """

    driver: str
    target: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    read_before: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        pairs = "&".join(f"{quote(k, safe='')}={quote(v)}" for k, v in self.settings.items())
        return f"{self.driver}:{quote(self.target, safe='/:')}" + (f"?{pairs}" if pairs else "")

    def allow(self, *names: str) -> None:
        """Refuse every setting that isn't named.

        Parameters
        ----------
        *names : str
            The settings that the driver knows.

        Raises
        ------
        DeviceUriError
            There is another one.
        """
        for name in self.settings:
            if name not in names:
                known = sorted({*names, *self.read_before}) or ["no settings"]
                raise unknown_word(str(self), "unknown setting", name, known)

    def without(self, *names: str) -> "DeviceUri":
        """Give the address for the next to read, once these settings have been read."""
        rest = {name: value for name, value in self.settings.items() if name not in names}
        return replace(self, settings=rest, read_before=(*self.read_before, *names))

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """Read a setting that is a number.

        Parameters
        ----------
        name : str
            Of the setting.
        default : float
            Taken where it isn't given.
        low, high : float
            Smallest and largest value that is accepted.

        Returns
        -------
        float
            Finite, in ``[low, high]``.

        Raises
        ------
        DeviceUriError
            It isn't a number, or lies outside.
        """
        text = self.settings.get(name)
        if text is None:
            return float(default)
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            expected = f"a number from {low:g} to {high:g}"
            raise DeviceUriError(str(self), f"setting {name}", expected=expected, got=repr(text))
        return value

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """Read a setting that is a whole number; as `number`."""
        value = self.number(name, default, low, high)
        if not value.is_integer():
            text = repr(self.settings[name])
            raise DeviceUriError(str(self), f"setting {name}", expected="a whole number", got=text)
        return int(value)

    def choices(self, name: str, known: Iterable[str]) -> tuple[str, ...]:
        """Read a setting that lists words, separated by commas.

        Parameters
        ----------
        name : str
            Of the setting; nothing is chosen where it isn't given.
        known : iterable of str
            The words that are accepted.

        Returns
        -------
        tuple of str
            In the order given.

        Raises
        ------
        DeviceUriError
            A word isn't known.
        """
        known = tuple(known)
        chosen = tuple(word for word in self.settings.get(name, "").split(",") if word)
        for word in chosen:
            if word not in known:
                raise unknown_word(str(self), f"setting {name}", word, known)
        return chosen


def parse_uri(uri: str) -> DeviceUri:
    """Take an address apart.

    Parameters
    ----------
    uri : str
        ``driver:target?name=value&…``. The first colon ends the driver, the first question mark
        ends the target; a question mark, an ampersand or a percent sign inside is written as
        ``%3F``, ``%26``, ``%25``.

    Returns
    -------
    DeviceUri
        Decoded.

    Raises
    ------
    DeviceUriError
        There is no driver, or the settings aren't ``name=value``, or don't follow a question mark,
        or one comes twice.
    """
    driver, colon, rest = uri.partition(":")
    if not (driver and colon):
        raise DeviceUriError(uri, "address", expected="driver:target?name=value")
    target, _, query = rest.partition("?")
    if stray := _STRAY.search(target):
        remedy = "write ? before the first setting (and %26 for an ampersand inside)"
        expected = "them after a question mark"
        raise DeviceUriError(uri, "settings", expected=expected, got=stray.group(), remedy=remedy)
    settings: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise DeviceUriError(uri, "settings", expected="name=value", got=pair)
        if unquote(name) in settings:
            raise DeviceUriError(uri, f"setting {unquote(name)}", expected="it once", got="twice")
        settings[unquote(name)] = unquote(value)
    return DeviceUri(driver, unquote(target), settings)


def unknown_word(
    uri: str, what: str, word: str, known: Iterable[str], *, remedy: str = ""
) -> DeviceUriError:
    """Give the error about a word that isn't known, with the one that was probably meant.

    Parameters
    ----------
    uri : str
        Where it stands.
    what : str
        What is wrong, as `DeviceUriError` takes it.
    word : str
        As written.
    known : iterable of str
        What would have been understood.
    remedy : str
        Where no known word is near.

    Returns
    -------
    DeviceUriError
        To be raised.
    """
    known = tuple(known)
    near = difflib.get_close_matches(word.lower(), known, n=1)
    return DeviceUriError(
        uri,
        what,
        expected=", ".join(known) or "nothing",
        got=word or "nothing",
        remedy=f"did you mean {near[0]}?" if near else remedy,
    )
