"""`wearaffect board`: three boards, one place for their files, and usage errors."""

import json

import pytest


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch) -> None:
    """Boards are logged where benchmarks/results lies; not from here."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_board_is_written_logged_and_printed(
    run, read_json, made_wesad, tmp_path, monkeypatch
) -> None:
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "wesad").symlink_to(made_wesad)
    (tmp_path / "benchmarks" / "results").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "result.json"
    ran = run(
        "board", "honest", "--quick", "--root", "sets", "--out", "out", "--subjects", "S2,S3,S4",
        "--jobs", 1, "--json", data,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "loso, rest: stress.macro_f1" in ran.out
    written = read_json(tmp_path / "out" / "board.json")
    assert written["boards"] == read_json(data)["boards"]
    (line,) = (tmp_path / "benchmarks" / "results" / "board_log.jsonl").read_text().splitlines()
    assert json.loads(line)["protocol_hashes"]
    # three people are too few to cross orders
    text = (tmp_path / "out" / "board.md").read_text()
    assert "These people don't allow it." in text
    assert "### Across protocol orders" not in text


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_papers_board_is_asked_for_by_name(run, read_json, made_wesad, tmp_path) -> None:
    """Row-wise splits and questionnaires as inputs are on this one alone."""
    (tmp_path / "wesad").symlink_to(made_wesad)
    ran = run(
        "board", "paper", "--quick", "--root", tmp_path, "--out", tmp_path / "out",
        "--subjects", "S2,S3,S4", "--jobs", 1,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert read_json(tmp_path / "out" / "board.json")["board"] == "paper"
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"board.json", "board.md", "paper.svg"}


def test_usage_errors_exit_2(run, tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("WEARAFFECT_DATA", raising=False)
    assert run("board", "nobody", "--root", tmp_path, "--out", tmp_path / "out").code == 2
    for name in ("paper", "honest", "transfer"):
        ran = run("board", name, "--out", tmp_path / "out")
        assert ran.code == 2
        assert "--root" in ran.err


def test_a_folder_without_the_sets_is_one_line(run, tmp_path) -> None:
    for name in ("paper", "honest", "transfer"):
        ran = run("board", name, "--quick", "--root", tmp_path, "--out", tmp_path / "out")
        assert ran.code == 1
        assert "DatasetError" in ran.err
        assert ran.err.count("\n") == 1
