"""Put the newest honest board, a full one before a quick one, into the README's results."""

import json
import sys
from pathlib import Path

from harness import RESULTS, say

from wearaffect.evaluation.summary import readme_results

_START, _END = "<!-- results:start -->", "<!-- results:end -->"


def newest_board() -> Path:
    """Give the board's JSON; a full one before a quick one."""
    for name in ("board-honest", "board-honest-quick"):
        found = sorted(RESULTS.glob(f"????-??-??-{name}.json"))
        if found:
            return found[-1]
    sys.exit(f"no board in {RESULTS}: run 'wearaffect board honest' and copy it there by its date")


def main() -> None:
    """Write the README."""
    board = newest_board()
    root = RESULTS.parents[1]
    link = board.with_suffix(".md").relative_to(root).as_posix()
    text = readme_results(json.loads(board.read_text(encoding="utf-8")), link)
    readme = root / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(_START)
    _, _, after = rest.partition(_END)
    readme.write_text(f"{before}{_START}\n{text}\n{_END}{after}", encoding="utf-8")
    say(f"README.md: results of {board.name}")


if __name__ == "__main__":
    main()
