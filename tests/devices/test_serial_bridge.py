"""The bridge over a wire: a pseudo terminal with the compiled firmware at its other end."""

import asyncio
import contextlib
import os
import random
import shutil
import threading
import time
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from lsl_parts import gathered, n_samples_in

from wearaffect.core.errors import DeviceError, DeviceUriError
from wearaffect.core.events import DeviceNote, DeviceState
from wearaffect.core.streams import SignalChunk, SignalKind
from wearaffect.core.units import Unit
from wearaffect.devices.bridge.capability import BridgeStream, Capability, Linear
from wearaffect.devices.bridge.serial_framing import SerialFramer
from wearaffect.devices.bridge.table import MAX_CAPABILITY, Width
from wearaffect.devices.drivers.serial import scan_serial
from wearaffect.devices.registry import open_device

pytest.importorskip("serial")

RATE_HZ, FRAME = 500, 10
ECG = BridgeStream(
    SignalKind.ECG,
    Unit.MILLIVOLT,
    Width.INT24,
    Fraction(RATE_HZ),
    (Linear("ecg", Fraction(1, 2), Fraction(3)),),
)


class Board:
    """A device at the other end of a wire: numbered samples, in real time, badly sent."""

    def __init__(self, lost: frozenset[int], damaged: frozenset[int], noise: int) -> None:
        from wearaffect.devices.virtual.firmware import Firmware

        identity = Capability("board", "1.2.3", "wrist", authenticated=False, streams=(ECG,))
        self.firmware = Firmware(identity, frame_samples=[FRAME])
        self.firmware.link(secure=False, payload_limit=244)
        self.lost, self.damaged = lost, damaged
        self.random = random.Random(noise)
        self.wire, self.far = os.openpty()
        os.set_blocking(self.wire, False)
        self.port = os.ttyname(self.far)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.begun_s = time.monotonic()
        self.sent = 0

    def run(self) -> None:
        framer = SerialFramer()
        while not self.over.wait(0.01):
            try:
                heard = os.read(self.wire, 4096)
            except BlockingIOError:
                heard = b""
            except OSError:
                return  # nobody has opened the port
            for command in framer.feed(heard):
                answer = self.firmware.control(command, self.now_us(), room=MAX_CAPABILITY)
                self.write(SerialFramer.wrap(answer))
            due = int((time.monotonic() - self.begun_s) * RATE_HZ) // FRAME
            while self.sent < due:
                self.push()

    def push(self) -> None:
        first = self.sent * FRAME
        numbers = np.arange(first, first + FRAME)[:, None]
        frames = self.firmware.push(0, numbers, first * 1_000_000 // RATE_HZ)
        for frame in frames:
            flipped = bytes([frame[14] ^ (4 if self.sent in self.damaged else 0)])
            if self.sent not in self.lost:
                self.write(SerialFramer.wrap(frame[:14] + flipped + frame[15:]))
        self.sent += 1

    def write(self, framed: bytes) -> None:
        """Send in pieces; now and then some noise stands between two frames."""
        if self.random.random() < 0.3:
            framed = b"\xff\x07noise\0" + framed
        while framed and not self.over.is_set():
            piece = framed[: self.random.randint(1, 9)]
            with contextlib.suppress(BlockingIOError):  # the reader is behind: again
                framed = framed[os.write(self.wire, piece) :]

    def now_us(self) -> int:
        return int((time.monotonic() - self.begun_s) * 1e6)

    def unplug(self) -> None:
        self.over.set()
        self.thread.join()
        os.close(self.far)
        os.close(self.wire)


@contextlib.contextmanager
def board(lost: set[int] = frozenset(), damaged: set[int] = frozenset()) -> Iterator[Board]:
    if "CC" not in os.environ and shutil.which("cc") is None:
        pytest.skip("cc isn't installed (Debian: gcc)")
    pytest.importorskip("cffi")
    made = Board(frozenset(lost), frozenset(damaged), noise=7)
    made.thread.start()
    try:
        yield made
    finally:
        if not made.over.is_set():
            made.unplug()


def numbers_in(items: list) -> np.ndarray:
    chunks = [item for item in items if isinstance(item, SignalChunk)]
    return ((np.concatenate([chunk.data[:, 0] for chunk in chunks]) - 3) * 2).astype(int)


def test_every_sample_of_a_bad_wire_is_accounted_for():
    lost = {k for k in range(2000) if k % 23 == 5}
    damaged = {k for k in range(2000) if k % 17 == 3}
    with board(lost, damaged - lost) as there:
        device = open_device(f"serial:{there.port}?name=board")
        items = gathered(device, lambda items: n_samples_in(items) >= 1000)
    (info,) = device.streams
    assert (info.id, info.kind, info.body_site) == ("board.ecg", SignalKind.ECG, "wrist")
    assert info.channels[0].unit is Unit.MILLIVOLT
    assert device.facts["firmware"] == "1.2.3"
    assert device.facts["authenticated"] is False
    # the oracle: samples are numbered, and which frames were spoilt is known
    numbers = numbers_in(items)
    assert (np.diff(numbers) > 0).all()
    frames = set(range(numbers[0] // FRAME, numbers[-1] // FRAME + 1))
    arrived = frames - lost - damaged
    assert set((numbers // FRAME).tolist()) == arrived
    chunks = [item for item in items if isinstance(item, SignalChunk)]
    assert sum(chunk.n_lost for chunk in chunks) == FRAME * len(frames & lost)
    assert sum(chunk.n_damaged for chunk in chunks) == FRAME * len(frames & (damaged - lost))
    assert not there.firmware.running  # left, it was told to stop


def test_a_board_that_is_unplugged_ends_with_a_note_and_no_hang():
    with board() as there:

        def enough(items):
            if n_samples_in(items) >= 100 and not there.over.is_set():
                there.unplug()
            return False

        device = open_device(f"serial:{there.port}?patience_s=0.2")
        items = gathered(device, enough)
    states = [item.state for item in items if isinstance(item, DeviceNote)]
    assert states[0] is DeviceState.CONNECTED
    assert states[-2:] == [DeviceState.LOST, DeviceState.ENDED]
    assert (np.diff(numbers_in(items)) == 1).all()


def test_a_port_where_nobody_answers_can_be_left():
    wire, far = os.openpty()
    try:
        device = open_device(f"serial:{os.ttyname(far)}")

        async def enter():
            async with asyncio.timeout(0.5), device:
                pass

        with pytest.raises(TimeoutError):
            asyncio.run(enter())
        assert [t.name for t in threading.enumerate() if t.name.startswith("read serial")] == []
    finally:
        os.close(far)
        os.close(wire)


def test_a_port_that_is_not_there_is_named():
    with pytest.raises(DeviceError, match="no such port") as caught:
        gathered(open_device("serial:/dev/nothing-here"), bool)
    assert caught.value.got == "/dev/nothing-here"


@pytest.mark.parametrize("uri", ["serial:", "serial:/dev/x?baud=fast", "serial:/dev/x?mood=1"])
def test_addresses_that_cannot_be_opened(uri):
    with pytest.raises(DeviceUriError):
        open_device(uri)


def test_a_scan_gives_addresses():
    for one in asyncio.run(scan_serial(0.0)):
        assert one.uri.startswith("serial:")
