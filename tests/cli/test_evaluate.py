"""`wearaffect evaluate` on each corpus: what is printed, what is refused."""

from pathlib import Path

import pytest
from made_stress_predict import write_stress_predict


@pytest.fixture(scope="module")
def stress_predict(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stress_predict(tmp_path_factory.mktemp("sets") / "stress_predict", n_people=2)


def test_wesad_has_late_and_three_class_lines(run, read_json, tiny_bundle, made_wesad, tmp_path):
    ran = run(
        "evaluate", "--model", tiny_bundle, "--dataset", "wesad", "--root", made_wesad,
        "--subjects", "S3,S5", "--enrol", "rest", "--json", tmp_path / "r.json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    result = read_json(tmp_path / "r.json")
    assert result["protocol"]["subjects"] == ["S3", "S5"]
    assert result["protocol"]["enrolment"] == "rest"
    assert f"2 people, {result['n_windows']} windows" in ran.out
    assert f"late       AUROC {result['late']['auroc']:.3f}" in ran.out
    assert f"three-class macro-F1 {result['three_class']['macro_f1']:.3f}" in ran.out
    share = result["stress"]["meditation_called_stress"]
    assert f"meditation called stress {share:.3f}" in ran.out
    skill = result["eda"]["forecast"]["15"]["skill_vs_persistence"]
    assert f"{skill:+.3f} at 15 s" in ran.out
    assert "left out" not in ran.out


def test_without_baseline_left_to_score_there_are_no_three_classes(
    run, read_json, tiny_bundle, made_wesad, tmp_path
):
    """Its 460 s are the first five minutes of rest and the last five of baseline."""
    ran = run(
        "evaluate", "--model", tiny_bundle, "--dataset", "wesad", "--root", made_wesad,
        "--subjects", "S3", "--enrol", "baseline_end", "--json", tmp_path / "r.json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    result = read_json(tmp_path / "r.json")
    assert result["protocol"]["enrolment"] == "baseline_end"
    assert "baseline" not in result["sections"]
    assert "three_class" not in result
    assert "three-class" not in ran.out


def test_stress_predict_has_stressors_and_says_whom_it_leaves_out(
    run, read_json, tiny_bundle, stress_predict, tmp_path
):
    ran = run(
        "evaluate", "--model", tiny_bundle, "--dataset", "stress_predict",
        "--root", stress_predict, "--json", tmp_path / "r.json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    result = read_json(tmp_path / "r.json")
    assert result["protocol"]["subjects"] == ["S02", "S03"]
    for name in ("stroop", "interview", "hyperventilation"):
        figure = result["stressors"][name]["auroc_adjacent_rest"]
        assert f"{name:<10} AUROC {figure:.3f} against the rests beside it" in ran.out
        section = result["sections"][name]
        assert f"{name:<10} {section['n_windows']} windows" in ran.out
    assert "left out   S01: no label for each second" in ran.out
    assert "AUROC" in ran.out
    assert f"withheld   {result['abstention']['fraction']:.3f}" in ran.out
    for absent in ("three-class", "late ", "meditation"):
        assert absent not in ran.out


def test_a_place_to_enrol_that_is_not_there_is_a_named_error(
    run, read_json, tiny_bundle, stress_predict, tmp_path
):
    ran = run(
        "evaluate", "--model", tiny_bundle, "--dataset", "stress_predict",
        "--root", stress_predict, "--enrol", "medi1", "--json", tmp_path / "r.json",
    )  # fmt: skip
    assert ran.code == 1
    assert ran.err.count("\n") == 1
    record = read_json(tmp_path / "r.json")
    assert record["error"] == "DatasetError"
    assert "nowhere to enrol at medi1" in record["what"]


@pytest.mark.parametrize(
    ("option", "value", "known"),
    [("--dataset", "mars", "noneeg"), ("--enrol", "later", "baseline_end")],
)
def test_unknown_words_are_usage_errors_that_name_the_known(
    run, tiny_bundle, tmp_path, option, value, known
):
    words = {"--model": tiny_bundle, "--dataset": "wesad", "--root": tmp_path} | {option: value}
    ran = run("evaluate", *(word for pair in words.items() for word in pair))
    assert ran.code == 2
    assert known in ran.err


def test_another_corpus_in_the_folder_is_a_named_error(run, tiny_bundle, made_wesad):
    for dataset in ("stress_predict", "noneeg"):
        ran = run("evaluate", "--model", tiny_bundle, "--dataset", dataset, "--root", made_wesad)
        assert ran.code == 1
        assert ran.err.startswith("error: DatasetError")


@pytest.mark.data
def test_noneeg_tells_exercise_apart(run, read_json, tiny_bundle, data_root, tmp_path):
    ran = run(
        "evaluate", "--model", tiny_bundle, "--dataset", "noneeg",
        "--root", data_root / "noneeg_neurological_status", "--subjects", "Subject1 Subject3",
        "--json", tmp_path / "r.json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    section = read_json(tmp_path / "r.json")["sections"]["PhysicalStress"]
    assert f"PhysicalStress {section['n_windows']} windows" in ran.out
