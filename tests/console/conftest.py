"""Servers for tests, and the contract with the page."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from page_contract import Contract
from served_console import Served, start


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Start servers; all are stopped in the end, and none may have made a mistake."""
    running: list[Served] = []

    def begin(*options: str, root: Path | None = None) -> Served:
        running.append(start(root or tmp_path / "sessions", *options))
        return running[-1]

    yield begin
    for served in running:
        served.stop()
        assert "Traceback" not in served.log.read_text()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that the tests of a module share."""
    running = start(tmp_path_factory.mktemp("served") / "sessions")
    yield running
    running.stop()
    assert "Traceback" not in running.log.read_text()


@pytest.fixture(scope="session")
def contract() -> Contract:
    """What the page is written against."""
    return Contract(Path(__file__).parents[2] / "console" / "src" / "types.ts")
