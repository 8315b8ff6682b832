from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.changes.drain.makings import WEB, Json, budget, controller, namespace, node, owned, pod

from oakum.changes.drain import PROFILES, answers
from oakum.cli import drain
from oakum.cli.main import main
from oakum.local.questions import DrainRequest

Out = pytest.CaptureFixture[str]
FIELDS = {"namespace", "name", "verdict", "reason", "order", "duration", "object"}
PAGE = Path(__file__).resolve().parents[2] / "docs/reference/drain.md"


def listed(*objects: Json) -> Json:
    """A dump that names every kind as listed, as Oakum writes it."""
    kinds = "Pod,Node,Namespace,PodDisruptionBudget,ReplicaSet,DaemonSet,StatefulSet,Job,ReplicationController"
    meta = {"annotations": {"oakum.dev/listed": kinds, "oakum.dev/read-at": "2026-01-31T06:00:00Z"}}
    items = [node(), namespace(), *objects]
    return {"apiVersion": "v1", "kind": "List", "metadata": meta, "items": items}


RS = owned()
FREE = listed(pod("web-1", RS), controller())
HELD = listed(
    pod("web-1", RS, **WEB), pod("bare"), pod("static", annotations={"kubernetes.io/config.mirror": "x"}),
    controller(), budget(maxUnavailable=0),
)  # fmt: skip


def write(folder: Path, value: object, name: str = "given.json") -> str:
    file = folder / name
    file.write_text(value if isinstance(value, str) else json.dumps(value))
    return str(file)


def batch(monkeypatch: pytest.MonkeyPatch, capsys: Out, *requests: Any) -> tuple[int, list[Any]]:
    text = "".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in requests)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    code = main(["drain", "explain", "--batch", "-", "-o", "json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# For people


def test_a_node_that_can_be_drained(tmp_path: Path, capsys: Out) -> None:
    assert main(["drain", "explain", "n1", "--from", write(tmp_path, FREE)]) == 0
    assert capsys.readouterr().out == "1 evict\n\nevict\n  shop/web-1\n"


def test_a_node_that_cannot_says_what_to_mend(tmp_path: Path, capsys: Out) -> None:
    assert main(["drain", "explain", "n1", "--from", write(tmp_path, HELD)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "2 blocked; 1 ignore",
        "",
        "blocked for ever (pdb)",
        "  shop/web-1 [PodDisruptionBudget/shop/pdb]: it needs 3 healthy pods, and 3 are",
        "    let the budget allow one disruption (maxUnavailable of 1, or a lower minAvailable) "
        "(https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/)",
        "",
        "blocked for ever (unreplicated)",
        "  shop/bare: no controller would make it again",
        "    let a Deployment or a Job run it, or let its owner delete it "
        "(https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/)",
        "",
        "ignore (mirror)",
        "  shop/static: the kubelet runs it from a file",
    ]


def test_what_a_dump_lacks_is_told_and_ends_with_3(tmp_path: Path, capsys: Out) -> None:
    bare = {"apiVersion": "v1", "kind": "List", "items": [pod("web-1", RS), controller()]}
    assert main(["drain", "explain", "n1", "--from", write(tmp_path, bare)]) == 3
    assert "Not assessable: PodDisruptionBudget objects: the dump holds none" in capsys.readouterr().out
    blocked = {**bare, "items": [pod("p")]}
    assert main(["drain", "explain", "n1", "--from", write(tmp_path, blocked)]) == 1


def test_many_pods_are_counted(tmp_path: Path, capsys: Out) -> None:
    dump = listed(*(pod(f"web-{number}", RS) for number in range(500)), controller())
    assert main(["drain", "explain", "n1", "--from", write(tmp_path, dump)]) == 0
    out = capsys.readouterr().out
    assert "500 evict" in out
    assert "  and 490 more" in out


def test_profiles_and_options(tmp_path: Path, capsys: Out) -> None:
    file = write(tmp_path, HELD)
    words = ["drain", "explain", "n1", "--from", file, "--profile", "kubectl"]
    assert main([*words, "--option", "force=true", "--option", "pod_selector=app!=web", "-o", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [each["verdict"] for each in answer["pods"]] == ["evict", "ignore", "ignore"]
    assert main([*words, "--option", "forced=true"]) == 2
    assert "`forced`" in capsys.readouterr().err
    assert main([*words, "--option", "force"]) == 2


def test_the_time_is_that_of_the_dump_unless_it_is_given(tmp_path: Path, capsys: Out) -> None:
    file = write(tmp_path, listed(pod("p", deleted=100)))
    words = ["drain", "explain", "n1", "--from", file, "--profile", "cluster-autoscaler", "-o", "json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["pods"][0]["reason"] == "terminating"
    assert main([*words, "--now", "2026-01-31T05:59:00Z"]) == 1
    assert json.loads(capsys.readouterr().out)["pods"][0]["reason"] == "unreplicated"
    assert main([*words, "--now", "today"]) == 2


def test_a_folder_and_yaml_hold_what_only_drains_read(tmp_path: Path, capsys: Out) -> None:
    rule = """
apiVersion: cluster.x-k8s.io/v1beta1
kind: MachineDrainRule
metadata: {name: r, namespace: fleet}
spec: {drain: {behavior: Skip}}
"""
    write(tmp_path, FREE)
    write(tmp_path, rule, "rules.yaml")
    assert main(["drain", "explain", "n1", "--from", str(tmp_path), "--profile", "cluster-api", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["pods"][0]["reason"] == "drain-rule"
    write(tmp_path, rule.replace("v1beta1", "v3"), "rules.yaml")
    assert main(["drain", "explain", "n1", "--from", str(tmp_path)]) == 3
    assert "MachineDrainRule cluster.x-k8s.io/v3 is unknown" in capsys.readouterr().err


def test_names_from_outside_cannot_steer_the_terminal(tmp_path: Path, capsys: Out) -> None:
    dump = listed(pod("p", owned("Rollout", "\x1b[2Jx")))
    main(["drain", "explain", "n1", "--from", write(tmp_path, dump), "--profile", "cluster-autoscaler"])
    dump = listed(pod("p", owned("ReplicaSet", "\x1b[2Jx")))
    main(["drain", "explain", "n1", "--from", write(tmp_path, dump)])
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [["n1"], ["--from", "x"], ["n1", "--batch", "-"], ["--from", "x", "--batch", "-"], ["--batch", "-", "--now", "x"],
     ["n9", "--from", "HELD"], ["n1", "--from", "missing.json"], ["n1", "--from", "EMPTY"]],
)  # fmt: skip
def test_wrong_use(words: list[str], tmp_path: Path, capsys: Out) -> None:
    files = {"HELD": write(tmp_path, HELD), "EMPTY": write(tmp_path, "", "empty.json")}
    assert main(["drain", "explain", *(files.get(word, word) for word in words)]) == 2
    assert capsys.readouterr().err.startswith("oakum drain: ")


# The machine form


def test_one_answer_a_line_in_order_and_a_bad_line_harms_no_other(monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    good = {"nodes": ["n1"], "dump": FREE}
    code, lines = batch(
        monkeypatch, capsys, {"id": 1, **good}, "{", {"id": "b", "nodes": "n1", "dump": FREE},
        {"id": 3, **good, "profile": "cluster-api"}, {"id": 4, **good, "node": "n1"},
    )  # fmt: skip
    assert code == 2
    assert [line["id"] for line in lines] == [1, None, "b", 3, 4]
    assert ["error" in line for line in lines] == [False, True, True, False, True]
    assert "node: no field of a drain" in lines[4]["error"]
    (one,) = lines[0]["pods"]
    assert one.keys() >= FIELDS
    assert (one["name"], one["verdict"], one["reason"], one["order"]) == ("web-1", "evict", None, 1)


def test_an_answer_of_no_is_an_answer(monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    code, (line,) = batch(monkeypatch, capsys, {"id": 1, "nodes": ["n1"], "dump": HELD})
    assert code == 0
    by_name = {each["name"]: each for each in line["pods"]}
    assert (by_name["web-1"]["reason"], by_name["web-1"]["duration"]) == ("pdb", "for-ever")
    assert by_name["web-1"]["object"] == "PodDisruptionBudget/shop/pdb"
    assert "not_assessable" not in line


def test_a_dump_may_be_a_text_and_nulls_are_absent(monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    request = {"id": None, "nodes": ["n1"], "dump": json.dumps(FREE), "options": None, "profile": None, "now": None}
    code, (line,) = batch(monkeypatch, capsys, request)
    assert code == 0
    assert line["pods"][0]["verdict"] == "evict"


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [("dump", 5, "dump"), ("dump", None, "dump"), ("nodes", [], "nodes"), ("nodes", [1], "nodes"), ("now", 5, "now"),
     ("now", "x", "now"), ("profile", "x", "profile"), ("profile", 5, "profile"), ("options", [], "options"),
     ("options", {"x": 1}, "options"), ("nodes", ["n9"], "nodes"), ("dump", "{", "dump")],
)  # fmt: skip
def test_a_bad_field_is_named(
    field: str, value: object, word: str, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    request = {"id": 7, "nodes": ["n1"], "dump": FREE, field: value}
    code, (line,) = batch(monkeypatch, capsys, request)
    assert code == 2
    assert line["id"] == 7
    assert word in line["error"]


def test_a_dump_of_nothing_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    _, (line,) = batch(monkeypatch, capsys, {"id": 1, "nodes": ["n1"], "dump": []})
    assert line["pods"] == []
    assert [each["what"] for each in line["not_assessable"]][:2] == ["Pod objects", "PodDisruptionBudget objects"]


def test_one_request_in_a_file(tmp_path: Path, capsys: Out) -> None:
    file = write(tmp_path, {"id": "x", "nodes": ["n1"], "dump": FREE, "profile": "kubectl"})
    assert main(["drain", "explain", "--request", file]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == "x"


def test_a_thousand_small_requests_take_less_than_two_seconds(monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    names = list(PROFILES)
    requests = [
        {"id": number, "nodes": ["n1"], "dump": HELD, "profile": names[number % len(names)]} for number in range(1_000)
    ]
    before = time.process_time()
    code, lines = batch(monkeypatch, capsys, *requests)
    assert time.process_time() - before < 2
    assert code == 0
    assert [line["id"] for line in lines] == list(range(1_000))


NAMES = st.sampled_from([*DrainRequest.__struct_fields__, "kind"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner),
    max_leaves=8,
)


@given(JSON)
def test_any_line_is_answered(value: object) -> None:
    with pytest.MonkeyPatch.context() as patch:
        out = io.TextIOWrapper(io.BytesIO())
        patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(value).encode() + b"\n")))
        patch.setattr("sys.stdout", out)
        assert main(["drain", "explain", "--batch", "-"]) in (0, 2)
        out.flush()
        assert json.loads(out.buffer.getvalue()) if isinstance(out.buffer, io.BytesIO) else None


# The reference


def test_the_command_offers_every_profile() -> None:
    assert set(drain._PROFILES) == set(PROFILES)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_page_holds_every_rule_and_option(profile: str) -> None:
    page = PAGE.read_text()
    chosen = PROFILES[profile]
    rows = [answers.row(rule) for rule in (*chosen.all_rules, *((chosen.last,) if chosen.last else ()))]
    assert "\n".join(rows) in page
    for option in chosen.options.__struct_fields__:
        assert f"`{option}`" in page
