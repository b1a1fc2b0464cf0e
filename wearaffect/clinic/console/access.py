"""Who may do what: one-time tokens for cookies, and what each route asks for.

A token stands in an address that the server prints (or gives to an operator), behind the ``#``, so
that it never reaches a log. It serves once, within an hour. What the browser gets for it is a
cookie that no script can read and no other site can send. The server keeps hashes of both, in
memory only: a new start locks everybody out.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import Depends
from starlette.exceptions import WebSocketException
from starlette.requests import HTTPConnection

from wearaffect.clinic.console.problems import ConsoleError

__all__ = ["Access", "Anybody", "AtForm", "Entered", "Needs", "Operating", "Role", "Watching"]

_TOKEN_S = 3600.0  # engineering choice
_IDLE_S = 8 * 3600.0  # engineering choice: a working day
_WRONG_A_SECOND = 20  # nobody guesses 256 bits; engineering choice
_MOST_TOKENS = 100  # that wait to be used; engineering choice
_POLICY_VIOLATION = 1008  # RFC 6455, 7.4.1


class Role(StrEnum):
    """What a page may do."""

    OPERATOR = "operator"
    VIEWER = "viewer"
    PARTICIPANT = "participant"


def _clock_s() -> float:
    """Seconds that go on while a computer sleeps, where the system counts them."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


@dataclass(slots=True)
class _Page:
    role: Role
    seen_s: float


class Access:
    """Tokens that wait, and pages that have entered. Lives on the event loop.

    Parameters
    ----------
    port : int
        Stands in the cookies' names: browsers don't tell the ports of a machine apart, and another
        server's cookie isn't to take this one's place.
    now_s : callable
        A clock.
    busy : callable
        Whether a sitting runs: nobody is locked out of it.
    """

    def __init__(
        self,
        port: int,
        now_s: Callable[[], float] = _clock_s,
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._port = port
        self._now_s = now_s
        self._busy = busy
        self._tokens: dict[bytes, tuple[Role, float]] = {}
        self._pages: dict[bytes, _Page] = {}
        self._wrong_s: list[float] = []

    def cookie(self, role: Role) -> str:
        """Name of a role's cookie: one a role, so that no page takes another's place."""
        return f"wearaffect_{role}_{self._port}"

    def invite(self, role: Role) -> str:
        """Make a token; the oldest ones make room."""
        token = secrets.token_urlsafe(32)
        while len(self._tokens) >= _MOST_TOKENS:
            del self._tokens[next(iter(self._tokens))]
        self._tokens[_hash(token)] = role, self._now_s() + _TOKEN_S
        return token

    def enter(self, token: str) -> tuple[Role, str]:
        """Take a token for a role and the secret of a new cookie.

        Raises
        ------
        ConsoleError
            It isn't a token, was used, or is older than an hour; or wrong ones came too fast.
        """
        now_s = self._now_s()
        self._wrong_s = [s for s in self._wrong_s if now_s - s < 1.0]
        if len(self._wrong_s) >= _WRONG_A_SECOND:
            raise ConsoleError(429, "too many wrong tokens", remedy="wait a second")
        given, found = _hash(token), None
        for known in self._tokens:  # all of them, each in constant time
            if hmac.compare_digest(known, given):
                found = known
        role, until_s = self._tokens.pop(found) if found else (Role.VIEWER, -1.0)
        if found is None or now_s > until_s:
            self._wrong_s.append(now_s)
            raise ConsoleError(
                401,
                "the address can't be used",
                expected="one that is new: each serves once, within an hour",
                remedy="ask the operator for another, or press Enter in the server's terminal",
            )
        secret = secrets.token_urlsafe(32)
        self._pages = {k: p for k, p in self._pages.items() if not self._locked(p)}
        self._pages[_hash(secret)] = _Page(role, now_s)
        return role, secret

    def admits(self, secret: str, role: Role, *, use: bool = True) -> bool:
        """Whether a cookie is that of a page of this role; using it keeps it from being locked."""
        page = self._pages.get(_hash(secret))
        if page is None or page.role != role or self._locked(page):
            return False
        if use:
            page.seen_s = self._now_s()
        return True

    def _locked(self, page: _Page) -> bool:
        return self._now_s() - page.seen_s > _IDLE_S and not self._busy()

    def leave(self, secret: str) -> None:
        """Forget a page."""
        self._pages.pop(_hash(secret), None)


@dataclass(frozen=True, slots=True)
class Entered:
    """Who asks: the role, and the secret of its cookie."""

    role: Role
    secret: str


class Needs:
    """What a route asks for; a dependency of FastAPI.

    A browser may hold cookies of several roles. A page that isn't to act as the highest of them
    says so in the header ``X-As``.

    Parameters
    ----------
    *roles : Role
        Those that may, the highest first.

    Raises
    ------
    ConsoleError
        When called: nobody entered (401), or only somebody who may not (403).
    """

    def __init__(self, *roles: Role) -> None:
        self.roles = roles

    async def __call__(self, connection: HTTPConnection) -> Entered:
        """Give who asks."""
        try:
            return self._who(connection)
        except ConsoleError as error:
            if connection.scope["type"] == "websocket":
                raise WebSocketException(_POLICY_VIOLATION, error.what) from error
            raise

    def _who(self, connection: HTTPConnection) -> Entered:
        access: Access = connection.app.state.console.access
        wanted = connection.headers.get("x-as")
        held = [
            Entered(role, secret)
            for role in Role
            if wanted in {None, str(role)}
            and (secret := connection.cookies.get(access.cookie(role)))
            and access.admits(secret, role)
        ]
        for entered in held:
            if entered.role in self.roles:
                return entered
        if held:
            allowed = " or ".join(self.roles)
            raise ConsoleError(403, "not for this page", expected=allowed, got=str(held[0].role))
        raise ConsoleError(
            401,
            "nobody has entered here",
            remedy="open the address that the server printed, or one that the operator gives; "
            "Enter in the server's terminal prints another",
        )


Operating = Annotated[Entered, Depends(Needs(Role.OPERATOR))]
Watching = Annotated[Entered, Depends(Needs(Role.OPERATOR, Role.VIEWER))]
AtForm = Annotated[Entered, Depends(Needs(Role.OPERATOR, Role.PARTICIPANT))]
Anybody = Annotated[Entered, Depends(Needs(*Role))]
