"""What stands before everything: whose pages may ask at all, how much, and what browsers are told.

Outermost, for requests and sockets alike. Pages of other sites in the same browser are kept out by
``Host`` (a name that was made to point here), ``Origin`` and ``Sec-Fetch-Site``; cookies alone
can't do that, as browsers don't tell the ports of a machine apart.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wearaffect.clinic.console.problems import ConsoleError, refuse

__all__ = ["LARGEST_BODY_BYTES", "Guard"]

LARGEST_BODY_BYTES = 64 * 1024  # engineering choice: ten times the longest answer
_TOO_MUCH = f"too much at once, more than {LARGEST_BODY_BYTES // 1024} KiB"
_READING = {"GET", "HEAD", "OPTIONS"}
_OWN_SITE = {None, "same-origin", "none"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Lets requests through that are the console's own.

    Parameters
    ----------
    app : ASGI application
        What is guarded.
    port : int
        Where it listens.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        if port == 80:  # then browsers leave it out
            self._hosts |= {"127.0.0.1", "localhost", "[::1]"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        error = self._refused(scope, Headers(scope=scope))
        if scope["type"] == "websocket":
            if error is None:
                await self._app(scope, receive, send)
            else:
                await receive()
                await send({"type": "websocket.close", "code": 1008, "reason": error.what})
            return
        telling = _telling(send)
        if error is not None:
            await refuse(error)(scope, receive, telling)
        else:
            await self._app(scope, _limited(receive), telling)

    def _refused(self, scope: Scope, headers: Headers) -> ConsoleError | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return ConsoleError(
                421,
                "not this server's name",
                expected="127.0.0.1 or localhost with its port",
                remedy="open the address as the server printed it",
            )
        origin = f"http://{hosts[0].lower()}"
        socket = scope["type"] == "websocket"
        if not _from_here(headers, origin, needed=socket):
            return ConsoleError(403, "another site's page asks", expected="a page of this server")
        if not socket and _claimed_bytes(headers) > LARGEST_BODY_BYTES:
            return ConsoleError(413, _TOO_MUCH)
        if not socket and scope["method"] not in _READING:
            return _foreign(headers, origin)
        return None


def _foreign(headers: Headers, origin: str) -> ConsoleError | None:
    if headers.get("origin", origin) == origin:
        return None
    return ConsoleError(403, "another site's page asks", expected="a page of this server")


def _from_here(headers: Headers, origin: str, *, needed: bool) -> bool:
    if headers.get("sec-fetch-site") not in _OWN_SITE:
        return False
    return not needed or headers.get("origin") == origin


def _claimed_bytes(headers: Headers) -> int:
    claimed = headers.get("content-length", "0")
    return int(claimed) if claimed.isascii() and claimed.isdigit() else 0


def _limited(receive: Receive) -> Receive:
    """Count what comes: a length may be missing."""
    n_bytes = 0

    async def counted() -> Message:
        nonlocal n_bytes
        message = await receive()
        n_bytes += len(message.get("body", b""))
        if n_bytes > LARGEST_BODY_BYTES:
            raise HTTPException(413, _TOO_MUCH)
        return message

    return counted


def _telling(send: Send) -> Send:
    """Add what browsers are told; a route may tell more strictly."""

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return told
