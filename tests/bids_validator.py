"""The BIDS standard's own validator."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def bids_errors(folder: Path) -> list[Any]:
    """What the validator calls an error in a data set."""
    program = Path(sys.executable).with_name("bids-validator-deno")
    said = subprocess.run(
        [program, "--json", str(folder)], capture_output=True, check=False, env=os.environ
    )
    issues = json.loads(said.stdout)["issues"]["issues"]
    return [issue for issue in issues if issue["severity"] == "error"]
