"""Policy folders on disk: read one, and write the example."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from oakum.errors import InputError, LimitError, OakumError, Place, UsageError
from oakum.local.zones import time_zones
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar
from oakum.policy.reading import MAX_BYTES, MAX_FILES, Reading, read

_SUFFIXES = (".yaml", ".yml", ".ics")


def read_policy(folder: Path) -> Reading:
    """Read a folder: its .yaml, .yml and .ics files, and those of the folders in it; hidden ones are left out.

    Raises InputError where the folder cannot be read, LimitError where it has too many files.
    """
    return read(policy_files(folder))


def policy_files(folder: Path) -> dict[str, bytes]:
    """The files of a folder by their paths in it. Raises InputError, LimitError as ``read_policy`` does."""
    found: dict[str, bytes] = {}
    for path in _files(folder):
        if len(found) == MAX_FILES:
            raise LimitError(
                f"more than {MAX_FILES} files", place=Place(str(folder)), remedy="name the folder of the policy alone"
            )
        try:
            with path.open("rb") as file:
                found[path.relative_to(folder).as_posix()] = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise _unreadable(path, error) from None
    if not found:
        raise InputError(
            "no .yaml file in the folder",
            place=Place(str(folder)),
            remedy=f"oakum policy init {folder} writes an example, where the folder is empty",
        )
    return found


def calendar_of(folder: Path) -> tuple[Policy, Calendar]:
    """The policy of a folder that is right, and its openings. Raises the first error where it is not."""
    reading = read_policy(folder)
    try:
        return reading.policy, reading.calendar(time_zones(reading.policy.zone_names))
    except OakumError as error:
        error.place = within(folder, error.place)
        raise


def within(folder: Path, place: Place | None) -> Place:
    """A place in one of the files of a folder, as it is reached from where the command runs."""
    if place is None or not place.file:
        return Place(str(folder), field=place.field if place else "")
    return Place(str(folder / place.file), place.line, place.field)


def write_example(folder: Path) -> list[str]:
    """Write the example policy into a folder that is empty or new; the names written. Raises UsageError, InputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(
                "the folder is not empty", place=Place(str(folder)), remedy="name a new one; nothing was written"
            )
        written: list[str] = []
        for source in sorted(files("oakum.policy").joinpath("example").iterdir(), key=lambda each: each.name):
            if source.name.endswith(_SUFFIXES):
                (folder / source.name).write_bytes(source.read_bytes())
                written.append(source.name)
    except OSError as error:
        raise _unreadable(folder, error, "name a folder that may be written") from None
    return written


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        what = "this is no folder" if folder.exists() else "there is no such folder"
        raise InputError(
            what, place=Place(str(folder)), remedy="name the folder of the policy; oakum policy init makes one"
        )
    found: list[Path] = []

    def fail(error: OSError) -> None:
        raise _unreadable(Path(str(error.filename)), error)

    for where, folders, names in os.walk(folder, onerror=fail):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        found += [Path(where) / name for name in names if not name.startswith(".") and name.lower().endswith(_SUFFIXES)]
        if len(found) > MAX_FILES:
            break
    return sorted(found)


def _unreadable(path: Path, error: OSError, remedy: str = "name a folder that may be read") -> InputError:
    return InputError(error.strerror or str(error), place=Place(str(path)), remedy=remedy)
