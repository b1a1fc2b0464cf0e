"""Reading protocol and form files strictly: plain data, every complaint with its place.

Files are JSON, or YAML cut down to what JSON can say.
"""

import importlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, NoReturn

from wearaffect.clinic.sitting.errors import SittingFileError
from wearaffect.clinic.sitting.plain_yaml import PlainYaml
from wearaffect.core.errors import MissingExtraError

__all__ = ["Text", "document_of", "named_documents"]

_LARGEST_BYTES = 262_144  # engineering choice: a hundred times a long protocol
_LONGEST_TEXT = 2000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_LANGUAGE = re.compile(r"[a-z]{2}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Text:
    """What people read, in one or more languages.

    Attributes
    ----------
    by_language : mapping of str to str
        Two-letter code (ISO 639-1) to text; the first is the one to fall back to. A file that gives
        no code speaks for every language, and stands under ``en``.
    """

    by_language: Mapping[str, str] = field(default_factory=dict)

    def in_language(self, code: str) -> str:
        """Give it in a language, or in the one to fall back to; empty where there is none."""
        return self.by_language.get(code, next(iter(self.by_language.values()), ""))

    def __str__(self) -> str:
        return self.in_language("en")


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a file with its place there."""

    value: Any
    file: str
    place: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)

    def fail(self, expected: str, got: str = "", remedy: str = "") -> NoReturn:
        """Refuse it."""
        line = self.lines.get(self.place)
        where = self.place or "the whole file"
        raise SittingFileError(
            self.file,
            "isn't what it should be",
            expected=expected,
            got=got or _shown(self.value),
            remedy=remedy,
            part=f"{where} (line {line})" if line else where,
        )

    def child(self, key: str | int) -> "Node":
        """Give what stands under a key or at an index."""
        end = f"[{key}]" if isinstance(key, int) else f".{key}" if self.place else key
        return Node(self.value[key], self.file, self.place + end, self.lines)

    def fields(self, needed: tuple[str, ...], others: tuple[str, ...]) -> dict[str, "Node"]:
        """Give a mapping's values by key; keys that aren't there, or aren't known, are refused."""
        if not isinstance(self.value, dict):
            self.fail("a mapping")
        allowed = (*needed, *others)
        for key in self.value:
            if key not in allowed:
                self.child(key).fail(f"one of {', '.join(allowed)}", f"the key {key!r}")
        for key in needed:
            if key not in self.value:
                self.fail(f"the key {key}", f"only {', '.join(self.value) or 'nothing'}")
        return {key: self.child(key) for key in self.value}

    def entries(self, least: int = 0, most: int = 100) -> list["Node"]:
        """Give a list's values."""
        if not isinstance(self.value, list) or not least <= len(self.value) <= most:
            got = f"{len(self.value)} entries" if isinstance(self.value, list) else ""
            self.fail(f"a list of {least} to {most} entries", got)
        return [self.child(i) for i in range(len(self.value))]

    def text(self, most: int = _LONGEST_TEXT) -> str:
        """Give a text without control characters."""
        if not isinstance(self.value, str) or not 0 < len(self.value.strip()) <= most:
            self.fail(f"a text of 1 to {most} characters (quote what looks like a number)")
        if _CONTROL.search(self.value):
            self.fail("a text without control characters")
        return self.value.strip()

    def words(self, most: int = _LONGEST_TEXT) -> Text:
        """Give a text for people: in one language, or by language."""
        if not isinstance(self.value, dict):
            return Text({"en": self.text(most)})
        for code in self.value:
            if _LANGUAGE.fullmatch(code) is None:
                self.child(code).fail("two letters for a language, such as en", repr(code))
        if not self.value:
            self.fail("a text in at least one language")
        return Text({code: self.child(code).text(most) for code in self.value})

    def name(self) -> str:
        """Give a name that programs use."""
        if not isinstance(self.value, str) or _NAME.fullmatch(self.value) is None:
            self.fail("a name of a-z, 0-9 and _ that begins with a letter, at most 32 long")
        return self.value

    def number(self, low: float, high: float) -> float:
        """Give a number between two bounds, both allowed."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail(f"a number from {low:g} to {high:g}")
        if not low <= value <= high:
            self.fail(f"a number from {low:g} to {high:g}")
        return float(value)

    def flag(self) -> bool:
        """Give true or false."""
        if not isinstance(self.value, bool):
            self.fail("true or false")
        return self.value

    def one_of(self, allowed: tuple[str, ...]) -> str:
        """Give one of some words."""
        if self.value not in allowed:
            self.fail(f"one of {', '.join(allowed)}")
        return str(self.value)


def document_of(source: str | PathLike[str] | Mapping[str, Any]) -> Node:
    """Read a file, or take what was read before.

    Parameters
    ----------
    source : path or mapping
        A ``.yaml``, ``.yml`` or ``.json`` file; or plain data, such as a record holds.

    Returns
    -------
    Node
        The whole of it.

    Raises
    ------
    SittingFileError
        It isn't there, too large, or not plain data.
    MissingExtraError
        It is YAML and PyYAML isn't installed.
    """
    if isinstance(source, Mapping):
        return Node(dict(source), "record")
    file = Path(source)
    text = _text_of(file)
    if file.suffix == ".json":
        return Node(_json(file, text), str(file))
    lines: dict[str, int] = {}
    return Node(_yaml(file, text, lines), str(file), lines=lines)


def named_documents(folder: Path) -> dict[str, Path]:
    """Give the files of a folder by name; shipped templates are found so."""
    return {f.stem: f for f in sorted(folder.iterdir()) if f.suffix in {".yaml", ".yml", ".json"}}


def _text_of(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(_LARGEST_BYTES + 1)
        if len(content) > _LARGEST_BYTES:
            raise SittingFileError(
                file, "too large", expected=f"at most {_LARGEST_BYTES // 1024} KiB"
            )
        return content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise SittingFileError(
            file, "can't be read", expected="a text file in UTF-8", got=str(error)
        ) from error


def _json(file: Path, text: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            msg = "a key is given twice"
            raise ValueError(msg)
        return found

    def never(constant: str) -> NoReturn:
        msg = f"{constant} isn't a number"
        raise ValueError(msg)

    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=never)
    except (ValueError, RecursionError) as error:
        raise SittingFileError(file, "isn't JSON", got=str(error)) from error


def _yaml(file: Path, text: str, lines: dict[str, int]) -> Any:
    try:
        yaml: Any = importlib.import_module("yaml")
    except ImportError as error:
        extra = "console"
        raise MissingExtraError(extra, "a protocol or form in YAML") from error
    try:
        return PlainYaml(file, yaml, lines).build(yaml.parse(text, yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise SittingFileError(
            file,
            "isn't YAML",
            got=str(getattr(error, "problem", error)),
            part=f"line {mark.line + 1}" if mark else "",
        ) from error


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= 60 else f"{text[:57]}…"
