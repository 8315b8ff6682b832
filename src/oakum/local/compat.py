"""What is known about compatibility: the shipped files, and before them those of a site."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from pathlib import Path

from oakum.changes.compat.model import Knowledge, joined
from oakum.changes.compat.reading import MAX_BYTES, read
from oakum.errors import InputError, LimitError, Place

_SUFFIXES = (".yaml", ".yml")
#: Files of a site's folder.
MAX_FILES = 200


def knowledge(paths: Iterable[Path] = ()) -> Knowledge:
    """The site's files at ``paths`` (files, or folders of .yaml and .yml files), the first before the next, and ours.

    Raises OakumError with the place.
    """
    return joined(*(_site(path) for path in paths), shipped())


@lru_cache(maxsize=1)
def shipped() -> Knowledge:
    """What ships with Oakum."""
    folder = resources.files("oakum.changes.compat").joinpath("data")
    names = sorted(each.name for each in folder.iterdir() if each.name.endswith(_SUFFIXES))
    return joined(*(read(folder.joinpath(name).read_bytes(), name) for name in names))


def _site(path: Path) -> Knowledge:
    try:
        files = sorted(each for each in path.iterdir() if each.suffix in _SUFFIXES) if path.is_dir() else [path]
        if not files:
            raise InputError("no .yaml file in the folder", place=Place(str(path)), remedy="name a file")
        if len(files) > MAX_FILES:
            raise LimitError(f"more than {MAX_FILES} files", place=Place(str(path)), remedy="join some of them")
        return joined(*(_file(file) for file in files))
    except OSError as error:
        what = error.strerror or str(error)
        raise InputError(
            what, place=Place(str(error.filename or path)), remedy="name a file that may be read"
        ) from None


def _file(path: Path) -> Knowledge:
    with path.open("rb") as file:
        return read(file.read(MAX_BYTES + 1), str(path))
