"""`board own`, and training where nobody was amused: windows and people counted by hand."""

from pathlib import Path
from typing import Any

import pytest
from made_sittings import BEFORE_S, PHASES, PROTOCOL, record_sitting, starts_s

WINDOW_S, HOP_S = 60, 5
MARK_S = (600.0, 603.0)
WALL_S = 1_790_000_000.0
WORN = "ble:wristband:id-abcdefgh"
BLOCKS = {  # phases of one condition that follow on one another
    "baseline": ("rest", "speech"),
    "stress": ("speech", "break"),
    "amusement": ("clip", "recovery"),
    "rest": ("recovery", "end"),
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch) -> None:
    """Boards are logged where benchmarks/results lies; not from here."""
    monkeypatch.chdir(tmp_path)


def named(**conditions: str) -> dict[str, Any]:
    """The short protocol, with the conditions of these phases only."""
    phases = [{k: v for k, v in phase.items() if k != "condition"} for phase in PROTOCOL["phases"]]
    for phase in phases:
        if phase["name"] in conditions:
            phase["condition"] = conditions[phase["name"]]
    return {**PROTOCOL, "phases": phases}


# as the template: baseline is the rest that enrols, then stress, then recovery; nobody is amused
TSST = named(rest="baseline", speech="stress", arithmetic="stress", recovery="rest")
CALM = named(rest="baseline", sitting="baseline")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three people with everything, one of them twice; four sessions that can't be used."""
    root = tmp_path_factory.mktemp("site")
    for number in (1, 2, 3):
        record_sitting(root / f"s{number}", f"P-{number:02}", seed=number, device=WORN)
    record_sitting(
        root / "s4", "P-01", seed=4, device=WORN, wall_start_s=WALL_S + 86_400,
        marks=[("band.eda", *MARK_S)],
    )  # fmt: skip
    record_sitting(root / "s5", "P-05", seed=5, device=WORN, closes=False)
    record_sitting(root / "s6", "P-06", seed=6, device=WORN, protocol=CALM)
    record_sitting(root / "s7", "P-07", seed=7)
    record_sitting(root / "s8", "P-08", seed=8, device=f"{WORN}, replay:somewhere.zip")
    return root


@pytest.fixture(scope="module")
def tsst(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three people in a protocol without amusement, where baseline is nothing but enrolment."""
    root = tmp_path_factory.mktemp("tsst")
    for number in (1, 2, 3):
        folder = root / f"s{number}"
        record_sitting(folder, f"P-{number:02}", seed=number, device=WORN, protocol=TSST)
    return root


def windows_of(*names: str) -> dict[str, int]:
    """Count by hand: windows end each 5 s from the 60th on, and lie in one block as a whole."""
    at_s = starts_s()
    rest_s = (BEFORE_S, BEFORE_S + PHASES[0][1])
    counts = dict.fromkeys([*names, "marked"], 0)
    for end_s in range(WINDOW_S, int(at_s["end"]) + 1, HOP_S):
        start_s = end_s - WINDOW_S
        if start_s < rest_s[1] and end_s > rest_s[0]:
            continue
        for name in names:
            first, last = (at_s[border] for border in BLOCKS[name])
            if first <= start_s and end_s <= last:
                counts[name] += 1
                counts["marked"] += start_s < MARK_S[1] and end_s > MARK_S[0]
    return counts


def test_a_site_scores_its_own_people_one_left_out(run, read_json, tiny_bundle, site, tmp_path):
    ran = run(
        "board", "own", "--root", site, "--out", tmp_path / "out", "--quick", "--jobs", 1,
        "--model", tiny_bundle, "--json", tmp_path / "r.json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    board = read_json(tmp_path / "out" / "board.json")
    assert board["boards"] == read_json(tmp_path / "r.json")["boards"]
    assert board["with_synthetic"] is False
    counts = windows_of("baseline", "stress", "amusement", "rest")
    marked = counts.pop("marked")
    assert marked > 0
    excluded = {
        "session s5": "wasn't closed: recover it first",
        "session s7": "nobody wore its device, synthetic: (--with-synthetic lets it in)",
        "session s8": "nobody wore its device, replay: (--with-synthetic lets it in)",
        "P-06": "no windows of stress",
        f"{marked} windows of P-01": "marked as artefacts",
    }
    once = sum(counts.values())
    for enrolment, block in board["boards"]["loso"].items():
        protocol = block["protocol"]
        assert (protocol["dataset"], protocol["split"]) == ("sessions", "loso")
        assert (protocol["enrolment"], protocol["excluded"]) == (enrolment, excluded)
        assert protocol["subjects"] == ["P-01", "P-02", "P-03"]
        found = {name: f["n_windows"] for name, f in block["stress"]["per_subject"].items()}
        assert found == {"P-01": 2 * once - marked, "P-02": once, "P-03": once}
        for name, count in counts.items():
            lost = marked if name == "amusement" else 0
            assert block["sections"][name]["n_windows"] == 4 * count - lost
        others = {**block["baselines"], **block["controls"], "shipped": block["shipped"]}
        assert {"logistic_regression", "clock_only", "untrained_index"} < set(others)
        assert {o["n_windows"] for o in others.values()} == {4 * once - marked}
        assert set(block["stress"]["ci95"]) == {"macro_f1", "auroc"}
        assert {"ece", "auroc_person_mean"} < set(block["stress"])
        assert block["three_class"]["labels"] == ["baseline", "stress", "amusement"]
        ours, shipped = block["stress"]["auroc"], block["shipped"]["stress"]["auroc"]
        assert block["above_shipped"]["auroc_difference"] == pytest.approx(ours - shipped)
    assert list(block["in_order"]) == [
        "baseline at the start", "stress after baseline", "amusement after stress",
        "rest after amusement",
    ]  # fmt: skip
    text = (tmp_path / "out" / "board.md").read_text()
    assert "P-06: no windows of stress" in text
    assert "as shipped" in text
    assert (tmp_path / "out" / "stress_by_person.svg").is_file()
    assert "left out   session s7: nobody wore its device" in ran.out


def test_without_amusement_a_board_has_no_three_classes(run, read_json, tsst, tmp_path):
    words = ("--root", tsst, "--out", tmp_path / "out", "--quick", "--jobs", 1)
    ran = run("board", "own", *words)
    assert ran.code == 0, ran.err
    counts = windows_of("stress", "rest")
    for block in read_json(tmp_path / "out" / "board.json")["boards"]["loso"].values():
        assert {name: f["n_windows"] for name, f in block["sections"].items()} == {
            "stress": 3 * counts["stress"],
            "rest": 3 * counts["rest"],
        }
        everybody = [block, *block["baselines"].values(), *block["controls"].values()]
        assert all("three_class" not in scored for scored in everybody)
        assert {s["n_windows"] for s in everybody} == {3 * (counts["stress"] + counts["rest"])}
        assert "shipped" not in block
    assert "three-class" not in (tmp_path / "out" / "board.md").read_text()


@pytest.mark.parametrize("classifier", ["plain", "network"])
def test_a_site_without_amusement_trains_for_stress(
    run, read_json, tsst, tmp_path, classifier: str
) -> None:
    pytest.importorskip("lightning")
    out = tmp_path / "ours"
    ran = run(
        "train", "--dataset", "sessions", "--root", tsst, "--subjects", "P-01,P-02",
        "--classifier", classifier, "--out", out, "--epochs", 1,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    manifest = read_json(out / "manifest.json")
    assert manifest["labels"] == ["baseline", "stress"]
    assert not [item for item in manifest["physics"] if "amusement" in item["name"]]
    data = "own recorded sessions, 2 people, 2 recordings: stress against rest; no amusement"
    assert manifest["provenance"]["data"] == data
    assert data in ran.out
    card = (out / "card.md").read_text()
    assert data in card
    assert "WESAD, the index" in card  # where settings come from
    assert "in both of its orders" not in card  # what is said of WESAD alone
    words = ("--model", out, "--dataset", "sessions", "--root", tsst, "--subjects", "P-03")
    ran = run("evaluate", *words, "--json", tmp_path / "r.json")
    assert ran.code == 0, ran.err
    result = read_json(tmp_path / "r.json")
    counts = windows_of("stress", "rest")
    assert result["n_windows"] == counts["stress"] + counts["rest"]
    assert "three_class" not in result
    ran = run("analyze", tsst / "s3", "--model", out, "--out", tmp_path / "analysis")
    assert ran.code == 0, ran.err


def test_fewer_than_three_people_is_an_error_that_says_why(run, site, tmp_path):
    words = ("--out", tmp_path / "out", "--quick", "--jobs", 1)
    ran = run("board", "own", "--root", site, "--subjects", "P-02,P-03,P-06", *words)
    assert ran.code == 1
    assert "DatasetError" in ran.err
    assert "at least three" in ran.err
    assert "2: P-02, P-03; P-06: no windows of stress" in ran.err
    few = tmp_path / "few"
    for name in ("s2", "s3", "s5", "s7"):
        few.mkdir(exist_ok=True)
        (few / name).symlink_to(site / name)
    ran = run("board", "own", "--root", few, *words)
    assert ran.code == 1
    assert "2: P-02, P-03; session s5: wasn't closed" in ran.err
    assert "session s7: nobody wore its device, synthetic:" in ran.err


def test_synthetic_sessions_teach_nobody_unless_they_are_asked_for(run, read_json, site, tmp_path):
    few = tmp_path / "few"
    few.mkdir()
    for name in ("s2", "s3", "s7"):
        (few / name).symlink_to(site / name)
    words = ("--dataset", "sessions", "--root", few, "--epochs", 1)
    pytest.importorskip("lightning")
    ran = run("train", *words, "--out", tmp_path / "worn")
    assert ran.code == 0, ran.err
    manifest = read_json(tmp_path / "worn" / "manifest.json")
    assert set(manifest["provenance"]["recordings"]) == {"sessions/P-02", "sessions/P-03"}
    why = "nobody wore its device, synthetic: (--with-synthetic lets it in)"
    assert manifest["provenance"]["excluded"] == {"session s7": why}
    assert why in (tmp_path / "worn" / "card.md").read_text()
    assert f"left out   session s7: {why}" in ran.out
    board = ("board", "own", "--root", few, "--quick", "--jobs", 1, "--with-synthetic")
    ran = run(*board, "--out", tmp_path / "out", "--model", tmp_path / "worn")
    assert ran.code == 1
    assert "TrainingSubjectError" in ran.err  # three people were let in, two are known
    assert "sessions/P-02, sessions/P-03" in ran.err


def test_options_of_the_own_board_are_its_own(run, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("WEARAFFECT_DATA", str(tmp_path))
    out = ("--out", tmp_path / "out")
    assert run("board", "own", *out).code == 2  # public sets are nobody's sessions
    assert run("board", "honest", *out, "--model", "wrist-affect").code == 2
    assert run("board", "transfer", *out, "--with-synthetic").code == 2
    assert (
        run("train", "--dataset", "wesad", "--root", tmp_path, *out, "--with-synthetic").code == 2
    )
    ran = run("board", "own", "--root", tmp_path, *out)
    assert ran.code == 1
    assert "no recorded sessions here" in ran.err
