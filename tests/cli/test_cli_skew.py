from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.changes.skew import Instance, Step, parse_release
from oakum.cli import skew
from oakum.cli.main import main
from oakum.errors import OakumError

Out = pytest.CaptureFixture[str]
Answer = dict[str, Any]
CLUSTER: Answer = {
    "components": {"kube-apiserver": ["v1.30.1", "v1.29.8"], "kube-scheduler": ["v1.29.8"]},
    "nodes": [{"name": "n1", "kubelet": "v1.27.2", "kube-proxy": "v1.27.2"}, {"name": "n2", "kubelet": "v1.29.1"}],
}
DUMP: Answer = {
    "apiVersion": "v1",
    "kind": "List",
    "items": [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "kube-apiserver-cp1", "namespace": "kube-system"},
            "spec": {"nodeName": "cp1", "containers": [{"image": "registry.k8s.io/kube-apiserver:v1.30.2"}]},
        },
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": "cp1"},
            "status": {"nodeInfo": {"kubeletVersion": "v1.26.1"}},
        },
    ],
}


def write(folder: Path, value: object) -> str:
    file = folder / "given.json"
    file.write_text(value if isinstance(value, str) else json.dumps(value))
    return str(file)


def batch(
    monkeypatch: pytest.MonkeyPatch, capsys: Out, *requests: Any, command: str = "check"
) -> tuple[int, list[Any]]:
    text = "".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in requests)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    code = main(["skew", command, "--batch", "-", "-o", "json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# check


def test_an_allowed_cluster(tmp_path: Path, capsys: Out) -> None:
    assert main(["skew", "check", "--from", write(tmp_path, CLUSTER)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "kube-apiserver: 1.29 (1), 1.30 (1)",
        "kube-scheduler: 1.29 (1)",
        "kubelet: 1.27 (1), 1.29 (1)",
        "kube-proxy: 1.27 (1)",
        "Allowed.",
    ]


def test_a_broken_rule_is_told_with_object_source_and_remedy(tmp_path: Path, capsys: Out) -> None:
    nodes = [*CLUSTER["nodes"], {"name": "n3", "kubelet": "v1.30.0"}]
    assert main(["skew", "check", "--from", write(tmp_path, {**CLUSTER, "nodes": nodes})]) == 1
    out = capsys.readouterr().out
    assert "kubelet/newer, as it stands" in out
    assert "https://kubernetes.io/releases/version-skew-policy/#kubelet" in out
    assert "kubelet n3 is at 1.30; beside kube-apiserver 1.29 to 1.30 it may be at most 1.29" in out
    assert "upgrade kube-apiserver [1] from 1.29 to 1.30" in out


def test_many_objects_of_one_rule_are_counted(tmp_path: Path, capsys: Out) -> None:
    nodes = [{"name": f"n{number}", "kubelet": "1.20.1"} for number in range(500)]
    assert main(["skew", "check", "--from", write(tmp_path, {**CLUSTER, "nodes": nodes})]) == 1
    assert "and 490 more" in capsys.readouterr().out


def test_an_upgrade_names_the_state_that_is_forbidden_and_the_way_back(tmp_path: Path, capsys: Out) -> None:
    file = write(tmp_path, CLUSTER)
    assert main(["skew", "check", "--from", file, "--target", "v1.30.4"]) == 0
    out = capsys.readouterr().out
    assert "The control plane may go to v1.30.4: every state is allowed." in out
    assert "The way back: kube-apiserver [1] would go back from 1.30 to 1.29" in out
    assert main(["skew", "check", "--from", file, "--target", "v1.31.0", "-o", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert {"component": "kubelet", "rule": "older"} in answer["violations"]
    (old,) = (each for each in answer["details"] if each["component"] == "kubelet")
    assert (old["object"], old["state"]) == ("n1", "with kube-apiserver [1] at v1.31.0")


def test_the_way_back_of_a_patch_is_free(tmp_path: Path, capsys: Out) -> None:
    file = write(tmp_path, {"components": {"kube-apiserver": ["v1.30.1"]}})
    assert main(["skew", "check", "--from", file, "--target", "v1.30.4", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"allowed": True, "violations": [], "way_back": []}


def test_a_dump(tmp_path: Path, capsys: Out) -> None:
    assert main(["skew", "check", "--from", write(tmp_path, DUMP), "-o", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["violations"] == [{"component": "kubelet", "rule": "older"}]
    assert main(["skew", "check", "--from", str(tmp_path)]) == 1


def test_a_dump_without_nodes_is_not_assessable(tmp_path: Path, capsys: Out) -> None:
    file = write(tmp_path, {**DUMP, "items": DUMP["items"][:1]})
    assert main(["skew", "check", "--from", file]) == 3
    out = capsys.readouterr().out
    assert "Not assessable: Node objects" in out
    assert "Allowed" not in out
    assert main(["skew", "check", "--from", file, "-o", "json"]) == 3
    assert json.loads(capsys.readouterr().out)["allowed"] is None
    assert main(["skew", "path", "--from", file, "--target", "1.31.0"]) == 3


def test_a_dump_without_an_api_server_says_why_nothing_can_be_said(tmp_path: Path, capsys: Out) -> None:
    assert main(["skew", "check", "--from", write(tmp_path, {**DUMP, "items": DUMP["items"][1:]})]) == 3
    assert "no kube-apiserver is known: Pod objects" in capsys.readouterr().err


# path


def test_the_stops_of_an_api_server(capsys: Out) -> None:
    words = ["skew", "path", "--from", "v1.28.3", "--target", "v1.31.1"]
    assert main(words) == 0
    assert capsys.readouterr().out == "v1.28.3 -> 1.29 -> 1.30 -> v1.31.1\n"
    assert main([*words, "--available", "1.29.3,v1.30.2,v1.30.10", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"steps": ["1.29.3", "v1.30.10", "v1.31.1"]}
    assert main([*words, "--available", "v1.29.3"]) == 1
    assert capsys.readouterr().out.startswith("There is no way: no release of 1.30 is available")
    assert main(["skew", "path", "--from", "1.30.1", "--target", "1.30.1"]) == 0
    assert capsys.readouterr().out == "Nothing to do: 1.30.1 is the target.\n"


def test_the_steps_of_a_cluster(tmp_path: Path, capsys: Out) -> None:
    file = write(tmp_path, CLUSTER)
    assert main(["skew", "path", "--from", file, "--target", "v1.31.0"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1. kube-apiserver 1.29 -> 1.30: [1]",
        "2. kube-scheduler 1.29 -> 1.30: [0]",
        "3. kubelet 1.27 -> 1.30, each node drained before: n1",
        "4. kube-proxy 1.27 -> 1.30: n1",
        "5. kube-apiserver 1.30 -> v1.31.0: [0], [1]",
        "6. kube-scheduler 1.30 -> v1.31.0: [0]",
        "7. kubelet 1.30 -> v1.31.0, each node drained before: n1",
        "8. kubelet 1.29 -> v1.31.0, each node drained before: n2",
        "9. kube-proxy 1.30 -> v1.31.0: n1",
    ]
    assert main(["skew", "path", "--from", file, "--target", "v1.31.0", "-o", "json"]) == 0
    steps = json.loads(capsys.readouterr().out)["steps"]
    assert len(steps) == 10
    assert {each["component"] for each in steps if "drain" in each} == {"kubelet"}
    assert sum(each["component"] == "kubelet" for each in steps) == sum("drain" in each for each in steps)
    assert steps[0] == {"component": "kube-apiserver", "object": "[1]", "from": "v1.29.8", "to": "1.30"}


def test_a_kubelet_is_drained_for_a_minor_version_and_not_for_a_patch() -> None:
    kubelet = Instance("kubelet", "n1", parse_release("v1.30.1"), "n1")
    assert Step(kubelet, parse_release("v1.31.0")).drain
    assert not Step(kubelet, parse_release("v1.30.4")).drain
    assert not Step(Instance("kube-proxy", "n1", kubelet.release, "n1"), parse_release("v1.31.0")).drain


def test_a_state_in_yaml_is_the_same_as_in_json(tmp_path: Path, capsys: Out) -> None:
    file = tmp_path / "state.yaml"
    file.write_text(
        "# what runs\ncomponents:\n  kube-apiserver: [v1.30.1, v1.29.8]\n  kube-scheduler: [v1.29.8]\n"
        "nodes:\n- {name: n1, kubelet: v1.27.2, kube-proxy: v1.27.2}\n- {name: n2, kubelet: v1.29.1}\n"
    )
    code = main(["skew", "check", "--from", str(file), "-o", "json"])
    in_yaml = capsys.readouterr().out
    assert main(["skew", "check", "--from", write(tmp_path, CLUSTER), "-o", "json"]) == code
    assert capsys.readouterr().out == in_yaml


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("components: {kube-apiserver: [1.30]}", "components.kube-apiserver[0]: no version: a text is needed"),
        ("components: {kube-apiserver: [v1.30.1]}\n---\nnodes: []", "not one YAML mapping"),
        ("components: {kube-apiserver: [v1.30.1]", "state.yaml"),
        ("components: []\ncomponents: []", "components"),
        ("components: \xff", "not UTF-8"),
        ("nodes: " + "[" * 100, "state.yaml"),
        ("components: {}\nzones: []", "no field of a state"),
    ],
)
def test_a_bad_state_in_yaml(text: str, error: str, tmp_path: Path, capsys: Out) -> None:
    file = tmp_path / "state.yaml"
    file.write_bytes(text.encode("latin-1"))
    assert main(["skew", "check", "--from", str(file)]) == 2
    assert error in capsys.readouterr().err


def test_no_way_says_why_and_what_mends_it(tmp_path: Path, capsys: Out) -> None:
    file = write(tmp_path, {"components": {"kube-apiserver": ["1.30.1"], "kubelet": ["1.25.1"]}})
    assert main(["skew", "path", "--from", file, "--target", "1.31.0"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("There is no way:\n  kubelet [0] is at 1.25")
    assert "upgrade kubelet [0] from 1.25 to 1.27" in out
    assert main(["skew", "path", "--from", file, "--target", "1.31.0", "-o", "json"]) == 1
    assert [each["rule"] for each in json.loads(capsys.readouterr().out)["reasons"]] == ["older"]


# The machine form


def test_a_batch_answers_every_line_in_order(monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    code, answers = batch(
        monkeypatch,
        capsys,
        {"id": 1, "kind": "state", **CLUSTER},
        {"id": "two", "kind": "upgrade", **CLUSTER, "target": "v1.31.0"},
        {"id": 3, "kind": "state", "dump": DUMP},
        {"id": 4, "kind": "path", "current": "v1.28.1", "target": "v1.30.1", "available": ["v1.29.9", "v1.29.10"]},
        {"id": 5, "kind": "path", "current": "v1.28.1", "target": "v1.30.1", "available": ["v1.30.1"]},
        {"id": 6, "kind": "state", "dump": json.dumps(DUMP)},
        {"id": 7, "kind": "path", **CLUSTER, "target": "v1.30.4"},
    )
    assert code == 0
    assert [each["id"] for each in answers] == [1, "two", 3, 4, 5, 6, 7]
    assert answers[0] == {"id": 1, "allowed": True, "violations": []}
    assert answers[1]["violations"] == [
        {"component": "kube-apiserver", "rule": "skips-minor"},
        {"component": "kube-scheduler", "rule": "older"},
        {"component": "kubelet", "rule": "older"},
        {"component": "kube-proxy", "rule": "older"},
    ]
    assert answers[2]["violations"] == answers[5]["violations"] == [{"component": "kubelet", "rule": "older"}]
    assert answers[3] == {"id": 4, "steps": ["v1.29.10", "v1.30.1"]}
    assert answers[4] == {"id": 5, "error": "no release of 1.29 is available, and none may be skipped"}
    assert answers[6]["steps"][0]["component"] == "kube-apiserver"


def test_the_command_tells_the_kind_where_the_request_does_not(monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    code, answers = batch(monkeypatch, capsys, {"id": 1, "current": "1.28.0", "target": "1.29.0"}, command="path")
    assert (code, answers[0]["steps"]) == (0, ["1.29.0"])
    code, answers = batch(monkeypatch, capsys, {"id": 1, **CLUSTER}, {"id": 2, **CLUSTER, "target": "1.30.1"})
    assert (code, ["way_back" in each for each in answers]) == (0, [False, True])


BAD: list[tuple[Any, str]] = [
    ({"kind": "kubeone"}, "kind: not assessable: requests of the kind 'kubeone' are unknown"),
    ({"kind": ["state"]}, "kind: not assessable"),
    ({"kind": "state"}, "no kube-apiserver"),
    ({"kind": "state", "components": []}, "components: no object"),
    ({"kind": "state", "components": [1]}, "components: no object"),
    ({"kind": "state", "components": {"etcd": ["3.5.1"]}}, "components.etcd: the skew policy has no rule"),
    ({"kind": "state", "components": {"kube-apiserver": ["x"]}}, "components.kube-apiserver[0]: 'x' is no version"),
    ({"kind": "state", "components": {"kube-apiserver": [1.3]}}, "components.kube-apiserver[0]: no version: a text"),
    ({"kind": "state", "components": {"kube-apiserver": 1}}, "components.kube-apiserver: no list of versions"),
    ({"kind": "state", "components": {"kube-apiserver": ["v2.0.0"]}}, "major version 2"),
    ({"kind": "state", **CLUSTER, "tarket": "1.30"}, "tarket: no field of state"),
    ({"kind": "state", **CLUSTER, "target": "1.30.1"}, "target: no field of state"),
    ({"kind": "upgrade", **CLUSTER}, "target: the field is missing"),
    ({"kind": "upgrade", **CLUSTER, "target": "soon"}, "target: 'soon' is no version"),
    ({"kind": "state", **CLUSTER, "dump": DUMP}, "dump: beside components or nodes"),
    ({"kind": "state", "dump": 7}, "dump: no dump"),
    ({"kind": "state", **CLUSTER, "nodes": {}}, "nodes: no list"),
    ({"kind": "state", **CLUSTER, "nodes": ["n1"]}, "nodes[0]: no object"),
    ({"kind": "state", **CLUSTER, "nodes": [{"name": "n1"}]}, "nodes[0]: no kubelet"),
    ({"kind": "state", **CLUSTER, "nodes": [{"name": 1, "kubelet": "1.29.0"}]}, "nodes[0].name: no text"),
    ({"kind": "state", **CLUSTER, "nodes": [{"kubelet": "1.29.0", "os": "x"}]}, "nodes[0].os: no field of a node"),
    ({"kind": "state", **CLUSTER, "nodes": [{"name": "a", "kubelet": "1.29.0"}] * 2}, "nodes[1].name: a second node"),
    ({"kind": "path", "current": "1.28.0", "target": "1.29.0", "available": "1.29.0"}, "available: no list"),
    ("{", "not JSON"),
]


@pytest.mark.parametrize(("request_", "error"), BAD, ids=[error for _, error in BAD])
def test_a_bad_line_is_named_and_the_others_go_on(
    request_: Any, error: str, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    code, (bad, good) = batch(monkeypatch, capsys, request_, {"id": 2, **CLUSTER})
    assert code == 2
    assert error in bad["error"]
    assert good["allowed"] is True


def test_one_request(tmp_path: Path, capsys: Out) -> None:
    assert main(["skew", "check", "--request", write(tmp_path, {"id": 9, "kind": "state", **CLUSTER})]) == 0
    assert json.loads(capsys.readouterr().out) == {"id": 9, "allowed": True, "violations": []}


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["check"], "one of --from, --batch and --request is needed"),
        (["check", "--from", "a", "--batch", "b"], "one of --from"),
        (["check", "--batch", "a", "--target", "1.30"], "stand in the request"),
        (["check", "--from", "/nowhere/state.json"], "cannot be read"),
        (["check", "--from", "a", "--target", "x"], "--target: 'x' is no version"),
        (["path", "--from", "1.28.1"], "no --target"),
        (["path", "--from", "soon", "--target", "1.30.1"], "--from: 'soon' is no version"),
        (["path", "--from", "1.28.1", "--target", "1.30.1", "--available", "a,b"], "--available: 'a' is no version"),
    ],
)
def test_wrong_use(words: list[str], error: str, capsys: Out) -> None:
    assert main(["skew", *words]) == 2
    assert error in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "given.json"),
        ('{"components": {"kube-apiserver": ["1.30.0"]}, "nodez": []}', "nodez: no field of a state"),
        ('{"components": {"kube-apiserver": ["1.30.0"]}, "components": {}}', "'components' stands twice"),
        ('{"components": {"kube-apiserver": ["1.30"', "given.json"),
    ],
)
def test_a_bad_file(text: str, error: str, tmp_path: Path, capsys: Out) -> None:
    assert main(["skew", "check", "--from", write(tmp_path, text)]) == 2
    assert error in capsys.readouterr().err


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["v1.30.1", "1.29", "v2.0.0", "x", ""]) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kube-apiserver", "kubelet", "kube-proxy", "name", "etcd"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
requests = st.dictionaries(
    st.sampled_from(["kind", "components", "nodes", "target", "current", "available", "dump"]),
    values | st.sampled_from(["state", "upgrade", "path"]),
)


@pytest.mark.fuzz
@given(requests, st.sampled_from(["check", "path"]))
def test_any_request_has_an_answer_or_a_clear_error(request: Answer, command: str) -> None:
    try:
        answer = skew._answer(request, command)
    except OakumError as error:
        assert str(error)
        return
    assert answer.keys() & {"allowed", "steps", "error"}
    json.dumps(answer)


def test_a_thousand_requests_take_less_than_two_seconds(monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    requests = [{"id": number, "kind": "upgrade", **CLUSTER, "target": "v1.31.0"} for number in range(500)]
    requests += [{"id": number, "kind": "state", "dump": DUMP} for number in range(500)]
    started = time.process_time()
    code, answers = batch(monkeypatch, capsys, *requests)
    assert (code, len(answers)) == (0, 1000)
    assert time.process_time() - started < 2
