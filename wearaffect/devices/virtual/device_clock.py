"""The quartz of a virtual wearable, and the clock that it drives."""

from wearaffect.devices.virtual.faults import FaultPlan

__all__ = ["DeviceClock"]

_DRIFT_PPM, _JUMP_S = 150.0, 5.0


class DeviceClock:
    """The device's quartz and the clock that it drives.

    Parameters
    ----------
    plan : FaultPlan
        It may drift and jump.
    on_s : float
        When the device was switched on, on the event loop's clock.
    """

    def __init__(self, plan: FaultPlan, on_s: float) -> None:
        self._plan = plan
        self._on_s = on_s
        self._boot_s = on_s
        self._pace = 1 + _DRIFT_PPM * 1e-6 if plan.has("clock_drift") else 1.0

    def restart(self, host_s: float) -> None:
        """Count from zero again."""
        self._boot_s = host_s

    def host_s(self, device_s: float) -> float:
        """Give the true time at which the quartz has counted so far."""
        return self._boot_s + device_s / self._pace

    def device_s(self, host_s: float) -> float:
        """Give what the quartz has counted since the device started."""
        return (host_s - self._boot_s) * self._pace

    def stamp_ns(self, device_s: float) -> int:
        """Give what the device's clock shows then; unlike the quartz, it can be set."""
        jumped = self._plan.has("clock_jump") and (
            self.host_s(device_s) - self._on_s >= self._plan.at_s
        )
        return round((device_s + (_JUMP_S if jumped else 0.0)) * 1e9)
