"""Board "paper" end to end, and that its figures are reached on the recordings."""

import json
import shutil
from pathlib import Path

import pytest

from wearaffect.core.errors import DatasetError
from wearaffect.evaluation.paper.board import paper_board
from wearaffect.evaluation.paper.cells import Cell, scored_cell
from wearaffect.evaluation.paper.figure import paper_figure
from wearaffect.evaluation.paper.render import paper_markdown
from wearaffect.evaluation.paper.rows import read_levels
from wearaffect.learning.paper_network import PaperFit


@pytest.fixture(scope="module")
def board(made_wesad: Path) -> dict:
    return paper_board(made_wesad, subjects=["S2", "S3", "S4"], quick=True, jobs=1)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_every_cell_has_protocol_models_controls_and_parameters(board, tmp_path) -> None:
    assert (board["schema"], board["board"], board["quick"]) == (1, "paper", True)
    assert json.loads(json.dumps(board, allow_nan=False)) == board
    hashes = [cell["protocol"]["hash"] for cell in board["cells"]]
    assert len(set(hashes)) == len(hashes) == 9
    for cell in board["cells"]:
        assert cell["protocol"]["split"] in {"random_kfold", "blocked_kfold", "loso"}
        assert cell["protocol"]["subjects"] == ["S2", "S3", "S4"]
        assert {"pinn", "svm"} <= set(cell["models"])
        ours, copied = cell["models"]["pinn"], cell["controls"]["nearest_in_time"]
        assert cell["minus_lookup"]["rmse"] == ours["rmse"] - copied["rmse"]
        assert len(cell["parameters"]["gamma"]["values"]) == cell["n_folds"]
    rank = board["parameters"]["rank"]
    assert (rank["rank"], rank["n_parameters"]) == (4, 5)
    text = paper_markdown(board)
    assert "the paper's ODE" not in text
    for cell in board["cells"]:
        assert f"`{cell['protocol']['hash']}`" in text
        assert f"{cell['models']['pinn']['rmse']:.4f}" in text
    for name in ("paper.svg", "paper.png"):
        assert paper_figure(board, tmp_path / name).stat().st_size > 5000
    drawn = (tmp_path / "paper.svg").read_text()
    assert "nearest-in-time copy" in drawn
    assert hashes[3] in drawn


def test_ablations_answer_only_their_own_task(made_wesad) -> None:
    people = tuple(read_levels(made_wesad))
    cell = Cell(60.0, "questionnaire_lagged", "blocked_kfold", scale="pooled", ablations=True)
    found = scored_cell(cell, people, PaperFit(steps=3, width=4))
    assert "rmse" not in found["models"]["emotion_only"]
    assert "macro_f1" not in found["models"]["eda_only"]
    assert {"rmse", "macro_f1"} <= set(found["models"]["physics_weight_0"])
    assert "everybody's" in found["protocol"]["scored"]


def test_too_few_people_and_flat_eda_end_the_board_with_their_names(made_wesad, tmp_path) -> None:
    with pytest.raises(DatasetError, match="at least three"):
        paper_board(made_wesad, subjects=["S2", "S3"], jobs=1)
    root = tmp_path / "wesad"
    shutil.copytree(made_wesad, root)
    (root / "S3" / "S3_quest.csv").write_text("nothing")
    with pytest.raises(DatasetError, match="S3_quest"):
        paper_board(root, jobs=1)


def test_eda_without_a_range_is_refused_by_name(made_wesad, tmp_path) -> None:
    import zipfile

    root = tmp_path / "wesad"
    shutil.copytree(made_wesad, root)
    path = root / "S4" / "S4_E4_Data.zip"
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    lines = files["EDA.csv"].splitlines()
    files["EDA.csv"] = "\n".join([*lines[:2], *["1.5"] * (len(lines) - 2)]) + "\n"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    with pytest.raises(DatasetError, match="S4"):
        list(read_levels(root))


@pytest.mark.data
@pytest.mark.slow
def test_on_the_recordings_network_and_copy_both_reach_the_abstract(data_root) -> None:
    people = tuple(read_levels(data_root / "wesad"))
    cell = Cell(30.0, "questionnaire_time_lagged", "random_kfold")
    found = scored_cell(cell, people, PaperFit())
    # the abstract's figures imply a target SD near 0.285
    assert found["target_sd"] == pytest.approx(0.285, abs=0.03)
    assert all(found["models"]["pinn"]["claim_met"].values())
    assert all(found["controls"]["nearest_in_time"]["claim_met"].values())
