"""One row of the feature table: what a column means, in what unit, and who says so."""

from dataclasses import dataclass

from wearaffect.core.streams import SignalKind

__all__ = ["Feature"]


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of a window.

    Attributes
    ----------
    name : str
        ``<signal>_<feature>``.
    kind : SignalKind
        The signal it is made of.
    unit : str
        What it is measured in; ``1`` for shares, counts and logarithms of named units say so.
    formula : str
        How it is computed.
    source : str
        Who defined it; "engineering choice" where nobody did.
    live : bool
        Whether the chain computes it as the window closes; else it needs the whole recording.
    model : bool
        Whether models take it. Posture, the level of skin temperature and the like tell a task or
        the clock, and are left out of them on purpose.
    """

    name: str
    kind: SignalKind
    unit: str
    formula: str
    source: str
    live: bool = True
    model: bool = True
