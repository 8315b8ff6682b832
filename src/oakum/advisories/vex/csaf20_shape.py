"""The structure of a CSAF 2.0 document.

Source: https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html section 3, and the JSON schema beside it. Fields
that the schema does not know are allowed (section 6.2.20 only advises against them).
"""

from __future__ import annotations

from oakum.advisories.vex import forms
from oakum.advisories.vex.csaf_parts import (
    BRANCHES,
    LANGUAGE,
    PRODUCTS,
    PURL,
    STATUSES,
    TEXTS,
    UNIQUE_TEXTS,
    URI,
    Parts,
)
from oakum.advisories.vex.cvss_shapes import cvss_v2, cvss_v3
from oakum.advisories.vex.shapes import TEXT, Fields, Items, Shape, Text, words

_PARTS = Parts(barred=False, date_time=Text(form=forms.DATE_TIME))
_TIME = _PARTS.date_time

_HELPER: dict[str, Shape] = {
    "cpe": Text(form=forms.CPE),
    "hashes": _PARTS.hashes(algorithm=TEXT, value=Text(form=forms.HEX), unique=False),
    "model_numbers": UNIQUE_TEXTS,
    "purl": PURL,
    "sbom_urls": Items(of=URI),
    "serial_numbers": UNIQUE_TEXTS,
    "skus": TEXTS,
    "x_generic_uris": _PARTS.generic_uris(unique=False),
}
_PRODUCT = _PARTS.product(_HELPER, {})
_NOTES = _PARTS.notes({})


def _document() -> Fields:
    publisher = _PARTS.fields(
        {
            "category": words("coordinator", "discoverer", "other", "translator", "user", "vendor"),
            "contact_details": TEXT,
            "issuing_authority": TEXT,
            "name": TEXT,
            "namespace": URI,
        },
        need=("category", "name", "namespace"),
    )
    tlp = _PARTS.fields({"label": words("AMBER", "GREEN", "RED", "WHITE"), "url": URI}, need=("label",))
    return _PARTS.fields(
        {
            "acknowledgments": _PARTS.acknowledgments,
            "aggregate_severity": _PARTS.fields({"namespace": URI, "text": TEXT}, need=("text",)),
            "category": Text(form=forms.LABEL),
            "csaf_version": words("2.0"),
            "distribution": _PARTS.fields({"text": TEXT, "tlp": tlp}, least=1),
            "lang": LANGUAGE,
            "notes": _NOTES,
            "publisher": publisher,
            "references": _PARTS.references,
            "source_lang": LANGUAGE,
            "title": TEXT,
            "tracking": _PARTS.tracking(),
        },
        need=("category", "csaf_version", "publisher", "title", "tracking"),
    )


def _product_tree() -> Fields:
    return _PARTS.fields(
        {
            "branches": _PARTS.branches(_PRODUCT, (*BRANCHES, "legacy")),
            "full_product_names": Items(of=_PRODUCT),
            "product_groups": _PARTS.product_groups(),
            "relationships": _PARTS.relationships(_PRODUCT),
        },
        least=1,
    )


def _vulnerability() -> Fields:
    score = _PARTS.fields(
        {"cvss_v2": cvss_v2(barred=False), "cvss_v3": cvss_v3(barred=False), "products": PRODUCTS},
        need=("products",),
        least=2,
    )
    identity = _PARTS.fields({"system_name": TEXT, "text": TEXT}, need=("system_name", "text"))
    return _PARTS.fields(
        {
            "acknowledgments": _PARTS.acknowledgments,
            "cve": Text(form=forms.CVE),
            "cwe": _PARTS.fields({"id": Text(form=forms.CWE), "name": TEXT}, need=("id", "name")),
            "discovery_date": _TIME,
            "flags": _PARTS.flags(),
            "ids": Items(of=identity, unique=True),
            "involvements": _PARTS.involvements(),
            "notes": _NOTES,
            "product_status": _PARTS.status(STATUSES),
            "references": _PARTS.references,
            "release_date": _TIME,
            "remediations": _PARTS.remediations(
                "mitigation", "no_fix_planned", "none_available", "vendor_fix", "workaround"
            ),
            "scores": Items(of=score),
            "threats": _PARTS.threats(),
            "title": TEXT,
        },
        least=1,
    )


SHAPE = _PARTS.fields(
    {"document": _document(), "product_tree": _product_tree(), "vulnerabilities": Items(of=_vulnerability())},
    need=("document",),
)
