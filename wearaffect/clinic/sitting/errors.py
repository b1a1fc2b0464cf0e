"""What can be wrong with a sitting, its files and its codes."""

from wearaffect.core.errors import PathError, WearAffectError

__all__ = [
    "AnswerError",
    "Hindrance",
    "ParticipantCodeError",
    "SittingError",
    "SittingFileError",
    "StartBlockedError",
]


class Hindrance(str):
    """Why something can't be done yet: a sentence, with a code for whoever words it anew.

    Parameters
    ----------
    text : str
        The sentence.
    code : str
        Which reason.
    about : str
        What it is about, such as the kind of a stream.
    """

    __slots__ = ("about", "code")
    code: str
    about: str

    def __new__(cls, text: str, code: str, about: str = "") -> "Hindrance":  # noqa: D102
        self = super().__new__(cls, text)
        self.code, self.about = code, about
        return self


class SittingFileError(PathError):
    """A protocol or form file isn't what it should be; `part` is the place in it."""


class SittingError(WearAffectError):
    """An act that a sitting doesn't allow as it stands, or records that don't make one."""


class StartBlockedError(SittingError):
    """A sitting can't start yet; `blockers` say why, each a sentence."""

    def __init__(self, blockers: tuple[Hindrance, ...]) -> None:
        self.blockers = blockers
        super().__init__(
            "the sitting can't start",
            got="; ".join(blockers),
            remedy="mend it, or start without a missing stream and say why",
        )


class AnswerError(WearAffectError):
    """An answer that its question doesn't allow; `item` is the question's name."""

    def __init__(self, item: str, *, expected: str, got: str) -> None:
        self.item = item
        super().__init__(f"answer to {item}", expected=expected, got=got)


class ParticipantCodeError(WearAffectError):
    """A participant code that can't be right; `suggestions` are codes that were perhaps meant."""

    def __init__(
        self, what: str, *, expected: str = "", got: str = "", suggestions: tuple[str, ...] = ()
    ) -> None:
        self.suggestions = suggestions
        meant = f"did you mean {' or '.join(suggestions)}? " if suggestions else ""
        remedy = f"{meant}look at the participant's card again"
        super().__init__(what, expected=expected, got=got, remedy=remedy)
