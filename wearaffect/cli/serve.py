"""`wearaffect serve`: the clinician's console, on this machine alone."""

import os
import sys
import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from wearaffect.cli.extras import extras, missing_from
from wearaffect.core.errors import MissingExtraError

if TYPE_CHECKING:
    from wearaffect.clinic.console.server import Addresses

__all__ = ["serve"]

_KEY_BYTES = 32


def serve(
    session_root: Annotated[
        Path, typer.Option("--session-root", metavar="DIR", help="Where recordings go.")
    ] = Path("sessions"),
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Of 127.0.0.1; 0 takes a free one.")
    ] = 8765,
    device: Annotated[
        list[str] | None,
        typer.Option("--device", metavar="URI", help="Offer this device, too; repeat."),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="NAME", help="Offer this model, too; repeat."),
    ] = None,
    protocols: Annotated[
        Path | None, typer.Option("--protocols", metavar="DIR", help="Your own protocols.")
    ] = None,
    forms: Annotated[
        Path | None, typer.Option("--forms", metavar="DIR", help="Your own forms.")
    ] = None,
    sink: Annotated[
        list[str] | None,
        typer.Option("--sink", metavar="SINK", help="Send on, too: lsl:[PREFIX][?scope=link]."),
    ] = None,
    site: Annotated[
        str, typer.Option("--site", metavar="CODE", help="First part of participants' codes.")
    ] = "P",
    seal_to: Annotated[
        str | None,
        typer.Option("--seal-to", metavar="KEY", help="Public key, as `session keygen` prints it."),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in a browser.")
    ] = False,
) -> None:
    """Serve the console: prepare, run, self-report, review, close. Ctrl-C stops it."""
    if missing_from(extras().get("console", ())):
        raise MissingExtraError("console", "the console")
    from wearaffect.clinic.console.desk import at_hand
    from wearaffect.clinic.console.server import serve as run
    from wearaffect.clinic.console.shelf import Shelf

    here = at_hand(
        protocols=_folder(protocols, "--protocols"),
        forms=_folder(forms, "--forms"),
        devices=device or (),
        models=model or (),
        sinks=sink or (),
        site=_checked_site(site),
        seal_to=None if seal_to is None else _key(seal_to),
    )
    shelf = Shelf(session_root)
    out = Console(highlight=False, soft_wrap=True)

    cut = run(here, shelf, port, _Terminal(out, shelf.root, browser, here.seal_to is not None))
    if cut:
        out.print(f"A sitting was running: its recording {cut} has been closed.", markup=False)
    out.print("stopped", markup=False)


@dataclass(frozen=True, slots=True)
class _Terminal:
    """Tells in the terminal what becomes of the server."""

    out: Console
    root: Path
    browser: bool
    sealing: bool

    def begun(self, addresses: "Addresses") -> None:
        where = addresses
        self._say(
            f"Recordings go to  {self.root}{' (sealed)' if self.sealing else ''}",
            f"Open              {where.operator}",
            "                  It works once, within an hour; then that browser stays in.",
            *_another(),
            f"Self-report       {where.participant}",
            "                  on a second screen of this computer. On a tablet over USB, after:",
            f"                  adb reverse tcp:{where.port} tcp:{where.port}",
            "                  The page gives further addresses, each for one browser.",
        )
        for name in where.unclosed:
            made = self.root / f"{name}-recovered"
            self._say(
                f"Not closed        {name}: recover it in the list of recordings, or run:",
                f"                  wearaffect session recover {self.root / name} --out {made}",
            )
        self._say("Ctrl-C stops the server; a sitting that runs is closed first.")
        if self.browser:
            webbrowser.open(addresses.operator)

    def invited(self, address: str) -> None:
        self._say(f"Open              {address}")

    def stopping(self) -> None:
        self._say("Stopping: what runs is closed, within 30 s. Ctrl-C again ends it at once.")

    def gave_up(self) -> None:
        self._say(
            "Closing took too long, and was given up. What was written is safe: start the server",
            "again, and recover the session in the list of recordings.",
        )

    def _say(self, *lines: str) -> None:
        for line in lines:
            self.out.print(line, markup=False)
        self.out.file.flush()


def _another() -> list[str]:
    if sys.stdin is not None and sys.stdin.isatty():
        return ["                  Press Enter for a new address."]
    return [f"                  New address: kill -USR1 {os.getpid()}"] * (os.name == "posix")


def _folder(path: Path | None, option: str) -> Path | None:
    if path is not None and not path.is_dir():
        raise typer.BadParameter(f"{option}: expected a folder, got {path}")
    return path


def _checked_site(site: str) -> str:
    from wearaffect.clinic.sitting.participants import next_code

    try:
        next_code(site, ())
    except ValueError as error:
        raise typer.BadParameter(f"--site: {error}") from error
    return site


def _key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise typer.BadParameter("--seal-to: expected the 64 digits that session keygen prints")
    return key
