"""The same news to every page that looks on; one that reads slowly only misses samples."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Any

from wearaffect.clinic.console.frames import MESSAGE_OUTCOMES, MESSAGE_VIEW
from wearaffect.clinic.console.screen import Screen
from wearaffect.clinic.console.view import outcome_view
from wearaffect.core.affect import Outcome

__all__ = ["Broadcast"]

_WAITING = 60  # frames of samples that may wait for a page: two seconds (engineering choice)
_VIEW_EACH = 30  # ticks between views that nobody asked for: a second
_SOONEST = 3  # ticks between views at least: a tenth of a second


class Broadcast:
    """Makes the messages of the socket and hands them to every page.

    Parameters
    ----------
    view : callable
        Gives the view.
    screen : Screen
        Has samples and outcomes.
    shown : callable
        The gate, which may have closed since an outcome came.
    """

    def __init__(
        self,
        view: Callable[[], dict[str, Any]],
        screen: Screen,
        shown: Callable[[Outcome], Outcome],
    ) -> None:
        self._view, self._screen, self._shown = view, screen, shown
        self._watchers: set[_Watcher] = set()
        self._since = 0
        self._changed = False
        self._n_outcomes = 0
        self._latest = b""

    @property
    def n_watchers(self) -> int:
        """How many look on."""
        return len(self._watchers)

    def changed(self) -> None:
        """Say that the view is another."""
        self._changed = True

    def tick(self, now_ns: int) -> None:
        """Send what is new; called about thirty times a second, from the event loop."""
        self._since += 1
        frame = self._screen.new_samples(now_ns)
        grown = len(self._screen.outcomes) > self._n_outcomes
        if (self._changed and self._since >= _SOONEST) or grown or self._since >= _VIEW_EACH:
            self._n_outcomes = len(self._screen.outcomes)
            self._since, self._changed = 0, False
            self._latest = self._view_message() if self._watchers else b""
        for watcher in self._watchers:
            watcher.tell(frame, self._latest)

    def _view_message(self) -> bytes:
        return bytes([MESSAGE_VIEW]) + _json(self._view())

    def _outcomes_message(self, first: int, end: int) -> bytes:
        origin_ns, outcomes = self._screen.start_ns, self._screen.outcomes[first:end]
        news = [outcome_view(self._shown(outcome), origin_ns) for outcome in outcomes]
        return bytes([MESSAGE_OUTCOMES]) + _json(news)

    async def messages(self, now_ns: Callable[[], int]) -> AsyncGenerator[bytes]:
        """Give one page its messages, what has been first."""
        watcher = _Watcher()
        self._watchers.add(watcher)
        n_told = 0
        try:
            yield self._view_message()
            backlog = self._screen.latest_samples(now_ns())
            if backlog is not None:
                yield backlog
            while True:
                count = len(self._screen.outcomes)
                if count > n_told:
                    yield self._outcomes_message(n_told, count)
                    n_told = count
                await watcher.woken.wait()
                for message in watcher.take():
                    yield message
        finally:
            self._watchers.discard(watcher)


class _Watcher:
    """What waits for one page: frames up to a limit, and only the latest view."""

    def __init__(self) -> None:
        self.woken = asyncio.Event()
        self._frames: deque[bytes] = deque(maxlen=_WAITING)
        self._view = b""
        self._seen = b""

    def tell(self, frame: bytes | None, view: bytes) -> None:
        if frame is not None:
            self._frames.append(frame)
        if view and view is not self._seen:
            self._view = view
        if self._frames or self._view:
            self.woken.set()

    def take(self) -> list[bytes]:
        self.woken.clear()
        found = list(self._frames)
        self._frames.clear()
        if self._view:
            found.append(self._view)
            self._seen, self._view = self._view, b""
        return found


def _json(what: Any) -> bytes:
    return json.dumps(what, allow_nan=False, separators=(",", ":")).encode()
