"""Rules about weaknesses: a CWE exists, and its name is right.

CSAF 2.0 does not say of which version of the list a name is, so that of any version is right there.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.advisories.vex import weakness_list
from oakum.advisories.vex.document import Document, Json, listed
from oakum.advisories.vex.model import BOTH, Found, Rule, shown


def _weaknesses(document: Document) -> Iterator[Found]:
    for path, vulnerability in document.each_vulnerability:
        if vulnerability.get("cwe"):
            yield from _weakness(f"{path}/cwe", vulnerability["cwe"], None)
        for at, cwe in listed(vulnerability, "cwes", path):
            version = cwe.get("version", "")
            if version in weakness_list.VERSIONS:
                yield from _weakness(at, cwe, version)
            elif version and not _is_newer(version):
                yield f"{at}/version", f"the CWE list has no version {shown(version)}"


def _weakness(path: str, cwe: Json, version: str | None) -> Iterator[Found]:
    weakness, name = cwe.get("id", ""), cwe.get("name", "")
    known = f"version {version} of the CWE list" if version else "the CWE list"
    if weakness and not weakness_list.exists(weakness, version):
        yield f"{path}/id", f"{known} has no weakness {shown(weakness)}"
    elif weakness and name and not weakness_list.is_named(weakness, name, version):
        yield f"{path}/name", f"{shown(name)} is not the name of {weakness} in {known}"


def _is_newer(version: str) -> bool:
    """Whether a version may have come out after the newest that is known here."""
    return _parts(version) > _parts(weakness_list.VERSIONS[-1])


def _parts(version: str) -> list[tuple[int, str]]:
    return [(len(part), part) for part in version.split(".")]


RULES = (
    Rule(
        id="6.1.11", versions=BOTH, look=_weaknesses, says="every CWE exists, and its name is the one of the list",
        remedy="copy the id and the name from the page of the weakness on cwe.mitre.org",
    ),
)  # fmt: skip
