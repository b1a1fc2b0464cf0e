"""Open a bundle by name, and say under which licence it is used."""

import logging
from os import PathLike

from wearaffect.bundle.model import ModelBundle, find_bundle

__all__ = ["load_bundle"]

_log = logging.getLogger(__name__)


def load_bundle(name_or_folder: str | PathLike[str]) -> ModelBundle:
    """Open a bundle by name or folder.

    The licence is logged as a warning, which Python prints where nobody has set up logging:
    weights may be bound to less than the library is.

    Parameters
    ----------
    name_or_folder : str or path
        A folder, or a name that is looked for in the user's data folder and in the repository's
        ``models/``.

    Returns
    -------
    ModelBundle
        Its hashes, schema and graph are checked.

    Raises
    ------
    BundleNotFoundError
        There is none.
    BundleIntegrityError
        Hashes, schema or graph don't fit.
    """
    bundle = ModelBundle(find_bundle(str(name_or_folder)))
    _log.warning("%s: %s", bundle.manifest.id, bundle.manifest.licence)
    return bundle
