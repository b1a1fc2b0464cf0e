"""A report read back as a reader's browser would: tiles, tables, text and every attribute."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from wearaffect.clinic.report.printing import write_page
from wearaffect.clinic.report.recorded import recorded
from wearaffect.clinic.report.writing import page_of

VOID = {"meta", "br", "hr", "img", "link", "input"}


@dataclass
class Page(HTMLParser):
    """What a page holds once it is parsed."""

    tiles: dict[str, tuple[str, str]] = field(default_factory=dict)
    tables: dict[str, list[list[str]]] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[str] = []
        self._table: list[list[str]] = []
        self._cells: list[str] = []
        self._tile: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)
        if tag == "table":
            self._table = self.tables.setdefault(dict(attrs)["aria-label"] or "", [])
        elif tag == "tr":
            self._table.append([])
        elif tag in {"td", "th"}:
            self._table[-1].append("")
        elif tag in {"dt", "dd"}:
            self._tile.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> closes something else"
        if tag == "dl":
            for name, value, note in zip(*[iter(self._tile)] * 3, strict=True):
                self.tiles[name] = (value, note)

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            return
        self.text += data
        if {"td", "th"} & set(self._open):
            self._table[-1][-1] += data
        elif {"dt", "dd"} & set(self._open):
            self._tile[-1] += data


def read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    assert not page._open, f"left open: {page._open}"
    return page


def reported(folder: Path, out: Path) -> Page:
    write_page(page_of(recorded(folder)), out / "r.html")
    return read(out / "r.html")


def number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-").split(maxsplit=1)[0])
