"""One sitting being recorded: devices, pipeline, journal and acts, on the server's event loop."""

import asyncio
import contextlib
import dataclasses
import logging
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from wearaffect.clinic.console.acts import do_act, do_form_act
from wearaffect.clinic.console.broadcast import Broadcast
from wearaffect.clinic.console.clock import SittingClock, pace_of
from wearaffect.clinic.console.closing import Closing, MakeReport
from wearaffect.clinic.console.form_view import form_view
from wearaffect.clinic.console.plan import Plan
from wearaffect.clinic.console.resting import RestKeeper
from wearaffect.clinic.console.screen import Screen
from wearaffect.clinic.console.taps import ActLog, SittingTap
from wearaffect.clinic.console.view import problem_view, view_of
from wearaffect.clinic.sitting.checks import StreamCheck
from wearaffect.clinic.sitting.errors import SittingError
from wearaffect.clinic.sitting.records import about
from wearaffect.clinic.sitting.sitting import Sitting
from wearaffect.clinic.sitting.state import SittingState, Stage
from wearaffect.core.affect import Outcome
from wearaffect.core.errors import WearAffectError
from wearaffect.core.protocols import Device, Sink
from wearaffect.devices.registry import open_device
from wearaffect.pipeline.live import live
from wearaffect.recording.journal import JournalSettings, JournalWriter

__all__ = ["Recorder"]

_LOG = logging.getLogger(__name__)
_PATIENCE_S = 15.0  # for a device that doesn't let go (engineering choice)
_TICK_S = 1 / 30  # pages draw no faster (engineering choice)


class Recorder:
    """Records one sitting from connecting the devices to closing the journal.

    Recording begins as soon as the devices are there: the signal check is part of the recording,
    and nothing is connected without consent. Devices are left when the review begins; the journal
    stays open until the sitting is closed, as corrections are records, too.

    Parameters
    ----------
    plan : Plan
        What is asked for.
    folder : Path
        The session folder; must not exist.
    settings : JournalSettings or None
        How the journal is kept; planned length, alarm and header are filled in here.
    sinks : sequence of Sink
        What else gets chunks, outcomes and markers.
    make_report : callable or None
        Writes the report of a closed session folder.

    Raises
    ------
    SittingError
        No device, or no consent to be recorded.
    DeviceUriError
        Devices on different time lines.
    """

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        *,
        settings: JournalSettings | None = None,
        sinks: Sequence[Sink] = (),
        make_report: MakeReport | None = None,
    ) -> None:
        if not plan.devices:
            raise SittingError("no device is chosen", remedy="choose one, or look for devices")
        if not plan.consent.recording:
            raise SittingError(
                "nothing is connected without consent to be recorded",
                remedy="note the participant's consent first",
            )
        self.plan, self.folder, self.name = plan, folder, folder.name
        self.screen = Screen()
        sealed = settings is not None and settings.seal_to is not None
        self.resting = RestKeeper(None if sealed else folder)
        self.pace = pace_of(plan.devices)
        self.troubles: list[dict[str, Any]] = []
        self.connection = "connecting"
        self.closing: Closing | None = None
        self.wall_start_s = time.time()
        self.journal = JournalWriter(
            folder,
            participant=plan.participant,
            device=", ".join(plan.devices),
            intended_use=plan.use.sentence,
            wall_start_s=None,
            bundle_id=plan.bundle.manifest.id if plan.bundle else "",
            model_hash=plan.bundle.manifest.files["model.onnx"] if plan.bundle else "",
            settings=self._kept(settings or JournalSettings()),
        )
        self.now_ns: Callable[[], int] = time.monotonic_ns
        self._sitting: Sitting | None = None
        self._devices: list[Device] = []
        self._others, self._make_report = tuple(sinks), make_report
        self._begun = asyncio.Event()
        self._enough = asyncio.Event()
        self._broadcast = Broadcast(self.view, self.screen, self.shown)
        self._tasks: list[asyncio.Task[None]] = []
        self._n_views = 0
        self._stumbled = False

    def _kept(self, settings: JournalSettings) -> JournalSettings:
        return dataclasses.replace(
            settings,
            planned_s=self.plan.protocol.planned_s,
            about={**settings.about, **about(self.plan.protocol, self.plan.consent)},
            alarm=lambda trouble: self.troubles.append(problem_view(trouble)),
        )

    # ---- connecting and recording

    async def connect(self) -> None:
        """Enter the devices and begin to record; returns once it does.

        Raises
        ------
        DeviceError, SignalError, BundleMismatchError, RecordingError
            It can't; nothing is left behind.
        """
        self._devices = [await asyncio.to_thread(open_device, uri) for uri in self.plan.devices]
        recording = asyncio.create_task(self._record())
        begun = asyncio.create_task(self._begun.wait())
        try:
            await asyncio.wait([recording, begun], return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            recording.cancel()
            await asyncio.wait([recording])
            self.journal.abandon()
            raise
        finally:
            begun.cancel()
        if not self._begun.is_set():
            self.journal.abandon()
            recording.result()
            raise SittingError("the devices ended before anything came")
        self._tasks = [recording, asyncio.create_task(self._tick())]

    async def _record(self) -> None:
        try:
            await self._run()
            self.connection = "off" if self._enough.is_set() else "ended"
        except WearAffectError as error:
            if not self._begun.is_set():
                raise
            self._fail(problem_view(error))
        except Exception:
            if not self._begun.is_set():
                raise
            _LOG.exception("recording ended")
            self._fail({"name": "InternalError", "what": "the recording ended by a fault of ours"})

    async def _run(self) -> None:
        tap = SittingTap(self.journal, self.screen, self._others, self._start, self.shown)
        outcomes = live(
            self._devices,
            self.plan.bundle,
            [tap],
            rest=self.plan.rest or self.resting.rest,
            until=self._enough,
        )
        async with contextlib.aclosing(outcomes):
            async for _ in outcomes:
                pass

    def _fail(self, problem: Mapping[str, Any]) -> None:
        self._trouble(problem)
        self.connection = "failed"

    def _trouble(self, problem: Mapping[str, Any]) -> None:
        safe = "What was recorded so far is safe. Go on to self-report, then close the sitting."
        fields = dict.fromkeys(("expected", "got", "remedy"), "") | dict(problem)
        fields["remedy"] = f"{fields['remedy']} {safe}".strip()
        self.troubles.append(fields)

    def _start(self, tap: SittingTap, start_ns: int) -> None:
        """Open the sitting, now that the clock is known and the journal is there."""
        plan = self.plan
        self.wall_start_s = time.time()
        self.now_ns = SittingClock(self.pace, start_ns)
        sitting = Sitting.open(plan.participant, plan.protocol, plan.forms, self.now_ns)
        sitting.state_use(plan.use)
        sitting.note_consent(plan.consent)
        sitting.see_streams(self.screen.streams)
        if plan.rest is not None:
            sitting.reuse_rest(plan.rest_from, plan.participant, plan.rest.chain_id)
        sitting.attach(ActLog(self.journal, tap))
        self._sitting = sitting
        self.connection = "recording"
        self._begun.set()

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while not self.closed:
            await self._turn()
            due_s = max(due_s + _TICK_S, loop.time())
            await asyncio.sleep(due_s - loop.time())
        await self._turn()

    async def _turn(self) -> None:
        """Do what is done thirty times a second; what fails ends neither itself nor the other."""
        with self._stumbling():
            await self.resting.follow(self.sitting, self.screen.start_ns)
        with self._stumbling():
            self._broadcast.tick(self.now_ns())

    @contextlib.contextmanager
    def _stumbling(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001 - pages must be told of it, once
            if not self._stumbled:
                _LOG.exception("something beside the recording failed")
                what = "something beside the recording failed"
                self._trouble({"name": type(error).__name__, "what": what, "got": str(error)})
            self._stumbled = True

    # ---- what others ask

    @property
    def sitting(self) -> Sitting:
        """The sitting, once it records."""
        if self._sitting is None:
            raise SittingError("the devices aren't connected yet")
        return self._sitting

    @property
    def state(self) -> SittingState:
        """What the sitting is now."""
        return self.sitting.state

    def shown(self, outcome: Outcome) -> Outcome:
        """Give an outcome as it may be seen, stored and sent on."""
        return self.sitting.shown(outcome)

    @property
    def closed(self) -> bool:
        """Whether it can be put away."""
        return self.closing is not None and self.closing.result is not None

    @property
    def n_watchers(self) -> int:
        """How many pages look on."""
        return self._broadcast.n_watchers

    @property
    def devices(self) -> Sequence[Device]:
        """Those that were entered, in the order of their addresses."""
        return self._devices

    def lights(self) -> dict[str, StreamCheck | None]:
        """Give the light of each stream."""
        return self.screen.lights(self.now_ns())

    def view(self) -> dict[str, Any]:
        """Give the whole of it as pages read it: ``View``; each has a higher number."""
        self._n_views += 1
        return view_of(self) | {"n": self._n_views}

    def form_view(self, *, operator: bool) -> dict[str, Any]:
        """Give what there is to fill in: ``FormView``."""
        return form_view(self.state, self.screen.start_ns, operator=operator)

    def overview(self, points: int = 2000) -> dict[str, Any]:
        """Give the envelope of what was recorded: ``Overview``."""
        return self.screen.overview(points)

    def messages(self) -> AsyncGenerator[bytes]:
        """Give the messages for one socket, from the beginning."""
        return self._broadcast.messages(self.now_ns)

    # ---- acts

    async def act(self, act: Mapping[str, Any], *, who: str) -> None:
        """Do a ``SittingAct``; closing goes on behind.

        Raises
        ------
        SittingError
            The sitting doesn't allow it as it stands, or nothing is kept any more.
        """
        do_act(self, act, who)
        agreed = self.state.consent is not None and self.state.consent.recording
        if self.state.stage in {Stage.REVIEW, Stage.CLOSED} or not agreed:
            self._enough.set()
        if self.state.stage is Stage.CLOSED and self.closing is None:
            self.closing = Closing()
            ending = self.closing.run(self._end_journal, self.folder, self._make_report)
            self._tasks.append(asyncio.create_task(ending))
        self._broadcast.changed()

    def form_act(self, act: Mapping[str, Any], *, who: str) -> dict[str, Any]:
        """Do a ``FormAct``; give the ``FormView`` after it."""
        do_form_act(self, act, who)
        self._broadcast.changed()
        return self.form_view(operator=who == "operator")

    # ---- the end

    async def _end_journal(self) -> None:
        """Leave the devices, then close the journal; what failed before was told then."""
        self._enough.set()
        await asyncio.wait(self._tasks[:1], timeout=_PATIENCE_S)
        use, consent = self.state.use or self.plan.use, self.state.consent or self.plan.consent
        self.journal.agree(consent.as_dict(), use.sentence)
        await asyncio.to_thread(self.journal.close)

    async def abandon(self) -> None:
        """Close the journal as it stands, as the server is being stopped."""
        if self.closing is not None:
            await asyncio.gather(*self._tasks[2:], return_exceptions=True)
        elif self._begun.is_set():
            self.journal.audit("recorder", "server stopped", reason="nobody closed the sitting")
            with contextlib.suppress(WearAffectError):  # it was told as trouble
                await self._end_journal()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
