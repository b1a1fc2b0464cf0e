"""The bundle: windows in, estimates or abstentions out."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from wearaffect.bundle.encoding import EDA_RATE_HZ
from wearaffect.bundle.estimator import Estimator
from wearaffect.bundle.manifest import Manifest, read_manifest
from wearaffect.bundle.runtime import Graph
from wearaffect.core.affect import Outcome
from wearaffect.core.errors import BundleIntegrityError
from wearaffect.core.timebase import n_samples
from wearaffect.core.windows import Window
from wearaffect.signals.skin_history import FORECAST_HISTORY

__all__ = ["SELF_TEST_TOLERANCE", "ModelBundle", "find_bundle"]

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
        if not set(self._graph.inputs) <= {"features", "eda", "history"} or (
            "probabilities" not in self._graph.outputs
        ):
            raise BundleIntegrityError(
                self.folder,
                "inputs or outputs",
                part="model.onnx",
                expected="features, eda and history in, probabilities out",
                got=", ".join((*self._graph.inputs, *self._graph.outputs)),
            )
        self._encoder = self.manifest.encoder
        self._check_shapes()

    def _check_shapes(self) -> None:
        """Run the graph once on nothing, so that a bundle that contradicts itself doesn't open."""
        m = self.manifest
        per_window = sum(item.value is None for item in m.physics)
        expected = {
            "probabilities": (1, len(m.labels)),
            "forecast": (1, len(m.horizons_s), 3),
            "physics": (1, per_window, 3),
            "affect": (1, 2),
            "from_others": (1,),
        }
        empty = {
            "features": np.zeros((1, self._encoder.n_inputs), np.float32),
            "eda": np.zeros((1, n_samples(m.window_s, EDA_RATE_HZ)), np.float32),
            "history": np.zeros((1, len(FORECAST_HISTORY)), np.float32),
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

    def begin(self, *, without_enrolment: bool = False) -> Estimator:
        """Begin a sitting: what is believed of a window rests on those before it.

        Parameters
        ----------
        without_enrolment : bool
            Whether to answer where no resting state was taken; the answer then rests on the
            features as they are and on what the sitting has shown so far.
        """
        return Estimator(self.manifest, self._raw, without_enrolment=without_enrolment)

    def predict(
        self, windows: Sequence[Window], *, without_enrolment: bool = False
    ) -> list[Outcome]:
        """Estimate the windows of one sitting from its start, or say why not.

        Parameters
        ----------
        windows : sequence of Window
            From a chain with this bundle's settings, in time order.
        without_enrolment : bool
            As for `begin`.

        Returns
        -------
        list of AffectEstimate or Abstention
            One for each window. An abstention keeps what it withholds, for scoring.
        """
        return self.begin(without_enrolment=without_enrolment)(windows)

    def _raw(self, windows: Sequence[Window]) -> dict[str, NDArray[np.float32]]:
        """Give the graph's outputs, each window for itself."""
        return self._graph(self._encoder.encode(windows).feed())

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
