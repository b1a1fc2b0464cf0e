"""Analyse a recording: what the bundle says of each window, and why it is silent elsewhere.

Run: python examples/00_analyse_a_file.py [RECORDING START:END [REPORT.html]], where RECORDING is an
Empatica E4 zip or folder, or a session folder, and START:END are the seconds in which the person
rests. The shipped person relaxes from 374 s to 646 s, between two button presses: that is their
own baseline, and nobody else's. The report needs the extra 'desk'.
"""

import sys
from pathlib import Path

import wearaffect as wa
from wearaffect.clinic.report.writing import write_report

SHIPPED = Path(__file__).parent / "data" / "stress_predict_S01"


def main(recording: str, rest: str, report: str = "") -> None:
    """Print the recording, its most and least stressful minute, and what was withheld."""
    session = wa.open_session(recording)
    kinds = ", ".join(sorted(stream.info.kind for stream in session.streams.values()))
    print(f"{session.duration_s / 60:.1f} min of {kinds}")
    for repair in session.repairs:
        print(f"  mended: {repair}")

    bundle = wa.load_bundle("wrist-affect")
    analysis = wa.analyze(session, bundle, rest=wa.RestInterval.parse(rest))
    print(f"{len(analysis.outcomes)} windows, {analysis.coverage:.0%} of them estimated")
    for reason, count in analysis.withheld_by_reason.items():
        print(f"  withheld {count} times: {reason}")

    by_stress = sorted(analysis.estimates, key=lambda estimate: estimate.stress)
    for name, estimate in zip(("least", "most"), by_stress[:1] + by_stress[-1:], strict=False):
        print(
            f"{name} like stress: minute {estimate.start_s / 60:.1f} to {estimate.end_s / 60:.1f}, "
            f"p = {estimate.stress:.2f}, EDA {estimate.eda_us:.2f} µS"
        )
    if report:
        write_report(analysis, Path(report))
        print(f"report: {report}")


if __name__ == "__main__":
    main(*(sys.argv[1:] or [str(SHIPPED), "374:646"]))
