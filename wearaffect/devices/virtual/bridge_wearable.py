"""The bridge without hardware: the compiled C firmware behind a GATT server, on a body."""

import asyncio
import heapq
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from bumble import att
from bumble.core import UUID
from bumble.device import Connection
from bumble.gatt import (
    GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR,
    Characteristic,
    CharacteristicValue,
    Descriptor,
    Service,
)
from numpy.typing import NDArray

from wearaffect.core.streams import SignalKind
from wearaffect.core.timebase import exact_rate, n_samples
from wearaffect.core.units import Unit
from wearaffect.devices.bridge import table
from wearaffect.devices.bridge.capability import BridgeStream, Capability, Linear
from wearaffect.devices.virtual.faults import FaultPlan
from wearaffect.devices.virtual.firmware import Firmware
from wearaffect.devices.virtual.truth import Frame, Samples
from wearaffect.devices.virtual.wearable import Wearable
from wearaffect.devices.virtual.wearer import Track, Wearer

__all__ = ["BridgeWearable"]

_WORD = 2**32
_SLOW = 0.99  # of the declared rate, where that is the fault

# Samples to a frame: a quarter second of the fast signals, half a second and a second of the slow
# ones, as a wristband that fills radio frames does. Resolution by unit: finer than the sensors of
# wristbands, and wide enough for what they measure. Engineering choices.
_BLOCK = {SignalKind.EDA: 2, SignalKind.BVP: 16, SignalKind.ACC: 8, SignalKind.TEMP: 4}
_COUNTS: dict[Unit, tuple[table.Width, Fraction]] = {
    Unit.MICROSIEMENS: (table.Width.INT24, Fraction(1, 100_000)),
    Unit.ARBITRARY: (table.Width.INT24, Fraction(1, 100)),
    Unit.GRAVITY_64TH: (table.Width.INT16, Fraction(1)),
    Unit.GRAVITY: (table.Width.INT16, Fraction(1, 4096)),
    Unit.CELSIUS: (table.Width.INT16, Fraction(1, 100)),
}
_FIRMWARE = "1.0.0"


class _Sensor:
    """One stream of the firmware: what it samples, and how far it is."""

    def __init__(self, kind: SignalKind, track: Track) -> None:
        unit = track.channels[0].unit
        if unit not in _COUNTS:
            msg = f"expected {kind} in one of {', '.join(_COUNTS)}, got {unit}"
            raise ValueError(msg)
        width, scale = _COUNTS[unit]
        self.block = _BLOCK[kind]
        self.kind, self.track, self.rate = kind, track, exact_rate(track.rate_hz)
        most = 2 ** (8 * width - 1) - 1
        counts = np.rint(track.data.astype(np.float64) / float(scale))
        self.counts = np.clip(counts, -most - 1, most).astype(np.int32)
        self.scale = float(scale)
        channels = tuple(
            Linear(c.name if len(track.channels) > 1 else "value", scale, Fraction(0))
            for c in track.channels
        )
        self.stream = BridgeStream(kind, unit, width, self.rate, channels)
        self.begin(0, 0)

    def begin(self, at: int, start: int) -> None:
        """Start anew: from that sample of the body, with that count."""
        self.at = at
        self.start = start
        self.taken = np.empty((0, self.counts.shape[1]), np.int32)
        self.device_s = 0.0
        self.block_s = 0.0  # when the last block began

    def next_s(self, pace: float) -> float:
        """When the block that comes next is complete, on the device's quartz."""
        return self.device_s + (self.block - 1) / (float(self.rate) * pace)


class BridgeWearable(Wearable):
    """A wristband that runs the C of ``firmware_bridge``.

    Parameters
    ----------
    wearer : Wearer
        Skin conductance, pulse wave, acceleration and temperature, as far as it has them.
    plan : FaultPlan or None
        What goes wrong.
    seed : int
        Of its address and of the faults' chance.
    name : str
        That it advertises.

    Raises
    ------
    ValueError
        A signal is in a unit that it has no resolution for.

    Notes
    -----
    It samples from the moment it is switched on; frames go out once a host has started it. Data
    needs a link paired by LE Secure Connections, unless `guarded` is False.
    """

    guarded = True
    checked = True
    modulus = _WORD

    def __init__(
        self,
        wearer: Wearer,
        plan: FaultPlan | None = None,
        seed: int = 1,
        name: str = "virtual bridge",
    ) -> None:
        super().__init__(name, plan, seed)
        self._sensors = [
            _Sensor(kind, wearer.tracks[kind]) for kind in _BLOCK if kind in wearer.tracks
        ]
        self._starts: dict[tuple[SignalKind, int], int] = {}
        self._time_start_us = 0
        self._firmware: Firmware

    @property
    def advertised(self) -> UUID:
        """The bridge's service."""
        return UUID(table.SERVICE_UUID)

    def services(self) -> Sequence[Service]:
        """Capability, data, control point; the firmware boots."""
        identity = Capability(
            self.name[: table.MAX_NAME],
            _FIRMWARE,
            "wrist",
            self.guarded,
            tuple(sensor.stream for sensor in self._sensors),
        )
        blocks = [sensor.block for sensor in self._sensors]
        self._firmware = Firmware(identity, frame_samples=blocks)
        self._begin(wraps=self.plan.has("counter_wrap"))
        properties, permissions = Characteristic.Properties, Characteristic.Permissions
        told = CharacteristicValue(read=lambda _: self._firmware.capability())
        capability: Characteristic[bytes] = Characteristic(
            UUID(table.CAPABILITY_UUID), properties.READ, permissions.READABLE, told
        )
        self._data = self._guarded_data()
        self._control: Characteristic[bytes] = Characteristic(
            UUID(table.CONTROL_UUID),
            properties.WRITE | properties.NOTIFY,
            permissions.WRITEABLE,
            CharacteristicValue(write=self._asked),
        )
        self.device.on("connection", self._connected)
        return [Service(UUID(table.SERVICE_UUID), [capability, self._data, self._control])]

    async def live(self) -> None:
        """Push what the sensors give, block by block."""
        loop = asyncio.get_running_loop()
        queue = [(s.next_s(1.0), n) for n, s in enumerate(self._sensors)]
        heapq.heapify(queue)
        while queue:
            due_s, number = heapq.heappop(queue)
            await asyncio.sleep(self.clock.host_s(due_s) - loop.time())
            sensor = self._sensors[number]
            if sensor.at + sensor.block > len(sensor.counts):
                continue
            pace = _SLOW if self.faulty("wrong_rate") else 1.0
            self._push(number, sensor)
            sensor.device_s += sensor.block / (float(sensor.rate) * pace)
            heapq.heappush(queue, (sensor.next_s(pace), number))

    def restarted(self) -> None:
        """Boot the firmware again."""
        self._firmware.reboot()
        self._begin(wraps=False)

    def start_of(self, kind: SignalKind, boot: int) -> int:
        """Give the count that a stream had when the device started for that time."""
        return self._starts.get((kind, boot), 0)

    def _begin(self, *, wraps: bool) -> None:
        """Let counters and clock begin at zero, or so that they pass their modulus on time."""
        ahead_s = self.plan.at_s if wraps else 0.0
        # not in the same frame as the counters: no device does that
        clock_ahead_s = ahead_s + self.plan.for_s / 2 if wraps else 0.0
        self._time_start_us = (_WORD - round(clock_ahead_s * 1e6)) % _WORD
        passed_s = self.since_on_s() if self.boot else 0.0
        for number, sensor in enumerate(self._sensors):
            rate_hz = float(sensor.rate)
            start = (_WORD - n_samples(ahead_s, rate_hz)) % _WORD
            sensor.begin(n_samples(passed_s, rate_hz), start)
            self._starts[sensor.kind, self.boot] = start
            if start:
                self._firmware.skip(number, start)

    def _push(self, number: int, sensor: _Sensor) -> None:
        """Sample one block, and send what that fills."""
        block = self._sensed(sensor, sensor.counts[sensor.at : sensor.at + sensor.block])
        sensor.at += sensor.block
        sensor.block_s = sensor.device_s
        sensor.taken = np.concatenate([sensor.taken, block])
        frames = self._firmware.push(number, block, self._now_us(sensor.device_s))
        for payload in frames:
            self._send(number, payload)

    def _sensed(self, sensor: _Sensor, block: NDArray[np.int32]) -> NDArray[np.int32]:
        if self.faulty("stuck_sensor") and len(sensor.taken):
            return np.broadcast_to(sensor.taken[-1], block.shape)
        if self.faulty("lead_off") and sensor.kind in {SignalKind.EDA, SignalKind.BVP}:
            return np.zeros_like(block)
        return block

    def _send(self, number: int, payload: bytes) -> None:
        sensor = self._sensors[number]
        _, _, _, count, counter, _ = table.DATA_LAYOUT.unpack_from(payload)
        first = (counter - sensor.start) % _WORD
        values = (sensor.taken[first : first + count] * sensor.scale).astype(np.float32)
        after = first - len(sensor.taken) + sensor.block  # the first sample of the last block
        time_s = self.clock.host_s(sensor.block_s + after / float(sensor.rate))
        samples = Samples(sensor.kind, self.boot, first, time_s, values)
        self.send(Frame(self._data, payload, (samples,)))

    def _now_us(self, device_s: float) -> int:
        return (self._time_start_us + self.clock.stamp_ns(device_s) // 1000) % _WORD

    def _guarded_data(self) -> Characteristic[bytes]:
        """Give the data characteristic; whoever subscribes must have paired."""
        permissions = Characteristic.Permissions
        readable, writable = permissions.READABLE, permissions.READABLE | permissions.WRITEABLE
        if self.guarded:
            readable |= permissions.READ_REQUIRES_ENCRYPTION
            readable |= permissions.READ_REQUIRES_AUTHENTICATION
            writable |= permissions.WRITE_REQUIRES_ENCRYPTION
            writable |= permissions.WRITE_REQUIRES_AUTHENTICATION
        data: Characteristic[bytes] = Characteristic(
            UUID(table.DATA_UUID), Characteristic.Properties.NOTIFY, readable, b""
        )
        value = self.device.gatt_server.make_descriptor_value(data)
        kind = GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR
        data.descriptors = [Descriptor(kind, writable, value)]
        return data

    def _asked(self, _: Connection, command: bytes) -> None:
        """Let the firmware answer; what it sends first goes first."""
        now_us = self._now_us(self.clock.device_s(asyncio.get_running_loop().time()))
        answer = self._firmware.control(command, now_us)
        for payload in self._firmware.frames():
            self._send(payload[0] - table.Marker.DATA, payload)
        self.answer(self._control, answer)

    def _connected(self, connection: Connection) -> None:
        """Keep the firmware told of what the link is."""

        def tell(*_: object) -> None:
            up = connection.handle in self.device.connections
            secure = up and bool(connection.encryption) and connection.sc
            limit = connection.att_mtu - 3 if up else att.ATT_DEFAULT_MTU - 3
            self._firmware.link(secure=secure, payload_limit=limit)

        for event in ("connection_att_mtu_update", "connection_encryption_change", "pairing"):
            connection.on(event, tell)
        connection.on("disconnection", tell)
        tell()
