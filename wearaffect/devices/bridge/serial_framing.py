"""Messages on a serial line: consistent overhead byte stuffing, each ended by a zero.

Cheshire and Baker 1999, doi 10.1109/90.769765.
"""

from wearaffect.devices.bridge import table

__all__ = ["SerialFramer", "cobs_decoded", "cobs_encoded"]

# a message can be as long as a capability; stuffing adds a byte, and one for each 254 begun
_LONGEST = table.MAX_CAPABILITY + table.MAX_CAPABILITY // 254 + 1


class SerialFramer:
    """Bytes of a serial line, cut anywhere, to messages.

    Attributes
    ----------
    n_malformed : int
        Stretches between zeros that can't be a message: not stuffed rightly, or too long.
    """

    def __init__(self) -> None:
        self.n_malformed = 0
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take what has come.

        Parameters
        ----------
        data : bytes
            The next bytes, any number.

        Returns
        -------
        list of bytes
            The messages that are complete now. Their CRC isn't looked at: a damaged one still
            has a claim to make.
        """
        *ended, rest = data.split(b"\0")
        messages = []
        for piece in ended:
            self._hold(piece)
            if self._held:
                message = cobs_decoded(bytes(self._held))
                if message is None:
                    self.n_malformed += 1
                else:
                    messages.append(message)
            self._held.clear()
        self._hold(rest)
        return messages

    def _hold(self, piece: bytes) -> None:
        """Keep bytes until their zero comes, never more than show that there are too many."""
        self._held += piece[: _LONGEST + 1 - len(self._held)]

    @staticmethod
    def wrap(message: bytes) -> bytes:
        """Give a message as it goes over the line, its zero included."""
        return cobs_encoded(message) + b"\0"


def cobs_encoded(message: bytes) -> bytes:
    """Stuff a message so that it holds no zero.

    Parameters
    ----------
    message : bytes
        Any.

    Returns
    -------
    bytes
        At most one byte in 254, and one, longer.
    """
    stuffed = bytearray()
    for block in message.split(b"\0"):
        for at in range(0, len(block) + 1, 254):
            part = block[at : at + 254]
            stuffed += bytes([len(part) + 1]) + part
    return bytes(stuffed)


def cobs_decoded(stuffed: bytes) -> bytes | None:
    """Undo `cobs_encoded`.

    Parameters
    ----------
    stuffed : bytes
        What stood between two zeros.

    Returns
    -------
    bytes or None
        The message; None where it can't be one, or is longer than any message of ours.
    """
    if len(stuffed) > _LONGEST:
        return None
    message = bytearray()
    at = 0
    while at < len(stuffed):
        code = stuffed[at]
        block = stuffed[at + 1 : at + code]
        if code == 0 or len(block) != code - 1:
            return None
        message += block
        at += code
        if code < 255 and at < len(stuffed):
            message.append(0)
    return bytes(message)
