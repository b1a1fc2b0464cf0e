"""The page in a real browser: nothing missing, nothing wider than the window."""

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from wearaffect.clinic.report.comparing import page_of_sittings
from wearaffect.clinic.report.printing import write_page
from wearaffect.clinic.report.recorded import recorded
from wearaffect.clinic.report.writing import page_of, write_report
from wearaffect.pipeline.offline import Analysis

WIDTHS = (1280, 900, 390)

# the report forbids scripts, so an outer page looks into it
_LOOK = """
const frame = document.querySelector("iframe"), out = {};
frame.onload = () => {
  const page = frame.contentDocument;
  for (const width of %s) {
    frame.style.width = width + "px";
    out[width] = {
      wide: page.documentElement.scrollWidth,
      figures: [...page.querySelectorAll("figure svg")].map((svg) => {
        const box = svg.getBoundingClientRect();
        return [Math.round(box.width), Math.round(box.height), svg.querySelectorAll("path").length];
      }),
      headings: [...page.querySelectorAll("h2")].map((h) => h.innerText),
      outside: [...page.querySelectorAll("svg text")].filter((text) => {
        const inner = text.getBoundingClientRect();
        const outer = text.closest("svg").getBoundingClientRect();
        return inner.left < outer.left - 1 || inner.right > outer.right + 1;
      }).map((text) => text.textContent),
      loaded: page.defaultView.performance.getEntriesByType("resource").map((r) => r.name),
      font: getComputedStyle(page.querySelector("svg text")).fontFamily,
    };
  }
  document.body.textContent = "FOUND" + JSON.stringify(out) + "END";
};
"""


@pytest.fixture
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium isn't installed, and packages.txt names it")
        pytest.skip("chromium isn't installed")
    return found


def looked_at(page: Path, chromium: str, tmp_path: Path) -> dict[str, Any]:
    """What a browser makes of a page, by width; it may say nothing and load nothing."""
    report = page.read_text(encoding="utf-8")
    outer = tmp_path / "outer.html"
    outer.write_text(
        '<!DOCTYPE html><meta charset="utf-8"><body>'
        f'<iframe style="height:800px;border:0" srcdoc="{html.escape(report)}"></iframe>'
        f"<script>{_LOOK % json.dumps(WIDTHS)}</script>",
        encoding="utf-8",
    )
    options = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
        "--disable-background-networking --disable-component-update --virtual-time-budget=4000 "
        "--enable-logging=stderr "
        f"--window-size=1400,900 --user-data-dir={tmp_path / 'profile'} --dump-dom"
    )
    done = subprocess.run(
        [chromium, *options.split(), outer.as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert [line for line in done.stderr.splitlines() if ":CONSOLE" in line] == []
    found = re.search(r"FOUND(.*)END", done.stdout, re.DOTALL)
    assert found is not None, done.stderr[-2000:]
    looks: dict[str, Any] = json.loads(html.unescape(found[1]))
    for width in WIDTHS:
        look = looks[str(width)]
        assert look["wide"] <= width
        assert look["outside"] == []
        assert look["loaded"] == []
        assert "DejaVu" not in look["font"]
    return looks


def test_nothing_is_missing_or_too_wide(analysis: Analysis, chromium: str, tmp_path: Path) -> None:
    write_report(analysis, tmp_path / "report.html")
    for look in looked_at(tmp_path / "report.html", chromium, tmp_path).values():
        assert len(look["figures"]) == 5
        assert all(w >= 300 and h >= 60 and paths > 5 for w, h, paths in look["figures"])
        assert look["headings"] == [
            "Withheld, and why",
            "Signals",
            "What the bundle says",
            "Skin conductance, measured and forecast",
            "Physics of skin conductance",
            "Movement",
            "Condition of the recording",
            "Where this comes from",
        ]


def test_a_sitting_is_whole_on_every_width(sat: Path, chromium: str, tmp_path: Path) -> None:
    write_page(page_of(recorded(sat)), tmp_path / "report.html")
    for look in looked_at(tmp_path / "report.html", chromium, tmp_path).values():
        assert len(look["figures"]) == 7
        assert all(w >= 300 and h >= 60 and paths > 5 for w, h, paths in look["figures"])
        assert look["headings"] == [
            "What happened",
            "What was stored",
            "What was shown in the sitting",
            "Withheld, and why",
            "Self-report beside estimate",
            "Signals",
            "Skin conductance, measured and forecast",
            "Physics of skin conductance",
            "Movement",
            "Clocks and links",
            "Condition of the recording",
            "Consent, purpose and retention",
            "What to beware of",
            "Where this comes from",
        ]


def test_sittings_side_by_side_fit(
    sat: Path, sat_again: Path, chromium: str, tmp_path: Path
) -> None:
    page = page_of_sittings([recorded(sat), recorded(sat_again)])
    write_page(page, tmp_path / "report.html")
    for look in looked_at(tmp_path / "report.html", chromium, tmp_path).values():
        assert len(look["figures"]) == 3
        assert look["headings"][-2:] == ["Sitting 1", "Sitting 2"]
