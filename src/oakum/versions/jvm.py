"""Versions of Java runtimes as ``java.lang.Runtime.Version`` orders them (JEP 223, JEP 322), old names included.

``$VNUM(-$PRE)?(+$BUILD)?(-$OPT)?``: numbers of any count, where fewer sort before more; a pre-release before its
release; a build after none; optional text, which counts last. Zeros at the end of the numbers, which Java refuses
itself, do not count: releases are published as 11.0.0 and as 11.

Before Java 9 one wrote 1.8.0_292-b10 and 8u292-b10; both are 8.0.292+10, as JEP 223 translates them.
"""

from __future__ import annotations

import re

from oakum.versions.encoding import number
from oakum.versions.encoding import text as text_part
from oakum.versions.unparsable import Unparsable

_VERSION = re.compile(r"([0-9]+(?:\.[0-9]+)*)(?:-([0-9A-Za-z]+))?(?:(\+)([0-9]+)?)?(?:-([0-9A-Za-z.~_-]+))?\Z")
_TAIL = r"(?:-(?!b[0-9])([A-Za-z][0-9A-Za-z]*))?(?:-b([0-9]+))?(?:-([0-9A-Za-z.~_-]+))?\Z"
_LEGACY = re.compile(r"1\.([0-9])(?:\.([0-9]+(?:\.[0-9]+)*))?(?:_([0-9]+))?" + _TAIL)
_UPDATE = re.compile(r"([0-9]+)u([0-9]+)?" + _TAIL)

_END, _NO_PRERELEASE = b"\x01", b"\xfa"
_ABSENT, _WORD = b"\x02", b"\xf9"


def key(text: str) -> bytes | Unparsable:
    """The sort key of one Java version."""
    version = text.strip()
    if found := _LEGACY.match(version):
        major, rest, update, pre, build, optional = found.groups()
        return _key([major, *(rest or "0").split("."), update or "0"], pre, build, optional)
    if found := _UPDATE.match(version):
        major, update, pre, build, optional = found.groups()
        return _key([major, "0", update or "0"], pre, build, optional)
    if found := _VERSION.match(version):
        numbers, pre, plus, build, optional = found.groups()
        if not (plus and not build and not optional):
            return _key(numbers.split("."), pre, build, optional)
    return Unparsable(text, "neither of the form NUMBERS[-PRE][+BUILD][-OPTIONAL] nor an old 1.8.0_292-b10 or 8u292")


def _key(numbers: list[str], pre: str | None, build: str | None, optional: str | None) -> bytes:
    while len(numbers) > 1 and not numbers[-1].strip("0"):
        numbers.pop()
    return b"".join(
        (
            *map(number, numbers),
            _END,
            _NO_PRERELEASE if pre is None else number(pre) if pre.isdecimal() else _WORD + text_part(pre),
            _ABSENT if build is None else number(build),
            _ABSENT if optional is None else _WORD + text_part(optional),
        )
    )
