"""The honest board on synthetic people: complete, by person, and nobody's answers leak."""

import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from wearaffect.core.errors import DatasetError
from wearaffect.datasets.splits import Fold
from wearaffect.evaluation import board as module
from wearaffect.evaluation.altered import with_extras
from wearaffect.evaluation.board import honest_board
from wearaffect.evaluation.controls import CONTROLS
from wearaffect.evaluation.corpora import CORPORA, ENROLMENTS
from wearaffect.evaluation.publishing import write_board
from wearaffect.evaluation.recipes import network
from wearaffect.evaluation.rivals import baselines
from wearaffect.evaluation.roster import N_SEEDS, roster
from wearaffect.evaluation.summary import metric_rows, readme_results
from wearaffect.learning.fitting import FitSettings
from wearaffect.learning.table import PersonTable, read_tables
from wearaffect.signals.chain import ChainSettings

WESAD = CORPORA["wesad"]
QUICK_ABLATIONS = {
    "no_index", "no_history", "no_belief", "no_skin", "no_heart", "no_motion", "with_motion",
}  # fmt: skip


@pytest.fixture(scope="module")
def board(made_wesad: Path) -> dict:
    return honest_board(made_wesad, quick=True, jobs=2)


@pytest.fixture(scope="module")
def people(made_wesad: Path) -> dict[str, PersonTable]:
    tables = read_tables(WESAD.read(made_wesad, None), ChainSettings())
    return {table.subject: with_extras(table) for table in tables}


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_every_block_has_model_rivals_controls_and_its_protocol(board) -> None:
    hashes = set()
    for split in ("loso", "cross_order"):
        for enrolment in ("none", "rest"):
            block = board["boards"][split][enrolment]
            hashes.add(block["protocol"]["hash"])
            crossed = split == "cross_order"
            assert set(block["baselines"]) == set(baselines(quick=True))
            assert set(block["controls"]) == {*CONTROLS, "random_walk"}
            assert set(block["ablations"]) == (QUICK_ABLATIONS if crossed else set())
            assert set(block["variants"]) == ({"network"} if crossed else set())
            assert block["protocol"]["subjects"] == ["S2", "S3", "S4", "S5"]
            for group in ("variants", "ablations", "baselines", "controls"):
                for scored in block[group].values():
                    assert scored["n_windows"] == block["n_windows"]
                    assert list(scored["stress"]["per_subject"]) == ["S2", "S3", "S4", "S5"]
    assert len(hashes) == 4
    assert set(board["skipped"]) == {"same_order"}
    assert board["primary"]["n_people"] == 4
    assert set(board["holm"]) == set(baselines(quick=True))


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_it_is_written_as_json_pages_and_figures(board, tmp_path) -> None:
    written = write_board(board, tmp_path / "out")
    names = {"board.json", "board.md", "stress_by_person.svg", "calibration.svg"}
    assert {path.name for path in written} == names
    assert all(path.stat().st_size > 500 for path in written)
    read = json.loads(written[0].read_text())
    assert read["card"] == metric_rows(board)
    models = {row["model"] for row in read["card"]["rows"]}
    assert {"bundle", "network", "logistic regression", "clock only", "random walk"} <= models
    text, readme = written[1].read_text(), readme_results(board, "there.md")
    for by_enrolment in board["boards"].values():
        for block in by_enrolment.values():
            assert block["protocol"]["hash"] in text
            assert f"{block['stress']['macro_f1']:.3f}" in text
            assert f"{block['stress']['macro_f1']:.3f}" in readme
    assert board["primary"]["text"] in text
    for path in written[2:]:
        assert board["boards"]["cross_order"]["rest"]["protocol"]["hash"] in path.read_text()


def _spoilt(person: PersonTable) -> PersonTable:
    windows = tuple(
        replace(w, features={k: 0.3 * v + 1 for k, v in w.features.items()}) for w in person.windows
    )
    return replace(person, windows=windows)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_no_test_person_reaches_a_fit(people) -> None:
    """Another tested person's numbers are spoilt; what is said of the first stays to the bit."""
    fold = Fold("f", ("S2", "S3"), ("S4", "S5"))
    settings = FitSettings(epochs=1)
    for model in roster("cross_order", WESAD, quick=True, seed=1):
        tried = model
        if model.name == "network":
            tried = replace(model, fit=partial(network, n_members=2, settings=settings))
        said = []
        for some in (people, people | {"S5": _spoilt(people["S5"])}):
            setting = module._Setting(WESAD, some, ENROLMENTS[:2])
            found = module._one(module._Task("cross_order", fold, tried), setting)
            said.append({k: {a.subject: a.probabilities for a in v} for k, v in found.items()})
        for enrolment in said[0]:
            first, second = (s[enrolment]["S4"] for s in said)
            assert np.array_equal(first, second), model.name
        if model.name in {"bundle", "random_forest"}:
            assert not np.array_equal(said[0]["rest"]["S5"], said[1]["rest"]["S5"])


def test_the_bundle_is_fitted_once_and_asked_at_every_enrolment(people) -> None:
    """Baselines are fitted for each; whoever asks without rest gets no answer that used it."""
    fold, fitted = Fold("f", ("S2", "S3"), ("S4",)), []
    bundle, *_ = (m for m in roster("loso", WESAD, quick=True, seed=1) if m.name == "bundle")

    def counting(train: list[PersonTable]) -> object:
        fitted.append([p.windows[-1].rest is not None for p in train])
        return bundle.fit(train)

    setting = module._Setting(WESAD, people, ("none", "rest", "baseline_end"))
    for anew, expected in ((False, [[True, True]]), (True, [[False, False], [True, True]])):
        fitted.clear()
        model = replace(bundle, fit=counting, anew=anew)
        found = module._one(module._Task("loso", fold, model), setting)
        assert fitted == expected
        assert set(found) == {"none", "rest", "baseline_end"}
    enrolled = [found[e][0].stress for e in ("none", "rest")]
    assert not np.array_equal(*enrolled)


def test_a_full_board_has_every_ablation_seed_and_late_start() -> None:
    crossed = roster("cross_order", WESAD, quick=False, seed=3)
    assert len(set(crossed)) == len(crossed)
    seeds = [m.seed for m in crossed if m.name == "network"]
    assert sorted(seeds) == list(range(3, 3 + N_SEEDS))
    assert [m.seed for m in crossed if m.name == "bundle"] == [3]
    names = {m.name for m in crossed if m.group == "ablations"}
    curve = {f"network_physics_weight_{w}" for w in (0, 20, 200, 2000)}
    others = {"network_time_shuffled_physics", "network_emotion_only", "network_eda_only"}
    assert names == QUICK_ABLATIONS | curve | others
    assert {m.name for m in crossed if m.group == "late_start"} == {
        f"{when}/{way}"
        for when in ("start_of_baseline", "end_of_baseline")
        for way in ("cut", "whole")
    }
    single = roster("loso", WESAD, quick=False, seed=3)
    assert {m.seed for m in single} == {3}
    assert {m.name for m in single if m.group == "ablations"} == QUICK_ABLATIONS
    for split in ("same_order", "cross_order_equal"):
        assert [m.name for m in roster(split, WESAD, quick=False, seed=3)] == [
            "bundle", "logistic_regression", "clock_only",
        ]  # fmt: skip


def test_what_some_people_do_not_allow_is_skipped_by_name(people) -> None:
    skipped: dict[str, str] = {}
    # a meditation of two minutes is no place to rest for five
    found = module._enrolments(WESAD, people, quick=False, skipped=skipped)
    assert found == ("none", "rest", "baseline_end")
    assert set(skipped) == {"medi1"}
    three = {name: people[name] for name in ("S2", "S3", "S4")}
    assert set(module._folds(Path(), three, quick=False, skipped=skipped)) == {"loso"}
    assert {"cross_order", "same_order"} <= set(skipped)


def test_too_few_people_and_a_broken_file_end_the_board_with_their_names(
    made_wesad, tmp_path
) -> None:
    with pytest.raises(DatasetError, match="at least three"):
        honest_board(made_wesad, subjects=["S2", "S3"], quick=True, jobs=1)
    root = tmp_path / "wesad"
    shutil.copytree(made_wesad, root)
    (root / "S3" / "S3_quest.csv").write_text("nothing")
    with pytest.raises(DatasetError, match="S3_quest"):
        honest_board(root, quick=True, jobs=1)
