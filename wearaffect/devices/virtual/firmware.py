"""The C that runs on wearables, run here, called through cffi."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.devices.bridge import table
from wearaffect.devices.bridge.capability import BridgeStream, Capability
from wearaffect.devices.virtual.firmware_library import firmware_library

__all__ = ["Firmware"]

_WORD = 2**32


class Firmware:
    """A device's firmware from boot on, without its radio.

    Parameters
    ----------
    identity : Capability
        What the device is.
    frame_samples : sequence of int
        For each stream, how many samples go into one frame; 0, or not given: as many as fit.
    set_rate : callable or None
        Asked whether the sensor of a stream, by number, can take a rate; None: none can.

    Raises
    ------
    ValueError
        The identity is out of the format's limits.
    DeviceError
        No C compiler, or it fails.
    MissingExtraError
        cffi isn't installed.
    """

    def __init__(
        self,
        identity: Capability,
        *,
        frame_samples: Sequence[int] = (),
        set_rate: Callable[[int, Fraction], bool] | None = None,
    ) -> None:
        self._ffi, self._lib = firmware_library()
        self._sent: list[bytes] = []
        self._now_us = 0
        self._set_rate = set_rate
        self._identity = self._filled_identity(identity, frame_samples)
        self._hooks = self._filled_hooks()
        self._device = self._ffi.new("wa_device *")
        self.reboot()

    @property
    def running(self) -> bool:
        """Whether a host has started it."""
        return bool(self._device.running)

    @property
    def rates(self) -> tuple[Fraction, ...]:
        """Samples a second of each stream, as they are now."""
        states = self._device.streams[0 : self._identity.n_streams]
        return tuple(Fraction(state.rate_num, state.rate_den) for state in states)

    def reboot(self) -> None:
        """Begin anew: counters at 0, not running, no link; the caller's clock begins at 0 too."""
        self._sent.clear()
        if not self._lib.wa_init(self._device, self._identity, self._hooks):
            msg = "expected 1 to 8 sound streams and a capability of at most 512 bytes"
            raise ValueError(msg)

    def link(self, *, secure: bool, payload_limit: int) -> None:
        """Tell what the link is now.

        Parameters
        ----------
        secure : bool
            Paired by LE Secure Connections.
        payload_limit : int
            ATT_MTU - 3.
        """
        self._lib.wa_link(self._device, secure, payload_limit)

    def capability(self) -> bytes:
        """Give what the capability characteristic holds."""
        return self._written(self._lib.wa_capability, table.MAX_CAPABILITY)

    def control(self, command: bytes, now_us: int, *, room: int = table.MAX_ANSWER) -> bytes:
        """Answer a command.

        Parameters
        ----------
        command : bytes
            As written to the control point.
        now_us : int
            The device's clock.
        room : int
            The longest answer that the link takes; `MAX_CAPABILITY` on a serial line.

        Returns
        -------
        bytes
            The answer. Frames that went out before it (``stop``) are in `frames`.
        """
        self._now_us = now_us % _WORD
        wa_control, held = self._lib.wa_control, self._ffi.from_buffer(command)

        def answer(device: Any, out: Any, size: int) -> int:
            return int(wa_control(device, held, len(command), self._now_us, out, size))

        return self._written(answer, room)

    def push(self, stream: int, samples: NDArray[np.integer], time_us: int) -> list[bytes]:
        """Take samples of one stream.

        Parameters
        ----------
        stream : int
            Its number.
        samples : numpy.ndarray, (n_samples, n_channels), int
            Raw counts; what the stream's width can't hold is held at its largest.
        time_us : int
            The device's clock at the first one; the others follow at the stream's rate.

        Returns
        -------
        list of bytes
            The frames that this filled.

        Raises
        ------
        ValueError
            No such stream, or another number of channels.
        """
        n_channels = self._identity.streams[stream].n_channels if stream in self._numbers else -1
        if samples.ndim != 2 or samples.shape[1] != n_channels:
            msg = f"expected (n_samples, {n_channels}) of stream {stream}, got {samples.shape}"
            raise ValueError(msg)
        counts = np.clip(samples, -(2**31), 2**31 - 1).astype(np.int32, order="C")
        step_us = 1_000_000 / self.rates[stream]
        for index, sample in enumerate(counts):
            at_us = (time_us + int(index * step_us)) % _WORD
            held = self._ffi.from_buffer("int32_t[]", sample)
            self._lib.wa_push(self._device, stream, held, at_us)
        return self.frames()

    def skip(self, stream: int, n_samples: int) -> list[bytes]:
        """Miss samples of a stream, as an overrun sensor does; give the frame that this ends."""
        self._lib.wa_skip(self._device, stream, n_samples % _WORD)
        return self.frames()

    def flush(self, stream: int) -> list[bytes]:
        """Give the frame that a stream has begun."""
        self._lib.wa_flush(self._device, stream)
        return self.frames()

    def frames(self) -> list[bytes]:
        """Give the frames that went out since this was asked last."""
        sent, self._sent = self._sent, []
        return sent

    @property
    def _numbers(self) -> range:
        return range(self._identity.n_streams)

    def _written(self, write: Callable[[Any, Any, int], int], room: int) -> bytes:
        out = self._ffi.new("uint8_t[]", room)
        return bytes(self._ffi.buffer(out, write(self._device, out, room)))

    def _filled_identity(self, identity: Capability, frame_samples: Sequence[int]) -> Any:
        sizes = [*frame_samples, *[0] * len(identity.streams)]
        # C keeps pointers only, so what they point to is kept here
        self._name = self._ffi.new("char[]", identity.name.encode())
        self._streams = self._ffi.new(
            "wa_stream_info[]",
            [_stream_info(s, n) for s, n in zip(identity.streams, sizes, strict=False)],
        )
        major, minor, patch = (int(number) for number in identity.firmware.split("."))
        filled = {
            "name": self._name,
            "major": major,
            "minor": minor,
            "patch": patch,
            "site": table.Site[identity.body_site.upper()],
            "unauthenticated_link": not identity.authenticated,
            "n_streams": len(identity.streams),
            "streams": self._streams,
        }
        return self._ffi.new("wa_identity *", filled)

    def _filled_hooks(self) -> Any:
        ffi = self._ffi

        @ffi.callback("bool(void *, const uint8_t *, size_t)")  # type: ignore[untyped-decorator]
        def send(_user: Any, frame: Any, length: int) -> bool:
            self._sent.append(bytes(ffi.buffer(frame, length)))
            return True

        @ffi.callback("uint32_t(void *)")  # type: ignore[untyped-decorator]
        def now_us(_user: Any) -> int:
            return self._now_us

        @ffi.callback("bool(void *, uint8_t, uint32_t, uint32_t)")  # type: ignore[untyped-decorator]
        def set_rate(_user: Any, stream: int, num: int, den: int) -> bool:
            return self._set_rate is not None and self._set_rate(stream, Fraction(num, den))

        self._callbacks = {"send": send, "now_us": now_us, "set_rate": set_rate}
        return ffi.new("wa_hooks *", self._callbacks)


def _stream_info(stream: BridgeStream, frame_samples: int) -> dict[str, Any]:
    """Give a stream as C has it."""
    channels = []
    for linear in stream.channels:
        word = linear.name.upper()
        known = table.Channel.__members__
        channels.append(
            {
                "channel": known.get(word, table.Channel.VALUE),
                "scale_num": linear.scale.numerator,
                "scale_den": linear.scale.denominator,
                "offset_num": linear.offset.numerator,
                "offset_den": linear.offset.denominator,
            }
        )
    return {
        "kind": table.Kind[stream.kind.name],
        "unit": table.Unit[stream.unit.name],
        "width": stream.width,
        "n_channels": len(channels),
        "rate_num": stream.rate.numerator,
        "rate_den": stream.rate.denominator,
        "frame_samples": frame_samples,
        "channels": channels,
    }
