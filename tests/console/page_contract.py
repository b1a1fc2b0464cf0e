"""The shapes that the page is written against, read from its own ``types.ts``.

Enough of TypeScript's grammar for that file: interfaces, unions, arrays, tuples, records, literals.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_TOKEN = re.compile(r'"[^"]*"|\w+|[{}\[\]<>|&;:,?()=]')
_COMMENT = re.compile(r"//[^\n]*")
_PLAIN = {"string": str, "number": int | float, "boolean": bool}


class Contract:
    """Named types, and whether a value is of one."""

    def __init__(self, file: Path) -> None:
        text = _COMMENT.sub("", file.read_text(encoding="utf-8"))
        self._tokens = _TOKEN.findall(text)
        self._at = 0
        self.types: dict[str, Any] = {}
        while self._at < len(self._tokens):
            self._declaration()

    def complaints(self, kind: str, value: Any) -> list[str]:
        """Say where a value isn't of a type; empty: it is. `kind` is a name, or ``Name[]``."""
        self._tokens, self._at = _TOKEN.findall(kind), 0
        return list(self._check(self._union(), value, kind))

    # ---- reading

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _peek(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else ""

    def _taken(self, token: str) -> bool:
        if self._peek() != token:
            return False
        self._at += 1
        return True

    def _declaration(self) -> None:
        word = self._next()
        if word == "export":
            word = self._next()
        assert word in {"interface", "type"}, word
        name = self._next()
        if word == "interface":
            self.types[name] = self._primary()
            return
        assert self._next() == "="
        self.types[name] = self._union()
        assert self._next() == ";"

    def _union(self) -> Any:
        self._taken("|")
        members = [self._intersection()]
        while self._taken("|"):
            members.append(self._intersection())
        return members[0] if len(members) == 1 else ("union", members)

    def _intersection(self) -> Any:
        parts = [self._array()]
        while self._taken("&"):
            parts.append(self._array())
        return parts[0] if len(parts) == 1 else ("all", parts)

    def _array(self) -> Any:
        found = self._primary()
        while self._peek() == "[" and self._peek(1) == "]":
            self._at += 2
            found = ("array", found)
        return found

    def _primary(self) -> Any:
        token = self._next()
        if token == "(":
            inner = self._union()
            assert self._next() == ")"
            return inner
        if token == "{":
            return self._object()
        if token == "[":
            return self._tuple()
        if token == "Record":
            assert self._next() == "<"
            self._union()
            assert self._next() == ","
            inner = self._union()
            assert self._next() == ">"
            return ("record", inner)
        return ("literal", token[1:-1]) if token.startswith('"') else ("name", token)

    def _object(self) -> Any:
        fields: dict[str, tuple[bool, Any]] = {}
        while not self._taken("}"):
            name, optional = self._next(), self._taken("?")
            assert self._next() == ":"
            fields[name] = optional, self._union()
            self._taken(";")
            self._taken(",")
        return ("object", fields)

    def _tuple(self) -> Any:
        members = []
        while not self._taken("]"):
            if self._peek(1) == ":":
                self._at += 2
            members.append(self._union())
            self._taken(",")
        return ("tuple", members)

    # ---- checking

    def _check(self, kind: Any, value: Any, where: str) -> list[str]:
        return getattr(self, f"_check_{kind[0]}")(kind[1], value, where)

    def _check_name(self, name: str, value: Any, where: str) -> list[str]:
        if name == "null":
            return [] if value is None else [f"{where}: expected null, got {value!r}"]
        if name in _PLAIN:
            fits = isinstance(value, _PLAIN[name]) and isinstance(value, bool) == (
                name == "boolean"
            )
            return [] if fits else [f"{where}: expected {name}, got {value!r}"]
        return self._check(self.types[name], value, where)

    def _check_literal(self, literal: str, value: Any, where: str) -> list[str]:
        return [] if value == literal else [f"{where}: expected {literal!r}, got {value!r}"]

    def _check_union(self, members: list[Any], value: Any, where: str) -> list[str]:
        tried = [self._check(member, value, where) for member in members]
        return min(tried, key=len)

    def _check_array(self, member: Any, value: Any, where: str) -> list[str]:
        if not isinstance(value, list):
            return [f"{where}: expected a list, got {value!r}"]
        return [c for i, one in enumerate(value) for c in self._check(member, one, f"{where}[{i}]")]

    def _check_tuple(self, members: list[Any], value: Any, where: str) -> list[str]:
        if not isinstance(value, list) or len(value) != len(members):
            return [f"{where}: expected {len(members)} values, got {value!r}"]
        pairs = enumerate(zip(members, value, strict=True))
        return [c for i, (m, one) in pairs for c in self._check(m, one, f"{where}[{i}]")]

    def _check_record(self, member: Any, value: Any, where: str) -> list[str]:
        if not isinstance(value, dict):
            return [f"{where}: expected a mapping, got {value!r}"]
        return [c for key, one in value.items() for c in self._check(member, one, f"{where}.{key}")]

    def _check_object(self, fields: Mapping[str, Any], value: Any, where: str) -> list[str]:
        if not isinstance(value, dict):
            return [f"{where}: expected an object, got {value!r}"]
        found = [f"{where}: has {key!r}, too" for key in value if key not in fields]
        for key, (optional, kind) in fields.items():
            if key in value:
                found += self._check(kind, value[key], f"{where}.{key}")
            elif not optional:
                found.append(f"{where}: {key!r} is missing")
        return found

    def _check_all(self, parts: list[Any], value: Any, where: str) -> list[str]:
        fields: dict[str, Any] = {}
        for part in parts:
            fields |= (self.types[part[1]] if part[0] == "name" else part)[1]
        return self._check_object(fields, value, where)
