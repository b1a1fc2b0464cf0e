"""`wearaffect demo`: the main job on the real recording that comes with the repository."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from wearaffect.cli.analyze import write_results
from wearaffect.cli.console import progress_bar, reporting
from wearaffect.core.errors import RecordingNotFoundError

__all__ = ["demo"]

# Stress-Predict S01: Stroop until 374 s, relaxation until 646 s (its own button presses and the
# schedule of the data set); the only rest before the interview.
_REST = "374:646"


def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where it goes.")] = Path(
        "out/demo"
    ),
    speed: Annotated[
        float, typer.Option("--speed", min=0, help="Times real time; 0: as fast as it goes.")
    ] = 0.0,
) -> None:
    """Replay a real wrist recording as a live device, estimate, journal it, and report."""
    from wearaffect.bundle.loading import load_bundle
    from wearaffect.devices.registry import open_device
    from wearaffect.pipeline.live import run_live
    from wearaffect.pipeline.offline import analyze
    from wearaffect.pipeline.results import largest_difference
    from wearaffect.recording.journal import JournalWriter, read_journal
    from wearaffect.signals.enrolment import RestInterval

    with reporting(None) as report:
        recording = Path(__file__).parents[2] / "examples" / "data" / "stress_predict_S01"
        if not recording.is_dir():
            raise RecordingNotFoundError(
                recording,
                "the demo's recording isn't here",
                remedy="run it from a clone of the repository, or use 'wearaffect analyze'",
            )
        bundle = load_bundle("wrist-affect")
        report.line(f"model {bundle.manifest.id}: {bundle.manifest.licence}")
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        folder = out / f"session-{stamp}"
        out.mkdir(parents=True, exist_ok=True)
        device = open_device(f"replay:{str(recording).replace('%', '%25')}?speed={speed:g}")
        rest = RestInterval.parse(_REST)
        journal = JournalWriter(
            folder,
            participant="SP-S01",
            device="replay",
            bundle_id=bundle.manifest.id,
            model_hash=bundle.manifest.files["model.onnx"],
        )
        minutes = device.session.duration_s / 60  # type: ignore[attr-defined] # a replay's own
        with progress_bar(report, f"live replay of {minutes:.0f} min") as tell:
            live = run_live(
                [device],
                bundle,
                [journal],
                rest=rest,
                on_outcome=lambda o: tell(min(1.0, o.end_s / 60 / minutes), f"{o.end_s:.0f} s"),
            )
        analysis = analyze(read_journal(folder), bundle, rest=rest)
        apart = largest_difference(live, analysis.outcomes)
        report.line(
            f"journal    {folder} (re-read and estimated again: within {apart:.0e} of live)"
        )
        write_results(analysis, out, report)
        report.line(f"open {(out / 'report.html').resolve()}")
