"""A device's clock on the host's: the line under all arrivals, and how well it is known."""

import itertools
from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.timebase import NS_PER_S, ns_from_s

__all__ = ["ClockFit", "ClockMap"]

# A crystal in a Bluetooth device may be off by 500 ppm while it sleeps (Bluetooth Core 5.4, vol. 6,
# part B, 4.2.2). A short stretch may show more for its jitter, and a declared rate may be off.
_CRYSTAL = 500e-6
_JITTER_NS = 20_000_000.0  # engineering choice: part of a connection interval
_UNKNOWN_NS = 100_000_000  # engineering choice: stated while too little has arrived to compare
_LEAST_NS = 100_000  # engineering choice: stamps are taken in a busy process
_SUBSETS = 4
_PINGS = 32


@dataclass(frozen=True, slots=True)
class ClockMap:
    """One straight piece of the map from a device's clock to the host's.

    Attributes
    ----------
    device_ns, host_ns : int
        A pair of readings on the line.
    rate_ppm : float
        How much faster the host's clock runs than the device's, in parts per million.
    residual_ns : int
        Ninetieth percentile of arrival minus line: how late packets usually come.
    uncertainty_ns : int
        How far the line may be off where it was fitted, up or down, apart from a constant latency.
    latency_ns : int or None
        How far the constant latency may put the line off, up or down; None: it was never measured,
        and the shortest latency of the radio is still in the line.
    """

    device_ns: int = 0
    host_ns: int = 0
    rate_ppm: float = 0.0
    residual_ns: int = 0
    uncertainty_ns: int = 0
    latency_ns: int | None = None

    def to_host_ns(self, device_ns: int) -> int:
        """Give the host time of a device time."""
        elapsed = device_ns - self.device_ns
        return self.host_ns + elapsed + round(elapsed * self.rate_ppm * 1e-6)

    @staticmethod
    def fit(device_ns: NDArray[np.int64], arrival_ns: NDArray[np.int64]) -> "ClockMap":
        """Fit the line that lies under all arrivals and closest to them.

        A radio never delivers early, so the earliest arrivals carry the clock and the mean
        carries the traffic. The constant minimum delay can't be seen one way and stays in.

        Parameters
        ----------
        device_ns : numpy.ndarray, (n,), int64
            The device's own stamps, strictly increasing.
        arrival_ns : numpy.ndarray, (n,), int64
            When each was received, on the host's monotonic clock.

        Returns
        -------
        ClockMap
            The line that touches the lower envelope, as steep as that is in its middle.

        Raises
        ------
        ValueError
            No pairs, unequal lengths, or stamps that don't increase.

        Notes
        -----
        The lower convex hull is found in O(n) (Andrew's monotone chain, Inf. Process. Lett. 9:216,
        1979, doi 10.1016/0020-0190(79)90072-3); that the shortest delays carry a clock's drift is
        from Moon, Skelly and Towsley (INFOCOM 1999, doi 10.1109/INFCOM.1999.749287).
        """
        if device_ns.size == 0 or device_ns.shape != arrival_ns.shape:
            msg = f"expected as many stamps as arrivals, got {device_ns.shape}, {arrival_ns.shape}"
            raise ValueError(msg)
        if np.any(np.diff(device_ns) <= 0):
            msg = "expected strictly increasing device stamps"
            raise ValueError(msg)
        origin_device, origin_host = int(device_ns[0]), int(arrival_ns[0])
        # the excess over a perfect clock is small, so doubles lose nothing
        x = (device_ns - origin_device).astype(np.float64)
        y = ((arrival_ns - origin_host) - (device_ns - origin_device)).astype(np.float64)
        slope, at = _line_under(x.tolist(), y.tolist(), np.inf)
        late = y - (y[at] + slope * (x - x[at]))
        return ClockMap(
            device_ns=int(device_ns[at]),
            host_ns=int(arrival_ns[at]),
            rate_ppm=slope * 1e6,
            residual_ns=round(float(np.quantile(late, 0.9))),
        )


class ClockFit:
    """Follows a device's clock from one packet to the next.

    Keeps the earliest arrival of each second and fits the line under those of the last minutes, so
    that successive pieces overlap and a drift that changes is followed.

    Parameters
    ----------
    window_s : float
        How far back the fit looks, seconds (engineering choice: rates within 5 ppm need 300 s, and
        a crystal that warms up on the skin bends by a fraction of a millisecond over that).
    steepest : float
        How far the rate may be off, as a share; a count of samples may be off by more than a clock.

    Attributes
    ----------
    map : ClockMap
        The best one so far.
    n : int
        Packets taken.
    """

    def __init__(self, window_s: float = 300.0, *, steepest: float = _CRYSTAL) -> None:
        self._steepest = steepest
        self._window_ns = ns_from_s(window_s)
        # device time and excess of arrival over it, both since the first; the last may change
        self._points: deque[tuple[int, int]] = deque()
        self._late_ns: deque[int] = deque(maxlen=256)
        self._pings: deque[tuple[int, int]] = deque(maxlen=_PINGS)
        self._origin = (0, 0)
        self._last_x = -1
        self._new = 0  # seconds begun since the last fit
        self._line = ClockMap()
        self.map = ClockMap()
        self.n = 0

    def add(self, device_ns: int, arrival_ns: int) -> None:
        """Take the device's stamp of a packet and when it was received.

        Parameters
        ----------
        device_ns : int
            Later than all before; an earlier one is passed over.
        arrival_ns : int
            Host time.
        """
        if not self.n:
            self._origin = (device_ns, arrival_ns)
            self._line = self.map = ClockMap(device_ns, arrival_ns, uncertainty_ns=_UNKNOWN_NS)
        x = device_ns - self._origin[0]
        if x <= self._last_x:
            return
        self._last_x = x
        self.n += 1
        late_ns = arrival_ns - self._line.to_host_ns(device_ns)
        self._late_ns.append(late_ns)
        self._keep(x, arrival_ns - self._origin[1] - x)
        stale = 20 * self._new >= len(self._points)
        if stale or self.n <= 32 or late_ns < -self._line.uncertainty_ns:
            self._refit()

    def ping(self, sent_ns: int, device_ns: int) -> None:
        """Take when a question was sent and when, by its own clock, the device received it."""
        if self.n:
            self._pings.append((sent_ns, device_ns))
            self._refit()

    def late_ns(self, seconds: int) -> int:
        """Give how late the earliest packet of the last seconds came; 0 while there are fewer."""
        if len(self._points) <= seconds:
            return 0
        latest = itertools.islice(reversed(self._points), seconds)
        device_ns, host_ns = self._origin
        return min(x + y + host_ns - self._line.to_host_ns(x + device_ns) for x, y in latest)

    def _keep(self, x: int, y: int) -> None:
        """Keep the earliest arrival of each second of the device's time."""
        points = self._points
        if points and points[-1][0] // NS_PER_S == x // NS_PER_S:
            drift = (x - points[-1][0]) * self._line.rate_ppm * 1e-6
            if y - drift < points[-1][1]:
                points[-1] = (x, y)
            return
        points.append((x, y))
        self._new += 1
        while points[0][0] < x - self._window_ns:
            points.popleft()

    def _refit(self) -> None:
        self._new = 0
        x = [float(point[0]) for point in self._points]
        y = [float(point[1]) for point in self._points]
        slope, at = _fit(x, y, self._steepest)
        begin, end = x[0], float(self._last_x)
        self._line = ClockMap(
            device_ns=self._origin[0] + self._points[at][0],
            host_ns=self._origin[1] + sum(self._points[at]),
            rate_ppm=slope * 1e6,
            residual_ns=round(float(np.quantile(self._late_ns, 0.9))),
            uncertainty_ns=_spread(x, y, (begin, end), self._steepest),
        )
        self.map = self._line
        if self._pings:
            # the shortest latency is in the line and can't be negative, and no question is
            # received before it's sent: the middle is off by half of what is left at most
            most = min(self._line.to_host_ns(device) - sent for sent, device in self._pings)
            half = max(most, 0) // 2
            self.map = replace(self._line, host_ns=self._line.host_ns - half, latency_ns=half + 1)


def _fit(x: list[float], y: list[float], rate: float) -> tuple[float, int]:
    steepest = rate + _JITTER_NS / max(x[-1] - x[0], 1.0)
    return _line_under(x, y, steepest)


def _spread(x: list[float], y: list[float], where: tuple[float, float], rate: float) -> int:
    """Give how far fits of every fourth second lie from the fit of all, at both ends, at most.

    A line under a quarter of the arrivals has a quarter of the early ones to touch, so that it's
    further off than the line under all; twice, since delays that beat with the connection interval
    come in runs.
    """
    if len(x) < 4 * _SUBSETS:
        return _UNKNOWN_NS
    slope, at = _fit(x, y, rate)
    worst = 0.0
    for k in range(_SUBSETS):
        part_x, part_y = x[k::_SUBSETS], y[k::_SUBSETS]
        other, other_at = _fit(part_x, part_y, rate)
        for end in where:
            line = y[at] + slope * (end - x[at])
            worst = max(worst, abs(part_y[other_at] + other * (end - part_x[other_at]) - line))
    return int(2 * worst) + _LEAST_NS


def _line_under(x: list[float], y: list[float], steepest: float) -> tuple[float, int]:
    """Give slope and a point of the line under all points that lies closest to them.

    The slope is that of the lower hull between a fifth and four fifths of the way: at the ends the
    hull hangs on few arrivals, and a single edge of it may be short.
    """
    hull = _lower_hull(x, y)
    slope = 0.0
    if len(hull) > 1:
        ends = np.array([0.8 * x[0] + 0.2 * x[-1], 0.2 * x[0] + 0.8 * x[-1]])
        low, high = np.interp(ends, [x[i] for i in hull], [y[i] for i in hull])
        if ends[1] > ends[0]:  # doubles tell readings apart up to a hundred days
            slope = float((high - low) / (ends[1] - ends[0]))
    slope = min(max(slope, -steepest), steepest)
    return slope, min(hull, key=lambda i: y[i] - slope * x[i])


def _lower_hull(x: list[float], y: list[float]) -> list[int]:
    """Give the indices of the lower convex hull of points sorted by x."""
    hull: list[int] = []
    for i in range(len(x)):
        while len(hull) >= 2:
            a, b = hull[-2], hull[-1]
            if (x[b] - x[a]) * (y[i] - y[a]) - (y[b] - y[a]) * (x[i] - x[a]) > 0:
                break
            hull.pop()
        hull.append(i)
    return hull
