"""The log of runs: one line each, only where there is a place for it."""

import json

from wearaffect.evaluation.publishing import log_run
from wearaffect.evaluation.summary import headline, metric_rows, protocol_hashes

BLOCK = {
    "protocol": {"hash": "abc"},
    "stress": {"macro_f1": 0.91234567, "auroc": 0.98, "per_subject": {"S2": {"macro_f1": 0.9}}},
    "late": {"auroc": 0.97},
}
BOARD = {
    "board": "honest",
    "quick": True,
    "boards": {"loso": {"rest": BLOCK | {"variants": {}, "baselines": {}, "controls": {}}}},
    "primary": {"text": "…"},
    "wearaffect_version": "0",
    "seed": 1,
    "seconds": 2.0,
}


def test_each_run_adds_a_line_where_the_folder_is(tmp_path) -> None:
    log = tmp_path / "results" / "board_log.jsonl"
    assert not log_run(BOARD, log)
    assert not log.exists()
    log.parent.mkdir()
    assert log_run(BOARD, log)
    assert log_run(BOARD | {"seed": 2}, log)
    first, second = (json.loads(line) for line in log.read_text().splitlines())
    assert (first["seed"], second["seed"]) == (1, 2)
    assert first["protocol_hashes"] == ["abc"]
    assert first["headline"]["loso, rest"] == {
        "stress.macro_f1": 0.9123,
        "stress.auroc": 0.98,
        "late.auroc": 0.97,
    }
    assert first["date"].startswith("20")


def test_the_primary_comparison_is_part_of_the_headline() -> None:
    primary = {"text": "…", "baseline": "lda", "mean_difference": 0.1, "ci95": [0, 1], "p": 0.2}
    assert headline(BOARD | {"primary": primary})["primary"]["p"] == 0.2
    assert "primary" not in headline(BOARD)


def test_hashes_are_found_wherever_they_lie_once_each() -> None:
    cells = [{"protocol": {"hash": "one"}}, {"protocol": {"hash": "two"}}]
    assert protocol_hashes({"cells": cells, "again": cells[0]}) == ["one", "two"]


def test_a_row_of_which_a_figure_does_not_apply_is_absent() -> None:
    assert metric_rows(BOARD)["rows"] == []
    whole = BLOCK | {"three_class": {"macro_f1": 0.7}}
    whole["stress"] = BLOCK["stress"] | {
        "auroc_against_amusement": 0.9,
        "meditation_called_stress": 0.1,
    }
    boards = {"loso": {"rest": whole | {"variants": {}, "baselines": {}, "controls": {}}}}
    (row,) = metric_rows(BOARD | {"boards": boards})["rows"]
    assert (row["model"], row["split"], row["enrolment"]) == (
        "bundle",
        "leave one subject out",
        "rest",
    )
    assert row["stress_person_range"] == [0.9, 0.9]
