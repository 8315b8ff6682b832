"""SBOMs of any tool, plain or in gzip: CycloneDX (JSON, XML), SPDX 2 (JSON, tag-value), SPDX 3 (JSON), Syft's JSON;
and the packages that a report of Trivy or Grype names, with what it leaves out.

A form that has several notations is brought to one structure by a small reader for each notation, and understood in
one place. Each reader is loaded when its form is met.

The format is recognised by content, never by a file's name. What is something else is named in the error
together with what to do, because a file that is silently read as empty looks like a clean one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from oakum.errors import InputError, Place
from oakum.fleet.assets import Asset
from oakum.fleet.sbom.document import decode, unpack

if TYPE_CHECKING:
    from oakum.fleet.cluster.components import Components

__all__ = ["is_report", "read"]

_FORMATS = "CycloneDX 1.2 to 1.7, SPDX 2.2, 2.3 or 3.0, or Syft JSON"
#: Most tools write the format's name first; so much of a document is searched for it before the whole is
#: decoded.
_OPENING = 1024
_COMMENTS = 64 * 1024
#: How a tag-value document begins: its first tags, behind comments.
_TAGS = re.compile(
    rb"(?:\s*+#[^\n]*+\n)*+\s*+(?:SPDXVersion|DataLicense|SPDXID|DocumentName|DocumentNamespace|Creator):"
)


_ABSENT = msgspec.Raw()


class _Head(msgspec.Struct):
    """The top-level keys by which documents are told apart."""

    bom_format: str | None = msgspec.field(default=None, name="bomFormat")
    spdx_version: str | None = msgspec.field(default=None, name="spdxVersion")
    artifacts: msgspec.Raw = _ABSENT
    context: msgspec.Raw = msgspec.field(default=_ABSENT, name="@context")
    results: msgspec.Raw = msgspec.field(default=_ABSENT, name="Results")
    artifact_name: msgspec.Raw = msgspec.field(default=_ABSENT, name="ArtifactName")
    schema: msgspec.Raw = msgspec.field(default=_ABSENT, name="SchemaVersion")
    cluster: msgspec.Raw = msgspec.field(default=_ABSENT, name="ClusterName")
    matches: msgspec.Raw = _ABSENT
    predicate: msgspec.Raw = _ABSENT
    payload: msgspec.Raw = _ABSENT
    runs: msgspec.Raw = _ABSENT


_HEAD = msgspec.json.Decoder(_Head)

#: What else people hand over: the telling key, its name, the remedy.
_OTHERS = (
    (
        "cluster",
        "Trivy's report of a whole cluster",
        "scan the cluster, or the reports of its images one by one",
    ),
    ("payload", "a signed envelope (DSSE)", "verify it, then take the SBOM out of its predicate"),
    ("predicate", "an in-toto statement", "take the SBOM out of its predicate field"),
    ("runs", "a SARIF report", "a report lists findings, not packages: make an SBOM"),
)


def read(data: bytes, *, name: str, rules: Callable[[], Components] | None = None) -> Asset:
    """The asset that an SBOM describes, with its packages, its release and its gaps.

    ``name`` is what the caller calls the input; it stands in errors and names an asset that has no name. ``rules``
    gives the rules by which parts of a cluster are recognised, and is called where the SBOM is of a cluster. Raises
    InputError (not an SBOM, an unknown version, broken) or LimitError (too large, too deep), with place and remedy.
    """
    data = unpack(data, name)
    start = data.lstrip()[:_OPENING]
    if start.startswith(b"<"):
        from oakum.fleet.sbom import cyclonedx_xml

        return cyclonedx_xml.read(data, name=name, rules=rules)
    if _TAGS.match(data, 0, _COMMENTS):
        from oakum.fleet.sbom import spdx_tags

        return spdx_tags.read(data, name=name)
    if b'"bomFormat"' in start:
        return _cyclonedx(data, name, rules)
    if not start.startswith(b"{"):
        raise _refused(name, "not a JSON object", f"give an SBOM as {_FORMATS}")
    head = decode(_HEAD, data, name)
    if head.bom_format is not None:
        return _cyclonedx(data, name, rules)
    if head.spdx_version is not None:
        from oakum.fleet.sbom import spdx

        return spdx.read(data, name=name)
    if bytes(head.matches):
        from oakum.fleet.sbom import grype_report

        return grype_report.read(data, name=name)
    for key, what, remedy in _OTHERS:
        if bytes(getattr(head, key)):
            raise _refused(name, what, remedy)
    if any(map(bytes, (head.results, head.schema, head.artifact_name))):
        from oakum.fleet.sbom import trivy_report

        return trivy_report.read(data, name=name)
    if b"spdx.org/rdf/" in bytes(head.context):
        from oakum.fleet.sbom import spdx3

        return spdx3.read(data, name=name)
    if bytes(head.artifacts):
        from oakum.fleet.sbom import syft

        return syft.read(data, name=name)
    raise _refused(name, "JSON of an unknown kind", f"give an SBOM as {_FORMATS}")


def is_report(asset: Asset) -> bool:
    """Whether an asset comes of another scanner's report, which has findings of its own."""
    return asset.source.startswith("report of ")


def _cyclonedx(data: bytes, name: str, rules: Callable[[], Components] | None) -> Asset:
    from oakum.fleet.sbom import cyclonedx

    return cyclonedx.read(data, name=name, rules=rules)


def _refused(name: str, what: str, remedy: str) -> InputError:
    return InputError(f"this is {what}, which is no SBOM that can be read here", place=Place(name), remedy=remedy)
