"""Ruby gems: the specifications of installed gems.

They are Ruby programs, which RubyGems writes in one form (rubygems, Gem::Specification#to_ruby): name and version are
assigned as plain texts. What computes them instead, as specifications of sources do, is told by its file's name.
"""

from __future__ import annotations

import re

from oakum.errors import InputError
from oakum.fleet.languages.sources import library, sound
from oakum.fleet.packages import Package

WHERE = re.compile(r"/specifications/(?:default/)?[^/]+\.gemspec$")
LIMIT = 1 << 20

_FIELD = r"^\s*\w+\.{}\s*=\s*(?:Gem::Version\.new\s*\(?\s*)?[\"']([^\"'\n]+)[\"']"
_NAME = re.compile(_FIELD.format("name"), re.MULTILINE)
_VERSION = re.compile(_FIELD.format("version"), re.MULTILINE)
_FILE = re.compile(r"/(?P<name>[^/]+?)-(?P<version>\d[^/-]*)(?:-[^/]+)?\.gemspec$")


def read(data: bytes, path: str) -> list[Package]:
    """The gem of a specification; InputError where neither the file nor its name tells it."""
    text = data.decode("utf-8", "replace")
    file = _FILE.search(path)
    name, version = _NAME.search(text), _VERSION.search(text)
    found = (name[1] if name else file and file["name"], version[1] if version else file and file["version"])
    if not sound(*found):
        raise InputError("this specification names no gem and version")
    return [library("gem", str(found[0]), str(found[1]), path)]
