"""The sitting that is there: prepared, acted on, put away; and its self-report."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from wearaffect.clinic.console import bodies
from wearaffect.clinic.console.access import AtForm, Operating, Role, Watching
from wearaffect.clinic.console.planning import checked_plan
from wearaffect.clinic.console.problems import ConsoleError
from wearaffect.clinic.console.recorder import Recorder
from wearaffect.clinic.console.room import console_of
from wearaffect.clinic.sitting.forms import hints_of_identity
from wearaffect.devices.sinks import open_sink
from wearaffect.recording.journal import JournalSettings

__all__ = ["router"]

_MOST_HINTS, _LONGEST_HINT = 5, 120  # so that they fit a header; engineering choice
_NO_FORM: dict[str, Any] = {"open": False, "page": None, "document": None, "due": [], "choices": []}
router = APIRouter(prefix="/api")


@router.post("/sitting")
async def prepare(body: bodies.Plan, request: Request, who: Operating) -> dict[str, Any]:  # noqa: ARG001
    """Connect the devices, and begin to record."""
    console = console_of(request)
    plan = await asyncio.to_thread(checked_plan, body, console.here, console.shelf)
    labels = plan.bundle.manifest.labels if plan.bundle else ()

    def make() -> Recorder:
        return Recorder(
            plan,
            console.shelf.new_folder(plan.participant, datetime.now(UTC)),
            settings=JournalSettings(seal_to=console.here.seal_to),
            sinks=[open_sink(address, labels) for address in console.here.sinks],
            make_report=console.report,
        )

    # a page that is closed meanwhile doesn't undo it
    recorder = await asyncio.shield(console.room.open(make))
    return recorder.view()


@router.get("/sitting")
async def sitting(request: Request, who: Watching) -> dict[str, Any] | None:  # noqa: ARG001
    """Give how the sitting stands, if there is one."""
    recorder = console_of(request).room.recorder
    return None if recorder is None else recorder.view()


@router.get("/sitting/overview")
async def overview(request: Request, who: Watching) -> dict[str, Any]:  # noqa: ARG001
    """Give what was recorded so far."""
    return console_of(request).room.require().overview()


@router.post("/sitting/acts")
async def act(body: bodies.SittingAct, request: Request, who: Operating) -> dict[str, Any]:
    """Do something in the sitting."""
    recorder = console_of(request).room.require()
    await recorder.act(body.model_dump(), who=str(who.role))
    return recorder.view()


@router.post("/sitting/clear", status_code=204)
async def clear(request: Request, who: Operating) -> None:  # noqa: ARG001
    """Put a closed sitting away."""
    await console_of(request).room.clear()


@router.get("/form")
async def form(request: Request, who: AtForm) -> dict[str, Any]:
    """Give the page of self-report that is being filled, and what is due."""
    recorder = console_of(request).room.recorder
    return dict(_NO_FORM) if recorder is None else recorder.form_view(operator=_operates(who.role))


@router.post("/form/acts")
async def form_act(
    body: bodies.FormAct, request: Request, response: Response, who: AtForm
) -> dict[str, Any]:
    """Open, answer or close a page."""
    recorder = console_of(request).room.require()
    if not _operates(who.role):
        _require_own(body, recorder.form_view(operator=False))
    view = recorder.form_act(body.model_dump(), who=str(who.role))
    if isinstance(body, bodies.GiveAnswer) and isinstance(body.answer, str):
        hints = [hint[:_LONGEST_HINT] for hint in hints_of_identity(body.answer)[:_MOST_HINTS]]
        response.headers["X-Identity-Hints"] = json.dumps(hints)
    return view


def _operates(role: Role) -> bool:
    return role == Role.OPERATOR


def _require_own(body: bodies.OpenPage | bodies.GiveAnswer | bodies.ClosePage, view: Any) -> None:
    """Keep a participant's page to what is due, and to the page that is open."""
    if isinstance(body, bodies.OpenPage):
        due = [(one["phase"], one["form"]) for one in view["due"]]
        phases = [phase for phase, form in due if form == body.form]
        fits = bool(phases) and body.phase in (None, *phases)
    else:
        fits = view["page"] is not None and view["page"]["id"] == body.id
    if not fits:
        raise ConsoleError(
            409, "not a page that is to be filled now", remedy="ask whoever is with you"
        )
