"""Boards that BrainFlow reads, EmotiBit among them: the channels that this library knows."""

import asyncio
import contextlib
import warnings
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType, ModuleType, TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import DeviceError, DeviceUriError, MissingExtraError
from wearaffect.core.events import DeviceNote, DeviceState, Event
from wearaffect.core.streams import Channel, LossEvidence, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.timebase import NS_PER_S
from wearaffect.core.units import Unit
from wearaffect.devices.bluetooth.inbox import loop_ns
from wearaffect.devices.driver import Packet, Source
from wearaffect.devices.reception.reception import Reception
from wearaffect.devices.uri import DeviceUri, unknown_word

__all__ = ["BrainflowDevice", "open_brainflow"]

Fact = str | int | float | bool

_POLL_S = 0.05  # BrainFlow gathers in its own threads (engineering choice)
_RING = 450_000  # rows BrainFlow holds: its own default, half an hour at 250 Hz
_WORDS = ("serial_port", "mac_address", "ip_address", "serial_number", "other_info")
_FILES = ("file", "file_aux", "file_anc")

# What BrainFlow's lists of channels are here, and what its numbers must be multiplied by. It hands
# EmotiBit's EDA on in µS and temperature in °C, acceleration in g, electrodes in µV.
_LISTS = {
    "eda_channels": (SignalKind.EDA, Unit.MICROSIEMENS, 1.0),
    "ppg_channels": (SignalKind.PPG, Unit.ARBITRARY, 1.0),
    "accel_channels": (SignalKind.ACC, Unit.GRAVITY, 1.0),
    "temperature_channels": (SignalKind.TEMP, Unit.CELSIUS, 1.0),
    "ecg_channels": (SignalKind.ECG, Unit.MILLIVOLT, 1e-3),
}
_USUAL = ("eda", "ppg", "acc", "temp")  # electrodes may lie anywhere: ECG only if it was asked for

# Rows after which the package number begins again, where that is known to count rows: OpenBCI's
# Cyton data format, and BrainFlow's own synthetic board.
_COUNTERS = {"CYTON_BOARD": 256, "SYNTHETIC_BOARD": 256}

# What a board can't be opened without, by BrainFlow's "Supported Boards", and an example of it:
# BrainFlow itself only says INVALID_ARGUMENTS_ERROR.
_DONGLE, _SHIELD = ("serial_port", "/dev/ttyUSB0"), ("ip_port", "6677")
_NEEDED = dict.fromkeys(("CYTON_BOARD", "CYTON_DAISY_BOARD", "GANGLION_BOARD"), _DONGLE)
_NEEDED |= dict.fromkeys(
    ("CYTON_WIFI_BOARD", "CYTON_DAISY_WIFI_BOARD", "GANGLION_WIFI_BOARD"), _SHIELD
)


@dataclass(frozen=True, slots=True)
class _Part:
    """One of our streams: which rows of which of BrainFlow's presets are its channels."""

    source: Source
    preset: int
    rows: tuple[int, ...]
    counter: int
    scale: float


class BrainflowDevice:
    """Read one board; a kind that it gives twice is taken from the first preset that has it.

    Parameters
    ----------
    uri : DeviceUri
        ``brainflow:<board>``; settings as in `open_brainflow`.
    """

    def __init__(self, uri: DeviceUri) -> None:
        self.uri = str(uri)
        self._brainflow = _brainflow()
        self._board, params = _board_and_params(uri, self._brainflow)
        # a file that is played has the channels of the board that made it
        described = params.master_board if params.file else self._board
        self._name = self._brainflow.BoardIds(described).name.removesuffix("_BOARD").lower()
        self._stall_ns = round(uri.number("stall_s", 2.0, 0.1, 3600.0) * NS_PER_S)
        self._parts = _parts(uri, self._brainflow, described, self._name)
        self._shim = self._brainflow.BoardShim(self._board, params)
        self._receptions = [Reception(part.source) for part in self._parts]
        self._left = asyncio.Event()
        self._start_ns = self._heard_ns = 0
        self._stalled = False

    @property
    def streams(self) -> tuple[StreamInfo, ...]:
        """What the board gives of what this library knows."""
        return tuple(part.source.info for part in self._parts)

    @property
    def facts(self) -> Mapping[str, Fact]:
        """Which board it is, and who reads it."""
        version = self._brainflow.BoardShim.get_version()
        return MappingProxyType({"name": self._name, "board_id": self._board, "brainflow": version})

    @property
    def start_ns(self) -> int:
        """Host time at which it was asked to start."""
        return self._start_ns

    async def __aenter__(self) -> Self:
        """Open the board and start its signal.

        Raises
        ------
        DeviceError
            BrainFlow can't; the error has its words.
        """
        self._left.clear()
        try:
            await asyncio.to_thread(self._shim.prepare_session)
            self._start_ns = self._heard_ns = loop_ns()
            await asyncio.to_thread(self._shim.start_stream, _RING)
        except BaseException as error:
            await self._release()
            if not isinstance(error, self._brainflow.BrainFlowError):
                raise
            remedy = "see BrainFlow's documentation of the board for the settings it needs"
            raise DeviceError(self.uri, "can't start", got=str(error), remedy=remedy) from error
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the signal and let go of the board."""
        self._left.set()
        await self._release()

    async def chunks(self) -> AsyncIterator[SignalChunk | Event]:
        """Give chunks and events until the device is left.

        Raises
        ------
        DeviceError
            The device hasn't been entered, or BrainFlow lost the board.
        """
        if not self._start_ns:
            remedy = "read chunks inside 'async with device:'"
            raise DeviceError(self.uri, "not started", remedy=remedy)
        yield DeviceNote(loop_ns(), self._name, DeviceState.CONNECTED, self.facts)
        while not self._left.is_set():
            for item in self._polled():
                yield item
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_POLL_S):
                    await self._left.wait()
        for reception in self._receptions:
            for item in reception.finish(loop_ns()):
                yield item

    def _polled(self) -> Iterator[SignalChunk | Event]:
        """Give what has come since the last time."""
        try:
            tables = {
                preset: self._shim.get_board_data(preset=preset)
                for preset in {part.preset for part in self._parts}
            }
        except self._brainflow.BrainFlowError as error:
            raise DeviceError(self.uri, "the board is lost", got=str(error)) from error
        now_ns = loop_ns()
        yield from self._watched(now_ns, came=any(table.shape[1] for table in tables.values()))
        for part, reception in zip(self._parts, self._receptions, strict=True):
            for packet in _packets(part, tables[part.preset]):
                yield from reception.take(packet, now_ns)
            yield from reception.tick(now_ns)

    def _watched(self, now_ns: int, *, came: bool) -> Iterator[DeviceNote]:
        silent_ns = now_ns - self._heard_ns
        was_stalled, self._stalled = self._stalled, not came and silent_ns > self._stall_ns
        if came:
            self._heard_ns = now_ns
        if was_stalled != self._stalled:
            state = DeviceState.STALLED if self._stalled else DeviceState.CONNECTED
            silent_s = round(silent_ns / NS_PER_S, 3)
            yield DeviceNote(now_ns, self._name, state, {"silent_s": silent_s})

    async def _release(self) -> None:
        for end in (self._shim.stop_stream, self._shim.release_session):
            with contextlib.suppress(self._brainflow.BrainFlowError):
                await asyncio.to_thread(end)


def _packets(part: _Part, table: NDArray[np.float64]) -> Iterator[Packet]:
    """Cut what came into stretches without a missing row."""
    data = (table[list(part.rows)].T * part.scale).astype(np.float32)
    modulus = part.source.counter_modulus
    if modulus is None:
        if len(data):
            yield Packet(part.source.info.id, data)
        return
    counter = table[part.counter].astype(np.int64)
    borders = np.flatnonzero(np.diff(counter) % modulus != 1) + 1
    for rows in np.split(np.arange(len(data)), borders):
        if len(rows):
            yield Packet(part.source.info.id, data[rows], counter=int(counter[rows[0]]))


def _parts(uri: DeviceUri, brainflow: ModuleType, board: int, name: str) -> tuple[_Part, ...]:
    """Tell which of our streams a board gives."""
    wanted = uri.choices("kinds", [str(kind) for kind, _, _ in _LISTS.values()]) or _USUAL
    modulus = uri.integer("counter_modulus", 0, 0, 2**32) or None
    modulus = modulus or _COUNTERS.get(brainflow.BoardIds(board).name)
    found: dict[SignalKind, _Part] = {}
    for preset in sorted(brainflow.BoardShim.get_board_presets(board)):
        described = brainflow.BoardShim.get_board_descr(board, preset)
        for key, (kind, unit, scale) in _LISTS.items():
            if key in described and kind in wanted and kind not in found:
                info = _info(name, kind, unit, described, key, counted=modulus is not None)
                counter = described["package_num_channel"]
                rows = tuple(described[key])
                found[kind] = _Part(Source(info, modulus), preset, rows, counter, scale)
    if not found:
        raise DeviceUriError(
            str(uri), "nothing of this board is known here", expected=", ".join(wanted), got=name
        )
    return tuple(found.values())


def _info(
    name: str, kind: SignalKind, unit: Unit, described: Any, key: str, *, counted: bool
) -> StreamInfo:
    many = len(described[key])
    names = "xyz" if kind is SignalKind.ACC else [f"{kind}{n}" for n in range(many)]
    return StreamInfo(
        f"{name}.{kind}",
        kind,
        tuple(Channel(names[i] if many > 1 else str(kind), unit) for i in range(many)),
        float(described["sampling_rate"]),
        device=name,
        loss_evidence=LossEvidence.COUNTER if counted else LossEvidence.NONE,
    )


def _board_and_params(uri: DeviceUri, brainflow: ModuleType) -> tuple[int, Any]:
    params = brainflow.BrainFlowInputParams()
    for name in (*_WORDS, *_FILES):
        if name in uri.settings:
            setattr(params, name, uri.settings[name])
    params.ip_port = uri.integer("ip_port", 0, 0, 65_535)
    if "master_board" in uri.settings:
        params.master_board = _board(uri, uri.settings["master_board"], brainflow)
    board = _board(uri, uri.target, brainflow)
    needed, example = _NEEDED.get(brainflow.BoardIds(board).name, ("", ""))
    if needed and needed not in uri.settings:
        expected = f"{needed}=…, such as {example}"
        raise DeviceUriError(str(uri), f"{uri.target} needs {needed}", expected=expected)
    return board, params


def _board(uri: DeviceUri, word: str, brainflow: ModuleType) -> int:
    known = brainflow.BoardIds.__members__
    name = word.upper().replace("-", "_").removesuffix("_BOARD") + "_BOARD"
    if name not in known:
        boards = sorted(each.removesuffix("_BOARD").lower() for each in known)
        raise unknown_word(str(uri), "unknown board", word, boards)
    return int(known[name].value)


def open_brainflow(uri: DeviceUri) -> BrainflowDevice:
    """Open ``brainflow:<board>[?serial_port=…&kinds=eda,ppg]``.

    Parameters
    ----------
    uri : DeviceUri
        Target: a board by BrainFlow's name for it, as ``emotibit`` or ``cyton``. Settings:
        ``serial_port``, ``mac_address``, ``ip_address``, ``ip_port``, ``serial_number``,
        ``other_info``, ``file``, ``file_aux``, ``file_anc``, ``master_board``: as BrainFlow takes
        them; ``kinds`` out of eda, ppg, acc, temp, ecg (default: all but ecg);
        ``counter_modulus``: the board numbers its rows, and after so many begins again (known for
        cyton and synthetic; without it loss isn't provable); ``stall_s`` (default 2).

    Returns
    -------
    BrainflowDevice
        Not yet entered.

    Raises
    ------
    DeviceUriError
        No such board, nothing of it is known here, or a setting that can't be taken or is missing.
    MissingExtraError
        brainflow isn't installed.
    """
    ours = ("kinds", "counter_modulus", "stall_s", "ip_port", "master_board")
    uri.allow(*_WORDS, *_FILES, *ours)
    return BrainflowDevice(uri)


def _brainflow() -> ModuleType:
    try:
        with warnings.catch_warnings():
            # under Python 3.11, brainflow 5.23 asks pkg_resources where its library lies
            warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
            from brainflow import board_shim

            board_shim.BoardShim.disable_board_logger()
    except ModuleNotFoundError as error:
        raise MissingExtraError("brainflow", "brainflow:") from error
    module: ModuleType = board_shim
    return module
