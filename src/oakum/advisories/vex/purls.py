"""What is wrong with a purl.

Source: https://github.com/package-url/purl-spec (PURL-SPECIFICATION) and CSAF sections 3.1.3.3.4 (2.0), 3.1.4.3.4 (2.1):
2.1 asks for a type in lower case.
"""

from __future__ import annotations

import re

from oakum.advisories.vex import forms

_BEGINNING = re.compile(r"pkg:[A-Za-z.\-+][A-Za-z0-9.\-+]*+/.+", re.DOTALL)
_STRICT = re.compile(r"pkg:[a-z][a-z0-9.\-]*+/.+", re.DOTALL)
_QUALIFIER = re.compile(r"[a-z.\-_][a-z0-9.\-_]*+")
#: Types whose purls have to name a group or a user.
_NEEDS_NAMESPACE = frozenset({"bitbucket", "composer", "github", "maven", "swift"})
_LONGEST = 4096


def fault(text: str, *, strict: bool) -> str:
    """Why a text is no purl; "" where it is one."""
    if not (_STRICT if strict else _BEGINNING).fullmatch(text):
        return "it does not begin with pkg:, a type and a slash"
    if len(text) > _LONGEST:
        return f"it has more than {_LONGEST} characters"
    if not forms.URI.fits(text):
        return "it has characters that have to be percent-encoded"
    base, qualifiers = _split(text)
    for qualifier in filter(None, qualifiers.split("&")):
        key, sign, _ = qualifier.partition("=")
        if not sign or not _QUALIFIER.fullmatch(key.lower()):
            return f"{qualifier[:50]!r} is no qualifier"
    kind, _, rest = base.removeprefix("pkg:").strip("/").partition("/")
    path, at, version = rest.strip("/").rpartition("@")
    if not at:
        path, version = version, ""
    elif not version:
        return "the version after @ is empty"
    *namespace, name = path.rstrip("/").split("/")
    if not name or path.endswith("/"):
        return "it has no name"
    if kind.lower() in _NEEDS_NAMESPACE and not any(namespace):
        return f"a purl of the type {kind.lower()} has a namespace"
    return ""


def without_qualifiers(text: str) -> str:
    """A purl without its qualifiers, in one form for equal ones."""
    base, _ = _split(text)
    _, sign, subpath = text.partition("#")
    return f"{base.rstrip('/')}{sign}{subpath}"


def _split(text: str) -> tuple[str, str]:
    """What stands before the qualifiers, and those."""
    base, _, qualifiers = text.partition("#")[0].partition("?")
    return base, qualifiers
