"""A page into a file: HTML as it is, or PDF through weasyprint."""

from pathlib import Path

from wearaffect.core.errors import MissingExtraError, RecordingError

__all__ = ["require_format", "write_page"]

_FORMATS = (".html", ".pdf")


def require_format(path: Path) -> None:
    """Refuse a file that isn't HTML or PDF, and PDF where it can't be made, before the work.

    Raises
    ------
    RecordingError
        The name ends otherwise, or Pango isn't there.
    MissingExtraError
        weasyprint isn't installed.
    """
    if path.suffix.lower() not in _FORMATS:
        raise RecordingError(
            path, "what kind of file?", expected="a name that ends in .html or .pdf"
        )
    if path.suffix.lower() == ".pdf":
        _require_weasyprint()


def write_page(page: str, path: Path) -> None:
    """Write a page.

    Parameters
    ----------
    page : str
        HTML that loads nothing.
    path : pathlib.Path
        Ends in ``.html`` or ``.pdf``; its folder must exist.

    Raises
    ------
    RecordingError, MissingExtraError
        As `require_format`.
    """
    require_format(path)
    if path.suffix.lower() == ".pdf":
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher

        # a report loads nothing, whatever it says
        HTML(string=page, url_fetcher=URLFetcher(allowed_protocols=())).write_pdf(path)
        return
    # a file name that isn't UTF-8 must not cost the report
    path.write_text(page, encoding="utf-8", errors="replace", newline="\n")


def _require_weasyprint() -> None:
    try:
        import weasyprint  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("pdf", "a report as PDF") from error
    except OSError as error:  # it is there, and finds no Pango
        raise RecordingError(
            "weasyprint",
            "can't draw",
            expected="the library Pango",
            got=str(error).partition("\n")[0],
            remedy="install Pango (Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0 "
            "libharfbuzz-subset0), or write .html and print that",
        ) from error
