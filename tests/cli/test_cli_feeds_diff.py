"""``oakum feeds diff``: two states by folder, time and digest, and what a reader is told to do."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tests.data import shared

from oakum.cli.main import main

FIRST, SECOND = "2026-01-01T06:00:00Z", "2026-02-01T06:00:00Z"


def record(number: int, fixed: str = "2.0.0", **more: Any) -> dict[str, Any]:
    events = [{"introduced": "0"}, {"fixed": fixed}]
    affected = {"package": {"ecosystem": "Go", "name": f"example.com/m{number}"},
                "ranges": [{"type": "SEMVER", "events": events}]}  # fmt: skip
    return {"id": f"GO-2026-{number:04}", "modified": FIRST, "affected": [affected], **more}


def imported(data: Path, time: str, *records: dict[str, Any], source: str = "go") -> None:
    path = data.parent / "feed.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in records))
    words = ["--data", str(data), "--source", source, "--recorded-at", time, "--allow-shrink"]
    assert main(["feeds", "import", str(path), *words]) == 0


@pytest.fixture
def data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    folder = tmp_path / "data"
    imported(folder, FIRST, *(record(number) for number in range(30)))
    imported(
        folder, SECOND, record(0, "3.0.0"), record(1, withdrawn=SECOND), record(2, summary="words"),
        *(record(number) for number in range(4, 31)),
    )  # fmt: skip
    capsys.readouterr()
    return folder


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert main(["feeds", "diff", *words]) == code
    captured = capsys.readouterr()
    return captured.err if code else captured.out


def test_it_tells_what_decides_and_what_is_touched(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "2026-01-01", "now", "--data", str(data)).splitlines()
    assert lines[3] == "go: 1 added, 1 removed, 3 changed; 1 of no consequence (2026-01-01 -> 2026-02-01)"
    assert [line.split() for line in lines[4:8]] == [
        ["changed", "GO-2026-0000", "affected:", "example.com/m0"],
        ["withdrawn", "GO-2026-0001"],
        ["removed", "GO-2026-0003"],
        ["added", "GO-2026-0030"],
    ]
    assert "1 source differs, 0 equal" in lines
    assert "Advisories differ for: golang (4)" in lines
    assert "Scan again" in lines[-1]


def test_a_state_has_many_names(data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    answers = []
    status = json.loads(_status(capsys, data))
    other = tmp_path / "other"
    imported(other, SECOND, *(record(number) for number in range(30)))
    capsys.readouterr()
    for before in ("2026-01-01", FIRST, "2026-01-15T00:00:00+02:00", str(other), f"{other}/feeds"):
        for after in ("now", status["digest"], status["snapshot"], "2026-02-01", str(data)):
            found = json.loads(said(capsys, before, after, "--data", str(data), "-o", "json"))
            answers.append((found["sources"][0]["counts"], found["sources"][0]["told"], found["scopes"]))
    assert all(each == answers[0] for each in answers)
    assert len(answers[0][1]) == 4


def _status(capsys: pytest.CaptureFixture[str], data: Path) -> str:
    assert main(["feeds", "status", "--data", str(data), "-o", "json"]) == 0
    return capsys.readouterr().out


def test_nothing_differs(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "now", "now", "--data", str(data)).splitlines()
    assert lines[-1] == "0 sources differ, 1 equal"


def test_a_source_that_is_only_there_now_is_one_line(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(data, SECOND, *(record(number) for number in range(5)), source="more")
    capsys.readouterr()
    lines = said(capsys, "2026-01-01", "now", "--data", str(data)).splitlines()
    assert "more: only in B, 5 facts" in lines
    assert len([line for line in lines if line.startswith("  ")]) == 4
    assert len([line for line in said(capsys, "2026-01-01", "now", "--data", str(data), "--all").splitlines()
                if line.startswith("  added")]) == 6  # fmt: skip
    assert "more: only in A, 5 facts" in said(capsys, "now", "2026-01-01", "--data", str(data))


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["nonsense", "now"], "is no folder, digest, day or time"),
        (["2025-01-01", "now"], "no feeds were known at 2025-01-01T23:59:59Z"),
        (["now", f"sha256:{'ab' * 32}"], "was never in the state sha256:abababababab"),
        (["{tmp}", "now"], "there is no store of feeds in"),
        (["2026-13-45", "now"], "is no folder, digest, day or time"),
    ],
)
def test_what_is_no_state_is_wrong_use(
    data: Path, capsys: pytest.CaptureFixture[str], words: list[str], error: str, tmp_path: Path
) -> None:
    given = [word.replace("{tmp}", str(tmp_path)) for word in words]
    told = said(capsys, *given, "--data", str(data), code=2)
    assert error in told
    assert "Traceback" not in told


def test_a_store_is_never_made_by_looking(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    said(capsys, "now", "now", "--data", str(tmp_path / "none"), code=2)
    assert not (tmp_path / "none").exists()


def test_of_a_real_database(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    whole = gzip.decompress(shared("advisories/go.jsonl.gz").read_bytes()).splitlines()
    records = [json.loads(line) for line in whole]
    imported(tmp_path / "data", FIRST, *records)
    taken = [dict(each) for number, each in enumerate(records) if number % 100]
    for each in taken[::50]:
        each["withdrawn"] = None if each.get("withdrawn") else SECOND
    imported(tmp_path / "data", SECOND, *taken)
    capsys.readouterr()
    found = json.loads(said(capsys, FIRST, "now", "--data", str(tmp_path / "data"), "-o", "json"))
    (go,) = found["sources"]
    assert go["counts"]["removed"] == len(records) - len(taken)
    assert go["counts"]["changed"] == len(taken[::50])
    kinds = [each["kind"] for each in go["told"]]
    assert kinds.count("removed") == len(records) - len(taken)
    assert kinds.count("withdrawn") + kinds.count("reinstated") == len(taken[::50])
