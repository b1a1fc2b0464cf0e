"""What can go wrong with a wearable, on order: one table, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

__all__ = ["FAULTS", "Fault", "FaultPlan", "Where"]


class Where(StrEnum):
    """The part of a virtual wearable, or of the air, in which a fault acts."""

    SENSOR = "sensor"
    CLOCK = "clock"
    COUNTER = "counter"
    FRAMES = "frames"
    LINK = "link"
    POWER = "power"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    Attributes
    ----------
    where : Where
        In which part.
    what : str
        What happens, as a sentence.
    """

    where: Where
    what: str


FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "drop": Fault(Where.FRAMES, "one frame in four never leaves the device"),
        "duplicate": Fault(Where.FRAMES, "one frame in four is sent twice"),
        "reorder": Fault(Where.FRAMES, "one frame in four is sent after the next of its stream"),
        "corrupt": Fault(Where.FRAMES, "one bit of one frame in four is flipped"),
        "stall": Fault(Where.FRAMES, "connected, but nothing is sent"),
        "disconnect": Fault(Where.LINK, "the device hangs up and advertises again"),
        "out_of_range": Fault(Where.LINK, "nothing is heard; the link is lost by time-out"),
        "clock_drift": Fault(Where.CLOCK, "the device's quartz is 150 ppm fast all the time"),
        "clock_jump": Fault(Where.CLOCK, "the device's clock is set 5 s ahead"),
        "counter_wrap": Fault(Where.COUNTER, "every counter passes its modulus"),
        "reboot": Fault(Where.POWER, "the device starts anew: counters and clock from zero"),
        "stuck_sensor": Fault(Where.SENSOR, "every sensor repeats one value"),
        "wrong_rate": Fault(Where.SENSOR, "sampling is 1 % slower than declared"),
        "lead_off": Fault(Where.SENSOR, "the electrodes hang in the air"),
    }
)
"""All faults, by the name that an address gives them; sizes are engineering choices."""


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Which faults, and when.

    Attributes
    ----------
    faults : tuple of str
        Of `FAULTS`; they go together.
    at_s, for_s : float
        When each begins, seconds after the device was switched on, and how long it lasts. A
        drifting clock drifts from the start; a jump and a reboot are over at once.

    Raises
    ------
    ValueError
        A fault isn't known, or a time is negative.
    """

    faults: tuple[str, ...] = ()
    at_s: float = 30.0
    for_s: float = 10.0

    def __post_init__(self) -> None:
        unknown = [name for name in self.faults if name not in FAULTS]
        if unknown or self.at_s < 0 or self.for_s < 0:
            msg = f"expected faults of {', '.join(FAULTS)} at times >= 0, got {self}"
            raise ValueError(msg)

    def has(self, name: str) -> bool:
        """Tell whether a fault is ordered at all."""
        return name in self.faults

    def now(self, name: str, time_s: float) -> bool:
        """Tell whether a fault acts at a time since the device was switched on."""
        return name in self.faults and self.at_s <= time_s < self.at_s + self.for_s
