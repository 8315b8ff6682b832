"""Python versions as ``packaging.version`` orders them (PEP 440), and what PEP 440 does not admit.

Texts outside PEP 440 still occur in old distributions. Setuptools (``pkg_resources.parse_version``) used to order
them all before every PEP 440 version, split into runs of digits and letters, and that order is kept here.
"""

from __future__ import annotations

import re

from oakum.versions.encoding import number
from oakum.versions.encoding import text as text_part
from oakum.versions.unparsable import Unparsable

_PEP440 = re.compile(
    r"""\s*v?
    (?:([0-9]+)!)?                                              # epoch
    ([0-9]+(?:\.[0-9]+)*)                                       # release
    (?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?([0-9]+)?)?  # pre-release
    (?:-([0-9]+)|[-_.]?(post|rev|r)[-_.]?([0-9]+)?)?            # post-release
    (?:[-_.]?(dev)[-_.]?([0-9]+)?)?                             # development release
    (?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?                       # local version
    \s*\Z""",
    re.VERBOSE,
)

#: Bytes below every number; what a missing part means decides which of them stands for it.
_LEGACY, _CURRENT = b"\x01", b"\x02"
_END = b"\x01"
_ABSENT_LOWEST, _WORD = b"\x02", b"\x03"
_ABSENT_HIGHEST = b"\xf9"
_PRE_NUMBER = {"a": b"\x04", "alpha": b"\x04", "b": b"\x05", "beta": b"\x05"}
_CANDIDATE = b"\x06"

_LEGACY_RUNS = re.compile(r"(\d+|[a-z]+|\.|-)")
_LEGACY_WORDS = {"pre": "c", "preview": "c", "rc": "c", "-": "final-", "dev": "@"}
_LEGACY_WIDTH = 8


def key(text: str) -> bytes | Unparsable:
    """The sort key of one Python version; only a blank text has none."""
    lowered = text.lower()
    found = _PEP440.match(lowered)
    if found:
        return _CURRENT + _pep440(*found.groups())
    if not text.strip():
        return Unparsable(text, "an empty text is no version")
    return _LEGACY + _legacy(lowered)


def _pep440(
    epoch: str | None,
    release: str,
    pre: str | None,
    pre_number: str | None,
    implicit_post: str | None,
    post: str | None,
    post_number: str | None,
    dev: str | None,
    dev_number: str | None,
    local: str | None,
) -> bytes:
    numbers = [part.lstrip("0") for part in release.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    has_post = implicit_post is not None or post is not None
    if pre is not None:
        before = _PRE_NUMBER.get(pre, _CANDIDATE) + number(pre_number or "")
    elif dev is not None and not has_post:
        before = _ABSENT_LOWEST  # 1.0.dev1 comes before 1.0a1
    else:
        before = _ABSENT_HIGHEST
    return b"".join(
        (
            number(epoch or ""),
            *map(number, numbers),
            _END,
            before,
            number(implicit_post or post_number or "") if has_post else _ABSENT_LOWEST,
            _ABSENT_HIGHEST if dev is None else number(dev_number or ""),
            _ABSENT_LOWEST if local is None else _local(local),
        )
    )


def _local(local: str) -> bytes:
    """Words sort before numbers, and fewer parts before more."""
    parts = (number(part) if part.isdecimal() else _WORD + text_part(part) for part in re.split(r"[-_.]", local))
    return b"".join(parts) + _ABSENT_LOWEST


def _legacy(lowered: str) -> bytes:
    parts: list[str] = []
    for run in [*_LEGACY_RUNS.split(lowered), "final"]:
        part = _LEGACY_WORDS.get(run, run)
        if not part or part == ".":
            continue
        if part[0] in "0123456789":
            parts.append(part.rjust(_LEGACY_WIDTH, "0"))
            continue
        part = "*" + part
        if part < "*final":
            while parts and parts[-1] == "*final-":
                parts.pop()
        while parts and parts[-1] == "0" * _LEGACY_WIDTH:
            parts.pop()
        parts.append(part)
    return b"".join(_WORD + text_part(part) for part in parts) + _END
