"""An event loop on which waiting costs nothing: its clock jumps to whatever is due next."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["SimulatedLoop", "run_simulated"]

T = TypeVar("T")


class SimulatedLoop(asyncio.SelectorEventLoop):
    """A loop whose clock stands still while there is work, and jumps when there is none.

    Everything that stamps and waits by the loop's clock runs as fast as the machine can, and the
    same way on a busy machine as on an idle one. While work is out in an executor the clock
    waits for it. What waits for another process, or for a thread that isn't an executor's,
    needs real time.
    """

    def __init__(self) -> None:
        super().__init__(_JumpingSelector(self._jump))
        self._now_s = 0.0
        self._out = 0

    def time(self) -> float:
        """Give the simulated time, seconds since the loop was made."""
        return self._now_s

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Run in a thread; the clock waits."""
        self._out += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._back)
        return future

    def _back(self, _future: asyncio.Future[Any]) -> None:
        self._out -= 1

    async def shutdown_default_executor(self, *args: Any) -> None:
        """Wait for the threads; the clock waits with it."""
        self._out += 1
        await super().shutdown_default_executor(*args)

    def _jump(self, wait_s: float) -> bool:
        """Take a wait as over; False if there is something real to wait for."""
        if self._out:
            return False
        # a little more than asked: a timer that is due by rounding alone would spin
        self._now_s += wait_s + 1e-9
        return True


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, jump: Callable[[float], bool]) -> None:
        super().__init__()
        self._jump = jump

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(0)
        if ready or self._jump(timeout):
            return ready
        return super().select(None)


def run_simulated(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in simulated time.

    Parameters
    ----------
    main : coroutine
        What to run.

    Returns
    -------
    object
        What it returns.
    """
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(main)
