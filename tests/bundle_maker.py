"""A bundle small enough to check by hand: a linear map, and curves read off the conductance."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from wearaffect.bundle.encoding import N_FLAGS
from wearaffect.bundle.manifest import Manifest, PhysicsOutput, file_hash
from wearaffect.core.timebase import n_samples
from wearaffect.core.windows import WindowSpec
from wearaffect.signals.chain import ChainSettings
from wearaffect.signals.features import FEATURES

LABELS = ("baseline", "stress", "amusement")
HORIZONS_S = (5.0, 15.0, 30.0, 60.0)
# Nothing is left of a belief when the next window comes, so what is believed is what was said.
EACH_FOR_ITSELF = {"evidence": 1.0, "hold_s": 1e-3, "temperature": 1.0}
# What each feature is about, and how far it ranges; only so that inputs aren't all clipped.
_TYPICAL = {"hr": (75.0, 15.0), "hrv": (40.0, 40.0), "scr": (2.0, 3.0)}


def parameters(settings: ChainSettings, seed: int = 0) -> dict[str, np.ndarray]:
    """The numbers of the graph: weights, and what forecast and physics read off the trace."""
    rng = np.random.default_rng(seed)
    count = n_samples(settings.spec.window_s, 4.0)
    width = 3 * len(FEATURES) + N_FLAGS
    last = np.zeros((count, len(HORIZONS_S) * 3))
    last[-1] = rng.uniform(0.5, 1.5, len(HORIZONS_S) * 3)
    mean = np.outer(np.full(count, 1 / count), [0.1, 0.2, 0.3])
    values = {
        "weights": rng.normal(0, 0.3, (width, len(LABELS))),
        "bias": rng.normal(0, 0.3, len(LABELS)),
        "last": last,
        "mean": mean,
    }
    return {name: value.astype(np.float32) for name, value in values.items()}


def expected_outputs(p: dict[str, np.ndarray], features: np.ndarray, eda: np.ndarray):
    """What the graph should say, in double precision and without it."""
    p = {name: value.astype(float) for name, value in p.items()}
    odds = np.exp(features.astype(float) @ p["weights"] + p["bias"])
    forecast = eda.astype(float) @ p["last"]
    return {
        "probabilities": odds / odds.sum(axis=1, keepdims=True),
        "forecast": forecast.reshape(len(eda), len(HORIZONS_S), 3),
        "physics": (eda.astype(float) @ p["mean"]).reshape(len(eda), 1, 3),
    }


def graph_bytes(p: dict[str, np.ndarray]) -> bytes:
    """The graph: softmax(features W + b), eda L and eda M."""
    shapes = {"to_forecast": [-1, len(HORIZONS_S), 3], "to_physics": [-1, 1, 3]}
    weights = [numpy_helper.from_array(value, name) for name, value in p.items()]
    weights += [
        numpy_helper.from_array(np.array(shape, np.int64), name) for name, shape in shapes.items()
    ]
    nodes = [
        helper.make_node("Gemm", ["features", "weights", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        helper.make_node("MatMul", ["eda", "last"], ["flat_forecast"]),
        helper.make_node("Reshape", ["flat_forecast", "to_forecast"], ["forecast"]),
        helper.make_node("MatMul", ["eda", "mean"], ["flat_physics"]),
        helper.make_node("Reshape", ["flat_physics", "to_physics"], ["physics"]),
    ]

    def tensor(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])

    graph = helper.make_graph(
        nodes,
        "tiny",
        [tensor("features", p["weights"].shape[0]), tensor("eda", p["last"].shape[0])],
        [
            tensor("probabilities", len(LABELS)),
            tensor("forecast", len(HORIZONS_S), 3),
            tensor("physics", 1, 3),
        ],
        initializer=weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return bytes(model.SerializeToString())


def manifest(settings: ChainSettings, **changes: object) -> Manifest:
    """A manifest that fits the graph."""
    typical = [_TYPICAL.get(name.partition("_")[0], (0.0, 3.0)) for name in FEATURES]
    mean, scale = (list(column) for column in zip(*typical, strict=True))
    made = Manifest(
        name="tiny",
        version="0.0.1",
        created="2026-01-01T00:00:00+00:00",
        inputs=(
            {"kind": "eda", "sampling_rate": 4.0, "unit": "uS", "channels": 1},
            {"kind": "bvp", "sampling_rate": 64.0, "unit": "1", "channels": 1},
            {"kind": "acc", "sampling_rate": 32.0, "unit": "g", "channels": 3},
            {"kind": "temp", "sampling_rate": 4.0, "unit": "degC", "channels": 1},
        ),
        window_s=settings.spec.window_s,
        hop_s=settings.spec.hop_s,
        chain=settings.as_dict(),
        features=tuple(FEATURES),
        statistics={
            "mean": mean,
            "scale": scale,
            "change_mean": [0.0] * len(mean),
            "change_scale": scale,
            "rest_mean": [0.0] * len(mean),
            "rest_scale": scale,
        },
        labels=LABELS,
        horizons_s=HORIZONS_S,
        physics=(
            PhysicsOutput("fast_s", "s", 2.8, (2.1, 3.5), identifiable=False),
            PhysicsOutput("drive", "uS/s"),
        ),
        calibration=EACH_FOR_ITSELF,
        abstention={"eda": 0.5, "bvp": 0.33},
        provenance={"recordings": {}},
        metrics={},
        licence="for tests",
        intended_use="tests",
        not_for="people",
    )
    return replace(made, **changes)


def make_bundle(
    folder: Path, settings: ChainSettings | None = None, *, seed: int = 0, **changes: object
) -> Path:
    """Write a bundle; `changes` are fields of its manifest."""
    settings = settings or ChainSettings(WindowSpec(60.0, 5.0))
    p = parameters(settings, seed)
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(graph_bytes(p))
    (folder / "card.md").write_text("# tiny\n", encoding="utf-8")
    rng = np.random.default_rng(seed + 1)
    features = rng.standard_normal((8, p["weights"].shape[0])).astype(np.float32)
    eda = rng.uniform(0, 8, (8, p["last"].shape[0])).astype(np.float32)
    stored = {"in_features": features, "in_eda": eda}
    stored |= {
        f"out_{name}": value.astype(np.float32)
        for name, value in expected_outputs(p, features, eda).items()
    }
    np.savez_compressed(folder / "selftest.npz", **stored)
    manifest(settings, **changes).write(folder)
    return folder


def rewrite(folder: Path, name: str, content: bytes) -> None:
    """Replace a file and its hash, as someone who wants to get past the check would."""
    (folder / name).write_bytes(content)
    path = folder / "manifest.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["files"][name] = file_hash(folder / name)
    sign(path, record)


def sign(path: Path, record: dict) -> None:
    """Write a manifest with the hash that fits it."""
    rest = {key: value for key, value in record.items() if key != "sha256"}
    text = json.dumps(rest, sort_keys=True)
    path.write_text(json.dumps(rest | {"sha256": hashlib.sha256(text.encode()).hexdigest()}))
