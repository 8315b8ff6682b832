"""``oakum scan --vex``: statements take findings away in the scope that they name, in every form of the answer."""

from __future__ import annotations

import html.parser
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from tests.cli.test_cli_scan import NOW, purl, record, write_feed, write_sbom
from tests.findings.stated import openvex, said

from oakum.cli.main import main

Run = Callable[..., int]
Json = dict[str, Any]
LEFT, RIGHT, MID = "CVE-2025-1001", "CVE-2025-1002", "CVE-2025-1003"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    feeds = write_feed(tmp_path / "feeds", record(1001, "left"), record(1002, "right", None), record(1003, "mid"))
    sbom = write_sbom(tmp_path / "app.cdx.json", ("left", "1.0.0"), ("right", "1.0.0"), ("mid", "1.0.0"))
    return lambda *words: main(["scan", str(sbom), "--feeds", str(feeds), "--now", NOW, *map(str, words)])


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(*statements: Json, name: str = "vex.json", **head: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(openvex(*statements, **head)))
        return path

    return write


@pytest.fixture
def answer(run: Run, tmp_path: Path) -> Callable[..., Json]:
    def answer(*words: object, code: int = 0) -> Json:
        out = tmp_path / "answer.json"
        assert run(*words, "-o", f"json={out}") == code
        found: Json = json.loads(out.read_bytes())
        return found

    return answer


def suppressed(answer: Json) -> list[str]:
    return sorted(one["id"] for one in answer["findings"] if one["suppressed"])


def open_(answer: Json) -> list[str]:
    return sorted(one["id"] for one in answer["findings"] if not one["suppressed"])


def test_a_suppressed_finding_carries_its_statement_and_counts_for_nothing(
    answer: Callable[..., Json], write: Callable[..., Path]
) -> None:
    vex = write(said(purl("left", "1.0.0"), name=LEFT))
    found = answer("--vex", vex)
    assert (suppressed(found), open_(found)) == ([LEFT], [RIGHT, MID])
    (one,) = (each for each in found["findings"] if each["suppressed"])
    assert one["statement"] == {
        "vulnerability": LEFT, "aliases": [], "products": [purl("left", "1.0.0")], "status": "not_affected",
        "justification": "vulnerable_code_not_present", "impact": "", "action": "", "author": "Site Security",
        "time": "2026-01-15T00:00:00Z", "file": str(vex),
    }  # fmt: skip
    assert found["statements"] == {"files": 1, "statements": 1, "unused": []}
    assert one["key"] not in {key for action in found["actions"] for key in action["findings"]}
    assert {"id", "aliases", "package", "decision", "score"} <= one.keys()


def test_without_statements_nothing_is_said_of_them(answer: Callable[..., Json]) -> None:
    found = answer()
    assert "statements" not in found
    assert not any("statement" in one for one in found["findings"])


@pytest.mark.parametrize("version", ["1.0.1", "1.0", "2.0.0"])
def test_trap_20_another_version_is_another_product(
    version: str, answer: Callable[..., Json], write: Callable[..., Path]
) -> None:
    found = answer("--vex", write(said(purl("left", version), name=LEFT)))
    assert suppressed(found) == []
    (unused,) = found["statements"]["unused"]
    assert unused["why"] == "none of its products has this finding"


def test_the_gate_opens_with_the_statement(run: Run, write: Callable[..., Path]) -> None:
    condition = f'id == "{LEFT}"'
    assert run("--fail-on", condition, "-o", "json=/dev/null") == 1
    vex = write(said(purl("left", "1.0.0"), name=LEFT))
    assert run("--fail-on", condition, "--vex", vex, "-o", "json=/dev/null") == 0
    other = write(said(purl("left", "1.0.1"), name=LEFT), name="other.json")
    assert run("--fail-on", condition, "--vex", other, "-o", "json=/dev/null") == 1


def test_the_latest_of_several_files_and_folders_holds(
    answer: Callable[..., Json], write: Callable[..., Path], tmp_path: Path
) -> None:
    old = write(said(purl("left", "1.0.0"), name=LEFT), name="hub/old.json")
    new = said(purl("left", "1.0.0"), name=LEFT, status="affected", action_statement="upgrade", timestamp=NOW)
    write(new, name="hub/new.json")
    assert suppressed(answer("--vex", old)) == [LEFT]
    found = answer("--vex", tmp_path / "hub")
    assert suppressed(found) == []
    assert found["statements"]["files"] == 2
    (one,) = (each for each in found["findings"] if each["id"] == LEFT)
    assert one["statement"]["action"] == "upgrade"
    # As of a day before it was made, the newer one does not count.
    assert suppressed(answer("--vex", tmp_path / "hub", "--as-of", "2026-02-28", "--max-feed-age", "9999d")) == [LEFT]


def test_old_statements_do_not_count_where_the_site_says_so(
    answer: Callable[..., Json], write: Callable[..., Path], run: Run
) -> None:
    vex = write(said(purl("left", "1.0.0"), name=LEFT))
    assert suppressed(answer("--vex", vex, "--vex-max-age", "60d")) == [LEFT]
    found = answer("--vex", vex, "--vex-max-age", "30d")
    assert suppressed(found) == []
    assert [one["why"] for one in found["statements"]["unused"]] == ["it is older than 30 days"]
    assert run("--vex", vex, "--vex-max-age", "old") == 2


def test_what_is_not_understood_is_not_assessable(
    answer: Callable[..., Json], write: Callable[..., Path], tmp_path: Path
) -> None:
    vex = write(said(purl("left", "1.0.0"), name=LEFT), said(purl("mid", "1.0.0"), name=MID, status="harmless"))
    found = answer("--vex", vex, code=3)
    assert suppressed(found) == [LEFT]
    (gap,) = found["not_assessable"]
    assert (gap["kind"], gap["what"]) == ("unreadable-statement", f"{vex}: /statements/1/status")
    assert answer("--vex", vex, "--accept-unassessed", "unreadable-statement")["not_assessable"][0]["accepted"]
    notes = tmp_path / "notes.json"
    notes.write_text("{}")
    assert answer("--vex", notes, code=3)["not_assessable"][0]["why"] == "neither OpenVEX nor CSAF nor CycloneDX"


def test_a_file_that_is_not_there_is_an_error(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("nowhere.json", "empty"):
        assert run("--vex", tmp_path / name) == 2
        assert "VEX" in capsys.readouterr().err or name == "empty"


def test_a_baseline_knows_no_suppressed_finding(
    answer: Callable[..., Json], write: Callable[..., Path], tmp_path: Path
) -> None:
    vex = write(said(purl("left", "1.0.0"), name=LEFT))
    before = tmp_path / "before.json"
    before.write_text(json.dumps(answer("--vex", vex)))
    assert open_(answer("--baseline", before)) == [LEFT]
    assert open_(answer("--baseline", before, "--vex", vex)) == []


def test_the_table_says_how_many_and_with_v_which(
    run: Run, write: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    vex = write(
        said(purl("left", "1.0.0"), name=LEFT),
        said(purl("mid", "1.0.0"), name=MID, status="affected", action_statement="turn it off"),
        said(purl("rihgt", "1.0.0"), name=RIGHT),
    )
    assert run("--vex", vex) == 0
    text = capsys.readouterr().out
    assert "2 findings:" in text
    assert "STATEMENTS (3 in 1 file)\n1 finding suppressed; -v or -o json shows which\n" in text
    assert "Do: turn it off" in " ".join(text.split())
    assert "1 concern no finding here; -v or -o json shows which" in text
    assert LEFT not in text
    assert run("--vex", vex, "-v") == 0
    text = " ".join(capsys.readouterr().out.split())
    assert f"- {LEFT} in left 1.0.0: not affected, vulnerable code not present (Site Security, 2026-01-15)" in text
    assert f"- {RIGHT} in pkg:npm/rihgt@1.0.0: none of its products has this finding (" in text


def test_every_form_tells_of_a_suppression(run: Run, write: Callable[..., Path], tmp_path: Path) -> None:
    vex = write(said(purl("left", "1.0.0"), name=LEFT, impact_statement="<b>never</b> called"))
    forms = ("json", "sarif", "cyclonedx", "html")
    assert run("--vex", vex, "-o", ",".join(f"{form}={tmp_path / form}" for form in forms)) == 0
    results = json.loads((tmp_path / "sarif").read_bytes())["runs"][0]["results"]
    kinds = {one["ruleId"]: [each["kind"] for each in one.get("suppressions", ())] for one in results}
    assert kinds == {LEFT: ["external"], RIGHT: [], MID: []}
    text = (tmp_path / "cyclonedx").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    analyses = {one["id"]: one.get("analysis") for one in json.loads(text)["vulnerabilities"]}
    assert analyses[LEFT]["state"] == "not_affected"
    assert analyses[LEFT]["justification"] == "code_not_present"
    assert analyses[RIGHT] is None
    page = (tmp_path / "html").read_text()
    html.parser.HTMLParser().feed(page)
    section = page.partition('<h2 id="stated">')[2].partition("</section>")[0]
    assert LEFT in section
    assert "&lt;b&gt;never&lt;/b&gt; called" in section
    assert 'href="#stated"' in page
    assert LEFT not in page.partition('<h2 id="findings">')[2].partition("</section>")[0]
    assert main(["scan", "--schema"]) == 0


def test_the_answer_keeps_its_schema(
    answer: Callable[..., Json], write: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    found = answer("--vex", write(said(purl("left", "1.0.0"), name=LEFT), said("pkg:npm/x", name=MID)))
    capsys.readouterr()
    assert main(["scan", "--schema"]) == 0
    jsonschema.Draft202012Validator(json.loads(capsys.readouterr().out)).validate(found)


def test_what_we_write_as_cyclonedx_suppresses_nothing_elsewhere(
    run: Run, answer: Callable[..., Json], write: Callable[..., Path], tmp_path: Path
) -> None:
    assert run("--vex", write(said(purl("left", "1.0.0"), name=LEFT)), "-o", f"cyclonedx={tmp_path / 'out.json'}") == 0
    assert suppressed(answer("--vex", tmp_path / "out.json")) == []


# OpenVEX of our own


def test_our_own_statements_pass_the_lint_and_suppress_nothing(
    run: Run, answer: Callable[..., Json], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.vex.json"
    assert run("-o", f"openvex={out}", "--vex-author", "Site Security <psirt@example.com>") == 0
    assert main(["vex", "lint", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}: OpenVEX 0.2.0, valid\n"
    document = json.loads(out.read_bytes())
    assert (document["author"], document["timestamp"]) == ("Site Security <psirt@example.com>", NOW)
    assert {one["vulnerability"]["name"]: one["status"] for one in document["statements"]} == {
        LEFT: "affected", RIGHT: "affected", MID: "affected",
    }  # fmt: skip
    assert document["statements"][0]["action_statement"] == "Upgrade to 2.0.0"
    again = tmp_path / "again.vex.json"
    assert run("-o", f"openvex={again}", "--vex-author", "Site Security <psirt@example.com>") == 0
    assert out.read_bytes() == again.read_bytes()
    found = answer("--vex", out)
    assert (suppressed(found), found["statements"]["unused"]) == ([], [])


def test_what_others_state_is_not_stated_again_as_ours(run: Run, write: Callable[..., Path], tmp_path: Path) -> None:
    vex = write(*(said(purl(name, "1.0.0"), name=each) for name, each in (("left", LEFT), ("mid", MID))))
    out = tmp_path / "out.json"
    assert run("--vex", vex, "-o", f"openvex={out}") == 0
    assert [one["vulnerability"]["name"] for one in json.loads(out.read_bytes())["statements"]] == [RIGHT]


def test_where_nothing_can_be_stated_no_document_is_written(
    run: Run, write: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = (("left", LEFT), ("right", RIGHT), ("mid", MID))
    vex = write(*(said(purl(name, "1.0.0"), name=each) for name, each in names))
    assert run("--vex", vex, "-o", f"openvex={tmp_path / 'out.json'}") == 0
    assert not (tmp_path / "out.json").exists()
    assert "there is nothing to state" in capsys.readouterr().err
