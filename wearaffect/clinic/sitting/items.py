"""The kinds of questions a form can ask, and which answers each takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wearaffect.clinic.sitting.errors import AnswerError
from wearaffect.clinic.sitting.reading import Node, Text

__all__ = ["DIMENSIONS", "Affect", "Choice", "FreeText", "Item", "Score", "Slider", "item_of"]

DIMENSIONS = ("valence", "arousal", "dominance")
_LONGEST_ANSWER = 4000
_LARGEST = 1e6


@dataclass(frozen=True, slots=True)
class Affect:
    """A slider for one dimension of affect, from 0 to 1, without numbers or ticks.

    A design like the Affective Slider's (Betella & Verschure 2016, doi
    10.1371/journal.pone.0148037), which has pleasure and arousal; dominance beside them is ours. It
    stands in the middle until it is moved, and one that wasn't moved is no answer.
    """

    name: str
    text: Text
    required: bool
    dimension: str
    low: Text
    high: Text

    def check(self, answer: Any) -> float:
        """Give the answer as it is kept."""
        return _within(self.name, answer, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Slider:
    """A number between two ends; `step` 0: any."""

    name: str
    text: Text
    required: bool
    least: float
    most: float
    step: float
    low: Text
    high: Text

    def check(self, answer: Any) -> float:
        """Give the answer as it is kept."""
        value = _within(self.name, answer, self.least, self.most)
        if not self.step:
            return value
        steps = round((value - self.least) / self.step)
        nearest = self.least + steps * self.step
        if abs(value - nearest) > 1e-6 * self.step:
            expected = f"{self.least:g} and steps of {self.step:g} from there"
            raise AnswerError(self.name, expected=expected, got=f"{value:g}")
        return value


@dataclass(frozen=True, slots=True)
class Choice:
    """One, or up to `most`, of some options: words of affect among them."""

    name: str
    text: Text
    required: bool
    options: Mapping[str, Text]
    most: int

    def check(self, answer: Any) -> str | list[str]:
        """Give the answer as it is kept: in the order of the options where there may be many."""
        chosen = answer if isinstance(answer, list) else [answer]
        fits = isinstance(answer, list) == (self.most > 1) and len(chosen) <= self.most
        if not fits or any(not isinstance(c, str) or c not in self.options for c in chosen):
            many = f"a list of at most {self.most} of" if self.most > 1 else "one of"
            raise AnswerError(
                self.name, expected=f"{many} {', '.join(self.options)}", got=_shown(answer)
            )
        return [o for o in self.options if o in chosen] if self.most > 1 else str(answer)


@dataclass(frozen=True, slots=True)
class FreeText:
    """Words of one's own; names don't belong there, and whoever shows it says so."""

    name: str
    text: Text
    required: bool

    def check(self, answer: Any) -> str | None:
        """Give the answer as it is kept; blanks alone are none."""
        if not isinstance(answer, str) or len(answer) > _LONGEST_ANSWER:
            expected = f"a text of at most {_LONGEST_ANSWER} characters"
            raise AnswerError(self.name, expected=expected, got=_shown(answer))
        return answer if answer.strip() else None


@dataclass(frozen=True, slots=True)
class Score:
    """A score of a questionnaire that was filled elsewhere; it has a name and bounds, no text."""

    name: str
    required: bool
    least: float
    most: float

    def check(self, answer: Any) -> float:
        """Give the answer as it is kept."""
        return _within(self.name, answer, self.least, self.most)


Item = Affect | Slider | Choice | FreeText | Score


def item_of(node: Node, *, scores: bool) -> Item:
    """Read a question.

    Parameters
    ----------
    node : Node
        Where it stands.
    scores : bool
        Whether the form imports scores: then it may hold nothing else, and else none.

    Raises
    ------
    SittingFileError
        It isn't one.
    """
    if not isinstance(node.value, dict) or "kind" not in node.value:
        node.fail("a mapping with the key kind")
    kind = node.child("kind").one_of(tuple(_KINDS))
    if scores != (kind == "score"):
        why = "the form names an instrument" if scores else "the form names no instrument"
        node.child("kind").fail(
            "score in a form that names an instrument, and only there",
            f"{kind!r}",
            f"{why}: item texts of questionnaires aren't given here, only their scores",
        )
    return _KINDS[kind](node)


def _affect(node: Node) -> Affect:
    fields = node.fields(("kind", "dimension"), ("name", "text", "low", "high", "required"))
    dimension = fields["dimension"].one_of(DIMENSIONS)
    name = fields["name"].name() if "name" in fields else dimension
    words = [_words(fields, key) for key in ("text", "low", "high")]
    return Affect(name, words[0], _required(fields), dimension, *words[1:])


def _slider(node: Node) -> Slider:
    needed = ("kind", "name", "text", "least", "most")
    fields = node.fields(needed, ("step", "low", "high", "required"))
    least, most = (fields[key].number(-_LARGEST, _LARGEST) for key in ("least", "most"))
    if not least < most:
        fields["most"].fail(f"more than {least:g}")
    step = fields["step"].number(1e-6, most - least) if "step" in fields else 0.0
    name, text = fields["name"].name(), fields["text"].words()
    ends = (_words(fields, "low"), _words(fields, "high"))
    return Slider(name, text, _required(fields), least, most, step, *ends)


def _choice(node: Node) -> Choice:
    fields = node.fields(("kind", "name", "text", "options"), ("most", "required"))
    if not isinstance(fields["options"].value, dict) or len(fields["options"].value) < 2:
        fields["options"].fail("a mapping of at least two names to texts")
    options = {}
    for key in fields["options"].value:
        option = fields["options"].child(key)
        Node(key, node.file, option.place, node.lines).name()
        options[key] = option.words(200)
    most = fields["most"].number(1, len(options)) if "most" in fields else 1
    name, text = fields["name"].name(), fields["text"].words()
    return Choice(name, text, _required(fields), options, int(most))


def _free(node: Node) -> FreeText:
    fields = node.fields(("kind", "name", "text"), ("required",))
    return FreeText(fields["name"].name(), fields["text"].words(), _required(fields))


def _score(node: Node) -> Score:
    fields = node.fields(("kind", "name", "least", "most"), ("required",))
    least, most = (fields[key].number(-_LARGEST, _LARGEST) for key in ("least", "most"))
    if not least < most:
        fields["most"].fail(f"more than {least:g}")
    return Score(fields["name"].name(), _required(fields), least, most)


_KINDS: Mapping[str, Callable[[Node], Item]] = {
    "affect": _affect,
    "slider": _slider,
    "choice": _choice,
    "text": _free,
    "score": _score,
}


def _required(fields: Mapping[str, Node]) -> bool:
    return fields["required"].flag() if "required" in fields else False


def _words(fields: Mapping[str, Node], key: str) -> Text:
    return fields[key].words(200) if key in fields else Text()


def _within(name: str, answer: Any, least: float, most: float) -> float:
    if isinstance(answer, bool) or not isinstance(answer, int | float):
        raise AnswerError(name, expected="a number", got=_shown(answer))
    if not least <= answer <= most:
        raise AnswerError(name, expected=f"{least:g} to {most:g}", got=_shown(answer))
    return float(answer)


def _shown(answer: Any) -> str:
    text = repr(answer)
    return text if len(text) <= 60 else f"{text[:57]}…"
