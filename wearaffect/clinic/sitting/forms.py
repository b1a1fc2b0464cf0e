"""Self-report as data: forms, their questions, and which answers they take.

No item of a licensed questionnaire is shipped or may be written into a form: STAI is refused by
name, and PANAS and SAM may only be named as instruments whose scores were taken elsewhere and are
typed in.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from wearaffect.clinic.sitting.errors import AnswerError
from wearaffect.clinic.sitting.items import Item, item_of
from wearaffect.clinic.sitting.reading import Node, Text, document_of, named_documents

__all__ = [
    "INSTRUMENTS",
    "Form",
    "form_named",
    "hints_of_identity",
    "read_form",
    "shipped_forms",
]

INSTRUMENTS: Mapping[str, str] = {
    "panas": "Watson, Clark & Tellegen 1988, doi 10.1037/0022-3514.54.6.1063",
    "sam": "Bradley & Lang 1994, doi 10.1016/0005-7916(94)90063-9",
}
"""Questionnaires whose scores, and nothing else, may be imported."""

_LICENSED = re.compile(r"\bSTAI\b|state[- ]trait anxiety", re.IGNORECASE)
_SHIPPED = Path(__file__).parent / "templates" / "forms"
_NEEDED, _OTHERS = ("name", "title", "items"), ("instructions", "instrument", "source")

Answer = float | str | list[str] | None


@dataclass(frozen=True, slots=True)
class Form:
    """A page of questions.

    Attributes
    ----------
    name : str
        As protocols and records name it.
    title, instructions : Text
        For the participant.
    items : tuple of Item
        The questions, in order.
    instrument : str
        Questionnaire whose scores it imports; empty: it asks its own questions.
    source : str
        Where its design comes from.
    document : mapping
        It as it was read; `read_form` makes the form again from it.
    """

    name: str
    title: Text
    items: tuple[Item, ...]
    instructions: Text
    instrument: str
    source: str
    document: Mapping[str, Any]

    def item(self, name: str) -> Item:
        """Give a question.

        Raises
        ------
        AnswerError
            There is none of that name.
        """
        for item in self.items:
            if item.name == name:
                return item
        names = ", ".join(item.name for item in self.items)
        raise AnswerError(name, expected=f"one of the questions {names}", got="another")

    def check(self, item: str, answer: Any) -> Answer:
        """Give an answer as it is kept.

        Parameters
        ----------
        item : str
            Which question.
        answer : JSON
            A number, a text, a list of words; None takes an answer back.

        Raises
        ------
        AnswerError
            The question doesn't take it, or there is no such question.
        """
        asked = self.item(item)
        if isinstance(answer, float) and not math.isfinite(answer):
            raise AnswerError(item, expected="a number", got=str(answer))
        return None if answer is None else asked.check(answer)

    def unanswered(self, answers: Mapping[str, Answer]) -> tuple[str, ...]:
        """Give the required questions that have no answer."""
        return tuple(i.name for i in self.items if i.required and answers.get(i.name) is None)


def read_form(source: str | PathLike[str] | Mapping[str, Any]) -> Form:
    """Read a form.

    Parameters
    ----------
    source : path or mapping
        YAML or JSON file, or its content.

    Raises
    ------
    SittingFileError
        It isn't one; with file, place, what was expected and what came.
    """
    whole = document_of(source)
    fields = whole.fields(_NEEDED, _OTHERS)
    _refuse_licensed(whole)
    instrument = ""
    if "instrument" in fields:
        instrument = fields["instrument"].one_of(tuple(INSTRUMENTS))
    items = tuple(item_of(node, scores=bool(instrument)) for node in fields["items"].entries(1))
    names = [item.name for item in items]
    for i, name in enumerate(names):
        if name in names[:i]:
            fields["items"].child(i).fail("each name once", f"{name!r} again")
    return Form(
        fields["name"].name(),
        fields["title"].words(200),
        items,
        fields["instructions"].words() if "instructions" in fields else Text(),
        instrument,
        fields["source"].text() if "source" in fields else INSTRUMENTS.get(instrument, ""),
        whole.value,
    )


def shipped_forms() -> dict[str, Path]:
    """Give the forms that come with the package, by name."""
    return named_documents(_SHIPPED)


def form_named(name: str, folder: Path | None = None) -> Form:
    """Give a form by name: from a folder of one's own, else a shipped one.

    Raises
    ------
    SittingFileError
        There is none.
    """
    own = named_documents(folder) if folder is not None else {}
    files = shipped_forms() | own
    if name not in files:
        Node(name, str(folder or "shipped forms")).fail(f"one of {', '.join(files)}", repr(name))
    return read_form(files[name])


_TITLES = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|Herrn?|Frau)\.?\s+[A-ZÄÖÜ]\w+")
_AFTER = re.compile(
    r"\b(?:my name is|i am called|ich hei(?:ß|ss)e|mein name ist)\s+\w+", re.IGNORECASE
)
_PAIR = re.compile(r"(?<![.!?:]\s)(?<!^)\b[A-ZÄÖÜ][a-zäöüß]+ [A-ZÄÖÜ][a-zäöüß]+\b")
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}\.\w+")
_PHONE = re.compile(r"(?<!\w)\+?(?:[0-9][ /()-]?){7,14}[0-9](?!\w)")
_BIRTH = re.compile(
    r"\b(?:[0-3]?[0-9][./-][01]?[0-9][./-](?:19|20)[0-9]{2}|(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9])\b"
)
_HINTS = (
    ("a name", _TITLES),
    ("a name", _AFTER),
    ("a name", _PAIR),
    ("an e-mail address", _MAIL),
    ("a date, perhaps of birth", _BIRTH),
    ("a telephone number", _PHONE),
)


def hints_of_identity(text: str) -> tuple[str, ...]:
    """Say what in a free text may tell who somebody is.

    A hint to whoever writes, not a guard: it can't know every name, and never changes the text.

    Parameters
    ----------
    text : str
        As written.

    Returns
    -------
    tuple of str
        Such as ``may hold a name: "Mrs Miller"``; empty: nothing was seen.
    """
    seen: dict[str, str] = {}
    for what, pattern in _HINTS:
        for found in pattern.finditer(text):
            if not any(found[0] in earlier for earlier in seen):
                seen[found[0]] = f'may hold {what}: "{found[0]}"'
    return tuple(seen.values())


def _refuse_licensed(whole: Node) -> None:
    """Refuse what names a questionnaire that needs a licence."""
    for key in ("name", "title", "instrument", "instructions", "source"):
        if key in whole.value and _LICENSED.search(str(whole.value[key])):
            whole.child(key).fail(
                "a form without licensed items",
                remedy="STAI needs a licence and can't be given here; ask with your own words",
            )
