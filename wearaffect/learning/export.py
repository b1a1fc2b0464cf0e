"""From a fitted model to a bundle folder, with parity to torch checked before it is written."""

import shutil
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from wearaffect.bundle.encoding import EDA_RATE_HZ, Encoded, rest_block
from wearaffect.bundle.manifest import Manifest
from wearaffect.bundle.model import SELF_TEST_TOLERANCE, ModelBundle
from wearaffect.bundle.runtime import Graph
from wearaffect.core.errors import BundleError, RecordingExistsError
from wearaffect.core.timebase import n_samples
from wearaffect.learning.calibration import LEAST, mean_and_error
from wearaffect.learning.card import write_card
from wearaffect.learning.forecast import persistence_errors
from wearaffect.learning.heads import AGAINST, INDEX_SHARE, labelled_of, tells_amusement
from wearaffect.learning.served import OUTPUTS, ServedModel, run
from wearaffect.learning.table import HORIZONS_S, PersonTable
from wearaffect.learning.training import Trained, population_physics
from wearaffect.signals.chain import ChainSettings
from wearaffect.signals.skin_history import FORECAST_HISTORY

__all__ = ["BundleText", "export_bundle", "graph_bytes"]

_INPUTS = (
    {"kind": "eda", "sampling_rate": 4.0, "unit": "uS", "channels": 1},
    {"kind": "bvp", "sampling_rate": 64.0, "unit": "1", "channels": 1},
    {"kind": "acc", "sampling_rate": 32.0, "unit": "g", "channels": 3},
)


@dataclass(frozen=True, slots=True)
class BundleText:
    """What a bundle says of itself in words and figures.

    Attributes
    ----------
    name, version, licence, intended_use, not_for : str
        For people.
    classifier : str
        ``network`` or ``plain``.
    seed : int
        Of training.
    metrics : mapping
        From an evaluation on people it wasn't fitted on, with the protocol.
    excluded : mapping of str to str
        Who wasn't learnt from, and why.
    """

    name: str
    version: str
    licence: str
    intended_use: str
    not_for: str
    classifier: str
    seed: int
    metrics: Mapping[str, Any] = field(default_factory=dict)
    excluded: Mapping[str, str] = field(default_factory=dict)


def graph_bytes(model: ServedModel, n_inputs: int, window_s: float) -> bytes:
    """Serialise a model as ONNX with a free batch axis.

    Parameters
    ----------
    model : ServedModel
        In evaluation mode.
    n_inputs : int
        Length of the feature vector.
    window_s : float
        Length of a window.
    """
    names = list(OUTPUTS)
    inputs = ["features", "eda", "history"]
    example = (
        torch.zeros(2, n_inputs),
        torch.ones(2, n_samples(window_s, EDA_RATE_HZ)),
        torch.ones(2, len(FORECAST_HISTORY)),
    )
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        # torch announces that this exporter is the old one; the new one needs onnxscript and
        # gives the same numbers in fifty times the time
        warnings.simplefilter("ignore")
        path = Path(scratch) / "model.onnx"
        torch.onnx.export(
            model,
            example,
            path,
            input_names=inputs,
            output_names=names,
            dynamic_axes={name: {0: "batch"} for name in [*inputs, *names]},
            opset_version=17,
            dynamo=False,
        )
        return path.read_bytes()


def export_bundle(
    trained: Trained,
    people: Sequence[PersonTable],
    settings: ChainSettings,
    text: BundleText,
    folder: Path,
) -> ModelBundle:
    """Write a bundle.

    Parameters
    ----------
    trained : Trained
        The model.
    people : sequence of PersonTable
        Whom it was trained on; their names and hashes go into the provenance.
    settings : ChainSettings
        Of the chain that made their windows.
    text : BundleText
        What it says of itself.
    folder : Path
        Must not exist.

    Returns
    -------
    ModelBundle
        Opened from the folder, its self-test passed.

    Raises
    ------
    RecordingExistsError
        The folder exists.
    BundleError
        The graph doesn't give what torch gives, to 1e-5.
    """
    if folder.exists():
        raise RecordingExistsError(folder, "already there", remedy="name a new folder")
    model = trained.served(text.classifier)
    graph = graph_bytes(model, trained.encoder.n_inputs, trained.encoder.window_s)
    inputs = _synthetic_inputs(trained, seed=text.seed)
    expected = run(model, inputs)
    _check_parity(folder, graph, inputs, expected)
    manifest = _manifest(trained, people, settings, text)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        made = Path(scratch) / folder.name
        made.mkdir()
        (made / "model.onnx").write_bytes(graph)
        stored = {f"in_{k}": v for k, v in inputs.feed().items()}
        stored |= {f"out_{k}": v for k, v in expected.items()}
        np.savez_compressed(made / "selftest.npz", **stored)  # type: ignore[arg-type] # numpy stubs
        write_card(manifest, made / "card.md")
        manifest.write(made)
        ModelBundle(made).self_test()
        shutil.move(made, folder)
    return ModelBundle(folder)


def _synthetic_inputs(trained: Trained, *, seed: int, n: int = 16) -> Encoded:
    """Plausible inputs that are nobody's."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((n, trained.encoder.n_inputs)).astype(np.float32).clip(-5, 5)
    # all eight ways in which skin conductance, a heart and a resting state may be there
    features[:, -3:] = (np.arange(n)[:, None] >> np.arange(3)) % 2
    features[features[:, -1] == 0, rest_block(trained.encoder.n_inputs)] = 0.0
    count = n_samples(trained.encoder.window_s, EDA_RATE_HZ)
    walk = np.cumsum(rng.standard_normal((n, count)) * 0.02, axis=1)
    level = rng.uniform(0.0, 8.0, (n, 1))
    eda = np.maximum(level + walk, 0.0).astype(np.float32)
    history = np.stack([eda.mean(axis=1), eda[:, 0], np.full(n, 0.05)], axis=1)
    history[::5] = np.nan  # as in a sitting's first window
    return Encoded(features, eda, history.astype(np.float32))


def _check_parity(
    folder: Path, graph: bytes, inputs: Encoded, expected: Mapping[str, NDArray[np.float32]]
) -> None:
    """Compare onnxruntime with torch at batch 1 and 8."""
    served = Graph(folder, graph)
    for batch in (1, 8):
        part = inputs.rows(slice(0, batch))
        for name, values in served(part.feed()).items():
            truth = expected[name][:batch]
            worst = float((np.abs(values - truth) / np.maximum(1.0, np.abs(truth))).max())
            if not worst <= SELF_TEST_TOLERANCE:
                raise BundleError(
                    folder,
                    f"graph and torch differ in {name} at batch {batch}",
                    expected=f"at most {SELF_TEST_TOLERANCE:g}",
                    got=f"{worst:g}",
                    remedy="report this with the versions that 'wearaffect doctor' prints",
                )


def _held(people: Sequence[PersonTable]) -> dict[str, list[float]]:
    """Keep what the last value alone would give, so that skill over it can be told of anybody."""
    rows = zip(HORIZONS_S, persistence_errors(people).tolist(), strict=True)
    return {f"{h:g}": row for h, row in rows if np.isfinite(row).all()}


def _described(people: Sequence[PersonTable]) -> str:
    """Say in words what was learnt from."""
    whose = {"sessions": "own recorded sessions"}.get(people[0].dataset, people[0].dataset)
    found = {label for person in people for label in labelled_of(person)[1]}
    calm = ", ".join(label for label in AGAINST if label in found - {"stress"})
    missing = "" if tells_amusement(people) else "; no amusement"
    return (
        f"{whose}, {len({person.id for person in people})} people, {len(people)} recordings: "
        f"stress against {calm}{missing}"
    )


def _manifest(
    trained: Trained, people: Sequence[PersonTable], settings: ChainSettings, text: BundleText
) -> Manifest:
    from wearaffect import __version__

    encoder = trained.encoder
    statistics = {name: values.tolist() for name, values in encoder.statistics.items()}
    return Manifest(
        name=text.name,
        version=text.version,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        inputs=_INPUTS,
        window_s=settings.spec.window_s,
        hop_s=settings.spec.hop_s,
        chain=settings.as_dict(),
        features=encoder.names,
        statistics=statistics,
        labels=trained.labels,
        horizons_s=HORIZONS_S,
        physics=population_physics(trained.members, trained.labels),
        calibration=trained.calibration[text.classifier].as_dict()
        | {
            "method": "temperatures and thresholds from people left out",
            "index_share": INDEX_SHARE,
            "persistence_us": _held(people),
        },
        abstention=LEAST,
        provenance={
            "recordings": {person.recording_id: person.content_hash for person in people},
            "data": _described(people),
            "excluded": dict(text.excluded),
            "classifier": text.classifier,
            "members": len(trained.members),
            "seed": text.seed,
            "index_curve": trained.index_curve,
            "left_out": {name: mean_and_error(right) for name, right in trained.left_out.items()},
            "wearaffect_version": __version__,
        },
        metrics=text.metrics,
        licence=text.licence,
        intended_use=text.intended_use,
        not_for=text.not_for,
    )
