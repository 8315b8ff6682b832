"""``oakum scan --compare``: other scanners' reports beside ours, in the table and in JSON, with their exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from tests.cli.test_cli_scan import HOSTILE_NAME, NOW, purl, record, write_feed, write_sbom
from tests.findings.foreign import grype, matching, trivy, vulnerability

from oakum.cli.main import main
from oakum.reports.answer import Answer

Run = Callable[..., int]
Json = dict[str, Any]
LEFT, MID = "CVE-2025-1001", "CVE-2025-1003"
HIGH = "Critical"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    feeds = write_feed(tmp_path / "feeds", record(1001, "left"), record(1003, "mid", "1.0.0"))
    sbom = write_sbom(tmp_path / "app.cdx.json", ("left", "1.0.0"), ("mid", "1.0.0"))
    return lambda *words: main(["scan", str(sbom), "--feeds", str(feeds), "--now", NOW, *map(str, words)])


@pytest.fixture
def report(tmp_path: Path) -> Callable[..., Path]:
    def write(document: Json, name: str = "report.json") -> Path:
        path = tmp_path / name
        path.write_text(json.dumps(document))
        return path

    return write


def match(number: int, name: str, version: str = "1.0.0", *fixed: str, severity: str = HIGH) -> Json:
    return matching(f"CVE-2025-{number}", purl(name, version), version, *fixed, severity=severity)


AGREED = grype(match(1001, "left", "1.0.0", "2.0.0"))
ALONE = grype(match(1001, "left", "1.0.0", "2.0.0"), match(1003, "mid"))
OTHER = grype(match(1001, "left", "9.0.0", "10.0.0"))


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (AGREED, 0),
        (ALONE, 1),
        (grype(match(1001, "left", "1.0.0", "1.5.0")), 1),
        (grype(), 1),
        (OTHER, 3),
        ({"runs": []}, 2),
    ],
    ids=["agreed", "they alone", "another fix", "we alone", "another target", "no report"],
)
def test_the_exit_code_is_that_of_the_contract(
    run: Run, report: Callable[..., Path], document: Json, code: int
) -> None:
    assert run("--compare", report(document)) == code


def test_bad_input_comes_before_a_mismatch_and_a_mismatch_before_another_target(
    run: Run, report: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone, other = report(ALONE, "alone.json"), report(OTHER, "other.json")
    assert run("--compare", alone, "--compare", other) == 1
    assert f"oakum scan: {other}: this report is about another target" in capsys.readouterr().err
    assert run("--compare", alone, "--compare", tmp_path / "none.json") == 2
    error = capsys.readouterr().err
    assert "No such file" in error
    assert "name a report of Trivy or Grype" in error
    assert run("--compare", other, tmp_path / "no-target") == 2


def test_the_table_shows_what_differs_with_the_rule(
    run: Run, report: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    file = report(ALONE)
    assert run("--compare", file) == 1
    shown = capsys.readouterr().out
    flat = " ".join(shown.split())
    # A path that is longer than the line is folded.
    assert f"COMPAREDWITHGrype0.98.0({file},of2026-02-24)" in flat.replace(" ", "")
    assert "what it names is here" in flat
    assert "0 said differently, 1 said by them alone, 0 said by us alone" in flat
    assert f"- {MID} in mid 1.0.0: [fix-installed] {MID} (npm): fixed in 1.0.0, and 1.0.0 is installed" in flat
    assert f"- {LEFT} in left 1.0.0" not in flat, "what agrees is counted, and listed only with -v"
    assert run("--compare", file, "-v") == 1
    assert f"- {LEFT} in left 1.0.0" in " ".join(capsys.readouterr().out.split())


def test_the_table_shows_both_sides_of_a_difference(
    run: Run, report: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    one = vulnerability(LEFT, purl("left", "1.0.0"), "1.0.0", "1.5.0", "LOW", SeveritySource="nvd")
    assert run("--compare", report(trivy(one, kind="npm"))) == 1
    flat = " ".join(capsys.readouterr().out.split())
    assert f"{LEFT} in left 1.0.0: fix: ours 2.0.0, theirs 1.5.0 [vendor-fix] {LEFT} (npm): fixed in 2.0.0" in flat
    assert f"{LEFT} in left 1.0.0: severity: ours critical, theirs low [severity]" in flat


def test_a_report_of_another_target_is_said_and_not_spelled_out(
    run: Run, report: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--compare", report(OTHER)) == 3
    shown = capsys.readouterr().out
    flat = " ".join(shown.split())
    assert "IT IS ABOUT ANOTHER TARGET" in flat
    assert "1 package that it names stand here at other versions: left 9.0.0 (here 1.0.0)" in flat
    assert "[other-version]" not in flat


def test_the_json_answer_holds_both_sides(run: Run, report: Callable[..., Path], tmp_path: Path) -> None:
    out = tmp_path / "answer.json"
    file = report(ALONE)
    assert run("--compare", file, "-o", f"json={out}") == 1
    answer = json.loads(out.read_bytes())
    jsonschema.validate(answer, msgspec.json.schema(Answer))
    (one,) = answer["comparisons"]
    assert (one["file"], one["tool"], one["fit"], one["built"]) == (str(file), "Grype 0.98.0", "fits", "2026-02-24")
    assert one["asset"] == answer["assets"][0]["key"]
    theirs, agreed = one["rows"]
    assert (theirs["kind"], theirs["id"], theirs["rule"], theirs["finding"]) == ("theirs", MID, "fix-installed", "")
    assert (agreed["kind"], agreed["finding"]) == ("agreed", answer["findings"][0]["key"])
    assert agreed["theirs"][0]["fixes"] == ["2.0.0"]
    assert run("-o", f"json={out}") == 0
    assert "comparisons" not in json.loads(out.read_bytes())


def test_a_report_changes_nothing_of_our_answer(run: Run, report: Callable[..., Path], tmp_path: Path) -> None:
    plain, beside = tmp_path / "plain.json", tmp_path / "beside.json"
    run("-o", f"json={plain}")
    run("--compare", report(ALONE), "-o", f"json={beside}")
    with_report = json.loads(beside.read_bytes())
    del with_report["comparisons"]
    assert with_report == json.loads(plain.read_bytes())


def test_a_baseline_hides_findings_and_no_agreement(run: Run, report: Callable[..., Path], tmp_path: Path) -> None:
    earlier, later = tmp_path / "earlier.json", tmp_path / "later.json"
    assert run("-o", f"json={earlier}") == 0
    assert run("--baseline", earlier, "--compare", report(AGREED), "-o", f"json={later}") == 0
    answer = json.loads(later.read_bytes())
    assert answer["findings"] == []
    assert [row["kind"] for row in answer["comparisons"][0]["rows"]] == ["agreed"]


def test_a_condition_that_holds_is_1_whatever_a_report_is_about(run: Run, report: Callable[..., Path]) -> None:
    assert run("--compare", report(AGREED), "--fail-on", "true") == 1
    assert run("--compare", report(OTHER), "--fail-on", "true") == 1


def test_hostile_words_of_a_report_do_not_reach_the_terminal(
    run: Run, report: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    one = match(1009, "left") | {}
    one["artifact"] |= {"name": HOSTILE_NAME, "version": "1\x1b]0;owned\x07", "purl": ""}
    document = grype(match(1001, "left", "1.0.0", "2.0.0"), one)
    document["source"]["target"]["userInput"] = "app\x1b[31m\u202e"
    document["descriptor"]["version"] = "9.9\x1b[31m"
    assert run("--compare", report(document, "re\x1bport.json"), "-v") == 0
    streams = capsys.readouterr()
    for text in (streams.out, streams.err):
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\u202e" not in text
    assert "unknown-package" in streams.out


def test_an_sbom_named_as_report_says_what_to_do(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    assert run("--compare", tmp_path / "app.cdx.json") == 2
    assert "name it as the target" in capsys.readouterr().err
