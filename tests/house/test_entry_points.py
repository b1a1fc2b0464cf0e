"""Everything that is found by name is there, and is what pyproject.toml says."""

import tomllib
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.smoke

GROUPS = (
    "wearaffect.datasets",
    "wearaffect.devices",
    "wearaffect.drivers",
    "wearaffect.scanners",
    "wearaffect.sinks",
    "wearaffect.wearables",
    "console_scripts",
)


def declared(repository: Path) -> dict[str, dict[str, str]]:
    """Entry points by group, as written in pyproject.toml."""
    text = (repository / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    return project["entry-points"] | {"console_scripts": project["scripts"]}


def test_no_group_is_forgotten_here(repository: Path) -> None:
    assert set(declared(repository)) == set(GROUPS)


@pytest.mark.parametrize("group", GROUPS)
def test_what_is_declared_is_installed(repository: Path, group: str) -> None:
    ours = {p.name: p.value for p in entry_points(group=group) if "wearaffect" in p.value}
    assert ours == declared(repository)[group], "run: make setup"


@pytest.mark.parametrize("group", GROUPS)
def test_what_is_installed_resolves(group: str) -> None:
    ours = [point for point in entry_points(group=group) if "wearaffect" in point.value]
    assert ours
    for point in ours:
        if group == "wearaffect.wearables" and find_spec("bumble") is None:
            with pytest.raises(ModuleNotFoundError, match="bumble"):
                point.load()
        else:
            assert callable(point.load()), point
