"""A stranger's package, installed for one test: one module and its entry points."""

from pathlib import Path

import pytest


def install(
    monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, code: str, points: dict[str, str]
) -> None:
    """Write a package and put its folder on the path; `points` is group to ``name = value``."""
    (folder / f"{name}.py").write_text(code, encoding="utf-8")
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = "\n".join(f"[{group}]\n{point}" for group, point in points.items())
    (about / "entry_points.txt").write_text(lines, encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
