"""The socket: what a sitting says, passed on to each page that watches.

A page that reads slowly, or not at all, holds up its own socket and nothing else.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from wearaffect.clinic.console.access import Entered, Role, Watching
from wearaffect.clinic.console.recorder import Recorder
from wearaffect.clinic.console.room import Console, console_of

__all__ = ["router"]

_NOT_TAKEN, _POLICY_VIOLATION, _TRY_LATER = 1003, 1008, 1013  # RFC 6455 and IANA's registry
_LOOK_S = 1.0  # how often it is asked whether the page is still admitted; engineering choice
router = APIRouter()


@router.websocket("/api/live")
async def live(socket: WebSocket, who: Watching) -> None:
    """Pass on one sitting after the other until the page goes."""
    console = console_of(socket)
    if console.sockets.locked():
        await socket.close(_TRY_LATER, "too many pages watch")
        return
    async with console.sockets:
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            await _first(_send(socket, console), _listen(socket), _watch(socket, console, who))


async def _send(socket: WebSocket, console: Console) -> None:
    while True:
        recorder = await console.room.entered()
        await _first(_pass_on(socket, recorder), console.room.left(recorder))


async def _pass_on(socket: WebSocket, recorder: Recorder) -> None:
    async with contextlib.aclosing(recorder.messages()) as messages:
        async for message in messages:
            await socket.send_bytes(message)
    await asyncio.Event().wait()  # said all; the next begins when this one is put away


async def _listen(socket: WebSocket) -> None:
    """Wait until the page goes; it has nothing to say here."""
    message = await socket.receive()
    if message["type"] == "websocket.receive":
        await socket.close(_NOT_TAKEN, "this socket only tells")


async def _watch(socket: WebSocket, console: Console, who: Entered) -> None:
    """Close it once the page has left or is locked; only an operator who watches a run uses it."""

    def admitted() -> bool:
        use = who.role is Role.OPERATOR and console.room.runs
        return console.access.admits(who.secret, who.role, use=use)

    while admitted():  # noqa: ASYNC110 - time passes
        await asyncio.sleep(_LOOK_S)
    await socket.close(_POLICY_VIOLATION, "the page isn't admitted any longer")


async def _first(*works: Coroutine[Any, Any, None]) -> None:
    """Do things beside one another until the first is done; the others end with it."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
