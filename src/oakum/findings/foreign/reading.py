"""Which scanner a report is of, told by its content; every other kind is named with what to do."""

from __future__ import annotations

import msgspec

from oakum.errors import InputError, Place
from oakum.findings.foreign.model import Report
from oakum.fleet.sbom.document import decode, unpack

_ABSENT = msgspec.Raw()
_REMEDY = "give a report of Trivy or Grype in their own JSON: trivy image -f json, grype -o json"


class _Head(msgspec.Struct):
    """The top-level keys by which reports are told apart."""

    matches: msgspec.Raw = _ABSENT
    results: msgspec.Raw = msgspec.field(default=_ABSENT, name="Results")
    schema: msgspec.Raw = msgspec.field(default=_ABSENT, name="SchemaVersion")
    artifact: msgspec.Raw = msgspec.field(default=_ABSENT, name="ArtifactName")
    cluster: msgspec.Raw = msgspec.field(default=_ABSENT, name="ClusterName")
    bom_format: msgspec.Raw = msgspec.field(default=_ABSENT, name="bomFormat")
    spdx_version: msgspec.Raw = msgspec.field(default=_ABSENT, name="spdxVersion")
    artifacts: msgspec.Raw = _ABSENT
    runs: msgspec.Raw = _ABSENT
    findings: msgspec.Raw = _ABSENT
    api_version: msgspec.Raw = msgspec.field(default=_ABSENT, name="apiVersion")


_HEAD = msgspec.json.Decoder(_Head)
#: What else people hand over: the telling key, its name, the remedy.
_OTHERS = (
    ("cluster", "Trivy's report of a whole cluster", "compare the reports of its images one by one"),
    ("bom_format", "an SBOM", "an SBOM has no findings: name it as the target, and a report behind --compare"),
    ("spdx_version", "an SBOM", "an SBOM has no findings: name it as the target, and a report behind --compare"),
    ("artifacts", "an SBOM of Syft", "an SBOM has no findings: name it as the target, and a report behind --compare"),
    ("runs", "SARIF", _REMEDY),
    ("findings", "an answer of ours, or a report of an unknown kind", "show what is new against one with --baseline"),
    ("api_version", "an object of Kubernetes", "take the report out of it (VulnerabilityReport: field report)"),
)


def read(data: bytes, *, name: str) -> Report:
    """The report in these bytes, plain or in gzip; ``name`` is what the caller calls it.

    Raises InputError (no report, an unknown version, broken) or LimitError (too large, too deep), with the place and
    the remedy.
    """
    data = unpack(data, name)
    start = data.lstrip()[:1]
    if start == b"[":
        raise _refused(name, "a list, as Trivy wrote it before schema 2", "make it anew with Trivy 0.20 or later")
    if start == b"<":
        raise _refused(name, "XML", _REMEDY)
    if start != b"{":
        raise _refused(name, "not a JSON object", _REMEDY)
    head = decode(_HEAD, data, name)
    if bytes(head.matches):
        from oakum.findings.foreign import grype

        return grype.read(data, name=name)
    for key, what, remedy in _OTHERS:
        if bytes(getattr(head, key)):
            raise _refused(name, what, remedy)
    if any(map(bytes, (head.results, head.schema, head.artifact))):
        from oakum.findings.foreign import trivy

        return trivy.read(data, name=name)
    raise _refused(name, "JSON of an unknown kind", _REMEDY)


def _refused(name: str, what: str, remedy: str) -> InputError:
    return InputError(f"this is {what}, which is no report that can be compared", place=Place(name), remedy=remedy)
