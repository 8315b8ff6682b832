"""``oakum scan --history``: what changed since the last scan, through the commands that a person uses."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from oakum.cli.main import main

DAYS = [f"2026-03-{day:02}T06:00:00Z" for day in range(1, 29)]


class Desk:
    """A feeds store, an SBOM and a history, each of which a test changes from day to day."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.history = folder / "history.sqlite"

    def feed(self, day: int, fixed: dict[str, str], source: str = "debian", **more: str) -> None:
        """Import advisories at a time: the id of a CVE's record -> PACKAGE FIXED."""
        records = []
        for number, what in fixed.items():
            package, version = what.split()
            records.append({
                "id": f"DEBIAN-CVE-2026-{number}", "upstream": [f"CVE-2026-{number}"],
                "modified": DAYS[day], "published": "2026-01-01T00:00:00Z",
                "affected": [{
                    "package": {"ecosystem": "Debian:12", "name": package},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": version}]}],
                }],
                **({"withdrawn": more["withdrawn"]} if number in more.get("of", "").split() else {}),
            })  # fmt: skip
        file = self.folder / f"{source}.jsonl"
        file.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
        words = ["--data", str(self.folder), "--recorded-at", DAYS[day], "--allow-shrink"]
        assert main(["feeds", "import", str(file), *words]) == 0

    def sbom(self, packages: dict[str, str], release: str = "12", name: str = "app") -> Path:
        """The SBOM of an image; each has a serial number of its own."""
        file = self.folder / f"{name}.cdx.json"
        components: list[dict[str, Any]] = [{"type": "operating-system", "name": "debian", "version": release}]
        for package, version in packages.items():
            purl = f"pkg:deb/debian/{package}@{version}?arch=amd64&distro=debian-{release}"
            components.append({"type": "library", "name": package, "version": version, "purl": purl})
        serial = f"urn:uuid:{abs(hash((name, tuple(packages.items())))):032x}"
        file.write_text(json.dumps({
            "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": serial,
            "metadata": {"component": {"type": "container", "name": name}}, "components": components,
        }), encoding="utf-8")  # fmt: skip
        return file

    def scan(self, day: int, *words: str, code: int | None = None, form: str = "json") -> Any:
        """The answer of a scan on a day."""
        self.capsys.readouterr()
        targets = [word for word in words if word.endswith(".cdx.json")] or [str(self.folder / "app.cdx.json")]
        options = [word for word in words if word not in targets]
        ended = main([
            "scan", *targets, "--data", str(self.folder), "--history", str(self.history), "--now", DAYS[day],
            "-o", form, *options,
        ])  # fmt: skip
        self.out, self.err = self.capsys.readouterr()
        if code is not None:
            assert ended == code, self.err
        return json.loads(self.out) if form == "json" and self.out else self.out


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    made = Desk(tmp_path, capsys)
    made.feed(0, {"1": "bash 5", "2": "zlib 3"})
    made.sbom({"bash": "4", "zlib": "2"})
    return made


def events(answer: Any) -> list[tuple[str, str, str]]:
    return sorted(
        (one["kind"], one["id"].removeprefix("DEBIAN-"), one["reason"]) for one in answer["history"]["events"]
    )


def since(answer: Any) -> dict[str, tuple[str, float, str]]:
    return {
        one["id"].removeprefix("DEBIAN-"): (
            one["since"]["first_seen"],
            one["since"]["age_days"],
            one["since"]["reopened"],
        )
        for one in answer["findings"]
    }


def test_a_first_scan_begins_the_history_and_says_so_in_one_line(desk: Desk) -> None:
    answer = desk.scan(0, code=0)
    assert answer["history"]["since"] == ""
    assert [one["text"] for one in answer["history"]["told"]] == ["2 findings found by a first look on 1 asset"]
    assert since(answer)["CVE-2026-1"] == (DAYS[0], 0.0, "")


def test_nothing_changed_is_said_in_so_many_words(desk: Desk) -> None:
    desk.scan(0)
    text = desk.scan(3, form="table")
    assert f"SINCE THE LAST SCAN ({DAYS[0]}): nothing changed" in text
    assert "2026-03-01 (3 d)" in text


def test_an_upgrade_that_leaves_the_flaw_in_goes_on_with_its_age_and_one_that_fixes_it_closes_it(desk: Desk) -> None:
    desk.scan(0)
    desk.sbom({"bash": "4.5", "zlib": "3"})
    answer = desk.scan(2)
    assert since(answer) == {"CVE-2026-1": (DAYS[0], 2.0, "")}
    assert events(answer) == [("closed", "CVE-2026-2", "fixed")]
    assert "3 is installed; DEBIAN-CVE-2026-2 (debian): fixed in 3" in answer["history"]["told"][0]["text"]


def test_a_roll_back_reopens_the_same_item(desk: Desk) -> None:
    desk.scan(0)
    desk.sbom({"bash": "5", "zlib": "2"})
    desk.scan(1)
    desk.sbom({"bash": "4", "zlib": "2"})
    answer = desk.scan(2)
    assert events(answer) == [("reopened", "CVE-2026-1", "")]
    assert since(answer)["CVE-2026-1"] == (DAYS[0], 2.0, DAYS[2])


def test_a_removed_package_and_a_withdrawn_record_close_with_that_reason(desk: Desk) -> None:
    desk.scan(0)
    desk.feed(1, {"1": "bash 5", "2": "zlib 3"}, withdrawn="2026-03-02T00:00:00Z", of="2")
    desk.sbom({"zlib": "2"})
    assert events(desk.scan(2)) == [("closed", "CVE-2026-1", "removed"), ("closed", "CVE-2026-2", "withdrawn")]
    desk.feed(3, {"1": "bash 5", "2": "zlib 3"})
    assert events(desk.scan(4)) == [("reopened", "CVE-2026-2", "")], "resurrected"


@pytest.mark.parametrize("how", ["the records are gone", "the store is empty", "the release is not named"])
def test_without_evidence_a_finding_stays_open_and_the_scan_could_not_assess_it(desk: Desk, how: str) -> None:
    desk.scan(0)
    if how == "the records are gone":
        desk.feed(1, {"9": "other 1"})
    elif how == "the store is empty":
        for name in ("feeds.sqlite", "index.sqlite"):
            (desk.folder / "feeds" / name).unlink()
    else:
        desk.sbom({"bash": "5", "zlib": "3"}, release="")
    answer = desk.scan(2, code=3)
    assert events(answer) == [("not-assessable", "CVE-2026-1", ""), ("not-assessable", "CVE-2026-2", "")]
    (gap,) = [one for one in answer["not_assessable"] if one["kind"] == "not-assessable-since"][:1]
    assert "not assessable since 2026-03-03" in gap["why"]
    again = desk.scan(3, code=3)
    assert events(again) == [], "it is told once"
    assert any("since 2026-03-03" in one["why"] for one in again["not_assessable"]), "and stays a gap"
    desk.feed(4, {"1": "bash 5", "2": "zlib 3"})
    desk.sbom({"bash": "4", "zlib": "2"})
    back = desk.scan(5, code=0)
    assert {kind for kind, _, _ in events(back)} == {"assessable"}
    assert since(back)["CVE-2026-1"] == (DAYS[0], 5.0, "")


def test_a_stale_feed_closes_nothing_though_the_fix_is_installed(desk: Desk) -> None:
    desk.scan(0)
    desk.sbom({"bash": "5", "zlib": "2"})
    answer = desk.scan(20, "--max-feed-age", "7d", code=3)
    assert ("not-assessable", "CVE-2026-1", "") in events(answer)
    desk.feed(21, {"1": "bash 5", "2": "zlib 3"})
    assert events(desk.scan(22, "--max-feed-age", "7d")) == [("closed", "CVE-2026-1", "fixed")]


def test_what_was_not_looked_at_is_not_touched(desk: Desk) -> None:
    other = desk.sbom({"bash": "4"}, name="other")
    desk.scan(0, str(desk.folder / "app.cdx.json"), str(other))
    answer = desk.scan(1, str(other))
    assert events(answer) == []
    assert answer["history"]["not_looked_at"] == 2


def test_an_update_of_a_feed_that_touches_much_is_one_line(desk: Desk) -> None:
    desk.scan(0)
    desk.feed(1, {str(number): "bash 5" for number in range(1, 200)} | {"999": "zlib 3"})
    answer = desk.scan(2)
    storm = [one for one in answer["history"]["told"] if one["storm"]]
    assert [(one["kind"], one["findings"]) for one in storm] == [("new", 199)]
    assert "debian" in storm[0]["text"]
    assert len(answer["history"]["events"]) > 190, "the machine form holds each"


def test_a_history_is_of_whole_scans_of_the_present(desk: Desk) -> None:
    for words in (("--as-of", "2026-03-01"), ("--baseline", str(desk.folder / "x.json"))):
        desk.scan(0, *words, code=2)
        assert f"--history does not go with {words[0]}" in desk.err
    assert not desk.history.exists()


def _spoil(name: str, file: Path) -> None:
    if name == "no history":
        file.write_bytes(b"not a database, by far; " * 400)
    elif name == "cut off":
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    elif name == "a folder":
        file.unlink()
        file.mkdir()
    else:
        with sqlite3.connect(file) as connection:
            if name == "another version":
                connection.execute("PRAGMA user_version = 7")
            elif name == "another program's":
                connection.execute("PRAGMA application_id = 7")
            elif name == "another body":
                connection.execute("UPDATE items SET body = x'c1'")
            else:
                connection.execute("CREATE TRIGGER t AFTER INSERT ON scans BEGIN DELETE FROM items; END")
        connection.close()


@pytest.mark.parametrize(
    "name",
    ["no history", "cut off", "a folder", "another version", "another program's", "another body", "a trigger"],
)
def test_a_file_that_is_no_sound_history_is_refused_with_a_remedy_and_left_as_it_is(desk: Desk, name: str) -> None:
    desk.scan(0)
    _spoil(name, desk.history)
    before = desk.history.read_bytes() if desk.history.is_file() else b""
    desk.scan(1, code=2)
    assert str(desk.history) in desk.err
    assert "history" in desk.err
    assert desk.out == ""
    assert (desk.history.read_bytes() if desk.history.is_file() else b"") == before


def test_a_clock_that_goes_back_is_refused(desk: Desk) -> None:
    desk.scan(5)
    desk.scan(4, code=2)
    assert "later than now" in desk.err
