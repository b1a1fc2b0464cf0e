"""`--dataset sessions`: a site scores and trains on its own people."""

from pathlib import Path

import pytest
from made_sittings import BEFORE_S, PHASES, PROTOCOL, record_sitting, starts_s

WINDOW_S, HOP_S = 60, 5
MARK_S = (600.0, 603.0)
WALL_S = 1_790_000_000.0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four participants, one of them twice, and a session that was cut off."""
    root = tmp_path_factory.mktemp("site")
    for number in range(1, 5):
        record_sitting(root / f"s{number}", f"P-{number:02}", seed=number)
    record_sitting(
        root / "s5", "P-01", seed=5, wall_start_s=WALL_S + 86_400, marks=[("band.eda", *MARK_S)]
    )
    record_sitting(root / "s6", "P-05", seed=6, closes=False)
    return root


def windows_inside() -> dict[str, int]:
    """Count by hand: windows end each 5 s from the 60th on, and lie in one condition as a whole."""
    at_s = starts_s()
    spans = {
        "baseline": (at_s["rest"], at_s["speech"]),
        "stress": (at_s["speech"], at_s["break"]),
        "amusement": (at_s["clip"], at_s["recovery"]),
        "rest": (at_s["recovery"], at_s["end"]),
    }
    rest_s = (BEFORE_S, BEFORE_S + PHASES[0][1])
    counts = dict.fromkeys([*spans, "marked"], 0)
    for end_s in range(WINDOW_S, int(at_s["end"]) + 1, HOP_S):
        start_s = end_s - WINDOW_S
        if start_s < rest_s[1] and end_s > rest_s[0]:
            continue
        for name, (first, last) in spans.items():
            if first <= start_s and end_s <= last:
                counts[name] += 1
                counts["marked"] += start_s < MARK_S[1] and end_s > MARK_S[0]
    return counts


def test_a_site_scores_a_bundle_on_its_own_people(run, read_json, tiny_bundle, site, tmp_path):
    ran = run(
        "evaluate", "--model", tiny_bundle, "--dataset", "sessions", "--root", site,
        "--with-synthetic", "--json", tmp_path / "r.json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    result = read_json(tmp_path / "r.json")
    protocol = result["protocol"]
    assert protocol["dataset"] == "sessions"
    assert "synthetic" in protocol["scored"]
    assert protocol["subjects"] == ["P-01", "P-02", "P-03", "P-04"]
    counts = windows_inside()
    assert counts["marked"] > 0
    assert protocol["excluded"] == {
        "session s6": "wasn't closed: recover it first",
        f"{counts['marked']} windows of P-01": "marked as artefacts",
    }
    named = ("baseline", "stress", "amusement", "rest")
    assert result["n_windows"] == 5 * sum(counts[n] for n in named) - counts["marked"]
    for name in named:
        lost = counts["marked"] if name == "amusement" else 0
        assert result["sections"][name]["n_windows"] == 5 * counts[name] - lost
    each = result["stress"]["per_subject"]
    assert set(each) == set(protocol["subjects"])
    assert each["P-01"]["n_windows"] == 2 * each["P-02"]["n_windows"] - counts["marked"]
    assert set(result["stress"]["ci95"]) == {"macro_f1", "auroc"}
    assert "left out   session s6: wasn't closed" in ran.out
    assert "three-class" in ran.out


def test_a_condition_that_nobody_had_has_no_figure(run, read_json, tiny_bundle, tmp_path):
    phases = [dict(phase) for phase in PROTOCOL["phases"]]
    for phase in phases:
        if phase.get("condition") == "amusement":
            del phase["condition"]
    document = {**PROTOCOL, "phases": phases}
    for number in (1, 2):
        record_sitting(tmp_path / f"s{number}", f"P-{number:02}", seed=number, protocol=document)
    words = ("--root", tmp_path, "--with-synthetic", "--json", tmp_path / "r.json")
    ran = run("evaluate", "--model", tiny_bundle, "--dataset", "sessions", *words)
    assert ran.code == 0, ran.err
    result = read_json(tmp_path / "r.json")
    assert "three_class" not in result
    assert "amusement" not in result["sections"]
    assert result["stress"]["macro_f1"] >= 0


def test_a_site_trains_on_its_own_people_and_they_are_remembered(run, read_json, site, tmp_path):
    pytest.importorskip("lightning")
    out = tmp_path / "ours"
    ran = run(
        "train", "--dataset", "sessions", "--root", site, "--subjects", "P-01,P-02,P-03",
        "--out", out, "--epochs", 1, "--with-synthetic",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    manifest = read_json(out / "manifest.json")
    assert list(manifest["provenance"]["recordings"]) == [
        "sessions/P-01/1", "sessions/P-01/2", "sessions/P-02", "sessions/P-03",
    ]  # fmt: skip
    assert "whoever recorded them" in manifest["licence"]
    assert manifest["intended_use"].startswith("Tests of the software")  # synthetic sessions
    assert manifest["labels"] == ["baseline", "stress", "amusement"]
    words = ("--model", out, "--dataset", "sessions", "--root", site, "--with-synthetic")
    ran = run("evaluate", *words)
    assert ran.code == 1
    assert "TrainingSubjectError" in ran.err
    ran = run("evaluate", *words, "--subjects", "P-04", "--json", tmp_path / "r.json")
    assert ran.code == 0, ran.err
    result = read_json(tmp_path / "r.json")
    assert result["protocol"]["subjects"] == ["P-04"]
    assert "ci95" not in result["stress"]


def test_one_person_is_too_few_to_train_on(run, site, tmp_path):
    pytest.importorskip("lightning")
    words = ("--root", site, "--subjects", "P-01", "--out", tmp_path / "b", "--with-synthetic")
    ran = run("train", "--dataset", "sessions", *words)
    assert ran.code == 1
    assert "at least two people" in ran.err
    assert "1 people" in ran.err


def test_a_folder_where_nobody_can_be_used_says_why(run, tiny_bundle, tmp_path):
    record_sitting(tmp_path / "s", "P-01", closes=False)
    ran = run("evaluate", "--model", tiny_bundle, "--dataset", "sessions", "--root", tmp_path)
    assert ran.code == 1
    assert "nobody to score" in ran.err
    assert "session s: wasn't closed" in ran.err
