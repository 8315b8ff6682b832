"""Which operating system release a file tree holds: os-release, or what older systems have in its place.

The rules are those of os-release(5): assignments as a shell reads them, without expansion; the last of equal names
wins; lines that are no assignment are ignored, as systemd does.
``/etc/os-release`` goes before ``/usr/lib/os-release``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from oakum.errors import InputError, Place
from oakum.ports import Tree

_LIMIT = 1 << 16
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_ESCAPED = re.compile(r"\\([\"$`\\])")
_RED_HAT = re.compile(
    r"(?P<name>[A-Za-z ]{1,60}?) (?:Linux )?(?:Server |Client |Workstation )?release (?P<version>[0-9.]+)"
)
#: What Red Hat's family calls itself in its release files, and its ID in os-release.
_RED_HAT_IDS = {
    "red hat enterprise": "rhel",
    "centos": "centos",
    "centos stream": "centos",
    "almalinux": "almalinux",
    "rocky": "rocky",
    "fedora": "fedora",
    "oracle": "ol",
    "scientific": "scientific",
    "amazon": "amzn",
}


def parse(data: bytes, file: str = "") -> dict[str, str]:
    """The fields of an os-release file; InputError with the line where a quotation does not end."""
    fields: dict[str, str] = {}
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        assignment = _ASSIGNMENT.fullmatch(line.strip())
        if assignment is None:
            continue
        name, value = assignment[1], assignment[2]
        if value[:1] in ('"', "'"):
            quotation = value[0]
            if len(value) < 2 or value[-1] != quotation or (quotation == '"' and _ends_escaped(value)):
                raise InputError(
                    "the quotation does not end", place=Place(file, number, name), remedy="correct that line"
                )
            value = value[1:-1]
            if quotation == '"':
                value = _ESCAPED.sub(r"\1", value)
        fields[name] = value
    return fields


def read(tree: Tree) -> tuple[dict[str, str], str]:
    """The fields and the file that gave them; empty where no file names a release.

    Raises InputError or PermissionError where the file that counts cannot be read.
    """
    for path, fields_of in _SOURCES:
        try:
            data = tree.read(path, _LIMIT)
        except FileNotFoundError:
            continue
        if fields := fields_of(data, path):
            return fields, path
    return {}, ""


def _ends_escaped(value: str) -> bool:
    body = value[1:-1]
    return (len(body) - len(body.rstrip("\\"))) % 2 == 1


def _lsb(data: bytes, file: str) -> dict[str, str]:
    fields = parse(data, file)
    names = {"ID": "DISTRIB_ID", "VERSION_ID": "DISTRIB_RELEASE", "VERSION_CODENAME": "DISTRIB_CODENAME"}
    found = {name: fields[given].lower() for name, given in names.items() if fields.get(given)}
    return found if "ID" in found else {}


def _alpine(data: bytes, file: str) -> dict[str, str]:
    return _versioned("alpine", data)


def _red_hat(data: bytes, file: str) -> dict[str, str]:
    text = data.decode("utf-8", "replace").strip()
    found = _RED_HAT.match(text)
    name = found["name"].lower() if found else ""
    product = _RED_HAT_IDS.get(name.removesuffix(" linux"))
    return {"ID": product, "VERSION_ID": found["version"], "PRETTY_NAME": text} if found and product else {}


def _debian(data: bytes, file: str) -> dict[str, str]:
    return _versioned("debian", data)


def _versioned(product: str, data: bytes) -> dict[str, str]:
    """A file that holds nothing but the version; a word such as "trixie/sid" is no version."""
    text = data.decode("utf-8", "replace").strip()
    if not text:
        return {}
    return {"ID": product, "PRETTY_NAME": text} | ({"VERSION_ID": text} if text[0].isdecimal() else {})


_SOURCES: tuple[tuple[str, Callable[[bytes, str], dict[str, str]]], ...] = (
    ("/etc/os-release", parse),
    ("/usr/lib/os-release", parse),
    ("/etc/lsb-release", _lsb),
    ("/etc/alpine-release", _alpine),
    ("/etc/oracle-release", _red_hat),
    ("/etc/redhat-release", _red_hat),
    ("/etc/centos-release", _red_hat),
    ("/etc/system-release", _red_hat),
    ("/etc/debian_version", _debian),
)
