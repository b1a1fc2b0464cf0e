"""Scoring a bundle: who may be scored, what counts, and that nothing looks ahead."""

import json
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wearaffect.bundle.model import ModelBundle
from wearaffect.core.errors import TrainingSubjectError
from wearaffect.core.streams import SignalChunk
from wearaffect.datasets.wesad import read_wesad
from wearaffect.evaluation.corpora import CORPORA
from wearaffect.evaluation.heldout import evaluate_bundle, predictor_of
from wearaffect.learning.table import table_of
from wearaffect.signals.chain import ChainSettings

WESAD = CORPORA["wesad"]


@pytest.fixture(scope="module")
def bundle(made_wesad: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelBundle:
    from wearaffect.learning.command import train_bundle

    out = tmp_path_factory.mktemp("bundle") / "tiny"
    return train_bundle("wesad", made_wesad, out, subjects=["S2", "S3", "S4"], epochs=4)


def test_people_it_never_saw_are_scored(bundle, made_wesad) -> None:
    result = evaluate_bundle(bundle, WESAD, made_wesad, subjects=["S5"])
    assert result["protocol"]["subjects"] == ["S5"]
    assert result["protocol"]["split"] == "heldout"
    assert result["training_subjects"] == []
    for block in ("three_class", "stress", "eda", "abstention", "physics", "controls"):
        assert result[block]
    json.dumps(result, allow_nan=False)


def test_people_it_was_trained_on_are_refused_by_name(bundle, made_wesad) -> None:
    with pytest.raises(TrainingSubjectError, match="wesad/S2"):
        evaluate_bundle(bundle, WESAD, made_wesad, subjects=["S2"])
    with pytest.raises(TrainingSubjectError, match="wesad/S2"):
        evaluate_bundle(bundle, WESAD, made_wesad)


def test_and_by_content_under_another_name(bundle, made_wesad, tmp_path) -> None:
    folder = tmp_path / "S99"
    shutil.copytree(made_wesad / "S2", folder)
    for path in folder.iterdir():
        path.rename(folder / path.name.replace("S2", "S99"))
    table = (made_wesad / "label_windows.csv").read_text()
    (tmp_path / "label_windows.csv").write_text(table.replace("S2,", "S99,"))
    with pytest.raises(TrainingSubjectError, match="wesad/S99"):
        evaluate_bundle(bundle, WESAD, tmp_path)


def test_allowed_all_the_same_it_says_so(bundle, made_wesad) -> None:
    result = evaluate_bundle(
        bundle, WESAD, made_wesad, subjects=["S2", "S5"], allow_training_subjects=True
    )
    assert result["training_subjects"] == ["wesad/S2"]


def test_windows_scored_are_those_the_contract_names(bundle, made_wesad) -> None:
    (person,) = read_wesad(made_wesad, ["S5"])
    for enrolment in ("rest", "none"):
        result = evaluate_bundle(bundle, WESAD, made_wesad, subjects=["S5"], enrolment=enrolment)
        expected = 0
        for start_s in np.arange(0, person.session.duration_s - 60 + 1e-9, 5.0):
            inside = any(
                i.start_s <= start_s and start_s + 60 <= i.end_s
                for i in person.intervals
                if i.label != "meditation"
            )
            enrolled = start_s < person.rest.end_s and start_s + 60 > person.rest.start_s
            expected += inside and not enrolled
        assert result["n_windows"] == expected


def test_no_answer_depends_on_what_comes_later(bundle, made_wesad) -> None:
    """The same person, the recording cut short after stress: earlier answers stay to the bit."""
    (person,) = read_wesad(made_wesad, ["S5"])
    end_ns = round(700e9)

    def shorter(chunk: SignalChunk) -> SignalChunk:
        from wearaffect.recording.session import cut

        return cut(chunk, 0, end_ns)

    streams = {
        name: replace(s, segments=tuple(shorter(c) for c in s.segments))
        for name, s in person.session.streams.items()
    }
    early = replace(person, session=replace(person.session, streams=streams))
    predict = predictor_of(bundle)
    whole = predict(table_of(person, ChainSettings())).probabilities
    part = predict(table_of(early, ChainSettings())).probabilities
    assert 100 < len(part) < len(whole)
    assert np.abs(whole[: len(part)] - part).max() < 1e-6


def test_the_official_tree_gives_the_same_figures(bundle, made_wesad, tmp_path) -> None:
    """The same person as `S5.pkl`: labels at 700 Hz, wrist arrays, chest beside them."""
    (person,) = read_wesad(made_wesad, ["S5"])
    codes = {"baseline": 1, "stress": 2, "amusement": 3, "meditation": 4}
    label = np.zeros(round(person.session.duration_s * 700), dtype=np.int32)
    for interval in person.intervals:
        label[round(interval.start_s * 700) : round(interval.end_s * 700)] = codes[interval.label]
    arrays = {s.info.kind: s.samples()[1] for s in person.session.streams.values()}
    wrist = {
        "ACC": np.round(arrays["acc"] * 64).astype(float),
        "BVP": arrays["bvp"].astype(float),
        "EDA": arrays["eda"].astype(float),
        "TEMP": arrays["temp"].astype(float),
    }
    chest = {"EDA": np.full((label.size, 1), 3.0)}
    folder = tmp_path / "wesad" / "S5"
    folder.mkdir(parents=True)
    record = {"subject": "S5", "label": label, "signal": {"wrist": wrist, "chest": chest}}
    (folder / "S5.pkl").write_bytes(pickle.dumps(record, protocol=2))
    shutil.copy(made_wesad / "S5" / "S5_quest.csv", folder)
    (official,) = read_wesad(tmp_path / "wesad")
    assert official.session.of_kind("eda").info.body_site == "wrist"
    first, second = (
        evaluate_bundle(bundle, WESAD, root, subjects=["S5"])
        for root in (made_wesad, tmp_path / "wesad")
    )
    assert second["n_windows"] == first["n_windows"]
    assert second["stress"] == first["stress"]
    assert second["three_class"] == first["three_class"]
