"""Train on three people of WESAD, export a bundle, and open it as a device would.

Run: WEARAFFECT_DATA=FOLDER python examples/30_train_and_export.py [OUT], where FOLDER/wesad holds
the corpus. Needs the extra 'train'. Three people and four epochs show the way and make no model
that is worth anything; 'wearaffect train' takes everybody.
"""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import wearaffect as wa
from wearaffect.datasets.wesad import read_wesad
from wearaffect.learning.export import BundleText, export_bundle
from wearaffect.learning.fitting import FitSettings
from wearaffect.learning.table import read_tables
from wearaffect.learning.training import train_members

PEOPLE = ["S2", "S5", "S8"]  # both protocol orders
SHIPPED = Path(__file__).parent / "data" / "stress_predict_S01"
TEXT = BundleText(
    name="example",
    version="0.0.1",
    licence="Research use only; trained on WESAD, cite doi:10.1145/3242969.3242985",
    intended_use="Showing how a bundle is made",
    not_for="Anything else",
    classifier="network",
    seed=1,
)


def main(root: Path, out: Path) -> None:
    """Read, train, export, and use the bundle on a person it never saw."""
    settings = wa.ChainSettings()
    people = read_tables(read_wesad(root, PEOPLE), settings, lambda who: print(f"read {who}"))
    trained = train_members(
        people, settings.spec.window_s, seed=1, n_members=2, settings=FitSettings(epochs=4)
    )
    bundle = export_bundle(trained, people, settings, TEXT, out)
    print(f"{bundle.manifest.id}: self-test differs by {bundle.self_test():.0e}")

    session = wa.open_session(SHIPPED)
    analysis = wa.analyze(session, wa.load_bundle(out), rest=wa.RestInterval(374, 646))
    print(f"somebody new: {analysis.coverage:.0%} of {len(analysis.outcomes)} windows estimated")


if __name__ == "__main__":
    if "WEARAFFECT_DATA" not in os.environ:
        sys.exit("WEARAFFECT_DATA should name the folder that holds wesad/; see README.md")
    with TemporaryDirectory() as scratch:
        target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(scratch) / "example"
        main(Path(os.environ["WEARAFFECT_DATA"]) / "wesad", target)
