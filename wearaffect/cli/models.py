"""`wearaffect models`: which bundles are here, and whether they are sound."""

from pathlib import Path
from typing import Annotated, Any

import typer

from wearaffect.cli.console import JsonOption, reporting

__all__ = ["app"]

app = typer.Typer(help="Bundles: list them, check one.", no_args_is_help=True)


@app.command("list")
def list_models(json: JsonOption = None) -> None:
    """List the bundles in the user's data folder and in the repository."""
    from wearaffect.bundle.manifest import read_manifest
    from wearaffect.bundle.model import bundle_roots
    from wearaffect.core.errors import BundleError

    with reporting(json) as report:
        found: list[dict[str, Any]] = []
        for root in bundle_roots():
            for path in sorted(root.glob("*/manifest.json")):
                try:
                    manifest = read_manifest(path.parent)
                except BundleError as error:
                    found.append({"folder": str(path.parent), "problem": error.line()})
                    report.line(f"{path.parent.name:20} PROBLEM: {error.line()}")
                    continue
                found.append({"folder": str(path.parent), "id": manifest.id})
                report.line(f"{manifest.name:20} {manifest.id}  {path.parent}")
        if not found:
            report.line(f"no bundles in {' or '.join(map(str, bundle_roots()))}")
        report.data({"schema": 1, "models": found})


@app.command("check")
def check(
    model: Annotated[str, typer.Argument(metavar="DIR", help="The bundle's folder, or its name.")],
    json: JsonOption = None,
) -> None:
    """Check hashes, schema, graph and self-test, and print the licence."""
    from wearaffect.bundle.model import ModelBundle, find_bundle

    with reporting(json) as report:
        bundle = ModelBundle(find_bundle(Path(model) if Path(model).exists() else model))
        worst = bundle.self_test()
        m = bundle.manifest
        report.line(f"{m.id}: ok")
        report.line(f"  files      {', '.join(m.files)}: hashes fit")
        report.line(f"  self-test  largest difference {worst:.1e}")
        report.line(f"  trained on {', '.join(m.provenance['recordings'])}")
        report.line(f"  for        {m.intended_use}")
        report.line(f"  not for    {m.not_for}")
        report.line(f"  licence    {m.licence}")
        report.data({"schema": 1, "id": m.id, "ok": True, "self_test": worst, "licence": m.licence})
