"""What is kept of a look: versions without what could be had, and findings by machine, as a scan has told them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace
from tests.reports.answers import answer, asset, finding

from oakum.changes.proof.evidence import FindingsDocument, ToldGap
from oakum.changes.state.inventory_reading import read_inventory
from oakum.findings.model import Coverage
from oakum.fleet.assets import Gap
from oakum.ledger.entries import digest
from oakum.local.evidence import findings, slim
from oakum.reports.answer import gap_entry

AT = datetime(2026, 1, 31, 6, tzinfo=UTC)


def test_an_inventory_is_kept_without_what_channels_offer() -> None:
    software = {
        "openssl": {"installed": "1", "running": "0", "part": "package", "ecosystem": "deb", "offers": ["2"],
                    "kept": ["1"], "security": ["2"], "closes": {"2": ["CVE-1"]}},
    }  # fmt: skip
    host = {
        "uid": "u",
        "environment": "prod",
        "labels": {"zone": "a"},
        "healthy": True,
        "boot_id": "b",
        "software": software,
    }
    data = json.dumps({"format": "oakum-inventory/1", "at": "2026-01-31T06:00:00Z", "hosts": {"web-1": host}})
    kept = slim(data.encode())
    assert json.loads(kept)["hosts"]["web-1"] == host | {
        "software": {"openssl": {"installed": "1", "running": "0", "part": "package"}}
    }
    assert read_inventory(kept, "a look").hosts["web-1"].boot_id == "b", "it is still an inventory"


def test_findings_and_gaps_are_those_of_each_machine() -> None:
    coverage = (Coverage("debian:12", 3, 2, ("feed",)),)
    told = answer(
        assets=[replace(asset("k1", "host"), packages=3, coverage=coverage), replace(asset("k2", "host"), packages=1)],
        findings=[finding("CVE-1", "k1"), finding("CVE-2", "k1", "k2")],
    )
    gaps = tuple(gap_entry(each, frozenset()) for each in (
        Gap("no-feed", "a package", "why", "remedy", "k2"), Gap("unreadable-advisory", "a record", "why", "remedy"),
    ))  # fmt: skip
    told = replace(told, feeds=digest(b"feeds"), not_assessable=gaps)
    unread = {"web-3": ToldGap(kind="unread", what="web-3", why="it does not answer")}
    data = findings(b"inventory", AT, told, {"k1": "web-1", "k2": "web-2"}, unread)
    found = msgspec.json.decode(data, type=FindingsDocument)
    assert (found.at, found.feeds, found.inventory) == (AT, digest(b"feeds"), digest(b"inventory"))
    one, two, three = (found.machines[f"web-{number}"] for number in (1, 2, 3))
    assert [each.id for each in one.findings] == ["CVE-1", "CVE-2"] and (one.packages, one.assessed) == (3, 2)
    assert [each.id for each in two.findings] == ["CVE-2"] and two.assessed == 0
    assert [each.what for each in one.gaps] == ["a record"]
    assert [each.what for each in two.gaps] == ["a package", "a record"]
    assert (three.findings, three.gaps) == ((), (unread["web-3"],))


def test_without_an_answer_there_are_gaps_alone() -> None:
    blind = {"web-1": ToldGap(kind="feeds", what="web-1", why="the index is damaged")}
    found = msgspec.json.decode(findings(b"x", AT, None, {}, blind), type=FindingsDocument)
    assert found.feeds == "" and found.machines["web-1"].gaps == (blind["web-1"],)
