"""What the server holds: the one sitting, and everything its routes need."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import HTTPConnection

from wearaffect.clinic.console.access import Access, Role
from wearaffect.clinic.console.chores import Chores
from wearaffect.clinic.console.desk import AtHand
from wearaffect.clinic.console.recorder import Recorder
from wearaffect.clinic.console.shelf import REPORT, Shelf
from wearaffect.clinic.sitting.errors import SittingError

__all__ = ["Console", "Room", "console_of"]

_MOST_SOCKETS = 16  # engineering choice: a room's screens, and some that were forgotten


class Room:
    """Where one sitting takes place at a time. Lives on the event loop."""

    def __init__(self) -> None:
        self._recorder: Recorder | None = None
        self._opening = False
        self._changed = asyncio.Condition()

    @property
    def recorder(self) -> Recorder | None:
        """The sitting that is there."""
        return self._recorder

    @property
    def runs(self) -> bool:
        """Whether a sitting is there that isn't closed."""
        return self._recorder is not None and not self._recorder.closed

    def require(self) -> Recorder:
        """Give the sitting that is there.

        Raises
        ------
        SittingError
            There is none.
        """
        if self._recorder is None:
            raise SittingError("no sitting is there", remedy="prepare one first")
        return self._recorder

    async def open(self, make: Callable[[], Recorder]) -> Recorder:
        """Let a sitting in, connected and recording.

        Raises
        ------
        SittingError
            Another is there.
        WearAffectError
            It can't be connected; then nothing is left of it.
        """
        if self._recorder is not None or self._opening:
            raise SittingError(
                "another sitting is there", remedy="close it, and put it away, before the next"
            )
        self._opening = True
        try:
            recorder = make()
            await recorder.connect()
        finally:
            self._opening = False
        await self._put(recorder)
        return recorder

    async def clear(self) -> None:
        """Put a closed sitting away.

        Raises
        ------
        SittingError
            There is none, or it isn't closed.
        """
        if not self.require().closed:
            raise SittingError("the sitting isn't closed", remedy="close it first")
        await self._put(None)

    async def abandon(self) -> str:
        """Close what runs as well as can be, as the server stops; give its name, or nothing."""
        recorder = self._recorder
        if recorder is None or recorder.closed:
            return ""
        await recorder.abandon()
        await self._put(None)
        return recorder.name

    async def entered(self) -> Recorder:
        """Wait until a sitting is there."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._recorder is not None)
            return self.require()

    async def left(self, recorder: Recorder) -> None:
        """Wait until a sitting has been put away."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._recorder is not recorder)

    async def _put(self, recorder: Recorder | None) -> None:
        async with self._changed:
            self._recorder = recorder
            self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class Console:
    """Everything that routes need; `address` is where pages are reached."""

    address: str
    access: Access
    here: AtHand
    shelf: Shelf
    chores: Chores
    room: Room = field(default_factory=Room)
    scanning: asyncio.Lock = field(default_factory=asyncio.Lock)
    sockets: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_MOST_SOCKETS))

    def invitation(self, role: Role) -> str:
        """Give a one-time address of a role's page."""
        page = "/form" if role == Role.PARTICIPANT else "/"
        return f"{self.address}{page}#token={self.access.invite(role)}"

    async def report(self, folder: Path) -> None:
        """Have the report of a session made."""
        await self.chores.ask("report", folder, "--out", folder / REPORT)

    async def end(self) -> str:
        """Let go of everything, as the server stops; give the name of a sitting that was cut."""
        try:
            return await self.room.abandon()
        finally:
            self.chores.stop()


def console_of(connection: HTTPConnection) -> Console:
    """Give what the application holds."""
    console: Console = connection.app.state.console
    return console
