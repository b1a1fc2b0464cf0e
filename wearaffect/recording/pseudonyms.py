"""What stands for devices and dates in what is kept and what leaves: keyed, and the same each time.

A key of a site lies in the file ``.keys`` beside its sessions, for its owner alone. Who hasn't got
it can't tell which device, or which day, a pseudonym means; who loses it can't link new exports
with old ones.
"""

import hashlib
import hmac
import logging
import os
import re
import secrets
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from wearaffect.core.errors import RecordingFormatError

__all__ = ["KEY_FILE", "Pseudonyms", "identifying"]

_LOG = logging.getLogger(__name__)

KEY_FILE = ".keys"
_KEY_BYTES = 32
_LETTERS = "abcdefghijklmnop"  # none is a digit: a pseudonym is never taken for an identifier
_MADE = re.compile(r"id-[a-p]{8}")
_MOST_DAYS = 365

_ADDRESS = re.compile(
    r"\b[0-9A-Fa-f]{2}(?:[:_-][0-9A-Fa-f]{2}){5}\b"  # EUI-48, as Bluetooth has it
    r"|\b[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b"  # what macOS gives instead
    r"|\b(?=[0-9A-Fa-f]*[0-9])[0-9A-Fa-f]{12}\b"
)
_TOKEN = re.compile(r"[A-Za-z0-9]{4,}")
_TELLING = re.compile(r"[A-Za-z]*[0-9][A-Za-z]*[0-9][A-Za-z0-9]*|(?=.*[0-9])[0-9A-Fa-f]+")
_RADIO = re.compile(r"((?:ble|bumble):[A-Za-z0-9_-]+:)([^?]+)")
_PLACE = re.compile(r"((?:replay|serial):(?:bridge:)?)([^?]*[/\\])?")
_SETTING = re.compile(
    r"((?:^|[?&:])(?:source_id|hostname|mac_address|serial_number|ip_address|uid)=)([^&]+)"
)
_WHOLE = frozenset(
    {"name", "address", "serial", "serial_number", "sn", "mac", "mac_address", "uid", "host",
     "hostname", "ip_address", "source_id", "session_id", "device_id", "device_serial"}
)  # fmt: skip


class Pseudonyms:
    """The pseudonyms of a site.

    Parameters
    ----------
    root : pathlib.Path
        The folder that holds the sessions; the key is read from ``.keys`` in it, or made there, the
        first time that it is needed.
    lasting : bool
        Whether to raise where the key can't be kept. Else pseudonyms then hold for this object
        only: a recording doesn't end for a key.

    Raises
    ------
    RecordingFormatError, OSError
        From any method that needs the key: there is none, and none can be made.
    """

    def __init__(self, root: Path, *, lasting: bool = True) -> None:
        self._file = root / KEY_FILE
        self._lasting = lasting

    @cached_property
    def _key(self) -> bytes:
        try:
            return self._kept_key()
        except (OSError, RecordingFormatError) as error:
            if self._lasting:
                raise
            _LOG.warning("%s: pseudonyms can't be told again later: %s", self._file, error)
            return secrets.token_bytes(_KEY_BYTES)

    def _kept_key(self) -> bytes:
        try:
            text = self._file.read_text(encoding="ascii")
        except FileNotFoundError:
            return _made_key(self._file)
        try:
            key = bytes.fromhex(text)
        except ValueError:
            key = b""
        if len(key) != _KEY_BYTES:
            raise RecordingFormatError(
                self._file,
                "isn't the key of a site",
                expected=f"{2 * _KEY_BYTES} hexadecimal digits",
                remedy="restore it; another key gives other pseudonyms and other dates",
            )
        return key

    def of(self, identifier: str) -> str:
        """Give what stands for an identifier: ``id-`` and eight letters; a pseudonym stays itself.

        Parameters
        ----------
        identifier : str
            Serial number, address or name; case and separators don't matter.
        """
        if _MADE.fullmatch(identifier):
            return identifier
        plain = re.sub(r"[^a-z0-9]", "", identifier.casefold()) or identifier
        digest = self._digest("device", plain)
        return "id-" + "".join(_LETTERS[byte % 16] for byte in digest[:8])

    def days(self, participant: str) -> int:
        """Give by how many days the dates of a participant are moved back: 1 to 365.

        Parameters
        ----------
        participant : str
            Code; all sessions of one are moved alike, so that what lies between them stays.
        """
        return 1 + int.from_bytes(self._digest("days", participant)[:8], "big") % _MOST_DAYS

    def without_addresses(self, text: str) -> str:
        """Give text with pseudonyms for the addresses of devices in it."""
        return _ADDRESS.sub(lambda found: self.of(found[0]), text)

    def of_device(self, text: str) -> str:
        """Give what a device is called, with pseudonyms for what tells it from its like.

        Parameters
        ----------
        text : str
            A name, or addresses as ``wearaffect record`` takes them, separated by ``", "``.

        Returns
        -------
        str
            Without network addresses, without what is behind a radio driver's name, without words
            of digits that look like serial numbers, and of paths only the last part.
        """
        return ", ".join(self._of_one(part) for part in text.split(", "))

    def _of_one(self, text: str) -> str:
        plain = unquote(text) if ":" in text else text
        plain = _PLACE.sub(r"\1", plain) if "://" not in plain else plain
        plain = _RADIO.sub(lambda found: found[1] + self.of(found[2]), plain)
        plain = _SETTING.sub(lambda found: found[1] + self.of(found[2]), plain)
        name, mark, settings = self.without_addresses(plain).partition("?")
        return _TOKEN.sub(self._of_token, name) + mark + settings

    def _of_token(self, found: re.Match[str]) -> str:
        return self.of(found[0]) if _TELLING.fullmatch(found[0]) else found[0]

    def of_facts(
        self, facts: Mapping[str, str | int | float | bool]
    ) -> dict[str, str | int | float | bool]:
        """Give what a device told of itself, with pseudonyms for what identifies it."""
        return {
            name: self.of(str(value))
            if identifying(name)
            else self.without_addresses(value)
            if isinstance(value, str)
            else value
            for name, value in facts.items()
        }

    def _digest(self, purpose: str, text: str) -> bytes:
        return hmac.digest(self._key, f"{purpose}\0{text}".encode(), hashlib.sha256)


def identifying(fact: str) -> bool:
    """Whether a fact of that name, such as ``serial_number``, tells a device from its like."""
    return fact.casefold() in _WHOLE


def _made_key(file: Path) -> bytes:
    """Make the key of a site; of two that make one at once, both use the first."""
    key = secrets.token_bytes(_KEY_BYTES)
    draft = file.with_name(f"{KEY_FILE}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(key.hex() + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    try:
        file.hardlink_to(draft)  # on no account over another
    except FileExistsError:
        return bytes.fromhex(file.read_text(encoding="ascii"))
    except OSError:  # a file system that has no links
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return key
