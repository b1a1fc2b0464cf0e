"""From fit to bundle: parity, provenance, and the plain model through the same door."""

import json
from pathlib import Path

import numpy as np
import pytest

from wearaffect.bundle.model import ModelBundle
from wearaffect.bundle.runtime import Graph
from wearaffect.core.affect import Abstention, AffectEstimate
from wearaffect.core.errors import DatasetError, RecordingExistsError
from wearaffect.evaluation.answers import Predicted
from wearaffect.evaluation.recipes import settled
from wearaffect.learning.export import BundleText, export_bundle, graph_bytes
from wearaffect.learning.fitting import FitSettings
from wearaffect.learning.served import run
from wearaffect.learning.training import Trained, population_physics, train_members
from wearaffect.signals.chain import ChainSettings


@pytest.fixture(scope="module")
def trained(people) -> Trained:
    return train_members(
        people, 60.0, seed=3, n_members=3, settings=FitSettings(epochs=2, forecast_steps=5)
    )


def _text(classifier: str) -> BundleText:
    return BundleText("tiny", "0.0.1", "none", "tests", "anything else", classifier, seed=1)


@pytest.mark.parametrize("classifier", ["network", "plain"])
@pytest.mark.parametrize("batch", [1, 8])
def test_the_graph_gives_what_torch_gives(trained, people, classifier, batch) -> None:
    model = trained.served(classifier)
    windows = people[0].windows[40 : 40 + batch]
    inputs = trained.encoder.encode(windows)
    served = Graph(Path("x"), graph_bytes(model, inputs.features.shape[1], 60.0))(inputs.feed())
    for name, expected in run(model, inputs).items():
        scale = np.maximum(1.0, np.abs(expected))
        assert np.abs(served[name] - expected).max() <= 1e-5 * scale.max(), name


def test_a_bundle_answers_and_names_whom_it_was_trained_on(trained, people, tmp_path) -> None:
    bundle = export_bundle(trained, people, ChainSettings(), _text("network"), tmp_path / "tiny")
    assert bundle.self_test() <= 1e-5
    recordings = bundle.manifest.provenance["recordings"]
    assert recordings == {p.id: p.content_hash for p in people}
    rested = [w for w in people[0].windows if w.rest is not None]
    outcomes = bundle.predict(rested)
    assert any(isinstance(o, AffectEstimate) for o in outcomes)
    for outcome in outcomes:
        said = outcome.withheld if isinstance(outcome, Abstention) else outcome
        assert sum(said.probabilities.values()) == pytest.approx(1.0, abs=1e-5)
        assert set(said.eda_forecast_us) == {5.0, 15.0, 30.0, 60.0}


def test_a_bundle_believes_what_its_recipe_believes_on_the_boards(
    trained, people, tmp_path
) -> None:
    """The file, the estimator and float32 beside the same recipe in memory."""
    bundle = export_bundle(trained, people, ChainSettings(), _text("plain"), tmp_path / "tiny")
    person = people[1]
    calibration = trained.calibration["plain"]
    alone = trained.plain.probabilities(trained.encoder.encode(person.windows).features)
    expected = settled(person, Predicted(alone), calibration)
    outcomes = bundle.predict(person.windows, without_enrolment=True)
    for outcome, row, why in zip(outcomes, expected.probabilities, expected.withheld, strict=True):
        said = outcome.withheld if isinstance(outcome, Abstention) else outcome
        assert list(said.probabilities.values()) == pytest.approx(row, abs=1e-4)
        assert (outcome.reasons[0] if isinstance(outcome, Abstention) else "") == why


def test_the_card_says_data_licence_and_what_it_is_not_for(trained, people, tmp_path) -> None:
    folder = tmp_path / "tiny"
    export_bundle(trained, people, ChainSettings(), _text("network"), folder)
    card = (folder / "card.md").read_text()
    for text in ("Not for.", "anything else", "Licence.", "wesad/S2", "fast_decay", "Not scored"):
        assert text in card


def test_nothing_is_overwritten(trained, people, tmp_path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(RecordingExistsError):
        export_bundle(trained, people, ChainSettings(), _text("network"), tmp_path / "there")


def test_members_from_different_starts_disagree_about_what_data_does_not_say(trained) -> None:
    found = {item.name: item for item in population_physics(trained.members)}
    assert not found["fast_decay"].identifiable
    low, high = found["fast_decay"].ci95
    assert 1.5 <= low < found["fast_decay"].value < high <= 6.0
    assert found["fast_decay"].unit == "s"
    assert found["scale"].unit == "uS"


def test_one_person_or_no_stress_is_too_little(people) -> None:
    with pytest.raises(DatasetError, match="at least two people"):
        train_members(people[:1], 60.0, seed=1)


def test_a_bundle_survives_json_round_trip(trained, people, tmp_path) -> None:
    folder = tmp_path / "tiny"
    export_bundle(trained, people, ChainSettings(), _text("network"), folder)
    record = json.loads((folder / "manifest.json").read_text())
    assert record["schema"] == 2
    assert ModelBundle(folder).manifest.chain_settings.id == ChainSettings().id
