"""Node packages: the ``package.json`` of every folder in ``node_modules``, and where Debian has them.

Source: npm's documentation, "package.json" and "Folders". Files elsewhere describe sources, and files deeper in a
package mostly tell Node how to load a part of it; neither was installed.
"""

from __future__ import annotations

import re

import msgspec

from oakum.errors import InputError
from oakum.fleet.languages.sources import library, sound
from oakum.fleet.packages import Package

WHERE = re.compile(r"(?:/node_modules|^/usr/share/nodejs)/(?:@[^/]+/)?[^/@.][^/]*/package\.json$")
LIMIT = 1 << 20


class _Manifest(msgspec.Struct):
    name: object = None
    version: object = None


def read(data: bytes, path: str) -> list[Package]:
    """The package of a manifest; none where it has no name or version. InputError where it is no JSON object."""
    try:
        manifest = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=_Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"no package.json: {error}") from error
    name, version = manifest.name, manifest.version
    if not sound(name, version) or not isinstance(name, str) or not isinstance(version, str):
        return []
    return [library("npm", name, version, path)]
