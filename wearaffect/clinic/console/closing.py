"""The end of a session: the journal closed, verified, reported."""

import asyncio
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
        try:
            await end_journal()
            self.step = "verify"
            verified = await asyncio.to_thread(verify, folder)
            self.step = "report"
            if report is not None:
                await report(folder)
        except WearAffectError as error:
            self.problem = problem_view(error)
        except Exception:  # noqa: BLE001 - whatever it is, the page must learn of it
            _LOG.exception("closing a session")
            self.problem = {"name": "InternalError", "what": "closing failed by a fault of ours"}
            self.problem |= dict.fromkeys(("expected", "got"), "")
            self.problem["remedy"] = "nothing is lost: recover or verify the session by hand"
        self.result = _closed(folder, verified, self.problem)


def _closed(
    folder: Path, verified: Verification | None, problem: dict[str, Any] | None
) -> dict[str, Any]:
    stored = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    streams = verified.streams if verified else stored.get("streams", {})
    return {
        "ok": bool(verified and verified.ok),
        "problems": list(verified.problems) if verified else ["it wasn't verified"],
        "audit_head": stored.get("audit_head", ""),
        "sha256": stored.get("sha256", ""),
        "streams": {name: {k: account[k] for k in _COUNTS} for name, account in streams.items()},
        "report": (folder / "report.html").is_file(),
        "report_problem": "" if problem is None else problem["what"],
    }
