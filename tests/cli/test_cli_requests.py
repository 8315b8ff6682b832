"""Plans and simulations as requests: the same answers as the commands for people give, one line each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from oakum.actors.requests import read
from oakum.cli.main import main
from oakum.errors import OakumError
from oakum.local.policies import policy_files, write_example
from oakum.local.requests import PlanRequest, SimulateRequest, planned, simulated
from oakum.local.schemas import schema_of

Out = pytest.CaptureFixture[str]
DEMO = Path(__file__).resolve().parents[2] / "demo/plan"
NOW = "2026-10-05T07:00:00Z"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("requests") / "policy"
    write_example(found)
    return found


def loaded(name: str) -> Any:
    return yaml.load((DEMO / name).read_text(), yaml.CSafeLoader)


def request(folder: Path, intents: str, **more: object) -> dict[str, object]:
    policy = {name: data.decode() for name, data in policy_files(folder).items()}
    states = {"shop": loaded("shop.yaml"), "inventory": (DEMO / "inventory.yaml").read_text()}
    return {"now": NOW, "states": states, "intents": loaded(intents), "policy": policy, **more}


def asked(command: str, tmp_path: Path, capsys: Out, *requests: object) -> tuple[int, list[dict[str, Any]]]:
    file = tmp_path / "requests.jsonl"
    file.write_text("".join(f"{json.dumps(each, default=str)}\n" for each in requests))
    code = main([command, "--batch", str(file), "-o", "json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_request_has_the_plan_that_the_command_makes(tmp_path: Path, folder: Path, capsys: Out) -> None:
    words = ["plan", "--from", f"shop={DEMO / 'shop.yaml'}", "--from", str(DEMO / "inventory.yaml")]
    assert main([*words, "--intent", str(DEMO / "kubelets.yaml"), "--policy", str(folder), "--now", NOW,
                 "-o", "json"]) == 0  # fmt: skip
    own = json.loads(capsys.readouterr().out)
    code, said = asked("plan", tmp_path, capsys, {"id": 7, **request(folder, "kubelets.yaml")})
    assert code == 0 and said[0]["id"] == 7
    assert said[0]["plan"]["waves"] == own["waves"]
    jsonschema.validate(said[0], schema_of("plan-answer"))
    listed = request(folder, "kubelets.yaml")
    listed["intents"] = loaded("kubelets.yaml")["intents"]
    jsonschema.validate(json.loads(json.dumps(listed, default=str)), schema_of("plan-request"))
    _, again = asked("plan", tmp_path, capsys, {"id": 8, **listed})
    assert again[0]["hash"] == said[0]["hash"]


def test_reasons_are_an_answer_and_a_bad_line_leaves_the_others_alone(
    tmp_path: Path, folder: Path, capsys: Out
) -> None:
    kernel = request(folder, "kernel.yaml")
    code, said = asked(
        "plan", tmp_path, capsys,
        {"id": 1, **kernel}, {"id": 2, **kernel, "windows": []}, {"id": 3, **kernel, "policy": "version: 9"},
        {"id": 4, "now": NOW}, {"id": 5, **kernel, "now": "2026-10-05T07:00:00"}, {"id": 6, **kernel},
    )  # fmt: skip
    assert code == 2
    assert [each["id"] for each in said] == [1, 2, 3, 4, 5, 6]
    assert said[0]["why_not"]["reasons"] and said[0]["why_not"] == said[5]["why_not"]
    assert "windows: unknown field" in said[1]["error"]
    assert "version" in said[2]["error"]
    assert "states" in said[3]["error"]
    assert "now: a time without a zone" in said[4]["error"]


def test_a_simulation_as_a_request_is_that_of_the_command(tmp_path: Path, capsys: Out) -> None:
    assert main(["simulate", "edge-three-nodes", "--seed", "3", "--runs", "2", "-o", "json"]) == 0
    own = json.loads(capsys.readouterr().out)
    wanted = {"scenario": "edge-three-nodes", "seed": 3, "runs": 2}
    code, said = asked("simulate", tmp_path, capsys, {"id": "a", **wanted}, {"id": "b", "scenario": "nowhere"},
                       {"id": "c", **wanted, "runs": 0}, {"id": "d", **wanted, "rivals": ["nobody"]})  # fmt: skip
    assert code == 2
    assert said[0] == {"id": "a", **own}
    assert all("error" in each for each in said[1:])
    jsonschema.validate(own, schema_of("simulate-answer"))


def test_what_a_request_holds_stands_beside_no_option(capsys: Out) -> None:
    assert main(["plan", "--batch", "-", "--now", NOW]) == 2
    assert main(["simulate", "edge-three-nodes", "--request", "-"]) == 2
    assert "stand in the request" in capsys.readouterr().err


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=8), each, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(["now", "states", "intents", "policy", "scenario", "seed", "runs", "rivals"])


@given(st.dictionaries(FIELDS, ANY, max_size=4))
def test_any_request_has_an_answer_or_a_clear_error(fields: dict[str, Any]) -> None:
    for ask in (
        lambda: planned(read({"now": NOW, "states": {}, **fields}, PlanRequest)),
        lambda: simulated(read(fields, SimulateRequest)),
    ):
        try:
            ask()
        except OakumError as error:
            assert str(error)


def test_windows_are_answered_by_their_schema(tmp_path: Path, folder: Path, capsys: Out) -> None:
    policy = {name: data.decode() for name, data in policy_files(folder).items()}
    target = {"environment": "prod", "region": "eu", "tier": "1", "labels": {"team": "shop"}}
    requests: list[dict[str, Any]] = [
        {"id": 1, "now": NOW, "needs": "1h", "target": target, "policy": policy},
        {"id": 2, "now": NOW, "needs": "400d", "target": target, "policy": policy},
        {"id": 3, "now": "2026-12-28T07:00:00Z", "policy": policy},
    ]
    file = tmp_path / "requests.jsonl"
    file.write_text("".join(f"{json.dumps(each)}\n" for each in requests))
    assert main(["window", "next", "--batch", str(file)]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert said[0]["opening"] and said[1]["opening"] is None and said[1]["longest"] and said[2]["unknown"]
    for request_, answer in zip(requests, said, strict=True):
        jsonschema.validate(request_, schema_of("window-request"))
        jsonschema.validate(answer, schema_of("window-answer"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"id": 1, "now": NOW, "need": "1h"}, schema_of("window-request"))
