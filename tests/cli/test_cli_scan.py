"""``oakum scan``: exit codes, gates and every form of the answer."""

from __future__ import annotations

import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from oakum.cli.main import main

NOW = "2026-03-01T12:00:00Z"
HOSTILE_NAME = "ev<script>alert(1)</script>il\"'&\x1b[31m\u202e"
HOSTILE_TEXT = "</script><script src=//h.example/x.js></script><img src=x onerror=alert(1)>\x1b]0;owned\x07 & {{7*7}}"
Run = Callable[..., int]


def record(number: int, package: str, fixed: str | None = "2.0.0", **more: Any) -> dict[str, Any]:
    events = [{"introduced": "0"}, *([{"fixed": fixed}] if fixed else [])]
    return {
        "id": f"CVE-2025-{number}",
        "summary": f"A flaw in {package}",
        "modified": "2026-02-28T12:00:00Z",
        "published": "2026-01-01T00:00:00Z",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected": [
            {"package": {"ecosystem": "npm", "name": package}, "ranges": [{"type": "SEMVER", "events": events}]}
        ],
        **more,
    }


def purl(name: str, version: str) -> str:
    quoted = "".join(
        letter if letter.isalnum() else "".join(f"%{byte:02X}" for byte in letter.encode()) for letter in name
    )
    return f"pkg:npm/{quoted}@{version}"


def write_sbom(path: Path, *packages: tuple[str, str], extra: tuple[dict[str, Any], ...] = ()) -> Path:
    components = [
        {"type": "library", "name": name, "version": version, "purl": purl(name, version)} for name, version in packages
    ]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": path.stem}},
        "components": [*components, *extra],
    }
    path.write_text(json.dumps(document))
    return path


def write_feed(folder: Path, *records: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    (folder / "npm.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    return folder


@pytest.fixture
def feeds(tmp_path: Path) -> Path:
    return write_feed(tmp_path / "feeds", record(1001, "left"), record(1002, "right", None), record(1003, HOSTILE_NAME))


@pytest.fixture
def sbom(tmp_path: Path) -> Path:
    """Two affected packages, and one that has its fix."""
    return write_sbom(tmp_path / "app.cdx.json", ("left", "1.0.0"), ("right", "1.0.0"), (HOSTILE_NAME, "3.0.0"))


@pytest.fixture
def run(feeds: Path) -> Run:
    return lambda *words: main(["scan", "--feeds", str(feeds), "--now", NOW, *map(str, words)])


def answer_of(run: Run, out: Path, *words: object, code: int = 0) -> dict[str, Any]:
    assert run(*words, "-o", f"json={out}") == code
    answer: dict[str, Any] = json.loads(out.read_bytes())
    return answer


def ids(answer: dict[str, Any]) -> list[str]:
    return sorted(one["id"] for one in answer["findings"])


# The forms


def test_the_json_form_keeps_its_contract_and_its_schema(
    run: Run, sbom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = answer_of(run, tmp_path / "a.json", sbom)
    assert main(["scan", "--schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(answer)
    assert ids(answer) == ["CVE-2025-1001", "CVE-2025-1002"]
    for finding in answer["findings"]:
        assert {"id", "aliases", "package"} <= finding.keys()
        assert {"name", "version", "purl"} <= finding["package"].keys()
        assert finding["package"]["purl"] == purl(finding["package"]["name"], finding["package"]["version"])
    assert answer["not_assessable"] == []


def test_equal_input_gives_equal_bytes(run: Run, sbom: Path, tmp_path: Path) -> None:
    for form in ("json", "sarif", "cyclonedx", "html", "table"):
        one, two = tmp_path / "one", tmp_path / "two"
        assert run(sbom, "-o", f"{form}={one}") == run(sbom, "-o", f"{form}={two}") == 0
        assert one.read_bytes() == two.read_bytes()


def test_several_forms_at_once(run: Run, sbom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = [f"{form}={tmp_path / form}" for form in ("json", "sarif", "cyclonedx", "html")]
    assert run(sbom, "-o", ",".join(["table", *named])) == 0
    assert "CVE-2025-1001" in capsys.readouterr().out
    assert ids(json.loads((tmp_path / "json").read_bytes())) == ["CVE-2025-1001", "CVE-2025-1002"]
    assert len(json.loads((tmp_path / "sarif").read_bytes())["runs"][0]["results"]) == 2
    assert len(json.loads((tmp_path / "cyclonedx").read_bytes())["vulnerabilities"]) == 2
    assert b"CVE-2025-1002" in (tmp_path / "html").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "app.cdx.json", "cyclonedx", "html", "json", "sarif",
    ]  # fmt: skip


@pytest.mark.parametrize("given", ["json,table", "xml", "json=/nowhere/at/all.json", ""])
def test_outputs_that_cannot_be_written_end_with_2(
    given: str, run: Run, sbom: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(run, sbom, "-o", given) == 2
    assert "(" in capsys.readouterr().err


def refused(run: Run, *words: object) -> int:
    """The exit code, whether the argument parser or the command refuses."""
    try:
        return run(*words)
    except SystemExit as end:
        assert isinstance(end.code, int)
        return end.code


def test_the_table_says_what_first_what_not_and_how_old(
    run: Run, sbom: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(sbom) == 0
    text = capsys.readouterr().out
    assert text.index("WHAT TO DO FIRST") < text.index("MOST URGENT FINDINGS") < text.index("SOURCES")
    assert re.search(r"\b(24 hours|1(\.0)? days?)\b", text[text.index("SOURCES") :]), "how old the source is"
    assert max(map(len, text.splitlines())) <= 100


def test_hostile_text_never_reaches_the_terminal_as_controls(
    feeds: Path, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_feed(feeds, record(1003, HOSTILE_NAME, summary=HOSTILE_TEXT))
    sbom = write_sbom(tmp_path / "app.cdx.json", (HOSTILE_NAME, "1.0.0"))
    run(sbom, "--fail-on", "true")
    said = capsys.readouterr()
    assert "CVE-2025-1003" in said.out
    for text in (said.out, said.err):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


@pytest.fixture(scope="session")
def sarif_schema() -> dict[str, Any]:
    """The schema of SARIF 2.1.0 as its vendor packs it, fetched once into the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "oakum-tests"
    file = cache / "sarif-2.1.0-rtm.5.json"
    if not file.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("npm is not installed (Debian package npm): no SARIF schema")
        cache.mkdir(parents=True, exist_ok=True)
        command = [npm, "pack", "--silent", "@microsoft/jest-sarif", "--pack-destination", str(cache)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=cache)
        if done.returncode != 0:
            pytest.skip(f"npm could not fetch the SARIF schema: {done.stderr.strip()[-200:]}")
        with tarfile.open(cache / done.stdout.split()[-1]) as packed:
            member = packed.extractfile(f"package/lib/schemas/{file.name}")
            assert member is not None
            file.write_bytes(member.read())
    schema: dict[str, Any] = json.loads(file.read_bytes())
    return schema


def test_sarif_is_valid_and_its_results_are_recognised_again(
    run: Run, feeds: Path, sbom: Path, tmp_path: Path, sarif_schema: dict[str, Any]
) -> None:
    write_feed(feeds, record(1001, "left", summary=HOSTILE_TEXT), record(1003, HOSTILE_NAME))
    write_sbom(sbom, ("left", "1.0.0"), (HOSTILE_NAME, "1.0.0"), extra=(unknown_component(),))
    assert run(sbom, "-o", f"sarif={tmp_path / 's'}") == 3
    log = json.loads((tmp_path / "s").read_bytes())
    validator = jsonschema.validators.validator_for(sarif_schema)
    validator(sarif_schema, format_checker=validator.FORMAT_CHECKER).validate(log)
    (one,) = log["runs"]
    rules = [rule["id"] for rule in one["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules)) == 2
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in one["results"])
    prints = [tuple(result["partialFingerprints"].values()) for result in one["results"]]
    assert len(set(prints)) == len(prints) == 2
    notes = [each["message"]["text"] for each in one["invocations"][0]["toolExecutionNotifications"]]
    assert len(notes) == 1
    assert "quux" in notes[0]


def unknown_component() -> dict[str, Any]:
    return {"type": "library", "name": "x", "version": "1", "purl": "pkg:quux/x@1"}


def test_cyclonedx_is_valid(run: Run, feeds: Path, sbom: Path, tmp_path: Path) -> None:
    write_feed(feeds, record(1001, "left", summary=HOSTILE_TEXT), record(1002, "right"), record(1003, HOSTILE_NAME))
    write_sbom(sbom, ("left", "1.0.0"), ("left", "1.1.0"), ("right", "1.0.0"), (HOSTILE_NAME, "1.0.0"))
    assert run(sbom, sbom, "-o", f"cyclonedx={tmp_path / 'c'}") == 0
    text = (tmp_path / "c").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    document = json.loads(text)
    refs = {component["bom-ref"] for component in document["components"]}
    targets = [target["ref"] for one in document["vulnerabilities"] for target in one["affects"]]
    assert set(targets) <= refs
    # The same package at two versions is two findings.
    assert sum(one["id"] == "CVE-2025-1001" for one in document["vulnerabilities"]) in (1, 2)
    assert len(set(targets)) >= 4


class _Page(html.parser.HTMLParser):
    """What a page consists of: tags, attributes, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def page(run: Run, feeds: Path, sbom: Path, tmp_path: Path) -> Path:
    """The page about hostile names and texts."""
    write_feed(feeds, record(1001, "left", summary=HOSTILE_TEXT), record(1003, HOSTILE_NAME, summary=HOSTILE_TEXT))
    write_sbom(sbom, ("left", "1.0.0"), (HOSTILE_NAME, "1.0.0"), extra=(unknown_component(),))
    out = tmp_path / "report.html"
    assert run(sbom, "-o", f"html={out}") == 3
    return out


def test_html_holds_no_script_no_external_resource_and_no_markup_from_outside(page: Path) -> None:
    source = page.read_text(encoding="utf-8")
    parsed = _Page()
    parsed.feed(source)
    assert not parsed.tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "svg", "video"}
    for name, value in parsed.attributes:
        assert not name.startswith("on"), name
        assert name not in ("src", "srcset", "background", "action", "formaction")
        if name == "href":
            assert value.startswith("#")
    assert not re.search(r"@import|url\(", source)
    assert "<script>alert(1)</script>" in parsed.text
    assert "<img src=x onerror=alert(1)>" in parsed.text
    assert "{{7*7}}" in parsed.text


def test_html_opens_from_disk(page: Path, tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed (Debian package chromium)")
    flags = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1280,1600",
    ]  # fmt: skip
    picture = tmp_path / "page.png"
    shot = [chromium, *flags, f"--screenshot={picture}", page.as_uri()]
    subprocess.run(shot, capture_output=True, timeout=120, check=True)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 10_000
    dump = [chromium, *flags, "--dump-dom", page.as_uri()]
    dom = subprocess.run(dump, capture_output=True, timeout=120, check=True).stdout.decode()
    assert "CVE-2025-1001" in dom
    assert "<script" not in dom


# Gates and exit codes


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        # No catalogue of exploited vulnerabilities is imported here.
        ("kev", 1),
        ("has_kev && kev", 0),
        ("false", 0),
        ('id == "CVE-2025-1001"', 1),
        ('severity == "critical" && fix_state == "none"', 1),
        ("score > 1000.0", 0),
        # Nobody gave an EPSS score: what cannot be answered holds the gate shut.
        ("epss > 0.5", 1),
        ("has_epss && epss > 0.5", 0),
        ("1 / 0 == 1", 1),
        # Bad conditions are wrong use, whatever there is to find.
        ("kev &&", 2),
        ("no_such_variable", 2),
        ("score", 2),
        ('score > "high"', 2),
    ],
)
def test_fail_on(condition: str, code: int, run: Run, sbom: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(sbom, "--fail-on", condition) == code
    said = capsys.readouterr()
    assert bool(said.err) == (code > 0)
    if code == 2:
        assert "--fail-on" in said.err
    else:
        assert "CVE-2025-1001" in said.out


def test_targets_and_options_stand_in_any_order(run: Run, sbom: Path, tmp_path: Path) -> None:
    other = write_sbom(tmp_path / "other.cdx.json", ("left", "9.0.0"))
    assert run(sbom, "--fail-on", "false", other) == 0


def test_a_bad_condition_is_wrong_use_even_where_nothing_is_found(run: Run, tmp_path: Path) -> None:
    clean = write_sbom(tmp_path / "clean.cdx.json", ("left", "9.0.0"))
    assert run(clean, "--fail-on", "kev &&") == 2
    assert run(clean, "--fail-on", "kev") == 0


def test_the_gate_goes_before_what_is_not_assessable_and_bad_input_before_both(
    run: Run, sbom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_sbom(sbom, ("left", "1.0.0"), extra=(unknown_component(),))
    (tmp_path / "broken.json").write_text('{"bomFormat": "CycloneDX", "specVersion"')
    assert run(sbom) == 3
    assert run(sbom, "--fail-on", "true") == 1
    assert run(sbom, tmp_path / "broken.json", "--fail-on", "true") == 2
    capsys.readouterr()


def test_an_unreadable_target_spoils_only_itself(
    run: Run, sbom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.json").write_text('{"bomFormat": "CycloneDX", "specVersion"')
    (tmp_path / "empty.json").write_bytes(b"")
    (tmp_path / "latin.json").write_bytes('{"bomFormat": "CycloneDX", "name": "é"}'.encode("latin-1"))
    (tmp_path / "deep.json").write_text('{"bomFormat":' * 50_000)
    bad = [tmp_path / name for name in ("broken.json", "empty.json", "latin.json", "deep.json", "absent.json")]
    answer = answer_of(run, tmp_path / "a.json", bad[0], bad[1], sbom, *bad[2:], code=2)
    assert ids(answer) == ["CVE-2025-1001", "CVE-2025-1002"]
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(bad)
    for path, line in zip(bad, lines, strict=True):
        assert path.name in line
        assert line.endswith(")"), "a remedy"
    assert main(["scan", str(bad[0]), "--now", NOW]) == 2


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("c.yaml", "assets:\n  - name: '*'\n    tier: 9\n", 3),
        ("c.yaml", "assets:\n  - name: '*'\n    tier: 1\n    tier: 2\n", 4),
        ("c.yaml", "assets:\n  - name: '*'\n    tear: 1\n", 3),
        ("c.yaml", "assets: [\n", None),
        ("c.yaml", "rules: []\n", None),
        ("c.csv", "name,tier\n*,1\nweb-*,9\n", 3),
        ("c.csv", "name,tier\n*,1,2\n", 2),
        ("c.csv", "", None),
    ],
)
def test_a_bad_context_file_ends_with_2_and_says_where(
    name: str, content: str, line: int | None, run: Run, sbom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text(content)
    assert run(sbom, "--context", tmp_path / name) == 2
    said = capsys.readouterr()
    assert f"{name}:{line}" in said.err if line else name in said.err
    assert said.err.rstrip().endswith(")"), "a remedy"
    assert not said.out


def test_context_decides_and_defaults_are_marked(run: Run, sbom: Path, tmp_path: Path) -> None:
    context = tmp_path / "c.yaml"
    context.write_text("assets:\n  - name: '*'\n    public_exposure: no\n    owner: operations\n")
    plain = answer_of(run, tmp_path / "a.json", sbom)
    told = answer_of(run, tmp_path / "a.json", sbom, "--context", context)

    def exposure(answer: dict[str, Any]) -> list[tuple[str, bool]]:
        inputs = answer["findings"][0]["decision"]["inputs"]
        return [(each["value"], each["default"]) for each in inputs if each["key"] == "publicly_exposed"]

    assert exposure(plain) == [("yes", True)]
    assert exposure(told) == [("no", False)]
    assert told["assets"][0]["context"]["owner"]["value"] == "operations"


def test_trap_20_a_baseline_shows_only_what_is_new(run: Run, feeds: Path, sbom: Path, tmp_path: Path) -> None:
    first = tmp_path / "first.json"
    assert ids(answer_of(run, first, sbom)) == ["CVE-2025-1001", "CVE-2025-1002"]
    assert ids(answer_of(run, tmp_path / "same.json", sbom, "--baseline", first)) == []
    # Another text, another severity, another fix, other times and another alias: the same finding.
    changed = record(1001, "left", "2.5.0", summary="Other words", severity=[], modified="2026-02-28T13:00:00Z")
    changed["aliases"] = ["GHSA-aaaa-bbbb-cccc"]
    write_feed(feeds, changed, record(1002, "right", None), record(1004, "right", "1.5.0"))
    answer = answer_of(run, tmp_path / "second.json", sbom, "--baseline", first)
    assert ids(answer) == ["CVE-2025-1004"]
    assert answer["baseline"] == str(first)
    # Another place is no other finding; another version of the package is one.
    write_sbom(tmp_path / "copy.cdx.json", ("left", "1.0.0"), ("right", "1.1.0"))
    moved = answer_of(run, tmp_path / "third.json", tmp_path / "copy.cdx.json", "--baseline", first)
    assert ids(moved) == ["CVE-2025-1002", "CVE-2025-1004"]
    # The gate looks at what is new.
    assert run(sbom, "--baseline", tmp_path / "second.json", "--fail-on", "id == 'CVE-2025-1004'") == 0
    assert run(sbom, "--baseline", first, "--fail-on", "id == 'CVE-2025-1004'") == 1


@pytest.mark.parametrize("content", ["", "{", "[]", '{"findings": [{"id": "x"}]}', "[" * 100_000])
def test_a_baseline_that_is_no_answer_ends_with_2(
    content: str, run: Run, sbom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "base.json").write_text(content)
    assert run(sbom, "--baseline", tmp_path / "base.json") == 2
    assert "base.json" in capsys.readouterr().err
    assert run(sbom, "--baseline", tmp_path / "absent.json") == 2


def test_beyond_the_allowed_age_not_affected_is_no_answer(run: Run, sbom: Path, tmp_path: Path) -> None:
    assert answer_of(run, tmp_path / "a.json", sbom, "--max-feed-age", "7d")["not_assessable"] == []
    stale = answer_of(run, tmp_path / "a.json", sbom, "--max-feed-age", "12h", code=3)
    # What is affected stays affected, however old the source.
    assert ids(stale) == ["CVE-2025-1001", "CVE-2025-1002"]
    assert [gap["kind"] for gap in stale["not_assessable"]] == ["stale-feed"]


@pytest.mark.parametrize("age", ["7", "d", "-1d", "7y", "nan d", "infd", "1e99d"])
def test_an_age_that_is_none_is_wrong_use(age: str, run: Run, sbom: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(run, sbom, f"--max-feed-age={age}") == 2
    assert "--max-feed-age" in capsys.readouterr().err


def test_gaps_that_are_accepted_stay_on_the_list(
    run: Run, sbom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_sbom(sbom, ("left", "1.0.0"), extra=(unknown_component(),))
    open_ = answer_of(run, tmp_path / "a.json", sbom, code=3)
    (gap,) = open_["not_assessable"]
    accepted = answer_of(run, tmp_path / "a.json", sbom, "--accept-unassessed", gap["kind"])
    assert accepted["not_assessable"] == [{**gap, "accepted": True}]
    assert run(sbom, "--accept-unassessed", gap["kind"]) == 0
    assert gap["what"] in " ".join(capsys.readouterr().out.split())
    assert answer_of(run, tmp_path / "a.json", sbom, "--accept-unassessed", "stale-feed", code=3) == open_
    assert refused(run, sbom, "--accept-unassessed", "everything") == 2


@pytest.mark.parametrize(
    "words", [("--as-of", "yesterday"), ("--now", "soon"), ("--table", "mine"), ("--feeds", "/no")]
)
def test_wrong_use_ends_with_2(
    words: tuple[str, str], run: Run, sbom: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(run, sbom, *words) == 2
    assert words[1] in capsys.readouterr().err


def test_nothing_to_scan_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan"]) == 2
    assert "oakum scan host" in capsys.readouterr().err


@pytest.fixture
def command(feeds: Path, sbom: Path) -> Iterator[list[str]]:
    yield [sys.executable, "-m", "oakum", "scan", "--feeds", str(feeds), "--now", NOW, str(sbom)]


def test_the_real_command_keeps_answers_and_errors_apart(command: list[str], tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src"), "LC_ALL": "C"}

    def ran(*words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*command, *words], capture_output=True, env=environment, stdin=subprocess.DEVNULL, timeout=60, check=False
        )

    good = ran("-o", "json")
    assert (good.returncode, good.stderr) == (0, b"")
    assert len(json.loads(good.stdout)["findings"]) == 2
    gate = ran("--fail-on", "true")
    assert gate.returncode == 1
    assert b"CVE-2025-1001" in gate.stderr
    bad = ran(str(tmp_path / "absent"), "-o", "json")
    assert bad.returncode == 2
    assert b"Traceback" not in bad.stderr
    assert json.loads(bad.stdout) == json.loads(good.stdout)
