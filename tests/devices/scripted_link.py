"""A GATT server on paper: what a driver reads, writes and asks, answered from a script."""

from collections.abc import Callable


class ScriptedLink:
    """Answers reads from `values` and control points from `answer`; keeps what was done."""

    def __init__(
        self,
        values: dict[str, bytes] | None = None,
        answer: Callable[[str, bytes], bytes] | None = None,
    ) -> None:
        self.values = values or {}
        self.answer = answer
        self.subscribed: list[str] = []
        self.written: list[tuple[str, bytes, bool]] = []

    async def read(self, characteristic: str) -> bytes:
        return self.values[characteristic]

    async def write(self, characteristic: str, value: bytes, *, response: bool = True) -> None:
        self.written.append((characteristic, value, response))

    async def subscribe(self, characteristic: str) -> None:
        self.subscribed.append(characteristic)

    async def request(self, characteristic: str, value: bytes, *, timeout_s: float = 5.0) -> bytes:
        self.written.append((characteristic, value, True))
        assert self.answer is not None
        return self.answer(characteristic, value)
