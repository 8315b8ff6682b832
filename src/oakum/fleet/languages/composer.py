"""PHP packages: what Composer has installed, by the list that it keeps (``vendor/composer/installed.json``).

Composer 2 writes an object with ``packages``, Composer 1 the bare list.
"""

from __future__ import annotations

import re

import msgspec

from oakum.errors import InputError
from oakum.fleet.languages.sources import library, sound
from oakum.fleet.packages import Package

WHERE = re.compile(r"/composer/installed\.json$")
LIMIT = 1 << 26


class _Row(msgspec.Struct):
    name: str
    version: str


class _Installed(msgspec.Struct):
    packages: list[_Row]


def read(data: bytes, path: str) -> list[Package]:
    """The packages of a list; InputError where it is none."""
    try:
        installed = msgspec.json.decode(data, type=_Installed | list[_Row])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"no list of Composer's: {error}") from error
    rows = installed.packages if isinstance(installed, _Installed) else installed
    return [library("composer", row.name, row.version, path) for row in rows if sound(row.name, row.version)]
