"""Rules about SSVC selections (CSAF 2.1): they are of this vulnerability, and of decision points that exist."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.advisories.vex.document import Document, Json, listed, scores_of
from oakum.advisories.vex.model import NEW, Found, Rule, shown
from oakum.advisories.vex.ssvc_points import NAMESPACES, POINTS

_INVALID = frozenset({"invalid", "x_invalid"})


def _targets(document: Document) -> Iterator[Found]:
    own = document.tracking.get("id", "")
    several = len(document.vulnerabilities) > 1
    for path, vulnerability in document.each_vulnerability:
        known = {vulnerability.get("cve", ""), *(each.get("text", "") for each in vulnerability.get("ids", ()))}
        for at, content, _ in scores_of(path, vulnerability):
            for place, target in listed(content.get("ssvc_v2", {}), "target_ids", f"{at}/ssvc_v2"):
                if target == own and several:
                    yield place, "the target is the document, which is about several vulnerabilities"
                elif target and target != own and target not in known:
                    yield place, f"{shown(target)} is no id of the vulnerability"


def _points(document: Document) -> Iterator[Found]:
    for path, content, _ in document.scores:
        for at, selection in listed(content.get("ssvc_v2", {}), "selections", f"{path}/ssvc_v2"):
            base = selection.get("namespace", "").partition("/")[0]
            if base.partition("#")[0] in _INVALID:
                yield f"{at}/namespace", f"the namespace {shown(base)} is reserved for what is invalid"
            elif base in NAMESPACES:
                yield from _point(base, at, selection)


def _point(base: str, path: str, selection: Json) -> Iterator[Found]:
    key, version = selection.get("key", ""), selection.get("version", "")
    known = POINTS.get((base, key, version))
    if known is None:
        if key and version:
            yield path, f"{base} has no decision point {shown(key)} of the version {shown(version)}"
        return
    reached = -1
    for at, value in listed(selection, "values", path):
        name = value.get("key", "")
        if name not in known:
            if name:
                yield at, f"the decision point {key} {version} has no value {shown(name)}"
        elif known.index(name) < reached:
            yield at, f"the values of the decision point {key} stand in the order {', '.join(known)}"
        else:
            reached = known.index(name)


RULES = (
    Rule(
        id="6.1.46", versions=NEW, says="every SSVC object is valid by its schema",
        remedy="follow the schema of selection lists 2.0.0",
    ),
    Rule(
        id="6.1.47", versions=NEW, look=_targets, says="the targets of an SSVC object are ids of the vulnerability",
        remedy="name the CVE or another id of the vulnerability; the document's id only where it has one vulnerability",
    ),
    Rule(
        id="6.1.48", versions=NEW, look=_points,
        says="decision points of registered namespaces exist, and their values stand in order",
        remedy="look the decision point up at certcc.github.io/SSVC, or use a namespace of your own (x_)",
    ),
)  # fmt: skip
