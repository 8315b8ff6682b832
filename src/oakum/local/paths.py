"""Where one person's data lives: feeds, journal and ledger below one folder.

Source: the XDG Base Directory Specification; ``OAKUM_DATA`` goes before it.
"""

from __future__ import annotations

import os
from pathlib import Path

from oakum.errors import UsageError


def data_folder(given: str | None = None) -> Path:
    """The data folder: what the user gave, else ``$OAKUM_DATA``, else ``$XDG_DATA_HOME/oakum`` or its default."""
    if given or (given := os.environ.get("OAKUM_DATA")):
        return _home_of(Path(given))
    base = os.environ.get("XDG_DATA_HOME", "")
    # The specification has relative paths ignored.
    return (Path(base) if Path(base).is_absolute() else _home_of(Path("~/.local/share"))) / "oakum"


def _home_of(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise UsageError(
            f"{path}: whose home folder that is is not known", remedy="name a folder with --data"
        ) from None


def feeds_folder(given: str | None = None) -> Path:
    """Where the feeds store and its index live."""
    return data_folder(given) / "feeds"


def readings_folder(given: str | None = None) -> Path:
    """Where readings of images that were pulled for clusters live."""
    return data_folder(given) / "pulled"
