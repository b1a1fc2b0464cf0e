"""The rest of a sitting: told to the chain when it is over, kept for later sittings."""

import asyncio
import logging
from pathlib import Path

from wearaffect.clinic.sitting.running import rest_intervals
from wearaffect.clinic.sitting.sitting import Sitting
from wearaffect.clinic.sitting.state import Stage
from wearaffect.signals.enrolment import Enrolment, RestToCome

__all__ = ["ENROLMENT", "RestKeeper"]

ENROLMENT = "enrolment.json"
"""Where a session folder keeps the resting state that was taken in it."""

_LOG = logging.getLogger(__name__)


class RestKeeper:
    """Follows the resting phases of a sitting.

    Parameters
    ----------
    folder : Path or None
        Where the resting state is kept; None: nowhere, as beside a sealed recording, which must not
        leave the person's features in clear.

    Attributes
    ----------
    rest : RestToCome
        What the chain is given.
    """

    def __init__(self, folder: Path | None) -> None:
        self.rest = RestToCome()
        self._folder = folder
        self._n_told = 0

    async def follow(self, sitting: Sitting, origin_ns: int) -> None:
        """Tell the chain of a rest that is over, and the sitting of a resting state.

        Where the first rest was too poor, the next phase of rest is told.

        Parameters
        ----------
        sitting : Sitting
            The sitting.
        origin_ns : int
            Host time that counts as zero seconds.
        """
        state, taken = sitting.state, self.rest.enrolment
        if state.resting is not None or state.stage not in {Stage.RUN, Stage.SELF_REPORT}:
            return
        if taken is not None:
            await asyncio.to_thread(self._keep, taken)
            sitting.rest_taken(taken.chain_id, taken.sha256)
            return
        held = rest_intervals(state, origin_ns)
        if len(held) > self._n_told and (self.rest.failed or not self._n_told):
            self.rest.tell(held[self._n_told])
            self._n_told += 1

    def _keep(self, taken: Enrolment) -> None:
        if self._folder is None:
            return
        try:
            taken.save(self._folder / ENROLMENT)
        except OSError as error:
            _LOG.warning("the resting state can't be kept for later sittings: %s", error)
