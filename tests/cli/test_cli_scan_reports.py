"""``oakum scan REPORT``: what another scanner lists, judged by our sources, with its own findings beside."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.test_cli_scan import NOW, purl, record, write_feed
from tests.findings.foreign import grype, matching, trivy, vulnerability

from oakum.cli.main import main

Json = dict[str, Any]
Scan = Callable[..., Json]


def listed(name: str, version: str) -> Json:
    """A package in Trivy's list."""
    return {"Name": name, "Version": version, "Identifier": {"PURL": purl(name, version)}}


def whole(*packages: Json, found: tuple[Json, ...] = ()) -> Json:
    """A report of Trivy with its list of packages."""
    document = trivy(*found, kind="npm")
    document["Results"][0]["Packages"] = list(packages)
    return document


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    feeds = write_feed(tmp_path / "feeds", record(1001, "left"), record(1003, "mid"))

    def run(document: Json, *words: object, code: int, form: str = "json") -> Json:
        report, out = tmp_path / "report.json", tmp_path / "answer"
        report.write_text(json.dumps(document))
        options = ["--feeds", str(feeds), "--now", NOW, "-o", f"{form}={out}", *map(str, words)]
        assert main(["scan", str(report), *options]) == code
        return json.loads(out.read_bytes()) if form == "json" else {"text": out.read_text()}

    return run


def ids(answer: Json) -> list[str]:
    return [one["id"] for one in answer["findings"]]


def test_what_a_report_lists_is_judged_by_our_sources_and_theirs_stands_beside(scan: Scan) -> None:
    theirs = vulnerability("CVE-2025-9", purl("right", "1.0.0"), "1.0.0", "2.0.0")
    document = whole(listed("left", "1.0.0"), listed("mid", "2.0.0"), listed("right", "1.0.0"), found=(theirs,))
    answer = scan(document, code=0)
    assert ids(answer) == ["CVE-2025-1001"]
    assert answer["assets"][0]["packages"] == 3
    assert answer["assets"][0]["source"] == "report of Trivy 0.69.1"
    assert not answer["not_assessable"]
    (beside,) = answer["comparisons"]
    assert beside["fit"] in ("same", "fits")
    assert {row["id"]: row["kind"] for row in beside["rows"]} == {"CVE-2025-1001": "ours", "CVE-2025-9": "theirs"}


def test_nobody_asked_whether_they_agree_unless_it_is_asked(scan: Scan, tmp_path: Path) -> None:
    document = whole(listed("left", "1.0.0"))
    assert scan(document, code=0)["comparisons"][0]["rows"][0]["kind"] == "ours"
    answer = scan(document, "--compare", tmp_path / "report.json", code=1)
    assert len(answer["comparisons"]) == 1, "it is shown once"
    scan(document, "--fail-on", "true", code=1)


def test_a_report_of_matches_is_never_clean(scan: Scan) -> None:
    one = matching("CVE-2025-1003", purl("mid", "3.0.0"), "3.0.0", "4.0.0")
    answer = scan(grype(one), code=3)
    assert ids(answer) == []
    (gap,) = answer["not_assessable"]
    assert gap["what"] == "packages in which Grype found nothing"
    assert "nothing is known" in gap["why"]
    scan(grype(one), "--accept-unassessed", "incomplete-inventory", code=0)
    assert ids(scan(grype(matching("CVE-2025-1001", purl("left", "1.0.0"), "1.0.0")), code=3)) == ["CVE-2025-1001"]
    assert not scan(grype(), code=3)["findings"]


def test_what_could_not_be_taken_is_a_gap_and_not_another_target(
    scan: Scan, capsys: pytest.CaptureFixture[str]
) -> None:
    deb = "pkg:deb/debian/libssl3@1?arch=amd64&distro=debian-12"
    answer = scan(trivy(vulnerability("CVE-2025-9", deb, "1"), os=("debian", "12.4")), code=3)
    assert answer["assets"][0]["packages"] == 0
    assert "comparisons" not in answer
    assert "another target" not in capsys.readouterr().err
    assert any("without the source packages" in gap["why"] for gap in answer["not_assessable"])


def test_a_history_does_not_take_what_a_report_leaves_out_for_removed(scan: Scan, tmp_path: Path) -> None:
    history = ("--history", tmp_path / "history.sqlite")
    scan(whole(listed("left", "1.0.0")), *history, code=0)
    one = matching("CVE-2025-1003", purl("mid", "3.0.0"), "3.0.0")
    answer = scan({**grype(one), "source": {"type": "directory", "target": "app"}}, *history, code=3)
    assert [(event["kind"], event["id"]) for event in answer["history"]["events"]] == [
        ("not-assessable", "CVE-2025-1001")
    ]


@pytest.mark.parametrize("form", ["html", "table", "sarif", "cyclonedx"])
def test_every_form_is_written(scan: Scan, form: str) -> None:
    assert "left" in scan(whole(listed("left", "1.0.0")), code=0, form=form)["text"]
