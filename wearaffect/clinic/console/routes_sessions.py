"""Recorded sessions: listed, verified, recovered, reported, exported."""

import asyncio
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from wearaffect.clinic.console.access import Operating, Watching
from wearaffect.clinic.console.bodies import ExportOrder
from wearaffect.clinic.console.problems import ConsoleError
from wearaffect.clinic.console.room import Console, console_of
from wearaffect.clinic.console.shelf import REPORT, SessionFacts

__all__ = ["router"]

# all that a report needs: its own style and pictures, nothing that runs, no origin
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
router = APIRouter(prefix="/api/sessions")


@dataclass(frozen=True, slots=True)
class Made:
    """A session that was made from another."""

    name: str


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that can be fetched."""

    file: str
    bytes: int


@dataclass(frozen=True, slots=True)
class StreamAccount:
    """What became of a stream's samples."""

    stored: int
    expected: int | None
    lost_in_gaps: int
    damaged: int


@dataclass(frozen=True, slots=True)
class Closed:
    """How a closed session stands."""

    ok: bool
    problems: list[str]
    audit_head: str
    sha256: str
    streams: dict[str, StreamAccount]
    report: bool
    report_problem: str


@router.get("")
async def sessions(request: Request, who: Watching) -> list[SessionFacts]:  # noqa: ARG001
    """List all, newest first."""
    return await asyncio.to_thread(console_of(request).shelf.facts)


@router.post("/{name}/verify")
async def verify(name: str, request: Request, who: Operating) -> Closed:  # noqa: ARG001
    """Check every count and hash."""
    console = console_of(request)
    folder = console.shelf.idle_folder(name)
    found = await console.chores.ask("session", "verify", folder)
    header = console.shelf.account(name)
    return Closed(
        ok=found["ok"],
        problems=found["problems"],
        audit_head=str(header.get("audit_head", "")),
        sha256=str(header.get("sha256", "")),
        streams={key: _account(told) for key, told in found["streams"].items()},
        report=(folder / REPORT).is_file(),
        report_problem="",
    )


@router.post("/{name}/recover")
async def recover(name: str, request: Request, who: Operating) -> Made:  # noqa: ARG001
    """Make a closed session of what is whole; the original is kept."""
    console = console_of(request)
    folder = console.shelf.idle_folder(name)
    made = folder.with_name(f"{name}-recovered")
    await console.chores.ask("session", "recover", folder, "--out", made)
    return Made(made.name)


@router.get("/{name}/report", response_class=Response)
async def report(name: str, request: Request, who: Watching) -> Response:  # noqa: ARG001
    """Give the report, made if it isn't there yet."""
    console = console_of(request)
    folder = console.shelf.idle_folder(name)
    file = folder / REPORT
    if not file.is_file():
        await console.report(folder)
    if not file.is_file() or file.is_symlink():
        raise ConsoleError(409, "the report didn't come about")
    policy = {"Content-Security-Policy": _REPORT_POLICY}
    return FileResponse(file, media_type="text/html", headers=policy)


@router.post("/{name}/export")
async def export(name: str, body: ExportOrder, request: Request, who: Operating) -> Exported:  # noqa: ARG001
    """Write a session as others read it, into one file."""
    console = console_of(request)
    folder = console.shelf.idle_folder(name)
    shelf = console.shelf.exports(name)
    shelf.mkdir(parents=True, exist_ok=True)
    stem = console.shelf.undated(name) if body.shift_time else name
    file = shelf / f"{stem}_{secrets.token_hex(4)}.zip"
    await _export(console, folder, file, body)
    return Exported(file.name, file.stat().st_size)


@router.get("/{name}/exports/{file}", response_class=Response)
async def fetch(name: str, file: str, request: Request, who: Operating) -> Response:  # noqa: ARG001
    """Give a file that was exported."""
    place = console_of(request).shelf.export(name, file)
    return FileResponse(place, media_type="application/zip", filename=place.name)


async def _export(console: Console, folder: Path, file: Path, order: ExportOrder) -> None:
    making = file.with_suffix(".making")
    packed = making / file.name
    inner = making / file.stem
    try:
        making.mkdir()
        words = ["--format", ",".join(dict.fromkeys(order.formats)), "--out", str(inner)]
        words += ["--shift-time"] if order.shift_time else []
        await console.chores.ask("session", "export", folder, *words)
        await console.chores.zip(inner, packed)
        packed.replace(file)
    finally:
        await asyncio.to_thread(shutil.rmtree, making, ignore_errors=True)


def _account(told: dict[str, Any]) -> StreamAccount:
    return StreamAccount(told["stored"], told["expected"], told["lost_in_gaps"], told["damaged"])
