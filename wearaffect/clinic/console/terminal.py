"""What a terminal and signals say to the server: stop, stop at once, another address."""

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

__all__ = ["Stop", "on_request"]

_PATIENCE_S = 30.0  # for closing what is recorded; engineering choice
_ASIDE_S = 1.0  # between looks whether the terminal is ours again; engineering choice
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Ends the server: the first signal in order and within a time, the second at once.

    The journal is safe either way: what was written of it can be recovered.

    Parameters
    ----------
    gave_up : callable
        Says that the time is over; the process ends after it, whatever else hangs.
    """

    def __init__(self, gave_up: Callable[[], None]) -> None:
        self._gave_up = gave_up
        self._end: Callable[[], object] = lambda: None
        self._before = {one: signal.getsignal(one) for one in _SIGNALS}
        self._limit = threading.Timer(_PATIENCE_S, self._leave)
        self._limit.daemon = True

    def calls(self, end: Callable[[], None]) -> None:
        """Begin to listen to signals; called in the loop, where `end` is called, too."""
        loop = asyncio.get_running_loop()
        self._end = lambda: loop.call_soon_threadsafe(end)
        with contextlib.suppress(ValueError):  # not the main thread
            for one in _SIGNALS:
                signal.signal(one, self._first)

    def _first(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        for one in _SIGNALS:
            # the system's own way: it ends a process whose every thread hangs, too
            signal.signal(one, signal.SIG_DFL)
        self._limit.start()
        self._end()

    def _leave(self) -> None:
        try:
            self._gave_up()
        finally:
            os._exit(1)  # threads that hang would keep an orderly end waiting for good

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of the signals."""
        self._limit.cancel()
        with contextlib.suppress(ValueError):
            for one, handler in self._before.items():
                signal.signal(one, handler)


def on_request(give: Callable[[], None]) -> None:
    """Have something done in the loop at each Enter in the terminal, and at each SIGUSR1.

    Parameters
    ----------
    give : callable
        What to do.
    """
    loop = asyncio.get_running_loop()
    if hasattr(signal, "SIGUSR1"):
        with contextlib.suppress(NotImplementedError, RuntimeError):  # not the main thread
            loop.add_signal_handler(signal.SIGUSR1, give)
    if sys.stdin is None or not sys.stdin.isatty():
        return
    if hasattr(signal, "SIGTTIN"):
        # who reads in the background is stopped, and a recording with him; so it is an error
        with contextlib.suppress(ValueError):
            signal.signal(signal.SIGTTIN, signal.SIG_IGN)
    reader = threading.Thread(
        target=_each_line, args=(sys.stdin.fileno(), loop, give), name="terminal", daemon=True
    )
    reader.start()


def _each_line(descriptor: int, loop: asyncio.AbstractEventLoop, give: Callable[[], None]) -> None:
    while not loop.is_closed():
        try:
            if not os.read(descriptor, 4096):  # unbuffered: nothing is held when the process ends
                return
        except OSError:
            time.sleep(_ASIDE_S)
            continue
        with contextlib.suppress(RuntimeError):  # the loop has just ended
            loop.call_soon_threadsafe(give)
