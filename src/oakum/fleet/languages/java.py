"""Java archives: the Maven artifacts in a jar, war or ear, and in the jars inside of it.

Maven writes ``META-INF/maven/GROUP/ARTIFACT/pom.properties`` into what it builds; an archive into which others were
merged has several. Without one the manifest may name the group (``Implementation-Vendor-Id``), and the file artifact
and version. An archive with classes whose origin nothing tells is not assessable. Sources: Maven Archiver reference;
JAR file specification ("JAR Manifest").
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from oakum.errors import InputError, LimitError, NotAssessableError
from oakum.fleet.images.sources import Memory
from oakum.fleet.languages.sources import Source, library, sound
from oakum.fleet.languages.zip import Member, Zip
from oakum.fleet.packages import Package

WHERE = re.compile(r"\.(?:jar|war|ear|jpi|hpi|par)$")
#: Bytes of a small text; of an archive inside of another that has to be unpacked; how deep they stand in each other.
_TEXT_LIMIT, _ARCHIVE_LIMIT, _DEEPEST = 1 << 16, 1 << 26, 4
#: Archives inside of one archive, at all depths, and bytes of all archives of an image.
_ARCHIVES_LIMIT, _ALL_LIMIT = 2000, 1 << 34

_POM = re.compile(r"META-INF/maven/[^/]+/[^/]+/pom\.properties$")
_FILE = re.compile(r"(?:^|/)(?P<artifact>[^/]+?)-(?P<version>\d[^/]*)\.\w+$")
_GROUP = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+)+")
_REMEDY = "ask its maker what it is made of, or make an SBOM where the software is built"


class Archives:
    """Reads the archives of one image, which together may unpack to a bounded number of bytes."""

    def __init__(self) -> None:
        self._left = _ALL_LIMIT

    def read(self, source: Source, path: str) -> list[Package]:
        """The artifacts of an archive and of those in it. InputError where one is damaged, LimitError where they have
        too much in them, NotAssessableError where one has classes and tells nothing of its origin.
        """
        if source.size <= _ARCHIVE_LIMIT:
            # Reading it to and fro in a packed layer would take longer.
            source = Memory(source.read_at(0, source.size))
        found: list[Package] = []
        waiting: list[tuple[Callable[[], Source], str, int]] = [(lambda: source, path, 0)]
        seen = 0
        while waiting:
            open_, place, depth = waiting.pop()
            seen += 1
            if seen > _ARCHIVES_LIMIT or depth > _DEEPEST or self._left < 0:
                raise LimitError("too many archives stand in each other, or too large ones")
            archive = open_()
            self._left -= archive.size
            members = Zip(archive)
            own = _artifacts(members, place, path)
            if not own and any(member.name.endswith(".class") for member in members.members):
                raise NotAssessableError(f"nothing tells the origin of the classes in {_last(place)!a}", remedy=_REMEDY)
            found += own
            waiting += [
                (partial(members.open, member, _ARCHIVE_LIMIT), f"{place}:{member.name}", depth + 1)
                for member in members.members
                if WHERE.search(member.name)
            ]
        return found


def _artifacts(archive: Zip, place: str, path: str) -> list[Package]:
    found = []
    for member in archive.members:
        if _POM.match(member.name):
            fields = _fields(_text(archive, member), "=")
            given = (fields.get("groupid"), fields.get("artifactid"), fields.get("version"))
            if sound(*given):
                found.append(library("maven", f"{given[0]}:{given[1]}", str(given[2]), path))
    manifest = next((member for member in archive.members if member.name == "META-INF/MANIFEST.MF"), None)
    file = _FILE.search(place)
    if found or manifest is None or file is None:
        return found
    group = _fields(_text(archive, manifest), ":").get("implementation-vendor-id", "")
    if not _GROUP.fullmatch(group) or not sound(group, file["artifact"], file["version"]):
        return []
    return [library("maven", f"{group}:{file['artifact']}", file["version"], path)]


def _text(archive: Zip, member: Member) -> str:
    content = archive.open(member, _TEXT_LIMIT)
    if content.size > _TEXT_LIMIT:
        raise InputError(f"{member.name[:200]!a} is larger than {_TEXT_LIMIT} bytes")
    return content.read_at(0, content.size).decode("utf-8", "replace")


def _fields(text: str, mark: str) -> dict[str, str]:
    """The lines ``KEY=VALUE`` or ``KEY: VALUE``; of the same key the first counts."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        key, found, value = line.partition(mark)
        if found and not key.startswith(("#", " ")):
            fields.setdefault(key.strip().lower(), value.strip())
    return fields


def _last(place: str) -> str:
    return place.rpartition("/")[2][:200]
