"""The server: one a folder, on the loopback interface, closing what it records when it stops."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from wearaffect.clinic.console.access import Access, Role
from wearaffect.clinic.console.app import console_app
from wearaffect.clinic.console.chores import Chores
from wearaffect.clinic.console.desk import AtHand
from wearaffect.clinic.console.guard import Guard
from wearaffect.clinic.console.problems import ConsoleError
from wearaffect.clinic.console.room import Console
from wearaffect.clinic.console.shelf import Shelf

__all__ = ["Addresses", "only_server", "serve"]

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


class _Server(uvicorn.Server):
    """Without signal handlers of its own: a second Ctrl-C is not to skip the closing."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    def stop(self) -> None:
        """End what is under way, then stop."""
        self.should_exit = True


def serve(here: AtHand, shelf: Shelf, port: int, told: Callable[[Addresses], None]) -> str:
    """Serve until somebody stops it: Ctrl-C, or SIGTERM.

    Parameters
    ----------
    here : AtHand
        What is at hand.
    shelf : Shelf
        Where recordings go.
    port : int
        Of 127.0.0.1; 0 is a free one.
    told : callable
        Takes the addresses once the server listens.

    Returns
    -------
    str
        Name of a sitting that was cut by the end, and was closed; empty: none was.

    Raises
    ------
    ConsoleError
        The port is in use, or another server has the folder.
    """
    with only_server(shelf.root), _listening(port) as listener:
        return asyncio.run(_serve(here, shelf, listener, told))


async def _serve(
    here: AtHand, shelf: Shelf, listener: socket.socket, told: Callable[[Addresses], None]
) -> str:
    port = listener.getsockname()[1]
    console = Console(f"http://{_HOST}:{port}", Access(port), here, shelf, Chores())
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
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, RuntimeError):  # Windows; not the main thread
            loop.add_signal_handler(number, server.stop)
    operator, participant = console.invitation(Role.OPERATOR), console.invitation(Role.PARTICIPANT)
    told(Addresses(port, operator, participant, tuple(shelf.unclosed())))
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
