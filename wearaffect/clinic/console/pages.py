"""The page itself: files that were built once, and nothing else of the disk."""

import re
from collections.abc import Mapping
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, PlainTextResponse, Response

from wearaffect.clinic.console.problems import ConsoleError

__all__ = ["router"]

_STATIC = Path(__file__).parent / "static"
_ASSET = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")
_TYPES: Mapping[str, str] = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
router = APIRouter(include_in_schema=False)


@router.get("/")
async def console() -> Response:
    """Give the operator's and the viewer's page."""
    return _page("index.html")


@router.get("/form")
async def form() -> Response:
    """Give the participant's page."""
    return _page("form.html")


@router.get("/assets/{name}")
async def asset(name: str) -> Response:
    """Give a file that a page needs."""
    file = _STATIC / "assets" / name
    kind = _TYPES.get(file.suffix)
    if _ASSET.fullmatch(name) is None or kind is None or not file.is_file():
        raise ConsoleError(404, "no such file")
    return FileResponse(file, media_type=kind, headers={"Cache-Control": "no-cache"})


def _page(name: str) -> Response:
    file = _STATIC / name
    if not file.is_file():
        text = "The page isn't built yet: run npm ci and npm run build in the folder console.\n"
        return PlainTextResponse(text, 503)
    return FileResponse(file, media_type="text/html", headers={"Cache-Control": "no-cache"})
