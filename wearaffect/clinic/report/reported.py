"""What a report is made of, whether it comes from an analysis or from what a sitting recorded."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Self

from wearaffect.bundle.estimator import NO_REST
from wearaffect.bundle.manifest import Manifest, PhysicsOutput
from wearaffect.clinic.report.custody import Custody
from wearaffect.clinic.sitting.acts import Act
from wearaffect.clinic.sitting.state import SittingState
from wearaffect.core.affect import Abstention, AffectEstimate, Outcome, Quantity
from wearaffect.core.timebase import s_from_ns
from wearaffect.core.windows import Window, WindowSpec
from wearaffect.pipeline.offline import Analysis
from wearaffect.recording.session import Session
from wearaffect.signals.enrolment import RestInterval

__all__ = ["Reported", "Rested"]

_HOLDS = MappingProxyType(
    {
        "audit": "the record of who did what",
        "clock": "the clocks of the devices",
        "device": "what the devices said",
        "estimates": "the estimates as they were shown",
        "forms": "the answers",
        "gaps": "the gaps",
        "late": "what came late",
        "markers": "the markers",
        "protocol": "the course of the protocol",
        "quality": "the signal checks",
        "streams/*": "the stored samples",
    }
)


@dataclass(frozen=True, slots=True)
class Rested:
    """The resting state that answers were set against.

    Attributes
    ----------
    span_s : (float, float) or None
        When the rest was, seconds from the start of its session; None: it isn't known.
    where : str
        The earlier session that it was taken in; empty: this one.
    n_windows : int or None
        How many windows it is the mean of, where that is known.
    """

    span_s: tuple[float, float] | None = None
    where: str = ""
    n_windows: int | None = None


@dataclass(frozen=True, eq=False)
class Reported:
    """One recording and what was said about it.

    Attributes
    ----------
    session : Session
        The recording.
    windows : tuple of Window
        Time, quality and features, without signals; one for each outcome where there are any.
    outcomes : tuple of AffectEstimate or Abstention
        What was said; empty where nothing estimated.
    manifest : Manifest or None
        Of the bundle that said it; None where that bundle isn't at hand or there was none.
    rested : Rested or None
        The resting state that was taken.
    asked_rest : RestInterval or None
        When rest was to be taken in this very recording.
    custody : Custody or None
        What its journal proves; None for a file of another make.
    sitting : SittingState or None
        What happened, as far as people noted it.
    acts : tuple of Act
        Everything that people did in it.
    afterwards : bool
        Whether the outcomes were worked out after the sitting rather than shown in it.
    """

    session: Session
    windows: tuple[Window, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    manifest: Manifest | None = None
    rested: Rested | None = None
    asked_rest: RestInterval | None = None
    custody: Custody | None = None
    sitting: SittingState | None = None
    acts: tuple[Act, ...] = ()
    afterwards: bool = True

    @classmethod
    def of(cls, analysis: Analysis) -> Self:
        """Give what an analysis has to report."""
        taken, asked = analysis.enrolment, analysis.rest
        interval = asked if isinstance(asked, RestInterval) else None
        rested = None
        if taken is not None:
            where = "" if interval else "an earlier session"
            rested = Rested((taken.start_s, taken.end_s), where, taken.n_windows)
        return cls(
            analysis.session,
            analysis.windows,
            analysis.outcomes,
            analysis.bundle.manifest,
            rested,
            interval,
        )

    def second(self, time_ns: int) -> float:
        """Give a host time as seconds since the start."""
        return s_from_ns(time_ns - self.session.start_ns)

    def topics(self, *names: str) -> str:
        """Say what of the session's file something is from; empty for a file of another make."""
        if self.custody is None:
            return ""
        *most, last = (_HOLDS[name] for name in names)
        words = f"{', '.join(most)} and {last}" if most else last
        return f"{words} (session.mcap, topic{'s' if len(names) > 1 else ''} {', '.join(names)})"

    @cached_property
    def estimates(self) -> tuple[AffectEstimate, ...]:
        """The windows that were estimated."""
        return tuple(o for o in self.outcomes if isinstance(o, AffectEstimate))

    @property
    def coverage(self) -> float:
        """Share of windows that were estimated, of all."""
        return len(self.estimates) / len(self.outcomes) if self.outcomes else 0.0

    @property
    def withheld_by_reason(self) -> dict[str, int]:
        """How many windows were withheld, by their first reason, the most frequent first."""
        counts: dict[str, int] = {}
        for outcome in self.outcomes:
            if isinstance(outcome, Abstention):
                counts[outcome.reasons[0]] = counts.get(outcome.reasons[0], 0) + 1
        return dict(sorted(counts.items(), key=lambda item: -item[1]))

    @property
    def rest_missing(self) -> bool:
        """Whether windows were withheld because no resting state was taken."""
        waits = any(code.startswith(NO_REST) for code in self.withheld_by_reason)
        return waits and self.rested is None

    @property
    def bundle_id(self) -> str:
        """Of the bundle that estimated; empty: none did."""
        if self.manifest is not None:
            return self.manifest.id
        said = next((o.bundle_id for o in self.outcomes if o.bundle_id), "")
        return said if said or self.custody is None else str(self.custody.header["bundle_id"])

    @cached_property
    def spec(self) -> WindowSpec:
        """Length and step of the windows."""
        if self.manifest is not None:
            return WindowSpec(self.manifest.window_s, self.manifest.hop_s)
        ends = sorted(o.end_ns for o in self.outcomes)
        steps = [b - a for a, b in itertools.pairwise(ends) if b > a]
        if not steps:
            return WindowSpec()
        length_ns = self.outcomes[0].end_ns - self.outcomes[0].start_ns
        return WindowSpec(length_ns / 1e9, min(steps) / 1e9)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The conditions that were told apart."""
        if self.manifest is not None:
            return self.manifest.labels
        return tuple(self.estimates[0].probabilities) if self.estimates else ()

    @cached_property
    def horizons_s(self) -> tuple[float, ...]:
        """How far ahead skin conductance was forecast, seconds."""
        if self.manifest is not None:
            return self.manifest.horizons_s
        return tuple(sorted({h for e in self.estimates for h in e.eda_forecast_us}))

    @property
    def least_quality(self) -> Mapping[str, float]:
        """Quality of a signal below which the bundle withholds, as far as it is known."""
        return MappingProxyType({}) if self.manifest is None else self.manifest.abstention

    @cached_property
    def physics(self) -> tuple[PhysicsOutput, ...]:
        """The physics parameters: constants with their value, others without."""
        if self.manifest is not None:
            return self.manifest.physics
        names = dict.fromkeys(name for e in self.estimates for name in e.physics)
        return tuple(self._parameter(name) for name in names)

    def _parameter(self, name: str) -> PhysicsOutput:
        """A parameter as the estimates alone show it: what never changes is a constant."""
        found: list[Quantity] = [e.physics[name] for e in self.estimates if name in e.physics]
        first = found[0]
        if len(found) > 1 and all(quantity == first for quantity in found):
            return PhysicsOutput(name, first.unit, first.value, first.ci95, first.identifiable)
        return PhysicsOutput(name, first.unit, None, None, first.identifiable)
