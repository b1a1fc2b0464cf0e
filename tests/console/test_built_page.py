"""The built page is the page in console/: nothing there is newer, and it brings nothing along."""

import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "console"
STATIC = ROOT / "wearaffect" / "clinic" / "console" / "static"
LOOSE = {"form.html", "index.html", "package-lock.json", "tsconfig.json", "vite.config.ts"}
CATALOGUES = sorted((SOURCES / "src" / "words").glob("*.en.json"))
PAGES = sorted(STATIC.glob("*.html"))


def test_the_page_is_built_from_what_is_there() -> None:
    lines = (STATIC / "sources.sha256").read_text(encoding="utf-8").splitlines()
    built_from = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    files = [SOURCES / name for name in LOOSE]
    files += [path for path in (SOURCES / "src").rglob("*") if path.is_file()]
    there = {
        path.relative_to(SOURCES).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }
    stale = {name for name in there.keys() | built_from if there.get(name) != built_from.get(name)}
    assert not stale, "the page is older than its sources: run `make console`"


def test_the_lock_names_no_host() -> None:
    lock = json.loads((SOURCES / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: facts for name, facts in lock["packages"].items() if name}
    assert packages
    assert not [name for name, facts in packages.items() if "resolved" in facts]
    assert all(facts["integrity"].startswith("sha512-") for facts in packages.values())


def test_both_pages_are_there() -> None:
    assert [page.name for page in PAGES] == ["form.html", "index.html"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_needs_only_its_own_files(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    needed = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert needed
    assert all((STATIC / name).is_file() for name in needed)
    # the page's policy bars both
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", text)


def test_styles_take_nothing_from_elsewhere() -> None:
    sheets = sorted((STATIC / "assets").glob("*.css"))
    assert sheets
    assert not [sheet for sheet in sheets if re.search(r"@import|url\(|//", sheet.read_text())]


def test_every_key_that_is_asked_for_has_words() -> None:
    known: set[str] = set()
    for catalogue in CATALOGUES:
        known |= json.loads(catalogue.read_text(encoding="utf-8")).keys()
    asked = {
        key
        for file in (SOURCES / "src").rglob("*.ts")
        for key in re.findall(r'\bt\(\s*"([^"]+)"', file.read_text(encoding="utf-8"))
    }
    assert asked
    assert asked - known == set()


@pytest.mark.parametrize("english", CATALOGUES, ids=lambda file: file.name.partition(".")[0])
def test_the_catalogues_have_the_same_keys_and_values(english: Path) -> None:
    german = english.with_name(english.name.replace(".en.", ".de."))
    words = json.loads(english.read_text(encoding="utf-8"))
    others = json.loads(german.read_text(encoding="utf-8"))
    assert words.keys() == others.keys()
    slots = re.compile(r"\{(\w+)\}")
    assert [key for key in words if not others[key].strip()] == []
    assert [k for k in words if set(slots.findall(words[k])) != set(slots.findall(others[k]))] == []
