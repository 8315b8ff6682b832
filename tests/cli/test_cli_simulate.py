"""``oakum simulate``: exit codes, tables and JSON; a trace; a scenario and a world of one's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oakum.cli.main import main
from oakum.local.simulate import Row, merged
from oakum.simulation.scenarios import names

MINE = """
name: mine
title: One host
about: A host.
start: 2026-03-02T22:00:00Z
world: {hosts: [{name: h, kernel: "1", offers: {kernel: ["2"]}}]}
intents: [{name: k, kind: kernel}]
policy: {windows: [{name: always, always: yes}]}
"""


def test_an_undisturbed_scenario_is_all_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "foreign-cordon"]) == 0
    out = capsys.readouterr().out
    assert "unsafe states          0" in out
    assert "1 done" in out


def test_the_list_has_every_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(names())


def test_seeds_and_rivals_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    rivals = ["--rival", "kured", "--rival", "suc"]
    assert main(["simulate", "foreign-cordon", "--seed", "1", "--runs", "3", *rivals, "-o", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [row["policy"] for row in report["rows"]] == ["oakum", "kured-like", "system-upgrade-controller-like"]
    assert all(row["trials"] == 3 for row in report["rows"])
    assert report["wrong"] == []


def test_a_rival_is_called_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "foreign-cordon", "--rival", "naive"]) == 0
    assert "a reimplementation from public documentation, not the program" in capsys.readouterr().out


def test_a_trace_tells_every_act(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "lost-lease", "--seed", "3", "--trace"]) == 0
    out = capsys.readouterr().out
    for word in ("claim", "evict", "reboot", "release", "fault"):
        assert word in out


def test_a_scenario_that_ends_otherwise_than_it_says_is_a_no(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(MINE)
    assert main(["simulate", str(file)]) == 0
    file.write_text(MINE + "expect: {ends: [stopped]}\n")
    assert main(["simulate", str(file)]) == 1
    assert "it ends done, not stopped" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nothing-like-it"],
        ["missing.yaml"],
        ["foreign-cordon", "--all"],
        ["foreign-cordon", "--runs", "3"],
        ["foreign-cordon", "--seed", "1", "--runs", "2", "--trace"],
        ["foreign-cordon", "--rival", "helmsman"],
        ["--from", "dump.json"],
    ],
)
def test_wrong_use_is_told(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", *words]) == 2
    assert "oakum simulate:" in capsys.readouterr().err


def test_a_world_is_made_of_a_state(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "hosts.yaml"
    state.write_text(
        "format: oakum-inventory/1\nat: 2026-03-02T22:00:00Z\nhosts:\n"
        "  db-1: {uid: m-1, environment: prod, healthy: yes,\n"
        '    software: {linux: {installed: "1", part: kernel, effect: reboot, ecosystem: deb, offers: ["2"]}}}\n'
    )
    policy = tmp_path / "policy"
    policy.mkdir()
    (policy / "policy.yaml").write_text("version: 1\nwindows: [{name: always, always: yes}]\n")
    intent = tmp_path / "kernel.yaml"
    intent.write_text("version: 1\nintents: [{name: kernel, kind: kernel}]\n")
    words = ["simulate", "--from", str(state), "--intent", str(intent), "--policy", str(policy)]
    assert main([*words, "--seed", "1", "--runs", "2", "--rival", "naive"]) == 0
    assert "of 2" in capsys.readouterr().out


def test_rows_of_two_reports_are_added() -> None:
    one = Row(policy="oakum", trials=2, unsafe={"quorum": 1}, ends={"done": 2}, complete=1, patched=60.0)
    other = Row(policy="oakum", trials=3, unsafe={"quorum": 2}, ends={"held": 3}, complete=3, patched=20.0)
    rows = merged(merged([], [one]), [other, Row(policy="kured-like", trials=1)])
    assert [each.policy for each in rows] == ["oakum", "kured-like"]
    assert rows[0] == Row(
        policy="oakum", trials=5, unsafe={"quorum": 3}, ends={"done": 2, "held": 3}, complete=4, patched=30.0
    )
    assert one.trials == 2
