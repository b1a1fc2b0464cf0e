"""Record with one of the writers until killed, or until the disk is full; say what it has."""

import resource
import sys
from pathlib import Path

from durability_xdf import PEERS


def main() -> None:
    """Arguments: writer, folder, and how large a file may become in bytes (0: as it likes)."""
    name, folder, limit = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    made = PEERS[name](folder)
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    for index in range(100_000):
        made.second(index)
        sys.stdout.write(f"{index + 1}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
