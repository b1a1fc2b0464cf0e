"""Device addresses: ``driver:target?name=value&name=value``, percent-encoded inside."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from wearaffect.core.errors import DeviceUriError

__all__ = ["DeviceUri", "parse_uri"]


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
    """

    driver: str
    target: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

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
        known = ", ".join(sorted(names)) or "no settings"
        for name in self.settings:
            if name not in names:
                raise DeviceUriError(str(self), "unknown setting", expected=known, got=name)

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
                expected = ", ".join(known)
                raise DeviceUriError(str(self), f"setting {name}", expected=expected, got=word)
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
        There is no driver, or the settings aren't ``name=value``, or one comes twice.
    """
    driver, colon, rest = uri.partition(":")
    if not (driver and colon):
        raise DeviceUriError(uri, "address", expected="driver:target?name=value")
    target, _, query = rest.partition("?")
    settings: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise DeviceUriError(uri, "settings", expected="name=value", got=pair)
        if unquote(name) in settings:
            raise DeviceUriError(uri, f"setting {unquote(name)}", expected="it once", got="twice")
        settings[unquote(name)] = unquote(value)
    return DeviceUri(driver, unquote(target), settings)
