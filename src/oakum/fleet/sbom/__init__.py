"""SBOMs of any tool: CycloneDX 1.4 to 1.7 JSON, SPDX 2.2 and 2.3 JSON, Syft's own JSON, plain or in gzip.

The format is recognised by content, never by a file's name. What is something else is named in the error
together with what to do, because a file that is silently read as empty looks like a clean one.
"""

from __future__ import annotations

import msgspec

from oakum.errors import InputError, Place
from oakum.fleet.assets import Asset
from oakum.fleet.sbom import cyclonedx, spdx, syft
from oakum.fleet.sbom.document import decode, unpack

__all__ = ["read"]

_FORMATS = "CycloneDX 1.4 to 1.7, SPDX 2.2 or 2.3, or Syft JSON"
#: Most tools write the format's name first; so much of a document is searched for it before the whole is
#: decoded.
_OPENING = 1024


_ABSENT = msgspec.Raw()


class _Head(msgspec.Struct):
    """The top-level keys by which documents are told apart."""

    bom_format: str | None = msgspec.field(default=None, name="bomFormat")
    spdx_version: str | None = msgspec.field(default=None, name="spdxVersion")
    artifacts: msgspec.Raw = _ABSENT
    context: msgspec.Raw = msgspec.field(default=_ABSENT, name="@context")
    results: msgspec.Raw = msgspec.field(default=_ABSENT, name="Results")
    artifact_name: msgspec.Raw = msgspec.field(default=_ABSENT, name="ArtifactName")
    matches: msgspec.Raw = _ABSENT
    predicate: msgspec.Raw = _ABSENT
    payload: msgspec.Raw = _ABSENT
    runs: msgspec.Raw = _ABSENT


_HEAD = msgspec.json.Decoder(_Head)

#: What else people hand over: the telling key, its name, the remedy.
_OTHERS = (
    ("matches", "a Grype report", "a report lists findings, not packages: scan the SBOM that it was made from"),
    ("results", "a Trivy report", "a report lists findings, not packages: trivy image --format cyclonedx"),
    ("artifact_name", "a Trivy report", "a report lists findings, not packages: trivy image --format cyclonedx"),
    ("payload", "a signed envelope (DSSE)", "verify it, then take the SBOM out of its predicate"),
    ("predicate", "an in-toto statement", "take the SBOM out of its predicate field"),
    ("runs", "a SARIF report", "a report lists findings, not packages: make an SBOM"),
)


def read(data: bytes, *, name: str) -> Asset:
    """The asset that an SBOM describes, with its packages, its release and its gaps.

    ``name`` is what the caller calls the input; it stands in errors and names an asset that has no name.
    Raises InputError (not an SBOM, an unknown version, broken) or LimitError (too large, too deep), with
    place and remedy.
    """
    data = unpack(data, name)
    start = data.lstrip()[:_OPENING]
    if start.startswith(b"<"):
        raise _refused(name, "XML", "make the SBOM as JSON (syft -o cyclonedx-json, cyclonedx convert)")
    if start.startswith((b"SPDXVersion:", b"#")):
        raise _refused(name, "SPDX tag-value", "make the SBOM as JSON (syft -o spdx-json, pyspdxtools)")
    if b'"bomFormat"' in start:
        return cyclonedx.read(data, name=name)
    if not start.startswith(b"{"):
        raise _refused(name, "not a JSON object", f"give an SBOM as {_FORMATS}")
    head = decode(_HEAD, data, name)
    if head.bom_format is not None:
        return cyclonedx.read(data, name=name)
    if head.spdx_version is not None:
        return spdx.read(data, name=name)
    for key, what, remedy in _OTHERS:
        if bytes(getattr(head, key)):
            raise _refused(name, what, remedy)
    if b"spdx.org/rdf/3" in bytes(head.context):
        raise _refused(name, "SPDX 3", "make the SBOM as SPDX 2.3 JSON or CycloneDX")
    if bytes(head.artifacts):
        return syft.read(data, name=name)
    raise _refused(name, "JSON of an unknown kind", f"give an SBOM as {_FORMATS}")


def _refused(name: str, what: str, remedy: str) -> InputError:
    return InputError(f"this is {what}, which is no SBOM that can be read here", place=Place(name), remedy=remedy)
