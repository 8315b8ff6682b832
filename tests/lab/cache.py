"""The cache of the lab: what takes long to make is made once and kept, below a name that says what it is made of.

It is ``OAKUM_LAB_CACHE``, by default ``oakum-lab`` below the user's cache folder.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.lab.go import LabUnavailable


def cache_folder() -> Path:
    """Where everything is kept."""
    own = os.environ.get("OAKUM_LAB_CACHE")
    return Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "oakum-lab"


def cached(place: str, recipe: Sequence[str], build: Callable[[Path], None]) -> Path:
    """The folder of that recipe, its name beginning with ``place``; ``build`` fills it where it is not there yet.

    Whoever comes first builds, others wait. It is built elsewhere and renamed, so that a broken off build is never
    taken for a whole one. Raises LabUnavailable where the cache can't be written, and what ``build`` raises.
    """
    key = hashlib.sha256("\0".join(recipe).encode()).hexdigest()
    folder = cache_folder() / f"{place}{key[:16]}"
    if folder.is_dir():
        return folder
    with _locked(folder.parent):
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-", ignore_cleanup_errors=True) as work:
                part = Path(work) / "made"
                part.mkdir(mode=0o755)
                build(part)
                part.rename(folder)
    return folder


@contextmanager
def _locked(cache: Path) -> Iterator[None]:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = (cache / "lock").open("w")
    except OSError as error:
        raise LabUnavailable(f"the lab's cache can't be written (OAKUM_LAB_CACHE): {error}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in cache.glob(".new-*"):  # nobody else builds now: a build that was broken off
            shutil.rmtree(left)
        yield
