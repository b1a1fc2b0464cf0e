"""Record as fast as it goes, and say after each second whether the disk has it: a child to kill."""

import sys
from pathlib import Path

from faulty_disks import record, writer


def main() -> None:
    """Until killed."""
    made = writer(Path(sys.argv[1]))
    for index in range(100_000):
        record(made, range(index, index + 1))
        made.flush()
        sys.stdout.write(f"{index + 1}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
