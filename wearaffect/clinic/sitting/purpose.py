"""What a sitting is for, what the participant agreed to, and when estimates may be shown at all."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Consent", "IntendedUse", "Purpose", "Setting"]


class Setting(StrEnum):
    """Where, and as what, the person is measured."""

    CLINIC = "clinic"
    LABORATORY = "laboratory"
    HOME = "home"
    WORKPLACE = "workplace"
    EDUCATION = "education"


class Purpose(StrEnum):
    """What the estimates are for; nothing else can be stated."""

    RESEARCH = "research"
    MEDICAL = "medical"
    SAFETY = "safety"
    WELLBEING = "wellbeing"
    DEVELOPMENT = "development"


_BARRED_SETTINGS = frozenset({Setting.WORKPLACE, Setting.EDUCATION})
_EXCEPTED = frozenset({Purpose.MEDICAL, Purpose.SAFETY})


@dataclass(frozen=True, slots=True)
class IntendedUse:
    """What estimates of a sitting are for.

    Regulation (EU) 2024/1689, Article 5(1)(f), bars inferring emotions of a person in the areas of
    workplace and education institutions except for medical or safety reasons. So there a sitting
    may be recorded, but estimates are withheld unless the purpose is one of these two and its
    grounds are given. This is a reading of the rule, not legal advice.

    Attributes
    ----------
    setting : Setting
        Where.
    purpose : Purpose
        What for.
    grounds : str
        Why, in words, such as the study's or the procedure's number; no names.
    """

    setting: Setting
    purpose: Purpose
    grounds: str = ""

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> "IntendedUse":
        """Read what `as_dict` gave.

        Raises
        ------
        ValueError
            It isn't of the closed lists.
        """
        return cls(Setting(told["setting"]), Purpose(told["purpose"]), str(told["grounds"]))

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {k: str(v) for k, v in asdict(self).items()}

    @property
    def barred(self) -> str:
        """Why estimates may not be shown; empty: they may."""
        if self.setting not in _BARRED_SETTINGS:
            return ""
        where = f"estimates in the area of {self.setting}"
        if self.purpose not in _EXCEPTED:
            return (
                f"{where} are barred save for medical or safety reasons (EU AI Act, Art. 5(1)(f))"
            )
        if not self.grounds.strip():
            return (
                f"{where} need the grounds of the {self.purpose} reason (EU AI Act, Art. 5(1)(f))"
            )
        return ""

    @property
    def sentence(self) -> str:
        """How it stands in headers, reports and exports."""
        grounds = f" ({self.grounds})" if self.grounds else ""
        return f"{self.purpose}, {self.setting}{grounds}; not a medical device"


@dataclass(frozen=True, slots=True)
class Consent:
    """What the participant agreed to, and how long the recording is kept.

    Attributes
    ----------
    recording : bool
        To be recorded; without it a sitting doesn't start.
    estimates : bool
        To have affect estimated; without it estimates are withheld.
    sharing : bool
        To have pseudonymous data leave the site.
    document : str
        Which consent form was signed: its version or number, never who signed.
    keep_days : int or None
        Days after which the recording is to be erased; None: until it is erased by hand.

    Raises
    ------
    ValueError
        The days aren't positive.
    """

    recording: bool
    estimates: bool = False
    sharing: bool = False
    document: str = ""
    keep_days: int | None = None

    def __post_init__(self) -> None:
        for name in ("recording", "estimates", "sharing"):
            if not isinstance(getattr(self, name), bool):
                msg = f"expected {name} to be true or false, got {getattr(self, name)!r}"
                raise ValueError(msg)
        days = self.keep_days
        if days is not None and (type(days) is not int or days < 1):
            msg = f"expected keep_days of at least 1 or none, got {days!r}"
            raise ValueError(msg)

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> "Consent":
        """Read what `as_dict` gave."""
        return cls(**told)

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON."""
        return asdict(self)
