from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from oakum.cli.main import main

Out = pytest.CaptureFixture[str]
NIGHTS = """\
windows:
- name: nights
  for: {environment: prod}
  time_zone: Europe/Berlin
  dtstart: 2026-01-05T22:00
  duration: 6h
  rrule: FREQ=WEEKLY;BYDAY=MO,TU
- name: pool
  for: {pool: batch}
  time_zone: UTC
  dtstart: 2026-01-05T12:00
  duration: 2h
  rrule: FREQ=WEEKLY;BYDAY=MO
freezes:
- {name: sale, reason: the sale, time_zone: UTC, dtstart: 2026-11-23, dtend: 2026-11-30}
"""


@pytest.fixture
def policy(tmp_path: Path) -> str:
    folder = tmp_path / "policy"
    folder.mkdir()
    (folder / "windows.yaml").write_text(NIGHTS)
    return str(folder)


def ask(*words: str) -> int:
    return main(["window", "next", *words])


def test_the_next_window_for_a_target(policy: str, capsys: Out) -> None:
    words = ("--target", "environment=prod", "--target", "pool=general", "--needs", "2h")
    assert ask("--policy", policy, "--at", "2026-11-24T12:00:00Z", *words) == 0
    assert capsys.readouterr().out.splitlines() == [
        "opens in 6 d 9 h: Mon 2026-11-30 21:00 UTC to Tue 2026-12-01 03:00 UTC (6 h): nights",
        "  Mon 22:00 to Tue 04:00 in Europe/Berlin",
        "Frozen until Mon 2026-11-30 00:00 UTC: sale (the sale)",
    ]


def test_the_same_as_json(policy: str, capsys: Out) -> None:
    assert (
        ask("--policy", policy, "--at", "2026-03-30T23:00:00+02:00", "--target", "environment=prod", "-o", "json") == 0
    )
    answer = json.loads(capsys.readouterr().out)
    assert answer.pop("policy").startswith("sha256:")
    assert answer == {
        "opening": {
            "start": "2026-03-30T21:00:00Z",
            "end": "2026-03-31T02:00:00Z",
            "seconds": 18000,
            "windows": ["nights"],
        },
        "frozen": [],
        "unknown": [{"kind": "window", "name": "pool", "facts": ["pool"]}],
    }  # fmt: skip


def test_what_is_not_known_is_said(policy: str, capsys: Out) -> None:
    assert ask("--policy", policy, "--at", "2026-03-30T21:00:00Z", "--target", "environment=prod") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("open now: ")
    assert lines[-1] == "The window 'pool' was not counted: the target does not say pool"


def test_nothing_fits(policy: str, capsys: Out) -> None:
    words = ("--policy", policy, "--at", "2026-04-01T00:00:00Z", "--target", "environment=prod", "--target", "pool=x")
    assert ask(*words, "--needs", "8h") == 1
    assert capsys.readouterr().out.splitlines() == [
        "Nothing fits: no window in the next 10 years is that long; "
        "the longest is 6 h, from Mon 2026-04-06 20:00 UTC (nights)."
    ]
    assert ask(*words, "--needs", "8h", "-o", "json") == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["opening"] is None
    assert answer["longest"]["seconds"] == 21600
    assert ask("--policy", policy, "--target", "environment=dev", "--target", "pool=") == 1
    assert "no window of the policy is for this target" in capsys.readouterr().out


def test_without_a_target_each_window_answers_for_itself(policy: str, capsys: Out) -> None:
    assert ask("--policy", policy, "--at", "2026-11-24T12:00:00Z") == 0
    assert capsys.readouterr().out.splitlines() == [
        "pool: opens in 6 d: Mon 2026-11-30 12:00 UTC to Mon 2026-11-30 14:00 UTC (2 h)",
        "  for pool batch",
        "nights: opens in 6 d 9 h: Mon 2026-11-30 21:00 UTC to Tue 2026-12-01 03:00 UTC (6 h)",
        "  for environment prod",
        "Each window by itself, minus every freeze that may concern it; --target KEY=VALUE asks for one target.",
    ]
    assert ask("--policy", policy, "--at", "2026-11-24T12:00:00Z", "--needs", "5h", "-o", "json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in answer["windows"]] == ["nights", "pool"]
    assert answer["windows"][1]["opening"] is None
    assert "is that long" in answer["windows"][1]["why"]
    assert ask("--policy", policy, "--needs", "9h") == 1


def test_a_freeze_that_may_concern_a_window_counts_for_it(tmp_path: Path, capsys: Out) -> None:
    freeze = "freezes: [{name: f, reason: r, time_zone: UTC, dtstart: 2026-11-01, duration: 30d, for: {cluster: a}}]\n"
    (tmp_path / "a.yaml").write_text("windows: [{name: w, always: yes, for: {pool: x}}]\n" + freeze)
    assert ask("--policy", str(tmp_path), "--at", "2026-11-24T12:00:00Z") == 0
    assert capsys.readouterr().out.startswith("w: opens in 6 d 12 h, from Tue 2026-12-01 00:00 UTC without an end")


def test_a_lifted_freeze(policy: str, capsys: Out) -> None:
    words = ("--policy", policy, "--at", "2026-11-24T12:00:00Z", "--target", "environment=prod", "--target", "pool=x")
    assert ask(*words, "--lifted", "sale") == 0
    assert capsys.readouterr().out.startswith("opens in 9 h: Tue 2026-11-24 21:00 UTC")
    assert ask(*words, "--lifted", "sael") == 2
    assert "'sael' is no freeze of the policy (the freezes are sale)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--target", "environment"], "no KEY=VALUE"),
        (["--target", "colour=red"], "'colour' is no fact of a target"),
        (["--target", "pool=a", "--target", "pool=b"], "given twice"),
        (["--at", "yesterday"], "--at: 'yesterday' is no time with a zone"),
        (["--at", "2026-02-30T00:00:00Z"], "is no time with a zone"),
        (["--at", "9999-12-31T23:59:59-12:00"], "is no time with a zone"),
        (["--at", "9999-01-01T00:00:00Z", "--target", "pool=a"], "the year 9999"),
        (["--needs", "long"], "--needs: 'long' is no duration"),
        (["--needs", "-1h"], "expected one argument"),
    ],
)
def test_bad_words(policy: str, capsys: Out, words: list[str], said: str) -> None:
    try:
        code = ask("--policy", policy, *words)
    except SystemExit as end:
        code = int(str(end.code))
    assert code == 2
    assert said in capsys.readouterr().err


def test_a_bad_policy_answers_nothing(policy: str, capsys: Out) -> None:
    (Path(policy) / "windows.yaml").write_text(NIGHTS + "nix: 1\n")
    assert ask("--policy", policy) == 2
    assert f"{policy}/windows.yaml:16: nix: unknown section 'nix'" in capsys.readouterr().err
    (Path(policy) / "windows.yaml").write_text(NIGHTS.replace("Europe/Berlin", "Europe/Bremen"))
    assert ask("--policy", policy) == 2
    assert f"{policy}/windows.yaml:4: windows[1].time_zone: the time zone 'Europe/Bremen'" in capsys.readouterr().err
    assert ask() == 2
    assert "no policy is named" in capsys.readouterr().err


# --- The machine form.


def answers(capsys: Out) -> list[Any]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_batch_answers_line_by_line(policy: str, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[object] = [
        {"id": 1, "now": "2026-11-24T12:00:00Z", "target": {"environment": "prod", "pool": ""}, "needs": "PT2H"},
        {"id": 2, "now": "2026-11-24T12:00:00Z", "target": {"environment": "prod", "pool": ""}, "lifted": ["sale"]},
        {"id": 3, "now": "2026-11-24T12:00:00Z", "target": {"environment": "dev"}},
        {"id": 4, "target": {}},
        {"id": 5, "now": "now"},
        {"id": 6, "now": "2026-11-24T12:00:00Z", "target": {"environment": 5}},
        {"id": 7, "now": "2026-11-24T12:00:00Z", "target": {"labels": ["x"]}},
        {"id": 8, "now": "2026-11-24T12:00:00Z", "target": []},
        {"id": 9, "now": "2026-11-24T12:00:00Z", "lifted": "sale"},
        {"id": 10, "now": "2026-11-24T12:00:00Z", "colour": "red"},
        {"id": 11, "now": "2026-11-24T12:00:00Z", "needs": 5},
        {"id": 12, "now": "2026-11-24T12:00:00Z", "policy": 5},
        {"id": 13, "now": "2026-11-24T12:00:00Z", "policy": "windows: [{name: w, always: yes}]"},
    ]
    data = "\n".join(map(json.dumps, requests)).encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert ask("--policy", policy, "--batch", "-") == 2
    found = answers(capsys)
    assert [each["id"] for each in found] == list(range(1, 14))
    assert found[0]["opening"]["start"] == "2026-11-30T21:00:00Z"
    assert found[0]["frozen"] == [{"name": "sale", "until": "2026-11-30T00:00:00Z", "reason": "the sale"}]
    assert found[1]["opening"]["start"] == "2026-11-24T21:00:00Z"
    assert found[2]["opening"] is None
    assert all("error" in each for each in found[3:12])
    assert found[12]["opening"] == {
        "start": "2026-11-24T12:00:00Z", "end": "2036-11-24T12:00:00Z", "seconds": 315619200, "windows": ["w"],
    }  # fmt: skip


def test_a_batch_of_answers_is_well_even_where_nothing_fits(policy: str, tmp_path: Path, capsys: Out) -> None:
    file = tmp_path / "requests.jsonl"
    file.write_text(json.dumps({"now": "2026-11-24T12:00:00Z", "target": {"environment": "dev", "pool": ""}}))
    assert ask("--policy", policy, "--batch", str(file)) == 0
    assert answers(capsys)[0]["why"] == "no window of the policy is for this target"


def test_a_request_brings_its_policy(tmp_path: Path, capsys: Out) -> None:
    calendar = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261124T120000Z\nDURATION:PT2H\nEND:VEVENT\nEND:VCALENDAR\n"
    files = {"a.yaml": "windows: [{name: w, calendar: b.ics}]", "b.ics": calendar}
    request = tmp_path / "request.json"
    request.write_text(json.dumps({"id": "x", "now": "2026-11-24T13:00:00Z", "policy": files}))
    assert ask("--request", str(request)) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["opening"]["seconds"] == 3600
    assert answer["id"] == "x"
    request.write_text(json.dumps({"id": "x", "now": "2026-11-24T13:00:00Z"}))
    assert ask("--request", str(request)) == 2
    assert "policy: the request has no policy" in capsys.readouterr().err


def test_the_machine_form_takes_no_words_of_people(policy: str, capsys: Out) -> None:
    assert ask("--policy", policy, "--batch", "x", "--needs", "2h") == 2
    assert "stand in the request" in capsys.readouterr().err
    assert ask("--policy", policy, "--batch", "x", "--request", "y") == 2
