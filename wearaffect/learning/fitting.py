"""Fit one network on some people through lightning, seeded."""

import logging
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import lightning
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from wearaffect.bundle.encoding import InputEncoder, rest_block
from wearaffect.core.streams import SignalKind
from wearaffect.learning.heads import CALM, condition_weights, labelled_of, tells_amusement
from wearaffect.learning.network import AffectNetwork
from wearaffect.learning.objective import Batch, LossWeights, losses
from wearaffect.learning.table import PersonTable
from wearaffect.signals.features import FEATURES

__all__ = ["FitSettings", "fit_network", "reported_affect", "training_rows"]


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
    signal_dropout : float
        Share of windows in which one signal is hidden in training, so that absence is normal.
    shuffled_physics : bool
        Ask the equation about seconds out of order; a control.
    forecast_steps : int
        Of the forecast's own fit.
    stride : int
        Every how many-th unlabelled window is used for the physics.
    """

    epochs: int = 16
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 3e-2
    weights: LossWeights = field(default_factory=LossWeights)
    enrolment_dropout: float = 0.4
    signal_dropout: float = 0.1
    shuffled_physics: bool = False
    forecast_steps: int = 500
    stride: int = 4


def training_rows(people: Sequence[PersonTable], encoder: InputEncoder, stride: int) -> Batch:
    """Collect labelled windows of each person, and some of the others for the physics.

    Parameters
    ----------
    people : sequence of PersonTable
        Training people.
    encoder : InputEncoder
        Fitted on them.
    stride : int
        Every how many-th of the other windows.

    Returns
    -------
    Batch
        All of them.
    """
    parts = [_rows_of(person, encoder, stride) for person in people]
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    rows = Batch(*(torch.from_numpy(values.astype(np.float32)) for values in joined))
    return rows._replace(
        stress_weight=rows.stress_weight / rows.stress_weight.mean().clamp_min(1e-9),
        calm_weight=rows.calm_weight / rows.calm_weight.mean().clamp_min(1e-9),
    )


def _rows_of(
    person: PersonTable, encoder: InputEncoder, stride: int
) -> tuple[NDArray[np.floating[Any]], ...]:
    named, labels = labelled_of(person)
    others = np.setdiff1d(np.arange(0, len(person.windows), stride), named)
    index = np.concatenate([named, others]).astype(np.intp)
    unknown = np.zeros(others.size)
    encoded = encoder.encode(person.pick(index))
    change = encoded.features[:, len(encoder.names) + encoder.names.index("eda_level")].copy()
    change[encoded.features[:, -3] == 0] = np.nan
    usable = np.isfinite(person.eda_us[index])[:, None]
    return (
        encoded.features,
        encoded.eda,
        np.concatenate([np.equal(labels, "stress"), unknown]),
        np.concatenate([np.equal(labels, "amusement"), unknown]),
        np.concatenate([condition_weights(labels, "stress"), unknown]),
        np.concatenate([condition_weights(labels, "amusement", CALM), unknown]),
        reported_affect(person)[index],
        change,
        np.where(usable, person.eda_later_us[index], np.nan),
    )


def reported_affect(person: PersonTable) -> NDArray[np.float64]:
    """Give the valence and arousal that were reported of each window's condition, (n, 2).

    NaN where nothing was reported; a report belongs to the condition of its name, in order.
    """
    found = np.full((len(person.windows), 2), np.nan)
    reports = list(person.self_report)
    for i, interval in enumerate(person.intervals):
        report = next((r for r in reports if r.condition == interval.label), None)
        if report is None:
            continue
        reports.remove(report)
        if report.valence is not None and report.arousal is not None:
            found[person.interval == i] = (report.valence, report.arousal)
    return found


class _Batches(IterableDataset[Batch]):
    """Shuffled batches, some windows without their resting state or without a signal."""

    def __init__(
        self, rows: Batch, encoder: InputEncoder, settings: FitSettings, seed: int
    ) -> None:
        self._rows = rows
        self._settings = settings
        self._rest = rest_block(encoder.n_inputs)
        kinds = [FEATURES[name] for name in encoder.names] * 3
        self._columns = [
            [*(i for i, k in enumerate(kinds) if k == kind), encoder.n_inputs + flag]
            for kind, flag in ((SignalKind.EDA, -3), (SignalKind.BVP, -2))
        ]
        self._rng = np.random.default_rng(seed)

    def __len__(self) -> int:
        return math.ceil(len(self._rows.features) / self._settings.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        order = self._rng.permutation(len(self._rows.features))
        for part in np.array_split(order, len(self)):
            batch = Batch(*(values[part] for values in self._rows))
            hidden = self._rng.random(part.size) < self._settings.enrolment_dropout
            batch.features[hidden, self._rest] = 0.0
            batch.features[hidden, -1] = 0.0
            for columns in self._columns:
                kept = self._rng.random((part.size, 1)) >= self._settings.signal_dropout / 2
                batch.features[:, columns] *= torch.from_numpy(kept)
            yield batch


class _Fit(lightning.LightningModule):
    """Weighted sum of the terms, physics ramped."""

    def __init__(self, network: AffectNetwork, settings: FitSettings) -> None:
        super().__init__()
        self.network = network
        self._settings = settings

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Give the loss of a batch."""
        out = self.network(batch.features, batch.eda)
        terms = losses(self.network, out, batch, shuffled=self._settings.shuffled_physics)
        weights = asdict(self._settings.weights)
        # the data first, the equation after
        ramp = min(1.0, (self.current_epoch + 1) / max(1.0, self._settings.epochs / 3))
        weights["physics"] *= ramp
        total = torch.stack([weights[name] * term for name, term in terms.items()]).sum()
        shown = {k: v.detach() for k, v in terms.items() if k in {"condition", "physics"}}
        self.log_dict(shown, prog_bar=True, batch_size=len(batch.features))
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
    torch.manual_seed(seed)
    network = AffectNetwork(encoder.names)
    # from the prior's spread, not its middle: members that agree in the end agree for the data
    network.draw(seed)
    if not tells_amusement(people):
        network.never_amused()
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
        loader = DataLoader(_Batches(rows, encoder, settings, seed), batch_size=None)
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
