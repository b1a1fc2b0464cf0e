"""The house rules that no other tool holds: sizes, docstrings, words that stay out."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

HARD_STOP = 450  # lines; 300 is the aim
LONGER_THAN_THE_AIM = 0.05  # share of files that may be
EXAMPLE_STOP = 80

# Written in pieces, so that this file doesn't hold what it forbids.
FORBIDDEN = {
    "a path of one machine": r"(?<![\w./-])/(?:wor" + r"k|roo" + r"t|hom" + r"e)/\w",
    "a scratch folder": r"(?<![\w.])/tm" + r"p/",
    "a registry": r"py" + r"pi\.org|pythonhost" + r"ed\.org|download" + r"\.pytorch",
    "an option that names a registry": r"--(?:extra-)?ind" + r"ex-url|--find-" + r"links",
}


def python_files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*.py") if "__pycache__" not in p.parts)


def text_files(repository: Path) -> Iterator[tuple[Path, str]]:
    """Everything outside the folders that .gitignore names, as far as it is text."""
    ignored = [".git", *(repository / ".gitignore").read_text(encoding="utf-8").split()]
    patterns = [name.rstrip("/") for name in ignored]

    def walk(folder: Path) -> Iterator[Path]:
        for path in sorted(folder.iterdir()):
            if any(fnmatch(path.name, pattern) for pattern in patterns):
                continue
            if path.is_dir():
                yield from walk(path)
            elif path.is_file():
                yield path

    for path in walk(repository):
        content = path.read_bytes()
        if b"\0" not in content:
            yield path, content.decode("utf-8", errors="replace")


def lines_in(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_source_files_stay_small(repository: Path) -> None:
    sizes = {str(p.name): lines_in(p) for p in python_files(repository / "wearaffect")}
    assert len(sizes) > 30
    assert {name: n for name, n in sizes.items() if n > HARD_STOP} == {}
    long = {name: n for name, n in sizes.items() if n > 300}
    assert len(long) <= LONGER_THAN_THE_AIM * len(sizes), long


def test_examples_fit_on_a_screen_or_two(repository: Path) -> None:
    sizes = {p.name: lines_in(p) for p in python_files(repository / "examples")}
    assert sizes
    assert {name: n for name, n in sizes.items() if n > EXAMPLE_STOP} == {}


def test_every_module_says_what_it_is_for(repository: Path) -> None:
    files = python_files(repository / "wearaffect") + python_files(repository / "examples")
    mute = [
        str(path.relative_to(repository))
        for path in files
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert mute == []


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_names_where_it_was_made(repository: Path, what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    texts = list(text_files(repository))
    assert len(texts) > 50
    found = [
        f"{path.relative_to(repository)}: {match.group()}"
        for path, text in texts
        for match in pattern.finditer(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a path of one machine", "see /wor" + "k/data"),
        ("a scratch folder", "rm -r /tm" + "p/x"),
        ("a registry", "https://py" + "pi.org/simple"),
        ("an option that names a registry", "pip install --ind" + "ex-url x"),
    ],
)
def test_the_patterns_do_find_what_they_forbid(what: str, text: str) -> None:
    assert re.search(FORBIDDEN[what], text)
