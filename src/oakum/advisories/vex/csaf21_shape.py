"""The structure of a CSAF 2.1 document: every object bars fields that it does not know, but those of extensions.

Fields of the committee's drafts that documents were written by are known as well: ``relationships`` of the product
tree, ``involvements`` of vulnerabilities, ``contact_details`` of the publisher, and the URL of the schema.

Source: https://docs.oasis-open.org/csaf/csaf/v2.1/csaf-v2.1.html section 3, and the JSON schemas beside it; for SSVC
https://certcc.github.io/SSVC/data/schema/v2/SelectionList_2_0_0.schema.json.
"""

from __future__ import annotations

from oakum.advisories.vex import forms
from oakum.advisories.vex.csaf_parts import (
    BRANCHES,
    GROUPS,
    LANGUAGE,
    PRODUCTS,
    PURL,
    RELATIONS,
    STATUSES,
    UNIQUE_TEXTS,
    URI,
    Parts,
)
from oakum.advisories.vex.cvss_shapes import cvss_v2, cvss_v3, cvss_v4
from oakum.advisories.vex.extension_shape import EXTENSIONS
from oakum.advisories.vex.shapes import TEXT, Fields, Items, Shape, Text, words
from oakum.advisories.vex.ssvc_shape import SSVC

SCHEMA_URL = "https://docs.oasis-open.org/csaf/csaf/v2.1/schema/csaf.json"
_DRAFT_URL = "https://docs.oasis-open.org/csaf/csaf/v2.1/csaf_json_schema.json"

_TIME = Text(form=forms.STRICT_DATE_TIME, test="6.1.37")
_PARTS = Parts(barred=True, date_time=_TIME)
_EXTENDED: dict[str, Shape] = {"x_extensions": EXTENSIONS}

_HELPER: dict[str, Shape] = {
    "cpe": Text(form=forms.CPE),
    "hashes": _PARTS.hashes(algorithm=Text(form=forms.ALGORITHM), value=Text(form=forms.LOWER_HEX), unique=True),
    "model_numbers": UNIQUE_TEXTS,
    "purls": Items(of=PURL, unique=True),
    "sbom_urls": Items(of=URI, unique=True),
    "serial_numbers": UNIQUE_TEXTS,
    "skus": UNIQUE_TEXTS,
    "x_generic_uris": _PARTS.generic_uris(unique=True),
}
_PRODUCT = _PARTS.product(_HELPER, _EXTENDED)
_NOTES = _PARTS.notes(_PARTS.targets)
_ENTITIES = Items(of=Text(form=forms.ENTITY_OR_GROUP), unique=True)
_CONTACT = _PARTS.fields(
    {
        "details": TEXT,
        "email": Text(form=forms.EMAIL, least=6),
        "public_openpgp_key_url": Text(form=forms.HTTPS),
        "url": Text(form=forms.HTTPS),
    },
    least=1,
)


def _involvement() -> Fields:
    action = _PARTS.fields(
        {
            "acting_entity_refs": _ENTITIES,
            "action_id": Text(form=forms.LABEL),
            "category": words(
                "assessment", "confirmation", "coordination", "discovery", "dispute", "embargo", "exploitation",
                "fix_deployment", "fix_release", "notification", "observation",
            ),
            "date": _TIME,
            "dl_vuln_ids": Items(of=Text(form=forms.LOCAL_VULNERABILITY), unique=True),
            "receiving_entity_refs": _ENTITIES,
            "referenced_action_ids": Items(of=Text(form=forms.LABEL), unique=True),
            "summary": TEXT,
            "status": words(
                "attempted", "completed", "deferred", "discontinued", "in_progress", "outstanding", "planned"
            ),
            **_PARTS.targets,
        },
        need=("acting_entity_refs", "action_id", "category", "date", "status"),
    )  # fmt: skip
    entity = _PARTS.fields(
        {
            "category": words(
                "adversary", "coordinator", "discoverer", "multiplier", "other", "public", "reporting_authority",
                "user", "vendor",
            ),
            "contact": _CONTACT,
            "entity_id": Text(form=forms.ENTITY),
            "name": TEXT,
        },
        need=("category", "entity_id"),
    )  # fmt: skip
    group = _PARTS.fields(
        {
            "entity_group_id": Text(form=forms.ENTITY_GROUP),
            "entity_ids": Items(of=Text(form=forms.ENTITY), least=2, unique=True),
            "name": TEXT,
            "summary": TEXT,
        },
        need=("entity_group_id", "entity_ids", "name"),
    )
    return _PARTS.fields(
        {
            "actions": Items(of=action, unique=True),
            "entities": Items(of=entity, unique=True),
            "entity_groups": Items(of=group, unique=True),
        },
        need=("actions", "entities"),
    )


def _document() -> Fields:
    publisher = _PARTS.fields(
        {
            "category": words("coordinator", "discoverer", "multiplier", "other", "translator", "user", "vendor"),
            "contact": _CONTACT,
            "contact_details": TEXT,
            "issuing_authority": TEXT,
            "name": TEXT,
            "namespace": URI,
        },
        need=("category", "name", "namespace"),
    )
    labels = words("AMBER", "AMBER+STRICT", "CLEAR", "GREEN", "RED")
    distribution = _PARTS.fields(
        {
            "sharing_group": _PARTS.fields({"id": Text(form=forms.UUID), "name": TEXT}, need=("id",)),
            "text": TEXT,
            "tlp": _PARTS.fields({"label": labels, "url": URI}, need=("label",)),
        },
        need=("tlp",),
    )
    return _PARTS.fields(
        {
            "acknowledgments": _PARTS.acknowledgments,
            "aggregate_severity": _PARTS.fields({"namespace": URI, "text": TEXT}, need=("text",)),
            "category": Text(form=forms.LABEL),
            "csaf_version": words("2.1"),
            "distribution": distribution,
            "involvement": _involvement(),
            "lang": LANGUAGE,
            "license_expression": TEXT,
            "notes": _NOTES,
            "publisher": publisher,
            "references": _PARTS.references,
            "source_lang": LANGUAGE,
            "title": TEXT,
            "tracking": _PARTS.tracking(),
            **_EXTENDED,
        },
        need=("category", "csaf_version", "distribution", "publisher", "title", "tracking"),
    )


def _product_tree() -> Fields:
    subpath = _PARTS.fields(
        {"category": RELATIONS, "next_product_reference": TEXT}, need=("category", "next_product_reference")
    )
    path = _PARTS.fields(
        {"beginning_product_reference": TEXT, "full_product_name": _PRODUCT, "subpaths": Items(of=subpath)},
        need=("beginning_product_reference", "full_product_name", "subpaths"),
    )
    return _PARTS.fields(
        {
            "branches": _PARTS.branches(_PRODUCT, (*BRANCHES, "platform")),
            "full_product_names": Items(of=_PRODUCT),
            "product_groups": _PARTS.product_groups(),
            "product_paths": Items(of=path),
            "relationships": _PARTS.relationships(_PRODUCT),
        },
        least=1,
    )


def _metrics() -> Items:
    probability = Text(form=forms.PROBABILITY)
    epss = _PARTS.fields(
        {"percentile": probability, "probability": probability, "timestamp": _TIME},
        need=("percentile", "probability", "timestamp"),
    )
    content = _PARTS.fields(
        {
            "cvss_v2": cvss_v2(barred=True),
            "cvss_v3": cvss_v3(barred=True),
            "cvss_v4": cvss_v4(),
            "epss": epss,
            "qualitative_severity_rating": words("critical", "high", "low", "medium", "none"),
            "ssvc_v2": SSVC,
            **_EXTENDED,
        },
        least=1,
    )
    metric: dict[str, Shape] = {"content": content, "products": PRODUCTS, "source": URI}
    return Items(of=_PARTS.fields(metric, need=("content", "products")), unique=True)


def _vulnerability() -> Fields:
    cwe = _PARTS.fields(
        {"id": Text(form=forms.CWE), "name": Text(form=forms.LABEL), "version": Text(form=forms.CWE_VERSION)},
        need=("id", "name", "version"),
    )
    exploitation = _PARTS.fields(
        {"date": _TIME, "exploitation_date": _TIME, "group_ids": GROUPS, "product_ids": PRODUCTS},
        need=("date", "exploitation_date"),
        least=3,
    )
    identity = _PARTS.fields({"system_name": TEXT, "text": TEXT, **_PARTS.targets}, need=("system_name", "text"))
    return _PARTS.fields(
        {
            "acknowledgments": _PARTS.acknowledgments,
            "cve": Text(form=forms.CVE),
            "cwes": Items(of=cwe, unique=True),
            "disclosure_date": _TIME,
            "discovery_date": _TIME,
            "dl_vuln_id": Text(form=forms.LOCAL_VULNERABILITY),
            "first_known_exploitation_dates": Items(of=exploitation, unique=True),
            "flags": _PARTS.flags(),
            "ids": Items(of=identity, unique=True),
            "involvements": _PARTS.involvements(**_PARTS.targets),
            "metrics": _metrics(),
            "notes": _NOTES,
            "product_status": _PARTS.status((*STATUSES, "unknown")),
            "references": _PARTS.references,
            "remediations": _PARTS.remediations(
                "fix_planned", "mitigation", "no_fix_planned", "none_available", "optional_patch", "vendor_fix",
                "workaround",
            ),
            "threats": _PARTS.threats(),
            "title": TEXT,
            **_EXTENDED,
        },
        least=1,
    )  # fmt: skip


SHAPE = _PARTS.fields(
    {
        "$schema": words(SCHEMA_URL, _DRAFT_URL),
        "document": _document(),
        "product_tree": _product_tree(),
        "vulnerabilities": Items(of=_vulnerability()),
        **_EXTENDED,
    },
    need=("$schema", "document"),
)
