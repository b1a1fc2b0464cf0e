"""The manifest: everything a bundle says of itself, as data, with a hash over every file."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, get_origin

import numpy as np

from wearaffect.bundle.belief import Calibration
from wearaffect.bundle.encoding import STATISTICS, InputEncoder
from wearaffect.core.errors import BundleIntegrityError, BundleNotFoundError
from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import WindowSpec
from wearaffect.signals.chain import ChainSettings
from wearaffect.signals.features import FEATURES

__all__ = ["SCHEMA", "Manifest", "PhysicsOutput", "file_hash", "read_manifest"]

SCHEMA = 2


@dataclass(frozen=True, slots=True)
class PhysicsOutput:
    """One physics parameter a bundle gives.

    Attributes
    ----------
    name, unit : str
        What it is.
    value : float or None
        For a constant of the population; None where the graph gives one per window.
    ci95 : tuple of float or None
        Jackknife interval over training people.
    identifiable : bool
        False where the data can't tell it from where training started; `card.md` has the rule.
    """

    name: str
    unit: str
    value: float | None = None
    ci95: tuple[float, float] | None = None
    identifiable: bool = True


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle is; see `interfaces` in the documentation for the keys."""

    name: str
    version: str
    created: str
    inputs: tuple[Mapping[str, Any], ...]
    window_s: float
    hop_s: float
    chain: Mapping[str, Any]
    features: tuple[str, ...]
    statistics: Mapping[str, list[float]]
    labels: tuple[str, ...]
    horizons_s: tuple[float, ...]
    physics: tuple[PhysicsOutput, ...]
    calibration: Mapping[str, Any]
    abstention: Mapping[str, float]
    provenance: Mapping[str, Any]
    metrics: Mapping[str, Any]
    licence: str
    intended_use: str
    not_for: str
    files: Mapping[str, str] = field(default_factory=dict)
    schema: int = SCHEMA

    @property
    def id(self) -> str:
        """Name, version and the first digits of the graph's hash."""
        return f"{self.name}@{self.version}+{self.files.get('model.onnx', '')[:12]}"

    @property
    def chain_settings(self) -> ChainSettings:
        """The chain whose windows the graph was trained on."""
        return ChainSettings.from_dict(self.chain)

    @property
    def encoder(self) -> InputEncoder:
        """From windows to graph inputs."""
        statistics = {key: np.asarray(self.statistics[key], float) for key in STATISTICS}
        return InputEncoder(self.features, statistics, self.window_s)

    def write(self, folder: Path) -> None:
        """Write ``manifest.json`` with the hash of every other file in the folder, and its own."""
        files = {
            p.name: file_hash(p) for p in sorted(folder.iterdir()) if p.name != "manifest.json"
        }
        # as it will be read: lists for tuples, text for keys
        record = json.loads(json.dumps(asdict(self) | {"files": files}, allow_nan=False))
        record["sha256"] = _own_hash(record)
        text = json.dumps(record, indent=1, ensure_ascii=False)
        (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def file_hash(path: Path) -> str:
    """Give the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _own_hash(record: Mapping[str, Any]) -> str:
    """Give the SHA-256 of what a manifest says, apart from this hash itself."""
    rest = {key: value for key, value in record.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Read a manifest and check every file against it.

    Parameters
    ----------
    folder : Path
        The bundle.

    Returns
    -------
    Manifest
        Nothing but JSON was read and nothing was executed.

    Raises
    ------
    BundleNotFoundError
        There is no folder with a manifest.
    BundleIntegrityError
        Schema, keys, or a file's hash isn't what it should be.
    """
    path = folder / "manifest.json"
    if not path.is_file():
        raise BundleNotFoundError(
            folder,
            "no bundle here",
            expected="a folder with manifest.json, model.onnx and card.md",
            got="a file"
            if folder.is_file()
            else "a folder without"
            if folder.is_dir()
            else "nothing",
            remedy="name a bundle folder, or run 'wearaffect models list'",
        )
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        manifest = _parse(record)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BundleIntegrityError(
            folder, "unreadable", part="manifest.json", expected=f"schema {SCHEMA}", got=str(error)
        ) from error
    _check_files(folder, manifest)
    return manifest


def _parse(record: dict[str, Any]) -> Manifest:
    known = {f.name for f in fields(Manifest)}
    if record.get("schema") != SCHEMA:
        msg = f"schema {record.get('schema')}"
        raise ValueError(msg)
    if record.get("sha256") != _own_hash(record):
        msg = "content that was changed"
        raise ValueError(msg)
    values = {key: value for key, value in record.items() if key in known}
    for key in ("inputs", "features", "labels", "horizons_s"):
        values[key] = tuple(values[key])
    values["physics"] = tuple(
        PhysicsOutput(**(p | {"ci95": None if p["ci95"] is None else tuple(p["ci95"])}))
        for p in values["physics"]
    )
    manifest = Manifest(**values)
    _check_types(manifest)
    _check_sense(manifest)
    return manifest


def _check_types(manifest: Manifest) -> None:
    for item in fields(Manifest):
        wanted: Any = get_origin(item.type) or item.type
        value = getattr(manifest, item.name)
        if not isinstance(value, (int, float) if wanted is float else wanted):
            msg = f"{item.name} is {type(value).__name__}"
            raise TypeError(msg)


def _check_sense(manifest: Manifest) -> None:
    """Raise ValueError where parts of the manifest contradict each other, or the library."""
    encoder, settings = manifest.encoder, manifest.chain_settings
    Calibration.from_dict(manifest.calibration)
    statistics = encoder.statistics
    checks = {
        "statistics and features differ in length": all(
            values.shape == (len(manifest.features),) for values in statistics.values()
        ),
        "features that this version doesn't have": set(manifest.features) <= set(FEATURES),
        "inputs without kind and unit": all({"kind", "unit"} <= set(i) for i in manifest.inputs),
        "no chain": bool(settings.bands),
        "a scale that isn't positive": all(
            bool((values > 0).all())
            for name, values in statistics.items()
            if name.endswith("scale")
        ),
        "an abstention threshold outside 0 to 1": all(
            0 <= least <= 1 for least in manifest.abstention.values()
        ),
        "provenance without recordings": isinstance(manifest.provenance.get("recordings"), dict),
        "window_s and hop_s aren't the chain's": settings.spec
        == WindowSpec(manifest.window_s, manifest.hop_s),
        "abstention for unknown signals": set(manifest.abstention) <= set(SignalKind),
    }
    for problem, fine in checks.items():
        if not fine:
            raise ValueError(problem)


def _check_files(folder: Path, manifest: Manifest) -> None:
    for name in ("model.onnx", "card.md", "selftest.npz"):
        if name not in manifest.files:
            raise BundleIntegrityError(
                folder, "not in the manifest", part=name, expected="its hash"
            )
    for name, expected in manifest.files.items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise BundleIntegrityError(folder, "missing or outside the folder", part=repr(name))
        found = file_hash(path)
        if found != expected:
            raise BundleIntegrityError(
                folder,
                "content changed",
                part=name,
                expected=f"sha256 {str(expected)[:12]}",
                got=found[:12],
                remedy="fetch the bundle again",
            )
