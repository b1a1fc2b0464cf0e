"""Windows: one interval of all signals, channel-first, each at its own rate."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import SignalKind
from wearaffect.core.timebase import ns_from_s, s_from_ns

__all__ = ["Quality", "Spanned", "Window", "WindowSignal", "WindowSpec"]


class Spanned:
    """What lies between two host times of a session, and can say so in seconds."""

    __slots__ = ()
    start_ns: int
    end_ns: int
    origin_ns: int

    @property
    def start_s(self) -> float:
        """Seconds from the start of the session to the start of the window."""
        return s_from_ns(self.start_ns - self.origin_ns)

    @property
    def end_s(self) -> float:
        """Seconds from the start of the session to the end of the window."""
        return s_from_ns(self.end_ns - self.origin_ns)


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """Length and step of windows.

    Attributes
    ----------
    window_s, hop_s : float
        Seconds, > 0. The defaults are those of Schmidt et al. 2018 (doi 10.1145/3242969.3242985)
        for the length; the step is an engineering choice.

    Raises
    ------
    ValueError
        A length isn't positive and finite.
    """

    window_s: float = 60.0
    hop_s: float = 5.0

    def __post_init__(self) -> None:
        if not (0 < self.window_s < float("inf") and 0 < self.hop_s < float("inf")):
            msg = f"expected positive seconds, got window_s={self.window_s}, hop_s={self.hop_s}"
            raise ValueError(msg)

    @property
    def window_ns(self) -> int:
        """Length in nanoseconds."""
        return ns_from_s(self.window_s)

    @property
    def hop_ns(self) -> int:
        """Step in nanoseconds."""
        return ns_from_s(self.hop_s)


@dataclass(frozen=True, slots=True)
class Quality:
    """How far a signal can be trusted in a window.

    Attributes
    ----------
    score : float
        0 (nothing usable) to 1.
    reasons : tuple of str
        Why it is below 1, worst first: ``gap``, ``flat``, ``clipped``, ``off_skin``, ``loose``,
        ``noise``, ``few_beats``; ``motion`` explains and comes last.
    latest : tuple of str
        What holds in the window's last second: the light beside a running stream.
    """

    score: float
    reasons: tuple[str, ...] = ()
    latest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class WindowSignal:
    """One kind of signal in a window.

    Attributes
    ----------
    data : numpy.ndarray, (n_channels, n_samples), float32
        Samples, NaN in gaps; nothing is interpolated.
    sampling_rate : float
        Hz.
    coverage : float
        Share of samples that are present, 0 to 1.
    """

    data: NDArray[np.float32]
    sampling_rate: float
    coverage: float


@dataclass(frozen=True, slots=True, eq=False)
class Window(Spanned):
    """A half-open interval with every signal that was there.

    Attributes
    ----------
    start_ns, end_ns : int
        Host time, or time since the start of the recording.
    signals : mapping of SignalKind to WindowSignal
        A kind that wasn't there is absent, never zeros.
    quality : mapping of SignalKind to Quality
        For each kind that is present.
    features : mapping of str to float
        ``<signal>_<feature>``; NaN where the signal doesn't allow it.
    rest : mapping of str to float, or None
        The resting state that was known when the window ended: features at rest.
    origin_ns : int
        Start of the session, so that a window can say when it is in seconds.
    history : mapping of str to float
        What the session has shown up to and including this window: running means and spreads of
        features, as `wearaffect.signals.history` names them.
    """

    start_ns: int
    end_ns: int
    signals: Mapping[SignalKind, WindowSignal]
    quality: Mapping[SignalKind, Quality] = field(default_factory=dict)
    features: Mapping[str, float] = field(default_factory=dict)
    rest: Mapping[str, float] | None = None
    origin_ns: int = 0
    history: Mapping[str, float] = field(default_factory=dict)
