"""BrainFlow's synthetic board, and files that it plays: channels, units, loss."""

import time
from importlib.util import find_spec

import numpy as np
import pytest
from lsl_parts import gathered, n_samples_in

from wearaffect.core.errors import DeviceError, DeviceUriError
from wearaffect.core.events import DeviceNote, DeviceState
from wearaffect.core.streams import LossEvidence, SignalChunk, SignalKind
from wearaffect.core.units import Unit
from wearaffect.devices.registry import open_device

pytestmark = pytest.mark.skipif(find_spec("brainflow") is None, reason="no brainflow here")

COLUMNS, RATE_HZ = 32, 250  # of the synthetic board's default preset
PACKAGE, EDA, STAMP = 0, 23, 30
CYTON = "brainflow:cyton?serial_port=/dev/nothing-here"


def chunks_of(items, kind):
    return [i for i in items if isinstance(i, SignalChunk) and i.info.kind is kind]


@pytest.fixture
def played(tmp_path):
    """The address of a file whose EDA is the number of the row, some of them left out."""

    def write(kept: np.ndarray) -> str:
        table = np.zeros((len(kept), COLUMNS))
        table[:, PACKAGE] = kept % 256
        table[:, EDA] = kept
        table[:, STAMP] = time.time() + kept / RATE_HZ
        path = tmp_path / "board.csv"
        np.savetxt(path, table, fmt="%.6f", delimiter="\t")
        return f"brainflow:playback_file?file={path}&master_board=synthetic"

    return write


def test_the_synthetic_board_gives_what_we_know_in_our_units():
    device = open_device("brainflow:synthetic")
    items = gathered(device, lambda items: n_samples_in(items) >= 4 * 100)
    infos = {info.kind: info for info in device.streams}
    assert set(infos) == {SignalKind.EDA, SignalKind.PPG, SignalKind.ACC, SignalKind.TEMP}
    assert {info.sampling_rate for info in infos.values()} == {RATE_HZ}
    assert {info.loss_evidence for info in infos.values()} == {LossEvidence.COUNTER}
    units = {kind: info.channels[0].unit for kind, info in infos.items()}
    assert units[SignalKind.EDA] is Unit.MICROSIEMENS
    assert units[SignalKind.ACC] is Unit.GRAVITY
    assert [c.name for c in infos[SignalKind.ACC].channels] == ["x", "y", "z"]
    assert device.facts["name"] == "synthetic"
    assert device.start_ns > 0
    for kind in infos:
        chunks = chunks_of(items, kind)
        assert sum(chunk.n_lost for chunk in chunks) == 0
        counts = np.concatenate([c.device_counter + np.arange(len(c)) for c in chunks])
        assert (np.diff(counts) == 1).all()


def test_rows_that_a_board_left_out_are_counted(played):
    kept = np.array([n for n in range(600) if not 90 <= n < 97 and not 300 <= n < 420])
    device = open_device(played(kept) + "&kinds=eda")
    items = gathered(device, lambda items: n_samples_in(items) >= 430)
    chunks = chunks_of(items, SignalKind.EDA)
    numbers = np.concatenate([chunk.data[:, 0] for chunk in chunks]).astype(int)
    assert np.array_equal(numbers, kept[: len(numbers)])
    assert sorted(chunk.n_lost for chunk in chunks if chunk.n_lost) == [7, 120]
    gap = next(chunk for chunk in chunks if chunk.n_lost == 7)
    assert gap.data[0, 0] == 97


def test_a_file_that_is_over_is_a_stall(played):
    device = open_device(played(np.arange(50)) + "&kinds=eda&stall_s=0.3")

    def stalled(items):
        return isinstance(items[-1], DeviceNote) and items[-1].state is DeviceState.STALLED

    items = gathered(device, stalled)
    assert items[0].state is DeviceState.CONNECTED
    assert items[-1].facts["silent_s"] > 0.3


def test_without_a_known_counter_loss_is_not_provable():
    device = open_device("brainflow:emotibit")
    assert {info.loss_evidence for info in device.streams} == {LossEvidence.NONE}
    rates = {info.kind: info.sampling_rate for info in device.streams}
    assert rates == {
        SignalKind.EDA: 15,
        SignalKind.TEMP: 15,
        SignalKind.PPG: 25,
        SignalKind.ACC: 25,
    }


def test_electrodes_are_taken_for_a_heart_only_if_somebody_says_so():
    (info,) = open_device(f"{CYTON}&kinds=ecg").streams
    assert info.kind is SignalKind.ECG
    assert len(info.channels) == 8
    assert info.channels[0].unit is Unit.MILLIVOLT
    assert SignalKind.ECG not in {i.kind for i in open_device(CYTON).streams}


def test_a_board_that_is_not_there_says_what_brainflow_says():
    with pytest.raises(DeviceError, match="can't start") as caught:
        gathered(open_device(CYTON), bool)
    assert caught.value.got


@pytest.mark.parametrize(
    "uri",
    ["brainflow:", "brainflow:toaster", "brainflow:synthetic?kinds=mood", "brainflow:muse_2?a=b"],
)
def test_addresses_that_cannot_be_opened(uri):
    with pytest.raises(DeviceUriError):
        open_device(uri)


def test_a_board_on_a_dongle_says_that_it_needs_the_port():
    for board in ("cyton", "cyton_daisy", "ganglion"):
        with pytest.raises(DeviceUriError, match=r"needs serial_port: expected .*/dev/ttyUSB0"):
            open_device(f"brainflow:{board}")
    with pytest.raises(DeviceUriError, match=r"needs ip_port"):
        open_device("brainflow:cyton_wifi")


def test_a_board_that_is_misspelt_is_known_again():
    with pytest.raises(DeviceUriError, match=r"unknown board.*did you mean cyton\?"):
        open_device("brainflow:cytn")
