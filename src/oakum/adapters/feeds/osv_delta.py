"""What changed in an OSV ecosystem since its archive was fetched, and the archive that follows those changes.

Source: osv.dev's data exports. ``modified_id.csv`` lists every record of an ecosystem (``MODIFIED,ID``, the newest
first); ``ID.json`` lies beside it. A few changed records are fetched one by one; many, or one that is gone, are settled
by the archive, whose publisher knows why.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from oakum.adapters.feeds.sources import Source
from oakum.adapters.feeds.unpack import UNREADABLE
from oakum.errors import InputError

#: Records that are fetched one by one at most.
MOST = 100
_LONGEST_ID = 200


def listed(data: bytes) -> dict[str, str]:
    """ID -> when it was modified. Raises InputError where a line is none, or where there is none at all."""
    found: dict[str, str] = {}
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        modified, _, name = line.strip().rpartition(",")
        if not line.strip() or (number == 1 and name == "id"):
            continue
        if not modified[:4].isdigit() or not name or len(name) > _LONGEST_ID or not name.isprintable() or "/" in name:
            raise InputError(f"line {number} of modified_id.csv is no time and id", remedy="try again later")
        found.setdefault(name, modified)
    if not found:
        raise InputError("modified_id.csv lists nothing", remedy="try again later")
    return found


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str] | None:
    """The ids to fetch one by one; None where the whole archive is due."""
    if not before or before.keys() - now.keys():
        return None
    found = [name for name, modified in now.items() if before.get(name) != modified]
    return found if len(found) <= MOST else None


def address(source: Source, name: str) -> str:
    """Where something lies beside the archive of an ecosystem."""
    return f"{source.url.rpartition('/')[0]}/{quote(name)}"


def followed(archive: Path, records: Mapping[str, bytes], out: Path) -> None:
    """The archive with these records (ID -> JSON) in the place of its own, in the order of names.

    Raises InputError where the archive is damaged.
    """
    fresh = {f"{name}.json": data for name, data in records.items()}
    try:
        with zipfile.ZipFile(archive) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            for name in sorted({*old.namelist(), *fresh}):
                # A fixed time: the same records make the same archive.
                new.writestr(
                    zipfile.ZipInfo(name), fresh[name] if name in fresh else old.read(name), zipfile.ZIP_DEFLATED
                )
    except UNREADABLE as error:
        raise InputError(f"the archive that is here is damaged: {error}", remedy="sync again") from None
    with out.open("rb") as file:
        os.fsync(file.fileno())
