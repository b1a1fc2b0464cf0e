"""Board "transfer" on synthetic people: complete, and nothing of the people scored is learnt."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_stress_predict import write_stress_predict

from wearaffect.core.errors import DatasetError
from wearaffect.evaluation import transfer
from wearaffect.evaluation.corpora import CORPORA
from wearaffect.evaluation.transfer import transfer_board
from wearaffect.evaluation.transfer_figure import transfer_figure
from wearaffect.evaluation.transfer_render import transfer_markdown
from wearaffect.evaluation.transfer_rivals import BASELINES, CONTROLS, INDICES, taught_there
from wearaffect.learning.table import PersonTable

STRESS_PREDICT = CORPORA["stress_predict"]


@pytest.fixture(scope="module")
def sets(made_wesad: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """WESAD's layout and Stress-Predict's side by side; Non-EEG isn't there."""
    root = tmp_path_factory.mktemp("sets")
    (root / "wesad").symlink_to(made_wesad)
    write_stress_predict(root / "stress_predict")
    return root


@pytest.fixture(scope="module")
def board(sets: Path) -> dict:
    return transfer_board(sets, quick=True, jobs=1)


@pytest.fixture(scope="module")
def people(sets: Path) -> dict[str, tuple[PersonTable, ...]]:
    names = transfer._names(sets, None)
    return transfer._tables(sets, names, 1, lambda *_: None)


def test_every_block_has_its_protocol_rivals_controls_and_ceiling(board):
    assert (board["schema"], board["board"], board["quick"]) == (1, "transfer", True)
    assert json.loads(json.dumps(board, allow_nan=False)) == board
    assert board["trained_on"] == [f"wesad/S{n}" for n in (2, 3, 4, 5)]
    assert set(board["boards"]) == {"stress_predict"}
    blocks = board["boards"]["stress_predict"]
    assert blocks["none"]["protocol"]["hash"] != blocks["rest"]["protocol"]["hash"]
    for enrolment, block in blocks.items():
        protocol = block["protocol"]
        assert (protocol["split"], protocol["enrolment"]) == ("transfer", enrolment)
        assert protocol["subjects"] == ["S02", "S03", "S04"]
        assert protocol["excluded"] == {"S01": "no label for each second"}
        assert set(block["baselines"]) == set(BASELINES)
        assert set(block["controls"]) == set(CONTROLS)
        assert block["variants"] == {}
        scored = [*block["baselines"].values(), *block["controls"].values(), block["ceiling"]]
        assert {s["n_windows"] for s in scored} == {block["n_windows"]}
        assert set(block["stressors"]) == {"stroop", "interview", "hyperventilation"}


def test_the_difference_to_an_index_is_the_difference_of_what_stands_in_the_tables(board):
    for block in board["boards"]["stress_predict"].values():
        for name, found in block["never_below_index"].items():
            theirs = block["controls"][name]["stress"]["auroc"]
            expected = block["stress"]["auroc"] - theirs
            assert found["auroc_difference"] == pytest.approx(expected)
            assert found["ci95"][0] <= found["auroc_difference"] <= found["ci95"][1]


def test_the_gate_knows_everybody_it_was_asked_about(board):
    for enrolment in ("none", "rest"):
        gate = board["gate"][enrolment]
        assert list(gate["per_subject"]) == ["S2", "S3", "S4", "S5"]
        assert 0 <= gate["withheld_for_exercise"] <= gate["withheld"] <= 1


def test_markdown_and_figure_show_what_the_data_says(board, tmp_path):
    text = transfer_markdown(board)
    for block in board["boards"]["stress_predict"].values():
        assert f"{block['stress']['auroc']:.3f}" in text
        assert f"{block['controls']['clock_only']['stress']['auroc']:.3f}" in text
        assert block["protocol"]["hash"] in text
    assert "S01: no label for each second" in text
    assert "Non-EEG" not in text
    drawn = transfer_figure(board, tmp_path / "transfer.svg")
    assert block["protocol"]["hash"] in drawn.read_text(encoding="utf-8")
    assert transfer_figure(board, tmp_path / "transfer.png").stat().st_size > 10_000


def test_labels_of_people_scored_reach_no_model_but_the_ceiling(people):
    """Everybody's labels are turned round; what is said of a window stays to the bit."""
    some = people["stress_predict"][:2]
    few = {"wesad": people["wesad"][:3], "stress_predict": some}
    turned = few | {"stress_predict": tuple(_relabelled(p) for p in some)}
    for name in ("bundle", "logistic_regression", "untrained_index", "clock_only"):
        said, same = (
            transfer._asked(name, transfer._People(tables, seed=1)) for tables in (few, turned)
        )
        for key, answers in said.items():
            for mine, theirs in zip(answers, same[key], strict=True):
                assert np.array_equal(mine.probabilities, theirs.probabilities), (name, key)
                assert mine.withheld == theirs.withheld


def _relabelled(person: PersonTable) -> PersonTable:
    other = {"rest": "stroop", "stroop": "rest", "interview": "rest"}
    return replace(
        person,
        intervals=tuple(replace(i, label=other.get(i.label, i.label)) for i in person.intervals),
    )


def test_the_ceiling_never_learns_from_the_person_it_is_asked_about(people):
    some = people["stress_predict"]
    spoilt = (_relabelled(some[0]), *some[1:])
    said = taught_there(some, STRESS_PREDICT)
    other = taught_there(spoilt, STRESS_PREDICT)
    assert np.array_equal(said[0].probabilities, other[0].probabilities)
    assert not np.array_equal(said[1].probabilities, other[1].probabilities)


def test_with_two_people_nobody_can_be_taught_there(people):
    assert taught_there(people["stress_predict"][:2], STRESS_PREDICT) == []


def test_the_untrained_are_the_same_whoever_was_learnt_from(people):
    person = people["stress_predict"][0]
    for fit in INDICES.values():
        one, other = (fit(some)(person) for some in ((), people["wesad"]))
        assert np.array_equal(one.probabilities, other.probabilities)
        assert np.allclose(one.probabilities.sum(axis=1), 1)


def test_people_are_chosen_by_their_names_across_corpora(sets):
    names = transfer._names(sets, ["wesad/S3", "wesad/S2", "stress_predict/S04"])
    assert names == {"wesad": ("S3", "S2"), "stress_predict": ("S04",)}
    assert transfer._names(sets, ["stress_predict/S04"])["wesad"] == ("S2", "S3", "S4", "S5")
    for wrong in ("S3", "wesad/", "mars/S3"):
        with pytest.raises(DatasetError, match="nobody of this name"):
            transfer._names(sets, [wrong])
    with pytest.raises(DatasetError, match="people not found"):
        transfer_board(sets, subjects=["stress_predict/S77"], jobs=1)
    with pytest.raises(DatasetError, match="no such folder"):
        transfer_board(sets, subjects=["noneeg/Subject1"], jobs=1)


def test_too_little_to_learn_from_or_nobody_to_score_ends_the_board(sets, made_wesad, tmp_path):
    with pytest.raises(DatasetError, match="too few people to learn from"):
        transfer_board(sets, subjects=["wesad/S2", "wesad/S3", "stress_predict/S02"], jobs=1)
    wesad = [f"wesad/S{n}" for n in (2, 3, 4)]
    with pytest.raises(DatasetError, match="nothing to score"):
        transfer_board(sets, subjects=[*wesad, "stress_predict/S01"], jobs=1)
    (tmp_path / "wesad").symlink_to(made_wesad)
    with pytest.raises(DatasetError, match="nobody to score"):
        transfer_board(tmp_path, jobs=1)
    with pytest.raises(DatasetError, match="no such folder"):
        transfer_board(tmp_path / "nowhere", jobs=1)
