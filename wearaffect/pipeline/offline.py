"""A recording through the chain and the bundle, exactly as live would have done it."""

from dataclasses import dataclass, replace
from time import perf_counter

from wearaffect.bundle.estimator import NO_REST
from wearaffect.bundle.model import ModelBundle
from wearaffect.core.affect import Abstention, AffectEstimate, Outcome
from wearaffect.core.windows import Window
from wearaffect.pipeline.fit import require_signals
from wearaffect.recording.session import Session
from wearaffect.recording.windows import Progress, windows_of
from wearaffect.signals.chain import Chain
from wearaffect.signals.enrolment import Enrolment, RestInterval

__all__ = ["Analysis", "analyze"]

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
        The recording lacks every signal of the bundle, or carries one in a unit that measures
        something else.
    EnrolmentError
        The enrolment is another chain's.
    """
    started = perf_counter()
    require_signals((s.info for s in session.streams.values()), bundle, session.path)
    chain = Chain(bundle.manifest.chain_settings, origin_ns=session.start_ns, rest=rest)
    sitting = bundle.begin(without_enrolment=without_enrolment)
    windows: list[Window] = []
    outcomes: list[Outcome] = []
    batch: list[Window] = []

    def estimate() -> None:
        outcomes.extend(sitting(batch))
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
