"""The report on paper: through weasyprint, which needs Debian's Pango."""

import os
import sys
from pathlib import Path

import pytest

from wearaffect.clinic.report.printing import require_format, write_page
from wearaffect.clinic.report.recorded import recorded
from wearaffect.clinic.report.writing import page_of
from wearaffect.core.errors import MissingExtraError, RecordingError


@pytest.fixture
def weasyprint() -> None:
    try:
        require_format(Path("r.pdf"))
    except (MissingExtraError, RecordingError) as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{error}: and packages.txt names Pango")
        pytest.skip(f"weasyprint or Pango isn't installed: {error}")


@pytest.mark.usefixtures("weasyprint")
def test_the_whole_report_is_printed(sat: Path, tmp_path: Path) -> None:
    write_page(page_of(recorded(sat)), tmp_path / "r.pdf")
    content = (tmp_path / "r.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    # a page's tree is in a compressed stream; how many there are stands in it
    assert len(content) > 40_000


@pytest.mark.usefixtures("weasyprint")
def test_nothing_is_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("never to be read")
    page = f'<p>said<img src="{secret.as_uri()}"><a rel=attachment href="{secret.as_uri()}">x</a>'
    write_page(page, tmp_path / "with.pdf")
    secret.unlink()
    write_page(page, tmp_path / "without.pdf")
    sizes = [(tmp_path / name).stat().st_size for name in ("with.pdf", "without.pdf")]
    assert abs(sizes[0] - sizes[1]) < 64


def test_without_weasyprint_it_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(MissingExtraError, match=r"wearaffect\[pdf\]"):
        write_page("<p>said</p>", tmp_path / "r.pdf")
    assert not (tmp_path / "r.pdf").exists()


@pytest.mark.parametrize("name", ["r", "r.docx", "r.html.exe"])
def test_other_files_are_refused_before_the_work(name: str, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="what kind of file") as caught:
        require_format(tmp_path / name)
    assert ".pdf" in caught.value.expected
