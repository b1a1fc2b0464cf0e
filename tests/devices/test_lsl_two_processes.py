"""A sender in another process: nothing lost, and what a killed one leaves out is counted."""

import json
import signal
import time
from pathlib import Path

import numpy as np
from lsl_parts import EDA, RATE_HZ, SESSION, gathered, n_samples_in, sender, unique

from wearaffect.core.events import ClockSegment, DeviceNote, DeviceState
from wearaffect.core.streams import SignalChunk
from wearaffect.devices.drivers.lsl import LslDevice
from wearaffect.devices.registry import open_device
from wearaffect.recording.journal import JournalWriter
from wearaffect.recording.opening import open_session
from wearaffect.recording.session import Session


def opened(prefix: str, settings: str = "") -> LslDevice:
    device = open_device(f"lsl:source_id={prefix}/{EDA.id}?session={SESSION}{settings}")
    assert isinstance(device, LslDevice)
    return device


def test_no_sample_is_lost_between_processes():
    prefix, origin_ns = unique(), time.monotonic_ns()
    with sender(prefix, origin_ns):
        device = opened(prefix)
        items = gathered(device, lambda items: n_samples_in(items) >= 3 * RATE_HZ)
    assert device.streams == (EDA,)
    chunks = [item for item in items if isinstance(item, SignalChunk)]
    assert all(chunk.n_lost == 0 for chunk in chunks)
    numbers = np.concatenate([chunk.data[:, 0] for chunk in chunks]).astype(int)
    assert np.array_equal(numbers, np.arange(numbers[0], numbers[0] + len(numbers)))
    for chunk in chunks:
        assert chunk.device_counter == int(chunk.data[0, 0])
        # both processes are on one machine: host time comes through to the nanosecond
        assert abs(chunk.start_ns - origin_ns - chunk.device_counter * 1e9 / RATE_HZ) <= 2
        assert chunk.device_clock_ns == chunk.start_ns
    assert [type(item) for item in items[:2]] == [DeviceNote, ClockSegment]


def recorded(device: LslDevice, items: list, folder: Path) -> Session:
    """What a session folder keeps of what came."""
    journal = JournalWriter(folder, participant="P-01")
    journal.start(device.streams, device.start_ns)
    for item in items:
        if isinstance(item, SignalChunk):
            journal.chunk(item, item.end_ns)
        else:
            journal.event(item)
    journal.close()
    return open_session(folder)


def test_a_killed_and_restarted_sender_leaves_a_gap_of_exact_length(tmp_path):
    prefix, origin_ns = unique(), time.monotonic_ns()
    stack = [sender(prefix, origin_ns)]
    processes = [stack[0].__enter__()]
    killed_at: list[int] = []

    def enough(items: list[object]) -> bool:
        if not killed_at and n_samples_in(items) >= 200:
            processes[0].send_signal(signal.SIGKILL)
            processes[0].wait()
            stack.append(sender(prefix, origin_ns))
            killed_at.append(len(items))
            processes.append(stack[1].__enter__())
        return bool(killed_at) and n_samples_in(items[killed_at[0] :]) >= 200

    device = opened(prefix)
    try:
        items = gathered(device, enough)
    finally:
        for running in stack:
            running.__exit__(None, None, None)
    chunks = [item for item in items if isinstance(item, SignalChunk)]
    numbers = np.concatenate([chunk.data[:, 0] for chunk in chunks]).astype(int)
    steps = np.diff(numbers)
    assert np.count_nonzero(steps != 1) == 1  # the oracle: the samples are their own numbers
    (gap,) = [chunk for chunk in chunks if chunk.n_lost]
    assert gap.n_lost == steps.max() - 1 > 0
    assert int(gap.data[0, 0]) == numbers[int(steps.argmax()) + 1]
    assert numbers[-1] - numbers[0] + 1 == len(numbers) + gap.n_lost
    assert abs(gap.start_ns - origin_ns - gap.data[0, 0] * 1e9 / RATE_HZ) <= 2
    states = [item.state for item in items if isinstance(item, DeviceNote)]
    assert DeviceState.LOST not in states  # it has a source id: liblsl finds it again
    session = recorded(device, items, tmp_path / "session")
    (kept,) = session.streams[EDA.id].gaps
    assert (kept.n_lost, kept.end_ns) == (gap.n_lost, gap.start_ns)
    account = json.loads((tmp_path / "session" / "session.json").read_text())["streams"][EDA.id]
    assert (
        account["expected"]
        == account["stored"] + account["lost_in_gaps"]
        == len(numbers) + (gap.n_lost)
    )


def test_a_sender_that_halts_is_a_stall_and_not_a_loss():
    prefix, origin_ns = unique(), time.monotonic_ns()
    with sender(prefix, origin_ns) as process:
        woken: list[int] = []

        def enough(items: list[object]) -> bool:
            stalled = any(
                isinstance(item, DeviceNote) and item.state is DeviceState.STALLED for item in items
            )
            if not stalled and n_samples_in(items) >= 100:
                process.send_signal(signal.SIGSTOP)
            if stalled and not woken:
                process.send_signal(signal.SIGCONT)
                woken.append(len(items))
            return bool(woken) and n_samples_in(items[woken[0] :]) >= 100

        items = gathered(opened(prefix, "&stall_s=0.3"), enough)
    states = [item.state for item in items if isinstance(item, DeviceNote)]
    assert states == [DeviceState.CONNECTED, DeviceState.STALLED, DeviceState.CONNECTED]
    _, _, back = (item for item in items if isinstance(item, DeviceNote))
    assert back.facts["silent_s"] >= 0.3
    assert sum(chunk.n_lost for chunk in items if isinstance(chunk, SignalChunk)) == 0
