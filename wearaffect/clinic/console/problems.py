"""What the server says when it doesn't do something: always a `Problem`, never a traceback."""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from wearaffect.clinic.console.view import problem_view
from wearaffect.clinic.sitting.errors import (
    AnswerError,
    ParticipantCodeError,
    StartBlockedError,
)
from wearaffect.core.errors import DeviceUriError, RecordingNotFoundError, WearAffectError

__all__ = ["ConsoleError", "Refusal", "add_handlers", "problem_of", "refusal", "refuse"]

_LONGEST_SHOWN = 100  # characters of what came; engineering choice
_STATUS: tuple[tuple[type[WearAffectError], int], ...] = (
    (RecordingNotFoundError, 404),
    (AnswerError, 422),
    (ParticipantCodeError, 422),
    (DeviceUriError, 422),
)


class ConsoleError(WearAffectError):
    """Something the server doesn't do; `status` is the number HTTP has for the kind of reason."""

    def __init__(
        self, status: int, what: str, *, expected: str = "", got: str = "", remedy: str = ""
    ) -> None:
        self.status = status
        super().__init__(what, expected=expected, got=got, remedy=remedy)


class Blocker(BaseModel):
    """Why a sitting can't start."""

    code: str
    about: str
    text: str


class Problem(BaseModel):
    """An error as the page gets it."""

    name: str
    what: str
    expected: str
    got: str
    remedy: str
    suggestions: list[str] | None = None
    blockers: list[Blocker] | None = None


class Refusal(BaseModel):
    """The body of every answer that isn't 2xx."""

    error: Problem


def problem_of(error: WearAffectError) -> dict[str, Any]:
    """Give an error as `Problem`."""
    found = problem_view(error)
    if isinstance(error, ParticipantCodeError):
        found["suggestions"] = list(error.suggestions)
    if isinstance(error, StartBlockedError):
        found["blockers"] = [
            {"code": why.code, "about": why.about, "text": str(why)} for why in error.blockers
        ]
    return found


def refusal(status: int, problem: dict[str, Any]) -> Response:
    """Give the answer that says a problem; what came is in it as ASCII, whatever it was."""
    return Response(
        json.dumps({"error": problem}), status_code=status, media_type="application/json"
    )


def refuse(error: WearAffectError) -> Response:
    """Give the answer that says an error."""
    if isinstance(error, ConsoleError):
        return refusal(error.status, problem_of(error))
    found = (status for kind, status in _STATUS if isinstance(error, kind))
    return refusal(next(found, 409), problem_of(error))


def add_handlers(app: FastAPI) -> None:
    """Have every error of the application answered with a `Problem`."""
    app.add_exception_handler(WearAffectError, _ours)
    app.add_exception_handler(OSError, _of_system)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_input)
    app.add_exception_handler(Exception, _unforeseen)


async def _ours(_request: Request, error: Exception) -> Response:
    assert isinstance(error, WearAffectError)
    return refuse(error)


async def _of_system(_request: Request, error: Exception) -> Response:
    assert isinstance(error, OSError)
    what = f"the system refuses: {error.strerror or type(error).__name__}"
    remedy = "make room, or look at the folder of the recordings"
    return refuse(ConsoleError(409, what, got=str(error.filename or ""), remedy=remedy))


async def _of_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = refuse(ConsoleError(error.status_code, error.detail))
    answer.headers.update(error.headers or {})
    return answer


async def _of_input(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return refuse(
        ConsoleError(
            422,
            ".".join(map(str, first["loc"])),
            expected=str(first["msg"]),
            got=ascii(first.get("input"))[:_LONGEST_SHOWN],
        )
    )


async def _unforeseen(_request: Request, error: Exception) -> Response:
    # whoever runs the application logs it: it is raised again after this
    return refuse(
        ConsoleError(
            500,
            "the server made a mistake",
            got=type(error).__name__,
            remedy="a recording that runs goes on; the server's log says more",
        )
    )
