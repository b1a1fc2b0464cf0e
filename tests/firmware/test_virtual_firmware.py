"""The compiled firmware: what it counts, refuses and declares."""

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from c_tools import tool

from wearaffect.core.errors import DeviceError
from wearaffect.core.streams import SignalKind
from wearaffect.core.units import Unit
from wearaffect.devices.bridge.capability import (
    BridgeStream,
    Capability,
    Linear,
    decode_capability,
)
from wearaffect.devices.bridge.codec import decode_answer, decode_frame, encode_command
from wearaffect.devices.bridge.table import MAX_CAPABILITY, Command, Width
from wearaffect.devices.virtual.firmware import Firmware

ONE, NONE = Fraction(1), Fraction(0)
EDA = BridgeStream(
    SignalKind.EDA,
    Unit.MICROSIEMENS,
    Width.INT24,
    Fraction(4),
    (Linear("eda", Fraction(1, 1000), NONE),),
)
ACC = BridgeStream(
    SignalKind.ACC,
    Unit.GRAVITY,
    Width.INT16,
    Fraction(32),
    tuple(Linear(name, Fraction(1, 64), NONE) for name in "xyz"),
)


@pytest.fixture(autouse=True)
def _compiler() -> None:
    if "CC" not in os.environ:
        tool("cc", "gcc")
    pytest.importorskip("cffi")


def device(*, authenticated: bool = False, **more: object) -> Firmware:
    identity = Capability("wrist 7", "1.0.9", "wrist", authenticated, (EDA, ACC))
    return Firmware(identity, **more)


def ask(firmware: Firmware, command: Command, *arguments: int) -> tuple[int, ...]:
    question = encode_command(command, *arguments, token=77)
    return decode_answer(firmware.control(question, 5), command, 77)


def started(**more: object) -> Firmware:
    firmware = device(**more)
    firmware.link(secure=False, payload_limit=244)
    ask(firmware, Command.START)
    return firmware


def ramp(n: int) -> np.ndarray:
    return np.arange(3 * n).reshape(n, 3)


def test_it_declares_what_it_was_made_of() -> None:
    told = decode_capability(device().capability())
    assert told == Capability("wrist 7", "1.0.9", "wrist", False, (EDA, ACC))
    assert decode_capability(device(authenticated=True).capability()).authenticated


def test_every_sample_pushed_comes_out_once_with_its_place_and_time() -> None:
    firmware = started(frame_samples=[2, 8])
    frames = [decode_frame(f, (EDA, ACC)) for f in firmware.push(1, ramp(37), 2**32 - 40_000)]
    frames += [decode_frame(f, (EDA, ACC)) for f in firmware.flush(1)]
    assert [len(frame.raw) for frame in frames] == [8, 8, 8, 8, 5]
    assert [frame.counter for frame in frames] == [0, 8, 16, 24, 32]
    assert [frame.sequence for frame in frames] == [0, 1, 2, 3, 4]
    # 8 samples at 32 Hz are a quarter of a second; the clock wraps on the way
    assert [frame.time_us for frame in frames] == [
        2**32 - 40_000,
        210_000,
        460_000,
        710_000,
        960_000,
    ]
    np.testing.assert_array_equal(np.concatenate([f.raw for f in frames]), ramp(37))


@pytest.mark.parametrize("limit", [20, 23, 61, 100, 244])
def test_no_frame_is_longer_than_the_link_takes(limit: int) -> None:
    firmware = started()
    firmware.link(secure=False, payload_limit=limit)
    frames = firmware.push(1, ramp(100), 0) + firmware.flush(1)
    assert max(map(len, frames)) == 14 + 6 * ((limit - 14) // 6)
    assert sum(len(decode_frame(frame, (EDA, ACC)).raw) for frame in frames) == 100


def test_a_host_may_ask_for_less_but_not_for_more() -> None:
    firmware = started()
    ask(firmware, Command.SET_PAYLOAD_LIMIT, 50)
    assert max(map(len, firmware.push(1, ramp(50), 0))) == 50
    firmware.link(secure=False, payload_limit=20)
    ask(firmware, Command.SET_PAYLOAD_LIMIT, 244)
    assert max(map(len, firmware.push(1, ramp(50), 0))) == 20


def test_samples_missed_are_counted() -> None:
    firmware = started(frame_samples=[0, 8])
    first = firmware.push(1, ramp(3), 0) + firmware.skip(1, 1000)
    then = firmware.push(1, ramp(8), 0)
    counters = [
        (f.counter, len(f.raw), f.sequence)
        for f in (decode_frame(f, (EDA, ACC)) for f in first + then)
    ]
    assert counters == [(0, 3, 0), (1003, 8, 1)]


def test_samples_are_counted_while_it_is_stopped() -> None:
    firmware = started(frame_samples=[0, 4])
    firmware.push(1, ramp(6), 0)
    ask(firmware, Command.STOP)
    rest = [decode_frame(f, (EDA, ACC)) for f in firmware.frames()]
    assert [(f.counter, len(f.raw)) for f in rest] == [(4, 2)]
    assert firmware.push(1, ramp(10), 0) == []
    ask(firmware, Command.START)
    assert decode_frame(firmware.push(1, ramp(4), 0)[0], (EDA, ACC)).counter == 16


def test_a_narrower_link_loses_what_no_longer_fits_and_counts_it() -> None:
    firmware = started()
    firmware.push(1, ramp(5), 0)
    firmware.link(secure=False, payload_limit=20)
    frames = [decode_frame(f, (EDA, ACC)) for f in firmware.push(1, ramp(2), 0)]
    assert [(f.counter, len(f.raw)) for f in frames] == [(5, 1), (6, 1)]


def test_without_pairing_nothing_but_what_it_is() -> None:
    firmware = device(authenticated=True)
    firmware.link(secure=False, payload_limit=244)
    for command, arguments in (
        (Command.START, ()),
        (Command.STOP, ()),
        (Command.SET_PAYLOAD_LIMIT, (99,)),
    ):
        with pytest.raises(DeviceError, match="not_authenticated"):
            ask(firmware, command, *arguments)
    assert len(ask(firmware, Command.PING)) == 2
    firmware.link(secure=True, payload_limit=244)
    ask(firmware, Command.START)
    assert firmware.push(1, ramp(38), 0)
    firmware.link(secure=False, payload_limit=244)  # the next host hasn't paired
    assert firmware.push(1, ramp(38), 0) == []
    firmware.link(secure=True, payload_limit=244)
    assert decode_frame(firmware.push(1, ramp(38), 0)[0], (EDA, ACC)).counter == 76


def test_counts_beyond_the_width_are_held_at_the_largest() -> None:
    firmware = started(frame_samples=[4, 1])
    big = np.array([[2**31 - 1, -(2**31), 32768]])
    assert decode_frame(firmware.push(1, big, 0)[0], (EDA, ACC)).raw.tolist() == [
        [32767, -32768, 32767]
    ]
    frames = firmware.push(0, np.array([[2**31 - 1], [-(2**31)], [2**23], [-(2**23)]]), 0)
    raw = decode_frame(frames[0], (EDA, ACC)).raw.ravel().tolist()
    assert raw == [2**23 - 1, -(2**23), 2**23 - 1, -(2**23)]


def test_rates_change_only_between_stop_and_start() -> None:
    asked: list[tuple[int, Fraction]] = []

    def sensor(stream: int, rate: Fraction) -> bool:
        asked.append((stream, rate))
        return rate <= 64

    firmware = started(set_rate=sensor)
    with pytest.raises(DeviceError, match="busy"):
        ask(firmware, Command.SET_RATE, 1, 64, 1)
    ask(firmware, Command.STOP)
    ask(firmware, Command.SET_RATE, 1, 129, 4)
    with pytest.raises(DeviceError, match="bad_value"):
        ask(firmware, Command.SET_RATE, 1, 65, 1)
    assert asked == [(1, Fraction(129, 4)), (1, Fraction(65))]
    assert firmware.rates == (Fraction(4), Fraction(129, 4))
    assert decode_capability(firmware.capability()).streams[1].rate == Fraction(129, 4)


def test_after_a_reboot_everything_begins_again() -> None:
    firmware = started(frame_samples=[0, 4])
    firmware.push(1, ramp(10), 0)
    firmware.reboot()
    assert not firmware.running
    firmware.link(secure=False, payload_limit=244)
    ask(firmware, Command.START)
    frame = decode_frame(firmware.push(1, ramp(4), 0)[0], (EDA, ACC))
    assert (frame.counter, frame.sequence) == (0, 0)


def test_on_a_serial_line_it_describes_itself() -> None:
    firmware = device()
    question = encode_command(Command.DESCRIBE)
    assert firmware.control(question, 0, room=MAX_CAPABILITY) == firmware.capability()
    with pytest.raises(DeviceError, match="payload_too_small"):
        ask(firmware, Command.DESCRIBE)


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="stream 2"):
        device().push(2, ramp(1), 0)
    with pytest.raises(ValueError, match="n_samples, 3"):
        device().push(1, np.zeros((4, 2), np.int32), 0)
    many = Capability("x", "1.0.0", "wrist", False, (ACC,) * 9)
    with pytest.raises(ValueError, match="1 to 8"):
        Firmware(many)


def test_processes_may_compile_it_at_once(tmp_path: Path) -> None:
    code = (
        "from wearaffect.devices.virtual.firmware_library import firmware_library;"
        "print(firmware_library()[1].wa_crc16(b'123456789', 9))"
    )
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    assert [child.communicate()[0].strip() for child in children] == [str(0x29B1)] * 3
    assert [child.returncode for child in children] == [0] * 3
    (built,) = (tmp_path / "wearaffect").iterdir()
    assert sorted(file.name for file in built.iterdir()) == ["wa_bridge.i", "wa_bridge.so"]


def test_without_a_compiler_it_says_so(tmp_path: Path) -> None:
    code = (
        "from wearaffect.devices.virtual.firmware_library import firmware_library\n"
        "from wearaffect.core.errors import DeviceError\n"
        "try:\n    firmware_library()\n"
        "except DeviceError as error:\n    print(error.what, error.remedy)"
    )
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "PATH": str(tmp_path)}
    environment.pop("CC", None)
    said = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert "no C compiler" in said
    assert "install gcc" in said
