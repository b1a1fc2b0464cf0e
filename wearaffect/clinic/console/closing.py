"""The end of a session: the journal closed, verified, reported."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from wearaffect.clinic.console.view import problem_view
from wearaffect.core.errors import WearAffectError
from wearaffect.recording.verify import Verification, verify

__all__ = ["Closing", "MakeReport"]

_LOG = logging.getLogger(__name__)
MakeReport = Callable[[Path], Awaitable[None]]
_COUNTS = ("stored", "expected", "lost_in_gaps", "damaged")


class Closing:
    """Closes a session, step by step, while pages look on.

    Attributes
    ----------
    step : str
        ``journal``, ``verify`` or ``report``.
    problem : mapping or None
        What went wrong; what came before it holds.
    result : mapping or None
        What became of it, once it is over: ``Closed``.
    """

    def __init__(self) -> None:
        self.step = "journal"
        self.problem: dict[str, Any] | None = None
        self.result: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give it as pages read it."""
        return {"step": self.step, "done": self.result is not None, "problem": self.problem}

    async def run(
        self, end_journal: Callable[[], Awaitable[None]], folder: Path, report: MakeReport | None
    ) -> None:
        """Do all steps that can be done.

        Parameters
        ----------
        end_journal : callable
            Closes the journal.
        folder : Path
            The session folder.
        report : callable or None
            Writes the report.
        """
        verified = None
        if await self._tried(end_journal()):
            self.step = "verify"
        # what is safe is said also where the journal ended in trouble
        with contextlib.suppress(WearAffectError, OSError):
            verified = await asyncio.to_thread(verify, folder)
        if report is not None and self.problem is None:
            self.step = "report"
            await self._tried(report(folder))
        self.result = _closed(folder, verified, self.problem)

    async def _tried(self, step: Awaitable[None]) -> bool:
        try:
            await step
        except WearAffectError as error:
            self.problem = problem_view(error)
        except Exception:  # noqa: BLE001 - whatever it is, the page must learn of it
            _LOG.exception("closing a session")
            self.problem = dict.fromkeys(("expected", "got"), "") | {
                "name": "InternalError",
                "what": "closing failed by a fault of ours",
                "remedy": "what is on the disk is safe: verify or recover the session by hand",
            }
        return self.problem is None


def _closed(
    folder: Path, verified: Verification | None, problem: dict[str, Any] | None
) -> dict[str, Any]:
    stored: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError):  # the disk may be gone
        stored = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    streams = verified.streams if verified else stored.get("streams", {})
    return {
        "ok": bool(verified and verified.ok),
        "problems": list(verified.problems) if verified else ["it wasn't verified"],
        "audit_head": stored.get("audit_head", ""),
        "sha256": stored.get("sha256", ""),
        "streams": {
            name: {k: account.get(k) for k in _COUNTS} for name, account in streams.items()
        },
        "report": (folder / "report.html").is_file(),
        "report_problem": "" if problem is None else problem["what"],
    }
