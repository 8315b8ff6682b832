"""What is wrong with a purl.

Sources: https://github.com/package-url/purl-spec (its specification and its definitions of types); CSAF sections
3.1.3.3.4 (2.0) and 3.1.4.3.4 (2.1), which asks for a type in lower case.
"""

from __future__ import annotations

import re

from oakum.advisories.vex import forms

_BEGINNING = re.compile(r"pkg:[A-Za-z.\-+][A-Za-z0-9.\-+]*+/.+", re.DOTALL)
_STRICT = re.compile(r"pkg:[a-z][a-z0-9.\-]*+/.+", re.DOTALL)
_QUALIFIER = re.compile(r"[a-z.\-_][a-z0-9.\-_]*+")
#: Types whose purls have to name a group, a user or an author, and those that know nothing of that kind.
_NAMESPACED = frozenset(
    {"bitbucket", "composer", "cpan", "github", "huggingface", "maven", "swift", "vscode-extension"}
)
_PLAIN = frozenset(
    {
        "bitnami", "cargo", "chrome-extension", "cocoapods", "conda", "cran", "gem", "hackage", "julia", "mlflow",
        "nuget", "oci", "otp", "pub", "pypi", "vcpkg",
    }
)  # fmt: skip
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
    kind, _, rest = base.removeprefix("pkg:").partition("/")
    path, at, version = rest.rpartition("@")
    if not at or "/" in version:
        path = rest  # An @ before a slash belongs to the namespace.
    *namespace, name = path.lstrip("/").split("/")
    if not name:
        return "it has no name"
    if kind.lower() in _NAMESPACED and not any(namespace):
        return f"the type {kind.lower()} has a namespace"
    if kind.lower() in _PLAIN and any(namespace):
        return f"the type {kind.lower()} has no namespace"
    if kind.lower() == "julia" and "uuid=" not in qualifiers:
        return "the type julia has the qualifier uuid"
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
