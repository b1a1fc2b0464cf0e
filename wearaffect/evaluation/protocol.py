"""How people were split, enrolled and scored, with a hash that stands beside every figure."""

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any

__all__ = ["SCORED", "Protocol", "closing"]

SCORED = "wholly inside one labelled interval and outside the first 300 s of rest"
"""Which windows count."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """A way of scoring.

    Attributes
    ----------
    dataset : str
        Corpus.
    split : str
        ``heldout``, ``loso``, ``cross_order``, ``same_order``, ``random_kfold``, ``blocked_kfold``
        or ``transfer``.
    window_s, hop_s : float
        Windows.
    enrolment : str
        Where the resting state was taken; ``none`` for not at all.
    inputs : tuple of str
        Features the model sees.
    subjects : tuple of str
        Who was scored.
    excluded : mapping of str to str
        Who wasn't, and why.
    trained_on : str
        What the model was fitted on, where that isn't the split itself.
    scored : str
        Which windows count.
    """

    dataset: str
    split: str
    window_s: float
    hop_s: float
    enrolment: str
    inputs: tuple[str, ...]
    subjects: tuple[str, ...]
    excluded: Mapping[str, str] = field(default_factory=dict)
    trained_on: str = ""
    scored: str = SCORED

    def as_dict(self) -> dict[str, Any]:
        """Give plain data with its hash."""
        record = asdict(self) | {
            "inputs": list(self.inputs),
            "subjects": list(self.subjects),
            "excluded": dict(self.excluded),
        }
        text = json.dumps(record, sort_keys=True)
        return record | {"hash": hashlib.sha256(text.encode()).hexdigest()[:16]}


def closing(seed: int, started: float) -> dict[str, Any]:
    """Give what ends every result: version, seed, duration."""
    from wearaffect import __version__

    return {
        "wearaffect_version": __version__,
        "host": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "seed": seed,
        "seconds": round(perf_counter() - started, 1),
    }
