"""A tar archive of a layout, or one that docker has saved, as a ``Store``: its members stay where they are."""

from __future__ import annotations

from oakum.errors import LimitError
from oakum.fleet.images import tar
from oakum.fleet.images.sources import Part, Source

#: Members of one archive, and characters of all their names; docker writes three members a layer.
MEMBERS_LIMIT, NAMES_LIMIT = 100_000, 1 << 24
#: How many links lead from one member to another; docker and skopeo write one where two layers are the same.
_LINKS_LIMIT = 8


class ArchiveStore:
    """The members of an archive by path; of equal ones the last counts, as it does where an archive is unpacked."""

    def __init__(self, archive: Source) -> None:
        """``archive`` is unpacked. Raises InputError where it is no sound tar archive."""
        self._archive = archive
        self._members: dict[str, tar.Entry] = {}
        names = 0
        for entry in tar.entries(archive):
            self._members[_clean(entry.path)] = entry
            names += len(entry.path) + len(entry.target)
            if len(self._members) > MEMBERS_LIMIT or names > NAMES_LIMIT:
                remedy = "check whether it is an image"
                raise LimitError("the archive has more members than any image", remedy=remedy)

    def open(self, path: str) -> Source | None:
        """The member at a path, through links to others; None where there is none."""
        path = _clean(path)
        for _ in range(_LINKS_LIMIT):
            entry = self._members.get(path)
            if entry is None:
                return None
            if entry.kind == "file":
                if entry.sparse:
                    return None
                return Part(self._archive, entry.offset, entry.size, shared=self._archive.shared)
            if entry.kind not in ("link", "hard link"):
                return None
            above = path.rpartition("/")[0] if entry.kind == "link" else ""
            path = _clean(entry.target if entry.target.startswith("/") else f"{above}/{entry.target}")
        return None


def _clean(path: str) -> str:
    """A path without ``.``, ``..`` and slashes too many; none leads out of the archive."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
