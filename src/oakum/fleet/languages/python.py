"""Python distributions: the metadata that pip, setuptools and the distributions' packagers leave beside the modules.

Sources: Python Packaging User Guide, "Recording installed projects" (``*.dist-info/METADATA``) and "Core metadata
specifications"; setuptools' ``*.egg-info``, a folder or a file.
"""

from __future__ import annotations

import re

from oakum.errors import InputError
from oakum.fleet.languages.sources import library, sound
from oakum.fleet.packages import Package

WHERE = re.compile(r"\.dist-info/METADATA$|\.egg-info(?:/PKG-INFO)?$|/EGG-INFO/PKG-INFO$")
#: Bytes; the description of a project is part of the file.
LIMIT = 1 << 22


def read(data: bytes, path: str) -> list[Package]:
    """The distribution of a metadata file; InputError where that names none."""
    fields: dict[str, str] = {}
    # The headers end at the first empty line; the description behind it may say anything.
    for line in data.replace(b"\r\n", b"\n").partition(b"\n\n")[0].split(b"\n"):
        key, mark, value = line.decode("utf-8", "replace").partition(":")
        if mark and key.lower() in ("name", "version"):
            fields.setdefault(key.lower(), value.strip())
    name, version = fields.get("name", ""), fields.get("version", "")
    if not sound(name, version):
        raise InputError("this metadata names no project and version")
    return [library("pypi", name, version, path)]
