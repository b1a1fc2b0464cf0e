"""A recording through the chain and the bundle, exactly as live would have done it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from time import perf_counter

from wearaffect.bundle.model import NO_REST, ModelBundle
from wearaffect.core.affect import Abstention, AffectEstimate, Outcome
from wearaffect.core.errors import BundleMismatchError
from wearaffect.core.streams import SignalChunk, Watermark
from wearaffect.core.windows import Window
from wearaffect.recording.session import Session
from wearaffect.signals.chain import Chain
from wearaffect.signals.enrolment import Enrolment, RestInterval

__all__ = ["Analysis", "analyze", "windows_of"]

Progress = Callable[[float], None]
"""Called with the share of the recording that is done, 0 to 1."""

_BATCH = 64  # windows a call of the graph; engineering choice


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What came of one recording.

    Attributes
    ----------
    session : Session
        The recording.
    bundle : ModelBundle
        What estimated.
    windows : tuple of Window
        Without their signals: time, quality, features, resting state.
    outcomes : tuple of AffectEstimate or Abstention
        One a window.
    enrolment : Enrolment or None
        The resting state, once taken.
    rest : RestInterval, Enrolment or None
        What was asked for.
    seconds : float
        How long it took.
    """

    session: Session
    bundle: ModelBundle
    windows: tuple[Window, ...]
    outcomes: tuple[Outcome, ...]
    enrolment: Enrolment | None
    rest: RestInterval | Enrolment | None
    seconds: float

    @property
    def estimates(self) -> tuple[AffectEstimate, ...]:
        """The windows that were estimated."""
        return tuple(o for o in self.outcomes if isinstance(o, AffectEstimate))

    @property
    def withheld_by_reason(self) -> dict[str, int]:
        """How many windows were withheld, by their first reason."""
        counts: dict[str, int] = {}
        for outcome in self.outcomes:
            if isinstance(outcome, Abstention):
                counts[outcome.reasons[0]] = counts.get(outcome.reasons[0], 0) + 1
        return dict(sorted(counts.items(), key=lambda item: -item[1]))

    @property
    def coverage(self) -> float:
        """Share of windows that were estimated, of all."""
        return len(self.estimates) / len(self.outcomes) if self.outcomes else 0.0

    @property
    def rest_missing(self) -> bool:
        """Whether windows were withheld because no resting state was taken."""
        return NO_REST in self.withheld_by_reason and self.enrolment is None


def windows_of(
    session: Session, chain: Chain, progress: Progress | None = None
) -> Iterator[Window]:
    """Give the windows of a recording.

    Parameters
    ----------
    session : Session
        Live recordings repeat their arrivals and lateness decisions.
    chain : Chain
        Fresh, with the session's start as origin.
    progress : callable or None
        Called with the share that is done.

    Yields
    ------
    Window
        In time order.
    """
    whole = max(session.end_ns - session.start_ns, 1)
    for event in session.feed():
        match event:
            case SignalChunk():
                chain.push(event)
            case Watermark(time_ns):
                yield from chain.advance(time_ns)
                if progress is not None:
                    progress(min(1.0, (time_ns - session.start_ns) / whole))


def analyze(
    session: Session,
    bundle: ModelBundle,
    *,
    rest: RestInterval | Enrolment | None = None,
    without_enrolment: bool = False,
    progress: Progress | None = None,
) -> Analysis:
    """Run a bundle over a recording.

    Parameters
    ----------
    session : Session
        From `open_session`.
    bundle : ModelBundle
        From `load_bundle`.
    rest : RestInterval, Enrolment or None
        When the person rests in this recording, or a resting state taken earlier.
    without_enrolment : bool
        Answer where there is no resting state, too.
    progress : callable or None
        Called with the share that is done.

    Returns
    -------
    Analysis
        Every window with its estimate or the reasons why it is withheld.

    Raises
    ------
    BundleMismatchError
        The recording lacks every signal of the bundle, or carries one in another unit.
    EnrolmentError
        The enrolment is another chain's.
    """
    started = perf_counter()
    require_signals(session, bundle)
    chain = Chain(bundle.manifest.chain_settings, origin_ns=session.start_ns, rest=rest)
    windows: list[Window] = []
    outcomes: list[Outcome] = []
    batch: list[Window] = []

    def estimate() -> None:
        outcomes.extend(bundle.predict(batch, without_enrolment=without_enrolment))
        windows.extend(replace(window, signals={}) for window in batch)
        batch.clear()

    for window in windows_of(session, chain, progress):
        batch.append(window)
        if len(batch) == _BATCH:
            estimate()
    estimate()
    seconds = perf_counter() - started
    return Analysis(
        session, bundle, tuple(windows), tuple(outcomes), chain.enrolment, rest, seconds
    )


def require_signals(session: Session, bundle: ModelBundle) -> None:
    """Check that a recording carries what a bundle takes, in its units.

    Raises
    ------
    BundleMismatchError
        All misfits in one line.
    """
    wanted = {str(item["kind"]): str(item["unit"]) for item in bundle.manifest.inputs}
    carried = {str(s.info.kind): s.info for s in session.streams.values()}
    misfits = [
        f"{kind} in {unit} is in {carried[kind].channels[0].unit}"
        for kind, unit in wanted.items()
        if kind in carried and str(carried[kind].channels[0].unit) != unit
    ]
    if not set(wanted) & set(carried):
        misfits.append(f"none of {', '.join(wanted)}")
    if misfits:
        raise BundleMismatchError(
            bundle.folder,
            f"{session.path} doesn't fit this bundle",
            expected=", ".join(f"{kind} in {unit}" for kind, unit in wanted.items()),
            got="; ".join(misfits),
            remedy="convert the units or choose another bundle",
        )
