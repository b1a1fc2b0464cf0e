"""Put a folder into a zip file whose members all have the same date.

``python -m wearaffect.clinic.console.packing FOLDER FILE``: when an export was made tells when it
was recorded, which an export with moved dates isn't to tell.
"""

import shutil
import sys
import zipfile
from pathlib import Path

__all__ = ["pack"]

_DATE = (2000, 1, 1, 0, 0, 0)


def pack(folder: Path, file: Path) -> None:
    """Put a folder into a new zip file.

    Parameters
    ----------
    folder : Path
        With everything in it; its own name stands before theirs.
    file : Path
        The new file.

    Raises
    ------
    OSError
        It can't be read, or written.
    """
    with zipfile.ZipFile(file, "x", zipfile.ZIP_DEFLATED) as archive:
        for source in sorted(path for path in folder.rglob("*") if path.is_file()):
            member = zipfile.ZipInfo(source.relative_to(folder.parent).as_posix(), _DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            with (
                source.open("rb") as content,
                archive.open(member, "w", force_zip64=True) as packed,
            ):
                shutil.copyfileobj(content, packed)


if __name__ == "__main__":
    pack(Path(sys.argv[1]), Path(sys.argv[2]))
