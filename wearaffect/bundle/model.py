"""The bundle: windows in, estimates or abstentions out."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from wearaffect.bundle.encoding import EDA_RATE_HZ
from wearaffect.bundle.manifest import Manifest, read_manifest
from wearaffect.bundle.runtime import Graph
from wearaffect.core.affect import Abstention, AffectEstimate, Outcome, Quantity
from wearaffect.core.errors import BundleIntegrityError
from wearaffect.core.streams import SignalKind
from wearaffect.core.timebase import n_samples
from wearaffect.core.windows import Window
from wearaffect.signals.electrodermal import level_at_end
from wearaffect.signals.features import FEATURES

__all__ = ["NO_REST", "SELF_TEST_TOLERANCE", "ModelBundle", "find_bundle"]

NO_REST = "resting baseline not taken"
SELF_TEST_TOLERANCE = 1e-5
_SELF_TEST_BYTES = 16 * 2**20


class ModelBundle:
    """A model as it ships: graph, chain, statistics, thresholds and what it is for.

    Parameters
    ----------
    folder : str or Path
        The bundle's folder.

    Raises
    ------
    BundleNotFoundError
        There is none.
    BundleIntegrityError
        Hashes, schema or graph don't fit.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.manifest: Manifest = read_manifest(self.folder)
        self._graph = Graph(self.folder, (self.folder / "model.onnx").read_bytes())
        if not set(self._graph.inputs) <= {"features", "eda"} or (
            "probabilities" not in self._graph.outputs
        ):
            raise BundleIntegrityError(
                self.folder,
                "inputs or outputs",
                part="model.onnx",
                expected="features and eda in, probabilities out",
                got=", ".join((*self._graph.inputs, *self._graph.outputs)),
            )
        self._encoder = self.manifest.encoder
        self._constants = {
            item.name: Quantity(item.value, item.unit, item.ci95, item.identifiable)
            for item in self.manifest.physics
            if item.value is not None
        }
        self._used = {FEATURES[name] for name in self.manifest.features} | {SignalKind.EDA}
        self._check_shapes()

    def _check_shapes(self) -> None:
        """Run the graph once on nothing, so that a bundle that contradicts itself doesn't open."""
        m = self.manifest
        per_window = sum(item.value is None for item in m.physics)
        expected = {
            "probabilities": (1, len(m.labels)),
            "forecast": (1, len(m.horizons_s), 3),
            "physics": (1, per_window, 3),
        }
        empty = {
            "features": np.zeros((1, 2 * len(m.features) + 1), np.float32),
            "eda": np.zeros((1, n_samples(m.window_s, EDA_RATE_HZ)), np.float32),
        }
        try:
            got = {name: values.shape for name, values in self._graph(empty).items()}
        except Exception as error:  # onnxruntime's errors have no common base
            raise BundleIntegrityError(
                self.folder, "graph and manifest differ", part="model.onnx", got=str(error)[:200]
            ) from error
        if any(expected.get(name) != shape for name, shape in got.items()):
            raise BundleIntegrityError(
                self.folder,
                "graph and manifest differ",
                part="model.onnx",
                expected=str({name: expected.get(name) for name in got}),
                got=str(got),
            )

    def predict(
        self, windows: Sequence[Window], *, without_enrolment: bool = False
    ) -> list[Outcome]:
        """Estimate each window, or say why not.

        Parameters
        ----------
        windows : sequence of Window
            From a chain with this bundle's settings.
        without_enrolment : bool
            Whether to answer where no resting state was taken; the answer then rests on the
            features as they are.

        Returns
        -------
        list of AffectEstimate or Abstention
            One for each window. An abstention keeps what it withholds, for scoring.
        """
        if not windows:
            return []
        out = self._graph(self._encoder.encode(windows).feed())
        rows = [{name: values[i] for name, values in out.items()} for i in range(len(windows))]
        return [
            self._outcome(window, row, without_enrolment=without_enrolment)
            for window, row in zip(windows, rows, strict=True)
        ]

    def _outcome(
        self, window: Window, out: dict[str, NDArray[np.float32]], *, without_enrolment: bool
    ) -> Outcome:
        estimate = self._estimate(window, out)
        needed = self.manifest.abstention
        # what no rest can mend comes first
        reasons = [f"{kind}: missing" for kind in needed if SignalKind(kind) not in window.quality]
        if window.rest is None and not without_enrolment:
            reasons.append(NO_REST)
        for kind, least in needed.items():
            quality = window.quality.get(SignalKind(kind))
            if quality is not None and quality.score < least:
                reasons.append(f"{kind}: {quality.reasons[0] if quality.reasons else 'poor'}")
        if not reasons:
            return estimate
        return Abstention(
            window.start_ns,
            window.end_ns,
            tuple(reasons),
            window.quality,
            estimate,
            self.manifest.id,
            window.origin_ns,
        )

    def _estimate(self, window: Window, out: dict[str, NDArray[np.float32]]) -> AffectEstimate:
        m = self.manifest
        probabilities = dict(zip(m.labels, out["probabilities"].tolist(), strict=True))
        eda = window.signals.get(SignalKind.EDA)
        has_eda = eda is not None and bool(np.isfinite(eda.data[0]).any())
        forecast: dict[float, tuple[float, float, float]] = {}
        if has_eda and "forecast" in out:
            for horizon, row in zip(m.horizons_s, out["forecast"].tolist(), strict=True):
                forecast[horizon] = (row[0], row[1], row[2])
        level = float("nan")
        if eda is not None:
            level = level_at_end(eda.data[0], eda.sampling_rate)
        return AffectEstimate(
            start_ns=window.start_ns,
            end_ns=window.end_ns,
            probabilities=probabilities,
            stress=probabilities.get("stress", float("nan")),
            eda_us=level if np.isfinite(level) else None,
            eda_forecast_us=forecast,
            physics=self._physics(out) if has_eda else {},
            modalities=tuple(kind for kind in window.signals if kind in self._used),
            quality=window.quality,
            bundle_id=m.id,
            origin_ns=window.origin_ns,
        )

    def _physics(self, out: dict[str, NDArray[np.float32]]) -> dict[str, Quantity]:
        """Population constants from the manifest, the rest from the graph with its spread."""
        found = {}
        rows = iter(out["physics"].tolist() if "physics" in out else [])
        for item in self.manifest.physics:
            quantity = self._constants.get(item.name)
            if quantity is None:
                low, value, high = next(rows)
                quantity = Quantity(value, item.unit, (low, high), item.identifiable)
            found[item.name] = quantity
        return found

    def self_test(self) -> float:
        """Run the stored synthetic inputs and compare with the stored outputs.

        Returns
        -------
        float
            Largest difference relative to ``max(1, |expected|)``.

        Raises
        ------
        BundleIntegrityError
            It exceeds 1e-5, or an output is missing or not finite.
        """
        try:
            content = BytesIO((self.folder / "selftest.npz").read_bytes())
            if sum(item.file_size for item in ZipFile(content).infolist()) > _SELF_TEST_BYTES:
                msg = "more than a self-test needs"
                raise ValueError(msg)
            with np.load(content, allow_pickle=False) as stored:
                feed = {k[3:]: stored[k] for k in stored.files if k.startswith("in_")}
                expected = {k[4:]: stored[k] for k in stored.files if k.startswith("out_")}
            got = self._graph(feed)
        except (OSError, EOFError, ValueError, TypeError, KeyError, BadZipFile) as error:
            raise BundleIntegrityError(
                self.folder,
                "unreadable",
                part="selftest.npz",
                expected="arrays named in_… and out_…",
                got=type(error).__name__,
            ) from error
        worst = 0.0
        for name, values in expected.items():
            if name not in got or not np.isfinite(got[name]).all():
                raise BundleIntegrityError(self.folder, "self-test", part=name, expected="numbers")
            off = np.abs(got[name] - values) / np.maximum(1.0, np.abs(values))
            worst = float(np.maximum(worst, off.max()))  # keeps NaN, which max() drops
        if not expected or not worst <= SELF_TEST_TOLERANCE:
            raise BundleIntegrityError(
                self.folder,
                "self-test",
                part="model.onnx",
                expected=f"outputs within {SELF_TEST_TOLERANCE:g}",
                got=f"{worst:g}",
            )
        return worst


def bundle_roots() -> list[Path]:
    """Give the folders that are searched for bundles by name: the user's, then the repository's."""
    import os

    data = Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share"))
    return [data / "wearaffect" / "models", Path(__file__).parents[2] / "models"]


def find_bundle(name_or_folder: str | Path) -> Path:
    """Find a bundle by folder, or by name in the user's data folder and the repository.

    Parameters
    ----------
    name_or_folder : str or Path
        A path, or a name such as ``wrist-affect``.

    Returns
    -------
    Path
        A folder; whether it holds a bundle is checked when it is opened.
    """
    direct = Path(name_or_folder)
    if direct.exists() or direct.name != str(name_or_folder):
        return direct
    for root in bundle_roots():
        if (root / direct / "manifest.json").is_file():
            return root / direct
    return direct
