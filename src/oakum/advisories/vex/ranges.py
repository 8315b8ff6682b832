"""Rules about version ranges in the product tree (CSAF 2.1): a vers, or its constraints alone (vls).

A vers is in its canonical form: its versions ascend, and lower and upper bounds take turns. The order is looked at for
types whose scheme is known here. Sources: CSAF 2.1 section 3.1.2.3.2 (name under
product version range); https://github.com/package-url/vers-spec.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import unquote

from oakum.advisories.vex.document import Document
from oakum.advisories.vex.model import NEW, Found, Rule, shown
from oakum.versions import schemes
from oakum.versions.compare import compare

_SCHEME = re.compile(r"[a-z0-9][a-z0-9.\-+]*")
_CONSTRAINT = re.compile(r"(!=|<=|>=|<|>|=|)(.*)", re.DOTALL)
#: Signs of a constraint, which a version has to write percent-encoded.
_SIGNS = frozenset("<>=!*|")
_EVERYTHING = frozenset({"all", "none"})
#: Types whose versions are ordered as those of the ecosystem of the same name.
_ORDERED = frozenset({"alpm", "cargo", "composer", "deb", "gem", "golang", "npm", "nuget", "pypi", "rpm", "semver"})


def fault(text: str) -> str:
    """Why a text is no version range; "" where it is one."""
    if any(letter.isspace() or not letter.isprintable() for letter in text):
        return "blanks are not allowed"
    if not text.startswith("vers:"):
        return _constraints_fault(text)
    kind, slash, constraints = text.removeprefix("vers:").partition("/")
    if not slash or not _SCHEME.fullmatch(kind):
        return "a vers begins with vers:, a lower case type and a slash"
    if kind in _EVERYTHING:
        return "" if constraints == "*" else f"vers:{kind} is followed by /* and nothing else"
    return _constraints_fault(constraints) or _order_fault(kind, constraints)


def _constraints_fault(text: str) -> str:
    versions: set[str] = set()
    for constraint in text.split("|"):
        match = _CONSTRAINT.fullmatch(constraint)
        comparator, version = match.groups() if match else ("", "")
        if not version:
            return "a constraint is empty"
        if comparator == "=" or _SIGNS.intersection(version):
            return f"{constraint[:50]!r} is no constraint of one comparator and one version"
        if version in versions:
            return f"the version {version[:50]!r} stands twice"
        versions.add(version)
    return ""


def _order_fault(kind: str, text: str) -> str:
    """Why valid constraints are not in the canonical form, or ""."""
    pairs = [match.groups() for match in map(_CONSTRAINT.fullmatch, text.split("|")) if match]
    bounds = [comparator[0] for comparator, _ in pairs if comparator not in ("", "!=")]
    if any(one == other for one, other in pairwise(bounds)):
        return "lower and upper bounds do not take turns"
    scheme = schemes.scheme(kind) if kind in _ORDERED else None
    for (_, before), (_, after) in pairwise(pairs) if scheme is not None else ():
        if scheme is not None and compare(scheme, unquote(before), unquote(after)).sign in (">", "="):
            return f"the versions do not ascend: {after[:50]!r} stands after {before[:50]!r}"
    return ""


def is_single(text: str) -> bool:
    """Whether a range is just one version."""
    constraints = text.partition("/")[2] if text.startswith("vers:") else text
    return bool(constraints) and not _SIGNS.intersection(constraints)


def _ranges(document: Document) -> Iterator[Found]:
    for path, branch, _ in document.branches:
        if branch.get("category") == "product_version_range" and branch.get("name"):
            yield f"{path}/name", branch["name"]


def _invalid(document: Document) -> Iterator[Found]:
    for path, name in _ranges(document):
        why = fault(name)
        if why:
            yield path, f"{shown(name)} is no version range: {why}"


def _single(document: Document) -> Iterator[Found]:
    for path, name in _ranges(document):
        if not fault(name) and is_single(name):
            yield path, f"{shown(name)} is one version, not a range"


RULES = (
    Rule(
        id="6.1.50", versions=NEW, look=_invalid, says="a product version range is a vers or its constraints alone",
        remedy="write it as in vers:deb/>=1.2|<1.4, or >=1.2|<1.4",
    ),
    Rule(
        id="6.1.59", versions=NEW, look=_single, says="a product version range is more than one version",
        remedy="use the category product_version",
    ),
)  # fmt: skip
