"""`wearaffect session`: verify, recover, export or erase what was recorded, or say what it is."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wearaffect.cli.console import JsonOption, Report, fail, reporting
from wearaffect.core.errors import CorruptRecordingError

if TYPE_CHECKING:
    from wearaffect.recording.session import Session

__all__ = ["app"]

app = typer.Typer(help="Recorded sessions: check, recover, export, erase.", no_args_is_help=True)

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="A session folder.")]
OutOption = Annotated[Path, typer.Option("--out", metavar="DIR2", help="A new folder.")]
KeepAddressesOption = Annotated[
    bool, typer.Option("--keep-addresses", help="Of devices, and their serial numbers and names.")
]


@app.command("verify")
def verify_session(folder: FolderArgument, json: JsonOption = None) -> None:
    """Check every CRC, count and hash, and the audit trail; exit 1 where something is wrong."""
    from wearaffect.recording.verify import verify

    with reporting(json) as report:
        found = verify(folder)
        _accounts(report, found.streams)
        for problem in found.problems:
            report.line(f"problem: {problem}")
        report.line(f"audit head {found.audit_head or 'there is no trail'}")
        report.line(f"sha256     {found.sha256}")
        report.line("ok: closed, whole and unchanged" if found.ok else "not ok")
        report.data(found.as_dict())
    if not found.ok:
        fail(
            CorruptRecordingError(
                folder,
                "isn't closed, whole and unchanged",
                got=f"{len(found.problems)} problems, the first: {found.problems[0]}",
                remedy="run 'wearaffect session recover' to keep what is whole",
            )
        )
        raise typer.Exit(1)


@app.command("recover")
def recover_session(folder: FolderArgument, out: OutOption, json: JsonOption = None) -> None:
    """Write everything that is whole into a new, closed session; the original is kept."""
    from wearaffect.recording.recover import recover
    from wearaffect.recording.verify import verify

    with reporting(json) as report:
        made = recover(folder, out)
        found = verify(made.folder)
        for line in made.lost:
            report.line(f"lost: {line}")
        _accounts(report, found.streams)
        report.line(f"session    {made.folder} ({made.n_messages} messages; {folder} is kept)")
        report.data(
            {
                "schema": 1,
                "session": str(made.folder),
                "n_messages": made.n_messages,
                "lost": list(made.lost),
                **found.as_dict(),
            }
        )


@app.command("info")
def session_info(
    folder: FolderArgument,
    keep_addresses: KeepAddressesOption = False,
    json: JsonOption = None,
) -> None:
    """Say who, when, what and how much, without checking it."""
    from wearaffect.recording.exports.leaving import as_it_leaves
    from wearaffect.recording.header import Twin
    from wearaffect.recording.journal_reader import read_journal
    from wearaffect.recording.sitting_events import what_holds

    with reporting(json) as report:
        session = as_it_leaves(read_journal(folder), keep_addresses=keep_addresses)
        sitting = what_holds(folder)
        markers = {"n_markers": len(sitting.markers), "n_undone": sitting.n_undone}
        about = _about(session) | markers | {"closed": Twin(folder).closed}
        for name in ("participant", "device", "started", "duration_s", "closed", "intended_use"):
            report.line(f"{name:13} {about[name]}")
        for name, stream in about["streams"].items():
            rate = f"{stream['sampling_rate']:g} Hz" if stream["sampling_rate"] else "irregular"
            gaps = f", {_count(stream['n_gaps'], 'gap')}" if stream["n_gaps"] else ""
            report.line(f"  {name:16} {_count(stream['n_samples'], 'sample')}, {rate}{gaps}")
        undone = f", {sitting.n_undone} undone" if sitting.n_undone else ""
        report.line(f"{_count(about['n_markers'], 'marker')}{undone}")
        report.line(f"{_count(about['n_notes'], 'note')} of devices")
        for problem in session.problems:
            report.line(f"problem: {problem}")
        report.data(about)


@app.command("export")
def export(
    folder: FolderArgument,
    formats: Annotated[
        str, typer.Option("--format", metavar="LIST", help="Of parquet, bids, edf, xdf, e4.")
    ],
    out: OutOption,
    shift_time: Annotated[
        bool,
        typer.Option("--shift-time", help="Move dates back, by the same days for a participant."),
    ] = False,
    keep_addresses: KeepAddressesOption = False,
    json: JsonOption = None,
) -> None:
    """Write a session as others read it; pseudonyms stand for what identifies devices."""
    from wearaffect.recording.exports import export_session
    from wearaffect.recording.journal_reader import read_journal
    from wearaffect.recording.sitting_events import events_of

    wanted = [name.strip() for name in formats.split(",") if name.strip()]
    with reporting(json) as report:
        session = read_journal(folder)
        for problem in session.problems:
            report.line(f"warning: {problem}")
        sharing = events_of(session).sharing
        if sharing is False:
            report.line("warning: the participant has not agreed that data leave this site")
        try:
            files = export_session(
                session, wanted, out, shift_time=shift_time, keep_addresses=keep_addresses
            )
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
        for file in files:
            report.line(f"written    {file}")
        told = {"files": [str(f) for f in files], "problems": [*session.problems]}
        report.data({"schema": 1, **told, "sharing": sharing})


@app.command("keygen")
def keygen(
    out: Annotated[Path, typer.Option("--out", metavar="F", help="The new private key.")],
) -> None:
    """Make a key to seal recordings to; the line that is printed is its public half."""
    import os

    from wearaffect.recording.sealed import new_key, private_key_text, public_key

    private = new_key()
    # for its owner alone, and never over another key
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(private_key_text(private))
    typer.echo(public_key(private).hex())


@app.command("unseal")
def unseal_session(
    folder: FolderArgument,
    key: Annotated[Path, typer.Option("--key", metavar="F", help="The private key.")],
    out: OutOption,
    json: JsonOption = None,
) -> None:
    """Open a sealed session into a new folder; the sealed one is kept."""
    from wearaffect.recording.sealed import read_private_key, unseal

    with reporting(json) as report:
        made = unseal(folder, out, read_private_key(key))
        for problem in made.problems:
            report.line(f"problem: {problem}")
        report.line(f"session    {made.folder}")
        problems = list(made.problems)
        report.data({"schema": 1, "session": str(made.folder), "problems": problems})


@app.command("erase")
def erase_session(
    folder: FolderArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    json: JsonOption = None,
) -> None:
    """Remove a session for good, and what the console exported of it; nothing else is touched."""
    from wearaffect.recording.erasing import erase, erase_exports, exports_of

    with reporting(json) as report:
        exports = exports_of(folder)
        for file in exports:
            report.line(f"export     {file}: is of this session")
        if not yes:
            _ask(folder, len(exports))
        left = erase(folder)
        report.line(f"erased     {folder}")
        gone = erase_exports(folder)
        for file in gone:
            report.line(f"erased     {file}")
        for file in left:
            report.line(f"left       {file}: not of the recording")
        paths = {"exports": [str(file) for file in gone], "left": [str(file) for file in left]}
        report.data({"schema": 1, "erased": str(folder), **paths})


def _ask(folder: Path, n_exports: int) -> None:
    if not sys.stdin.isatty():
        raise typer.BadParameter("nobody is here to ask: pass --yes")
    also = f" and {_count(n_exports, 'export')} of it" if n_exports else ""
    typer.confirm(f"erase the recording in {folder}{also} for good?", abort=True, err=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _accounts(report: Report, streams: Any) -> None:
    for name, account in streams.items():
        expected = account["expected"]
        due = "loss not provable" if expected is None else f"of {expected} expected"
        report.line(
            f"  {name:16} {account['stored']} stored, {due}; {account['lost_in_gaps']} lost in "
            f"gaps, {account['damaged']} damaged"
        )


def _about(session: "Session") -> dict[str, Any]:
    from datetime import UTC, datetime

    start_s = session.wall_start_s
    started = None if start_s is None else datetime.fromtimestamp(start_s, UTC).isoformat()
    return {
        "schema": 1,
        "session": session.path,
        "participant": session.participant,
        "device": session.device,
        "started": started,
        "duration_s": session.duration_s,
        **session.header,
        "streams": {
            name: {
                "kind": str(stream.info.kind),
                "sampling_rate": stream.info.sampling_rate,
                "n_samples": stream.n_samples,
                "n_gaps": len(stream.gaps),
            }
            for name, stream in session.streams.items()
        },
        "n_notes": len(session.notes),
        "problems": list(session.problems),
    }
