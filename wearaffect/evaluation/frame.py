"""The one way in which boards' figures are made and written: same look, same bytes."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from wearaffect.core.errors import MissingExtraError

__all__ = ["new_figure", "saved", "style"]


def style() -> AbstractContextManager[None]:
    """Give what figures are drawn under.

    Raises
    ------
    MissingExtraError
        There is no matplotlib.
    """
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise MissingExtraError("desk", "the board's figures") from error
    return mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "wearaffect", "font.size": 9.0})


def new_figure(size: tuple[float, float]) -> Any:
    """Give an empty figure of a width and height, inches."""
    with style():
        from matplotlib.figure import Figure

        return Figure(figsize=size, layout="constrained")


def saved(figure: Any, path: Path) -> Path:
    """Write a figure as SVG, the same bytes each time, or as PNG; give the path."""
    options = {"metadata": {"Date": None}} if path.suffix == ".svg" else {"dpi": 150}
    with style():
        figure.savefig(path, **options)
    return path
