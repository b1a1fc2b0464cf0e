"""The one door to onnxruntime: a graph from checked bytes to a function of arrays."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import BundleIntegrityError

__all__ = ["Graph"]

_MAX_BYTES = 64 * 2**20


class Graph:
    """An ONNX graph, one thread, float32 in and out.

    Parameters
    ----------
    folder : Path
        The bundle, for error messages.
    content : bytes
        The serialised graph; it may not refer to other files.

    Raises
    ------
    BundleIntegrityError
        The graph is too large, keeps tensors in other files, or doesn't load.
    """

    def __init__(self, folder: Path, content: bytes) -> None:
        import onnxruntime as ort

        # external tensors are named by the key "location"; no graph of ours holds the word
        if len(content) > _MAX_BYTES or b"location" in content:
            raise BundleIntegrityError(
                folder,
                "refused",
                part="model.onnx",
                expected="a self-contained graph under 64 MiB",
                remedy="export it without external data",
            )
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session: Any = ort.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's errors have no common base
            raise BundleIntegrityError(
                folder, "not a graph that loads", part="model.onnx", got=type(error).__name__
            ) from error
        self.inputs = tuple(item.name for item in self._session.get_inputs())
        self.outputs = tuple(item.name for item in self._session.get_outputs())

    def __call__(self, feed: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        """Run the graph.

        Parameters
        ----------
        feed : mapping of str to numpy.ndarray, float32
            At least every input; others are ignored.
        """
        values = self._session.run(None, {name: feed[name] for name in self.inputs})
        return dict(zip(self.outputs, values, strict=True))
