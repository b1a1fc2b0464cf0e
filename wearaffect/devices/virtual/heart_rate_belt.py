"""A heart-rate belt as the Bluetooth SIG describes it, on the synthetic participant."""

import asyncio
import struct
from collections.abc import Sequence

import numpy as np
from bumble.core import UUID
from bumble.gatt import (
    GATT_BODY_SENSOR_LOCATION_CHARACTERISTIC,
    GATT_HEART_RATE_MEASUREMENT_CHARACTERISTIC,
    GATT_HEART_RATE_SERVICE,
    Characteristic,
    Service,
)
from numpy.typing import NDArray

from wearaffect.core.streams import SignalKind
from wearaffect.devices.virtual.faults import FaultPlan
from wearaffect.devices.virtual.truth import Frame, Samples
from wearaffect.devices.virtual.wearable import Wearable, readable
from wearaffect.devices.virtual.wearer import Wearer

__all__ = ["HeartRateBelt"]

_CONTACT, _CONTACT_SUPPORTED, _RR_PRESENT = 0x02, 0x04, 0x10
_CHEST = b"\x01"


class HeartRateBelt(Wearable):
    """Heart rate and RR intervals, once a second.

    Parameters
    ----------
    wearer : Wearer
        Whose heart it is.
    plan : FaultPlan or None
        What goes wrong.
    seed : int
        Of its address and of the faults' chance.
    name : str
        That it advertises.

    Notes
    -----
    Heart Rate Service 1.0: flags, heart rate in beats a minute as one byte, RR intervals in
    1/1024 s, oldest first. There is neither counter nor clock nor checksum in it.
    """

    lacks = frozenset({"clock_jump", "counter_wrap", "wrong_rate"})

    def __init__(
        self,
        wearer: Wearer,
        plan: FaultPlan | None = None,
        seed: int = 1,
        name: str = "virtual belt",
    ) -> None:
        super().__init__(name, plan, seed)
        self._at_s = wearer.beats_s[:, 0]
        # the longest that the format holds is 64 s
        self._rr = np.rint(np.clip(wearer.beats_s[:, 1] * 1024, 0, 0xFFFF)).astype(np.uint16)
        properties, permissions = Characteristic.Properties, Characteristic.Permissions
        self._measurement: Characteristic[bytes] = Characteristic(
            GATT_HEART_RATE_MEASUREMENT_CHARACTERISTIC,
            properties.NOTIFY,
            permissions.READABLE,
            b"",
        )

    @property
    def advertised(self) -> UUID:
        """Heart Rate Service."""
        return GATT_HEART_RATE_SERVICE

    def services(self) -> Sequence[Service]:
        """Heart rate, worn on the chest."""
        place = readable(GATT_BODY_SENSOR_LOCATION_CHARACTERISTIC, _CHEST)
        return [Service(GATT_HEART_RATE_SERVICE, [self._measurement, place])]

    async def live(self) -> None:
        """Tell each second of the beats that were in it."""
        loop = asyncio.get_running_loop()
        begun_s, second = self.since_on_s(), 0
        told = int(np.searchsorted(self._at_s, begun_s, side="right"))
        while told < self._at_s.size:
            second += 1
            await asyncio.sleep(self.clock.host_s(second) - loop.time())
            last = int(np.searchsorted(self._at_s, begun_s + second, side="right"))
            if last > told:
                self._tell(told, self._rr[told:last])
                told = last

    def _tell(self, first: int, rr: NDArray[np.uint16]) -> None:
        worn = not self.faulty("lead_off")
        if self.faulty("stuck_sensor"):
            rr = np.full_like(rr, self._rr[0])
        rate = min(round(60 * 1024 / float(rr.mean())), 255)
        flags = _CONTACT * worn | _CONTACT_SUPPORTED | _RR_PRESENT
        payload = struct.pack("<BB", flags, rate) + rr.astype("<u2").tobytes()
        # without contact the format says that the values mean nothing
        seconds = np.where(worn, rr / 1024, np.nan).astype(np.float32)[:, None]
        rates = np.full((1, 1), rate if worn else np.nan, np.float32)
        when_s = self.clock.host_s(0.0) + float(self._at_s[first])
        samples = (
            Samples(SignalKind.IBI, self.boot, first, when_s, seconds),
            Samples(SignalKind.HR, self.boot, first, when_s, rates),
        )
        self.send(Frame(self._measurement, payload, samples))
