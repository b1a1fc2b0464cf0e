"""HTML as small functions: whatever comes from a recording or a bundle is escaped here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from wearaffect.clinic.style import CSS

__all__ = [
    "Fact",
    "Html",
    "box",
    "bullets",
    "document",
    "figure",
    "items",
    "join",
    "paragraph",
    "section",
    "split",
    "swatch",
    "table",
    "tiles",
]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


class Html(str):
    """Text that is markup already; everything else is escaped."""

    __slots__ = ()


def text(value: str) -> Html:
    """Escape text, leave markup."""
    return value if isinstance(value, Html) else Html(escape(value))


def join(parts: Iterable[str]) -> Html:
    """Put parts one after the other, each escaped unless it is markup."""
    return Html("\n".join(text(part) for part in parts if part))


@dataclass(frozen=True, slots=True)
class Fact:
    """A big number: what it is, the number, and what it needs to be understood."""

    name: str
    value: str
    note: str = ""


def tiles(facts: Iterable[Fact]) -> Html:
    """Give the strip of big numbers."""
    cells = "\n".join(
        f'<div class="tile"><dt>{text(f.name)}</dt><dd class="big">{text(f.value)}</dd>'
        f'<dd class="sub">{text(f.note)}</dd></div>'
        for f in facts
    )
    return Html(f'<dl class="tiles">\n{cells}\n</dl>')


def paragraph(content: str, kind: str = "") -> Html:
    """Give a paragraph; `kind` is a class of the style."""
    return Html(f'<p class="{kind}">{text(content)}</p>' if kind else f"<p>{text(content)}</p>")


def items(parts: Iterable[str]) -> Html:
    """Give short parts in a line, each kept together, without the empty ones."""
    spans = (f'<span class="item">{text(part)}</span>' for part in parts if part)
    return Html(' <span aria-hidden="true">·</span> '.join(spans))


def box(title: str, content: str) -> Html:
    """Give a box that asks for something to be done."""
    return Html(
        f'<div class="box" role="note"><strong>{text(title)}</strong><p>{text(content)}</p></div>'
    )


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, numeric: Iterable[int] = (), about: str
) -> Html:
    """Give a table.

    Parameters
    ----------
    head : sequence of str
        Names of the columns.
    rows : sequence of sequence of str
        Cells; the first names the row.
    numeric : iterable of int
        Columns to set right.
    about : str
        What the table shows, for those who hear it.
    """
    right = set(numeric)

    def cell(tag: str, k: int, value: str, scope: str = "") -> str:
        look = ' class="num"' if k in right else ""
        return f"<{tag}{scope}{look}>{text(value)}</{tag}>"

    top = "".join(cell("th", k, name, ' scope="col"') for k, name in enumerate(head))
    body = "\n".join(
        "<tr>"
        + "".join(
            cell("td" if k else "th", k, value, "" if k else ' scope="row"')
            for k, value in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return Html(
        f'<div class="scroll"><table aria-label="{escape(about)}"><thead><tr>{top}</tr></thead>'
        f"\n<tbody>{body}</tbody></table></div>"
    )


def figure(svg: str, about: str, caption: str) -> Html:
    """Give a figure; `svg` is our own drawing and goes in as it is."""
    return Html(
        f'<figure><div role="img" aria-label="{escape(about)}">{svg}</div>\n'
        f"<figcaption>{text(caption)}</figcaption></figure>"
    )


def swatch(kind: str, name: str) -> Html:
    """Give an entry of a key."""
    return Html(f'<span class="key"><i class="{kind}"></i>{text(name)}</span>')


def bullets(items: Sequence[str], otherwise: str) -> Html:
    """Give a list, or a sentence where it is empty."""
    if not items:
        return paragraph(otherwise, "note")
    return Html("<ul>" + "".join(f"<li>{text(item)}</li>" for item in items) + "</ul>")


def section(title: str, parts: Iterable[str], *, whole: bool = False) -> Html:
    """Give a section; a whole one isn't split over pages."""
    look = ' class="whole"' if whole else ""
    return Html(f"<section{look}>\n<h2>{text(title)}</h2>\n{join(parts)}\n</section>")


def split(left: Iterable[str], right: Iterable[str]) -> Html:
    """Set two columns side by side."""
    return Html(f'<div class="split"><div>{join(left)}</div>\n<div>{join(right)}</div></div>')


def document(title: str, parts: Iterable[str]) -> str:
    """Give the whole page: self-contained, and forbidden to load or run anything."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{text(title)}</title>\n<style>{CSS}</style>\n</head>\n<body>\n<main>\n"
        f"{join(parts)}\n</main>\n</body>\n</html>\n"
    )
