"""Heavy work in processes of their own, so that a recording in this one never waits for it."""

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from wearaffect.clinic.console.problems import ConsoleError

__all__ = ["Chores"]

_PATIENCE_S = 900.0  # engineering choice: a report of eight hours takes minutes
_KINDNESS = 10  # of 19: whatever records comes first


class Chores:
    """Runs commands of ``wearaffect``, one at a time, and gives what each says."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)
        self._running: set[asyncio.subprocess.Process] = set()

    async def ask(self, *words: str | Path) -> dict[str, Any]:
        """Run a command that takes ``--json``.

        Parameters
        ----------
        *words : str or Path
            Such as ``session``, ``verify`` and a folder.

        Returns
        -------
        dict
            What it wrote, also where it isn't content with what it found.

        Raises
        ------
        ConsoleError
            It ended with an error, or not at all.
        """
        out, err = await self._run("wearaffect.cli", *map(str, words), "--json", "-")
        try:
            said = json.loads(out)
        except ValueError:
            last = (err.strip().splitlines() or ["it said nothing"])[-1]
            raise ConsoleError(409, f"{words[0]} didn't work", got=last[-300:]) from None
        if "error" in said:
            raise ConsoleError(
                409,
                str(said.get("what", said["error"])),
                expected=str(said.get("expected", "")),
                got=str(said.get("got", "")),
                remedy=str(said.get("remedy", "")),
            )
        found: dict[str, Any] = said
        return found

    async def zip(self, folder: Path, file: Path) -> None:
        """Put a folder into a new zip file that doesn't tell when it was made.

        Raises
        ------
        ConsoleError
            It didn't come about.
        """
        _, err = await self._run("wearaffect.clinic.console.packing", str(folder), str(file))
        if err:
            raise ConsoleError(409, "the export can't be packed", got=err[-300:])

    def stop(self) -> None:
        """End what still runs; nothing half made is taken for whole."""
        for process in self._running:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    async def _run(self, *words: str) -> tuple[str, str]:
        async with self._turn:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is the server's, which closes its sitting first
            )
            with contextlib.suppress(OSError, AttributeError):
                os.setpriority(os.PRIO_PROCESS, process.pid, _KINDNESS)
            self._running.add(process)
            try:
                out, err = await asyncio.wait_for(process.communicate(), _PATIENCE_S)
            except TimeoutError:
                raise ConsoleError(409, "it takes too long, and was given up") from None
            finally:
                self._running.discard(process)
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
        return out.decode(errors="replace"), err.decode(errors="replace")
