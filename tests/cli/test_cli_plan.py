"""``oakum plan`` and ``plan verify`` from files to exit codes: the demo's shop under the example policy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from oakum.changes.plans import Plan, WhyNot, canonical
from oakum.changes.state.document import read_state
from oakum.cli.main import main
from oakum.errors import InputError
from oakum.local.plans import parse_plan
from oakum.local.policies import write_example
from oakum.local.schemas import DOCUMENTS, SCHEMAS, schema_of

Out = pytest.CaptureFixture[str]
DEMO = Path(__file__).resolve().parents[2] / "demo/plan"
SHOP, INVENTORY, KUBELETS, KERNEL = (
    str(DEMO / name) for name in ("shop.yaml", "inventory.yaml", "kubelets.yaml", "kernel.yaml")
)
NOW = "2026-10-05T07:00:00Z"


@pytest.fixture
def policy(tmp_path: Path) -> str:
    write_example(tmp_path / "policy")
    return str(tmp_path / "policy")


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


def planned(policy: str, *words: str, intent: str = KUBELETS, inventory: bool = True) -> int:
    known = ["--from", INVENTORY] if inventory else []
    return main(["plan", "--from", SHOP, *known, "--intent", intent, "--policy", policy, "--now", NOW, *words])


def changed(tmp_path: Path, change: Callable[[list[dict[str, Any]]], object], name: str = "shop.yaml") -> str:
    """The demo's dump with its objects changed."""
    value = yaml.load(Path(SHOP).read_text(), yaml.CSafeLoader)
    change(value["items"])
    file = tmp_path / name
    file.write_text(json.dumps(value))
    return str(file)


def written(tmp_path: Path, policy: str) -> tuple[Path, Path, Plan]:
    """A plan and its state in files."""
    plan, state = tmp_path / "plan.json", tmp_path / "state.json"
    assert planned(policy, "--out", str(plan), "--save-state", str(state)) == 0
    return plan, state, msgspec.json.decode(plan.read_bytes(), type=Plan)


# Plans


def test_a_plan_for_people(policy: str, capsys: Out) -> None:
    assert planned(policy) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2 waves, 5 steps on 5 targets."
    assert lines[2].split() == ["WAVE", "TARGET", "CHANGE", "EVICTS", "WITHIN", "(95", "%)", "WAY", "BACK"]
    assert lines[3].split() == [
        "w1",
        "shop/worker-1",
        "kubelet",
        "v1.30.8",
        "->",
        "v1.31.4",
        "1",
        "pod",
        "10",
        "min",
        "undo",
    ]
    assert any("watched for 2 h" in line for line in lines)
    assert any("at most one of 6 out of service" in line for line in lines)
    assert "LEFT OUT (1)" in lines
    assert any(line.startswith("- shop/worker-4") for line in lines)


@pytest.mark.parametrize("width", ["60", "80", "132"])
@pytest.mark.parametrize("intent", [KUBELETS, KERNEL])
def test_nothing_but_an_address_or_a_hash_is_wider_than_the_terminal(
    policy: str, capsys: Out, monkeypatch: pytest.MonkeyPatch, width: str, intent: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    planned(policy, intent=intent)
    for line in capsys.readouterr().out.splitlines():
        assert len(line) <= int(width) or "https://" in line or "sha256:" in line


def test_the_machine_form_is_the_canonical_plan(policy: str, capsys: Out) -> None:
    assert planned(policy, "-o", "json") == 0
    out = capsys.readouterr().out
    plan = msgspec.json.decode(out, type=Plan)
    assert out.encode() == canonical(plan) + b"\n"
    assert plan.waves[0].steps[0].subject.id == "shop/worker-1"


def test_two_runs_and_any_order_of_sources_give_the_same_bytes(policy: str, capsys: Out) -> None:
    words = ["--intent", KUBELETS, "--policy", policy, "--now", NOW, "-o", "json"]
    found = set()
    for sources in ((SHOP, INVENTORY), (INVENTORY, SHOP), (SHOP, INVENTORY)):
        assert main(["plan", *(word for each in sources for word in ("--from", each)), *words]) == 0
        found.add(capsys.readouterr().out)
    assert len(found) == 1


def test_yaml_says_the_same_as_json(policy: str, capsys: Out) -> None:
    planned(policy, "-o", "json")
    one = json.loads(capsys.readouterr().out)
    planned(policy, "-o", "yaml")
    assert yaml.safe_load(capsys.readouterr().out) == one


def test_a_plan_from_the_state_that_was_saved_is_the_same_plan(tmp_path: Path, policy: str, capsys: Out) -> None:
    plan, state, _ = written(tmp_path, policy)
    capsys.readouterr()
    words = ["--intent", KUBELETS, "--policy", policy, "--now", NOW, "-o", "json"]
    assert main(["plan", "--from", str(state), *words]) == 0
    assert capsys.readouterr().out == plan.read_text()


@pytest.mark.parametrize(("intent", "code", "says"), [
    (KUBELETS, 0, "kubelet: kubelet v1.30.8 -> v1.31.4 on 5 machines"), (KERNEL, 1, "There is no plan"),
])  # fmt: skip
def test_an_explanation_in_whole_sentences(
    policy: str, capsys: Out, monkeypatch: pytest.MonkeyPatch, intent: str, code: int, says: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert planned(policy, "--explain", intent=intent) == code
    out = capsys.readouterr().out
    assert says in out
    assert all(len(line) <= 80 or "https://" in line or "sha256:" in line for line in out.splitlines())


def test_an_explanation_tells_what_could_not_be_assessed(policy: str, capsys: Out) -> None:
    assert planned(policy, "--explain", inventory=False) == 3
    assert "NOT ASSESSABLE (2)" in capsys.readouterr().out


def test_what_is_in_effect_already_is_a_plan_without_steps(tmp_path: Path, policy: str, capsys: Out) -> None:
    intent = tmp_path / "i.yaml"
    intent.write_text(Path(KUBELETS).read_text().replace("1.31.4", "1.30.8"))
    assert planned(policy, intent=str(intent)) == 0
    assert capsys.readouterr().out.startswith("Nothing to do")


# Why not


def test_the_reasons_why_there_is_none_end_with_1(policy: str, capsys: Out) -> None:
    assert planned(policy, intent=KERNEL) == 1
    out = capsys.readouterr().out
    assert out.startswith("There is no plan, for 1 reason:")
    assert "PodDisruptionBudget/shop/ledger" in out
    assert "What helps: scale Deployment/shop/ledger to 2 replicas" in " ".join(out.split())


def test_the_reasons_for_machines(tmp_path: Path, policy: str, capsys: Out) -> None:
    assert planned(policy, "-o", "json", "--out", str(tmp_path / "why.json"), intent=KERNEL) == 1
    out = capsys.readouterr().out
    found = msgspec.json.decode(out, type=WhyNot)
    assert [each.rule for each in found.reasons] == ["drain/pdb"]
    assert (tmp_path / "why.json").read_text() == out


# Not assessable


def test_offers_that_nobody_knows_end_with_3_and_name_the_remedy(policy: str, capsys: Out) -> None:
    assert planned(policy, inventory=False) == 3
    out = " ".join(capsys.readouterr().out.split())
    assert "nobody has told which versions of kubelet its channels offer" in out
    assert "say it in an inventory" in out
    assert "no newer version" not in out


@pytest.mark.parametrize(
    ("kind", "words"),
    [("PodDisruptionBudget", "disruption budgets"), ("Namespace", "namespaces"), ("ReplicaSet", "ReplicaSets")],
)
def test_a_dump_that_lacks_a_kind_is_not_assessable(
    tmp_path: Path, policy: str, capsys: Out, kind: str, words: str
) -> None:
    """Its objects are gone and nothing says that they were listed: no plan is built on that."""
    text = Path(SHOP).read_text().replace(f"{kind},", "").replace(f",{kind}\n", "\n")
    value = yaml.load(text, yaml.CSafeLoader)
    value["items"] = [each for each in value["items"] if each["kind"] != kind]
    (tmp_path / "shop.yaml").write_text(json.dumps(value))
    inventory = tmp_path / "inventory.yaml"
    webhooks = "[ValidatingWebhookConfiguration, MutatingWebhookConfiguration]"
    inventory.write_text(Path(INVENTORY).read_text().replace("[all]", webhooks))
    code = main(
        ["plan", "--from", str(tmp_path / "shop.yaml"), "--from", str(inventory), "--intent", KUBELETS,
         "--policy", policy, "--now", NOW]
    )  # fmt: skip
    assert code == 3
    error = capsys.readouterr().err
    assert f"not assessable: the dump of shop has no {words}" in error
    assert "kubectl get" in error


def test_a_control_plane_is_not_planned_for_where_its_etcd_is_not_known(
    tmp_path: Path, policy: str, capsys: Out
) -> None:
    """Whoever can't count the members can't keep their quorum."""
    intent = tmp_path / "i.yaml"
    intent.write_text("version: 1\nintents: [{name: k, kind: kernel, for: {node_role: control-plane}}]\n")
    assert planned(policy, intent=str(intent)) == 0

    def without(items: list[dict[str, Any]]) -> None:
        items[:] = [each for each in items if not each["metadata"]["name"].startswith("etcd-")]

    shop = changed(tmp_path, without)
    words = ["--intent", str(intent), "--policy", policy, "--now", NOW]
    assert main(["plan", "--from", shop, "--from", INVENTORY, *words]) == 3
    assert "etcd of cluster shop: no pod shows a member of it" in capsys.readouterr().err


# Wrong use and bad input


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "--from is missing"),
        (["--from", SHOP], "--intent is missing"),
        (["--from", SHOP, "--intent", KUBELETS], "--policy is missing"),
        (["--from", "none.json", "--intent", KUBELETS, "--policy", "POLICY"], "none.json: No such file"),
        (["--from", SHOP, "--intent", "none.yaml", "--policy", "POLICY"], "none.yaml: No such file"),
        (["--from", SHOP, "--intent", KUBELETS, "--policy", "none"], "there is no such folder"),
        (["--from", SHOP, "--intent", SHOP, "--policy", "POLICY"], "unknown section 'apiVersion'"),
        (["--from", KUBELETS, "--intent", KUBELETS, "--policy", "POLICY"], "nothing of it can be read"),
        (["--from", SHOP, "--intent", KUBELETS, "--policy", "POLICY", "--now", "today"], "'today' is no time"),
        (["--from", SHOP, "--intent", KUBELETS, "--policy", "POLICY", "--reason", "x"], "belong to an emergency"),
        (["--from", SHOP, "--intent", KUBELETS, "--policy", "POLICY", "--override", "x"], "--override needs a reason"),
        (["--from", SHOP, "--from", INVENTORY, "--intent", KUBELETS, "--policy", "POLICY", "--override", "x",
          "--reason", "y"], "the policy has no emergency 'x'"),
        (["--from", SHOP, "--intent", KUBELETS, "--policy", "POLICY", "--explain", "-o", "json"], "--explain is a"),
        (["verify", "none.json", "--from", SHOP, "--policy", "POLICY"], "none.json: No such file"),
        (["verify", SHOP, "--from", SHOP, "--policy", "POLICY"], "no plan"),
        (["verify", SHOP], "--from is missing"),
    ],
)  # fmt: skip
def test_wrong_use_ends_with_2_and_a_remedy(policy: str, capsys: Out, words: list[str], says: str) -> None:
    assert main(["plan", *(policy if word == "POLICY" else word for word in words)]) == 2
    captured = capsys.readouterr()
    assert says in captured.err
    assert captured.err.startswith("oakum plan: ")
    assert captured.err.rstrip().endswith(")")
    assert not captured.out


def test_a_plan_file_that_cannot_be_written_is_told(policy: str, tmp_path: Path, capsys: Out) -> None:
    assert planned(policy, "--out", str(tmp_path / "none" / "plan.json")) == 2
    assert "No such file or directory" in capsys.readouterr().err


def test_intents_that_contradict_each_other_are_an_error(tmp_path: Path, policy: str, capsys: Out) -> None:
    intent = tmp_path / "i.yaml"
    intent.write_text(
        "version: 1\nintents:\n"
        "  - {name: a, kind: kubelet, for: {node_role: worker}, wants: {to: 1.31.4}}\n"
        "  - {name: b, kind: kubelet, for: {node_role: worker}, wants: {to: 1.30.9}}\n"
    )
    assert planned(policy, intent=str(intent)) == 2
    assert "intent" in capsys.readouterr().err


# Emergencies


def test_an_emergency_is_recorded_with_its_reason(tmp_path: Path, policy: str, capsys: Out) -> None:
    agreed = ["--agreed", "jo", "--agreed", "kim"]
    words = ["--override", "exploited vulnerability", "--reason", "CVE-2026-1 is exploited"]
    assert planned(policy, *words, *agreed, "-o", "json") == 0
    override = msgspec.json.decode(capsys.readouterr().out, type=Plan).override
    assert override is not None
    assert (override.emergency, override.reason, override.by) == (
        "exploited vulnerability", "CVE-2026-1 is exploited", ("jo", "kim"),
    )  # fmt: skip
    assert override.outside_windows
    assert set(override.lifts) == {"year end", "code freeze before the sale"}
    assert planned(policy, *words, *agreed) == 0
    assert "EMERGENCY exploited vulnerability, until 2026-10-05 11:00 UTC" in capsys.readouterr().out
    assert planned(policy, *words, "--agreed", "jo") == 2
    assert "1 of 2 people have agreed" in capsys.readouterr().err


# Verification


def test_a_plan_that_was_written_breaks_no_rule(tmp_path: Path, policy: str, capsys: Out) -> None:
    plan, state, made = written(tmp_path, policy)
    capsys.readouterr()
    for sources in (["--from", str(state)], ["--from", INVENTORY, "--from", SHOP]):
        assert main(["plan", "verify", str(plan), *sources, "--policy", policy, "--hash", made.hash]) == 0
        assert capsys.readouterr().out == "5 steps in 2 waves: no rule is broken.\n"


def test_another_hash_than_the_approved_one_ends_with_1(tmp_path: Path, policy: str, capsys: Out) -> None:
    plan, state, made = written(tmp_path, policy)
    capsys.readouterr()
    words = ["plan", "verify", str(plan), "--from", str(state), "--policy", policy, "--hash", "sha256:0"]
    assert main(words) == 1
    assert f"The plan has the hash {made.hash}, and sha256:0 was approved." in capsys.readouterr().out
    assert main([*words, "-o", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["hash"], answer["approved"], answer["violations"]) == (made.hash, False, [])


def test_a_plan_that_somebody_made_bolder_is_found_out(tmp_path: Path, policy: str, capsys: Out) -> None:
    plan, state, made = written(tmp_path, policy)
    value = json.loads(plan.read_text())
    value["groups"][0]["max_unavailable"] = 5
    plan.write_text(json.dumps(value))
    capsys.readouterr()
    assert main(["plan", "verify", str(plan), "--from", str(state), "--policy", policy, "--hash", made.hash]) == 1
    out = capsys.readouterr().out
    assert "was approved" in out
    assert "violation" in out
    assert main(["plan", "verify", str(plan), "--from", str(state), "--policy", policy, "-o", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["violations"]


@pytest.fixture(scope="module")
def bytes_of_a_plan(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("plan")
    write_example(folder / "policy")
    assert planned(str(folder / "policy"), "--out", str(folder / "plan.json")) == 0
    return (folder / "plan.json").read_bytes()


@given(place=st.floats(0, 1), piece=st.binary(max_size=3), length=st.integers(0, 3))
def test_a_plan_file_with_anything_anywhere_is_a_plan_or_an_error(
    bytes_of_a_plan: bytes, place: float, piece: bytes, length: int
) -> None:
    at = int(place * len(bytes_of_a_plan))
    broken = bytes_of_a_plan[:at] + piece + bytes_of_a_plan[at + length :]
    try:
        found = parse_plan(broken, "plan.json")
    except InputError as error:
        assert "plan.json" in str(error)
    else:
        assert parse_plan(canonical(found), "again.json").hash == found.hash


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no plan"),
        (b"[]", "no plan"),
        (b'{"format": "oakum-plan/1"}', "no plan: Object missing required field"),
        (b"\xff\xfe{}", "no plan"),
        (b"[" * 100_000, "no plan"),
    ],
)
def test_files_that_are_no_plan(data: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says) as raised:
        parse_plan(data, "plan.json")
    assert raised.value.remedy


def test_a_state_that_has_changed_since_is_found_out(tmp_path: Path, policy: str, capsys: Out) -> None:
    plan, _, _ = written(tmp_path, policy)
    capsys.readouterr()

    def sick(items: list[dict[str, Any]]) -> None:
        (node,) = (each for each in items if each["kind"] == "Node" and each["metadata"]["name"] == "worker-5")
        node["status"]["conditions"] = [{"type": "Ready", "status": "Unknown"}]

    shop = changed(tmp_path, sick)
    assert main(["plan", "verify", str(plan), "--from", shop, "--from", INVENTORY, "--policy", policy]) == 1
    assert "violation" in capsys.readouterr().out


def test_nothing_is_verified_against_a_dump_that_lacks_what_the_verdict_rests_on(
    tmp_path: Path, policy: str, capsys: Out
) -> None:
    """Not even a plan that says it was made from just that dump."""
    plan, _, _ = written(tmp_path, policy)
    inventory = tmp_path / "inventory.yaml"
    inventory.write_text(Path(INVENTORY).read_text().replace("listed: [all]", "listed: [Job]"))
    sources = ["--from", SHOP, "--from", str(inventory)]
    main(["plan", *sources, "--intent", KUBELETS, "--policy", policy, "--save-state", str(tmp_path / "less.json")])
    value = json.loads(plan.read_text())
    value["state"] = read_state((tmp_path / "less.json").read_bytes(), "less.json").digest
    plan.write_text(json.dumps(value))
    capsys.readouterr()
    assert main(["plan", "verify", str(plan), *sources, "--policy", policy]) == 3
    assert "not assessable: the dump of shop has no" in capsys.readouterr().err


# Schemas


def documents(tmp_path: Path, policy: str) -> dict[str, Any]:
    plan, state, _ = written(tmp_path, policy)
    planned(policy, "--out", str(tmp_path / "why.json"), intent=KERNEL)
    return {
        "plan": json.loads(plan.read_text()),
        "state": json.loads(state.read_text()),
        "why-not": json.loads((tmp_path / "why.json").read_text()),
        "inventory": yaml.load(Path(INVENTORY).read_text(), yaml.BaseLoader),
        "intents": yaml.safe_load(Path(KERNEL).read_text()),
    }


def test_what_is_written_and_read_is_valid_by_its_schema(tmp_path: Path, policy: str) -> None:
    found = documents(tmp_path, policy)
    assert found.keys() == DOCUMENTS.keys()
    for what, document in found.items():
        jsonschema.validate(document, schema_of(what))


@pytest.mark.parametrize("what", SCHEMAS)
def test_the_command_prints_each_schema(what: str, capsys: Out) -> None:
    assert main(["plan", "--schema", what]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema == schema_of(what)
