"""The honest board on synthetic people: complete, by person, and its clock is a clock."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wearaffect.core.errors import DatasetError
from wearaffect.evaluation.board import honest_board
from wearaffect.evaluation.render import metric_rows, write_board
from wearaffect.evaluation.rivals import BASELINES, CONTROLS, clock_only
from wearaffect.learning.table import read_tables


@pytest.fixture(scope="module")
def board(made_wesad: Path) -> dict:
    return honest_board(made_wesad, jobs=2)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_every_block_has_model_rivals_controls_and_its_protocol(board, tmp_path) -> None:
    hashes = set()
    for split in ("loso", "cross_order"):
        for enrolment in ("none", "rest"):
            block = board["boards"][split][enrolment]
            hashes.add(block["protocol"]["hash"])
            assert set(block["baselines"]) == set(BASELINES)
            assert set(block["controls"]) == set(CONTROLS)
            assert block["protocol"]["subjects"] == ["S2", "S3", "S4", "S5"]
            assert bool(block["ablations"]) == (split == "cross_order")
            for scored in (*block["baselines"].values(), *block["controls"].values()):
                assert scored["n_windows"] == block["n_windows"]
    assert len(hashes) == 4
    written = write_board(board, tmp_path / "out")
    assert all(path.stat().st_size > 500 for path in written)
    assert json.loads(written[0].read_text())["card"] == metric_rows(board)
    text = written[1].read_text()
    for scored in board["boards"].values():
        assert f"{scored['rest']['stress']['macro_f1']:.3f}" in text


def test_the_clock_knows_the_order_it_saw_and_not_the_other(made_wesad) -> None:
    from wearaffect.datasets.wesad import read_wesad
    from wearaffect.evaluation.answers import answers_of
    from wearaffect.evaluation.metrics import score
    from wearaffect.signals.chain import ChainSettings

    tables = read_tables(read_wesad(made_wesad), ChainSettings())
    stress_first = [t for t in tables if t.order == "stress_first"]
    other = [t for t in tables if t.order != "stress_first"]
    predict = clock_only(stress_first)
    same = score([answers_of(t, predict) for t in stress_first])
    crossed = score([answers_of(t, predict) for t in other])
    assert same["three_class"]["macro_f1"] > 0.95
    assert crossed["three_class"]["macro_f1"] < 0.6


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_no_test_person_reaches_a_fit(made_wesad) -> None:
    """Another tested person's numbers are spoilt; what is said of the first stays to the bit."""
    from wearaffect.datasets.splits import Fold
    from wearaffect.datasets.wesad import read_wesad
    from wearaffect.evaluation import board as module
    from wearaffect.signals.chain import ChainSettings

    tables = {t.subject: t for t in read_tables(read_wesad(made_wesad), ChainSettings())}
    spoilt = dict(tables)
    windows = tuple(
        replace(w, features={k: 1e3 * v + 7 for k, v in w.features.items()})
        for w in tables["S5"].windows
    )
    spoilt["S5"] = replace(tables["S5"], windows=windows)
    said = []
    for people in (tables, spoilt):
        module._worker["setting"] = module._Setting(people, seed=1)
        answers = module._one_fold(Fold("f", ("S2", "S3"), ("S4", "S5")))
        said.append({k: {a.subject: a.probabilities for a in v} for k, v in answers.items()})
    for key, people in said[0].items():
        assert np.array_equal(people["S4"], said[1][key]["S4"]), key
    assert not np.array_equal(
        said[0]["rest", "random_forest"]["S5"], said[1]["rest", "random_forest"]["S5"]
    )


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_an_order_with_one_person_is_not_crossed(made_wesad, tmp_path) -> None:
    board = honest_board(made_wesad, subjects=["S2", "S3", "S4"], jobs=2)
    assert set(board["boards"]) == {"loso"}
    text = write_board(board, tmp_path)[1].read_text()
    assert "Leave one subject out" in text
    assert "## Across protocol orders" not in text


def test_too_few_people_and_a_broken_file_end_the_board_with_their_names(
    made_wesad, tmp_path
) -> None:
    with pytest.raises(DatasetError, match="at least three"):
        honest_board(made_wesad, subjects=["S2", "S3"], jobs=1)
    root = tmp_path / "wesad"
    shutil.copytree(made_wesad, root)
    (root / "S3" / "S3_quest.csv").write_text("nothing")
    with pytest.raises(DatasetError, match="S3_quest"):
        honest_board(root, jobs=1)
