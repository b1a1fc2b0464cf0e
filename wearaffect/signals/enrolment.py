"""Rest enrolment: a person's features at rest, taken once, applied to all that follows."""

import hashlib
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from wearaffect.core.errors import EnrolmentError
from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import Window
from wearaffect.signals.features import FEATURES

__all__ = [
    "LEAST_QUALITY",
    "MIN_REST_S",
    "Enrolment",
    "RestInterval",
    "RestToCome",
    "trusted_features",
]

_SCHEMA = 1
MIN_REST_S = 120.0  # engineering choice: a minute of windows beyond the first
_REMEMBERED_NS = 7_200_000_000_000  # rest is told within two hours (engineering choice)


@dataclass(frozen=True, slots=True)
class RestInterval:
    """When the person rests, in seconds from the start of the session.

    Raises
    ------
    EnrolmentError
        The interval isn't at least 120 s long.
    """

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        length_s = self.end_s - self.start_s
        if not MIN_REST_S <= length_s < np.inf or self.start_s < 0:
            raise EnrolmentError(
                "rest interval",
                expected=f"START:END in seconds, at least {MIN_REST_S:g} s long",
                got=f"{self.start_s:g}:{self.end_s:g}",
                remedy="give five quiet minutes, e.g. --rest 60:360",
            )

    @classmethod
    def parse(cls, text: str) -> "RestInterval":
        """Read ``START:END``.

        Raises
        ------
        EnrolmentError
            The text isn't two numbers with a colon between them.
        """
        first, _, last = text.partition(":")
        try:
            return cls(float(first), float(last))
        except ValueError as error:
            raise EnrolmentError(
                "rest interval", expected="START:END in seconds, e.g. 60:360", got=repr(text)
            ) from error


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A resting state.

    Attributes
    ----------
    features : mapping of str to float
        Mean of each feature over the windows of rest; NaN where rest didn't show it.
    n_windows : int
        How many windows that were.
    start_s, end_s : float
        When the rest was, seconds from the start of its session.
    chain_id : str
        Settings of the chain that took it; another chain's features mean something else.
    """

    features: Mapping[str, float]
    n_windows: int
    start_s: float
    end_s: float
    chain_id: str

    @classmethod
    def from_windows(
        cls, windows: Sequence[Window], interval: RestInterval, chain_id: str
    ) -> "Enrolment | None":
        """Average the usable windows of rest; None if they don't make two minutes.

        A window is usable with at least half the skin contact and a third of the beats, or of
        the heart rate where a device gives that instead of a pulse wave (engineering choice, the
        same as for answers).

        Parameters
        ----------
        windows : sequence of Window
            Those that lie wholly inside the interval.
        interval : RestInterval
            The rest.
        chain_id : str
            Of the chain that made the windows.
        """
        usable = [w for w in windows if _usable(w)]
        if _covered_s(usable) < MIN_REST_S:
            return None
        table = np.array([[w.features[name] for name in FEATURES] for w in usable])
        known = np.isfinite(table)
        total = np.where(known, table, 0.0).sum(axis=0)
        count = known.sum(axis=0)
        mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        features = dict(zip(FEATURES, mean.tolist(), strict=True))
        return cls(features, len(usable), interval.start_s, interval.end_s, chain_id)

    @property
    def sha256(self) -> str:
        """Hash of everything in it, so that a record can say which one was meant."""
        return hashlib.sha256(self._text().encode()).hexdigest()

    def _text(self) -> str:
        """Give JSON; a feature that rest didn't show is null."""
        record = asdict(self) | {"schema": _SCHEMA}
        record["features"] = {k: v if np.isfinite(v) else None for k, v in self.features.items()}
        return json.dumps(record, indent=1, allow_nan=False)

    def save(self, path: Path) -> None:
        """Write as JSON: the whole file, or none."""
        part = path.with_suffix(".tmp")
        part.write_text(self._text() + "\n", encoding="utf-8")
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Enrolment":
        """Read what `save` wrote.

        Raises
        ------
        EnrolmentError
            The file isn't there or isn't an enrolment.
        """
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            if record.pop("schema") != _SCHEMA:
                msg = "another schema"
                raise ValueError(msg)
            values = {
                name: float("nan")
                if record["features"].get(name) is None
                else float(record["features"][name])
                for name in FEATURES
            }
            return cls(**(record | {"features": values}))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise EnrolmentError(
                f"{path}: not an enrolment file",
                expected="JSON that wearaffect wrote with --save-enrolment",
                got=type(error).__name__,
                remedy="take rest again with --rest START:END",
            ) from error


class RestToCome:
    """Rest of a session that runs: held now, told when it is over.

    Told before or after the windows of rest were seen, the resting state is the same, and the same
    as when the interval is known from the start.

    Parameters
    ----------
    interval : RestInterval or None
        The rest, where it is known already.

    Attributes
    ----------
    enrolment : Enrolment or None
        The resting state, once there is one.
    failed : bool
        Whether the rest that was told last had too few usable windows; another may be told.
    """

    def __init__(self, interval: RestInterval | None = None) -> None:
        self.enrolment: Enrolment | None = None
        self.failed = False
        self._interval = interval
        self._seen: deque[Window] = deque()

    def tell(self, interval: RestInterval) -> None:
        """Say when rest was held; may be called from another thread than the chain's."""
        self.failed = False
        self._interval = interval

    def see(self, window: Window, chain_id: str) -> Enrolment | None:
        """Take the next window of the session; give the resting state, once it is known.

        Parameters
        ----------
        window : Window
            With features and quality; rest is closed by the first that reaches past it.
        chain_id : str
            Of the chain that made it.
        """
        interval = self._interval
        if self.enrolment is not None:
            return self.enrolment
        self._seen.append(replace(window, signals={}))
        while self._seen[0].end_ns < window.end_ns - _REMEMBERED_NS:
            self._seen.popleft()
        if interval is None or window.end_s <= interval.end_s:
            return None
        held = [
            w for w in self._seen if interval.start_s <= w.start_s and w.end_s <= interval.end_s
        ]
        self.enrolment = Enrolment.from_windows(held, interval, chain_id)
        if self.enrolment is None:
            self.failed, self._interval = True, None
        else:
            self._seen.clear()
        return self.enrolment


LEAST_QUALITY = MappingProxyType({SignalKind.EDA: 0.5, SignalKind.BVP: 0.33})
"""Below these a signal says too little of a person, for enrolment and for answers alike: half of
the skin contact, a third of the beats (engineering choices)."""


def trusted_features(window: Window) -> dict[str, float]:
    """Give what models take of a window, without signals too poor to learn a person from.

    Parameters
    ----------
    window : Window
        With features and quality.

    Returns
    -------
    dict of str to float
        By name. A signal that is absent or poor leaves its features out; movement and skin
        temperature are taken as they come.
    """
    poor = {
        kind
        for kind, found in (
            (SignalKind.EDA, _worn(window)),
            (SignalKind.BVP, _beating(window)),
        )
        if not found
    }
    return {name: window.features[name] for name, kind in FEATURES.items() if kind not in poor}


def _covered_s(windows: Sequence[Window]) -> float:
    """Give the time that windows in time order cover together, seconds."""
    covered_s, reached_s = 0.0, -np.inf
    for window in windows:
        covered_s += window.end_s - max(window.start_s, reached_s)
        reached_s = window.end_s
    return covered_s


def _usable(window: Window) -> bool:
    return _worn(window) and _beating(window)


def _worn(window: Window) -> bool:
    eda = window.quality.get(SignalKind.EDA)
    return eda is not None and eda.score >= LEAST_QUALITY[SignalKind.EDA]


def _beating(window: Window) -> bool:
    heart = window.quality.get(SignalKind.BVP, window.quality.get(SignalKind.HR))
    return heart is not None and heart.score >= LEAST_QUALITY[SignalKind.BVP]
