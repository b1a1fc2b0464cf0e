"""The README is run: its Python as written, its commands as far as they name what is there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).with_name("wearaffect"))


def fenced(text: str, language: str) -> list[str]:
    """Give the code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def readme(repository: Path) -> str:
    return (repository / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def clone(repository: Path, tmp_path: Path) -> Path:
    """A folder that looks like a clone to somebody who follows the README, but may be written."""
    for name in ("examples", "models"):
        (tmp_path / name).symlink_to(repository / name)
    return tmp_path


def run(arguments: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        arguments,
        cwd=folder,
        env=os.environ | {"MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def commands(readme: str) -> list[list[str]]:
    """Every `wearaffect …` line of its shell blocks."""
    lines = [line for block in fenced(readme, "sh") for line in block.splitlines()]
    found = [shlex.split(line, comments=True) for line in lines]
    return [words for words in found if words and words[0] == "wearaffect"]


def test_its_python_runs_in_order_without_a_warning(readme: str, clone: Path) -> None:
    blocks = fenced(readme, "python")
    assert len(blocks) >= 3
    done = run([sys.executable, "-W", "error", "-c", "\n".join(blocks)], clone)
    assert done.returncode == 0, done.stderr
    assert "p(stress)" in done.stdout
    assert "eda_level" in done.stdout


def test_its_tour_gives_the_report(readme: str, clone: Path) -> None:
    tour = [words for words in commands(readme) if words[1] in {"doctor", "analyze", "record"}]
    assert [words[1] for words in tour] == ["doctor", "analyze", "record"]
    for words in tour:
        done = run([COMMAND, *words[1:]], clone)
        assert done.returncode == 0, done.stderr
    assert (clone / "out/mine/report.html").stat().st_size > 50_000
    assert (clone / "out/mine/estimates.parquet").is_file()
    assert (clone / "out/session/session.mcap").is_file()


def test_every_command_and_option_it_names_exists(readme: str, tmp_path: Path) -> None:
    named = commands(readme)
    assert len(named) >= 5
    for words in named:
        options = [word for word in words if word.startswith("--")]
        path = words[1:3] if words[1] == "models" else words[1:2]
        done = run([COMMAND, *path, "--help"], tmp_path)
        assert done.returncode == 0, f"{path}: {done.stderr}"
        for option in options:
            assert re.search(rf"{option}\b", done.stdout), f"{' '.join(path)} has no {option}"


def test_its_make_targets_exist(readme: str, repository: Path) -> None:
    targets = set(re.findall(r"\bmake ([a-z]+)", "\n".join(fenced(readme, "sh"))))
    assert {"demo", "test"} <= targets
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    for target in targets:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_into_the_repository_lead_somewhere(repository: Path, page: str) -> None:
    text = (repository / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#:]+)\)", text)
    assert [t for t in targets if not (repository / t).exists()] == []
    assert text.startswith("# ")


def test_it_says_what_it_is_not_and_cites_its_data(readme: str) -> None:
    for words in ("Not a medical device", "10.1145/3242969.3242985", "10.3390/s22218135"):
        assert words in readme
