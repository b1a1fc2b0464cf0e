"""The server: one a folder, on the loopback interface, closing what it records when it stops."""

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import uvicorn

from wearaffect.clinic.console.access import Access, Role
from wearaffect.clinic.console.app import console_app
from wearaffect.clinic.console.chores import Chores
from wearaffect.clinic.console.desk import AtHand
from wearaffect.clinic.console.guard import Guard
from wearaffect.clinic.console.problems import ConsoleError
from wearaffect.clinic.console.room import Console, Room
from wearaffect.clinic.console.shelf import Shelf
from wearaffect.clinic.console.terminal import Stop, on_request

__all__ = ["Addresses", "Telling", "only_server", "serve"]

_HOST = "127.0.0.1"
_LOCK = ".wearaffect-serve.lock"
_PATIENCE_S = 3  # for requests that are under way when the server stops (engineering choice)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the server is: its port, and one-time addresses."""

    port: int
    operator: str
    participant: str
    unclosed: tuple[str, ...]


class Telling(Protocol):
    """What whoever started the server is told."""

    def begun(self, addresses: Addresses) -> None:
        """It listens."""
        ...

    def invited(self, address: str) -> None:
        """Somebody asked for another address of the operator's page."""
        ...

    def stopping(self) -> None:
        """It closes what it records."""
        ...

    def gave_up(self) -> None:
        """Closing took too long; the process ends now."""
        ...


class _Server(uvicorn.Server):
    """Without signal handlers of its own: they would end it before the closing."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    def stop(self) -> None:
        """End what is under way, then stop."""
        self.should_exit = True


def serve(here: AtHand, shelf: Shelf, port: int, told: Telling) -> str:
    """Serve until somebody stops it: Ctrl-C, or SIGTERM.

    The first closes what is recorded, for at most 30 s; the second ends the process at once. Enter
    in the terminal, or SIGUSR1, gives another address of the operator's page.

    Parameters
    ----------
    here : AtHand
        What is at hand.
    shelf : Shelf
        Where recordings go.
    port : int
        Of 127.0.0.1; 0 is a free one.
    told : Telling
        Takes the addresses, and what becomes of the server.

    Returns
    -------
    str
        Name of a sitting that was cut by the end, and was closed; empty: none was.

    Raises
    ------
    ConsoleError
        The port is in use, or another server has the folder.
    """
    with only_server(shelf.root), _listening(port) as listener, Stop(told.gave_up) as stop:
        return asyncio.run(_serve(here, shelf, listener, told, stop))


async def _serve(
    here: AtHand, shelf: Shelf, listener: socket.socket, told: Telling, stop: Stop
) -> str:
    port = listener.getsockname()[1]
    room = Room()
    access = Access(port, busy=lambda: room.runs)
    console = Console(f"http://{_HOST}:{port}", access, here, shelf, Chores(), room)
    server = _Server(
        uvicorn.Config(
            Guard(console_app(console), port),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            proxy_headers=False,
            ws="websockets-sansio",
            ws_max_size=1024,  # pages have nothing to say there
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=_PATIENCE_S,
        )
    )

    def end() -> None:
        server.stop()  # first: a terminal that is gone can't be told
        told.stopping()

    stop.calls(end)
    operator, participant = console.invitation(Role.OPERATOR), console.invitation(Role.PARTICIPANT)
    on_request(lambda: told.invited(console.invitation(Role.OPERATOR)))
    told.begun(Addresses(port, operator, participant, tuple(shelf.unclosed())))
    try:
        await server.serve(sockets=[listener])
    finally:
        cut = await console.end()
    return cut


@contextmanager
def only_server(root: Path) -> Iterator[None]:
    """Keep a folder to one server.

    Raises
    ------
    ConsoleError
        Another has it.
    """
    with (root / _LOCK).open("a+b") as lock:
        if not _lock(lock.fileno()):
            raise ConsoleError(
                409,
                f"another server has the folder {root}",
                remedy="use its page, stop it with Ctrl-C, or name another --session-root",
            )
        yield


def _lock(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: the port alone keeps two apart there
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in {errno.EWOULDBLOCK, errno.EACCES}
    return True


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with contextlib.closing(listener):
        if os.name == "posix":  # elsewhere it would let a second server in
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_HOST, port))
            listener.listen()  # before anybody is told of it
        except OSError as error:
            raise ConsoleError(
                409,
                f"port {port} can't be used",
                got=error.strerror or str(error),
                remedy="stop what uses it, or name another: --port 0 takes a free one",
            ) from error
        yield listener
