"""Entering, what is at hand, and participants' codes."""

import asyncio
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from wearaffect.clinic.console.access import Anybody, Operating, Role, Watching
from wearaffect.clinic.console.bodies import CodeText, Invitation, Pass, Site
from wearaffect.clinic.console.desk import Desk, DeviceChoice, desk, found_choice
from wearaffect.clinic.console.room import console_of
from wearaffect.clinic.sitting.participants import next_code, read_code
from wearaffect.core.errors import WearAffectError
from wearaffect.devices.driver import Found
from wearaffect.devices.registry import Scanner, scanners

__all__ = ["router"]

_SCAN_S = 5.0  # engineering choice: what advertises each second is seen some times
router = APIRouter(prefix="/api")


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who entered."""

    role: Role


@dataclass(frozen=True, slots=True)
class Address:
    """Where another page is opened, once."""

    url: str


@dataclass(frozen=True, slots=True)
class Code:
    """A participant's code."""

    code: str


@dataclass(frozen=True, slots=True)
class Scanned:
    """What was found, and where nobody could look."""

    found: list[DeviceChoice]
    problems: list[str]


@router.post("/enter")
async def enter(body: Pass, request: Request, response: Response) -> Admitted:
    """Give the cookie of a role for a one-time token."""
    access = console_of(request).access
    role, secret = access.enter(body.token)
    response.set_cookie(access.cookie(role), secret, path="/", httponly=True, samesite="strict")
    return Admitted(role)


@router.post("/invite")
async def invite(body: Invitation, request: Request, who: Operating) -> Address:  # noqa: ARG001
    """Give a one-time address for another page."""
    console = console_of(request)
    return Address(console.invitation(Role(body.role)))


@router.post("/leave", status_code=204)
async def leave(request: Request, response: Response, who: Anybody) -> None:
    """Give the cookie up."""
    access = console_of(request).access
    access.leave(who.secret)
    response.delete_cookie(access.cookie(who.role), path="/", httponly=True, samesite="strict")


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request, who: Operating) -> dict[str, Any]:  # noqa: ARG001
    """Give the description of these routes."""
    described: dict[str, Any] = request.app.openapi()
    return described


@router.get("/desk")
async def at_desk(request: Request, who: Watching) -> Desk:
    """Give everything that is at hand."""
    console = console_of(request)
    recorder = console.room.recorder
    disk = None if recorder is None else recorder.view()["disk"]
    return await asyncio.to_thread(desk, console.here, console.shelf, who.role, disk)


@router.post("/scan")
async def scan(request: Request, who: Operating) -> Scanned:  # noqa: ARG001
    """Look for devices; those that are found may be opened from now on."""
    console = console_of(request)
    async with console.scanning:
        looked = [(name, load) for name, load in scanners().items()]
        answers = await asyncio.gather(*(_looked(load()) for _, load in looked))
    found = [found_choice(one) for answer in answers if isinstance(answer, list) for one in answer]
    console.here.devices.update({choice.uri: choice for choice in found})
    problems = [
        f"{name}: {answer}"
        for (name, _), answer in zip(looked, answers, strict=True)
        if isinstance(answer, str)
    ]
    return Scanned(found, problems)


async def _looked(scanner: Scanner) -> list[Found] | str:
    try:
        return await scanner(_SCAN_S)
    except WearAffectError as error:
        return error.line()


@router.post("/codes/next")
async def fresh_code(body: Site, request: Request, who: Operating) -> Code:  # noqa: ARG001
    """Issue the next free code of a site."""
    taken = await asyncio.to_thread(console_of(request).shelf.codes)
    return Code(next_code(body.site, taken))


@router.post("/codes/read")
async def typed_code(body: CodeText, request: Request, who: Operating) -> Code:  # noqa: ARG001
    """Read a code as it was typed."""
    known = await asyncio.to_thread(console_of(request).shelf.codes)
    return Code(read_code(body.text, foreign=body.foreign, known=known))
