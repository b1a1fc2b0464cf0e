"""What comes out: an estimate with its evidence, or the reasons why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import Quality, Spanned

__all__ = ["Abstention", "AffectEstimate", "Outcome", "Quantity"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit and, where it is known, its interval.

    Attributes
    ----------
    value : float
        In `unit`.
    unit : str
        As written in reports, e.g. ``uS/s``.
    ci95 : tuple of float or None
        95 % interval in the same unit; what it covers is said by whoever made it.
    identifiable : bool
        False where the data can't tell the value from its prior.
    """

    value: float
    unit: str
    ci95: tuple[float, float] | None = None
    identifiable: bool = True


@dataclass(frozen=True, slots=True)
class AffectEstimate(Spanned):
    """What a bundle says about one window.

    Attributes
    ----------
    start_ns, end_ns, origin_ns : int
        The window, and the start of its session.
    probabilities : mapping of str to float
        One per condition of the bundle; they sum to 1.
    stress : float
        Probability of the stress condition.
    eda_us : float or None
        Measured EDA at the end of the window, µS.
    eda_forecast_us : mapping of float to (low, median, high)
        Horizon in seconds to a 90 % interval and median, µS.
    physics : mapping of str to Quantity
        Parameters a physiologist can read.
    valence, arousal : float or None
        Self-report scale; None where the bundle has no such head.
    eda_from_others_us : float or None
        Mean EDA of the window as heart and movement suggest it, µS; None where the bundle has no
        such head or hasn't seen the person's EDA yet.
    modalities : tuple of SignalKind
        Signals that were there.
    quality : mapping of SignalKind to Quality
        Of each.
    bundle_id : str
        Name, version and hash of the bundle.
    """

    start_ns: int
    end_ns: int
    probabilities: Mapping[str, float]
    stress: float
    eda_us: float | None = None
    eda_forecast_us: Mapping[float, tuple[float, float, float]] = field(default_factory=dict)
    physics: Mapping[str, Quantity] = field(default_factory=dict)
    valence: float | None = None
    arousal: float | None = None
    eda_from_others_us: float | None = None
    modalities: tuple[SignalKind, ...] = ()
    quality: Mapping[SignalKind, Quality] = field(default_factory=dict)
    bundle_id: str = ""
    origin_ns: int = 0

    @property
    def called_stress(self) -> bool:
        """Whether stress is more likely than not."""
        return self.stress > 0.5


@dataclass(frozen=True, slots=True)
class Abstention(Spanned):
    """No estimate for this window, and why.

    Attributes
    ----------
    reasons : tuple of str
        Worst first, e.g. ``resting baseline not taken``, ``eda: off_skin``.
    withheld : AffectEstimate or None
        What the bundle would have said; for scoring only, never shown as an answer.
    """

    start_ns: int
    end_ns: int
    reasons: tuple[str, ...]
    quality: Mapping[SignalKind, Quality] = field(default_factory=dict)
    withheld: AffectEstimate | None = None
    bundle_id: str = ""
    origin_ns: int = 0


Outcome = AffectEstimate | Abstention
