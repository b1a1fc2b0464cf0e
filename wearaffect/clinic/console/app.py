"""The application: its routes, and what they all share."""

from fastapi import FastAPI
from fastapi.routing import APIRoute

from wearaffect import __version__
from wearaffect.clinic.console import live, pages, routes, routes_sessions, routes_sitting
from wearaffect.clinic.console.problems import Refusal, add_handlers
from wearaffect.clinic.console.room import Console

__all__ = ["console_app"]

_REFUSALS = (400, 401, 403, 404, 405, 409, 413, 421, 422, 429)


def console_app(console: Console) -> FastAPI:
    """Make the application, not yet guarded.

    Parameters
    ----------
    console : Console
        What its routes need.

    Returns
    -------
    FastAPI
        Without pages of documentation, which would load scripts from elsewhere; its description is
        at ``/api/openapi.json`` for operators.
    """
    app = FastAPI(
        title="wearaffect console",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_name_of,
        responses={status: {"model": Refusal} for status in _REFUSALS},
    )
    app.state.console = console
    add_handlers(app)
    for part in (pages, routes, routes_sitting, routes_sessions, live):
        app.include_router(part.router)
    return app


def _name_of(route: APIRoute) -> str:
    return route.name
