"""An event loop whose clock runs faster than the real one, for stacks with threads or sockets.

Where everything happens on the loop, `wearaffect.devices.virtual.simulated_time.run_simulated` is
quicker and doesn't depend on how busy the machine is.
"""

import asyncio
import selectors
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class ScaledLoop(asyncio.SelectorEventLoop):
    """A loop whose `time()` passes `speed` times faster, and whose waits are as much shorter."""

    def __init__(self, speed: float) -> None:
        super().__init__(_ScaledSelector(speed))
        self._speed = speed
        self._begun_s = time.monotonic()

    def time(self) -> float:
        return self._begun_s + (time.monotonic() - self._begun_s) * self._speed


class _ScaledSelector(selectors.DefaultSelector):
    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def select(self, timeout: float | None = None):
        return super().select(timeout / self._speed if timeout else timeout)


def run_scaled(main: Coroutine[Any, Any, T], speed: float = 20.0) -> T:
    """Run a coroutine to its end with time scaled."""
    with asyncio.Runner(loop_factory=lambda: ScaledLoop(speed)) as runner:
        return runner.run(main)
