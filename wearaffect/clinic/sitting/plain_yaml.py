"""YAML cut down to what JSON can say.

No tags, no anchors, no aliases, no keys given twice, and no word that secretly is something else:
``no`` is a text, and so is ``1:30``. Only PyYAML's parser is used, none of its constructors.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from wearaffect.clinic.sitting.errors import SittingFileError

__all__ = ["PlainYaml"]

_DEEPEST = 12  # engineering choice: a form is five deep
_INT = re.compile(r"[-+]?[0-9]{1,15}")
_REAL = re.compile(r"[-+]?[0-9]{1,15}\.[0-9]{0,15}([eE][-+]?[0-9]{1,2})?")
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}


class PlainYaml:
    """Makes plain data from YAML's events, so that nothing of YAML's own rules gets in.

    Parameters
    ----------
    file : pathlib.Path
        What errors name.
    yaml : module
        PyYAML.
    lines : dict of str to int
        Takes the line of each place.
    """

    def __init__(self, file: Path, yaml: Any, lines: dict[str, int]) -> None:
        self._file = file
        self._yaml = yaml
        self._lines = lines
        self._made: Mapping[Any, Callable[[Iterator[Any], Any, str, int], Any]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.SequenceStartEvent: self._list,
            yaml.MappingStartEvent: self._mapping,
        }

    def build(self, events: Iterator[Any]) -> Any:
        """Give the one document.

        Raises
        ------
        SittingFileError
            It isn't plain data.
        """
        next(events)
        document = next(events)
        if not isinstance(document, self._yaml.DocumentStartEvent):
            self._refuse(document, "a document", "an empty file")
        value = self._value(events, next(events), "", 0)
        next(events)
        after = next(events)
        if not isinstance(after, self._yaml.StreamEndEvent):
            self._refuse(after, "one document", "more than one")
        return value

    def _value(self, events: Iterator[Any], event: Any, place: str, depth: int) -> Any:
        if isinstance(event, self._yaml.AliasEvent) or event.anchor is not None:
            self._refuse(event, "every value written out", "an anchor or alias")
        if event.tag is not None:
            self._refuse(event, "plain data", f"the tag {event.tag}")
        if depth > _DEEPEST:
            self._refuse(event, f"at most {_DEEPEST} levels", "more")
        self._lines[place] = event.start_mark.line + 1
        return self._made[type(event)](events, event, place, depth)

    def _scalar(self, _events: Iterator[Any], event: Any, _place: str, _depth: int) -> Any:
        text = event.value
        if event.style is not None:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INT.fullmatch(text):
            return int(text)
        return float(text) if _REAL.fullmatch(text) else text

    def _list(self, events: Iterator[Any], _event: Any, place: str, depth: int) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(events), self._yaml.SequenceEndEvent):
            found.append(self._value(events, event, f"{place}[{len(found)}]", depth + 1))
        return found

    def _mapping(
        self, events: Iterator[Any], _event: Any, place: str, depth: int
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(events), self._yaml.MappingEndEvent):
            key = event.value if isinstance(event, self._yaml.ScalarEvent) else None
            if key is None or event.tag is not None or event.anchor is not None:
                self._refuse(event, "a key that is plain text", "something else")
            if key in found:
                self._refuse(event, "each key once", f"{key!r} again")
            inner = f"{place}.{key}" if place else key
            found[key] = self._value(events, next(events), inner, depth + 1)
        return found

    def _refuse(self, event: Any, expected: str, got: str) -> NoReturn:
        raise SittingFileError(
            self._file,
            "isn't plain data",
            expected=expected,
            got=got,
            part=f"line {event.start_mark.line + 1}",
        )
