"""The page in a real browser: nothing missing, nothing wider than the window."""

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from wearaffect.clinic.report import write_report
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


def test_nothing_is_missing_or_too_wide(analysis: Analysis, chromium: str, tmp_path: Path) -> None:
    write_report(analysis, tmp_path / "report.html")
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
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
        f"--window-size=1400,900 --user-data-dir={tmp_path / 'profile'} --dump-dom"
    )
    done = subprocess.run(
        [chromium, *options.split(), outer.as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found = re.search(r"FOUND(.*)END", done.stdout, re.DOTALL)
    assert found is not None, done.stderr[-2000:]
    looks = json.loads(html.unescape(found[1]))
    for width in WIDTHS:
        look = looks[str(width)]
        assert look["wide"] <= width
        assert look["outside"] == []
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
        assert "DejaVu" not in look["font"]
