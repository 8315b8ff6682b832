"""For each mandatory test of CSAF: changes to a valid document that come near to the rule and leave it valid."""

from __future__ import annotations

from tests.advisories.vex import cases as c
from tests.advisories.vex.cases import BOTH, FLAW, NEW, OLD, STATUS, TRACKING, Case
from tests.advisories.vex.documents import CVSS2, CVSS4, CVSS30, CVSS31, GONE, branch, product, revision

_LONG = "0123456789abcdef" * 4
_PLANNED = {"category": "no_fix_planned", "details": "d", "product_ids": ["P4"]}
_MIXED_DAYS = [revision("2", "2026-02-05T08:00:00Z"), revision("1", "2026-01-05T09:00:00+01:00")]

SOUND: list[Case] = [
    ("6.1.1", OLD, {"product_tree/relationships": [c.related("P1", "P2", "R")], f"{STATUS}/recommended": ["R"]}),
    ("6.1.1", NEW, {"product_tree/product_paths": [c.path("P1", "R", ("installed_on", "P2"))]}),
    ("6.1.2", BOTH, {c.NAMES: [product("N"), product("O")]}),
    ("6.1.3", OLD, {"product_tree/relationships": [c.related("P1", "P2", "R"), c.related("R", "P1", "S")]}),
    (
        "6.1.3",
        NEW,
        {"product_tree/product_paths": [c.path("P1", "R", ("installed_on", "P2"), ("installed_with", "P3"))]},
    ),
    ("6.1.4", OLD, c.GROUPED),
    ("6.1.4", NEW, {f"{FLAW}/notes/0/group_ids": ["G"]}),
    ("6.1.5", BOTH, {"product_tree/product_groups/-": {"group_id": "H", "product_ids": ["P3", "P4"]}}),
    ("6.1.6", BOTH, {f"{STATUS}/recommended": ["P2"], f"{STATUS}/first_affected": ["P1"]}),
    (
        "6.1.7",
        OLD,
        {
            f"{FLAW}/scores": [
                {"products": ["P1"], "cvss_v3": CVSS31, "cvss_v2": CVSS2},
                {"products": ["P1"], "cvss_v3": CVSS30},
            ]
        },
    ),
    (
        "6.1.7",
        NEW,
        {f"{FLAW}/metrics/-": {"products": ["P1"], "content": {"cvss_v3": CVSS31}, "source": "https://a.example"}},
    ),
    ("6.1.8", OLD, {f"{FLAW}/scores/0/cvss_v3/weather": "fine"}),
    *(
        (test, *case)
        for test, cases in (
            ("6.1.8", c.scored("cvss_v3", CVSS31)),
            ("6.1.9", c.scored("cvss_v3", CVSS30, temporalScore=9.8, environmentalScore=9.8)),
            ("6.1.9", c.scored("cvss_v2", CVSS2, temporalScore=7.5)),
            ("6.1.9", c.scored("cvss_v4", CVSS4)),
            ("6.1.9", c.scored("cvss_v3", CVSS31, exploitCodeMaturity="UNPROVEN", temporalScore=9.0)),
            ("6.1.9", c.scored("cvss_v4", CVSS4, exploitMaturity="UNREPORTED", baseScore=8.1, baseSeverity="HIGH")),
            ("6.1.10", c.scored("cvss_v3", CVSS31, attackVector="NETWORK", remediationLevel="NOT_DEFINED")),
            ("6.1.10", c.scored("cvss_v2", CVSS2, authentication="NONE")),
            ("6.1.10", c.scored("cvss_v4", CVSS4, providerUrgency="NOT_DEFINED", subIntegrityImpact="NONE")),
        )
        for case in cases
    ),
    ("6.1.11", OLD, {f"{FLAW}/cwe": c.WEAK}),
    ("6.1.11", NEW, {f"{FLAW}/cwes": [{**c.WEAK, "version": "4.16"}]}),
    ("6.1.11", NEW, {f"{FLAW}/cwes": [{**c.WEAK, "version": "99.0"}]}),
    *(
        ("6.1.12", BOTH, {"document/lang": lang})
        for lang in ("de", "zh-Hant-TW", "i-default", "x-pumps", "sl-rozaj-1994", "qaa", "en-a-bb-x-c")
    ),
    ("6.1.13", OLD, c.helped(purl="pkg:rpm/redhat/pump@1-2.el9?arch=x86_64&epoch=1")),
    ("6.1.13", NEW, c.helped(purls=["pkg:npm/%40pumps/core@1.0.0"])),
    ("6.1.14", BOTH, {f"{TRACKING}/revision_history": _MIXED_DAYS}),
    ("6.1.15", BOTH, {"document/publisher/category": "translator", "document/source_lang": "de"}),
    ("6.1.16", BOTH, c.history(("1.0.0", "05"), ("2.0.0", "06"), version="2.0.0+build.7")),
    ("6.1.17", BOTH, c.history(("0.9.0", "01"), status="draft")),
    ("6.1.18", BOTH, c.history(("0", "01"), ("1", "02"), status="draft")),
    ("6.1.20", BOTH, c.history(("1.0.0", "05"), version="1.0.0-rc.1", status="draft")),
    ("6.1.21", OLD, c.history(("1.0.0", "05"), ("1.2.0", "06"), ("2.4.0", "07"))),
    ("6.1.21", NEW, c.history(("1.0.0", "05"), ("1.0.1", "06"), ("1.1.0", "07"), ("2.0.0", "08"))),
    ("6.1.22", BOTH, c.history(("1", "05"), ("2", "06"))),
    (
        "6.1.23",
        BOTH,
        {
            "vulnerabilities/-": {
                "cve": "CVE-2026-10002",
                "notes": [{"category": "other", "text": "x"}],
                "product_status": {"fixed": ["P2"]},
            }
        },
    ),
    ("6.1.24", OLD, {f"{FLAW}/involvements": [c.INVOLVEMENT, {**c.INVOLVEMENT, "party": "user"}]}),
    ("6.1.24", NEW, c.acted({}, {"category": "coordination"})),
    ("6.1.25", BOTH, c.hashed(("sha256", _LONG), ("sha512", _LONG * 2))),
    ("6.1.26", BOTH, {"document/category": "csaf_base"}),
    ("6.1.26", BOTH, {"document/category": "Pump News"}),
    ("6.1.26", BOTH, {"document/category": "Vexé"}),
    ("6.1.27.1", BOTH, c.profile("csaf_informational_advisory", vulnerabilities=GONE)),
    ("6.1.1", NEW, {f"{FLAW}/involvements": [{"party": "user", "status": "open", "product_ids": ["P1"]}]}),
    ("6.1.27.2", OLD, c.profile("csaf_security_incident_response", document__references__0__category=GONE)),
    ("6.1.27.6", OLD, {**c.ADVISORY, STATUS: {"under_investigation": ["P4"]}}),
    ("6.1.27.7", BOTH, {f"{STATUS}/known_affected": GONE}),
    ("6.1.27.8", BOTH, {f"{FLAW}/cve": GONE, f"{FLAW}/ids": [{"system_name": "Ours", "text": "7"}]}),
    (
        "6.1.27.9",
        BOTH,
        {f"{FLAW}/flags": GONE, f"{FLAW}/threats": [{"category": "impact", "details": "d", "product_ids": ["P3"]}]},
    ),
    ("6.1.27.10", OLD, {f"{FLAW}/remediations": [{"category": "none_available", "details": "d", "group_ids": ["G"]}]}),
    ("6.1.27.13", NEW, c.ADVISORY),
    (
        "6.1.27.13",
        NEW,
        {
            **c.ADVISORY,
            "product_tree/branches/-": branch(
                "vendor", "B", branch("product_name", "Hotfix", branch("product_version", "7", product=product("H7")))
            ),
            "product_tree/product_paths": [c.path("P1", "R", ("installed_with", "H7"))],
            f"{STATUS}/fixed": ["R"],
            f"{STATUS}/first_fixed": ["H7"],
        },
    ),
    ("6.1.27.17", NEW, c.WITHDRAWN),
    ("6.1.27.17", NEW, {**c.WITHDRAWN, "document/lang": "de", "document/notes/0/title": "Warum"}),
    ("6.1.27.19", NEW, c.SUPERSEDED),
    ("6.1.27.20", NEW, c.REPORT),
    ("6.1.28", BOTH, {"document/source_lang": "de"}),
    ("6.1.31", BOTH, {f"{c.VERSIONS}/0/name": "after-eight overall"}),
    ("6.1.31", OLD, {f"{c.VERSIONS}/0/category": "product_version_range", f"{c.VERSIONS}/0/name": "prior to 4.2"}),
    ("6.1.33", BOTH, {f"{FLAW}/flags/-": {"label": "vulnerable_code_not_present", "product_ids": ["P4"]}}),
    ("6.1.34", NEW, c.deep(30)),
    ("6.1.35", NEW, {f"{FLAW}/remediations/-": {"category": "mitigation", "details": "d", "product_ids": ["P1"]}}),
    ("6.1.36", NEW, {f"{FLAW}/remediations/-": _PLANNED}),
    ("6.1.37", NEW, {f"{TRACKING}/current_release_date": "2026-02-05T08:00:00.123456+05:45"}),
    ("6.1.38", NEW, {c.SHARED: {"id": c.MAX, "name": "Public"}}),
    ("6.1.39", NEW, {c.SHARED: {"id": c.NIL, "name": "No sharing allowed"}, f"{TRACKING}/status": "draft"}),
    ("6.1.40", NEW, {c.SHARED: {"id": c.OTHER, "name": "Friends"}, "document/distribution/tlp/label": "AMBER+STRICT"}),
    ("6.1.42", NEW, c.helped(purls=["pkg:deb/debian/pump@1?arch=arm64", "pkg:deb/debian/pump@1?arch=amd64"])),
    ("6.1.43", NEW, c.helped(model_numbers=["P*A\\*", "P?A?"])),
    ("6.1.44", NEW, c.helped(serial_numbers=["*1", "\\*\\**"])),
    ("6.1.45", NEW, {f"{FLAW}/disclosure_date": "2026-03-01T00:00:00Z", "document/distribution/tlp/label": "RED"}),
    ("6.1.46", NEW, c.metrics(c.selected(namespace="x_example.pumps#ours/en"))),
    ("6.1.47", NEW, c.metrics(c.targeted("CVE-2026-10001", "WW-2026-1"))),
    ("6.1.48", NEW, c.metrics(c.selected(values=[{"key": "N"}, {"key": "A"}]))),
    ("6.1.48", NEW, c.metrics(c.selected(namespace="x_example.pumps#ours", key="ZZ"))),
    *(
        ("6.1.50", NEW, {**c.RANGE, f"{c.VERSIONS}/0/name": name})
        for name in (
            "vers:all/*",
            "vers:deb/>=1.2|!=1.3|<2",
            "vers:odd/<4|>3|!=2|<1",
            "vers:pypi/1.0|2.0rc1|2.0",
            "<=2",
            ">10.9a|!=10.9c|<=10.9k",
        )
    ),
    ("6.1.52", NEW, {f"{FLAW}/first_known_exploitation_dates": [c.EXPLOITED]}),
    (
        "6.1.52",
        NEW,
        {
            f"{FLAW}/first_known_exploitation_dates": [{**c.EXPLOITED, "date": "2027-01-01T00:00:00Z"}],
            f"{TRACKING}/status": "draft",
        },
    ),
    *(
        ("6.1.54", NEW, c.licensed(text))
        for text in (
            "CC-BY-4.0",
            "mit AND (ISC OR Apache-2.0+)",
            "NONE AND MIT",
            "MIT WITH Classpath-exception-2.0",
            "MIT AND (NONE AND ISC)",
            "( MIT )",
        )
    ),
    ("6.1.55", NEW, c.licensed("LicenseRef-ours", ("License", "legal_disclaimer"))),
    ("6.1.55", NEW, c.licensed("LicenseRef-scancode-public-domain")),
    ("6.1.55", NEW, {**c.licensed("LicenseRef-ours"), "document/lang": "fr"}),
    (
        "6.1.56",
        NEW,
        {
            **c.metrics({"cvss_v3": CVSS31}),
            f"{FLAW}/metrics/-": {
                "products": ["P1"],
                "content": {"qualitative_severity_rating": "high"},
                "source": "https://a.example",
            },
        },
    ),
    (
        "6.1.57",
        NEW,
        {"product_tree/branches/-": branch("product_family", "A", branch("product_family", "B", product=product("B")))},
    ),
    ("6.1.59", NEW, {**c.RANGE, f"{c.VERSIONS}/0/name": "vers:intdot/4.2.0|4.3.0"}),
    ("6.1.60.1", NEW, c.extended()),
    (
        "6.1.62",
        NEW,
        {f"{FLAW}/discovery_date": "2026-01-02T00:00:00Z", f"{FLAW}/disclosure_date": "2026-01-02T01:00:00+01:00"},
    ),
    ("6.1.63", NEW, c.hashed(("sha1", _LONG[:40]), ("shake128", _LONG), ("unheard-of", _LONG))),
    ("6.1.64.4", NEW, c.acted({"acting_entity_refs": ["EGID-1"], "receiving_entity_refs": ["EID-3"]})),
    ("6.1.64.12", NEW, c.acted({}, {**c.CONFIRMATION, "referenced_action_ids": ["a0"]})),
    ("6.1.65.1", NEW, {**c.acted({"dl_vuln_ids": ["VULN-1"]}), f"{FLAW}/dl_vuln_id": "VULN-1"}),
    ("6.1.66", NEW, {f"{TRACKING}/initial_release_date": "2026-01-05T10:00:00+02:00"}),
]
