"""Fit one network on some people through lightning, seeded."""

import logging
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import lightning
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from wearaffect.bundle.encoding import Encoded, InputEncoder
from wearaffect.learning.network import AffectNetwork, NetworkSettings
from wearaffect.learning.objective import Batch, LossWeights, losses
from wearaffect.learning.table import HORIZONS_S, LABELS, PersonTable

__all__ = ["FitSettings", "fit_network", "training_rows"]


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How long and how hard to fit; engineering choices unless said otherwise.

    Attributes
    ----------
    epochs, batch_size : int
    learning_rate, weight_decay : float
        Of AdamW.
    weights : LossWeights
        Of the terms; physics ramps up over the first third of the epochs.
    enrolment_dropout : float
        Share of windows whose resting state is hidden in training, so that one network serves
        with and without enrolment.
    stride : int
        Every how many-th unlabelled window is used for the physics.
    """

    epochs: int = 16
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 3e-2
    weights: LossWeights = field(default_factory=LossWeights)
    enrolment_dropout: float = 0.4
    stride: int = 4


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """All training windows as arrays."""

    inputs: Encoded
    target: NDArray[np.int64]
    weight: NDArray[np.float32]
    later_us: NDArray[np.float32]


def training_rows(people: Sequence[PersonTable], encoder: InputEncoder, stride: int) -> Rows:
    """Collect labelled windows of each person, and some of the others for the physics.

    Parameters
    ----------
    people : sequence of PersonTable
        Training people.
    encoder : InputEncoder
        Fitted on them.
    stride : int
        Every how many-th of the other windows.
    """
    parts = []
    for person in people:
        named = person.labelled()
        others = np.setdiff1d(np.arange(0, len(person.windows), stride), named)
        index = np.concatenate([named, others]).astype(np.intp)
        target = np.array(
            [LABELS.index(person.labels[i]) for i in named] + [-1] * others.size, dtype=np.int64
        )
        counts = np.bincount(target[target >= 0], minlength=len(LABELS))
        weight = np.where(target >= 0, 1.0 / np.maximum(counts, 1)[target], 0.0)
        usable = np.isfinite(person.eda_us[index])[:, None]
        later = np.where(usable, person.eda_later_us[index], np.nan)
        parts.append((encoder.encode(person.pick(index)), target, weight, later))
    features, eda = (
        np.concatenate([getattr(p[0], name) for p in parts]) for name in ("features", "eda")
    )
    weight = np.concatenate([p[2] for p in parts])
    return Rows(
        Encoded(features, eda),
        np.concatenate([p[1] for p in parts]),
        (weight / weight[weight > 0].mean()).astype(np.float32),
        np.concatenate([p[3] for p in parts]).astype(np.float32),
    )


class _Batches(IterableDataset[Batch]):
    """Shuffled batches, some windows without their resting state."""

    def __init__(self, rows: Rows, settings: FitSettings, seed: int) -> None:
        self._rows = rows
        self._settings = settings
        self._rng = np.random.default_rng(seed)

    def __len__(self) -> int:
        return math.ceil(len(self._rows.target) / self._settings.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        order = self._rng.permutation(len(self._rows.target))
        for part in np.array_split(order, len(self)):
            features = self._rows.inputs.features[part].copy()
            hidden = self._rng.random(part.size) < self._settings.enrolment_dropout
            features[hidden, features.shape[1] // 2 :] = 0.0
            yield Batch(
                torch.from_numpy(features),
                torch.from_numpy(self._rows.inputs.eda[part]),
                torch.from_numpy(self._rows.target[part]),
                torch.from_numpy(self._rows.weight[part]),
                torch.from_numpy(self._rows.later_us[part]),
            )


class _Fit(lightning.LightningModule):
    """Weighted sum of the terms, physics ramped."""

    def __init__(self, network: AffectNetwork, settings: FitSettings) -> None:
        super().__init__()
        self.network = network
        self._settings = settings

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Give the loss of a batch."""
        out = self.network(batch.features, batch.eda)
        terms = losses(self.network, out, batch)
        weights = self._settings.weights
        ramp = min(1.0, (self.current_epoch + 1) / max(1.0, self._settings.epochs / 3))
        total: Tensor = (
            weights.condition * terms["condition"]
            + weights.trace * terms["trace"]
            + weights.physics * ramp * terms["physics"]
            + weights.forecast * terms["forecast"]
            + weights.scale * terms["scale"]
        )
        shown = {k: v.detach() for k, v in terms.items() if k in {"condition", "physics"}}
        self.log_dict(shown, prog_bar=True, batch_size=len(batch.target))
        return total

    def configure_optimizers(self) -> Any:
        """AdamW on the weights; the equation's own parameters move faster and don't decay."""
        settings = self._settings
        equation = [*self.network.times.parameters(), self.network.emotion_drive]
        equation.append(self.network.log_scale_us)
        own = {id(p) for p in equation}
        others = [p for p in self.network.parameters() if id(p) not in own]
        optimizer = torch.optim.AdamW(
            [
                {"params": others, "weight_decay": settings.weight_decay},
                {"params": equation, "weight_decay": 0.0, "lr": 5 * settings.learning_rate},
            ],
            lr=settings.learning_rate,
        )
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.epochs)
        return {"optimizer": optimizer, "lr_scheduler": schedule}


def fit_network(
    people: Sequence[PersonTable],
    encoder: InputEncoder,
    *,
    seed: int,
    settings: FitSettings | None = None,
    progress: Callable[[float], None] | None = None,
) -> AffectNetwork:
    """Fit one network.

    Parameters
    ----------
    people : sequence of PersonTable
        Training people.
    encoder : InputEncoder
        Fitted on training people.
    seed : int
        Of weights, order and dropout: the same seed gives the same network on one machine.
    settings : FitSettings or None
        How.
    progress : callable or None
        Called with the share that is done.

    Returns
    -------
    AffectNetwork
        In evaluation mode.
    """
    settings = settings or FitSettings()
    rows = training_rows(people, encoder, settings.stride)
    n_inputs = rows.inputs.features.shape[1]
    torch.manual_seed(seed)
    network = AffectNetwork(NetworkSettings(n_inputs, len(LABELS), HORIZONS_S))
    # from the prior's spread, not its middle: members that agree in the end agree for the data
    network.draw(seed)
    callbacks: list[lightning.Callback] = (
        [] if progress is None else [_Report(progress, settings.epochs)]
    )
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # lightning advises on workers and loggers that a table in memory doesn't need
        warnings.simplefilter("ignore")
        trainer = lightning.Trainer(
            max_epochs=settings.epochs,
            accelerator="cpu",
            devices=1,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=callbacks,
        )
        loader = DataLoader(_Batches(rows, settings, seed), batch_size=None)
        try:
            trainer.fit(_Fit(network, settings), loader)
        except SystemExit as stop:
            # lightning turns Ctrl-C into an exit of its own
            raise KeyboardInterrupt from stop
    return network.eval()


class _Report(lightning.Callback):
    """Tell how far the fit is, so that one bar can show many fits."""

    def __init__(self, progress: Callable[[float], None], epochs: int) -> None:
        self._progress = progress
        self._epochs = epochs

    def on_train_epoch_end(self, trainer: lightning.Trainer, _: lightning.LightningModule) -> None:
        """Report after each epoch."""
        self._progress((trainer.current_epoch + 1) / self._epochs)
