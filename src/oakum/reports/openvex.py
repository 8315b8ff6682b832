"""OpenVEX 0.2.0: our own verdicts as statements, for those who read VEX.

One statement says one thing about all products of which it is true. A document without a statement is none, so there is
none where nothing can be said. Source: https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import msgspec

from oakum.findings.verdicts import Verdict
from oakum.reports.answer import Answer

_CONTEXT = "https://openvex.dev/ns/v0.2.0"
#: The shared namespace for who has none of their own (specification, "Public IRI Namespaces").
_NAMESPACE = "https://openvex.dev/docs/public/vex-"
#: The field that says why, by the status.
_REASONS = {
    "affected": "action_statement",
    "fixed": "status_notes",
    "not_affected": "impact_statement",
    "under_investigation": "status_notes",
}


def openvex(answer: Answer, verdicts: Iterable[Verdict], author: str) -> bytes:
    """The verdicts as a document, UTF-8 JSON; empty where there is none. Equal answers give equal bytes."""
    products: defaultdict[tuple[str, tuple[str, ...], str, str], dict[str, list[str]]] = defaultdict(dict)
    for one in verdicts:
        same = products[one.vulnerability, one.aliases, one.status, one.why]
        if one.inside:
            same.setdefault(one.inside, []).append(one.product)
        else:
            same.setdefault(one.product, [])
    if not products:
        return b""
    statements = [
        {
            "vulnerability": {"name": name} | ({"aliases": list(aliases)} if aliases else {}),
            "products": [_product(*each) for each in wholes.items()],
            "status": status,
            _REASONS[status]: why,
        }
        for (name, aliases, status, why), wholes in products.items()
    ]
    document: dict[str, Any] = {
        "@context": _CONTEXT,
        "@id": "",
        "author": author,
        "timestamp": answer.as_of or answer.now,
        "version": 1,
        "tooling": f"{answer.tool.name} {answer.tool.version}",
        "statements": statements,
    }
    document["@id"] = _NAMESPACE + sha256(msgspec.json.encode(document)).hexdigest()
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _product(whole: str, parts: list[str]) -> dict[str, Any]:
    return {"@id": whole} | ({"subcomponents": [{"@id": part} for part in parts]} if parts else {})
