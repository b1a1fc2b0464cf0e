"""HTML as small functions: whatever comes from a recording or a bundle is escaped here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from wearaffect.clinic.report.style import CSS

__all__ = [
    "Fact",
    "Html",
    "anchored",
    "box",
    "bullets",
    "document",
    "dot_scale",
    "figure",
    "items",
    "join",
    "paragraph",
    "section",
    "share_bar",
    "source",
    "split",
    "swatch",
    "table",
    "text",
    "tiles",
]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


_WHOLE_ROWS = 8  # a longer table may go on on the next page, its head repeated


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
    """Give the strip of big numbers; six stand in two rows."""
    facts = list(facts)
    look = "tiles six" if len(facts) == 6 else "tiles"
    cells = "\n".join(
        f'<div class="tile"><dt>{text(f.name)}</dt><dd class="big">{text(f.value)}</dd>'
        f'<dd class="sub">{text(f.note)}</dd></div>'
        for f in facts
    )
    return Html(f'<dl class="{look}">\n{cells}\n</dl>')


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
    look = "scroll long" if len(rows) > _WHOLE_ROWS else "scroll"
    return Html(
        f'<div class="{look}"><table aria-label="{escape(about)}"><thead><tr>{top}</tr></thead>'
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


def share_bar(share: float, words: str) -> Html:
    """Give a share as a bar with its words beside it."""
    width = min(max(share, 0.0), 1.0) * 100
    return Html(
        f'<span class="pair"><span class="bar" aria-hidden="true">'
        f'<i style="width:{width:.1f}%"></i></span>'
        f'<span class="beside">{text(words)}</span></span>'
    )


def dot_scale(place: float, words: str) -> Html:
    """Give a place on a scale from 0 to 1 as a dot on a line, with its words beside it."""
    left = min(max(place, 0.0), 1.0) * 100
    return Html(
        f'<span class="pair"><span class="scale" aria-hidden="true">'
        f'<i style="left:{left:.1f}%"></i></span>'
        f'<span class="beside">{text(words)}</span></span>'
    )


def bullets(items: Sequence[str], otherwise: str) -> Html:
    """Give a list, or a sentence where it is empty."""
    if not items:
        return paragraph(otherwise, "note")
    return Html("<ul>" + "".join(f"<li>{text(item)}</li>" for item in items) + "</ul>")


def section(title: str, parts: Iterable[str], *, whole: bool = False) -> Html:
    """Give a section; a whole one isn't split over pages."""
    look = ' class="whole"' if whole else ""
    return Html(f"<section{look}>\n<h2>{text(title)}</h2>\n{join(parts)}\n</section>")


def source(words: str) -> Html:
    """Say where the figures of a section come from; nothing where nothing is said."""
    return paragraph(f"Taken from: {words}.", "from") if words else Html("")


def anchored(name: str, content: Html) -> Html:
    """Give content that a link of the page can lead to; `name` is our own."""
    return Html(f'<div id="{escape(name)}">{content}</div>')


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
