"""Sealed recordings: who records can write them, and only the holder of a key can read them.

Each part of the journal is a block of ChaCha20-Poly1305 (RFC 8439). The key of a session comes from
X25519 (RFC 7748) between a key pair that is made for it and thrown away, and the recipient's public
key, through HKDF-SHA256 (RFC 5869). The number of a block is its nonce and, with whether it is the
last, authenticated: blocks can't be changed, moved, or taken out or off the end unseen.

The file: magic, the session's public key, the recipient's; then blocks, each with its length
(4 bytes, little endian), its number (8) and whether it is the last (1) before it. Damage costs the
blocks that it touches.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from wearaffect.core.errors import (
    MissingExtraError,
    RecordingError,
    RecordingFormatError,
    RecordingNotFoundError,
)
from wearaffect.recording.durable import sync_folder

__all__ = [
    "SEALED",
    "Sealer",
    "Unsealed",
    "new_key",
    "private_key_text",
    "public_key",
    "read_private_key",
    "read_public_key",
    "unseal",
]

SEALED = "session.sealed"
_MAGIC = b"WEARAFFECT SEALED 1\n"
_KEY_BYTES = 32
_PRIVATE = "PRIVATE "  # before a private key in its file: both halves are 32 bytes of anything
_BLOCK = struct.Struct("<IQ?")  # length of what follows, its number, whether it is the last
_FARTHEST = 2**20  # blocks that may be missing in a row (engineering choice: six days)


def _primitives() -> Any:
    try:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import x25519
        from cryptography.hazmat.primitives.ciphers import aead
        from cryptography.hazmat.primitives.kdf import hkdf
    except ImportError as error:
        raise MissingExtraError("sealed", "a sealed recording") from error
    return x25519, hkdf, hashes, aead


def new_key() -> bytes:
    """Make a private key, 32 bytes; who loses it loses every recording sealed to it."""
    x25519, *_ = _primitives()
    return bytes(x25519.X25519PrivateKey.generate().private_bytes_raw())


def public_key(private: bytes) -> bytes:
    """Give the public key, 32 bytes, to record with."""
    x25519, *_ = _primitives()
    made = x25519.X25519PrivateKey.from_private_bytes(private)
    return bytes(made.public_key().public_bytes_raw())


def private_key_text(private: bytes) -> str:
    """Give a private key as its file holds it."""
    return f"{_PRIVATE}{private.hex()}\n"


def read_private_key(file: Path) -> bytes:
    """Read a private key, 32 bytes, from its file.

    Raises
    ------
    RecordingFormatError
        It isn't one.
    """
    return _key(file, file.read_text(encoding="ascii", errors="replace").removeprefix(_PRIVATE))


def read_public_key(told: str) -> bytes:
    """Read a public key, 32 bytes.

    Parameters
    ----------
    told : str
        Its 64 hexadecimal digits, or the path of a file that holds them.

    Raises
    ------
    RecordingFormatError
        It isn't one, or it is the private half: nobody could open what is sealed to that.
    RecordingNotFoundError
        There is no such file.
    """
    if re.fullmatch(r"[0-9a-fA-F]{64}", told):
        return bytes.fromhex(told)
    file = Path(told)
    if not file.is_file():
        raise RecordingNotFoundError(
            told, "no public key there", expected="64 hexadecimal digits, or a file that holds them"
        )
    text = file.read_text(encoding="ascii", errors="replace")
    if text.startswith(_PRIVATE):
        raise RecordingFormatError(
            file,
            "is the private key",
            expected="the public one, as 'wearaffect session keygen' printed it",
            remedy="keep the private key away from the computer that records",
        )
    return _key(file, text)


def _key(file: Path, text: str) -> bytes:
    if re.fullmatch(r"[0-9a-fA-F]{64}", text.strip()) is None:
        raise RecordingFormatError(file, "isn't a key", expected="64 hexadecimal digits")
    return bytes.fromhex(text.strip())


def _cipher(private: Any, public: bytes, about: bytes) -> Any:
    x25519, hkdf, hashes, aead = _primitives()
    shared = private.exchange(x25519.X25519PublicKey.from_public_bytes(public))
    derived = hkdf.HKDF(hashes.SHA256(), _KEY_BYTES, salt=about, info=_MAGIC).derive(shared)
    return aead.ChaCha20Poly1305(derived)


class Sealer:
    """Seals the parts of one session.

    Parameters
    ----------
    recipient : bytes
        Public X25519 key, 32 bytes.

    Raises
    ------
    ValueError
        It isn't a key.
    MissingExtraError
        ``cryptography`` isn't installed.
    """

    def __init__(self, recipient: bytes) -> None:
        x25519, *_ = _primitives()
        if len(recipient) != _KEY_BYTES:
            msg = f"expected a public key of {_KEY_BYTES} bytes, got {len(recipient)}"
            raise ValueError(msg)
        private = x25519.X25519PrivateKey.generate()
        self._about = private.public_key().public_bytes_raw() + recipient
        self._cipher = _cipher(private, recipient, self._about)
        self._number = 0

    def seal(self, part: bytes, *, last: bool) -> bytes:
        """Give a part as it is to be stored; the parts of a session in their order."""
        number, self._number = self._number, self._number + 1
        nonce, bound = _bound(self._about, number, last=last)
        block: bytes = self._cipher.encrypt(nonce, part, bound)
        before = _MAGIC + self._about if number == 0 else b""
        return before + _BLOCK.pack(len(block), number, last) + block


def _bound(about: bytes, number: int, *, last: bool) -> tuple[bytes, bytes]:
    return number.to_bytes(12, "little"), about + struct.pack("<Q?", number, last)


@dataclass(frozen=True, slots=True)
class Unsealed:
    """What `unseal` made: the new session folder, and what couldn't be opened, each a sentence."""

    folder: Path
    problems: tuple[str, ...]


def unseal(folder: str | PathLike[str], out: str | PathLike[str], private: bytes) -> Unsealed:
    """Open a sealed session into a new folder; the sealed one isn't touched.

    Parameters
    ----------
    folder : path
        The sealed session.
    out : path
        The new session folder; must not exist.
    private : bytes
        The recipient's private key, 32 bytes.

    Returns
    -------
    Unsealed
        Only blocks that are authentic are in it; `recover` closes what has lost some.

    Raises
    ------
    RecordingFormatError
        It isn't a sealed session.
    RecordingError
        It is sealed to another key, or something is at `out`.
    MissingExtraError
        ``cryptography`` isn't installed.
    """
    place, target = Path(folder), Path(out)
    if not (place / SEALED).is_file():
        raise RecordingFormatError(place, "not a sealed session", expected=f"{SEALED} in it")
    content = (place / SEALED).read_bytes()
    about = content[len(_MAGIC) : len(_MAGIC) + 2 * _KEY_BYTES]
    if not content.startswith(_MAGIC) or len(about) < 2 * _KEY_BYTES:
        raise RecordingFormatError(place, "doesn't begin as a sealed session does", part=SEALED)
    if about[_KEY_BYTES:] != public_key(private):
        raise RecordingError(place, "is sealed to another key", remedy="use the key it names")
    x25519, *_ = _primitives()
    key = x25519.X25519PrivateKey.from_private_bytes(private)
    problems: list[str] = []
    parts = _open(content, about, _cipher(key, about[:_KEY_BYTES], about), problems)
    try:
        target.mkdir(parents=True)
    except FileExistsError as error:
        raise RecordingError(target, "something is there already") from error
    with (target / "session.mcap").open("xb") as journal:
        for part in parts:
            journal.write(part)
    if (place / "session.json").is_file():
        (target / "session.json").write_bytes((place / "session.json").read_bytes())
    sync_folder(target)
    return Unsealed(target, tuple(problems))


def _open(content: bytes, about: bytes, cipher: Any, problems: list[str]) -> Iterator[bytes]:
    """Give what authentic blocks hold, in order; after damage, look for the next at every byte."""
    at = sound = len(_MAGIC) + len(about)
    due, ended = 0, False
    while at + _BLOCK.size <= len(content):
        length, number, last = _BLOCK.unpack_from(content, at)
        end = at + _BLOCK.size + length
        part = None
        if due <= number < due + _FARTHEST and end <= len(content):
            block = content[at + _BLOCK.size : end]
            part = _decrypted(cipher, block, _bound(about, number, last=last))
        if part is None:
            at += 1
            continue
        if at > sound:
            problems.append(f"{SEALED}: bytes {sound} to {at - 1} aren't authentic, left out")
        if number > due:
            problems.append(f"{SEALED}: blocks {due} to {number - 1} are missing")
        due, ended, at = number + 1, bool(last), end
        sound = end
        yield part
    if sound < len(content):
        problems.append(f"{SEALED}: bytes {sound} to {len(content) - 1} aren't authentic, left out")
    if not ended:
        problems.append(f"{SEALED}: has no end")


def _decrypted(cipher: Any, block: bytes, bound: tuple[bytes, bytes]) -> bytes | None:
    from cryptography.exceptions import InvalidTag

    try:
        return bytes(cipher.decrypt(bound[0], block, bound[1]))
    except InvalidTag:
        return None
