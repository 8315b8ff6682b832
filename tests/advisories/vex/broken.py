"""For each mandatory test of CSAF: changes to a valid document that break it."""

from __future__ import annotations

from tests.advisories.vex import cases as c
from tests.advisories.vex.cases import BOTH, FLAW, NEW, OLD, STATUS, TRACKING, Case
from tests.advisories.vex.documents import CVSS2, CVSS4, CVSS30, CVSS31, GONE, branch, product, revision

_NOTE = [{"category": "other", "text": "x"}]
_FAQ = {"document/notes": [{"category": "faq", "text": "x"}]}
_SELF = {"document/references": [{"category": "self", "summary": "s", "url": "https://waterworks.example/a"}]}
_LONG = "0123456789abcdef" * 4

PRODUCTS: list[Case] = [
    ("6.1.1", BOTH, {f"{STATUS}/known_affected/-": "P9"}),
    ("6.1.1", BOTH, {"product_tree/product_groups/0/product_ids/-": "P9"}),
    ("6.1.1", BOTH, {f"{FLAW}/threats": [{"category": "impact", "details": "d", "product_ids": ["P9"]}]}),
    ("6.1.1", BOTH, {f"{FLAW}/flags/0/product_ids/-": "P9"}),
    ("6.1.1", OLD, {"product_tree/relationships": [c.related("P9", "P2", "R")]}),
    ("6.1.1", OLD, {f"{FLAW}/scores/0/products/-": "P9"}),
    ("6.1.1", NEW, {"product_tree/product_paths": [c.path("P1", "R", ("installed_on", "P9"))]}),
    ("6.1.1", NEW, {f"{FLAW}/metrics/0/products/-": "P9"}),
    ("6.1.1", NEW, {f"{FLAW}/involvements": [{"party": "user", "status": "open", "product_ids": ["P9"]}]}),
    ("6.1.1", NEW, {"document/notes/0/product_ids": ["P9"]}),
    ("6.1.2", BOTH, {c.NAMES: [product("P1")]}),
    ("6.1.2", BOTH, {c.NAMES: [product("N"), product("N")]}),
    ("6.1.3", OLD, {"product_tree/relationships": [c.related("R", "P1", "R")]}),
    ("6.1.3", OLD, {"product_tree/relationships": [c.related("P1", "S", "R"), c.related("R", "P1", "S")]}),
    ("6.1.3", NEW, {"product_tree/product_paths": [c.path("P1", "R", ("installed_on", "R"))]}),
    ("6.1.4", BOTH, {f"{FLAW}/remediations/0/group_ids": ["H"]}),
    ("6.1.4", BOTH, {f"{FLAW}/flags/0/group_ids": ["H"]}),
    ("6.1.4", NEW, {f"{FLAW}/notes/0/group_ids": ["H"]}),
    ("6.1.5", BOTH, {"product_tree/product_groups/-": {"group_id": "G", "product_ids": ["P3", "P4"]}}),
    ("6.1.31", BOTH, {f"{c.VERSIONS}/0/name": "prior to 4.2"}),
    ("6.1.31", BOTH, {f"{c.VERSIONS}/0/name": "<=4.2"}),
    ("6.1.31", BOTH, {f"{c.VERSIONS}/0/name": "4.2 AND LATER"}),
    ("6.1.34", NEW, c.deep(31)),
    ("6.1.57", NEW, {"product_tree/branches/-": branch("vendor", "A", branch("vendor", "B", product=product("B")))}),
    (
        "6.1.58",
        NEW,
        {
            f"{c.VERSIONS}/0": branch(
                "product_version", "1", branch("product_version_range", "<2", product=product("P1"))
            )
        },
    ),
]

STATUSES: list[Case] = [
    ("6.1.6", BOTH, {f"{STATUS}/first_affected": ["P2"]}),
    ("6.1.6", BOTH, {f"{STATUS}/known_not_affected/-": "P1"}),
    ("6.1.6", NEW, {f"{STATUS}/unknown": ["P1"]}),
    ("6.1.29", BOTH, {f"{FLAW}/remediations/-": {"category": "workaround", "details": "Turn it."}}),
    ("6.1.32", BOTH, {f"{FLAW}/flags/-": {"label": "component_not_present"}}),
    ("6.1.33", BOTH, {f"{FLAW}/flags/-": {"label": "vulnerable_code_not_present", "product_ids": ["P3"]}}),
    ("6.1.35", NEW, {f"{FLAW}/remediations/-": {"category": "no_fix_planned", "details": "d", "product_ids": ["P1"]}}),
    ("6.1.35", NEW, {f"{FLAW}/remediations/-": {"category": "none_available", "details": "d", "product_ids": ["P1"]}}),
    ("6.1.36", NEW, {f"{FLAW}/remediations/-": {"category": "vendor_fix", "details": "d", "product_ids": ["P3"]}}),
    ("6.1.36", NEW, {f"{FLAW}/remediations/-": {"category": "mitigation", "details": "d", "group_ids": ["G"]}}),
    ("6.1.36", NEW, {f"{FLAW}/remediations/0/category": "optional_patch"}),
]

_TWICE = [{"products": ["P1"], "cvss_v3": CVSS31}, {"products": ["P1", "P2"], "cvss_v3": CVSS31}]
SCORES: list[Case] = [
    ("6.1.7", OLD, {f"{FLAW}/scores": _TWICE}),
    ("6.1.7", NEW, c.metrics({"cvss_v3": CVSS31}, {"cvss_v3": {**CVSS31, "attackVector": "NETWORK"}})),
    (
        "6.1.7",
        NEW,
        c.metrics({"cvss_v4": CVSS4}, {"cvss_v4": {**CVSS4, "attackVector": "NETWORK"}}, source="https://a.example"),
    ),
    *(
        (test, *case)
        for test, cases in (
            ("6.1.8", c.scored("cvss_v3", CVSS31, baseSeverity=GONE)),
            ("6.1.8", c.scored("cvss_v3", CVSS31, version="3.2")),
            ("6.1.8", c.scored("cvss_v3", CVSS30, vectorString=CVSS31["vectorString"])),
            ("6.1.8", c.scored("cvss_v2", CVSS2, vectorString="AV:N/AC:L/Au:N/C:P/I:P/A:P/")),
            ("6.1.8", c.scored("cvss_v2", CVSS2, baseScore="7.5")),
            (
                "6.1.8",
                c.scored("cvss_v4", CVSS4, vectorString=CVSS4["vectorString"].replace("/AC:L/AT:N", "/AT:N/AC:L")),
            ),
            ("6.1.8", c.scored("cvss_v4", CVSS4, baseSeverity="HIGH")),
            ("6.1.9", c.scored("cvss_v3", CVSS31, baseScore=9.7)),
            ("6.1.9", c.scored("cvss_v3", CVSS31, baseSeverity="HIGH")),
            ("6.1.9", c.scored("cvss_v3", CVSS30, baseScore=6.5, baseSeverity="MEDIUM")),
            ("6.1.9", c.scored("cvss_v3", CVSS31, temporalScore=9.7, temporalSeverity="CRITICAL")),
            ("6.1.9", c.scored("cvss_v2", CVSS2, baseScore=7.6)),
            ("6.1.9", c.scored("cvss_v4", CVSS4, baseScore=9.2)),
            ("6.1.9", c.scored("cvss_v3", CVSS31, vectorString="CVSS:3.1/AV:N/AC:L")),
            ("6.1.10", c.scored("cvss_v3", CVSS31, attackVector="LOCAL")),
            (
                "6.1.10",
                c.scored("cvss_v3", CVSS31, vectorString=f"{CVSS31['vectorString']}/E:U", exploitCodeMaturity="HIGH"),
            ),
            ("6.1.9", c.scored("cvss_v3", CVSS31, exploitCodeMaturity="UNPROVEN", temporalScore=9.8)),
            ("6.1.10", c.scored("cvss_v2", CVSS2, authentication="SINGLE")),
            ("6.1.10", c.scored("cvss_v4", CVSS4, subIntegrityImpact="HIGH")),
        )
        for case in cases
    ),
    ("6.1.8", NEW, c.metrics({"cvss_v3": {**CVSS31, "weather": "fine"}})),
    ("6.1.56", NEW, c.metrics({"cvss_v3": CVSS31}, {"qualitative_severity_rating": "high"})),
]

IDENTITIES: list[Case] = [
    ("6.1.11", OLD, {f"{FLAW}/cwe": {"id": "CWE-79", "name": "Improper Input Validation"}}),
    ("6.1.11", OLD, {f"{FLAW}/cwe": {"id": "CWE-999999", "name": "Nothing"}}),
    ("6.1.11", NEW, {f"{FLAW}/cwes": [{**c.WEAK, "version": "4.16", "name": "Improper Input Validation"}]}),
    ("6.1.11", NEW, {f"{FLAW}/cwes": [{**c.WEAK, "version": "4.0.7"}]}),
    ("6.1.11", NEW, {f"{FLAW}/cwes": [{**c.WEAK, "version": "1.0"}]}),
    ("6.1.13", OLD, c.helped(purl="pkg:maven/@1.3.4")),
    ("6.1.13", OLD, c.helped(purl="maven/a/b")),
    ("6.1.13", OLD, c.helped(purl="pkg:julia/Pump@1")),
    ("6.1.13", OLD, c.helped(purl="pkg:oci/org/image@1")),
    ("6.1.13", NEW, c.helped(purls=["pkg:maven/@1.3.4"])),
    ("6.1.13", NEW, c.helped(purls=["pkg:Deb/debian/pump@1"])),
    (
        "6.1.23",
        BOTH,
        {"vulnerabilities/-": {"cve": "CVE-2026-10001", "notes": _NOTE, "product_status": {"fixed": ["P2"]}}},
    ),
    ("6.1.25", BOTH, c.hashed(("sha256", _LONG), ("sha256", _LONG[::-1]))),
    ("6.1.42", NEW, c.helped(purls=["pkg:deb/debian/pump@1", "pkg:deb/debian/pump@2"])),
    ("6.1.43", NEW, c.helped(model_numbers=["P*A*"])),
    ("6.1.44", NEW, c.helped(serial_numbers=["*1*"])),
    ("6.1.61", NEW, c.helped(skus=["N*12*"])),
    ("6.1.63", NEW, c.hashed(("sha256", _LONG[:40]))),
    ("6.1.65.1", NEW, c.acted({"dl_vuln_ids": ["VULN-9"]})),
    (
        "6.1.65.2",
        NEW,
        {
            f"{FLAW}/dl_vuln_id": "VULN-1",
            "vulnerabilities/-": {
                "dl_vuln_id": "VULN-1",
                "cve": "CVE-2026-10002",
                "notes": _NOTE,
                "product_status": {"fixed": ["P2"]},
            },
        },
    ),
]

_OFF_DRAFT = {f"{TRACKING}/status": "draft"}
TRACKED: list[Case] = [
    ("6.1.12", BOTH, {"document/lang": "ez"}),
    ("6.1.12", BOTH, {"document/lang": "en-YY"}),
    ("6.1.12", BOTH, {"document/source_lang": "english"}),
    ("6.1.12", BOTH, {"document/lang": ""}),
    ("6.1.14", BOTH, c.history(("2", "01"), ("1", "02"), version="1")),
    ("6.1.15", BOTH, {"document/publisher/category": "translator"}),
    ("6.1.15", BOTH, {"document/publisher/category": "translator", "document/source_lang": ""}),
    ("6.1.16", BOTH, {f"{TRACKING}/version": "1"}),
    ("6.1.16", BOTH, c.history(("1.0.0", "01"), ("1.1.0", "02"), version="1.1.1")),
    ("6.1.17", BOTH, c.history(("0.9.0", "01"))),
    ("6.1.17", BOTH, c.history(("1.0.0", "01"), version="1.0.0-rc.1", status="interim")),
    ("6.1.18", BOTH, c.history(("0", "01"), ("1", "02"))),
    ("6.1.18", BOTH, c.history(("0.3.0", "01"), ("1.0.0", "02"), status="interim")),
    ("6.1.19", BOTH, c.history(("1.0.0-rc.1", "01"), ("1.0.0", "02"))),
    ("6.1.20", BOTH, c.history(("1.0.0", "01"), version="1.0.0-alpha")),
    ("6.1.21", BOTH, c.history(("1", "01"), ("3", "02"))),
    ("6.1.21", BOTH, c.history(("2.0.0", "01"), ("3.0.0", "02"))),
    ("6.1.21", NEW, c.history(("1.0.0", "01"), ("1.2.0", "02"))),
    ("6.1.21", NEW, c.history(("1.0.0", "01"), ("1.0.2", "02"))),
    ("6.1.22", BOTH, c.history(("1", "01"), ("1", "02"))),
    ("6.1.24", OLD, {f"{FLAW}/involvements": [c.INVOLVEMENT, {**c.INVOLVEMENT, "status": "completed"}]}),
    (
        "6.1.24",
        OLD,
        {f"{FLAW}/involvements": [c.INVOLVEMENT, {**c.INVOLVEMENT, "date": "2026-01-06T01:00:00+01:00"}]},
    ),
    ("6.1.24", NEW, c.acted({}, {})),
    ("6.1.24", NEW, c.acted({"acting_entity_refs": ["EID-1", "EID-3"]}, {"acting_entity_refs": ["EID-3", "EID-1"]})),
    ("6.1.28", BOTH, {"document/source_lang": "en-gb"}),
    ("6.1.30", BOTH, c.history(("1.0.0", "01"), ("2", "02"))),
    ("6.1.66", NEW, {f"{TRACKING}/initial_release_date": "2026-01-05T08:00:01Z"}),
    ("6.1.66", NEW, {f"{TRACKING}/revision_history": [revision("2", "2026-02-05T08:00:00Z")]}),
]

PROFILES: list[Case] = [
    ("6.1.26", BOTH, {"document/category": "Security Advisory"}),
    ("6.1.26", BOTH, {"document/category": "csaf_pump"}),
    ("6.1.26", BOTH, {"document/category": "v_E-x"}),
    ("6.1.26", BOTH, {"document/category": "Csaf_base"}),
    ("6.1.26", BOTH, {"document/category": "csaf\uff3fpump"}),
    ("6.1.26", BOTH, {"document/category": "S\u00adecurity \u2014 Ad\u200bvisory"}),
    ("6.1.26", NEW, {"document/category": "withdrawn"}),
    ("6.1.27.1", BOTH, c.profile("csaf_informational_advisory", **{"vulnerabilities": GONE, **_FAQ})),
    ("6.1.27.1", BOTH, c.profile("csaf_security_incident_response", document__notes=GONE)),
    ("6.1.27.2", BOTH, c.profile("csaf_informational_advisory", **{"vulnerabilities": GONE, **_SELF})),
    ("6.1.27.2", BOTH, c.profile("csaf_security_incident_response", document__references=GONE)),
    ("6.1.27.2", NEW, c.profile("csaf_security_incident_response", document__references__0__category=GONE)),
    ("6.1.27.3", BOTH, c.profile("csaf_informational_advisory")),
    ("6.1.27.4", BOTH, {"product_tree": GONE}),
    ("6.1.27.5", BOTH, {f"{FLAW}/notes": GONE}),
    ("6.1.27.6", BOTH, c.profile("csaf_security_advisory", **{STATUS: GONE})),
    ("6.1.27.7", BOTH, {STATUS: {"first_fixed": ["P2"]}}),
    ("6.1.27.8", BOTH, {f"{FLAW}/cve": GONE}),
    (
        "6.1.27.8",
        NEW,
        {f"{FLAW}/cve": GONE, f"{FLAW}/ids": [{"system_name": "Ours", "text": "7", "group_ids": ["G"]}]},
    ),
    ("6.1.27.9", BOTH, {f"{FLAW}/flags": GONE}),
    (
        "6.1.27.9",
        BOTH,
        {f"{FLAW}/flags": GONE, f"{FLAW}/threats": [{"category": "target_set", "details": "d", "product_ids": ["P3"]}]},
    ),
    ("6.1.27.10", BOTH, {f"{FLAW}/remediations": GONE}),
    ("6.1.27.11", BOTH, {"vulnerabilities": GONE}),
    ("6.1.27.12", NEW, {**c.ADVISORY, f"{STATUS}/known_affected": GONE}),
    ("6.1.27.13", NEW, {**c.ADVISORY, f"{STATUS}/known_affected": GONE, f"{FLAW}/remediations": GONE}),
    (
        "6.1.27.13",
        NEW,
        {
            **c.ADVISORY,
            "product_tree/branches/-": branch(
                "vendor", "B", branch("product_name", "Valve", branch("product_version", "2", product=product("V2")))
            ),
            f"{STATUS}/fixed/-": "V2",
        },
    ),
    ("6.1.27.14", NEW, {**c.WITHDRAWN, "document/notes/0/category": "other"}),
    ("6.1.27.15", NEW, {**c.WITHDRAWN, "product_tree": {"full_product_names": [product("P")]}}),
    ("6.1.27.16", NEW, {**c.SUPERSEDED, **c.history(("1", "05"))}),
    ("6.1.27.17", NEW, {**c.WITHDRAWN, "document/notes/0/title": "Why"}),
    ("6.1.27.17", NEW, {**c.WITHDRAWN, "document/notes/-": c.WITHDRAWN["document/notes"][0]}),
    ("6.1.27.18", NEW, {**c.SUPERSEDED, "document/notes/0/title": "Why"}),
    ("6.1.27.19", NEW, {**c.SUPERSEDED, "document/references/0/summary": "The next one"}),
    ("6.1.27.19", NEW, {**c.SUPERSEDED, "document/references/0/category": GONE}),
    ("6.1.27.20", NEW, {**c.REPORT, f"{FLAW}/notes/0/title": "In short"}),
]

_LATE = "2026-02-05T08:00:01Z"
TOLD: list[Case] = [
    ("6.1.37", NEW, {f"{TRACKING}/current_release_date": "2026-02-05 08:00:00Z"}),
    ("6.1.37", NEW, {f"{TRACKING}/current_release_date": "2026-02-05t08:00:00Z"}),
    ("6.1.37", NEW, {f"{TRACKING}/current_release_date": "2016-12-31T23:59:60Z"}),
    ("6.1.37", NEW, {f"{FLAW}/discovery_date": "2026-02-30T08:00:00Z"}),
    ("6.1.38", NEW, {c.SHARED: {"id": c.MAX, "name": "Public"}, "document/distribution/tlp/label": "RED"}),
    ("6.1.39", NEW, {c.SHARED: {"id": c.OTHER, "name": "Friends"}}),
    ("6.1.39", NEW, {c.SHARED: {"id": c.NIL, "name": "No sharing allowed"}}),
    ("6.1.40", NEW, {c.SHARED: {"id": c.OTHER, "name": "Public"}, "document/distribution/tlp/label": "RED"}),
    ("6.1.41", NEW, {c.SHARED: {"id": c.MAX}}),
    ("6.1.41", NEW, {c.SHARED: {"id": c.MAX, "name": "All"}}),
    ("6.1.45", NEW, {f"{FLAW}/disclosure_date": _LATE}),
    ("6.1.46", NEW, c.metrics({"ssvc_v2": {"timestamp": "2026-01-06T00:00:00Z", "schemaVersion": "2.0.0"}})),
    ("6.1.46", NEW, c.metrics(c.selected(namespace="x_nothing"))),
    ("6.1.47", NEW, c.metrics(c.targeted("CVE-2026-10002"))),
    (
        "6.1.47",
        NEW,
        {
            **c.metrics(c.targeted("WW-2026-1")),
            "vulnerabilities/-": {"cve": "CVE-2026-10002", "notes": _NOTE, "product_status": {"fixed": ["P2"]}},
        },
    ),
    ("6.1.48", NEW, c.metrics(c.selected(values=[{"key": "Z"}]))),
    ("6.1.48", NEW, c.metrics(c.selected(values=[{"key": "A"}, {"key": "N"}]))),
    ("6.1.48", NEW, c.metrics(c.selected(version="9.0.0"))),
    ("6.1.48", NEW, c.metrics(c.selected(namespace="invalid"))),
    ("6.1.48", NEW, c.metrics(c.selected(namespace="ssvc//.example.pumps#ours", values=[{"key": "Z"}]))),
    ("6.1.49", NEW, c.metrics({"ssvc_v2": {**c.selected()["ssvc_v2"], "timestamp": _LATE}})),
    ("6.1.50", NEW, {**c.RANGE, f"{c.VERSIONS}/0/name": "all versions < 4.2.0"}),
    ("6.1.50", NEW, {**c.RANGE, f"{c.VERSIONS}/0/name": "vers:npm/ >= 2.2.0| <2.3.0"}),
    ("6.1.50", NEW, {**c.RANGE, f"{c.VERSIONS}/0/name": "vers:all/<3"}),
    ("6.1.50", NEW, {**c.RANGE, f"{c.VERSIONS}/0/name": "vers:odd/<4|<>3"}),
    ("6.1.50", NEW, {**c.RANGE, f"{c.VERSIONS}/0/name": "vers:odd/||>3"}),
    ("6.1.50", NEW, {**c.RANGE, f"{c.VERSIONS}/0/name": "vers:deb/<2|>=1"}),
    ("6.1.50", NEW, {**c.RANGE, f"{c.VERSIONS}/0/name": "vers:odd/>=1|>=2"}),
    ("6.1.51", NEW, c.metrics({"epss": {"percentile": "0.9", "probability": "0.1", "timestamp": _LATE}})),
    ("6.1.52", NEW, {f"{FLAW}/first_known_exploitation_dates": [{**c.EXPLOITED, "date": _LATE}]}),
    (
        "6.1.53",
        NEW,
        {f"{FLAW}/first_known_exploitation_dates": [{**c.EXPLOITED, "exploitation_date": "2026-01-07T00:00:00.001Z"}]},
    ),
    *(
        ("6.1.54", NEW, c.licensed(text))
        for text in (
            "Take what you like.",
            "MIT or BSD-2-Clause",
            "MIT AND",
            "(MIT",
            "MIT)",
            "MIT  AND ISC",
            "NONE OR MIT",
            "MIT WITH NONE",
            "DocumentRef-a:LicenseRef-b",
            "LicenseRef-",
            "MIT AND(ISC)",
            "NONE+",
            "MIT++",
            " MIT",
            "MIT WITH Classpath-exception-2.0 WITH x",
            "((NONE)) OR MIT",
            "licenseref-x",
            "---",
        )
    ),
    ("6.1.55", NEW, c.licensed("LicenseRef-ours")),
    ("6.1.55", NEW, c.licensed("LicenseRef-ours", ("License", "other"))),
    ("6.1.55", NEW, c.licensed("MIT WITH AdditionRef-ours", *[("License", "legal_disclaimer")] * 2)),
    ("6.1.59", NEW, {**c.RANGE, f"{c.VERSIONS}/0/name": "vers:intdot/4.2.0"}),
    ("6.1.59", NEW, {**c.RANGE, f"{c.VERSIONS}/0/name": "4.2.0"}),
    ("6.1.60.1", NEW, c.extended(critical=GONE)),
    ("6.1.60.1", NEW, c.extended(**{"$schema": "https://waterworks.example/schemas/pressure.json"})),
    ("6.1.60.1", NEW, c.extended(more=1)),
    ("6.1.62", NEW, {f"{FLAW}/discovery_date": _LATE}),
    (
        "6.1.62",
        NEW,
        {f"{FLAW}/discovery_date": "2026-01-03T00:00:00Z", f"{FLAW}/disclosure_date": "2026-01-02T00:00:00Z"},
    ),
]

INVOLVED: list[Case] = [
    ("6.1.64.1", NEW, c.acted({"receiving_entity_refs": GONE})),
    ("6.1.64.2", NEW, c.acted({}, {"status": "planned"})),
    ("6.1.64.2", NEW, c.acted({}, {"status": "planned", "date": "2026-01-06T01:00:00+01:00"})),
    ("6.1.64.3", NEW, c.acted({"category": "discovery", "status": "attempted", "receiving_entity_refs": GONE})),
    ("6.1.64.4", NEW, c.acted({"receiving_entity_refs": ["EGID-1"]})),
    ("6.1.64.5", NEW, c.acted({"acting_entity_refs": ["EID-9"]})),
    (
        "6.1.64.6",
        NEW,
        c.acted(
            {}, entities=[{"entity_id": "EID-1", "category": "vendor"}, {"entity_id": "EID-1", "category": "user"}]
        ),
    ),
    ("6.1.64.7", NEW, c.acted({"acting_entity_refs": ["EGID-9"]})),
    (
        "6.1.64.8",
        NEW,
        c.acted(
            {},
            entity_groups=[
                {"entity_group_id": "EGID-1", "entity_ids": ["EID-1", each], "name": each}
                for each in ("EID-2", "EID-3")
            ],
        ),
    ),
    ("6.1.64.9", NEW, c.acted({"referenced_action_ids": ["a9"]})),
    ("6.1.64.10", NEW, c.acted({}, {"action_id": "a0", "category": "coordination"})),
    ("6.1.64.11", NEW, c.acted({"referenced_action_ids": ["a1"]}, {"referenced_action_ids": ["a0"]})),
    (
        "6.1.64.12",
        NEW,
        c.acted({}, {**c.CONFIRMATION, "acting_entity_refs": ["EID-3"], "referenced_action_ids": ["a0"]}),
    ),
    ("6.1.64.13", NEW, c.acted(c.CONFIRMATION)),
]

BROKEN: list[Case] = [
    *PRODUCTS,
    *STATUSES,
    *SCORES,
    *IDENTITIES,
    *TRACKED,
    *PROFILES,
    *TOLD,
    *INVOLVED,
]
