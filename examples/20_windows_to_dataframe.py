"""Windows as a table: features with their quality, for whatever you want to do with them.

Run: python examples/20_windows_to_dataframe.py [RECORDING]. Needs the extra 'desk'.
"""

import sys
from pathlib import Path

import wearaffect as wa

SHIPPED = Path(__file__).parent / "data" / "stress_predict_S01"


def main(recording: str) -> None:
    """Print how a few features move over the recording where the signals can be trusted."""
    session = wa.open_session(recording)
    table = wa.features(session, wa.WindowSpec(window_s=30, hop_s=30))
    print(f"{len(table)} windows of 30 s, {len(table.columns)} columns")

    usable = table[(table.quality_eda > 0.5) & (table.quality_bvp > 0.5)]
    print(f"EDA and BVP usable in {len(usable) / len(table):.0%} of them")
    ten_minutes = (usable.start_s // 600 * 10).astype(int).rename("from minute")
    print(usable.groupby(ten_minutes)[["hr_median", "hrv_rmssd", "scr_count"]].mean().round(1))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else str(SHIPPED))
