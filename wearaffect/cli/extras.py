"""Which extras there are and what of them is missing, as the package's own metadata says."""

import re
from importlib import metadata

__all__ = ["extras", "missing_from"]

_NEEDS = re.compile(r"([A-Za-z0-9._-]+).*;\s*extra\s*==\s*['\"]([\w-]+)['\"]")


def extras() -> dict[str, tuple[str, ...]]:
    """Give the distributions that each extra brings, by the extra's name."""
    found: dict[str, list[str]] = {}
    for requirement in metadata.requires("wearaffect") or ():
        needs = _NEEDS.match(requirement)
        if needs:
            found.setdefault(needs[2], []).append(needs[1])
    return {extra: tuple(names) for extra, names in sorted(found.items())}


def missing_from(names: tuple[str, ...]) -> list[str]:
    """Give those distributions that aren't installed."""
    return [name for name in names if not _is_installed(name)]


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
