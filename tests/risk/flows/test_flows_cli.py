"""``oakum flows``: the table, the machine forms and what a wrong use is answered with."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from oakum.cli.main import main

Json = dict[str, Any]


def pod(name: str, **labels: str) -> Json:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop", "labels": labels}}


POLICY: Json = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {
        "podSelector": {"matchLabels": {"app": "web"}},
        "ingress": [{"from": [{"podSelector": {}}], "ports": [{"port": 80}, {"port": 53, "protocol": "UDP"}]}],
    },
}
DUMP: Json = {"apiVersion": "v1", "kind": "List", "items": [pod("web", app="web"), pod("db"), POLICY]}
EVERYWHERE = "0.0.0.0-255.255.255.255"
LINES = [
    {"from": EVERYWHERE, "to": "shop/db[Pod]", "ports": "All"},
    {"from": "shop/db[Pod]", "to": EVERYWHERE, "ports": "All"},
    {"from": "shop/db[Pod]", "to": "shop/web[Pod]", "ports": {"TCP": ["80"], "UDP": ["53"]}},
    {"from": "shop/web[Pod]", "to": EVERYWHERE, "ports": "All"},
    {"from": "shop/web[Pod]", "to": "shop/db[Pod]", "ports": "All"},
]


@pytest.fixture
def dump(tmp_path: Path) -> str:
    file = tmp_path / "dump.json"
    file.write_text(json.dumps(DUMP))
    return str(file)


def test_the_json_form(dump: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flows", "--from", dump, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["connections"] == LINES


def test_the_table_names_each_target_once(dump: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flows", "--from", dump]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[shown.index("shop/web[Pod]") + 1] == "    from shop/db[Pod]: TCP 80; UDP 53"
    assert shown.count("shop/web[Pod]") == 1


def test_a_dump_from_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(DUMP).encode())))
    assert main(["flows", "--from", "-", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["connections"] == LINES


def test_a_change_is_shown_as_what_is_gained_and_lost(dump: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flows", "--from", dump, "--without", "shop/web", "-o", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["before"] == LINES
    assert not answer["lost"]
    assert {"from": EVERYWHERE, "to": "shop/web[Pod]", "ports": "All"} in answer["gained"]
    (widened,) = (each for each in answer["gained"] if each["from"] == "shop/db[Pod]")
    assert widened["ports"]["TCP"] == ["1-79", "81-65535"]
    assert main(["flows", "--from", dump, "--quarantine", "shop/db"]) == 0
    shown = capsys.readouterr().out
    assert "  - from shop/db[Pod]: TCP 80; UDP 53" in shown
    assert shown.splitlines()[-1] == "4 lost, 0 gained"


def test_gaps_go_to_standard_error(dump: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flows", "--from", dump]) == 0
    told = capsys.readouterr().err
    assert "Namespace objects" in told
    assert "Role" not in told


def test_a_batch_answers_each_line_and_a_bad_one_with_its_error(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "requests.jsonl"
    requests: list[Json] = [
        {"id": 1, "dump": DUMP},
        {"id": "text", "dump": json.dumps(DUMP)},
        {"id": 3},
        {"id": 4, "dump": 7},
        {"id": 5, "dump": {}},
    ]
    file.write_text("".join(json.dumps(each) + "\n" for each in requests) + "nonsense\n")
    assert main(["flows", "--batch", str(file)]) == 2
    answers = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [each["id"] for each in answers] == [1, "text", 3, 4, 5, None]
    assert answers[0]["connections"] == answers[1]["connections"] == LINES
    assert all("error" in each for each in answers[2:])


def test_one_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"id": 9, "dump": DUMP}, indent=1))
    assert main(["flows", "--request", str(file)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["id"], answer["connections"]) == (9, LINES)


def test_a_line_may_hold_a_whole_dump(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    file = tmp_path / "large.jsonl"
    large = {**DUMP, "metadata": {"annotations": {"note": "x" * (5 << 20)}}}
    file.write_text(json.dumps({"id": 1, "dump": large}) + "\n")
    assert main(["flows", "--batch", str(file)]) == 0
    assert json.loads(capfdbinary.readouterr().out)["connections"] == LINES


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "one of --from"),
        (["--from", "DUMP", "--batch", "x"], "one of --from"),
        (["--from", "missing.json"], "missing.json"),
        (["--from", "DUMP", "--without", "shop/wep"], "shop/web"),
        (["--from", "DUMP", "--quarantine", "shop/dp"], "shop/db"),
    ],
)
def test_wrong_use_is_2_with_the_remedy(
    words: list[str], told: str, dump: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["flows", *(dump if word == "DUMP" else word for word in words)]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("identity", ["\ud800", "\u00e9", 7, None, 1e30])
def test_a_request_is_answered_with_its_id_as_it_was_written(
    identity: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"id": identity, "dump": DUMP}))
    assert main(["flows", "--request", str(file)]) == 0
    shown = capsys.readouterr().out
    answer = json.loads(shown)
    assert (answer["id"], answer["connections"]) == (identity, LINES)
    assert shown == json.dumps(answer, indent=2) + "\n"
