"""How people were split, enrolled and scored, with a hash that stands beside every figure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Protocol"]


@dataclass(frozen=True, slots=True)
class Protocol:
    """A way of scoring.

    Attributes
    ----------
    dataset : str
        Corpus.
    split : str
        ``heldout``, ``loso`` or ``cross_order``.
    window_s, hop_s : float
        Windows.
    enrolment : str
        ``rest`` or ``none``.
    inputs : tuple of str
        Features the model sees.
    subjects : tuple of str
        Who was scored.
    excluded : mapping of str to str
        Who wasn't, and why.
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
    scored: str = "wholly inside one labelled interval and outside the first 300 s of rest"

    def as_dict(self) -> dict[str, Any]:
        """Give plain data with its hash."""
        record = asdict(self) | {
            "inputs": list(self.inputs),
            "subjects": list(self.subjects),
            "excluded": dict(self.excluded),
        }
        text = json.dumps(record, sort_keys=True)
        return record | {"hash": hashlib.sha256(text.encode()).hexdigest()[:16]}
