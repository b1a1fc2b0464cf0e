"""Small multiples: one column a phase, one row a quantity, one dot a sitting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wearaffect.clinic.report.drawing import svg
from wearaffect.clinic.report.style import INK, MUTED, SIGNAL

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Cell", "multiples_figure"]

_WIDTH_IN, _LEFT_IN, _ROW_IN, _TOP_IN, _BOTTOM_IN = 8.4, 1.08, 0.78, 0.26, 0.36
_LONGEST_TITLE = 22


@dataclass(frozen=True, slots=True)
class Cell:
    """What one sitting shows in one phase, 0 to 1, with its range."""

    middle: float
    low: float
    high: float


def multiples_figure(
    columns: Sequence[str], rows: Mapping[str, Sequence[Sequence[Cell | None]]]
) -> str:
    """Draw sittings by phase.

    Parameters
    ----------
    columns : sequence of str
        Titles of the phases.
    rows : mapping of str to sequence of sequence of Cell or None
        For each quantity and phase one entry a sitting; None: nothing to show.

    Returns
    -------
    str
        Inline SVG.
    """
    from matplotlib.figure import Figure

    height = _TOP_IN + _BOTTOM_IN + _ROW_IN * len(rows)
    figure = Figure(figsize=(_WIDTH_IN, height))
    width = (_WIDTH_IN - _LEFT_IN - 0.1) / len(columns)
    for r, (name, cells) in enumerate(rows.items()):
        bottom = height - _TOP_IN - _ROW_IN * (r + 1) + 0.12
        for c, title in enumerate(columns):
            left = _LEFT_IN + width * c
            box = (left / _WIDTH_IN, bottom / height, (width - 0.14) / _WIDTH_IN, 0.62 / height)
            axes = figure.add_axes(box)
            _draw(axes, cells[c], last=r == len(rows) - 1, first=c == 0)
            if r == 0:
                short = title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1] + "…"
                axes.set_title(short, fontsize=8, weight="bold", loc="left", pad=5)
        figure.text(
            0.04 / _WIDTH_IN,
            (bottom + 0.62) / height,
            name,
            va="top",
            weight="bold",
            fontsize=8.5,
            color=INK,
        )
    return svg(figure, "multiples")


def _draw(axes: "Axes", cells: Sequence[Cell | None], *, last: bool, first: bool) -> None:
    axes.set_ylim(-0.06, 1.06)
    axes.set_xlim(0.4, len(cells) + 0.6)
    axes.set_yticks([0, 0.5, 1], ["0", "0.5", "1"] if first else ["", "", ""])
    ticks = list(range(1, len(cells) + 1))
    axes.set_xticks(ticks, [str(tick) for tick in ticks] if last else [""] * len(ticks))
    axes.axhline(0.5, color=MUTED, linewidth=0.4, linestyle=(0, (2, 3)))
    if last and first:
        axes.set_xlabel("sitting", fontsize=7.5, color=MUTED, labelpad=2, loc="left")
    known = [(x, cell) for x, cell in zip(ticks, cells, strict=True) if cell is not None]
    for x, cell in known:
        axes.plot([x, x], [cell.low, cell.high], color=SIGNAL["eda"], linewidth=2.2, alpha=0.35)
    axes.plot(
        [x for x, _ in known],
        [cell.middle for _, cell in known],
        "o",
        color=SIGNAL["eda"],
        markersize=4.5,
        clip_on=False,
    )
