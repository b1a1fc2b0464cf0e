"""What a stream misses: which samples were lost, which came damaged, which came too late."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from wearaffect.devices.reception.counting import BACKLOG_NS

__all__ = ["Missing", "Piece"]

_PIECES = 256  # holes that late samples may still fill (engineering choice)
_CLAIMS = 64
_UNPLACED_NS = 1_500_000_000  # how long damage without a count explains a loss, likewise


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples that were counted as lost or damaged.

    Attributes
    ----------
    first, end : int
        Which, half-open.
    damaged : bool
        Whether they came damaged.
    hole, hole_ns : int
        Where the hole that they lie in begins, and the host time of that.
    told_ns : int
        When they were counted.
    """

    first: int
    end: int
    damaged: bool
    hole: int
    hole_ns: int
    told_ns: int


class Missing:
    """The holes of a stream, and what damaged packets claim to be."""

    def __init__(self) -> None:
        self._pieces: deque[Piece] = deque(maxlen=_PIECES)
        self._claims: deque[tuple[int, int]] = deque(maxlen=_CLAIMS)
        self._unplaced: deque[tuple[int, int]] = deque(maxlen=_CLAIMS)

    def claim(self, first: int, end: int) -> None:
        """Note that damaged bytes say they were ``[first, end)``."""
        self._claims.append((first, end))

    def claim_unplaced(self, n_samples: int, arrival_ns: int) -> None:
        """Note that damaged bytes say they were so many samples, but not which."""
        self._unplaced.append((n_samples, arrival_ns))

    def declare(self, first: int, end: int, hole_ns: int, now_ns: int) -> int:
        """Count ``[first, end)`` as missing, due at a host time; give how many came damaged."""
        n_damaged = 0
        for a, b, damaged in self._guessed(list(self._claimed(first, end)), now_ns):
            self._pieces.append(Piece(a, b, damaged, first, hole_ns, now_ns))
            n_damaged += (b - a) * damaged
        self._claims = deque((c for c in self._claims if c[1] > end), maxlen=_CLAIMS)
        return n_damaged

    def _claimed(self, first: int, end: int) -> Iterator[tuple[int, int, bool]]:
        """Cut a hole into what damaged packets claim to be, and what none does."""
        edge = first
        for a, b in sorted(self._claims):
            begin, until = max(a, edge), min(b, end)
            if begin >= until:
                continue
            if begin > edge:
                yield edge, begin, False
            yield begin, until, True
            edge = until
        if edge < end:
            yield edge, end, False

    def _guessed(
        self, runs: list[tuple[int, int, bool]], now_ns: int
    ) -> Iterator[tuple[int, int, bool]]:
        """Let recent damage that couldn't say what it was explain what is left."""
        while self._unplaced and now_ns - self._unplaced[0][1] > _UNPLACED_NS:
            self._unplaced.popleft()
        left = sum(n for n, _ in self._unplaced)
        self._unplaced.clear()
        for a, b, damaged in runs:
            taken = 0 if damaged else min(left, b - a)
            left -= taken
            if taken:
                yield a, a + taken, True
            if taken < b - a:
                yield a + taken, b, damaged

    def found(self, first: int, end: int, now_ns: int) -> list[Piece]:
        """Take out of the holes what late samples ``[first, end)`` fill; an old hole is closed."""
        while self._pieces and now_ns - self._pieces[0].told_ns > BACKLOG_NS:
            self._pieces.popleft()
        found: list[Piece] = []
        kept: list[Piece] = []
        for piece in self._pieces:
            a, b = max(piece.first, first), min(piece.end, end)
            if a >= b:
                kept.append(piece)
                continue
            found.append(replace(piece, first=a, end=b))
            kept += [replace(piece, end=a)] if piece.first < a else []
            kept += [replace(piece, first=b)] if b < piece.end else []
        if found:
            self._pieces = deque(kept, maxlen=_PIECES)
        return found
