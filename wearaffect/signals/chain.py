"""The chain: stages, windows, quality, features and resting state; the same object everywhere."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from wearaffect.core.errors import EnrolmentError, SignalError
from wearaffect.core.streams import SignalChunk, SignalKind, StreamInfo
from wearaffect.core.windows import Window, WindowSpec
from wearaffect.signals.batches import WindowBatch
from wearaffect.signals.conversion import in_standard_units
from wearaffect.signals.enrolment import (
    Enrolment,
    RestInterval,
    RestToCome,
    trusted_features,
)
from wearaffect.signals.faults import FaultFinder
from wearaffect.signals.features import FEATURES, beats_of, features_of
from wearaffect.signals.filters import BandFilter, BandSettings, Unfiltered
from wearaffect.signals.given_rate import pulse_first
from wearaffect.signals.history import History
from wearaffect.signals.quality import BatchQuality, quality_of
from wearaffect.signals.rows import Vector
from wearaffect.signals.skin_history import SkinHistory
from wearaffect.signals.windowing import WindowAssembler

__all__ = ["Chain", "ChainSettings", "DescribedBatch"]

_BANDS = MappingProxyType(
    {
        # skin conductance responses rise in 1-3 s (Boucsein et al. 2012): 1 Hz keeps them whole
        SignalKind.EDA: BandSettings(high_hz=1.0, order=2),
        # the band of Elgendi et al. 2013 (doi 10.1371/journal.pone.0076585)
        SignalKind.BVP: BandSettings(low_hz=0.5, high_hz=8.0, order=3),
        # below 10 Hz lies what arms do (engineering choice)
        SignalKind.ACC: BandSettings(high_hz=10.0, order=2),
        # skin warms over minutes (engineering choice)
        SignalKind.TEMP: BandSettings(high_hz=0.1, order=1),
    }
)


@dataclass(frozen=True, slots=True)
class ChainSettings:
    """What a chain does; travels in every bundle.

    Attributes
    ----------
    spec : WindowSpec
        Length and step of windows.
    bands : mapping of SignalKind to BandSettings
        The filter of each signal the chain takes; other kinds pass it by. A low-pass whose corner
        a stream doesn't reach leaves it as it is. Where there is a band for the pulse wave, regular
        heart rate is taken too, as it comes, for windows without a pulse wave.
    """

    spec: WindowSpec = field(default_factory=WindowSpec)
    bands: Mapping[SignalKind, BandSettings] = field(default_factory=lambda: _BANDS)

    def takes(self, info: StreamInfo) -> bool:
        """Tell whether a stream goes into windows."""
        if info.kind == SignalKind.HR:
            return SignalKind.BVP in self.bands and info.sampling_rate is not None
        return info.kind in self.bands

    def awaited(self, streams: Iterable[StreamInfo]) -> list[StreamInfo]:
        """Give the streams that windows wait for, and with which they end.

        Heart rate that a device derives is late, and needed only where there is no pulse wave.
        """
        taken = [info for info in streams if self.takes(info)]
        pulse = any(info.kind == SignalKind.BVP for info in taken)
        return [info for info in taken if not (pulse and info.kind == SignalKind.HR)]

    @property
    def id(self) -> str:
        """Short hash of the settings: two chains with the same id compute the same numbers."""
        text = json.dumps(self.as_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def as_dict(self) -> dict[str, Any]:
        """Give plain data for a manifest."""
        return {
            "window_s": self.spec.window_s,
            "hop_s": self.spec.hop_s,
            "bands": {str(kind): asdict(band) for kind, band in self.bands.items()},
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "ChainSettings":
        """Read what `as_dict` gave.

        Raises
        ------
        KeyError, TypeError, ValueError
            The record isn't one.
        """
        bands = {SignalKind(k): BandSettings(**v) for k, v in record["bands"].items()}
        return cls(WindowSpec(record["window_s"], record["hop_s"]), MappingProxyType(bands))


@dataclass(frozen=True, slots=True, eq=False)
class DescribedBatch:
    """Windows that closed together and what their signals say, as columns.

    Attributes
    ----------
    batch : WindowBatch
        The windows.
    features : mapping of str to numpy.ndarray, (n_windows,)
        The rows of `wearaffect.signals.features.LIVE_FEATURES`.
    quality : mapping of SignalKind to BatchQuality
        Of each kind that at least one window has.
    """

    batch: WindowBatch
    features: Mapping[str, Vector]
    quality: Mapping[SignalKind, BatchQuality]


class Chain:
    """From chunks to windows with quality, features and resting state.

    Parameters
    ----------
    settings : ChainSettings
        What to do.
    origin_ns : int
        Start of the session.
    rest : RestInterval, RestToCome, Enrolment or None
        When rest is taken in this session, or what will tell so, or a resting state taken earlier.

    Raises
    ------
    EnrolmentError
        The enrolment was taken by another chain.

    Examples
    --------
    >>> chain = Chain(ChainSettings())
    >>> [window for window in chain.advance(0)]
    []
    """

    def __init__(
        self,
        settings: ChainSettings,
        *,
        origin_ns: int = 0,
        rest: RestInterval | RestToCome | Enrolment | None = None,
    ) -> None:
        enrolment = rest if isinstance(rest, Enrolment) else None
        if enrolment is not None and enrolment.chain_id != settings.id:
            raise EnrolmentError(
                "enrolment of another chain",
                expected=settings.id,
                got=enrolment.chain_id,
                remedy="take rest again with --rest START:END",
            )
        self.settings = settings
        # the resting state, once there is one
        self.enrolment = enrolment
        self._rest = RestToCome(rest) if isinstance(rest, RestInterval) else rest
        self._filters: dict[SignalKind, BandFilter | Unfiltered] = {}
        self._faults: dict[SignalKind, FaultFinder] = {}
        self._windows = WindowAssembler(settings.spec, origin_ns)
        self._history = History(list(FEATURES), hop_s=settings.spec.hop_s)
        self._skin = SkinHistory(settings.spec.hop_s)

    @property
    def n_late(self) -> Mapping[str, int]:
        """Samples of each stream that came after a window they belong to had closed."""
        return self._windows.n_late

    def push(self, chunk: SignalChunk) -> None:
        """Take the next chunk of any stream; kinds the chain doesn't take pass it by.

        Parameters
        ----------
        chunk : SignalChunk
            In device units, which become µS, g, degC and 1/min here; each stream in time order.

        Raises
        ------
        SignalError
            The stream runs backwards, or is a second one of its kind.
        SamplingRateError
            The rate doesn't hold the band of a pulse wave.
        UnitError
            The unit measures something else.
        """
        if not self.settings.takes(chunk.info):
            return
        stage = self._filters.get(chunk.info.kind)
        if stage is None:
            stage = self._filters[chunk.info.kind] = self._filter_for(chunk.info)
            self._faults[chunk.info.kind] = FaultFinder(chunk.info)
        if stage.info.id != chunk.info.id:
            raise SignalError(
                chunk.info.id,
                f"a second {chunk.info.kind} stream",
                expected=f"{stage.info.id} alone",
                remedy="record with one device of each kind, or choose one with Session.worn_at",
            )
        raw = in_standard_units(chunk)
        self._windows.push(stage(raw), self._faults[chunk.info.kind](raw))

    def _filter_for(self, info: StreamInfo) -> BandFilter | Unfiltered:
        """Give the filter of a stream; a low-pass has nothing to take from one that is slower."""
        band = self.settings.bands.get(info.kind)
        if band is None or (band.low_hz is None and 2 * (band.high_hz or 0) >= info.rate_hz):
            return Unfiltered(info)
        return BandFilter(band, info)

    def advance(self, watermark_ns: int) -> list[Window]:
        """Give every window that is complete at a time.

        Parameters
        ----------
        watermark_ns : int
            Time up to which all streams are complete.

        Returns
        -------
        list of Window
            With quality, features and, once rest is taken, the resting state.
        """
        return [w for described in self.describe(watermark_ns) for w in self._windows_in(described)]

    def describe(self, watermark_ns: int) -> Iterator[DescribedBatch]:
        """Give the same as columns, without a window object each, and without resting state.

        Parameters
        ----------
        watermark_ns : int
            Time up to which all streams are complete.

        Yields
        ------
        DescribedBatch
            In time order.
        """
        for cut in self._windows.advance(watermark_ns):
            batch = pulse_first(cut)
            beats = beats_of(batch)
            features = features_of(batch, beats)
            quality = quality_of(batch, beats, features["acc_moving"])
            yield DescribedBatch(batch, features, quality)

    def _windows_in(self, described: DescribedBatch) -> Iterator[Window]:
        """Give windows one by one, with the resting state that was known at their end."""
        table = np.stack(list(described.features.values()), axis=1).tolist()
        for i, window in enumerate(described.batch):
            full = replace(
                window,
                quality={kind: described.quality[kind].of(i) for kind in window.signals},
                features=dict(zip(described.features, table[i], strict=True)),
            )
            if isinstance(self._rest, RestToCome):
                self.enrolment = self._rest.see(full, self.settings.id)
            trusted = trusted_features(full)
            skin = full.signals.get(SignalKind.EDA) if "eda_level" in trusted else None
            yield replace(
                full,
                rest=None if self.enrolment is None else self.enrolment.features,
                history=self._history.advance(trusted) | self._skin.advance(skin),
            )
