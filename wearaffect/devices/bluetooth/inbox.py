"""What a radio has heard: answers to whoever asked, signal into a bounded inbox that counts."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from wearaffect.core.errors import LinkError
from wearaffect.core.events import DeviceNote
from wearaffect.core.timebase import NS_PER_S
from wearaffect.devices.driver import ClockPing

__all__ = ["Heard", "Inbox", "Item", "Mail", "loop_ns"]


class Heard(NamedTuple):
    """One notification and when it came, on the event loop's clock."""

    characteristic: str
    payload: bytes
    arrival_ns: int


Item = Heard | DeviceNote | ClockPing


class Inbox:
    """What came from the radio and hasn't been decoded yet: bounded, and it counts.

    Parameters
    ----------
    limit : int
        Notifications held; more are dropped and counted, notes never are. The default is minutes
        of a wristband (engineering choice).

    Attributes
    ----------
    received, dropped : int
        Notifications taken and dropped since the beginning.
    last_ns : int
        When the last one came.
    """

    def __init__(self, limit: int = 4096) -> None:
        self.received = 0
        self.dropped = 0
        self.last_ns = 0
        self._limit = limit
        self._items: deque[Item] = deque()
        self._held = 0
        self._closed = False
        self._ready = asyncio.Event()

    def hear(self, characteristic: str, payload: bytes) -> None:
        """Take a notification that came just now."""
        self.last_ns = loop_ns()
        self.received += 1
        if self._held >= self._limit:
            self.dropped += 1
            return
        self._held += 1
        self._items.append(Heard(characteristic, payload, self.last_ns))
        self._ready.set()

    def tell(self, item: DeviceNote | ClockPing) -> None:
        """Take what the link itself has to say."""
        self._items.append(item)
        self._ready.set()

    def close(self) -> None:
        """Nothing more will come."""
        self._closed = True
        self._ready.set()

    async def take(self, timeout_s: float) -> list[Item] | None:
        """Give what came, waiting for something at most so long; None when it is over."""
        if not self._items and not self._closed:
            self._ready.clear()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._ready.wait()
            except TimeoutError:
                return []
        if not self._items and self._closed:
            return None
        taken = list(self._items)
        self._items.clear()
        self._held = 0
        return taken


class Mail:
    """The notifications of one link, sorted: answers to whoever asked, signal into the inbox.

    Parameters
    ----------
    uri : str
        For messages.
    inbox : Inbox
        Takes what was subscribed to.

    Attributes
    ----------
    lost : asyncio.Event
        Set when the link is down.
    """

    def __init__(self, uri: str, inbox: Inbox) -> None:
        self.lost = asyncio.Event()
        self._uri = uri
        self._inbox = inbox
        self._signal: set[str] = set()
        self._answers: dict[str, asyncio.Future[bytes]] = {}
        self._fits: dict[str, Callable[[bytes], bool]] = {}

    def want(self, characteristic: str) -> None:
        """Have a characteristic's notifications decoded."""
        self._signal.add(characteristic)

    def deliver(self, characteristic: str, value: bytes) -> None:
        """Take a notification that came just now; what nobody wants is no signal."""
        answer = self._answers.get(characteristic)
        fits = self._fits.get(characteristic, _anything)
        if answer is not None and not answer.done() and fits(value):
            answer.set_result(value)
        elif characteristic in self._signal:
            self._inbox.hear(characteristic, value)

    def hang_up(self) -> None:
        """Say that the link is down; whoever waits for an answer gets none."""
        self.lost.set()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(LinkError(self._uri, "the link went down"))

    async def answered(
        self,
        characteristic: str,
        ask: Callable[[], Awaitable[None]],
        timeout_s: float,
        fits: Callable[[bytes], bool] | None = None,
    ) -> bytes:
        """Ask, and give the next notification of a characteristic that fits the question.

        What doesn't fit, damaged or the answer to an earlier question, is passed by.

        Raises
        ------
        LinkError
            The link went down, or nothing came in time.
        """
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._answers[characteristic] = answer
        self._fits[characteristic] = fits or _anything
        try:
            async with asyncio.timeout(timeout_s):
                await ask()
                return await answer
        except TimeoutError:
            what = f"{characteristic} is silent"
            expected = f"an answer within {timeout_s:g} s"
            raise LinkError(self._uri, what, expected=expected) from None
        finally:
            answer.cancel()
            del self._answers[characteristic], self._fits[characteristic]


def _anything(_: bytes) -> bool:
    return True


def loop_ns() -> int:
    """Give the event loop's clock, nanoseconds: what arrival is stamped with."""
    return round(asyncio.get_running_loop().time() * NS_PER_S)
