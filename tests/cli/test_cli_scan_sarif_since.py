"""``oakum scan --history -o sarif``: how each result stands to the last look, by the words of SARIF 2.1.0 (3.27.24)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.cli.test_cli_scan import sarif_schema
from tests.cli.test_cli_scan_history import Desk, desk

__all__ = ["desk", "sarif_schema"]

Result = dict[str, Any]


def results(desk: Desk, day: int, *words: str, schema: dict[str, Any] | None = None) -> list[Result]:
    """The results of a scan on a day, which has to be a valid log."""
    desk.scan(day, *words, form="sarif")
    log = json.loads(desk.out)
    if schema is not None:
        validator = jsonschema.validators.validator_for(schema)
        validator(schema, format_checker=validator.FORMAT_CHECKER).validate(log)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules))
    found: list[Result] = run["results"]
    assert all(rules[one["ruleIndex"]] == one["ruleId"] for one in found)
    assert all(one["level"] == "none" for one in found if one.get("kind", "fail") != "fail"), "3.27.10"
    assert len({"baselineState" in one for one in found}) <= 1, "3.27.24: on every result of a run, or on none"
    assert len({"suppressions" in one for one in found}) <= 1, "3.27.23: on every result of a run, or on none"
    return found


def states(found: list[Result]) -> dict[str, tuple[str, str]]:
    """The kind and the state of each result."""
    return {
        one["ruleId"].removeprefix("DEBIAN-"): (one.get("kind", "fail"), one["baselineState"]) for one in found
    }  # fmt: skip


def test_a_first_scan_and_one_without_a_history_have_nothing_to_compare_with(desk: Desk) -> None:
    assert all("baselineState" not in one for one in results(desk, 0))


def test_each_result_says_how_it_stands_to_the_last_scan(desk: Desk, sarif_schema: dict[str, Any]) -> None:
    desk.feed(0, {"1": "bash 5", "2": "zlib 3", "3": "curl 9"})
    desk.sbom({"bash": "4", "zlib": "2", "curl": "7"})
    results(desk, 0)
    desk.feed(1, {"1": "bash 5", "2": "zlib 3", "3": "curl 9", "4": "bash 6"})
    desk.sbom({"bash": "4", "zlib": "3", "curl": "8"})
    found = results(desk, 2, schema=sarif_schema)
    assert states(found) == {
        "CVE-2026-1": ("fail", "unchanged"),
        "CVE-2026-2": ("pass", "absent"),
        "CVE-2026-3": ("fail", "updated"),
        "CVE-2026-4": ("fail", "new"),
    }
    (absent,) = [one for one in found if one["baselineState"] == "absent"]
    assert absent["properties"]["reason"] == "fixed"
    assert "3 is installed; DEBIAN-CVE-2026-2 (debian): fixed in 3" in absent["properties"]["evidence"]
    uris = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in found}
    assert len(uris) == 1, "what ended stands where it stood"
    assert len({one["partialFingerprints"]["oakumAsset/v1"] for one in found}) == 1
    assert states(results(desk, 3)) == {
        "CVE-2026-1": ("fail", "unchanged"),
        "CVE-2026-3": ("fail", "unchanged"),
        "CVE-2026-4": ("fail", "unchanged"),
    }


def test_what_comes_back_is_new_and_two_scans_at_one_time_differ_in_nothing(desk: Desk) -> None:
    results(desk, 0)
    desk.sbom({"bash": "5", "zlib": "2"})
    assert states(results(desk, 1))["CVE-2026-1"] == ("pass", "absent")
    desk.sbom({"bash": "4", "zlib": "2"})
    assert states(results(desk, 2))["CVE-2026-1"] == ("fail", "new")
    assert {state for _, state in states(results(desk, 2)).values()} == {"unchanged"}


@pytest.mark.parametrize("how", ["the records are gone", "the release is not named"])
def test_what_nobody_can_assess_is_open_and_never_absent(desk: Desk, how: str, sarif_schema: dict[str, Any]) -> None:
    results(desk, 0)
    if how == "the records are gone":
        desk.feed(1, {"9": "other 1"})
    else:
        desk.sbom({"bash": "5", "zlib": "3"}, release="")
    first = results(desk, 2, schema=sarif_schema)
    assert states(first) == {"CVE-2026-1": ("open", "updated"), "CVE-2026-2": ("open", "updated")}
    assert all(one["properties"]["notAssessableSince"].startswith("2026-03-03") for one in first)
    assert states(results(desk, 3)) == {"CVE-2026-1": ("open", "unchanged"), "CVE-2026-2": ("open", "unchanged")}
    desk.feed(4, {"1": "bash 5", "2": "zlib 3"})
    desk.sbom({"bash": "4", "zlib": "2"})
    assert states(results(desk, 5)) == {"CVE-2026-1": ("fail", "updated"), "CVE-2026-2": ("fail", "updated")}


def test_on_two_assets_each_result_has_the_state_of_its_own(desk: Desk) -> None:
    app, other = desk.folder / "app.cdx.json", desk.sbom({"bash": "4"}, name="other")
    results(desk, 0, str(app))
    both = results(desk, 1, str(app), str(other))
    found = {
        (one["ruleId"], one["message"]["text"].split(" on ")[1].split(":")[0]): one["baselineState"] for one in both
    }
    assert found == {
        ("DEBIAN-CVE-2026-1", "app"): "unchanged",
        ("DEBIAN-CVE-2026-1", "other"): "new",
        ("DEBIAN-CVE-2026-2", "app"): "unchanged",
    }
    only = results(desk, 2, str(other))
    assert states(only) == {"CVE-2026-1": ("fail", "unchanged")}, "nothing is said of what was not looked at"


def test_what_waits_on_assets_that_were_not_looked_at_is_no_result(desk: Desk) -> None:
    other = desk.sbom({"bash": "4"}, name="other")
    results(desk, 0, str(desk.folder / "app.cdx.json"), str(other))
    desk.sbom({"bash": "5", "zlib": "3"}, release="")
    assert len(results(desk, 1, str(desk.folder / "app.cdx.json"))) == 2
    assert states(results(desk, 2, str(other))) == {"CVE-2026-1": ("fail", "unchanged")}


def vex(folder: Path, *names: str) -> Path:
    """A statement that the named vulnerabilities do not apply to bash."""
    file = folder / "vex.json"
    file.write_text(json.dumps({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/1", "author": "Somebody",
        "timestamp": "2026-03-01T00:00:00Z", "version": 1,
        "statements": [{
            "vulnerability": {"name": name}, "products": [{"@id": "pkg:deb/debian/bash"}], "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path",
        } for name in names],
    }), encoding="utf-8")  # fmt: skip
    return file


def test_what_a_statement_suppresses_is_there_and_updated_and_new_again_without_it(desk: Desk) -> None:
    results(desk, 0)
    said = ("--vex", str(vex(desk.folder, "DEBIAN-CVE-2026-1")))
    found = results(desk, 1, *said)
    assert states(found) == {"CVE-2026-1": ("fail", "updated"), "CVE-2026-2": ("fail", "unchanged")}
    assert {one["ruleId"]: len(one["suppressions"]) for one in found} == {
        "DEBIAN-CVE-2026-1": 1,
        "DEBIAN-CVE-2026-2": 0,
    }
    desk.sbom({"bash": "4", "zlib": "3"})
    found = results(desk, 2, *said)
    assert states(found) == {"CVE-2026-1": ("fail", "unchanged"), "CVE-2026-2": ("pass", "absent")}
    assert states(results(desk, 3))["CVE-2026-1"] == ("fail", "new"), "it counts again"


def test_the_page_tells_the_same(desk: Desk) -> None:
    desk.scan(0)
    desk.sbom({"bash": "4.5", "zlib": "3"})
    page = desk.scan(2, form="html")
    assert 'id="since"' in page
    assert "closed (fixed): DEBIAN-CVE-2026-2 in zlib" in page
    assert "first seen: 2026-03-01 (2 d)" in page
